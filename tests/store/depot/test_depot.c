/* test_depot.c - many stores in one data folder: removing them, making room, and what a failing disk makes of that. */
#include "tests/lib/fixture.h"
#include "tests/lib/patience.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum { STORES = 4, PUTS = 300, SIZE = 400 };

FIXTURE_OF_EACH_TEST

static void reopen_with(size_t io_threads, size_t open_stores)
{
    fixture_close(&fixture);
    fixture.options.io_threads = io_threads;
    fixture.options.open_stores_limit = open_stores;
    fixture_open(&fixture);
}

/* ---- the I/O threads ------------------------------------------------------------------------- */

static void set_flag(void *arg)
{
    atomic_store((atomic_bool *)arg, true);
}

/* Holds an I/O thread. */
static void await_flag(void *arg)
{
    while (!atomic_load((atomic_bool *)arg))
        usleep(1000);
}

static bool wait_for(atomic_bool *flag)
{
    WAIT_UNTIL(atomic_load(flag));
    return atomic_load(flag);
}

/* Threads that wait for each other would never come to it. */
static void expect_the_threads_to_go_on(void)
{
    static atomic_bool ran;
    atomic_store(&ran, false);
    ck_assert_int_eq(depot_run(fixture.depot, set_flag, &ran), STORE_OK);
    ck_assert_msg(wait_for(&ran), "the I/O threads stand still");
}

/* ---- stores ---------------------------------------------------------------------------------- */

static const char *name_of(unsigned number, char name[8])
{
    (void)snprintf(name, 8, "s%u", number);
    return name;
}

static struct store *acquire(unsigned number)
{
    char name[8];
    bool created;
    struct store *store = NULL;
    ck_assert_int_eq(depot_create(fixture.depot, name_of(number, name), &created, NULL), STORE_OK);
    ck_assert_int_eq(depot_acquire(fixture.depot, name, &store, NULL), STORE_OK);
    return store;
}

/* Puts into another store than the fixture's, until `count` objects are there or the disk is full. */
static void fill(struct store *store, unsigned count)
{
    static const char payload[SIZE];
    struct store *own = fixture.store;
    char key[16];
    fixture.store = store;
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(key, sizeof key, "%u", i);
        enum store_error error = fixture_put(&fixture, key, payload, sizeof payload);
        ck_assert(error == STORE_OK || error == STORE_FULL);
    }
    fixture.store = own;
}

static void delete_store(unsigned number, struct store *store)
{
    char name[8];
    ck_assert_int_eq(depot_delete(fixture.depot, name_of(number, name), true, NULL), STORE_OK);
    depot_release(store);
}

/* ---- removing -------------------------------------------------------------------------------- */

/* The last record of a store asks for the next segment, which only an I/O thread could prepare: at each length of
 * log. */
START_TEST(one_thread_removes_stores_of_any_length)
{
    reopen_with(1, 16);
    for (unsigned puts = 255; puts < 270; puts++) {
        struct store *store = acquire(puts);
        fill(store, puts);
        delete_store(puts, store);
        expect_the_threads_to_go_on();
    }
}
END_TEST

/* On a full disk every store that is closed wants a segment that cannot be had. */
START_TEST(as_many_stores_as_threads_are_removed_on_a_full_disk)
{
    static atomic_bool gate;
    struct store *stores[STORES];
    reopen_with(STORES, 16);
    for (unsigned i = 0; i < STORES; i++) {
        stores[i] = acquire(i);
        fill(stores[i], 1);
    }
    sim_disk_set_free(fixture.disk, 20000); /* no segment fits */
    for (unsigned i = 0; i < STORES; i++)
        fill(stores[i], PUTS);
    atomic_store(&gate, false);
    for (unsigned i = 0; i < STORES; i++) /* so that all removals come at once */
        ck_assert_int_eq(depot_run(fixture.depot, await_flag, &gate), STORE_OK);
    for (unsigned i = 0; i < STORES; i++)
        delete_store(i, stores[i]);
    atomic_store(&gate, true);
    expect_the_threads_to_go_on();
}
END_TEST

/* Either the store is there after the failure, with all that is written later, or it takes no writes. */
START_TEST(a_removal_whose_sync_fails_loses_no_later_write)
{
    for (int failures = 1; failures <= 2; failures++) {
        ck_assert_int_eq(fixture_put_text(&fixture, "a", "one"), STORE_OK);
        for (int nth = 1; nth <= failures; nth++)
            sim_disk_fail(fixture.disk, SIM_FSYNC, (uint64_t)nth, false, EIO);
        ck_assert_int_eq(depot_delete(fixture.depot, "s", true, NULL), STORE_IO);
        enum store_error error = fixture_put_text(&fixture, "b", "two");
        ck_assert_int_eq(error, failures == 1 ? STORE_OK : STORE_FAILED);
        ck_assert_int_eq(fixture_get_text(&fixture, "a", "one"), STORE_OK);
        fixture_cut(&fixture, 1);
        fixture_open(&fixture);
        if (error == STORE_OK) {
            ck_assert_int_eq(fixture_get_text(&fixture, "a", "one"), STORE_OK);
            ck_assert_int_eq(fixture_get_text(&fixture, "b", "two"), STORE_OK);
        }
    }
}
END_TEST

/* ---- opening --------------------------------------------------------------------------------- */

/* A request for a store, as the API makes it. */
struct wanted {
    struct store *store;
    atomic_bool done;
};

static void opened(void *arg, enum store_error error, struct store *store, const struct store_detail *detail)
{
    struct wanted *wanted = arg;
    ck_assert_msg(error == STORE_OK, "%s", detail->text);
    wanted->store = store;
    atomic_store(&wanted->done, true);
}

static void want(struct wanted *wanted)
{
    ck_assert_int_eq(depot_acquire_soon(fixture.depot, "s1", opened, wanted, &wanted->store), STORE_AGAIN);
}

/* As many requests as there are threads wait for a store that takes its time: the threads have other work. */
START_TEST(a_store_that_opens_slowly_stalls_no_other)
{
    static struct wanted wanted[2 * STORES];
    reopen_with(STORES, 16);
    struct store *slow = acquire(1);
    fill(slow, 1);
    depot_release(acquire(2));
    sim_disk_cut(fixture.disk); /* so that opening it has something to sync */
    depot_release(slow);
    fixture_cut(&fixture, 1);
    fixture_open(&fixture);
    ck_assert_int_eq(fixture_put_text(&fixture, "a", "one"), STORE_OK);
    sim_disk_hold_syncs(fixture.disk, true);
    for (unsigned i = 0; i < 2 * STORES; i++)
        want(&wanted[i]);
    fixture_wait_held(&fixture);
    expect_the_threads_to_go_on();
    struct store *other = NULL; /* which opens meanwhile */
    ck_assert_int_eq(depot_acquire(fixture.depot, "s2", &other, NULL), STORE_OK);
    depot_release(other);
    ck_assert(!atomic_load(&wanted[0].done));
    sim_disk_hold_syncs(fixture.disk, false);
    for (unsigned i = 0; i < 2 * STORES; i++) {
        ck_assert(wait_for(&wanted[i].done));
        depot_release(wanted[i].store);
    }
}
END_TEST

/* ---- making room ----------------------------------------------------------------------------- */

static void acquire_last(void *arg)
{
    struct store **store = arg;
    ck_assert_int_eq(depot_acquire(fixture.depot, "s4", store, NULL), STORE_OK);
}

/* The thread that opens one store closes another. */
START_TEST(one_thread_makes_room_on_a_full_disk)
{
    struct store *stores[STORES + 1];
    struct store *last = NULL;
    reopen_with(1, STORES + 1);
    stores[STORES] = acquire(STORES);
    depot_release(stores[STORES]);
    reopen_with(1, STORES + 1);
    for (unsigned i = 0; i < STORES; i++) {
        stores[i] = acquire(i);
        fill(stores[i], 1);
    }
    sim_disk_set_free(fixture.disk, 20000);
    for (unsigned i = 0; i < STORES; i++) {
        fill(stores[i], PUTS);
        depot_release(stores[i]);
    }
    ck_assert_int_eq(depot_run(fixture.depot, acquire_last, &last), STORE_OK);
    expect_the_threads_to_go_on();
    ck_assert_ptr_nonnull(last);
    depot_release(last);
}
END_TEST

static void close_it(void *arg)
{
    (void)arg;
    depot_close(fixture.depot);
}

static void close_it_from_a_job(void)
{
    fixture_start(&fixture, 1); /* the threads of the other one are not in this process */
    (void)depot_run(fixture.depot, close_it, NULL);
    pause();
}

START_TEST(closing_it_on_its_own_thread_ends_the_program)
{
    ck_assert_int_eq(unit_signal_of(close_it_from_a_job), SIGABRT);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        one_thread_removes_stores_of_any_length,
        as_many_stores_as_threads_are_removed_on_a_full_disk,
        a_removal_whose_sync_fails_loses_no_later_write,
        a_store_that_opens_slowly_stalls_no_other,
        one_thread_makes_room_on_a_full_disk,
        closing_it_on_its_own_thread_ends_the_program,
    };
    return UNIT_RUN_WITH("depot", setup, teardown, tests);
}
