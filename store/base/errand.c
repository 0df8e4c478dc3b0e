/* errand.c - work in the background that is never under way twice. */
#include "store/base/errand.h"

#include <assert.h>

static void job(void *arg);

void errand_init(struct errand *errand, struct pool *pool, int (*run)(void *arg), void *arg, atomic_size_t *of_kind)
{
    *errand = (struct errand){.pool = pool, .run = run, .arg = arg, .of_kind = of_kind};
    errand->job = (struct pool_job){.run = job, .arg = errand};
    lock_init(&errand->lock);
    pthread_cond_init(&errand->idle, NULL);
}

void errand_free(struct errand *errand)
{
    pthread_cond_destroy(&errand->idle);
    lock_destroy(&errand->lock);
}

/* Lock held. */
static void set_under_way(struct errand *errand, bool under_way)
{
    assert(lock_is_mine(&errand->lock));
    errand->under_way = under_way;
    if (errand->of_kind && under_way)
        atomic_fetch_add(errand->of_kind, 1);
    else if (errand->of_kind)
        atomic_fetch_sub(errand->of_kind, 1);
}

/* Sees to it that it comes again where it has to; true: here and now, where this thread `stays` and nobody else waits
 * for one. */
static bool settle(struct errand *errand, int next, bool stays)
{
    bool here = false;
    lock_take(&errand->lock);
    errand->again = errand->again || next != ERRAND_DONE;
    if (!errand->again || errand->ending) {
        set_under_way(errand, false);
        pthread_cond_broadcast(&errand->idle); /* under the lock: whoever waits may free the errand */
    } else if (next > 0 && !errand->woken) {
        pool_submit_later(errand->pool, &errand->job, (unsigned)next);
    } else if (!stays || pool_waiting(errand->pool) > 0) {
        pool_submit(errand->pool, &errand->job);
    } else {
        here = true;
    }
    lock_release(&errand->lock);
    return here;
}

static int run_once(struct errand *errand)
{
    lock_take(&errand->lock);
    errand->again = errand->woken = false;
    lock_release(&errand->lock);
    return errand->run(errand->arg);
}

static void go(struct errand *errand)
{
    while (settle(errand, run_once(errand), true)) {
    }
}

/* Thread: the pool's. */
static void job(void *arg)
{
    struct errand *errand = arg;
    assert(pool_is_current(errand->pool));
    go(errand);
}

bool errand_take(struct errand *errand)
{
    lock_take(&errand->lock);
    bool taken = !errand->under_way && !errand->ending;
    if (taken)
        set_under_way(errand, true);
    lock_release(&errand->lock);
    return taken;
}

void errand_run(struct errand *errand)
{
    bool stays = settle(errand, run_once(errand), false);
    assert(!stays);
    (void)stays;
}

/* Lock held. */
static void come(struct errand *errand)
{
    errand->again = true;
    if (errand->under_way || errand->ending)
        return;
    set_under_way(errand, true);
    pool_submit(errand->pool, &errand->job);
}

bool errand_ask(struct errand *errand)
{
    lock_take(&errand->lock);
    come(errand);
    bool comes = !errand->ending;
    lock_release(&errand->lock);
    return comes;
}

void errand_wake(struct errand *errand)
{
    lock_take(&errand->lock);
    errand->woken = true;
    if (errand->under_way && !errand->ending && pool_withdraw(errand->pool, &errand->job))
        pool_submit(errand->pool, &errand->job);
    else
        come(errand);
    lock_release(&errand->lock);
}

bool errand_is_under_way(struct errand *errand)
{
    lock_take(&errand->lock);
    bool under_way = errand->under_way;
    lock_release(&errand->lock);
    return under_way;
}

void errand_hurry(struct errand *errand)
{
    lock_take(&errand->lock);
    bool here = errand->under_way && pool_withdraw(errand->pool, &errand->job);
    while (!here && errand->under_way)
        lock_wait(&errand->lock, &errand->idle);
    lock_release(&errand->lock);
    if (here)
        go(errand);
}

void errand_lend(struct errand *errand)
{
    lock_take(&errand->lock);
    bool here = errand->under_way && pool_withdraw(errand->pool, &errand->job);
    lock_release(&errand->lock);
    if (here)
        errand_run(errand);
}

bool errand_end(struct errand *errand)
{
    lock_take(&errand->lock);
    errand->ending = true;
    if (errand->under_way && pool_withdraw(errand->pool, &errand->job))
        set_under_way(errand, false);
    while (errand->under_way)
        lock_wait(&errand->lock, &errand->idle);
    bool left = errand->again;
    lock_release(&errand->lock);
    return left;
}

bool errand_is_ending(struct errand *errand)
{
    lock_take(&errand->lock);
    bool ending = errand->ending;
    lock_release(&errand->lock);
    return ending;
}
