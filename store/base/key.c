/* key.c - a key is bytes or a hash: one type, so that every method exists once. */
#include "store/base/key.h"

#include "store/base/xxh3.h"

#include <string.h>

struct store_key store_key_of(const void *bytes, size_t length)
{
    struct store_key key = {.bytes = bytes, .length = length, .hash = XXH3_64bits(bytes, length)};
    return key;
}

struct store_key store_key_of_hash(uint64_t hash)
{
    struct store_key key = {.hash = hash};
    return key;
}

bool key_valid(const struct store_key *key)
{
    if (!key->bytes)
        return key->length == 0;
    return key->length >= 1 && key->length <= STORE_KEY_MAX;
}

bool key_equal(const struct store_key *a, const struct store_key *b)
{
    return !a->bytes == !b->bytes && key_same(a, b);
}

bool key_same(const struct store_key *a, const struct store_key *b)
{
    if (a->hash != b->hash)
        return false;
    if (!a->bytes || !b->bytes)
        return true;
    return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

uint64_t key_tag(const struct store_key *key, uint64_t salt)
{
    if (key->bytes)
        return XXH3_64bits_withSeed(key->bytes, key->length, salt);
    return XXH3_64bits_withSeed(&key->hash, sizeof key->hash, ~salt);
}
