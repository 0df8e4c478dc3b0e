/* test_resting.c - stores that take turns in one place: what that costs, and what is known of those that rest. */
#include "tests/lib/fixture.h"
#include "tests/lib/patience.h"
#include "tests/lib/quiet.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>

enum { TURNS = 8, STEP = 3, NAME = 16, MANY = 65 };

static struct fixture fixture;
static const char *const names[] = {"s", "t"};
static const char *const segments[] = {"/data/stores/s/log/0000000000000001.seg",
                                       "/data/stores/t/log/0000000000000001.seg"};

/* Comes to the store of a name, for which the other one has to go: it may when its last turn has ended. */
static enum store_error come_to(const char *name)
{
    struct store *store = NULL;
    depot_release(fixture.store);
    fixture.store = NULL;
    ck_assert(quiet_comes());
    enum store_error error = depot_acquire(fixture.depot, name, &store, NULL);
    fixture.store = error ? NULL : store;
    return error;
}

/* Writes to one store after the other, until something fails: how many came so far. */
static unsigned take_turns(unsigned from, unsigned to)
{
    char key[NAME];
    for (unsigned turn = from; turn < to; turn++) {
        (void)snprintf(key, sizeof key, "k%u", turn);
        if (come_to(names[turn % 2]) || fixture_put_text(&fixture, key, key))
            return turn;
    }
    return to;
}

static void setup(void)
{
    bool created;
    fixture_start(&fixture, 1);
    fixture_close(&fixture);
    fixture.options.open_stores_limit = 1;
    fixture.options.shortage_patience = 1000 * TICKET_PATIENCE;
    fixture_open(&fixture);
    ck_assert_int_eq(depot_create(fixture.depot, "t", &created, NULL), STORE_OK);
}

static void teardown(void)
{
    fixture_end(&fixture);
}

static uint64_t syncs(void)
{
    return sim_disk_calls(fixture.disk, SIM_FSYNC) + sim_disk_calls(fixture.disk, SIM_FDATASYNC);
}

START_TEST(a_turn_costs_the_sync_of_its_write)
{
    ck_assert_uint_eq(take_turns(0, 4), 4); /* each has its first segment, and has been closed */
    uint64_t before = syncs();
    ck_assert_uint_eq(take_turns(4, TURNS), TURNS);
    ck_assert_uint_eq(syncs() - before, TURNS - 4);
}
END_TEST

/* Of its first segment the header comes with the record: only the name takes another one. */
START_TEST(a_first_turn_costs_a_sync_more)
{
    uint64_t before = syncs();
    ck_assert_uint_eq(take_turns(0, 2), 2);
    ck_assert_uint_eq(syncs() - before, 2 * 2);
}
END_TEST

START_TEST(a_turn_that_only_reads_costs_none)
{
    ck_assert_uint_eq(take_turns(0, 4), 4);
    uint64_t before = syncs();
    for (unsigned turn = 0; turn < TURNS; turn++) {
        ck_assert_int_eq(come_to(names[turn % 2]), STORE_OK);
        fixture_must_hold(&fixture, turn % 2 ? "k1" : "k0", turn % 2 ? "k1" : "k0");
    }
    ck_assert_uint_eq(syncs() - before, 0);
}
END_TEST

/* ---- without a look at the log ---------------------------------------------------------------- */

/* Turns of a store: how often a folder was listed for it, which each start does. */
static uint64_t looks_when_coming_to(const char *name)
{
    uint64_t before = sim_disk_calls(fixture.disk, SIM_LIST);
    ck_assert_int_eq(come_to(name), STORE_OK);
    return sim_disk_calls(fixture.disk, SIM_LIST) - before;
}

static void expect_figures(const struct store_figures *expected)
{
    struct store_figures now = fixture_figures(&fixture);
    ck_assert_uint_eq(now.objects, expected->objects);
    ck_assert_uint_eq(now.live_bytes, expected->live_bytes);
    ck_assert_uint_eq(now.dead_bytes, expected->dead_bytes);
    ck_assert_uint_eq(now.disk_bytes, expected->disk_bytes);
    ck_assert_uint_eq(now.end_offset, expected->end_offset);
    ck_assert_uint_eq(now.segments, expected->segments);
    ck_assert_uint_eq(now.damaged_bytes, 0);
}

/* "a" twice, "b" that is deleted, "c", and three in one transaction. */
static void fill(void)
{
    fixture_put_three(&fixture);
    fixture_must_put(&fixture, "a", "another");
    ck_assert_int_eq(fixture_delete(&fixture, "b"), STORE_OK);
    fixture_put_batch(&fixture, "one of three");
}

static void expect_filled(const struct store_figures *figures)
{
    expect_figures(figures);
    fixture_must_hold(&fixture, "a", "another");
    fixture_must_lack(&fixture, "b");
    fixture_must_hold(&fixture, "c", "the third payload");
    fixture_must_hold(&fixture, "y", "one of three");
}

START_TEST(what_has_rested_is_what_it_was)
{
    fill();
    struct store_figures figures = fixture_figures(&fixture);
    ck_assert_int_eq(come_to("t"), STORE_OK);
    ck_assert_uint_eq(looks_when_coming_to("s"), 0);
    expect_filled(&figures);
    fixture_cut(&fixture, 1);
    fixture_open(&fixture);
    expect_filled(&figures);
    fixture_must_put(&fixture, "b", "again");
    fixture_must_hold(&fixture, "b", "again");
}
END_TEST

/* Of what holds much, large payloads, or a second segment, nothing is known without a look. */
START_TEST(what_is_not_small_is_looked_at)
{
    char key[NAME];
    fixture_must_upload(&fixture, "large");
    ck_assert_int_eq(come_to("t"), STORE_OK);
    ck_assert_uint_gt(looks_when_coming_to("s"), 0);
    ck_assert_int_eq(fixture_delete(&fixture, "large"), STORE_OK);
    for (unsigned i = 0; i < MANY; i++) {
        (void)snprintf(key, sizeof key, "k%u", i);
        fixture_must_put(&fixture, key, key);
    }
    ck_assert_int_eq(come_to("t"), STORE_OK);
    ck_assert_uint_gt(looks_when_coming_to("s"), 0);
    ck_assert_uint_eq(fixture_figures(&fixture).objects, MANY);
}
END_TEST

static void move(const char *from, const char *to)
{
    ck_assert_int_eq(fixture.io->renameat(fixture.io->self, AT_FDCWD, from, AT_FDCWD, to), 0);
}

/* Somebody moves it away, and back; what was made in its place meanwhile is another store. */
START_TEST(what_was_moved_while_it_rested_is_looked_at)
{
    bool created;
    fixture_must_put(&fixture, "k", "kept");
    ck_assert_int_eq(come_to("t"), STORE_OK);
    move("/data/stores/s", "/data/elsewhere");
    ck_assert_int_eq(come_to("s"), STORE_NO_STORE);
    ck_assert_int_eq(depot_create(fixture.depot, "s", &created, NULL), STORE_OK);
    ck_assert(created);
    ck_assert_uint_gt(looks_when_coming_to("s"), 0);
    fixture_must_lack(&fixture, "k");
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
    ck_assert_int_eq(come_to("t"), STORE_OK);
    move("/data/stores/s", "/data/another");
    move("/data/elsewhere", "/data/stores/s");
    ck_assert_int_eq(come_to("s"), STORE_OK);
    fixture_must_hold(&fixture, "k", "kept");
}
END_TEST

/* Its file is cut in the middle of what is known to have been on disk. */
START_TEST(a_log_that_was_cut_while_it_rested_is_looked_at)
{
    fill();
    ck_assert_int_eq(come_to("t"), STORE_OK);
    fixture_resize_file(&fixture, segments[0], fixture_find(&fixture, segments[0], "another", 7));
    ck_assert_uint_gt(looks_when_coming_to("s"), 0);
    ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 0);
    fixture_must_hold(&fixture, "c", "the third payload");
}
END_TEST

/* ---- what is lost ----------------------------------------------------------------------------- */

/* The file of one is lost, while it rests or when the depot has been closed. */
START_TEST(what_a_resting_store_has_lost_is_missed)
{
    for (unsigned lost = 0; lost < 4; lost++) {
        teardown();
        setup();
        bool closed = lost >= 2;
        ck_assert_uint_eq(take_turns(0, TURNS), TURNS);
        ck_assert_int_eq(come_to(names[1 - lost % 2]), STORE_OK);
        if (closed)
            fixture_close(&fixture);
        fixture_remove(&fixture, segments[lost % 2]);
        if (closed)
            fixture_open(&fixture);
        ck_assert_int_eq(come_to(names[lost % 2]), STORE_OK);
        ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 0);
        ck_assert_int_eq(come_to(names[1 - lost % 2]), STORE_OK);
        ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
    }
}
END_TEST

static void *close_depot(void *arg)
{
    (void)arg;
    fixture_close(&fixture);
    return NULL;
}

/* Many stores may be told of at once, and each takes some: none of them is told of as one that has none. */
START_TEST(what_rests_is_told_when_there_are_descriptors)
{
    enum { OFTEN = 20 }; /* more than one try of each makes */
    pthread_t thread;
    bool created;
    ck_assert_uint_eq(take_turns(0, TURNS), TURNS);
    ck_assert_int_eq(depot_create(fixture.depot, "u", &created, NULL), STORE_OK);
    ck_assert_int_eq(come_to("u"), STORE_OK);
    sim_disk_fail(fixture.disk, SIM_OPENAT, 1, true, EMFILE);
    pthread_create(&thread, NULL, close_depot, NULL);
    WAIT_UNTIL(sim_disk_faults_met(fixture.disk) >= OFTEN);
    ck_assert_uint_ge(sim_disk_faults_met(fixture.disk), OFTEN);
    sim_disk_heal(fixture.disk);
    pthread_join(thread, NULL);
    ck_assert_uint_eq(fixture.warnings, 0);
    fixture_remove(&fixture, segments[0]);
    fixture_open(&fixture);
    ck_assert_int_eq(come_to("s"), STORE_OK);
    ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 0);
}
END_TEST

/* A store that was removed while it rested is forgotten: nothing is missing in the next one of its name. */
START_TEST(a_removed_store_is_not_remembered)
{
    bool created;
    ck_assert_uint_eq(take_turns(0, TURNS), TURNS);
    ck_assert_int_eq(come_to("s"), STORE_OK);
    ck_assert_int_eq(depot_delete(fixture.depot, "t", true, NULL), STORE_OK);
    ck_assert_int_eq(depot_create(fixture.depot, "t", &created, NULL), STORE_OK);
    ck_assert(created);
    ck_assert_int_eq(come_to("t"), STORE_OK);
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
    ck_assert_uint_eq(fixture_figures(&fixture).objects, 0);
}
END_TEST

/* All that was acknowledged is there, and of the rest at most what was under way. */
static void expect_turns(unsigned came)
{
    char key[NAME];
    for (unsigned turn = 0; turn < TURNS; turn++) {
        (void)snprintf(key, sizeof key, "k%u", turn);
        ck_assert_int_eq(come_to(names[turn % 2]), STORE_OK);
        enum store_error found = fixture_get_text(&fixture, key, key);
        ck_assert_msg(found == STORE_OK || (turn >= came && found == STORE_NO_OBJECT), "%s of %u: %s", key, came,
                      store_error_text(found));
        ck_assert_msg(turn <= came || found == STORE_NO_OBJECT, "%s of %u", key, came);
        ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
    }
}

/* At every so manieth call of some turns; and once more behind the start. */
static void cut_turns(unsigned from, unsigned to, unsigned step)
{
    unsigned came = 0;
    for (uint64_t call = 0; came < to; call += step) {
        teardown();
        setup();
        ck_assert_uint_eq(take_turns(0, from), from);
        sim_disk_cut_after(fixture.disk, call);
        came = take_turns(from, to);
        for (unsigned cut = 0; cut < 2; cut++) {
            fixture_cut(&fixture, call + cut);
            fixture_open(&fixture);
            expect_turns(came);
        }
    }
}

/* The second turns of stores that were closed before. */
START_TEST(a_cut_while_stores_take_turns_loses_nothing)
{
    cut_turns(4, TURNS, STEP);
}
END_TEST

START_TEST(a_cut_in_first_turns_loses_nothing)
{
    cut_turns(0, 2, 1);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_first_turn_costs_a_sync_more,
        a_cut_in_first_turns_loses_nothing,
        a_turn_costs_the_sync_of_its_write,
        a_turn_that_only_reads_costs_none,
        what_a_resting_store_has_lost_is_missed,
        what_rests_is_told_when_there_are_descriptors,
        a_removed_store_is_not_remembered,
        a_cut_while_stores_take_turns_loses_nothing,
        what_has_rested_is_what_it_was,
        what_is_not_small_is_looked_at,
        what_was_moved_while_it_rested_is_looked_at,
        a_log_that_was_cut_while_it_rested_is_looked_at,
    };
    return UNIT_RUN_WITH("resting", setup, teardown, tests);
}
