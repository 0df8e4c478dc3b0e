/* test_writer.c - writers have turns on a few threads: each store on one at a time, all stores on no more than there
 * are. */
#include "tests/lib/fixture.h"
#include "tests/lib/patience.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 2, STORES = 6 };

static struct fixture fixture;

static void setup(void)
{
    fixture_start(&fixture, 1);
    fixture_close(&fixture);
    fixture.options.commit_threads = THREADS;
    fixture_open(&fixture);
}

static void teardown(void)
{
    fixture_end(&fixture);
}

/* A put of its own in each of some stores. */
static struct store *stores[STORES];
static struct fixture_put pending[STORES];

static void acquire_all(void)
{
    char name[16];
    bool created;
    for (int i = 0; i < STORES; i++) {
        (void)snprintf(name, sizeof name, "s%d", i);
        ck_assert_int_eq(depot_create(fixture.depot, name, &created, NULL), STORE_OK);
        ck_assert_int_eq(depot_acquire(fixture.depot, name, &stores[i], NULL), STORE_OK);
    }
}

static void begin_all(const char *key)
{
    struct store *own = fixture.store;
    for (int i = 0; i < STORES; i++) {
        fixture.store = stores[i];
        fixture_begin_put(&fixture, &pending[i], key, "payload");
    }
    fixture.store = own;
}

static void end_all(void)
{
    for (int i = 0; i < STORES; i++)
        ck_assert_int_eq(fixture_end_put(&pending[i]), STORE_OK);
}

static void release_all(void)
{
    for (int i = 0; i < STORES; i++)
        depot_release(stores[i]);
}

START_TEST(all_stores_share_the_threads)
{
    acquire_all();
    begin_all("first");
    end_all();
    sim_disk_hold_syncs(fixture.disk, true);
    begin_all("second");
    WAIT_UNTIL(sim_disk_held(fixture.disk) == THREADS);
    ck_assert_uint_eq(sim_disk_held(fixture.disk), THREADS); /* the others wait for a thread */
    sim_disk_hold_syncs(fixture.disk, false);
    end_all();
    release_all();
}
END_TEST

START_TEST(a_store_has_one_of_them_at_a_time)
{
    struct fixture_put first, second;
    acquire_all();
    begin_all("before");
    end_all();
    fixture_must_put(&fixture, "before", "payload");
    sim_disk_hold_syncs(fixture.disk, true);
    fixture_begin_put(&fixture, &first, "first", "payload");
    fixture_wait_held(&fixture);
    fixture_begin_put(&fixture, &second, "second", "payload");
    begin_all("after"); /* one of them finds the other thread, which the second put has not taken */
    WAIT_UNTIL(sim_disk_held(fixture.disk) == THREADS);
    ck_assert_uint_eq(sim_disk_held(fixture.disk), THREADS);
    uint64_t commits = fixture_figures(&fixture).commits;
    sim_disk_hold_syncs(fixture.disk, false);
    ck_assert_int_eq(fixture_end_put(&first), STORE_OK);
    ck_assert_int_eq(fixture_end_put(&second), STORE_OK);
    ck_assert_uint_eq(fixture_figures(&fixture).commits, commits + 2);
    end_all();
    release_all();
}
END_TEST

/* Commits an upload, and waits for the disk where that is possible. */
static void commit_here(const char *key, struct ticket *ticket)
{
    struct store_key named = store_key_of(key, strlen(key));
    struct stream *stream;
    size_t taken;
    ticket_init(ticket);
    ck_assert_int_eq(stream_open(fixture.store, &named, 1, NULL, &stream), STORE_OK);
    ck_assert_int_eq(stream_write(stream, "x", 1, &taken), STORE_OK);
    stream_commit(stream, &(struct stream_finish){.here = true}, ticket_done, ticket);
}

START_TEST(who_waits_for_the_disk_has_the_turn_of_an_idle_writer)
{
    struct ticket ticket;
    fixture_must_put(&fixture, "before", "payload");
    WAIT_UNTIL(fixture_figures(&fixture).writes_in_flight == 0);
    for (useconds_t i = 0; i < 100; i++) {
        usleep(1000 * i); /* the turn before may not have come to its very end */
        commit_here("key", &ticket);
        bool done = ticket.calls == 1;
        ck_assert_int_eq(ticket_wait(&ticket), STORE_OK);
        ticket_destroy(&ticket);
        if (done && i > 0)
            return;
    }
    ck_abort_msg("no commit was made here");
}
END_TEST

START_TEST(and_else_it_waits_for_its_turn_elsewhere)
{
    struct fixture_put first;
    struct ticket second;
    sim_disk_hold_syncs(fixture.disk, true);
    fixture_begin_put(&fixture, &first, "first", "payload");
    fixture_wait_held(&fixture);
    commit_here("second", &second); /* comes back, although nothing comes from the disk */
    sim_disk_hold_syncs(fixture.disk, false);
    ck_assert_int_eq(fixture_end_put(&first), STORE_OK);
    ck_assert_int_eq(ticket_wait(&second), STORE_OK);
    ticket_destroy(&second);
    ck_assert_int_eq(fixture_get_text(&fixture, "second", "x"), STORE_OK);
}
END_TEST

START_TEST(what_was_committed_here_is_on_the_disk)
{
    static const char *const keys[] = {"a", "b", "c"};
    struct ticket ticket;
    for (int i = 0; i < 3; i++) {
        commit_here(keys[i], &ticket);
        ck_assert_int_eq(ticket_wait(&ticket), STORE_OK);
        ticket_destroy(&ticket);
    }
    fixture_cut(&fixture, 2);
    fixture_open(&fixture);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(fixture_get_text(&fixture, keys[i], "x"), STORE_OK);
}
END_TEST

START_TEST(a_sync_that_fails_here_is_told)
{
    struct ticket ticket;
    fixture_must_put(&fixture, "before", "payload");
    sim_disk_fail(fixture.disk, SIM_FDATASYNC, 1, false, EIO);
    commit_here("key", &ticket);
    ck_assert_int_eq(ticket_wait(&ticket), STORE_FAILED);
    ticket_destroy(&ticket);
    ck_assert_int_eq(fixture_get_text(&fixture, "key", "x"), STORE_NO_OBJECT);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        all_stores_share_the_threads,
        a_store_has_one_of_them_at_a_time,
        who_waits_for_the_disk_has_the_turn_of_an_idle_writer,
        and_else_it_waits_for_its_turn_elsewhere,
        what_was_committed_here_is_on_the_disk,
        a_sync_that_fails_here_is_told,
    };
    return UNIT_RUN_WITH("writer", setup, teardown, tests);
}
