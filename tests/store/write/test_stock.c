/* test_stock.c - what unfinished uploads hold counts, and no more are kept than may be. */
#include "tests/lib/carrier.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <stdlib.h>

FIXTURE_OF_EACH_TEST

/* ---- limits ----------------------------------------------------------------------------------- */

START_TEST(unfinished_ones_count_against_the_limit)
{
    uint64_t offset, id = carrier_must_create(&fixture, "k", CARRIER_SIZE), refused;
    carrier_must_bring(&fixture, id, 0, 600 * CARRIER_KIB);
    carrier_limit(&fixture, 650 * CARRIER_KIB);
    ck_assert_int_eq(carrier_create(&fixture, "other", CARRIER_SIZE, &refused), STORE_QUOTA);
    ck_assert_uint_eq(fixture_figures(&fixture).unfinished_bytes, 600 * CARRIER_KIB);
    carrier_reopen(&fixture);
    ck_assert_uint_eq(fixture_figures(&fixture).unfinished_bytes, 600 * CARRIER_KIB);
    ck_assert_int_eq(carrier_bring(&fixture, id, 600 * CARRIER_KIB, CARRIER_SIZE, &offset), STORE_QUOTA);
    carrier_limit(&fixture, CARRIER_SIZE);
    carrier_must_conclude(&fixture, id, carrier_must_look(&fixture, id), CARRIER_SIZE);
    ck_assert_uint_eq(fixture_figures(&fixture).unfinished_bytes, 0);
    ck_assert_int_eq(fixture_get(&fixture, "k", carrier_bytes(), CARRIER_SIZE), STORE_OK);
}
END_TEST

/* Until it has come to rest, too: who got in meanwhile would pass the limit with it. */
START_TEST(what_stays_of_one_that_is_refused_counts_all_the_while)
{
    struct stream *stream;
    struct ticket ticket;
    uint64_t id = carrier_must_create(&fixture, "k", STORE_SIZE_UNKNOWN);
    carrier_limit(&fixture, 650 * CARRIER_KIB);
    ck_assert_int_eq(carrier_resume(&fixture, id, 0, false, &stream), STORE_OK);
    ck_assert_int_eq(carrier_write(stream, 0, 600 * CARRIER_KIB), STORE_OK);
    ck_assert_int_eq(carrier_write(stream, 600 * CARRIER_KIB, CARRIER_SIZE), STORE_QUOTA);
    ck_assert_uint_eq(fixture_figures(&fixture).unfinished_bytes, 600 * CARRIER_KIB);
    ck_assert_int_eq(fixture_put(&fixture, "other", carrier_bytes(), 60 * CARRIER_KIB), STORE_QUOTA);
    ticket_init(&ticket);
    stream_rest(stream, &carrier_nothing, ticket_done, &ticket);
    ck_assert_int_eq(ticket_wait(&ticket), STORE_OK);
    ck_assert_uint_eq(ticket.end_offset, 600 * CARRIER_KIB);
    ticket_destroy(&ticket);
    ck_assert_uint_eq(fixture_figures(&fixture).unfinished_bytes, 600 * CARRIER_KIB);
    ck_assert_int_eq(fixture_put(&fixture, "other", carrier_bytes(), 50 * CARRIER_KIB), STORE_OK);
}
END_TEST

START_TEST(any_number_that_replace_one_object_are_spared_nothing)
{
    uint64_t offset, id, whole;
    carrier_must_conclude(&fixture, carrier_must_create(&fixture, "k", CARRIER_SIZE), 0, CARRIER_SIZE);
    carrier_limit(&fixture, CARRIER_SIZE + 100 * CARRIER_KIB);
    ck_assert_int_eq(carrier_create(&fixture, "k", CARRIER_SIZE, &id), STORE_QUOTA);
    carrier_must_bring(&fixture, carrier_must_create(&fixture, "k", STORE_SIZE_UNKNOWN), 0, 60 * CARRIER_KIB);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(carrier_bring(&fixture, carrier_must_create(&fixture, "k", STORE_SIZE_UNKNOWN), 0,
                                       60 * CARRIER_KIB, &offset),
                         STORE_QUOTA);
    ck_assert_uint_le(fixture_figures(&fixture).unfinished_bytes, 100 * CARRIER_KIB);
    carrier_limit(&fixture, 2 * CARRIER_SIZE + 100 * CARRIER_KIB);
    whole = carrier_must_create(&fixture, "k", CARRIER_SIZE);
    carrier_must_bring(&fixture, whole, 0, CARRIER_SIZE);
    carrier_limit(&fixture, CARRIER_SIZE + 60 * CARRIER_KIB);
    carrier_must_conclude(&fixture, whole, CARRIER_SIZE, CARRIER_SIZE); /* it adds nothing then */
    ck_assert_uint_le(fixture_figures(&fixture).unfinished_bytes, 100 * CARRIER_KIB);
}
END_TEST

START_TEST(what_takes_the_place_of_an_object_needs_room_beside_it)
{
    uint64_t id;
    struct store_limit one = {true, 1};
    carrier_must_conclude(&fixture, carrier_must_create(&fixture, "k", CARRIER_SIZE), 0, CARRIER_SIZE);
    carrier_limit(&fixture, 2 * CARRIER_SIZE);
    ck_assert_int_eq(carrier_create(&fixture, "k", CARRIER_SIZE, &id), STORE_OK);
    ck_assert_int_eq(carrier_create(&fixture, "k", CARRIER_SIZE + 1, &id), STORE_QUOTA);
    carrier_limit(&fixture, CARRIER_SIZE);
    ck_assert_int_eq(carrier_create(&fixture, "k", 1, &id), STORE_QUOTA);
    ck_assert_int_eq(depot_set_limits(fixture.depot, "s", &(struct store_limit){0}, &one, NULL), STORE_OK);
    ck_assert_int_eq(carrier_create(&fixture, "l", 1, &id), STORE_QUOTA);
    ck_assert_int_eq(carrier_create(&fixture, "k", CARRIER_SIZE, &id), STORE_OK);
}
END_TEST

/* ---- many ------------------------------------------------------------------------------------- */

static void keep(size_t uploads)
{
    fixture_close(&fixture);
    fixture.options.uploads_kept = uploads;
    fixture_open(&fixture);
}

/* Whether so many are counted, with files of at least so many bytes beside the log; also by who opens the store. */
static void must_count(uint64_t uploads, uint64_t least)
{
    for (int i = 0; i < 2; i++) {
        struct store_figures figures = fixture_figures(&fixture);
        ck_assert_uint_eq(figures.unfinished_uploads, uploads);
        ck_assert_uint_ge(figures.disk_bytes, least);
        ck_assert_uint_le(figures.disk_bytes, least + (16 << 10) + 10 * 200);
        carrier_reopen(&fixture);
    }
}

START_TEST(no_more_are_made_than_a_store_keeps)
{
    enum { DESCRIPTION = 1072 };
    uint64_t id, refused;
    keep(3);
    carrier_must_create(&fixture, "a", CARRIER_SIZE);
    carrier_must_create(&fixture, "b", CARRIER_SIZE);
    id = carrier_must_create(&fixture, "c", CARRIER_SMALL);
    carrier_must_bring(&fixture, id, 0, 100);
    must_count(3, 3 * DESCRIPTION + 100);
    ck_assert_int_eq(carrier_create(&fixture, "d", 1, &refused), STORE_MANY_UPLOADS);
    carrier_must_conclude(&fixture, id, 100, CARRIER_SMALL);
    must_count(2, 3 * DESCRIPTION);
    id = carrier_must_create(&fixture, "d", CARRIER_SIZE);
    ck_assert_int_eq(carrier_create(&fixture, "e", 1, &refused), STORE_MANY_UPLOADS);
    ck_assert_int_eq(upload_forget(fixture.store, id), STORE_OK);
    must_count(2, 3 * DESCRIPTION);
    carrier_must_create(&fixture, "e", CARRIER_SIZE);
}
END_TEST

START_TEST(one_that_could_not_be_made_does_not_count)
{
    uint64_t id;
    keep(1);
    for (int i = 0; i < 3; i++) {
        sim_disk_fail(fixture.disk, SIM_FSYNC, 1, false, EIO);
        ck_assert_int_eq(carrier_create(&fixture, "a", CARRIER_SIZE, &id), STORE_IO);
        sim_disk_heal(fixture.disk);
    }
    must_count(0, 0);
    carrier_must_create(&fixture, "a", CARRIER_SIZE);
    must_count(1, 1072);
}
END_TEST

START_TEST(parts_are_joined_also_where_no_more_may_be_made)
{
    struct stream *stream;
    struct upload_info info;
    uint64_t parts[2];
    keep(2);
    for (unsigned i = 0; i < 2; i++) {
        parts[i] = carrier_must_create_part(&fixture, 0, CARRIER_SMALL);
        ck_assert_int_eq(carrier_bring_part(&fixture, parts[i], 0, CARRIER_SMALL), STORE_OK);
    }
    fixture_must_put(&fixture, "k", "1");
    ck_assert_int_eq(carrier_join(&fixture, parts, 2, &stream, &info), STORE_OK);
    ck_assert_int_eq(carrier_commit(stream, &(struct store_condition){.absent = true}), STORE_CONDITION);
    must_count(2, 2 * 1072);
    ck_assert_int_eq(carrier_join(&fixture, parts, 2, &stream, &info), STORE_OK);
    ck_assert_int_eq(carrier_commit(stream, &carrier_no_condition), STORE_OK);
    must_count(0, 1072);
}
END_TEST

static void must_remember(const uint64_t *ids, size_t count, size_t from)
{
    struct upload_info info;
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(carrier_look(&fixture, ids[i], &info), i < from ? STORE_NO_UPLOAD : STORE_OK);
}

START_TEST(of_those_that_are_done_the_last_ones_are_remembered)
{
    enum { DONE = 5 };
    uint64_t ids[DONE];
    keep(3);
    for (size_t i = 0; i < DONE; i++) {
        ids[i] = carrier_must_create(&fixture, "k", CARRIER_SMALL);
        carrier_must_conclude(&fixture, ids[i], 0, CARRIER_SMALL);
        must_remember(ids, i + 1, i < 3 ? 0 : i - 2);
    }
    must_count(0, 3 * 1072);
    must_remember(ids, DONE, 2);
    keep(2);
    must_remember(ids, DONE, 3);
    must_count(0, 2 * 1072);
}
END_TEST

START_TEST(without_a_reserve_compaction_is_left_what_it_may_need)
{
    uint64_t id;
    fixture_close(&fixture);
    fixture.options.disk_reserve = 0;
    fixture.options.first_segment = 64 * CARRIER_KIB;
    fixture_open(&fixture);
    fixture_must_put(&fixture, "a", "1");
    sim_disk_set_free(fixture.disk, 128 * CARRIER_KIB);
    ck_assert_int_eq(carrier_create(&fixture, "k", 1, &id), STORE_OK);
    sim_disk_set_free(fixture.disk, 40 * CARRIER_KIB);
    ck_assert_int_eq(carrier_create(&fixture, "k", 1, &id), STORE_FULL);
    sim_disk_set_free(fixture.disk, UINT64_MAX);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        unfinished_ones_count_against_the_limit,
        what_stays_of_one_that_is_refused_counts_all_the_while,
        any_number_that_replace_one_object_are_spared_nothing,
        what_takes_the_place_of_an_object_needs_room_beside_it,
        no_more_are_made_than_a_store_keeps,
        one_that_could_not_be_made_does_not_count,
        parts_are_joined_also_where_no_more_may_be_made,
        of_those_that_are_done_the_last_ones_are_remembered,
        without_a_reserve_compaction_is_left_what_it_may_need,
    };
    return UNIT_RUN_WITH("stock", setup, teardown, tests);
}
