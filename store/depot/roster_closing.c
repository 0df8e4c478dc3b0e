/* roster_closing.c - a store's way out of the roster. See roster_closing.h. */
#include "store/depot/roster_closing.h"

#include "store/depot/roster_opening.h"

#include <assert.h>
#include <stdlib.h>

enum { RESTING_MAX = 1 << 14 /* stores that are remembered */ };

/* ---- which ones may be; the lock is held ------------------------------------------------------ */

/* Lock held. */
bool roster_may_close(const struct roster_entry *entry)
{
    assert(lock_is_mine(&entry->roster->lock) && entry->references == 0);
    return entry->looks == 0 && store_is_quiet(entry->store);
}

/* Of a queue the open store that has been idle longest and has nothing under way; NULL: there is none. */
static struct roster_entry *idle_longest(const struct roster_queue *queue)
{
    struct roster_entry *entry = queue->first;
    while (entry && !roster_may_close(entry))
        entry = entry->idle_next;
    return entry;
}

/* The one to be closed where as many are open as may be; NULL: there is none. */
struct roster_entry *roster_surplus(struct roster *roster)
{
    assert(lock_is_mine(&roster->lock));
    bool full = roster->open - roster->light.count >= roster->services->options->open_stores_limit;
    return full ? idle_longest(&roster->idle) : NULL;
}

/* The one that gives back most where descriptors or memory are out; NULL: there is none. */
struct roster_entry *roster_dispensable(struct roster *roster)
{
    assert(lock_is_mine(&roster->lock));
    struct roster_entry *idle = idle_longest(&roster->idle);
    return idle ? idle : idle_longest(&roster->light);
}

/* ---- closed: what becomes of the entry ---------------------------------------------------------- */

static void entry_give_back(void *arg);

/* Nothing keeps the store from being opened any more: it is for those who wait, or the entry goes, and before that what
 * it has is given back; also where another process waits for it. Lock held. */
void roster_end_entry(struct roster_entry *entry)
{
    assert(lock_is_mine(&entry->roster->lock));
    bool leaves = entry->tenancy.had && tenancy_leaves(&entry->tenancy);
    if (entry->waiters && !leaves) {
        roster_begin_opening(entry);
        return;
    }
    if (entry->tenancy.had) {
        entry->state = ENTRY_CLOSING;
        entry->job = (struct pool_job){.run = entry_give_back, .arg = entry};
        pool_submit(entry->roster->services->openers, &entry->job);
        return;
    }
    roster_unlink(entry);
    store_forget_left(&entry->left);
    free(entry);
}

/* Who waits goes where the store is about to be. Thread: one that opens stores. */
static void entry_give_back(void *arg)
{
    struct roster_entry *entry = arg;
    struct roster *roster = entry->roster;
    struct store_detail detail = {0};
    struct roster_waiter *waiters = NULL;
    assert(pool_is_current(roster->services->openers));
    store_forget_left(&entry->left); /* it may be another store when it is opened next */
    tenancy_leave(&entry->tenancy, roster->services, entry->name);
    lock_take(&roster->lock);
    if (tenancy_leaves(&entry->tenancy)) {
        tenancy_end_leaving(&entry->tenancy);
        (void)tenancy_tell(&entry->tenancy, entry->name, &detail);
        waiters = roster_take_waiters(entry);
    }
    roster_leave_entry(entry);
    lock_release(&roster->lock);
    roster_tell_waiters(waiters, STORE_ELSEWHERE, NULL, &detail);
}

/* Tells what is remembered of a store; where that cannot be told now it rests on. Thread: one that opens stores. */
static void entry_tell(void *arg)
{
    struct roster_entry *entry = arg;
    struct roster *roster = entry->roster;
    assert(pool_is_current(roster->services->openers));
    lock_take(&roster->lock);
    bool last = roster->closing;
    lock_release(&roster->lock);
    bool told = store_tell_left(roster->services, roster->folder->root, entry->name, &entry->left, last);
    lock_take(&roster->lock);
    if (told) {
        store_forget_left(&entry->left);
        roster_end_entry(entry);
    } else {
        roster_leave_entry(entry);
    }
    lock_release(&roster->lock);
}

/* Whether there is something to remember of how its store was closed. */
static bool entry_has_left(const struct roster_entry *entry)
{
    return entry->left.progress.reach.segment != 0;
}

/* A store that rests is remembered no longer: first what there is to tell is told, if there is anything. Whoever wants
 * it waits for that. Lock held. */
void roster_forget_entry(struct roster_entry *entry)
{
    struct roster *roster = entry->roster;
    assert(lock_is_mine(&roster->lock) && entry->state == ENTRY_RESTING);
    roster_queue_remove(entry);
    if (entry->left.progress.told || !entry_has_left(entry)) {
        store_forget_left(&entry->left);
        roster_end_entry(entry);
        return;
    }
    entry->state = ENTRY_CLOSING;
    entry->job = (struct pool_job){.run = entry_tell, .arg = entry};
    pool_submit(roster->services->openers, &entry->job);
}

/* The store is closed, and nobody waits for it: it rests if anything is remembered of it, or that it is elsewhere, and
 * else the entry goes. Lock held. */
void roster_leave_entry(struct roster_entry *entry)
{
    struct roster *roster = entry->roster;
    assert(lock_is_mine(&roster->lock));
    if (entry->waiters || !(entry_has_left(entry) || tenancy_is_elsewhere(&entry->tenancy))) {
        roster_end_entry(entry);
        return;
    }
    entry->references = 0;
    entry->state = ENTRY_RESTING;
    roster_queue_add(&roster->resting, entry);
    if (roster->closing)
        roster_forget_entry(entry);
    else if (roster->resting.count > RESTING_MAX)
        roster_forget_entry(roster->resting.first);
}

/* ---- closing --------------------------------------------------------------------------------- */

/* An idle store is about to be closed. Lock held. */
void roster_begin_closing(struct roster_entry *entry)
{
    assert(lock_is_mine(&entry->roster->lock) && entry->state == ENTRY_OPEN);
    roster_queue_remove(entry);
    entry->state = ENTRY_CLOSING;
    entry->roster->open--;
    entry->roster->leaving++;
}

/* A store has been closed. Lock held. */
static void count_left(struct roster *roster)
{
    assert(lock_is_mine(&roster->lock) && roster->leaving > 0);
    roster->leaving--;
    roster->left++;
    pthread_cond_broadcast(&roster->vacated);
}

/* The same, told to those who wait without the lock. */
static void tell_left(struct roster *roster)
{
    const struct depot_options *options = roster->services->options;
    scarcity_tell(&roster->scarcity);
    if (options->vacated)
        options->vacated(options->vacated_arg);
}

void roster_close_entry(void *arg)
{
    struct roster_entry *entry = arg;
    struct roster *roster = entry->roster;
    store_close(entry->store);
    lock_take(&roster->lock);
    count_left(roster);
    roster_end_entry(entry);
    lock_release(&roster->lock);
    tell_left(roster);
}

/* Lock held. */
void roster_close_soon(struct roster_entry *entry)
{
    roster_begin_closing(entry);
    entry->job = (struct pool_job){.run = roster_close_entry, .arg = entry};
    pool_submit(entry->roster->services->openers, &entry->job);
}

/* It may soon be wanted again. */
void roster_close_for_now(void *arg)
{
    struct roster_entry *entry = arg;
    struct roster *roster = entry->roster;
    entry->left = store_close_for_now(entry->store);
    lock_take(&roster->lock);
    count_left(roster);
    roster_leave_entry(entry);
    lock_release(&roster->lock);
    tell_left(roster);
}

bool roster_close_one(struct roster *roster, struct roster_entry *(*choose)(struct roster *roster))
{
    lock_take(&roster->lock);
    struct roster_entry *idle = choose(roster);
    if (idle)
        roster_begin_closing(idle);
    lock_release(&roster->lock);
    if (idle)
        roster_close_for_now(idle);
    return idle != NULL;
}

/* A store that is to leave is closed, if nobody uses it. Lock held. */
void roster_close_unused(struct roster_entry *entry)
{
    assert(lock_is_mine(&entry->roster->lock));
    if (entry->state == ENTRY_OPEN && entry->references == 0 && entry->looks == 0)
        roster_close_soon(entry);
}
