/* test_pool.c - threads come as jobs need them, up to the most, and none is passed by. */
#include "store/base/pool.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

enum { THREADS = 3, JOBS = 50 };

static struct pool *pool;
static pthread_barrier_t all;
static atomic_uint ran;

static void setup(void)
{
    pool = pool_new(THREADS);
    ck_assert_ptr_nonnull(pool);
    pthread_barrier_init(&all, NULL, THREADS);
    atomic_store(&ran, 0);
}

static void teardown(void)
{
    pthread_barrier_destroy(&all);
}

static void meet(void *arg)
{
    (void)arg;
    ck_assert(pool_is_current(pool));
    pthread_barrier_wait(&all);
    atomic_fetch_add(&ran, 1);
}

START_TEST(jobs_that_wait_for_each_other_have_a_thread_each)
{
    struct pool_job jobs[THREADS];
    ck_assert(!pool_is_current(pool));
    for (int i = 0; i < THREADS; i++) {
        jobs[i] = (struct pool_job){.run = meet};
        pool_submit(pool, &jobs[i]);
    }
    pool_free(pool);
    ck_assert_uint_eq(atomic_load(&ran), THREADS);
}
END_TEST

static void count(void *arg)
{
    (void)arg;
    atomic_fetch_add(&ran, 1);
}

START_TEST(more_jobs_than_threads_all_run)
{
    struct pool_job jobs[JOBS];
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = (struct pool_job){.run = count};
        if (i % 2)
            pool_submit(pool, &jobs[i]);
        else
            pool_submit_later(pool, &jobs[i], (unsigned)i % 5);
    }
    pool_free(pool);
    ck_assert_uint_eq(atomic_load(&ran), JOBS);
}
END_TEST

static void post(void *arg)
{
    sem_post(arg);
}

START_TEST(what_was_given_in_for_later_comes_while_a_thread_is_busy)
{
    sem_t done;
    sem_init(&done, 0, 0);
    struct pool_job busy = {.run = meet}, later = {.run = post, .arg = &done};
    pool_submit(pool, &busy);
    pool_submit_later(pool, &later, 5);
    sem_wait(&done);
    struct pool_job rest[THREADS - 1];
    for (int i = 0; i < THREADS - 1; i++) {
        rest[i] = (struct pool_job){.run = meet};
        pool_submit(pool, &rest[i]);
    }
    pool_free(pool);
    ck_assert_uint_eq(atomic_load(&ran), THREADS);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        jobs_that_wait_for_each_other_have_a_thread_each,
        more_jobs_than_threads_all_run,
        what_was_given_in_for_later_comes_while_a_thread_is_busy,
    };
    return UNIT_RUN_WITH("pool", setup, teardown, tests);
}
