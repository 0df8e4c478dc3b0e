/* pool.c - a few threads for work that may wait for the disk. */
#include "store/base/pool.h"

#include "store/base/clock.h"
#include "store/base/lock.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

struct pool {
    struct lock lock;
    pthread_cond_t work;
    struct pool_job *first;
    struct pool_job **last;
    size_t waiting;
    struct pool_job *later; /* in no order: there are few */
    bool ending;
    size_t running; /* jobs on a thread right now: each may give in another */
    size_t thread_count;
    pthread_t threads[];
};

/* Lock held. */
static void queue(struct pool *pool, struct pool_job *job)
{
    assert(lock_is_mine(&pool->lock));
    job->next = NULL;
    *pool->last = job;
    pool->last = &job->next;
    pool->waiting++;
}

/* Queues the jobs whose time has come; returns when the next one's does, 0: there is none. Lock held. */
static int64_t queue_due(struct pool *pool)
{
    assert(lock_is_mine(&pool->lock));
    int64_t next = 0;
    int64_t time = pool->later ? clock_now(CLOCK_MONOTONIC) : 0;
    struct pool_job **at = &pool->later;
    while (*at) {
        struct pool_job *job = *at;
        if (pool->ending || job->due <= time) {
            *at = job->next;
            queue(pool, job);
            continue;
        }
        if (!next || job->due < next)
            next = job->due;
        at = &job->next;
    }
    return next;
}

/* Lock held. */
static void wait_for_work(struct pool *pool, int64_t due)
{
    assert(lock_is_mine(&pool->lock));
    if (!due) {
        lock_wait(&pool->lock, &pool->work);
        return;
    }
    const struct timespec until = clock_timespec(due);
    (void)lock_wait_until(&pool->lock, &pool->work, &until);
}

/* Waits for a job; NULL when the pool ends and nothing can come any more. Lock held. */
static struct pool_job *pool_take(struct pool *pool)
{
    assert(lock_is_mine(&pool->lock));
    int64_t due;
    while (due = queue_due(pool), !pool->first && !(pool->ending && pool->running == 0))
        wait_for_work(pool, due);
    struct pool_job *job = pool->first;
    if (!job)
        return NULL;
    pool->first = job->next;
    if (!pool->first)
        pool->last = &pool->first;
    pool->waiting--;
    return job;
}

static void *pool_thread(void *arg)
{
    struct pool *pool = arg;
    lock_take(&pool->lock);
    struct pool_job *job;
    while ((job = pool_take(pool))) {
        pool->running++;
        lock_release(&pool->lock);
        job->run(job->arg); /* the job may be gone when this returns */
        lock_take(&pool->lock);
        pool->running--;
    }
    pthread_cond_broadcast(&pool->work);
    lock_release(&pool->lock);
    return NULL;
}

struct pool *pool_new(size_t threads)
{
    struct pool *pool = calloc(1, sizeof *pool + threads * sizeof pool->threads[0]);
    if (!pool)
        return NULL;
    lock_init(&pool->lock);
    lock_condition_init(&pool->work);
    pool->last = &pool->first;
    for (size_t i = 0; i < threads; i++) {
        if (pthread_create(&pool->threads[i], NULL, pool_thread, pool) != 0) {
            pool_free(pool);
            return NULL;
        }
        pool->thread_count++;
    }
    return pool;
}

void pool_submit(struct pool *pool, struct pool_job *job)
{
    lock_take(&pool->lock);
    queue(pool, job);
    pthread_cond_signal(&pool->work);
    lock_release(&pool->lock);
}

/* The link that leads to the job; NULL: it is not in the list. Lock held. */
static struct pool_job **find(const struct pool *pool, struct pool_job **list, const struct pool_job *job)
{
    assert(lock_is_mine(&pool->lock));
    while (*list && *list != job)
        list = &(*list)->next;
    return *list ? list : NULL;
}

bool pool_withdraw(struct pool *pool, struct pool_job *job)
{
    lock_take(&pool->lock);
    struct pool_job **queued = find(pool, &pool->first, job);
    struct pool_job **link = queued ? queued : find(pool, &pool->later, job);
    if (link)
        *link = job->next;
    if (queued) {
        pool->waiting--;
        if (!*queued)
            pool->last = queued;
    }
    lock_release(&pool->lock);
    return link != NULL;
}

void pool_submit_later(struct pool *pool, struct pool_job *job, unsigned milliseconds)
{
    job->due = clock_now(CLOCK_MONOTONIC) + (int64_t)milliseconds * CLOCK_MILLISECOND;
    lock_take(&pool->lock);
    job->next = pool->later;
    pool->later = job;
    pthread_cond_signal(&pool->work); /* whoever waits has an earlier time to wake up at */
    lock_release(&pool->lock);
}

bool pool_is_current(const struct pool *pool)
{
    for (size_t i = 0; i < pool->thread_count; i++)
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

void pool_free(struct pool *pool)
{
    lock_take(&pool->lock);
    pool->ending = true;
    pthread_cond_broadcast(&pool->work);
    lock_release(&pool->lock);
    for (size_t i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->work);
    lock_destroy(&pool->lock);
    free(pool);
}
