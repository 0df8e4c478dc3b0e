/* clearance.c - who waits, and what is told. See clearance.h. */
#include "store/upkeep/clearance.h"

#include "store/base/clock.h"

#include <assert.h>
#include <stdlib.h>

struct clearance_waiter {
    struct clearance_waiter *next;
    struct clearance *clearance;
    struct pool_job job; /* when the time is over */
    store_compacted *done;
    void *arg;
    enum store_error error;             /* what it is told, ... */
    struct store_compaction compaction; /* ... and of which one */
};

void clearance_init(struct clearance *clearance, struct pool *pool)
{
    *clearance = (struct clearance){.pool = pool};
    lock_init(&clearance->lock);
}

void clearance_free(struct clearance *clearance)
{
    assert(!clearance->waiters);
    lock_destroy(&clearance->lock);
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* The last thing that is done with a waiter: whoever is told may let the store be closed. */
static void tell(struct clearance_waiter *waiter)
{
    struct clearance_waiter own = *waiter;
    free(waiter);
    own.done(own.arg, own.error, &own.compaction);
}

/* Its time is over; or its end has come just now, and found that it could not be taken back any more. */
static void give_up(void *arg)
{
    struct clearance_waiter *waiter = arg;
    struct clearance *clearance = waiter->clearance;
    lock_take(&clearance->lock);
    struct clearance_waiter **link = &clearance->waiters;
    while (*link && *link != waiter)
        link = &(*link)->next;
    if (*link)
        *link = waiter->next;
    lock_release(&clearance->lock);
    tell(waiter);
}

/* Those who are told now; the others tell themselves. Lock held. */
static struct clearance_waiter *take_waiters(struct clearance *clearance, enum store_error error)
{
    struct clearance_waiter *taken = NULL, *waiter = clearance->waiters;
    assert(lock_is_mine(&clearance->lock));
    clearance->waiters = NULL;
    while (waiter) {
        struct clearance_waiter *next = waiter->next;
        waiter->error = error;
        waiter->compaction = clearance->compaction;
        if (pool_withdraw(clearance->pool, &waiter->job)) {
            waiter->next = taken;
            taken = waiter;
        }
        waiter = next;
    }
    return taken;
}

static void wait_for_end(struct clearance *clearance, struct clearance_waiter *waiter, unsigned milliseconds)
{
    assert(lock_is_mine(&clearance->lock));
    waiter->next = clearance->waiters;
    clearance->waiters = waiter;
    pool_submit_later(clearance->pool, &waiter->job, milliseconds);
}

enum store_error clearance_ask(struct clearance *clearance, unsigned milliseconds, store_compacted *done, void *arg)
{
    struct clearance_waiter *waiter = malloc(sizeof *waiter);
    if (!waiter)
        return STORE_NO_MEMORY;
    *waiter = (struct clearance_waiter){.clearance = clearance, .done = done, .arg = arg, .error = STORE_AGAIN};
    waiter->job = (struct pool_job){.run = give_up, .arg = waiter};
    lock_take(&clearance->lock);
    if (!clearance->compaction.running) {
        clearance->compaction = (struct store_compaction){.running = true, .started = clock_now(CLOCK_REALTIME)};
        clearance->asked = true;
    }
    waiter->compaction = clearance->compaction;
    if (milliseconds > 0)
        wait_for_end(clearance, waiter, milliseconds);
    lock_release(&clearance->lock);
    if (milliseconds == 0)
        tell(waiter);
    return STORE_OK;
}

/* ---- from its beginning to its end ------------------------------------------------------------ */

bool clearance_is_asked(struct clearance *clearance)
{
    lock_take(&clearance->lock);
    bool asked = clearance->asked;
    lock_release(&clearance->lock);
    return asked;
}

void clearance_begin(struct clearance *clearance, uint64_t upto, const struct store_log_figures *before)
{
    lock_take(&clearance->lock);
    assert(clearance->asked);
    clearance->asked = false;
    clearance->compaction.before = *before;
    atomic_store(&clearance->upto, upto);
    lock_release(&clearance->lock);
}

void clearance_extend(struct clearance *clearance, uint64_t upto)
{
    assert(clearance_is_under_way(clearance));
    atomic_store(&clearance->upto, upto);
}

bool clearance_is_under_way(const struct clearance *clearance)
{
    return atomic_load(&clearance->upto) > 0;
}

bool clearance_wants(const struct clearance *clearance, uint64_t number)
{
    return number <= atomic_load(&clearance->upto);
}

void clearance_end(struct clearance *clearance, enum store_error error, bool complete,
                   const struct store_log_figures *after)
{
    lock_take(&clearance->lock);
    clearance->asked = false;
    clearance->compaction.running = false;
    clearance->compaction.complete = complete;
    clearance->compaction.finished = clock_now(CLOCK_REALTIME);
    clearance->compaction.after = *after;
    atomic_store(&clearance->upto, 0);
    struct clearance_waiter *waiter = take_waiters(clearance, error);
    lock_release(&clearance->lock);
    while (waiter) {
        struct clearance_waiter *next = waiter->next;
        tell(waiter);
        waiter = next;
    }
}

void clearance_tell(struct clearance *clearance, struct store_compaction *ret_compaction)
{
    lock_take(&clearance->lock);
    *ret_compaction = clearance->compaction;
    lock_release(&clearance->lock);
}
