/* log_image.c - see log_image.h. */
#include "tests/fuzz/log_image.h"

#include "store/base/little.h"
#include "store/log/record.h"
#include "store/log/segment.h"

#include <string.h>
#include <xxhash.h>

/* What no store lives long enough to reach: with a right check behind it, it was never written. */
#define OFFSET_MASK UINT64_C(0x0000fffffffffff8)
#define GIVEN_MASK  UINT64_C(0x0000000000003fff)
#define BLOB_MASK   UINT64_C(0x0000ffffffffffff)

/* What the seed of log_image_seal() says. */
enum { SEAL_DIGESTS = 1, SEAL_HASHES = 2, SEAL_BASES = 4, SEAL_SKIPS_SHIFT = 3, SEAL_SKIPS = 7 };

void log_image_split(uint8_t *data, size_t size, struct log_image *ret_image)
{
    *ret_image = (struct log_image){0};
    while (size > 0 && ret_image->count < LOG_IMAGE_SEGMENTS) {
        size_t length = size;
        if (ret_image->count + 1 < LOG_IMAGE_SEGMENTS) {
            size_t told = size >= 2 ? little_get16(data) : 0;
            size_t prefix = size >= 2 ? 2 : size;
            data += prefix;
            size -= prefix;
            length = told < size ? told : size;
        }
        ret_image->segments[ret_image->count].bytes = data;
        ret_image->segments[ret_image->count++].size = length;
        data += length;
        size -= length;
    }
}

/* ---- sealing --------------------------------------------------------------------------------- */

static size_t at_most(size_t value, size_t most)
{
    return value < most ? value : most;
}

/* Brings the lengths of a record into the bytes that are `available` for it. */
static void seal_lengths(uint8_t *bytes, size_t available)
{
    size_t left = available - RECORD_HEADER;
    if (bytes[RECORD_AT_TYPE] == RECORD_SWEEP) {
        little_put16(bytes + RECORD_AT_KEY_LENGTH, 0);
        little_put16(bytes + RECORD_AT_ATTRIBUTES_LENGTH, RECORD_SWEEP_ATTRIBUTES);
    }
    size_t key = at_most(little_get16(bytes + RECORD_AT_KEY_LENGTH), at_most(left, STORE_KEY_MAX));
    size_t attributes = at_most(little_get16(bytes + RECORD_AT_ATTRIBUTES_LENGTH),
                                at_most(left - key, STORE_ATTRIBUTES_MAX));
    little_put16(bytes + RECORD_AT_KEY_LENGTH, (uint16_t)key);
    little_put16(bytes + RECORD_AT_ATTRIBUTES_LENGTH, (uint16_t)attributes);
    left -= key + attributes;
    little_put64(bytes + RECORD_AT_BLOB, little_get64(bytes + RECORD_AT_BLOB) & BLOB_MASK);
    if (little_get64(bytes + RECORD_AT_BLOB) == 0 && little_get64(bytes + RECORD_AT_SIZE) > left)
        little_put64(bytes + RECORD_AT_SIZE, left);
}

static void seal_place(uint8_t *bytes, uint64_t offset)
{
    little_put64(bytes + RECORD_AT_OFFSET, offset);
    if (little_get64(bytes + RECORD_AT_GROUP) > offset)
        little_put64(bytes + RECORD_AT_GROUP, offset);
    if (little_get32(bytes + RECORD_AT_STEP) >= little_get32(bytes + RECORD_AT_STEPS)) {
        little_put32(bytes + RECORD_AT_STEP, 0);
        little_put32(bytes + RECORD_AT_STEPS, 1);
    }
    if (bytes[RECORD_AT_TYPE] < RECORD_PUT || bytes[RECORD_AT_TYPE] > RECORD_SWEEP)
        bytes[RECORD_AT_TYPE] = RECORD_PUT;
    memset(bytes + RECORD_AT_ZEROS, 0, RECORD_HEADER - RECORD_AT_ZEROS);
}

/* Returns the length of the record. */
static size_t seal_record(uint8_t *bytes, size_t available, uint64_t offset, unsigned seed)
{
    struct record record;
    seal_lengths(bytes, available);
    seal_place(bytes, offset);
    if (!record_peek(bytes, offset, &record))
        return RECORD_ALIGNMENT;
    size_t head = record_head_length(&record);
    if (seed & SEAL_DIGESTS && !record.blob) {
        struct store_digest digest = store_digest_of(bytes + head, (size_t)record.size);
        memcpy(bytes + RECORD_AT_DIGEST, digest.bytes, sizeof digest.bytes);
    }
    if (seed & SEAL_HASHES && record.key_length > 0)
        little_put64(bytes + RECORD_AT_KEY_HASH, store_key_of(bytes + RECORD_HEADER, record.key_length).hash);
    little_put64(bytes, XXH3_64bits_withSeed(bytes + RECORD_AT_OFFSET, head - RECORD_AT_OFFSET, LOG_IMAGE_SALT));
    return record_length(&record);
}

static void seal_header(uint8_t *bytes, size_t number, uint64_t base)
{
    memcpy(bytes, "cairnseg", SEGMENT_AT_VERSION);
    little_put64(bytes + SEGMENT_AT_VERSION, SEGMENT_VERSION - (bytes[SEGMENT_AT_VERSION] & 1));
    little_put64(bytes + SEGMENT_AT_NUMBER, number);
    little_put64(bytes + SEGMENT_AT_BASE, base);
    uint64_t front = little_get64(bytes + SEGMENT_AT_FRONT) & OFFSET_MASK;
    uint64_t end = little_get64(bytes + SEGMENT_AT_END) & OFFSET_MASK;
    little_put32(bytes + SEGMENT_AT_KIND, little_get32(bytes + SEGMENT_AT_KIND) & 1);
    little_put32(bytes + SEGMENT_AT_SKIPPED, little_get32(bytes + SEGMENT_AT_SKIPPED) & 3);
    little_put64(bytes + SEGMENT_AT_FRONT, front == 0 || front > base ? base : front);
    if (little_get32(bytes + SEGMENT_AT_KIND) == 0)
        little_put64(bytes + SEGMENT_AT_END, little_get64(bytes + SEGMENT_AT_END) & GIVEN_MASK);
    else
        little_put64(bytes + SEGMENT_AT_END, end < base ? base : end);
    little_put64(bytes + SEGMENT_AT_CHECK, XXH3_64bits_withSeed(bytes, SEGMENT_AT_CHECK, LOG_IMAGE_SALT));
}

/* Returns the offset behind the last record. */
static uint64_t seal_records(uint8_t *bytes, size_t size, uint64_t base, unsigned seed)
{
    size_t skip = seed >> SEAL_SKIPS_SHIFT & SEAL_SKIPS;
    size_t at = SEGMENT_HEADER;
    for (size_t record = 1; at + RECORD_HEADER <= size; record++) {
        uint64_t offset = base + at - SEGMENT_HEADER;
        struct record left;
        if (record != skip)
            at += seal_record(bytes + at, size - at, offset, seed);
        else
            at += record_peek(bytes + at, offset, &left) ? record_length(&left) : RECORD_HEADER;
    }
    return base + at - SEGMENT_HEADER;
}

void log_image_seal(struct log_image *image, unsigned seed)
{
    uint64_t end = 0;
    for (size_t i = 0; i < image->count; i++) {
        uint8_t *bytes = image->segments[i].bytes;
        size_t size = image->segments[i].size;
        if (size < SEGMENT_HEADER)
            continue;
        uint64_t base = seed & SEAL_BASES ? end : little_get64(bytes + SEGMENT_AT_BASE) & OFFSET_MASK;
        seal_header(bytes, i + 1, base);
        end = seal_records(bytes, size, base, seed);
    }
}

/* ---- keys ------------------------------------------------------------------------------------ */

void log_image_keys(const struct log_image *image,
                    void (*visit)(void *arg, const void *key, size_t length, uint64_t hash), void *arg)
{
    for (size_t i = 0; i < image->count; i++) {
        const uint8_t *bytes = image->segments[i].bytes;
        size_t size = image->segments[i].size;
        for (size_t at = SEGMENT_HEADER; at + RECORD_HEADER <= size; at += RECORD_ALIGNMENT) {
            struct record record;
            if (!record_peek(bytes + at, little_get64(bytes + at + RECORD_AT_OFFSET), &record))
                continue;
            bool named = record.key_length > 0 && record.key_length <= size - at - RECORD_HEADER;
            visit(arg, named ? bytes + at + RECORD_HEADER : NULL, named ? record.key_length : 0, record.key_hash);
        }
    }
}
