/* change.h - what a line of a server's change feed says.
 *
 * Thread: any.
 */
#ifndef CAIRN_CHANGE_H
#define CAIRN_CHANGE_H

#include "store/store.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct change {
    struct store_key key;
    char *key_copy;   /* where base64 is decoded */
    const char *etag; /* borrowed from the JSON; NULL: it is deleted */
    uint64_t offset;
    uint64_t size;
    int64_t modified; /* nanoseconds since 1970, to the millisecond */
    bool sweeps;      /* it ends others as well */
};

/* False when it cannot be understood. change_free() it. */
bool change_read(const json_t *json, struct change *ret_change);
void change_free(struct change *change);

/* The name of its object, among those of a store: free() it. NULL when memory is out. */
char *change_name(const json_t *json);

#endif
