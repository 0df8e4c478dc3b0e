/* test_cursor.c - reading a segment record by record, and finding the way behind a hole. */
#include "store/log/cursor.h"
#include "tests/lib/sim_disk.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { RECORDS = 50, PAYLOAD = 100, BASE = 8192, FILE_SIZE = 64 << 10 };

static const uint64_t salt = 0x5a17;
static struct sim_disk *disk;
static const struct io *io;
static struct segment *segment;
static struct handles handles;
static struct handle_folder folder;
static struct cursor cursor;
static uint64_t positions[RECORDS + 1]; /* of the records, and where they end */

static char payload_of(unsigned i)
{
    return (char)('a' + i % 26);
}

static void write_record(unsigned i, uint64_t *position)
{
    static unsigned char bytes[RECORD_HEAD_MAX + PAYLOAD];
    char payload[PAYLOAD];
    char key = payload_of(i);
    memset(payload, payload_of(i), sizeof payload);
    struct record record = {.type = RECORD_PUT,
                            .offset = segment_offset(segment, *position),
                            .group = segment_offset(segment, *position),
                            .key_hash = store_key_of(&key, 1).hash,
                            .size = PAYLOAD - i % 10,
                            .steps = 1,
                            .key_length = 1,
                            .key = &key,
                            .payload = payload};
    record.digest = store_digest_of(payload, (size_t)record.size);
    record_encode(&record, salt, bytes);
    ck_assert_int_eq(io_write_all(io, handle_file(segment->file), bytes, record_length(&record), (off_t)*position), 0);
    positions[i] = *position;
    *position += record_length(&record);
}

static void setup(void)
{
    disk = sim_disk_new(1);
    io = sim_disk_io(disk);
    handles_init(&handles, io, 1);
    folder = (struct handle_folder){.handles = &handles, .open = AT_FDCWD};
    int file = io->openat(io->self, AT_FDCWD, "/segment", O_RDWR | O_CREAT, 0600);
    ck_assert_int_eq(io->ftruncate(io->self, file, FILE_SIZE), 0);
    const struct segment_header header = {.number = 1, .base = BASE};
    segment = segment_new(&folder, file, &header, FILE_SIZE);
    uint64_t position = SEGMENT_HEADER;
    for (unsigned i = 0; i < RECORDS; i++)
        write_record(i, &position);
    positions[RECORDS] = position;
    ck_assert(cursor_init(&cursor, io, salt));
    cursor_begin(&cursor, segment, FILE_SIZE);
}

static void teardown(void)
{
    cursor_free(&cursor);
    segment_release(segment);
    handles_free(&handles);
    sim_disk_free(disk);
}

static void damage(uint64_t position)
{
    ck_assert_int_eq(io_write_all(io, handle_file(segment->file), "\xff", 1, (off_t)position), 0);
    cursor_begin(&cursor, segment, cursor.limit); /* what it has read is old */
}

static enum cursor_found look(uint64_t position, bool payloads, struct record *ret_record)
{
    enum cursor_found found;
    ck_assert_int_eq(cursor_look(&cursor, position, payloads, ret_record, &found), 0);
    return found;
}

START_TEST(records_come_in_order)
{
    for (int payloads = 0; payloads < 2; payloads++) {
        uint64_t position = SEGMENT_HEADER;
        for (unsigned i = 0; i < RECORDS; i++) {
            struct record record;
            ck_assert_int_eq(look(position, payloads, &record), CURSOR_WHOLE);
            ck_assert_uint_eq(position, positions[i]);
            ck_assert_int_eq(*(const char *)record.key, payload_of(i));
            position += record_length(&record);
        }
        ck_assert_uint_eq(position, positions[RECORDS]);
    }
}
END_TEST

START_TEST(zeros_are_no_record)
{
    struct record record;
    bool zeros;
    ck_assert_int_eq(look(positions[RECORDS], true, &record), CURSOR_NOTHING);
    ck_assert_int_eq(cursor_zeros(&cursor, positions[RECORDS], &zeros), 0);
    ck_assert(zeros);
    ck_assert_int_eq(cursor_zeros(&cursor, positions[RECORDS] - 8, &zeros), 0);
    ck_assert(!zeros);
    damage(FILE_SIZE - 1);
    ck_assert_int_eq(cursor_zeros(&cursor, positions[RECORDS], &zeros), 0);
    ck_assert(!zeros);
}
END_TEST

START_TEST(a_damaged_payload_is_a_head_where_payloads_are_looked_at)
{
    struct record record;
    damage(positions[3] + RECORD_HEADER + 8);
    ck_assert_int_eq(look(positions[3], true, &record), CURSOR_HEAD);
    ck_assert_int_eq(look(positions[3], false, &record), CURSOR_WHOLE);
    ck_assert_int_eq(look(positions[4], true, &record), CURSOR_WHOLE);
}
END_TEST

START_TEST(behind_a_hole_the_next_record_is_found)
{
    struct record record;
    uint64_t position;
    damage(positions[10]);
    damage(positions[11] + 9);
    ck_assert_int_eq(look(positions[10], true, &record), CURSOR_NOTHING);
    ck_assert_int_eq(cursor_find(&cursor, positions[10] + RECORD_ALIGNMENT, &position, &record), 0);
    ck_assert_uint_eq(position, positions[12]);
    ck_assert_uint_eq(record.offset, segment_offset(segment, positions[12]));
    ck_assert_int_eq(cursor_find(&cursor, positions[RECORDS], &position, &record), 0);
    ck_assert_uint_eq(position, FILE_SIZE);
}
END_TEST

/* However many there are: less than a header, or more than a window. */
START_TEST(a_record_behind_zeros_is_found)
{
    enum { FAR = 5 << 20 }; /* more than the cursor reads at once */
    const uint64_t behind[] = {8, RECORD_HEADER - 8, RECORD_HEADER, RECORD_HEADER + 8, 4096, FAR};
    ck_assert_int_eq(io->ftruncate(io->self, handle_file(segment->file), 2 * FAR), 0);
    for (size_t i = 0; i < sizeof behind / sizeof *behind; i++) {
        struct record record;
        uint64_t found, position = positions[RECORDS] + behind[i], end = position;
        write_record(0, &end);
        cursor_begin(&cursor, segment, 2 * FAR);
        ck_assert_int_eq(cursor_find(&cursor, positions[RECORDS], &found, &record), 0);
        ck_assert_uint_eq(found, position);
        ck_assert_int_eq(io->ftruncate(io->self, handle_file(segment->file), (off_t)positions[RECORDS]), 0);
        ck_assert_int_eq(io->ftruncate(io->self, handle_file(segment->file), 2 * FAR), 0);
    }
}
END_TEST

/* What another life of the file left behind the limit was never of this log. */
START_TEST(nothing_is_read_beyond_the_limit)
{
    struct record record;
    uint64_t position;
    cursor_begin(&cursor, segment, positions[5] + 16);
    ck_assert_int_eq(look(positions[4], true, &record), CURSOR_WHOLE);
    ck_assert_int_eq(look(positions[5], true, &record), CURSOR_NOTHING);
    ck_assert_int_eq(cursor_find(&cursor, positions[4] + RECORD_ALIGNMENT, &position, &record), 0);
    ck_assert_uint_eq(position, cursor.limit);
}
END_TEST

START_TEST(the_base_is_what_a_record_tells)
{
    uint64_t base;
    bool found;
    ck_assert_int_eq(cursor_find_base(&cursor, 0, UINT64_MAX, &base, &found), 0);
    ck_assert(found);
    ck_assert_uint_eq(base, BASE);
    ck_assert_int_eq(cursor_find_base(&cursor, BASE + 1, UINT64_MAX, &base, &found), 0);
    ck_assert(!found);
    ck_assert_int_eq(cursor_find_base(&cursor, 0, BASE - 1, &base, &found), 0);
    ck_assert(!found);
}
END_TEST

START_TEST(a_disk_that_does_not_give_the_bytes_is_told)
{
    struct record record;
    enum cursor_found found;
    sim_disk_fail(disk, SIM_PREAD, 1, false, EIO);
    ck_assert_int_eq(cursor_look(&cursor, positions[0], true, &record, &found), EIO);
    ck_assert_int_eq(cursor_look(&cursor, positions[0], true, &record, &found), 0);
    ck_assert_int_eq(found, CURSOR_WHOLE);
}
END_TEST

START_TEST(one_cursor_serves_many_segments)
{
    struct record record;
    int file = io->openat(io->self, AT_FDCWD, "/other", O_RDWR | O_CREAT, 0600);
    ck_assert_int_eq(io->ftruncate(io->self, file, FILE_SIZE), 0);
    const struct segment_header header = {.number = 2, .base = 1 << 20};
    struct segment *other = segment_new(&folder, file, &header, FILE_SIZE);
    ck_assert_int_eq(look(positions[0], true, &record), CURSOR_WHOLE);
    cursor_begin(&cursor, other, FILE_SIZE);
    ck_assert_int_eq(look(positions[0], true, &record), CURSOR_NOTHING);
    cursor_begin(&cursor, segment, FILE_SIZE);
    ck_assert_int_eq(look(positions[0], true, &record), CURSOR_WHOLE);
    segment_release(other);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        records_come_in_order,
        zeros_are_no_record,
        a_damaged_payload_is_a_head_where_payloads_are_looked_at,
        behind_a_hole_the_next_record_is_found,
        a_record_behind_zeros_is_found,
        nothing_is_read_beyond_the_limit,
        the_base_is_what_a_record_tells,
        a_disk_that_does_not_give_the_bytes_is_told,
        one_cursor_serves_many_segments,
    };
    return UNIT_RUN_WITH("cursor", setup, teardown, tests);
}
