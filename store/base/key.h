/* key.h - a key is bytes or a hash: one type, so that every method exists once.
 *
 * Thread: any.
 */
#ifndef CAIRN_STORE_KEY_H
#define CAIRN_STORE_KEY_H

#include "store/store.h"

/* 1 to STORE_KEY_MAX bytes, or a hash alone. */
bool key_valid(const struct store_key *key);

/* Whether both address one object: equal hashes, and equal bytes where both have bytes. Two keys
 * with equal hashes that are not the same are namesakes. */
bool key_same(const struct store_key *a, const struct store_key *b);

/* The same for records, where an object without a name is one beside those that have one: equal bytes, or none in both.
 */
bool key_equal(const struct store_key *a, const struct store_key *b);

/* A second hash, seeded with a store's salt, which tells namesakes apart; an object without a name has one too. */
uint64_t key_tag(const struct store_key *key, uint64_t salt);

#endif
