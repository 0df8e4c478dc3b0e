/* record.c - the bytes of one write in a store's log: encode, decode, check. */
#include "store/log/record.h"

#include "store/base/little.h"
#include "store/base/xxh3.h"

#include <assert.h>
#include <string.h>

size_t record_head_length(const struct record *record)
{
    return RECORD_HEADER + record->key_length + record->attributes_length;
}

size_t record_length(const struct record *record)
{
    size_t length = record_head_length(record) + (record->blob ? 0 : (size_t)record->size);
    return (length + RECORD_ALIGNMENT - 1) & ~(size_t)(RECORD_ALIGNMENT - 1);
}

int64_t record_expires(const struct record *record)
{
    return record->type == RECORD_PUT ? store_expiry(record->attributes, record->attributes_length) : 0;
}

uint64_t record_sweeps_to(const struct record *record)
{
    uint64_t to = little_get64(record->attributes);
    return to ? to : record->offset;
}

static uint64_t check_of(const unsigned char *bytes, size_t head_length, uint64_t salt)
{
    return XXH3_64bits_withSeed(bytes + RECORD_AT_OFFSET, head_length - RECORD_AT_OFFSET, salt);
}

static void encode_header(const struct record *record, unsigned char *bytes)
{
    little_put64(bytes + RECORD_AT_OFFSET, record->offset);
    little_put64(bytes + RECORD_AT_GROUP, record->group);
    little_put64(bytes + RECORD_AT_TIME, (uint64_t)record->time);
    little_put64(bytes + RECORD_AT_KEY_HASH, record->key_hash);
    little_put64(bytes + RECORD_AT_SIZE, record->size);
    memcpy(bytes + RECORD_AT_DIGEST, record->digest.bytes, sizeof record->digest.bytes);
    little_put64(bytes + RECORD_AT_BLOB, record->blob);
    little_put32(bytes + RECORD_AT_STEP, record->step);
    little_put32(bytes + RECORD_AT_STEPS, record->steps);
    little_put16(bytes + RECORD_AT_KEY_LENGTH, (uint16_t)record->key_length);
    little_put16(bytes + RECORD_AT_ATTRIBUTES_LENGTH, (uint16_t)record->attributes_length);
    bytes[RECORD_AT_TYPE] = (unsigned char)record->type;
    memset(bytes + RECORD_AT_ZEROS, 0, RECORD_HEADER - RECORD_AT_ZEROS);
}

static unsigned char *append(unsigned char *at, const void *bytes, size_t length)
{
    if (length > 0)
        memcpy(at, bytes, length);
    return at + length;
}

/* Whether the header tells what went into it: before it is on disk, where it would be damage. */
static bool reads_back(const struct record *record, const unsigned char *bytes)
{
    struct record read;
    return record_peek(bytes, record->offset, &read) && read.type == record->type &&
           read.key_hash == record->key_hash && read.size == record->size && read.blob == record->blob &&
           read.key_length == record->key_length && read.attributes_length == record->attributes_length;
}

void record_encode(const struct record *record, uint64_t salt, unsigned char *ret_bytes)
{
    encode_header(record, ret_bytes);
    unsigned char *at = ret_bytes + RECORD_HEADER;
    at = append(at, record->key, record->key_length);
    at = append(at, record->attributes, record->attributes_length);
    little_put64(ret_bytes + RECORD_AT_CHECK, check_of(ret_bytes, (size_t)(at - ret_bytes), salt));
    if (!record->blob)
        at = append(at, record->payload, (size_t)record->size);
    memset(at, 0, record_length(record) - (size_t)(at - ret_bytes));
    assert(reads_back(record, ret_bytes));
}

/* Whether lengths, type and place could be a record's. */
static bool plausible(const struct record *record, const unsigned char *bytes, uint64_t offset)
{
    static const unsigned char zeros[RECORD_HEADER - RECORD_AT_ZEROS];
    if (record->offset != offset || record->group > offset || record->step >= record->steps)
        return false;
    if (record->type < RECORD_PUT || record->type > RECORD_SWEEP)
        return false;
    if (record->type == RECORD_SWEEP && (record->key_length || record->attributes_length != RECORD_SWEEP_ATTRIBUTES))
        return false;
    if (record->key_length > STORE_KEY_MAX || record->attributes_length > STORE_ATTRIBUTES_MAX)
        return false;
    if (!record->blob && record->size > RECORD_MAX - RECORD_HEAD_MAX)
        return false;
    return memcmp(bytes + RECORD_AT_ZEROS, zeros, sizeof zeros) == 0;
}

bool record_peek(const unsigned char *bytes, uint64_t offset, struct record *ret_record)
{
    if (little_get64(bytes + RECORD_AT_OFFSET) != offset)
        return false;
    struct record record = {
        .type = bytes[RECORD_AT_TYPE],
        .offset = offset,
        .group = little_get64(bytes + RECORD_AT_GROUP),
        .time = (int64_t)little_get64(bytes + RECORD_AT_TIME),
        .key_hash = little_get64(bytes + RECORD_AT_KEY_HASH),
        .size = little_get64(bytes + RECORD_AT_SIZE),
        .blob = little_get64(bytes + RECORD_AT_BLOB),
        .step = little_get32(bytes + RECORD_AT_STEP),
        .steps = little_get32(bytes + RECORD_AT_STEPS),
        .key_length = little_get16(bytes + RECORD_AT_KEY_LENGTH),
        .attributes_length = little_get16(bytes + RECORD_AT_ATTRIBUTES_LENGTH),
    };
    memcpy(record.digest.bytes, bytes + RECORD_AT_DIGEST, sizeof record.digest.bytes);
    if (!plausible(&record, bytes, offset))
        return false;
    *ret_record = record;
    return true;
}

/* A name under a hash that is not its own could neither be asked for nor be listed. */
static bool knows_its_key(const struct record *record)
{
    return record->key_length == 0 || XXH3_64bits(record->key, record->key_length) == record->key_hash;
}

bool record_decode(const unsigned char *bytes, size_t length, uint64_t offset, uint64_t salt, struct record *ret_record)
{
    struct record record;
    if (length < RECORD_HEADER || !record_peek(bytes, offset, &record))
        return false;
    size_t head = record_head_length(&record);
    if (length < head || little_get64(bytes + RECORD_AT_CHECK) != check_of(bytes, head, salt))
        return false;
    if (record.key_length > 0)
        record.key = bytes + RECORD_HEADER;
    if (!knows_its_key(&record))
        return false;
    record.attributes = bytes + RECORD_HEADER + record.key_length;
    if (!record.blob && length >= head + record.size)
        record.payload = bytes + head;
    *ret_record = record;
    return true;
}

bool record_tells_key(const unsigned char *bytes, size_t length, uint64_t hash, struct store_key *ret_key)
{
    size_t key_length = length < RECORD_HEADER ? 0 : little_get16(bytes + RECORD_AT_KEY_LENGTH);
    if (key_length == 0 || key_length > STORE_KEY_MAX || length < RECORD_HEADER + key_length)
        return false;
    struct store_key key = store_key_of(bytes + RECORD_HEADER, key_length);
    if (key.hash != hash)
        return false;
    *ret_key = key;
    return true;
}

bool record_payload_whole(const struct record *record)
{
    if (record->type != RECORD_PUT || record->blob)
        return true;
    struct store_digest digest = store_digest_of(record->payload, (size_t)record->size);
    return store_digest_equal(&digest, &record->digest);
}
