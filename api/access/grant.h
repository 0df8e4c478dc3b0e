/* grant.h - rights on stores, named or by patterns, and there on the keys that begin with a prefix.
 *
 * In a pattern `*` stands for any characters, none included: `tenant-*`. A prefix is bytes: `a` covers `ab`, `a/` does
 * not. Who holds several grants may do in each place what any of those that cover it allows.
 *
 * Thread: any, once they are made.
 */
#ifndef CAIRN_API_GRANT_H
#define CAIRN_API_GRANT_H

#include <stdbool.h>
#include <stddef.h>

struct grant {
    char **stores; /* owned, as all of it: patterns */
    size_t store_count;
    char *prefix;
    size_t prefix_length;
    unsigned rights; /* enum right */
};

struct grants {
    struct grant *items;
    size_t count;
};

/* Adds a grant, all zero; NULL when memory is out. Pointers to earlier ones become invalid. */
struct grant *grants_add(struct grants *grants);

/* Adds a pattern to a grant, copied. False when memory is out. */
bool grant_add_store(struct grant *grant, const char *pattern, size_t length);

/* Whether a text could be a pattern of stores' names: their characters and `*`. */
bool grant_pattern_valid(const char *pattern, size_t length);

/* The rights on the key of those bytes in a store. The whole store is a key of no bytes, which only the empty prefix
 * covers; and so is a listing, whose prefix is the key. Every store at once is the store `*`. */
unsigned grants_rights(const struct grants *grants, const char *store, const void *key, size_t length);

/* The rights on any key of it whatever. */
unsigned grants_rights_within(const struct grants *grants, const char *store);

/* Whether they say the same in the same order. */
bool grants_same(const struct grants *a, const struct grants *b);

void grants_free(struct grants *grants);

#endif
