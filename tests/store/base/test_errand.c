/* test_errand.c - work in the background: never twice at once, never passed by, and gone when it is to end. */
#include "store/base/errand.h"
#include "tests/lib/barrier.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <semaphore.h>

enum { HOUR = 3600 * 1000 };

static struct pool *pool; /* of one thread */
static struct errand errand;
static atomic_size_t of_kind;
static atomic_uint runs;
static sem_t begun;
static sem_t go_on;
static int next; /* what the errand returns the first time it runs */

/* Runs until the test lets it go on. */
static int run(void *arg)
{
    (void)arg;
    unsigned before = atomic_fetch_add(&runs, 1);
    sem_post(&begun);
    sem_wait(&go_on);
    return before == 0 ? next : ERRAND_DONE;
}

static void setup(void)
{
    pool = pool_new(1);
    ck_assert_ptr_nonnull(pool);
    atomic_store(&of_kind, 0);
    atomic_store(&runs, 0);
    next = ERRAND_DONE;
    sem_init(&begun, 0, 0);
    sem_init(&go_on, 0, 0);
    errand_init(&errand, pool, run, NULL, &of_kind);
}

static void teardown(void)
{
    pool_free(pool);
    errand_free(&errand);
}

START_TEST(asked_while_it_runs_it_runs_once_more)
{
    ck_assert(errand_ask(&errand));
    sem_wait(&begun);
    for (int i = 0; i < 3; i++)
        ck_assert(errand_ask(&errand));
    ck_assert(errand_is_under_way(&errand));
    ck_assert_uint_eq(atomic_load(&of_kind), 1);
    sem_post(&go_on);
    sem_post(&go_on);
    sem_wait(&begun);
    barrier_wait(pool);
    ck_assert_uint_eq(atomic_load(&runs), 2);
    ck_assert(!errand_is_under_way(&errand));
    ck_assert_uint_eq(atomic_load(&of_kind), 0);
    ck_assert(!errand_end(&errand));
}
END_TEST

START_TEST(it_runs_again_when_it_says_so)
{
    next = 1; /* millisecond */
    sem_post(&go_on);
    sem_post(&go_on);
    ck_assert(errand_ask(&errand));
    sem_wait(&begun);
    sem_wait(&begun);
    barrier_wait(pool);
    ck_assert(!errand_is_under_way(&errand));
    ck_assert(!errand_end(&errand));
}
END_TEST

START_TEST(woken_it_does_not_wait_for_its_time)
{
    next = HOUR;
    ck_assert(errand_ask(&errand));
    sem_wait(&begun);
    sem_post(&go_on);
    barrier_wait(pool);
    errand_wake(&errand); /* while it waits */
    sem_wait(&begun);
    sem_post(&go_on);
    barrier_wait(pool);
    ck_assert_uint_eq(atomic_load(&runs), 2);
    ck_assert(!errand_end(&errand));
}
END_TEST

START_TEST(woken_while_it_runs_it_does_not_wait_either)
{
    next = HOUR;
    ck_assert(errand_ask(&errand));
    sem_wait(&begun);
    errand_wake(&errand);
    sem_post(&go_on);
    sem_wait(&begun);
    sem_post(&go_on);
    barrier_wait(pool);
    ck_assert_uint_eq(atomic_load(&runs), 2);
    ck_assert(!errand_end(&errand));
}
END_TEST

/* A job that keeps the only thread. */
static void occupy(void *arg)
{
    (void)arg;
    sem_post(&begun);
    sem_wait(&go_on);
}

START_TEST(what_waits_for_a_thread_is_taken_back)
{
    struct pool_job job = {.run = occupy};
    pool_submit(pool, &job);
    sem_wait(&begun);
    ck_assert(errand_ask(&errand));
    ck_assert(errand_end(&errand)); /* while no thread is free */
    ck_assert(!errand_is_under_way(&errand));
    ck_assert_uint_eq(atomic_load(&of_kind), 0);
    sem_post(&go_on);
    barrier_wait(pool);
    ck_assert_uint_eq(atomic_load(&runs), 0);
}
END_TEST

START_TEST(what_waits_for_its_time_is_taken_back)
{
    next = HOUR;
    sem_post(&go_on);
    ck_assert(errand_ask(&errand));
    sem_wait(&begun);
    barrier_wait(pool);
    ck_assert(errand_is_under_way(&errand));
    ck_assert(errand_end(&errand));
    ck_assert_uint_eq(atomic_load(&runs), 1);
}
END_TEST

static void *end(void *arg)
{
    (void)arg;
    return errand_end(&errand) ? &errand : NULL;
}

/* Ends the errand while it runs; whether something was left for it. */
static bool end_running(void)
{
    pthread_t thread;
    void *left;
    ck_assert_int_eq(pthread_create(&thread, NULL, end, NULL), 0);
    while (!errand_is_ending(&errand)) {
    }
    ck_assert(errand_is_under_way(&errand));
    ck_assert(!errand_ask(&errand));
    sem_post(&go_on);
    pthread_join(thread, &left);
    ck_assert(!errand_is_under_way(&errand));
    return left != NULL;
}

START_TEST(what_runs_is_waited_for)
{
    ck_assert(errand_ask(&errand));
    sem_wait(&begun);
    (void)end_running();
    ck_assert_uint_eq(atomic_load(&runs), 1);
    ck_assert_uint_eq(atomic_load(&of_kind), 0);
}
END_TEST

START_TEST(what_has_not_come_to_its_end_is_left)
{
    next = ERRAND_AGAIN;
    ck_assert(errand_ask(&errand));
    sem_wait(&begun);
    ck_assert(end_running());
    barrier_wait(pool);
    ck_assert_uint_eq(atomic_load(&runs), 1);
}
END_TEST

static void *hurry(void *arg)
{
    errand_hurry(&errand);
    atomic_store((atomic_bool *)arg, true);
    return NULL;
}

START_TEST(what_waits_for_a_thread_is_done_by_who_is_in_a_hurry)
{
    struct pool_job job = {.run = occupy};
    atomic_bool done = false;
    pool_submit(pool, &job);
    sem_wait(&begun);
    ck_assert(errand_ask(&errand));
    sem_post(&go_on);
    sem_post(&go_on);
    (void)hurry(&done); /* whoever has the thread may be waiting for the caller */
    ck_assert_uint_eq(atomic_load(&runs), 1);
    ck_assert(!errand_is_under_way(&errand));
    barrier_wait(pool);
    ck_assert_uint_eq(atomic_load(&runs), 1);
}
END_TEST

START_TEST(what_runs_is_waited_for_by_who_is_in_a_hurry)
{
    pthread_t thread;
    atomic_bool done = false;
    errand_hurry(&errand); /* nothing to wait for */
    ck_assert(errand_ask(&errand));
    sem_wait(&begun);
    ck_assert_int_eq(pthread_create(&thread, NULL, hurry, &done), 0);
    ck_assert(!atomic_load(&done));
    sem_post(&go_on);
    pthread_join(thread, NULL);
    ck_assert(!errand_is_under_way(&errand));
    ck_assert_uint_eq(atomic_load(&runs), 1);
}
END_TEST

static sem_t let_go;

static void occupy_apart(void *arg)
{
    (void)arg;
    sem_post(&begun);
    sem_wait(&let_go);
}

START_TEST(what_waits_for_a_thread_is_lent_one)
{
    struct pool_job job = {.run = occupy_apart};
    sem_init(&let_go, 0, 0);
    errand_lend(&errand); /* nothing to do */
    pool_submit(pool, &job);
    sem_wait(&begun);
    ck_assert(errand_ask(&errand));
    sem_post(&go_on);
    errand_lend(&errand); /* while the pool's thread has other things to do */
    ck_assert_uint_eq(atomic_load(&runs), 1);
    ck_assert(!errand_is_under_way(&errand));
    sem_post(&let_go);
    barrier_wait(pool);
    ck_assert_uint_eq(atomic_load(&runs), 1);
}
END_TEST

static void *run_taken(void *arg)
{
    (void)arg;
    errand_run(&errand);
    return NULL;
}

START_TEST(whoever_takes_it_runs_it_once)
{
    pthread_t thread;
    ck_assert(errand_take(&errand));
    ck_assert(!errand_take(&errand));
    ck_assert(errand_is_under_way(&errand));
    ck_assert_int_eq(pthread_create(&thread, NULL, run_taken, NULL), 0);
    sem_wait(&begun);
    ck_assert(errand_ask(&errand)); /* what comes meanwhile is the pool's */
    sem_post(&go_on);
    pthread_join(thread, NULL);
    sem_wait(&begun);
    ck_assert_uint_eq(atomic_load(&runs), 2);
    ck_assert(!errand_take(&errand));
    sem_post(&go_on);
    barrier_wait(pool);
    ck_assert(!errand_is_under_way(&errand));
    ck_assert(!errand_end(&errand));
    ck_assert(!errand_take(&errand));
}
END_TEST

START_TEST(it_does_not_run_after_its_end)
{
    ck_assert(!errand_end(&errand));
    ck_assert(!errand_ask(&errand));
    barrier_wait(pool);
    ck_assert_uint_eq(atomic_load(&runs), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        asked_while_it_runs_it_runs_once_more,
        it_runs_again_when_it_says_so,
        woken_it_does_not_wait_for_its_time,
        woken_while_it_runs_it_does_not_wait_either,
        what_waits_for_a_thread_is_taken_back,
        what_waits_for_its_time_is_taken_back,
        what_runs_is_waited_for,
        what_has_not_come_to_its_end_is_left,
        what_waits_for_a_thread_is_done_by_who_is_in_a_hurry,
        what_runs_is_waited_for_by_who_is_in_a_hurry,
        what_waits_for_a_thread_is_lent_one,
        whoever_takes_it_runs_it_once,
        it_does_not_run_after_its_end,
    };
    return UNIT_RUN_WITH("errand", setup, teardown, tests);
}
