/* test_record.c - the bytes of a record: what goes in comes out, and nothing else is taken for a record. */
#include "store/log/record.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t salt = 0x1122334455667788u;
static const char payload[] = "a payload of some length";

static struct record sample(void)
{
    return (struct record){.type = RECORD_PUT,
                           .offset = 4096,
                           .group = 4000,
                           .time = 1700000000123456789,
                           .key_hash = store_key_of("key", 3).hash,
                           .size = sizeof payload,
                           .digest = store_digest_of(payload, sizeof payload),
                           .step = 1,
                           .steps = 3,
                           .key = "key",
                           .key_length = 3,
                           .attributes = "attributes",
                           .attributes_length = 10,
                           .payload = payload};
}

static size_t encode(const struct record *record, unsigned char *bytes)
{
    size_t length = record_length(record);
    memset(bytes, 0xff, length);
    record_encode(record, salt, bytes);
    return length;
}

START_TEST(what_goes_in_comes_out)
{
    unsigned char bytes[512];
    struct record in = sample();
    struct record out;
    size_t length = encode(&in, bytes);
    ck_assert_uint_eq(length % RECORD_ALIGNMENT, 0);
    ck_assert(record_decode(bytes, length, in.offset, salt, &out));
    ck_assert_int_eq(out.type, in.type);
    ck_assert_uint_eq(out.group, in.group);
    ck_assert_int_eq(out.time, in.time);
    ck_assert_uint_eq(out.key_hash, in.key_hash);
    ck_assert_uint_eq(out.step, in.step);
    ck_assert_uint_eq(out.steps, in.steps);
    ck_assert_mem_eq(out.key, "key", 3);
    ck_assert_mem_eq(out.attributes, "attributes", 10);
    ck_assert_mem_eq(out.payload, payload, sizeof payload);
    ck_assert(record_payload_whole(&out));
}
END_TEST

START_TEST(every_flipped_bit_is_noticed)
{
    unsigned char bytes[512];
    struct record in = sample();
    size_t length = encode(&in, bytes);
    size_t covered = record_head_length(&in) + sizeof payload;
    for (size_t bit = 0; bit < covered * 8; bit++) {
        struct record out;
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        bool whole = record_decode(bytes, length, in.offset, salt, &out) && record_payload_whole(&out);
        ck_assert_msg(!whole, "bit %zu", bit);
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
}
END_TEST

START_TEST(another_place_or_salt_is_no_record)
{
    unsigned char bytes[512];
    struct record in = sample();
    struct record out;
    size_t length = encode(&in, bytes);
    ck_assert(!record_decode(bytes, length, in.offset + 8, salt, &out));
    ck_assert(!record_decode(bytes, length, in.offset, salt + 1, &out));
}
END_TEST

START_TEST(a_part_of_the_head_is_no_record)
{
    unsigned char bytes[512];
    struct record in = sample();
    struct record out;
    encode(&in, bytes);
    for (size_t length = 0; length < record_head_length(&in); length++)
        ck_assert(!record_decode(bytes, length, in.offset, salt, &out));
    ck_assert(record_decode(bytes, record_head_length(&in), in.offset, salt, &out));
    ck_assert_ptr_null(out.payload);
}
END_TEST

/* Not even under a true check. */
START_TEST(a_key_under_the_hash_of_another_is_no_record)
{
    unsigned char bytes[512];
    struct record in = sample();
    struct record out;
    in.key_hash++;
    size_t length = encode(&in, bytes);
    ck_assert(!record_decode(bytes, length, in.offset, salt, &out));
    in.key_length = 0; /* known by its hash only: any will do */
    length = encode(&in, bytes);
    ck_assert(record_decode(bytes, length, in.offset, salt, &out));
    ck_assert_uint_eq(out.key_hash, in.key_hash);
}
END_TEST

START_TEST(zeros_are_no_record)
{
    static unsigned char bytes[RECORD_HEAD_MAX];
    struct record out;
    ck_assert(!record_decode(bytes, sizeof bytes, 0, 0, &out));
}
END_TEST

START_TEST(a_blob_record_holds_no_payload)
{
    unsigned char bytes[512];
    struct record in = sample();
    struct record out;
    in.blob = 7;
    in.payload = NULL;
    in.size = (uint64_t)1 << 40;
    size_t length = encode(&in, bytes);
    ck_assert_uint_lt(length, 256);
    ck_assert(record_decode(bytes, length, in.offset, salt, &out));
    ck_assert_uint_eq(out.blob, 7);
    ck_assert_uint_eq(out.size, (uint64_t)1 << 40);
    ck_assert_ptr_null(out.payload);
}
END_TEST

static void encode_what_is_none(void)
{
    unsigned char bytes[512];
    struct record record = sample();
    record.step = record.steps;
    (void)encode(&record, bytes);
}

START_TEST(what_would_not_read_back_is_not_written)
{
    ck_assert_int_eq(unit_signal_of(encode_what_is_none), SIGABRT);
}
END_TEST

/* It speaks of all that has the hash, so it has no key; and its attributes are a place. */
START_TEST(a_sweep_tells_up_to_where)
{
    unsigned char bytes[512];
    const unsigned char to[] = {0, 16, 0, 0, 0, 0, 0, 0}, itself[8] = {0};
    struct record in = {.type = RECORD_SWEEP,
                        .offset = 8192,
                        .key_hash = 7,
                        .steps = 1,
                        .attributes = to,
                        .attributes_length = sizeof to};
    struct record out;
    size_t length = encode(&in, bytes);
    ck_assert_uint_eq(length, RECORD_SWEEP_LENGTH);
    ck_assert(record_decode(bytes, length, in.offset, salt, &out));
    ck_assert_uint_eq(record_sweeps_to(&out), 4096);
    in.attributes = itself;
    encode(&in, bytes);
    ck_assert(record_decode(bytes, length, in.offset, salt, &out));
    ck_assert_uint_eq(record_sweeps_to(&out), in.offset);
    bytes[RECORD_AT_ATTRIBUTES_LENGTH] = 0;
    ck_assert(!record_peek(bytes, in.offset, &out));
    bytes[RECORD_AT_KEY_LENGTH] = 8;
    ck_assert(!record_peek(bytes, in.offset, &out));
    bytes[RECORD_AT_ATTRIBUTES_LENGTH] = 8;
    ck_assert(!record_peek(bytes, in.offset, &out));
}
END_TEST

START_TEST(a_damaged_record_may_still_tell_its_key)
{
    unsigned char bytes[512];
    struct record in = sample();
    struct store_key key;
    size_t length = encode(&in, bytes);
    bytes[RECORD_AT_TIME] ^= 1;
    ck_assert(record_tells_key(bytes, length, in.key_hash, &key));
    ck_assert_uint_eq(key.length, 3);
    ck_assert_mem_eq(key.bytes, "key", 3);
    ck_assert(!record_tells_key(bytes, length, in.key_hash + 1, &key));
    ck_assert(!record_tells_key(bytes, RECORD_HEADER + 2, in.key_hash, &key));
    bytes[RECORD_HEADER] ^= 1;
    ck_assert(!record_tells_key(bytes, length, in.key_hash, &key));
    bytes[RECORD_HEADER] ^= 1;
    bytes[RECORD_AT_KEY_LENGTH] = 0;
    ck_assert(!record_tells_key(bytes, length, in.key_hash, &key));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_goes_in_comes_out,
        every_flipped_bit_is_noticed,
        another_place_or_salt_is_no_record,
        a_part_of_the_head_is_no_record,
        a_key_under_the_hash_of_another_is_no_record,
        zeros_are_no_record,
        a_blob_record_holds_no_payload,
        what_would_not_read_back_is_not_written,
        a_sweep_tells_up_to_where,
        a_damaged_record_may_still_tell_its_key,
    };
    return UNIT_RUN("record", tests);
}
