/* place.h - where something stands in a listing: objects without a name first, by their hash, then keys, bytewise.
 *
 * A place is bytes, and the order of places is that of their bytes:
 *
 *     'h', hash (8, big-endian)     an object without a name
 *     'k', key                      a key, or where one would stand
 *
 * No bytes at all stand in front of everything. So places are compared, cut short and kept as what they are.
 *
 * Thread: any.
 */
#ifndef CAIRN_PLACE_H
#define CAIRN_PLACE_H

#include "store/store.h"

enum { PLACE_MAX = STORE_KEY_MAX + 2 }; /* a kind, a longest key, and a byte more: what follows it */

struct place {
    size_t length;
    unsigned char bytes[PLACE_MAX];
};

/* Where an object stands, by its own key. */
void place_of(const struct store_key *key, struct place *ret_place);

/* The first place of keys that begin with a prefix, of at most STORE_KEY_MAX bytes; with none, that of all objects. */
void place_of_prefix(const void *prefix, size_t length, struct place *ret_place);

/* Copies what there is of a place. */
void place_copy(const struct place *place, struct place *ret_place);

/* Whose place it is, which is one of an object. Borrows its bytes. */
struct store_key place_key(const struct place *place);

/* Less than, equal to or greater than 0. */
int place_compare(const struct place *a, const struct place *b);

/* The same, of bytes of a place. */
int place_compare_bytes(const struct place *place, const unsigned char *bytes, size_t length);

/* Goes to the first place behind the object that stands there. */
void place_step(struct place *place);

/* Goes from the place of a key to the first one behind all that begin with its first `length` bytes; false: there is
 * none. */
bool place_step_over(struct place *place, size_t length);

/* Whether bytes can be a place of an object. */
bool place_is_valid(const unsigned char *bytes, size_t length);

#endif
