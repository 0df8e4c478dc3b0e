/* place.c - where something stands in a listing. */
#include "store/read/place.h"

#include <string.h>

struct place place_of(const void *key, size_t length, uint64_t hash)
{
    struct place place = {.length = length, .hash = length ? 0 : hash};
    if (length > 0)
        memcpy(place.key, key, length);
    return place;
}

int place_compare(const struct place *place, const void *key, size_t length, uint64_t hash)
{
    size_t common = place->length < length ? place->length : length;
    int order = common ? memcmp(place->key, key, common) : 0;
    if (order)
        return order;
    if (place->length != length)
        return place->length < length ? -1 : 1;
    if (length > 0 || place->hash == hash)
        return 0;
    return place->hash < hash ? -1 : 1;
}

struct place place_after(const void *key, size_t length, uint64_t hash)
{
    struct place place = place_of(key, length, hash + 1);
    if (length > 0 || hash == UINT64_MAX)
        place.key[place.length++] = 0; /* nothing lies between a key and itself with a zero behind it */
    return place;
}

bool place_after_prefix(const void *prefix, size_t length, struct place *ret_place)
{
    *ret_place = place_of(prefix, length, 0);
    while (ret_place->length > 0 && ret_place->key[ret_place->length - 1] == 0xff)
        ret_place->length--;
    if (ret_place->length == 0)
        return false;
    ret_place->key[ret_place->length - 1]++;
    return true;
}
