/* place.c - where something stands in a listing. */
#include "store/read/place.h"

#include <endian.h>
#include <string.h>

enum { NAMELESS = 'h', NAMED = 'k', HASH = 8 };

void place_of(const struct store_key *key, struct place *ret_place)
{
    if (key->bytes) {
        ret_place->bytes[0] = NAMED;
        memcpy(ret_place->bytes + 1, key->bytes, key->length);
        ret_place->length = 1 + key->length;
        return;
    }
    uint64_t hash = htobe64(key->hash);
    ret_place->bytes[0] = NAMELESS;
    memcpy(ret_place->bytes + 1, &hash, HASH);
    ret_place->length = 1 + HASH;
}

void place_of_prefix(const void *prefix, size_t length, struct place *ret_place)
{
    struct store_key key = {.bytes = prefix, .length = length};
    ret_place->length = 0;
    if (length > 0)
        place_of(&key, ret_place);
}

void place_copy(const struct place *place, struct place *ret_place)
{
    ret_place->length = place->length;
    memcpy(ret_place->bytes, place->bytes, place->length);
}

struct store_key place_key(const struct place *place)
{
    uint64_t hash;
    if (place->bytes[0] == NAMED)
        return store_key_of(place->bytes + 1, place->length - 1);
    memcpy(&hash, place->bytes + 1, HASH);
    return store_key_of_hash(be64toh(hash));
}

int place_compare_bytes(const struct place *place, const unsigned char *bytes, size_t length)
{
    size_t common = place->length < length ? place->length : length;
    int order = common > 0 ? memcmp(place->bytes, bytes, common) : 0;
    if (order || place->length == length)
        return order;
    return place->length < length ? -1 : 1;
}

int place_compare(const struct place *a, const struct place *b)
{
    return place_compare_bytes(a, b->bytes, b->length);
}

void place_step(struct place *place)
{
    uint64_t hash;
    if (place->bytes[0] == NAMED) {
        place->bytes[place->length++] = 0; /* nothing lies between a key and itself with a zero behind it */
        return;
    }
    memcpy(&hash, place->bytes + 1, HASH);
    hash = htobe64(be64toh(hash) + 1);
    memcpy(place->bytes + 1, &hash, HASH);
    if (hash == 0) { /* behind the last hash come the keys */
        place->bytes[0] = NAMED;
        place->length = 2;
    }
}

bool place_step_over(struct place *place, size_t length)
{
    size_t end = 1 + length;
    while (end > 1 && place->bytes[end - 1] == 0xff)
        end--;
    if (end == 1)
        return false;
    place->bytes[end - 1]++;
    place->length = end;
    return true;
}

bool place_is_valid(const unsigned char *bytes, size_t length)
{
    if (length > 0 && bytes[0] == NAMELESS)
        return length == 1 + HASH;
    return length > 1 && length <= 1 + STORE_KEY_MAX && bytes[0] == NAMED;
}
