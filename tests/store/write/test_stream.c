/* test_stream.c - uploads that are larger than memory may hold. */
#include "tests/lib/fixture.h"
#include "tests/lib/patience.h"
#include "tests/lib/unit.h"

#include <string.h>
#include <unistd.h>

enum {
    MEBIBYTE = 1 << 20,
    PIECE = 64 << 10,
    RESERVE = 3 * MEBIBYTE,
    ROOM = 5 * MEBIBYTE,
    RING = MEBIBYTE, /* what the buffers of a stream hold */
    BUFFER = RING / 4
};

static struct fixture fixture;
static uint8_t piece[PIECE];

static void setup(void)
{
    fixture_start(&fixture, 3);
    fixture_close(&fixture);
    fixture.options.object_limit = 64 * MEBIBYTE;
    fixture.options.disk_reserve = RESERVE;
    sim_disk_set_free(fixture.disk, RESERVE + ROOM);
    fixture_open(&fixture);
}

static void teardown(void)
{
    fixture_end(&fixture);
}

static struct stream *open_stream(const char *key, uint64_t size)
{
    struct store_key named = store_key_of(key, strlen(key));
    struct stream *stream;
    ck_assert_int_eq(stream_open(fixture.store, &named, size, NULL, &stream), STORE_OK);
    return stream;
}

/* Writes until there are `size` bytes, or an error; how many were taken. */
static uint64_t write_on(struct stream *stream, uint64_t size, enum store_error *ret_error)
{
    uint64_t written = 0;
    *ret_error = STORE_OK;
    while (written < size && !*ret_error) {
        size_t taken = 0;
        *ret_error = stream_write(stream, piece, PIECE, &taken);
        written += taken;
        if (taken == 0)
            usleep(100);
    }
    return written;
}

/* What an aborted upload held comes back in the background. */
static void wait_for_idle(void)
{
    WAIT_UNTIL(fixture_figures(&fixture).writes_in_flight == 0);
    ck_assert_uint_eq(fixture_figures(&fixture).writes_in_flight, 0);
    ck_assert_uint_eq(fixture_figures(&fixture).bytes_in_flight, 0);
}

START_TEST(an_upload_of_unknown_size_leaves_the_reserve)
{
    ck_assert_int_eq(fixture_put_text(&fixture, "a", "one"), STORE_OK);
    enum store_error error;
    struct stream *stream = open_stream("large", STORE_SIZE_UNKNOWN);
    uint64_t written = write_on(stream, 16 * MEBIBYTE, &error);
    ck_assert_int_eq(error, STORE_FULL);
    ck_assert_uint_gt(written, ROOM / 2);
    ck_assert_uint_le(written, ROOM + RING);
    ck_assert_int_eq(fixture_delete(&fixture, "a"), STORE_OK);
    stream_abort(stream);
    wait_for_idle();
    ck_assert_int_eq(fixture_put_text(&fixture, "b", "two"), STORE_OK);
}
END_TEST

START_TEST(announced_uploads_leave_the_reserve_together)
{
    enum { SIZE = 3 * MEBIBYTE + MEBIBYTE / 2 }; /* there is room for one, and for two only without the reserve */
    struct stream *first = open_stream("a", SIZE), *second = open_stream("b", SIZE);
    enum store_error error;
    write_on(first, SIZE, &error);
    ck_assert_int_eq(error, STORE_OK);
    write_on(second, SIZE, &error);
    ck_assert_int_eq(error, STORE_FULL);
    stream_abort(first);
    stream_abort(second);
    wait_for_idle();
}
END_TEST

static uint64_t in_flight(void)
{
    return fixture_figures(&fixture).bytes_in_flight;
}

START_TEST(an_upload_is_charged_as_it_comes)
{
    struct stream *known = open_stream("known", 4 * MEBIBYTE), *unknown = open_stream("unknown", STORE_SIZE_UNKNOWN);
    ck_assert_uint_eq(in_flight(), 0);
    enum store_error error;
    write_on(known, PIECE, &error);
    ck_assert_uint_eq(in_flight(), PIECE);
    write_on(unknown, PIECE, &error);
    ck_assert_uint_eq(in_flight(), 2 * PIECE);
    ck_assert_uint_eq(write_on(unknown, 4 * MEBIBYTE, &error), 4 * MEBIBYTE);
    ck_assert_int_eq(error, STORE_OK);
    ck_assert_uint_ge(in_flight(), PIECE + BUFFER);
    ck_assert_uint_le(in_flight(), PIECE + RING);
    stream_abort(known);
    stream_abort(unknown);
    wait_for_idle();
}
END_TEST

/* Opens the store anew with so much memory for payloads under way. */
static void limit_memory(uint64_t bytes)
{
    fixture_close(&fixture);
    fixture.options.store_bytes_limit = bytes;
    fixture_open(&fixture);
}

/* Waits for what is left to be written; whether the upload holds no more than so much then. */
static bool settles_at(uint64_t bytes)
{
    WAIT_UNTIL(in_flight() <= bytes);
    return in_flight() <= bytes;
}

START_TEST(without_memory_for_one_buffer_an_upload_is_busy)
{
    limit_memory(RING);
    struct stream *streams[4], *late = open_stream("late", STORE_SIZE_UNKNOWN);
    enum store_error error;
    uint64_t written = 0;
    for (int i = 0; i < 4; i++)
        streams[i] = open_stream("some", 4 * MEBIBYTE);
    for (int i = 0; i < 4; i++)
        written += write_on(streams[i], 3 * PIECE, &error);
    ck_assert_int_eq(error, STORE_OK);
    ck_assert_uint_eq(in_flight(), written);
    write_on(late, PIECE, &error);
    ck_assert_int_eq(error, STORE_BUSY);
    struct store_key key = store_key_of("more", 4);
    struct stream *more;
    ck_assert_int_eq(stream_open(fixture.store, &key, MEBIBYTE, NULL, &more), STORE_BUSY);
    ck_assert_int_eq(fixture_put_text(&fixture, "k", "a little is always taken"), STORE_OK);
    stream_abort(late);
    stream_abort(streams[0]);
    ck_assert_uint_eq(write_on(streams[1], PIECE, &error), PIECE);
    ck_assert_int_eq(error, STORE_OK);
    for (int i = 1; i < 4; i++)
        stream_abort(streams[i]);
    wait_for_idle();
}
END_TEST

/* It has to wait for its own writes, no more; and others get what it can do without. */
START_TEST(with_one_buffer_an_upload_comes_through)
{
    limit_memory(RING);
    struct stream *first = open_stream("first", 4 * MEBIBYTE), *second = open_stream("second", 2 * MEBIBYTE);
    enum store_error error;
    ck_assert_uint_eq(write_on(first, BUFFER, &error), BUFFER);
    ck_assert_uint_eq(write_on(second, 2 * MEBIBYTE, &error), 2 * MEBIBYTE);
    ck_assert_int_eq(error, STORE_OK);
    ck_assert_msg(settles_at(2 * BUFFER), "they hold %llu bytes", (unsigned long long)in_flight());
    struct stream *third = open_stream("third", STORE_SIZE_UNKNOWN);
    ck_assert_uint_eq(write_on(third, PIECE, &error), PIECE);
    ck_assert_uint_eq(write_on(first, 2 * MEBIBYTE, &error), 2 * MEBIBYTE);
    ck_assert_int_eq(error, STORE_OK);
    ck_assert_uint_le(in_flight(), RING);
    stream_abort(first);
    stream_abort(second);
    stream_abort(third);
    wait_for_idle();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_upload_of_unknown_size_leaves_the_reserve,
        announced_uploads_leave_the_reserve_together,
        an_upload_is_charged_as_it_comes,
        without_memory_for_one_buffer_an_upload_is_busy,
        with_one_buffer_an_upload_comes_through,
    };
    return UNIT_RUN_WITH("stream", setup, teardown, tests);
}
