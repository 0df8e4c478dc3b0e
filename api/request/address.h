/* address.h - what a path names: a store, and perhaps an object in it, by its key or by its hash.
 *
 * Thread: one at a time per text.
 */
#ifndef CAIRN_API_ADDRESS_H
#define CAIRN_API_ADDRESS_H

#include "api/request/route.h"
#include "store/store.h"

struct address {
    const char *store; /* NULL: none; a name, not checked */
    bool has_key;
    struct store_key key;
    uint64_t upload;   /* the id of one, where the path names one */
    size_t key_length; /* bytes of the key, also of one that is too long */
};

enum address_fault {
    ADDRESS_OK,
    ADDRESS_BAD_STORE,  /* its name holds a percent escape, or is not UTF-8 */
    ADDRESS_BAD_ESCAPE, /* in the key */
    ADDRESS_BAD_KEY,    /* it has no bytes, or more than STORE_KEY_MAX */
    ADDRESS_BAD_HASH,
    ADDRESS_BAD_UPLOAD /* no id */
};

/* Reads what was captured in `text`, decodes it where it stands and ends names with a NUL: the address points there. */
enum address_fault address_read(struct address *address, char *text, const struct captures *captures);

#endif
