/* entry.c - what a run tells of an object. entry.h has the bytes. */
#include "store/read/entry.h"

#include "store/base/little.h"

#include <assert.h>
#include <string.h>

enum { ATTRIBUTES_NONE, ATTRIBUTES_SAME, ATTRIBUTES_ELSEWHERE };

enum { OFFSET_UNIT = 4 }; /* of an offset, so that there is a bit for the tombstone */
static_assert(RECORD_ALIGNMENT == 2 * OFFSET_UNIT, "offsets are even in these units");

void entry_of(const struct record *record, struct entry *ret_entry)
{
    struct store_key key = record_key(record);
    bool tombstone = record->type == RECORD_TOMBSTONE;
    bool curtailed = record->attributes_length > ENTRY_ATTRIBUTES_MAX;
    assert(tombstone || record->type == RECORD_PUT);
    place_of(&key, &ret_entry->place);
    ret_entry->offset = record->offset;
    ret_entry->size = record->size;
    ret_entry->time = record->time;
    ret_entry->digest = record->digest;
    ret_entry->attributes = record->attributes;
    ret_entry->attributes_length = curtailed || tombstone ? 0 : record->attributes_length;
    ret_entry->curtailed = curtailed;
    ret_entry->tombstone = tombstone;
}

void entry_copy(const struct entry *entry, struct entry *ret_entry)
{
    place_copy(&entry->place, &ret_entry->place);
    ret_entry->offset = entry->offset;
    ret_entry->size = entry->size;
    ret_entry->time = entry->time;
    ret_entry->digest = entry->digest;
    ret_entry->attributes = entry->attributes;
    ret_entry->attributes_length = entry->attributes_length;
    ret_entry->curtailed = entry->curtailed;
    ret_entry->tombstone = entry->tombstone;
}

struct object_info entry_info(const struct entry *entry, const struct store_key *key)
{
    return (struct object_info){
        .key = key->bytes,
        .key_length = key->length,
        .key_hash = key->hash,
        .attributes = entry->attributes,
        .attributes_length = entry->attributes_length,
        .size = entry->size,
        .digest = entry->digest,
        .modified = entry->time,
        .expires = store_expiry(entry->attributes, entry->attributes_length),
        .offset = entry->offset,
    };
}

/* ---- writing --------------------------------------------------------------------------------- */

static unsigned char *put_number(unsigned char *at, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        *at++ = (unsigned char)(number | 0x80);
    *at++ = (unsigned char)number;
    return at;
}

static unsigned char *put_bytes(unsigned char *at, const void *bytes, size_t length)
{
    if (length > 0)
        memcpy(at, bytes, length);
    return at + length;
}

static size_t common_bytes(const struct place *a, const struct place *b)
{
    size_t most = a->length < b->length ? a->length : b->length;
    size_t common = 0;
    while (common < most && a->bytes[common] == b->bytes[common])
        common++;
    return common;
}

static bool same_attributes(const struct entry *entry, const struct entry *before)
{
    return entry->attributes_length > 0 && entry->attributes_length == before->attributes_length &&
           memcmp(entry->attributes, before->attributes, entry->attributes_length) == 0;
}

static unsigned char *put_attributes(unsigned char *at, const struct entry *entry, const struct entry *before)
{
    if (entry->curtailed)
        return put_number(at, ATTRIBUTES_ELSEWHERE);
    if (same_attributes(entry, before))
        return put_number(at, ATTRIBUTES_SAME);
    if (entry->attributes_length == 0)
        return put_number(at, ATTRIBUTES_NONE);
    at = put_number(at, ATTRIBUTES_ELSEWHERE + entry->attributes_length);
    return put_bytes(at, entry->attributes, entry->attributes_length);
}

size_t entry_encode(const struct entry *entry, const struct entry *before, unsigned char *ret_bytes)
{
    assert(entry->attributes_length <= ENTRY_ATTRIBUTES_MAX && entry->offset % RECORD_ALIGNMENT == 0);
    size_t common = common_bytes(&entry->place, &before->place);
    unsigned char *at = put_number(ret_bytes, common);
    at = put_number(at, entry->place.length - common);
    at = put_bytes(at, entry->place.bytes + common, entry->place.length - common);
    at = put_number(at, entry->offset / OFFSET_UNIT + entry->tombstone);
    if (entry->tombstone)
        return (size_t)(at - ret_bytes);
    at = put_number(at, entry->size);
    little_put64(at, (uint64_t)entry->time);
    at = put_bytes(at + 8, entry->digest.bytes, sizeof entry->digest.bytes);
    return (size_t)(put_attributes(at, entry, before) - ret_bytes);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* What is left of the bytes. */
struct rest {
    const unsigned char *at;
    const unsigned char *end;
};

static bool get_number(struct rest *rest, uint64_t *ret_number)
{
    uint64_t number = 0;
    for (unsigned shift = 0; rest->at < rest->end && shift < 64; shift += 7) {
        unsigned char byte = *rest->at++;
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret_number = number;
            return true;
        }
    }
    return false;
}

/* NULL: there are not so many. */
static const unsigned char *get_bytes(struct rest *rest, uint64_t length)
{
    const unsigned char *bytes = rest->at;
    if (length > (uint64_t)(rest->end - rest->at))
        return NULL;
    rest->at += length;
    return bytes;
}

/* Whether a place that has bytes in common with another one, and then others, comes before it. */
static bool is_unordered(const struct place *before, size_t common, const unsigned char *bytes, size_t length)
{
    size_t rest = before->length - common;
    int order = memcmp(before->bytes + common, bytes, rest < length ? rest : length);
    return order > 0 || (order == 0 && rest > length);
}

static bool get_place(struct rest *rest, struct place *place)
{
    uint64_t common, length;
    if (!get_number(rest, &common) || !get_number(rest, &length))
        return false;
    const unsigned char *bytes = get_bytes(rest, length);
    if (!bytes || common > place->length || length > sizeof place->bytes - common ||
        is_unordered(place, common, bytes, length))
        return false;
    memcpy(place->bytes + common, bytes, length);
    place->length = common + length;
    return place_is_valid(place->bytes, place->length);
}

static bool get_attributes(struct rest *rest, struct entry *entry)
{
    uint64_t told;
    if (!get_number(rest, &told))
        return false;
    entry->curtailed = told == ATTRIBUTES_ELSEWHERE;
    if (told == ATTRIBUTES_SAME)
        return entry->attributes_length > 0;
    uint64_t length = told > ATTRIBUTES_ELSEWHERE ? told - ATTRIBUTES_ELSEWHERE : 0;
    entry->attributes = get_bytes(rest, length);
    entry->attributes_length = length;
    return length <= ENTRY_ATTRIBUTES_MAX && entry->attributes;
}

/* What a listing shows; nothing, of a tombstone. */
static bool get_facts(struct rest *rest, struct entry *entry)
{
    entry->attributes_length = entry->tombstone ? 0 : entry->attributes_length;
    if (entry->tombstone)
        return true;
    if (!get_number(rest, &entry->size))
        return false;
    const unsigned char *fixed = get_bytes(rest, 8 + sizeof entry->digest.bytes);
    if (!fixed)
        return false;
    entry->time = (int64_t)little_get64(fixed);
    memcpy(entry->digest.bytes, fixed + 8, sizeof entry->digest.bytes);
    return get_attributes(rest, entry);
}

bool entry_decode(struct entry *entry, const unsigned char *bytes, size_t length, size_t *ret_taken)
{
    struct rest rest = {.at = bytes, .end = bytes + length};
    uint64_t units;
    if (!get_place(&rest, &entry->place) || !get_number(&rest, &units))
        return false;
    entry->tombstone = units & 1;
    entry->offset = (units & ~(uint64_t)1) * OFFSET_UNIT;
    if (!get_facts(&rest, entry))
        return false;
    *ret_taken = (size_t)(rest.at - bytes);
    return true;
}
