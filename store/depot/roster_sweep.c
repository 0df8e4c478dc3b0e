/* roster_sweep.c - closing what nobody uses any more. See roster_sweep.h. */
#include "store/depot/roster_sweep.h"

#include "store/base/clock.h"
#include "store/depot/roster_closing.h"

enum {
    SWEEPS = 4,        /* of the time that a store may be idle */
    SWEEP_MAX = 10000, /* milliseconds between them, at most */
    REST = 10,         /* seconds, after which it is told what is remembered of a store */
};

/* The next one of a queue that has been idle for too long, about to be closed; NULL: there is none. */
static struct roster_entry *take_expired(struct roster *roster, const struct roster_queue *queue, int64_t since)
{
    lock_take(&roster->lock);
    struct roster_entry *entry = queue->first;
    while (entry && entry->idle_since <= since && (entry->kept || !roster_may_close(entry)))
        entry = entry->idle_next;
    if (entry && entry->idle_since > since)
        entry = NULL;
    if (entry)
        roster_begin_closing(entry);
    lock_release(&roster->lock);
    return entry;
}

/* Forgets what has rested since then, or longer. */
static void forget_rested(struct roster *roster, int64_t since)
{
    lock_take(&roster->lock);
    while (roster->resting.first && roster->resting.first->idle_since <= since)
        roster_forget_entry(roster->resting.first);
    lock_release(&roster->lock);
}

static void close_expired(struct roster *roster, const struct roster_queue *queue, int64_t since)
{
    struct roster_entry *entry;
    while (!errand_is_ending(&roster->sweep) && (entry = take_expired(roster, queue, since)))
        roster_close_entry(entry);
}

/* Thread: one that opens stores. */
static int sweep(void *arg)
{
    struct roster *roster = arg;
    uint64_t patience = roster->services->options->store_idle_timeout;
    int64_t now = clock_now(CLOCK_MONOTONIC);
    int64_t since = now - (int64_t)patience * CLOCK_SECOND;
    if (patience > 0) {
        close_expired(roster, &roster->idle, since);
        close_expired(roster, &roster->light, since);
    }
    forget_rested(roster, now - (int64_t)REST * CLOCK_SECOND);
    return patience > 0 && patience < SWEEPS * SWEEP_MAX / 1000 ? (int)(patience * 1000 / SWEEPS) : SWEEP_MAX;
}

void roster_begin_sweeping(struct roster *roster)
{
    errand_init(&roster->sweep, roster->services->openers, sweep, roster, NULL);
    (void)errand_ask(&roster->sweep);
}

void roster_end_sweeping(struct roster *roster)
{
    (void)errand_end(&roster->sweep);
}
