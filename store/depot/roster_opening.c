/* roster_opening.c - opening the stores of a roster. See roster_opening.h. */
#include "store/depot/roster_opening.h"

#include "store/base/clock.h"
#include "store/depot/roster_closing.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

enum { FILES_MOST = 6 /* descriptors that one takes which is opened */ };

/* ---- descriptors for it ----------------------------------------------------------------------- */

static bool failure_is_shortage(struct failure failure)
{
    return store_error_is_shortage(failure.error, failure.os_error);
}

static struct failure open_now(struct roster *roster, const struct roster_entry *entry, struct store **ret_store,
                               struct store_detail *detail)
{
    return store_open(roster->services, &roster->folder->home, entry->name, &entry->left, ret_store, detail);
}

/* Descriptors that others may need: one for each store that is in use, and all that those take which have had their
 * turn and are being opened. */
static size_t count_needs(struct roster *roster)
{
    lock_take(&roster->lock);
    size_t in_use = roster->open - roster->idle.count - roster->light.count;
    size_t needs = in_use + roster->begun * FILES_MOST;
    lock_release(&roster->lock);
    return needs;
}

/* Whether so many are open, or on their way, that there may be no descriptors for one more. Of a small one that nobody
 * uses all that it takes is what it would leave. */
static bool is_crowded(struct roster *roster)
{
    size_t limit = roster->services->options->open_together_limit;
    lock_take(&roster->lock);
    size_t light = roster->light.count, others = roster->open - light + roster->opening + roster->leaving;
    lock_release(&roster->lock);
    return limit > 0 && others * FILES_MOST + light * ROSTER_FILES_LEAST > limit * FILES_MOST;
}

/* Opens a store that has its turn, which it leaves to the next one: that looks for more than this one takes. */
static struct failure open_begun(struct roster *roster, const struct roster_entry *entry, struct store **ret_store,
                                 struct store_detail *detail)
{
    lock_take(&roster->lock);
    roster->begun++;
    lock_release(&roster->lock);
    scarcity_leave(&roster->scarcity);
    struct failure failure = open_now(roster, entry, ret_store, detail);
    lock_take(&roster->lock);
    roster->begun--;
    lock_release(&roster->lock);
    scarcity_tell(&roster->scarcity);
    return failure;
}

/* Waits until there are descriptors for it, and then opens the store. */
static struct failure open_in_turn(struct roster *roster, const struct roster_entry *entry, struct store **ret_store,
                                   struct store_detail *detail)
{
    const struct services *services = roster->services;
    struct scarcity *scarcity = &roster->scarcity;
    int64_t until = clock_now(CLOCK_MONOTONIC) + (int64_t)services->options->shortage_patience * CLOCK_MILLISECOND;
    int os_error = EMFILE;
    struct failure failure = failure_io(os_error);
    bool again = true;
    (void)roster_close_one(roster,
                           roster_dispensable); /* what waits for its turn closes stores meanwhile, several at a time */
    while (again && scarcity_enter(scarcity, until)) {
        os_error = scarcity_try(services->options->io, roster->folder->root, count_needs(roster));
        if (os_error) {
            again = roster_close_one(roster, roster_dispensable) || scarcity_wait(scarcity, until);
            scarcity_leave(scarcity);
            continue;
        }
        failure = open_begun(roster, entry, ret_store, detail);
        bool time = failure.error == STORE_IO && clock_now(CLOCK_MONOTONIC) < until;
        again = failure_is_shortage(failure) && (roster_close_one(roster, roster_dispensable) || time);
    }
    return os_error ? failure_detail(detail, failure_io(os_error), "store %s cannot be opened: %s", entry->name,
                                     strerror(os_error))
                    : failure;
}

/* Opens the store; when there are as many as may be, or memory or descriptors are out, idle stores make room. */
static struct failure open_with_room(struct roster *roster, const struct roster_entry *entry, struct store **ret_store,
                                     struct store_detail *detail)
{
    if (trash_holds(&roster->folder->trash, entry->name))
        return failure_detail(detail, failure_of(STORE_NO_STORE), "store %s has been removed", entry->name);
    (void)roster_close_one(roster, roster_surplus);
    struct failure failure = failure_of(STORE_NO_MEMORY);
    bool crowded = is_crowded(roster);
    if (!crowded && !scarcity_lasts(&roster->scarcity))
        failure = open_now(roster, entry, ret_store, detail);
    if (!failure_is_shortage(failure))
        return failure;
    if (crowded || failure.error == STORE_IO)
        scarcity_note(&roster->scarcity);
    return open_in_turn(roster, entry, ret_store, detail);
}

/* ---- an entry's store ------------------------------------------------------------------------- */

/* The same with the store taken before, and given back where it is not opened. */
static struct failure take_and_open(struct roster *roster, struct roster_entry *entry, struct store **ret_store,
                                    struct store_detail *detail)
{
    struct failure failure = tenancy_take(&entry->tenancy, roster->services, entry->name, false, detail);
    if (failure.error)
        return failure;
    failure = open_with_room(roster, entry, ret_store, detail);
    if (failure.error)
        tenancy_leave(&entry->tenancy, roster->services, entry->name);
    return failure;
}

/* What another process has been asked for is tried again, unless all stores are being closed. */
static bool entry_tries_again(struct roster_entry *entry)
{
    struct roster *roster = entry->roster;
    lock_take(&roster->lock);
    bool again = !roster->closing && !atomic_load(roster->services->halt);
    if (again)
        pool_submit_later(roster->services->openers, &entry->job, TENANCY_PAUSE);
    lock_release(&roster->lock);
    return again;
}

/* Thread: one that opens stores. */
static void entry_open(void *arg)
{
    struct roster_entry *entry = arg;
    struct roster *roster = entry->roster;
    struct store *store = NULL;
    struct store_detail detail = {0};
    assert(pool_is_current(roster->services->openers));
    struct failure failure = take_and_open(roster, entry, &store, &detail);
    if (failure.error == STORE_AGAIN && entry_tries_again(entry))
        return;
    if (failure.error == STORE_AGAIN)
        failure = failure_of(STORE_DRAINING);
    if (failure.error != STORE_ELSEWHERE)
        trouble_learn(roster->trouble, entry->name, failure.error, &detail);
    detail.os_error = failure.error ? failure.os_error : 0;
    lock_take(&roster->lock);
    struct roster_waiter *waiters = roster_take_waiters(entry);
    roster->opening--;
    if (failure.error) {
        roster_leave_entry(entry);
    } else {
        store_forget_left(&entry->left);
        store->entry = entry;
        entry->store = store;
        entry->state = ENTRY_OPEN;
        roster->open++;
        if (entry->references == 0)
            roster_idle_add(entry);
        if (roster->closing)
            roster_close_soon(entry); /* nobody waits for it any more */
    }
    lock_release(&roster->lock);
    roster_tell_waiters(waiters, failure.error, store, &detail);
}

/* Lock held. */
void roster_begin_opening(struct roster_entry *entry)
{
    assert(lock_is_mine(&entry->roster->lock));
    entry->state = ENTRY_OPENING;
    entry->roster->opening++;
    entry->job = (struct pool_job){.run = entry_open, .arg = entry};
    pool_submit(entry->roster->services->openers, &entry->job);
}
