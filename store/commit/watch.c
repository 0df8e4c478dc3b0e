/* watch.c - who waits for the next commit of a store: a list, and who looks at it. See watch.h. */
#include "store/commit/watch.h"

#include "store/base/admission.h"
#include "store/base/clock.h"

#include <assert.h>
#include <stdlib.h>

/* Those whose time is over are told at every so many milliseconds: what wakes of it then has a crowd to look after, and
 * not each of them by itself. */
enum { TICK = 250 };

struct store_watcher {
    struct store_watcher *next, **link; /* in the list; in none: link is NULL */
    struct watch *watch;
    struct pool_job job; /* when the time is over */
    uint64_t end;
    store_watched *told;
    void *arg;
    enum store_watch_end how; /* that it is told */
};

/* ---- the list; the lock is held ---------------------------------------------------------------- */

static void enter(struct watch *watch, struct store_watcher *watcher)
{
    assert(lock_is_mine(&watch->lock));
    watcher->next = watch->first;
    watcher->link = &watch->first;
    if (watch->first)
        watch->first->link = &watcher->next;
    watch->first = watcher;
    atomic_store(&watch->watched, true);
}

static void leave(struct store_watcher *watcher)
{
    struct watch *watch = watcher->watch;
    assert(lock_is_mine(&watch->lock));
    *watcher->link = watcher->next;
    if (watcher->next)
        watcher->next->link = watcher->link;
    watcher->link = NULL;
    atomic_store(&watch->watched, watch->first != NULL);
}

/* ---- telling ----------------------------------------------------------------------------------- */

/* The last thing that is done with a watcher: whoever is told may have it wait again, or let the store be closed. */
static void tell(struct store_watcher *watcher)
{
    watcher->told(watcher->arg, watcher->how);
}

/* Its time is over; or there was more just now, when it could not be taken back any more. */
static void give_up(void *arg)
{
    struct store_watcher *watcher = arg;
    struct watch *watch = watcher->watch;
    lock_take(&watch->lock);
    if (watcher->link)
        leave(watcher);
    lock_release(&watch->lock);
    tell(watcher);
}

/* Whether there is nothing to wait for any more. A gate that is only shut may be opened again. */
static bool is_over(const struct watch *watch)
{
    const struct services *services = watch->services;
    return gate_is_removed(watch->gate) || admission_is_draining(services->admission) ||
           atomic_load(services->unwatched) || clock_now(CLOCK_MONOTONIC) < atomic_load(&watch->dismissed);
}

/* Takes those out of the list for whom there is more. Those whose time is over just now tell themselves. */
static struct store_watcher *take_woken(struct watch *watch)
{
    bool over = is_over(watch);
    uint64_t end = index_end(watch->index);
    struct store_watcher *woken = NULL, *next;
    lock_take(&watch->lock);
    for (struct store_watcher *watcher = watch->first; watcher; watcher = next) {
        next = watcher->next;
        bool more = watcher->end < end;
        if (!more && !over)
            continue;
        leave(watcher);
        watcher->how = more ? STORE_WATCH_MORE : STORE_WATCH_OVER;
        if (pool_withdraw(watch->services->pool, &watcher->job)) {
            watcher->next = woken;
            woken = watcher;
        }
    }
    lock_release(&watch->lock);
    return woken;
}

/* For an errand, which is waited for before the store is closed. */
static int wake(void *arg)
{
    struct store_watcher *watcher = take_woken(arg);
    while (watcher) {
        struct store_watcher *next = watcher->next;
        tell(watcher);
        watcher = next;
    }
    return ERRAND_DONE;
}

/* ---- beginning and end ------------------------------------------------------------------------- */

void watch_init(struct watch *watch)
{
    lock_init(&watch->lock);
    errand_init(&watch->wakes, watch->services->pool, wake, watch, NULL);
}

void watch_free(struct watch *watch)
{
    assert(!watch->first);
    errand_free(&watch->wakes);
    lock_destroy(&watch->lock);
}

void watch_stop(struct watch *watch)
{
    (void)errand_end(&watch->wakes);
}

/* ---- waiting ----------------------------------------------------------------------------------- */

/* At least so many milliseconds, to the end of a tick. */
static unsigned to_tick(unsigned milliseconds)
{
    int64_t due = clock_now(CLOCK_MONOTONIC) / CLOCK_MILLISECOND + milliseconds;
    return milliseconds + (unsigned)(TICK - 1 - (due + TICK - 1) % TICK);
}

struct store_watcher *watcher_new(struct watch *watch, store_watched *told, void *arg)
{
    struct store_watcher *watcher = calloc(1, sizeof *watcher);
    if (!watcher)
        return NULL;
    *watcher = (struct store_watcher){.watch = watch, .told = told, .arg = arg};
    watcher->job = (struct pool_job){.run = give_up, .arg = watcher};
    return watcher;
}

void watcher_free(struct store_watcher *watcher)
{
    assert(!watcher || !watcher->link);
    free(watcher);
}

/* It is in the list before it is looked whether there is more already: a commit either sees it or is seen. Until the
 * lock is let go nobody tells it, and the store stays. */
void watcher_wait(struct store_watcher *watcher, uint64_t end, unsigned milliseconds)
{
    struct watch *watch = watcher->watch;
    lock_take(&watch->lock);
    assert(!watcher->link);
    watcher->end = end;
    watcher->how = STORE_WATCH_TIME;
    enter(watch, watcher);
    pool_submit_later(watch->services->pool, &watcher->job, to_tick(milliseconds));
    if (index_end(watch->index) > end || is_over(watch))
        (void)errand_ask(&watch->wakes);
    lock_release(&watch->lock);
}

void watcher_leave(struct store_watcher *watcher)
{
    struct watch *watch = watcher->watch;
    lock_take(&watch->lock);
    bool waits = watcher->link != NULL;
    if (waits) {
        leave(watcher);
        watcher->how = STORE_WATCH_LEFT;
    }
    bool mine = waits && pool_withdraw(watch->services->pool, &watcher->job);
    lock_release(&watch->lock);
    if (mine)
        tell(watcher);
}

void watch_wake(struct watch *watch)
{
    if (atomic_load(&watch->watched))
        (void)errand_ask(&watch->wakes);
}

void watch_dismiss(struct watch *watch, int64_t until)
{
    atomic_store(&watch->dismissed, until);
    watch_wake(watch);
}
