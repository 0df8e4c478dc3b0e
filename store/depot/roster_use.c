/* roster_use.c - having the stores of a roster, and giving them back. See roster_use.h. */
#include "store/depot/roster_use.h"

#include "store/depot/roster_closing.h"
#include "store/depot/roster_opening.h"
#include "store/depot/roster_sweep.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- references ------------------------------------------------------------------------------ */

/* Of an open store. Lock held. */
static struct store *entry_refer(struct roster_entry *entry)
{
    assert(lock_is_mine(&entry->roster->lock) && entry->state == ENTRY_OPEN);
    if (entry->references++ == 0)
        roster_queue_remove(entry);
    return entry->store;
}

/* Has the caller told when the store is open, which is seen to. Lock held. */
static enum store_error entry_await(struct roster *roster, struct roster_entry *entry, const char *name,
                                    enum roster_wish wish, store_opened *opened, void *arg)
{
    assert(lock_is_mine(&roster->lock));
    struct roster_entry *fresh = entry ? NULL : roster_add(roster, name, ENTRY_OPENING);
    entry = entry ? entry : fresh;
    if (!entry)
        return STORE_NO_MEMORY;
    if (wish == ROSTER_HERE)
        atomic_store(&entry->tenancy.wanted, true);
    bool waits = roster_wait(entry, opened, arg);
    bool rests = entry->state == ENTRY_RESTING;
    if (rests)
        roster_queue_remove(entry);
    if (fresh || rests)
        roster_begin_opening(entry);
    return waits ? STORE_AGAIN : STORE_NO_MEMORY;
}

/* Whether the store may be used: it is open, and is not to leave. Lock held. */
static bool entry_serves(const struct roster_entry *entry)
{
    return entry->state == ENTRY_OPEN && !tenancy_leaves(&entry->tenancy);
}

enum store_error roster_acquire_soon(struct roster *roster, const char *name, enum roster_wish wish,
                                     store_opened *opened, void *arg, struct store **ret_store)
{
    enum store_error error = tenancy_check(roster->services);
    struct store_detail detail = {0};
    if (error)
        return error;
    lock_take(&roster->lock);
    struct roster_entry *entry = roster_find(roster, name);
    bool leaves = entry && entry->state == ENTRY_OPEN && !entry_serves(entry);
    if (leaves)
        (void)tenancy_tell(&entry->tenancy, name, &detail);
    else if (entry && entry->state == ENTRY_OPEN)
        *ret_store = entry_refer(entry);
    else
        error = entry_await(roster, entry, name, wish, opened, arg);
    lock_release(&roster->lock);
    if (!leaves)
        return error;
    opened(arg, STORE_ELSEWHERE, NULL, &detail);
    return STORE_AGAIN;
}

enum store_error roster_try_acquire(struct roster *roster, const char *name, struct store **ret_store)
{
    enum store_error error = STORE_AGAIN;
    if (tenancy_check(roster->services))
        return error;
    lock_take(&roster->lock);
    struct roster_entry *entry = roster_find(roster, name);
    if (entry && entry_serves(entry)) {
        *ret_store = entry_refer(entry);
        error = STORE_OK;
    }
    lock_release(&roster->lock);
    return error;
}

void roster_keep(struct store *store)
{
    struct roster *roster = store->entry->roster;
    lock_take(&roster->lock);
    store->entry->kept = true;
    lock_release(&roster->lock);
}

/* Closes a deleted store that nobody uses any more and removes its files. Thread: the pool's. */
static void entry_remove(void *arg)
{
    struct roster_entry *entry = arg;
    struct roster *roster = entry->roster;
    assert(pool_is_current(roster->services->pool));
    store_close(entry->store);
    trash_remove(&roster->folder->trash, entry->trash);
    free(entry);
}

/* Not before an I/O thread has taken apart the aborted uploads that are still inside: this one might be needed for it.
 * Thread: that of the last one out, of the store and of its gate. */
static void entry_vacated(void *arg)
{
    struct roster_entry *entry = arg;
    assert(entry->references == 0 && gate_is_idle(&entry->store->gate));
    entry->job = (struct pool_job){.run = entry_remove, .arg = entry};
    pool_submit(entry->roster->services->pool, &entry->job);
}

/* With the last user and the last look of a store that was struck it goes; one that is not stays, and is idle. */
static void let_go(struct roster_entry *entry, size_t *count)
{
    struct roster *roster = entry->roster;
    struct store *store = entry->store;
    lock_take(&roster->lock);
    bool last = --*count == 0;
    bool struck = entry->state == ENTRY_DELETED;
    bool remove = struck && entry->references == 0 && entry->looks == 0;
    if (last && !struck && count == &entry->references)
        roster_idle_add(entry);
    if (last && !struck && tenancy_leaves(&entry->tenancy))
        roster_close_unused(entry);
    lock_release(&roster->lock);
    if (last)
        scarcity_tell(&roster->scarcity);
    if (remove)
        gate_when_idle(&store->gate, entry_vacated, entry);
}

void roster_release(struct store *store)
{
    let_go(store->entry, &store->entry->references);
}

/* ---- removing -------------------------------------------------------------------------------- */

void roster_strike(struct roster *roster, struct store *store, const char *trash)
{
    struct roster_entry *entry = store->entry;
    assert(strlen(trash) < sizeof entry->trash);
    lock_take(&roster->lock);
    assert(entry->references > 0);
    memcpy(entry->trash, trash, strlen(trash) + 1);
    roster_unlink(entry);
    entry->state = ENTRY_DELETED;
    roster->open--;
    lock_release(&roster->lock);
}

struct roster_entry *roster_block(struct roster *roster, const char *name)
{
    lock_take(&roster->lock);
    struct roster_entry *found = roster_find(roster, name), *entry = NULL;
    if (!found) {
        entry = roster_add(roster, name, ENTRY_BLOCKED);
    } else if (found->state == ENTRY_RESTING) {
        entry = found;
        roster_queue_remove(entry);
        entry->state = ENTRY_BLOCKED;
        store_forget_left(&entry->left);
    }
    lock_release(&roster->lock);
    return entry;
}

void roster_unblock(struct roster *roster, struct roster_entry *entry)
{
    lock_take(&roster->lock);
    roster_end_entry(entry);
    lock_release(&roster->lock);
}

struct failure roster_have(struct roster_entry *entry, bool look, struct store_detail *detail)
{
    assert(entry->state == ENTRY_BLOCKED);
    return tenancy_take(&entry->tenancy, entry->roster->services, entry->name, look, detail);
}

/* ---- handing over ---------------------------------------------------------------------------- */

void roster_hand_over(struct roster *roster, const char *name, const struct tenant *heir)
{
    lock_take(&roster->lock);
    struct roster_entry *entry = roster_find(roster, name);
    bool had = entry && (entry->state == ENTRY_OPEN || entry->state == ENTRY_RESTING) && entry->tenancy.had;
    if (had)
        tenancy_begin_leaving(&entry->tenancy, heir);
    if (had && entry->state == ENTRY_OPEN) {
        watch_dismiss(&entry->store->watch, entry->tenancy.leaves_until);
        roster_close_unused(entry);
    } else if (had) {
        roster_forget_entry(entry);
    }
    lock_release(&roster->lock);
}

/* ---- each of them ------------------------------------------------------------------------------- */

/* Appends a store to a list with room for all that are open, and holds it. */
static bool hold_next(void *arg, struct store *store)
{
    struct store ***end = arg;
    store->entry->looks++;
    *(*end)++ = store;
    return true;
}

void roster_each_held(struct roster *roster, void (*visit)(void *arg, struct store *store), void *arg)
{
    lock_take(&roster->lock);
    struct store **stores = malloc((roster->open + 1) * sizeof *stores), **end = stores;
    if (stores)
        (void)roster_visit_open(roster, hold_next, &end);
    lock_release(&roster->lock);
    for (struct store **store = stores; store < end; store++) {
        visit(arg, *store);
        let_go((*store)->entry, &(*store)->entry->looks);
    }
    free(stores);
}

/* ---- the end ---------------------------------------------------------------------------------- */

/* Lock held. */
static void close_all(struct roster *roster)
{
    assert(lock_is_mine(&roster->lock));
    for (size_t i = 0; i < ROSTER_BUCKETS; i++) {
        for (struct roster_entry *entry = roster->buckets[i]; entry; entry = entry->next) {
            assert(entry->references == 0 && entry->looks == 0);
            if (entry->state == ENTRY_OPEN)
                roster_close_soon(entry);
        }
    }
}

void roster_close(struct roster *roster)
{
    roster_end_sweeping(roster);
    scarcity_end(&roster->scarcity);
    lock_take(&roster->lock);
    roster->closing = true; /* one that is being opened for somebody who gave up is closed behind that */
    close_all(roster);
    while (roster->resting.first)
        roster_forget_entry(roster->resting.first);
    while (roster->entries > 0)
        lock_wait(&roster->lock, &roster->emptied);
    lock_release(&roster->lock);
}
