/* test_clearance.c - compaction that somebody asks for: what it gives back beyond the store's own, and who waits for it
 * for how long. */
#include "tests/lib/fixture.h"
#include "tests/lib/quiet.h"
#include "tests/lib/ticket.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <stdio.h>

enum { KEYS = 6000, SIZE = 400, LONG = 60000 /* milliseconds */ };

static struct fixture fixture;
static const char payload[SIZE];
static struct store_compaction told; /* of the last one that was waited for */

/* Segments that are large beside what is made in haste, so that it is worth to seal one. */
static void setup(void)
{
    fixture_start(&fixture, 1);
    fixture_close(&fixture);
    fixture.options.segment_size = 1 << 20;
    fixture.options.first_segment = 1 << 20;
    fixture_open(&fixture);
}

static void teardown(void)
{
    fixture_end(&fixture);
}

static void compacted(void *ticket, enum store_error error, const struct store_compaction *compaction)
{
    const struct store_result result = {.error = error};
    told = *compaction;
    ticket_done(ticket, &result);
}

static void begin(struct ticket *ticket, unsigned milliseconds)
{
    ticket_init(ticket);
    ck_assert_int_eq(store_compact(fixture.store, milliseconds, compacted, ticket), STORE_OK);
}

static enum store_error end(struct ticket *ticket)
{
    enum store_error error = ticket_wait(ticket);
    ticket_destroy(ticket);
    return error;
}

static enum store_error compact(void)
{
    struct ticket ticket;
    begin(&ticket, LONG);
    return end(&ticket);
}

static char *name_of(unsigned key)
{
    static char name[16];
    (void)snprintf(name, sizeof name, "k%u", key);
    return name;
}

/* Of each four objects one goes: no segment is half dead. */
static void put_and_delete(unsigned count)
{
    for (unsigned key = 0; key < count; key++)
        ck_assert_int_eq(fixture_put(&fixture, name_of(key), payload, SIZE), STORE_OK);
    for (unsigned key = 0; key < count; key += 4)
        ck_assert_int_eq(fixture_delete(&fixture, name_of(key)), STORE_OK);
    ck_assert(quiet_comes());
}

static void expect_others(unsigned count)
{
    for (unsigned key = 0; key < count; key++)
        ck_assert_int_eq(fixture_get(&fixture, name_of(key), payload, SIZE), key % 4 ? STORE_OK : STORE_NO_OBJECT);
}

START_TEST(what_the_store_leaves_alone_comes_back)
{
    put_and_delete(KEYS);
    uint64_t dead = fixture_figures(&fixture).dead_bytes;
    ck_assert_uint_gt(dead, KEYS / 4 * SIZE);
    ck_assert_int_eq(compact(), STORE_OK);
    ck_assert(told.complete && !told.running && told.finished >= told.started);
    ck_assert_uint_eq(told.before.dead_bytes, dead);
    ck_assert_uint_lt(told.after.dead_bytes, dead / 8);
    ck_assert_uint_lt(told.after.bytes, told.before.bytes);
    ck_assert_uint_eq(fixture_figures(&fixture).dead_bytes, told.after.dead_bytes);
    expect_others(KEYS);
    fixture_close(&fixture);
    fixture_open(&fixture);
    expect_others(KEYS);
}
END_TEST

START_TEST(the_active_segment_is_no_exception)
{
    put_and_delete(1200);
    ck_assert_uint_eq(fixture_figures(&fixture).segments, 1);
    ck_assert_int_eq(compact(), STORE_OK);
    ck_assert_uint_eq(told.after.dead_bytes, 0);
    ck_assert_uint_lt(told.after.bytes, told.before.bytes);
    expect_others(1200);
    fixture_cut(&fixture, 2);
    fixture_open(&fixture);
    expect_others(1200);
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
}
END_TEST

/* Its tombstones stand for what is in front of it, and are of no use when that has gone. Nearly half of that is
 * dead. */
START_TEST(the_active_segment_may_wait_for_those_in_front)
{
    unsigned count = 0;
    while (fixture_figures(&fixture).segments < 2)
        ck_assert_int_eq(fixture_put(&fixture, name_of(count++), payload, SIZE), STORE_OK);
    for (unsigned key = 0; key < count; key++)
        if (key % 16 < 7)
            ck_assert_int_eq(fixture_delete(&fixture, name_of(key)), STORE_OK);
    ck_assert_int_eq(compact(), STORE_OK);
    ck_assert(told.complete);
    ck_assert_uint_eq(told.after.dead_bytes, 0);
    for (unsigned key = 0; key < count; key++)
        ck_assert_int_eq(fixture_get(&fixture, name_of(key), payload, SIZE), key % 16 < 7 ? STORE_NO_OBJECT : STORE_OK);
}
END_TEST

/* What a run has sealed is for the next one; then nothing is left, and it does nothing. */
START_TEST(it_comes_to_an_end)
{
    put_and_delete(KEYS);
    uint64_t end_offset = 0;
    for (int i = 0; i < 5; i++) {
        end_offset = fixture_figures(&fixture).end_offset;
        ck_assert_int_eq(compact(), STORE_OK);
        ck_assert(told.complete);
    }
    ck_assert_uint_eq(told.after.bytes, told.before.bytes);
    ck_assert_uint_eq(fixture_figures(&fixture).end_offset, end_offset);
}
END_TEST

START_TEST(an_empty_store_is_done_at_once)
{
    ck_assert_int_eq(compact(), STORE_OK);
    ck_assert(told.complete);
    ck_assert_uint_eq(told.before.bytes, 0);
}
END_TEST

/* While it cannot go on: who does not wait, who waits in vain, and two who see its end. */
START_TEST(who_waits_is_told_in_time)
{
    struct ticket none, brief, first, second;
    put_and_delete(KEYS);
    sim_disk_hold_syncs(fixture.disk, true);
    begin(&first, LONG);
    fixture_wait_held(&fixture);
    begin(&none, 0);
    ck_assert_int_eq(end(&none), STORE_AGAIN);
    begin(&brief, 20);
    ck_assert_int_eq(end(&brief), STORE_AGAIN);
    ck_assert(told.running);
    begin(&second, LONG);
    sim_disk_hold_syncs(fixture.disk, false);
    ck_assert_int_eq(end(&first), STORE_OK);
    ck_assert_int_eq(end(&second), STORE_OK);
    ck_assert(told.complete);
    expect_others(KEYS);
}
END_TEST

START_TEST(nobody_waits_while_the_depot_drains)
{
    struct ticket ticket;
    put_and_delete(KEYS);
    sim_disk_hold_syncs(fixture.disk, true);
    begin(&ticket, LONG);
    fixture_wait_held(&fixture);
    depot_drain(fixture.depot);
    sim_disk_hold_syncs(fixture.disk, false);
    ck_assert_int_eq(end(&ticket), STORE_DRAINING);
    ck_assert(!told.running && !told.complete);
    ck_assert_int_eq(store_compact(fixture.store, LONG, compacted, &ticket), STORE_DRAINING);
    expect_others(KEYS);
}
END_TEST

START_TEST(nobody_waits_for_a_store_that_is_removed)
{
    struct ticket ticket;
    put_and_delete(1200);
    ck_assert_int_eq(depot_delete(fixture.depot, "s", true, NULL), STORE_OK);
    ck_assert_int_eq(store_compact(fixture.store, LONG, compacted, &ticket), STORE_NO_STORE);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        what_the_store_leaves_alone_comes_back,
        the_active_segment_is_no_exception,
        the_active_segment_may_wait_for_those_in_front,
        it_comes_to_an_end,
        an_empty_store_is_done_at_once,
        who_waits_is_told_in_time,
        nobody_waits_while_the_depot_drains,
        nobody_waits_for_a_store_that_is_removed,
    };
    return UNIT_RUN_WITH("clearance", setup, teardown, tests);
}
