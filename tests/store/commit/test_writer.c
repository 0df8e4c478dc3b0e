/* test_writer.c - writers have turns on a few threads: each store on one at a time, all stores on no more than there
 * are. */
#include "tests/lib/fixture.h"
#include "tests/lib/patience.h"
#include "tests/lib/unit.h"

#include <stdio.h>

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

int main(void)
{
    const TTest *const tests[] = {all_stores_share_the_threads, a_store_has_one_of_them_at_a_time};
    return UNIT_RUN_WITH("writer", setup, teardown, tests);
}
