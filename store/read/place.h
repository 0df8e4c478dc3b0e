/* place.h - where something stands in a listing: by key bytes, objects without a name first, by their hash.
 *
 * Thread: any.
 */
#ifndef CAIRN_PLACE_H
#define CAIRN_PLACE_H

#include "store/store.h"

struct place {
    unsigned char key[STORE_KEY_MAX + 1]; /* one more: the successor of a longest key */
    size_t length;                        /* 0: the place of a nameless object */
    uint64_t hash;                        /* counts when length is 0 */
};

struct place place_of(const void *key, size_t length, uint64_t hash);

/* Less than, equal to or greater than 0. */
int place_compare(const struct place *place, const void *key, size_t length, uint64_t hash);

/* The first place behind an object. */
struct place place_after(const void *key, size_t length, uint64_t hash);

/* The first place behind all keys that begin with the prefix; false when there is none. */
bool place_after_prefix(const void *prefix, size_t length, struct place *ret_place);

#endif
