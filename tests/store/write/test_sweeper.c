/* test_sweeper.c - uploads that nobody goes on with are forgotten. */
#include "tests/lib/carrier.h"
#include "tests/lib/patience.h"
#include "tests/lib/unit.h"

#include <time.h>
#include <unistd.h>

FIXTURE_OF_EACH_TEST

/* It has no byte that could be brought: who wants it makes it anew. */
START_TEST(an_empty_one_that_is_no_object_is_not_listed)
{
    struct upload_order part = {.partial = true};
    struct store_overrun overrun;
    uint64_t id, empty = carrier_must_create(&fixture, "k", 0);
    ck_assert_uint_eq(carrier_listed(&fixture), 0);
    fixture_must_lack(&fixture, "k");
    ck_assert_int_eq(upload_forget(fixture.store, empty), STORE_OK);
    ck_assert_int_eq(upload_create(fixture.store, &part, &overrun, &id), STORE_OK);
    (void)carrier_must_create(&fixture, "later", STORE_SIZE_UNKNOWN);
    ck_assert_uint_eq(carrier_listed(&fixture), 2);
}
END_TEST

/* Nor is it kept until it would expire. */
START_TEST(an_empty_one_that_is_no_object_goes_at_the_next_start)
{
    struct depot *depot;
    struct store_detail detail;
    struct upload_info info;
    uint64_t empty = carrier_must_create(&fixture, "k", 0),
             later = carrier_must_create(&fixture, "later", STORE_SIZE_UNKNOWN),
             byte = carrier_must_create(&fixture, "l", 1);
    carrier_reopen(&fixture);
    ck_assert_int_eq(carrier_look(&fixture, empty, &info), STORE_NO_UPLOAD);
    ck_assert_uint_eq(carrier_must_look(&fixture, later), 0);
    ck_assert_uint_eq(carrier_must_look(&fixture, byte), 0);
    ck_assert_int_eq(upload_forget(fixture.store, later), STORE_OK);
    ck_assert_int_eq(upload_forget(fixture.store, byte), STORE_OK);
    ck_assert_uint_eq(carrier_files(&fixture, ""), 0);
    carrier_must_create(&fixture, "k", 0);
    ck_assert_uint_gt(carrier_files(&fixture, ""), 0);
    fixture_close(&fixture);
    ck_assert_int_eq(depot_open("/data", &fixture.options, &depot, &detail), STORE_OK); /* and opens no store */
    WAIT_UNTIL(carrier_files(&fixture, "") == 0);
    depot_close(depot);
    ck_assert_uint_eq(carrier_files(&fixture, ""), 0);
    fixture_open(&fixture);
}
END_TEST

START_TEST(one_that_nobody_goes_on_with_expires)
{
    struct upload_info info;
    fixture_close(&fixture);
    fixture.options.upload_expiry = 0;
    fixture_open(&fixture);
    size_t nodes = sim_disk_nodes(fixture.disk);
    uint64_t id = carrier_must_create(&fixture, "k", CARRIER_SIZE);
    ck_assert_int_eq(carrier_look(&fixture, id, &info), STORE_NO_UPLOAD);
    ck_assert_uint_eq(carrier_listed(&fixture), 0);
    carrier_must_create(&fixture, "l", CARRIER_SIZE); /* nobody looks at that: it is swept */
    fixture_close(&fixture);
    fixture_open(&fixture);
    while (sim_disk_nodes(fixture.disk) > nodes + 1) /* and the folder */
        usleep(1000);
}
END_TEST

/* Its time is over while its bytes come, and then nobody comes back. */
START_TEST(one_that_is_held_when_its_time_is_over_expires_later)
{
    struct stream *stream;
    fixture_close(&fixture);
    fixture.options.upload_expiry = 1;
    fixture_open(&fixture);
    uint64_t id = carrier_must_create(&fixture, "k", CARRIER_SIZE);
    ck_assert_int_eq(carrier_resume(&fixture, id, 0, true, &stream), STORE_OK);
    ck_assert_int_eq(carrier_write(stream, 0, 1000), STORE_OK);
    for (int64_t end = time(NULL) + 4; time(NULL) < end;) /* the upkeep comes by meanwhile */
        usleep(1000);
    ck_assert_uint_gt(carrier_files(&fixture, ""), 0);
    stream_abort(stream);
    WAIT_UNTIL(carrier_files(&fixture, "") == 0);
    ck_assert_uint_eq(carrier_files(&fixture, ""), 0);
    ck_assert_uint_eq(fixture_figures(&fixture).unfinished_bytes, 0);
}
END_TEST

START_TEST(those_of_a_store_that_nobody_opens_expire)
{
    struct depot *depot;
    struct store_detail detail;
    fixture_close(&fixture);
    fixture.options.upload_expiry = 1;
    fixture_open(&fixture);
    carrier_must_create(&fixture, "k", CARRIER_SIZE);
    fixture_close(&fixture);
    ck_assert_int_eq(depot_open("/data", &fixture.options, &depot, &detail), STORE_OK);
    WAIT_UNTIL(carrier_files(&fixture, "") == 0);
    depot_close(depot);
    ck_assert_uint_eq(carrier_files(&fixture, ""), 0);
    fixture_open(&fixture);
}
END_TEST

/* Of several listings, since the background opens files, too. */
static uint64_t least_opened_by_a_listing(void)
{
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < 5; i++) {
        uint64_t before = sim_disk_calls(fixture.disk, SIM_OPENAT);
        ck_assert_uint_eq(carrier_listed(&fixture), 1);
        uint64_t opened = sim_disk_calls(fixture.disk, SIM_OPENAT) - before;
        least = opened < least ? opened : least;
        usleep(10000);
    }
    return least;
}

START_TEST(a_listing_reads_none_that_is_done)
{
    carrier_must_create(&fixture, "k", CARRIER_SIZE);
    uint64_t needed = least_opened_by_a_listing();
    for (int i = 0; i < 20; i++)
        carrier_must_conclude(&fixture, carrier_must_create(&fixture, "k", CARRIER_SMALL), 0, CARRIER_SMALL);
    ck_assert_uint_eq(least_opened_by_a_listing(), needed);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_empty_one_that_is_no_object_is_not_listed, an_empty_one_that_is_no_object_goes_at_the_next_start,
        one_that_nobody_goes_on_with_expires,         one_that_is_held_when_its_time_is_over_expires_later,
        those_of_a_store_that_nobody_opens_expire,    a_listing_reads_none_that_is_done,
    };
    return UNIT_RUN_WITH("sweeper", setup, teardown, tests);
}
