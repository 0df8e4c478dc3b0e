/* errand.h - work in the background that is never under way twice.
 *
 * Whoever has something for it asks. When it is asked while it runs it runs once more, so that nothing is passed by.
 *
 * Thread: any, unless it says otherwise.
 */
#ifndef CAIRN_ERRAND_H
#define CAIRN_ERRAND_H

#include "store/base/lock.h"
#include "store/base/pool.h"

#include <pthread.h>
#include <stdatomic.h>

/* What an errand returns when it has run: that there is no more to do, or after how many milliseconds it runs again. */
enum { ERRAND_DONE = -1, ERRAND_AGAIN = 0 };

struct errand {
    struct pool *pool; /* borrowed */
    int (*run)(void *arg);
    void *arg;
    atomic_size_t *of_kind; /* errands of its kind that are under way; NULL: nobody counts them */
    struct pool_job job;
    struct lock lock;
    pthread_cond_t idle;
    bool under_way; /* it runs, or waits for a thread or for its time */
    bool again;     /* asked since it began to run */
    bool woken;     /* the same, and not to wait for a time then */
    bool ending;
};

/* `run(arg)` is called on a thread of the pool. */
void errand_init(struct errand *errand, struct pool *pool, int (*run)(void *arg), void *arg, atomic_size_t *of_kind);

/* After errand_end(), or when it was never asked. */
void errand_free(struct errand *errand);

/* Has it run soon; false when it has begun to end. Does not block. */
bool errand_ask(struct errand *errand);

/* The same, and it does not wait for its time: neither where it does now, nor where it is just about to. */
void errand_wake(struct errand *errand);

/* Takes it for the calling thread, when it is neither under way nor ending: who gets true calls errand_run() soon. */
bool errand_take(struct errand *errand);

/* Runs what was taken, once, here. Asked for meanwhile, it runs again on a thread of the pool. */
void errand_run(struct errand *errand);

/* Whether it runs or waits for its turn. */
bool errand_is_under_way(struct errand *errand);

/* Has what it was asked for done before this returns: here and now, where no thread has taken it yet. So whoever all
 * threads of the pool wait for may call it. Blocking, not of an errand that waits for its time. */
void errand_hurry(struct errand *errand);

/* Lends it the calling thread to run once, where none has taken it yet; else does nothing. Blocking. */
void errand_lend(struct errand *errand);

/* It does not run any more: one that runs is waited for and may look at errand_is_ending(), one that waits is taken
 * back. True when something was left for it: what it would have done is the caller's. Blocking. */
bool errand_end(struct errand *errand);
bool errand_is_ending(struct errand *errand);

#endif
