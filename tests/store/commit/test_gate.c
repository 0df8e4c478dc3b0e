/* test_gate.c - a store's gate: limits, who is let in when, and that the last one out tells. */
#include "store/base/admission.h"
#include "store/commit/gate.h"
#include "store/disk/blobs.h"
#include "tests/lib/sim_disk.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>

enum { OPS = 3, STORE_BYTES = 100, DEPOT_BYTES = 150, THREADS = 4, TURNS = 20000 };

static struct depot_options options;
static struct admission admission;
static atomic_bool alarm_raised;
static struct services services;
static struct quota quota;
static struct gate gate;
static unsigned vacated_calls;

static void setup(void)
{
    options = depot_options_default();
    options.store_ops_limit = OPS;
    options.store_bytes_limit = STORE_BYTES;
    options.depot_bytes_limit = DEPOT_BYTES;
    admission_init(&admission, &options);
    services = (struct services){.options = &options, .admission = &admission, .alarm = &alarm_raised};
    atomic_store(&alarm_raised, false);
    vacated_calls = 0;
    quota_init(&quota);
    gate_init(&gate, &services, &quota, NULL);
}

static void teardown(void)
{
    gate_free(&gate);
    quota_free(&quota);
}

static void vacated(void *arg)
{
    ck_assert_ptr_eq(arg, &gate);
    ck_assert(gate_is_idle(&gate));
    vacated_calls++;
}

START_TEST(it_lets_in_as_many_as_the_limits_say)
{
    for (int i = 0; i < OPS; i++)
        ck_assert_int_eq(gate_enter(&gate, 1), STORE_OK);
    ck_assert_int_eq(gate_enter(&gate, 0), STORE_BUSY);
    gate_leave(&gate, 1);
    ck_assert_int_eq(gate_enter(&gate, STORE_BYTES), STORE_BUSY);
    ck_assert_int_eq(gate_enter(&gate, 1), STORE_OK);
    for (int i = 0; i < OPS; i++)
        gate_leave(&gate, 1);
    ck_assert(gate_is_idle(&gate));
    ck_assert_uint_eq(atomic_load(&gate.bytes), 0);
    ck_assert_uint_eq(atomic_load(&admission.bytes), 0);
}
END_TEST

START_TEST(all_stores_together_have_a_limit)
{
    admission_take_always(&admission, DEPOT_BYTES);
    ck_assert_int_eq(gate_enter(&gate, 1), STORE_BUSY);
    ck_assert(gate_is_idle(&gate));
    ck_assert_uint_eq(atomic_load(&gate.bytes), 0);
    admission_return(&admission, DEPOT_BYTES);
    ck_assert_int_eq(gate_enter(&gate, 1), STORE_OK);
    gate_leave(&gate, 1);
}
END_TEST

START_TEST(what_an_accepted_write_brings_along_is_never_refused)
{
    for (int i = 0; i < OPS; i++)
        ck_assert_int_eq(gate_enter(&gate, 0), STORE_OK);
    gate_shut(&gate);
    gate_enter_always(&gate, STORE_BYTES + 1);
    gate_leave(&gate, STORE_BYTES + 1);
    for (int i = 0; i < OPS; i++)
        gate_leave(&gate, 0);
    ck_assert(gate_is_idle(&gate));
}
END_TEST

START_TEST(shut_it_lets_nobody_in_until_it_is_opened)
{
    gate_shut(&gate);
    ck_assert(gate_is_shut(&gate));
    ck_assert_int_eq(gate_enter(&gate, 1), STORE_DRAINING);
    ck_assert(gate_is_idle(&gate));
    gate_open(&gate);
    ck_assert_int_eq(gate_enter(&gate, 1), STORE_OK);
    gate_leave(&gate, 1);
}
END_TEST

START_TEST(a_failed_store_takes_nothing_any_more)
{
    ck_assert_int_eq(gate_enter(&gate, 1), STORE_OK);
    ck_assert(gate_fail(&gate));
    ck_assert(!gate_fail(&gate)); /* to be told once */
    ck_assert(gate_has_failed(&gate));
    ck_assert_int_eq(gate_enter(&gate, 1), STORE_FAILED);
    gate_leave(&gate, 1);
    ck_assert(gate_is_idle(&gate));
}
END_TEST

START_TEST(nobody_inside_is_told_at_once)
{
    gate_when_idle(&gate, vacated, &gate);
    ck_assert_uint_eq(vacated_calls, 1);
}
END_TEST

START_TEST(the_last_one_out_tells_once)
{
    ck_assert_int_eq(gate_enter(&gate, 1), STORE_OK);
    ck_assert_int_eq(gate_enter(&gate, 1), STORE_OK);
    gate_when_idle(&gate, vacated, &gate);
    gate_leave(&gate, 1);
    ck_assert_uint_eq(vacated_calls, 0);
    gate_leave(&gate, 1);
    ck_assert_uint_eq(vacated_calls, 1);
    ck_assert_int_eq(gate_enter(&gate, 1), STORE_OK);
    gate_leave(&gate, 1);
    ck_assert_uint_eq(vacated_calls, 1);
}
END_TEST

static void want_to_know_twice(void)
{
    (void)gate_enter(&gate, 1);
    gate_when_idle(&gate, vacated, &gate);
    gate_when_idle(&gate, vacated, &gate);
}

START_TEST(only_one_may_want_to_know)
{
    ck_assert_int_eq(unit_signal_of(want_to_know_twice), SIGABRT);
}
END_TEST

static void *pass_through(void *arg)
{
    gate_leave(arg, 1);
    return NULL;
}

/* And frees the gate right away, as a store that is being closed does. */
START_TEST(whoever_waits_goes_on_when_nobody_is_inside)
{
    for (int turn = 0; turn < TURNS / 100; turn++) {
        struct gate other;
        pthread_t threads[OPS];
        gate_init(&other, &services, &quota, NULL);
        for (int i = 0; i < OPS; i++) {
            ck_assert_int_eq(gate_enter(&other, 1), STORE_OK);
            ck_assert_int_eq(pthread_create(&threads[i], NULL, pass_through, &other), 0);
        }
        gate_wait_idle(&other);
        ck_assert(gate_is_idle(&other));
        gate_free(&other);
        for (int i = 0; i < OPS; i++)
            pthread_join(threads[i], NULL);
    }
}
END_TEST

static void *go_in_and_out(void *arg)
{
    atomic_uint *inside = arg;
    for (int turn = 0; turn < TURNS; turn++) {
        if (gate_enter(&gate, 1) != STORE_OK)
            continue;
        ck_assert_uint_lt(atomic_fetch_add(inside, 1), OPS);
        atomic_fetch_sub(inside, 1);
        gate_leave(&gate, 1);
    }
    return NULL;
}

START_TEST(many_threads_never_slip_by)
{
    atomic_uint inside = 0;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, go_in_and_out, &inside), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert(gate_is_idle(&gate));
    ck_assert_uint_eq(atomic_load(&gate.bytes), 0);
}
END_TEST

/* ---- transactions ---------------------------------------------------------------------------- */

struct outcome {
    enum store_error error;
    unsigned finished;
    bool idle; /* when done was called */
};

static void done(void *arg, const struct store_result *result)
{
    struct outcome *outcome = arg;
    outcome->error = result->error;
    outcome->idle = gate_is_idle(&gate);
}

static void finish(struct txn *txn)
{
    ((struct outcome *)txn->arg)->finished++;
}

START_TEST(a_completed_write_is_out_before_its_caller_is_told)
{
    struct outcome outcome = {0};
    struct txn txn = {.charge = 7, .done = done, .arg = &outcome, .finish = finish};
    ck_assert_int_eq(gate_enter(&gate, 7), STORE_OK);
    gate_complete(&gate, &txn);
    ck_assert_int_eq(outcome.error, STORE_OK);
    ck_assert(outcome.idle);
    ck_assert_uint_eq(outcome.finished, 1);
}
END_TEST

START_TEST(compaction_never_came_in)
{
    struct outcome outcome = {0};
    struct txn txn = {.upkeep = true, .done = done, .arg = &outcome, .finish = finish};
    ck_assert_int_eq(gate_enter(&gate, 1), STORE_OK);
    gate_complete(&gate, &txn);
    ck_assert(!gate_is_idle(&gate));
    gate_leave(&gate, 1);
}
END_TEST

/* Makes a blob file, and completes a failed transaction that has put it; whether the file is there afterwards. */
static bool blob_outlives(bool in_doubt)
{
    struct sim_disk *disk = sim_disk_new(1);
    const struct io *io = sim_disk_io(disk);
    struct pool *pool = pool_new(1);
    struct shared_lock needs_lock;
    struct leftovers leftovers;
    struct blobs blobs;
    struct blob_file file;
    struct gate own;
    struct outcome outcome = {0};
    shared_lock_init(&needs_lock);
    const struct home home = {.open = io->openat(io->self, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0),
                              .path = strdup("/")};
    leftovers_init(&leftovers, io, pool);
    blobs_init(&blobs, &leftovers, &home, pool, 1, &needs_lock);
    ck_assert_int_eq(blob_file_create(&file, &blobs, BLOB_CACHED_ALL), 0);
    blob_file_close(&file);
    gate_init(&own, &services, &quota, &blobs);
    struct txn_step step = {.blob = file.blob};
    struct txn txn = {.steps = &step, .count = 1, .done = done, .arg = &outcome, .finish = finish};
    txn_fail(&txn, (struct failure){STORE_IO, 5}, 0);
    txn.in_doubt = in_doubt;
    ck_assert_int_eq(gate_enter(&own, 0), STORE_OK);
    gate_complete(&own, &txn);
    ck_assert_int_eq(outcome.error, STORE_IO);
    ck_assert(atomic_load(&alarm_raised));
    gate_free(&own);
    blobs_end(&blobs);
    blobs_free(&blobs);
    leftovers_end(&leftovers);
    leftovers_free(&leftovers);
    shared_lock_destroy(&needs_lock);
    pool_free(pool);
    bool there = sim_disk_nodes(disk) > 1;
    sim_disk_free(disk);
    return there;
}

START_TEST(a_failed_write_takes_its_blob_along_unless_it_is_in_doubt)
{
    ck_assert(!blob_outlives(false));
    ck_assert(blob_outlives(true));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        it_lets_in_as_many_as_the_limits_say,
        all_stores_together_have_a_limit,
        what_an_accepted_write_brings_along_is_never_refused,
        shut_it_lets_nobody_in_until_it_is_opened,
        a_failed_store_takes_nothing_any_more,
        nobody_inside_is_told_at_once,
        the_last_one_out_tells_once,
        only_one_may_want_to_know,
        whoever_waits_goes_on_when_nobody_is_inside,
        many_threads_never_slip_by,
        a_completed_write_is_out_before_its_caller_is_told,
        compaction_never_came_in,
        a_failed_write_takes_its_blob_along_unless_it_is_in_doubt,
    };
    return UNIT_RUN_WITH("gate", setup, teardown, tests);
}
