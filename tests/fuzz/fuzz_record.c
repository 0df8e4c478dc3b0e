/* fuzz_record.c - the bytes of a record: what decodes must encode to the same bytes again, and the reverse.
 *
 * The input is a record as it stands in a log. Its check is made right first, so that the lengths behind it are met by
 * the decoder; the input as it came is decoded too.
 */
#include "store/log/record.h"
#include "tests/fuzz/fuzz.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static const uint64_t salt = 0x6a09e667f3bcc908;

static bool inside(const void *part, size_t length, const uint8_t *bytes, size_t size)
{
    const uint8_t *from = part;
    return from >= bytes && length <= size && (size_t)(from - bytes) <= size - length;
}

static void assert_decoded(const struct record *record, const uint8_t *bytes, size_t size)
{
    fuzz_assert(record->key_length <= STORE_KEY_MAX);
    fuzz_assert(record->attributes_length <= STORE_ATTRIBUTES_MAX);
    fuzz_assert((!record->key) == (record->key_length == 0));
    fuzz_assert(!record->key || inside(record->key, record->key_length, bytes, size));
    fuzz_assert(inside(record->attributes, record->attributes_length, bytes, size));
    fuzz_assert(!record->payload || inside(record->payload, (size_t)record->size, bytes, size));
    fuzz_assert(record->step < record->steps);
    fuzz_assert(record_length(record) <= RECORD_MAX && record_length(record) % RECORD_ALIGNMENT == 0);
}

static void assert_encodes_to(const struct record *record, const uint8_t *bytes)
{
    if (!record->payload && !record->blob && record->size > 0)
        return; /* cut in its payload: there is nothing to encode */
    uint8_t *encoded = fuzz_allocate(record_length(record));
    record_encode(record, salt, encoded);
    size_t whole = record_head_length(record) + (record->blob ? 0 : (size_t)record->size);
    fuzz_assert(memcmp(encoded, bytes, whole) == 0);
    struct record again;
    fuzz_assert(record_decode(encoded, record_length(record), record->offset, salt, &again));
    fuzz_assert(record_length(&again) == record_length(record));
    fuzz_assert(!record->payload || record_payload_whole(&again) == record_payload_whole(record));
    free(encoded);
}

/* Makes the check right where the lengths let it be found. */
static void seal(uint8_t *bytes, size_t size, uint64_t offset)
{
    struct record record;
    if (!record_peek(bytes, offset, &record) || record_head_length(&record) > size)
        return;
    uint64_t check = htole64(
        XXH3_64bits_withSeed(bytes + RECORD_AT_OFFSET, record_head_length(&record) - RECORD_AT_OFFSET, salt));
    memcpy(bytes, &check, sizeof check);
}

static void decode(const uint8_t *bytes, size_t size, uint64_t offset)
{
    struct record record;
    if (!record_decode(bytes, size, offset, salt, &record))
        return;
    assert_decoded(&record, bytes, size);
    assert_encodes_to(&record, bytes);
    fuzz_assert(!record_decode(bytes, size, offset + RECORD_ALIGNMENT, salt, &record));
    fuzz_assert(!record_decode(bytes, size, offset, salt + 1, &record));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *bytes = fuzz_copy(data, size);
    uint64_t offset = 0;
    if (size >= RECORD_HEADER) {
        memcpy(&offset, bytes + RECORD_AT_OFFSET, sizeof offset);
        offset = le64toh(offset);
    }
    decode(bytes, size, offset);
    if (size >= RECORD_HEADER)
        seal(bytes, size, offset);
    decode(bytes, size, offset);
    free(bytes);
    return 0;
}
