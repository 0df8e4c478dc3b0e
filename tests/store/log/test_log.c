/* test_log.c - the files of a store's log. */
#include "tests/lib/fixture.h"
#include "tests/lib/unit.h"

#include <semaphore.h>
#include <stdio.h>

enum { OBJECTS = 64, SIZE = 128 << 10 };

static struct fixture fixture;
static uint8_t payload[SIZE];

static void setup(void)
{
    fixture_start(&fixture, 5);
    fixture_close(&fixture);
    fixture.options.inline_limit = 2 * SIZE;
    fixture.options.segment_size = 16 << 20;
    fixture.options.io_threads = 1;
    fixture_open(&fixture);
}

static void teardown(void)
{
    fixture_end(&fixture);
}

static void post(void *arg)
{
    sem_post(arg);
}

/* Lets the background keep up, as it would if this thread had not a simulated disk. */
static void wait_for_io_thread(void)
{
    sem_t done;
    sem_init(&done, 0, 0);
    ck_assert_int_eq(depot_run(fixture.depot, post, &done), STORE_OK);
    sem_wait(&done);
}

/* An object that takes half of the first segment must not get a segment to itself: each is an open file. */
START_TEST(segments_grow_with_large_records)
{
    char key[16];
    for (int i = 0; i < OBJECTS; i++) {
        snprintf(key, sizeof key, "%d", i);
        ck_assert_int_eq(fixture_put(&fixture, key, payload, SIZE), STORE_OK);
        wait_for_io_thread();
    }
    ck_assert_uint_lt(fixture_figures(&fixture).segments, OBJECTS / 2);
    ck_assert_uint_eq(fixture_figures(&fixture).blobs, 0);
    ck_assert_int_eq(fixture_get(&fixture, "0", payload, SIZE), STORE_OK);
}
END_TEST

START_TEST(a_store_that_holds_little_takes_little)
{
    fixture_must_put(&fixture, "a", "value");
    ck_assert_uint_eq(fixture_figures(&fixture).disk_bytes, 16 << 10);
    fixture_close(&fixture);
    fixture_open(&fixture);
    fixture_must_put(&fixture, "b", "value");
    ck_assert_uint_eq(fixture_figures(&fixture).disk_bytes, 16 << 10);
}
END_TEST

/* A store that is opened for one record and closed again does not have its next segment made each time. */
START_TEST(who_writes_little_has_nothing_made_ahead)
{
    char key[16];
    for (int i = 0; i < 10; i++) {
        snprintf(key, sizeof key, "%d", i);
        ck_assert_int_eq(fixture_put(&fixture, key, payload, 1000), STORE_OK);
        wait_for_io_thread();
        uint64_t bytes = fixture_figures(&fixture).disk_bytes;
        ck_assert_msg(bytes == 16 << 10, "%llu bytes behind %d records", (unsigned long long)bytes, i + 1);
        fixture_close(&fixture);
        fixture_open(&fixture);
    }
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(fixture_put(&fixture, "more", payload, 1000), STORE_OK);
    wait_for_io_thread();
    ck_assert_uint_eq(fixture_figures(&fixture).disk_bytes, (16 + 64) << 10); /* half is full, and it goes on */
}
END_TEST

/* Whoever removes the data folder of a running server gets no more acknowledgements from it. */
START_TEST(what_is_written_to_a_removed_file_is_not_acknowledged)
{
    fixture_must_put(&fixture, "before", "value");
    fixture_remove(&fixture, fixture_segment(&fixture));
    ck_assert_int_eq(fixture_put_text(&fixture, "after", "value"), STORE_FAILED);
    ck_assert_int_eq(fixture_delete(&fixture, "before"), STORE_FAILED);
    fixture_must_hold(&fixture, "before", "value");
    fixture_must_lack(&fixture, "after");
    ck_assert(fixture_figures(&fixture).failed);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {segments_grow_with_large_records, a_store_that_holds_little_takes_little,
                                  who_writes_little_has_nothing_made_ahead,
                                  what_is_written_to_a_removed_file_is_not_acknowledged};
    return UNIT_RUN_WITH("log", setup, teardown, tests);
}
