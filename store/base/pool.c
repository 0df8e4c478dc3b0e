/* pool.c - a few threads for work that may wait for the disk.
 *
 * A thread is started when a job comes and all others are busy, up to the most. Of those that sleep the one is woken
 * that went to sleep last: where one is enough it is always the same, and its memory is still in the cache.
 */
#include "store/base/pool.h"

#include "store/base/clock.h"
#include "store/base/lock.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* A thread that has nothing to do. */
struct sleeper {
    struct sleeper *next;
    pthread_cond_t wake;
    int64_t due; /* when it wakes up by itself; 0: never */
    bool woken;  /* it is not in the list any more */
};

struct pool {
    struct lock lock;
    struct sleeper *sleepers;
    struct pool_job *first;
    struct pool_job **last;
    size_t waiting;
    struct agenda later;
    bool ending;
    size_t running; /* jobs on a thread right now: each may give in another */
    size_t thread_limit;
    atomic_size_t thread_count; /* counted when it has its place: */
    pthread_t threads[];
};

/* ---- waking ---------------------------------------------------------------------------------- */

static void *pool_thread(void *arg);

/* Lock held: the thread comes no further before it has its place. */
static bool start_thread(struct pool *pool)
{
    assert(lock_is_mine(&pool->lock));
    size_t count = atomic_load(&pool->thread_count);
    if (count == pool->thread_limit || pthread_create(&pool->threads[count], NULL, pool_thread, pool) != 0)
        return false;
    atomic_store(&pool->thread_count, count + 1);
    return true;
}

/* False when none sleeps. Lock held. */
static bool wake_thread(struct pool *pool)
{
    assert(lock_is_mine(&pool->lock));
    struct sleeper *sleeper = pool->sleepers;
    if (!sleeper)
        return false;
    pool->sleepers = sleeper->next;
    sleeper->woken = true;
    pthread_cond_signal(&sleeper->wake);
    return true;
}

/* Has one that sleeps look at what there is to do, or starts another one; else one of those that are busy comes to it.
 * Lock held. */
static void find_thread(struct pool *pool)
{
    if (!wake_thread(pool))
        (void)start_thread(pool);
}

/* Sleeps until it is woken, or until something is due (0: nothing is). Lock held. */
static void pool_sleep(struct pool *pool, struct sleeper *sleeper, int64_t due)
{
    assert(lock_is_mine(&pool->lock));
    const struct timespec until = clock_timespec(due);
    bool in_time = true;
    sleeper->next = pool->sleepers;
    sleeper->due = due;
    sleeper->woken = false;
    pool->sleepers = sleeper;
    while (!sleeper->woken && in_time) {
        if (due)
            in_time = lock_wait_until(&pool->lock, &sleeper->wake, &until);
        else
            lock_wait(&pool->lock, &sleeper->wake);
    }
    struct sleeper **at = &pool->sleepers;
    while (!sleeper->woken && *at != sleeper)
        at = &(*at)->next;
    if (!sleeper->woken)
        *at = sleeper->next;
}

/* ---- jobs ------------------------------------------------------------------------------------ */

/* Lock held. */
static void queue(struct pool *pool, struct pool_job *job)
{
    assert(lock_is_mine(&pool->lock));
    job->next = NULL;
    *pool->last = job;
    pool->last = &job->next;
    pool->waiting++;
}

/* Takes a job out of those to come. Lock held. */
static void forget_later(struct pool *pool, struct pool_job *job)
{
    assert(lock_is_mine(&pool->lock) && job->planned);
    agenda_remove(&pool->later, &job->later);
    job->planned = false;
}

/* Queues the jobs whose time has come; returns when the next one's does, 0: there is none. Lock held. */
static int64_t queue_due(struct pool *pool)
{
    assert(lock_is_mine(&pool->lock));
    struct agenda_entry *next;
    int64_t time = pool->later.first ? clock_now(CLOCK_MONOTONIC) : 0;
    while ((next = pool->later.first) && (pool->ending || next->due <= time)) {
        struct pool_job *job = (struct pool_job *)next; /* it stands first there */
        forget_later(pool, job);
        queue(pool, job);
    }
    return next ? next->due : 0;
}

/* Whether somebody wakes up when the next job is due. Lock held. */
static bool is_minded(const struct pool *pool)
{
    const struct sleeper *sleeper = pool->sleepers;
    while (sleeper && (sleeper->due == 0 || sleeper->due > pool->later.first->due))
        sleeper = sleeper->next;
    return sleeper != NULL;
}

/* Waits for a job; NULL when the pool ends and nothing can come any more. Lock held. */
static struct pool_job *pool_take(struct pool *pool, struct sleeper *sleeper)
{
    assert(lock_is_mine(&pool->lock));
    int64_t due;
    while (due = queue_due(pool), !pool->first && !(pool->ending && pool->running == 0))
        pool_sleep(pool, sleeper, due);
    struct pool_job *job = pool->first;
    if (!job)
        return NULL;
    pool->first = job->next;
    if (!pool->first)
        pool->last = &pool->first;
    pool->waiting--;
    if (pool->later.first && !is_minded(pool))
        find_thread(pool); /* which minds the time */
    return job;
}

static void *pool_thread(void *arg)
{
    struct pool *pool = arg;
    struct sleeper sleeper;
    lock_condition_init(&sleeper.wake);
    lock_take(&pool->lock);
    struct pool_job *job;
    while ((job = pool_take(pool, &sleeper))) {
        pool->running++;
        lock_release(&pool->lock);
        job->run(job->arg); /* the job may be gone when this returns */
        lock_take(&pool->lock);
        pool->running--;
    }
    while (wake_thread(pool)) {
    }
    lock_release(&pool->lock);
    pthread_cond_destroy(&sleeper.wake);
    return NULL;
}

/* ---- beginning and end ----------------------------------------------------------------------- */

struct pool *pool_new(size_t threads)
{
    struct pool *pool = calloc(1, sizeof *pool + threads * sizeof pool->threads[0]);
    if (!pool)
        return NULL;
    lock_init(&pool->lock);
    pool->last = &pool->first;
    pool->thread_limit = threads;
    lock_take(&pool->lock);
    bool started = start_thread(pool);
    lock_release(&pool->lock);
    if (started)
        return pool;
    pool_free(pool);
    return NULL;
}

void pool_free(struct pool *pool)
{
    lock_take(&pool->lock);
    pool->ending = true;
    pool->thread_limit = atomic_load(&pool->thread_count);
    while (wake_thread(pool)) {
    }
    lock_release(&pool->lock);
    for (size_t i = 0; i < pool->thread_limit; i++)
        pthread_join(pool->threads[i], NULL);
    lock_destroy(&pool->lock);
    free(pool);
}

/* ---- giving in and taking back --------------------------------------------------------------- */

void pool_submit(struct pool *pool, struct pool_job *job)
{
    lock_take(&pool->lock);
    queue(pool, job);
    find_thread(pool);
    lock_release(&pool->lock);
}

/* Takes a job out of those that wait for a thread; false: it is none. Lock held. */
static bool unqueue(struct pool *pool, struct pool_job *job)
{
    assert(lock_is_mine(&pool->lock));
    struct pool_job **link = &pool->first;
    while (*link && *link != job)
        link = &(*link)->next;
    if (!*link)
        return false;
    *link = job->next;
    if (!*link)
        pool->last = link;
    pool->waiting--;
    return true;
}

bool pool_withdraw(struct pool *pool, struct pool_job *job)
{
    lock_take(&pool->lock);
    bool planned = job->planned;
    if (planned)
        forget_later(pool, job);
    bool taken = planned || unqueue(pool, job);
    lock_release(&pool->lock);
    return taken;
}

void pool_submit_later(struct pool *pool, struct pool_job *job, unsigned milliseconds)
{
    int64_t due = clock_now(CLOCK_MONOTONIC) + (int64_t)milliseconds * CLOCK_MILLISECOND;
    lock_take(&pool->lock);
    job->planned = true;
    agenda_add(&pool->later, &job->later, due);
    if (pool->later.first == &job->later)
        find_thread(pool); /* whoever sleeps has a later time to wake up at */
    lock_release(&pool->lock);
}

/* ---- what is known of it --------------------------------------------------------------------- */

bool pool_is_current(const struct pool *pool)
{
    size_t count = atomic_load(&pool->thread_count);
    for (size_t i = 0; i < count; i++)
        if (pthread_equal(pool->threads[i], pthread_self()))
            return true;
    return false;
}

size_t pool_waiting(struct pool *pool)
{
    lock_take(&pool->lock);
    size_t waiting = pool->waiting;
    lock_release(&pool->lock);
    return waiting;
}
