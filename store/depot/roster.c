/* roster.c - a depot's stores by name. roster.h tells the story. */
#include "store/depot/roster.h"

#include "store/internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum entry_state { ENTRY_OPENING, ENTRY_OPEN, ENTRY_CLOSING, ENTRY_DELETED };

/* Who wants to be told when an entry has settled. */
struct roster_waiter {
    struct roster_waiter *next;
    void (*wake)(void *arg);
    void *arg;
};

struct roster_entry {
    struct roster_entry *next; /* in its bucket */
    struct roster *roster;
    enum entry_state state;
    struct store *store;
    size_t references;
    uint64_t idle_since; /* counts the roster's releases */
    char name[STORE_NAME_MAX + 1];
    char trash[TRASH_ENTRY_MAX]; /* when deleted: its entry in the trash */
    struct pool_job removal;
    struct roster_waiter *waiters;
};

/* ---- beginning and end ----------------------------------------------------------------------- */

void roster_init(struct roster *roster, const struct services *services, struct folder *folder, struct trouble *trouble)
{
    *roster = (struct roster){.services = services, .folder = folder, .trouble = trouble};
    lock_init(&roster->lock);
    pthread_cond_init(&roster->changed, NULL);
}

/* Takes any entry out; NULL when none is there. */
static struct roster_entry *take_any(struct roster *roster)
{
    struct roster_entry *taken = NULL;
    lock_take(&roster->lock);
    for (size_t i = 0; i < ROSTER_BUCKETS && !taken; i++) {
        struct roster_entry **at = &roster->buckets[i];
        if (*at) {
            taken = *at;
            *at = taken->next;
        }
    }
    lock_release(&roster->lock);
    return taken;
}

void roster_close(struct roster *roster)
{
    struct roster_entry *entry;
    while ((entry = take_any(roster))) {
        assert(entry->references == 0);
        store_close(entry->store);
        free(entry);
    }
}

void roster_free(struct roster *roster)
{
    pthread_cond_destroy(&roster->changed);
    lock_destroy(&roster->lock);
}

/* ---- entries; the lock is held --------------------------------------------------------------- */

static struct roster_entry **bucket_of(struct roster *roster, const char *name)
{
    return &roster->buckets[XXH3_64bits(name, strlen(name)) % ROSTER_BUCKETS];
}

static struct roster_entry *entry_find(struct roster *roster, const char *name)
{
    assert(lock_is_mine(&roster->lock));
    struct roster_entry *entry = *bucket_of(roster, name);
    while (entry && strcmp(entry->name, name) != 0)
        entry = entry->next;
    return entry;
}

static struct roster_entry *entry_add(struct roster *roster, const char *name)
{
    assert(lock_is_mine(&roster->lock));
    struct roster_entry *entry = calloc(1, sizeof *entry);
    if (!entry)
        return NULL;
    struct roster_entry **bucket = bucket_of(roster, name);
    entry->roster = roster;
    entry->state = ENTRY_OPENING;
    memcpy(entry->name, name, strlen(name) + 1);
    entry->next = *bucket;
    *bucket = entry;
    return entry;
}

static void entry_unlink(struct roster_entry *entry)
{
    assert(lock_is_mine(&entry->roster->lock));
    struct roster_entry **at = bucket_of(entry->roster, entry->name);
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
}

/* Tells all who wait for the entry. Those who want to be called are, by unlock_and_wake(). */
static void entry_settled_now(struct roster_entry *entry)
{
    assert(lock_is_mine(&entry->roster->lock));
    struct roster *roster = entry->roster;
    while (entry->waiters) {
        struct roster_waiter *waiter = entry->waiters;
        entry->waiters = waiter->next;
        waiter->next = roster->woken;
        roster->woken = waiter;
    }
    pthread_cond_broadcast(&roster->changed);
}

static void unlock_and_wake(struct roster *roster)
{
    assert(lock_is_mine(&roster->lock));
    struct roster_waiter *waiter = roster->woken;
    roster->woken = NULL;
    lock_release(&roster->lock);
    while (waiter) {
        struct roster_waiter *next = waiter->next;
        waiter->wake(waiter->arg);
        free(waiter);
        waiter = next;
    }
}

static enum store_error entry_wait(struct roster_entry *entry, void (*wake)(void *arg), void *arg)
{
    assert(lock_is_mine(&entry->roster->lock));
    struct roster_waiter *waiter = malloc(sizeof *waiter);
    if (!waiter)
        return STORE_NO_MEMORY;
    *waiter = (struct roster_waiter){.next = entry->waiters, .wake = wake, .arg = arg};
    entry->waiters = waiter;
    return STORE_AGAIN;
}

/* The entry when it is neither opening nor closing; waits until that is so. NULL: not there. */
static struct roster_entry *entry_settled(struct roster *roster, const char *name)
{
    struct roster_entry *entry;
    while ((entry = entry_find(roster, name)) && entry->state != ENTRY_OPEN)
        lock_wait(&roster->lock, &roster->changed);
    return entry;
}

/* ---- room for one more open store; the lock is held, and let go while a store is closed ------ */

static bool entry_is_idle(const struct roster_entry *entry)
{
    assert(lock_is_mine(&entry->roster->lock));
    return entry->state == ENTRY_OPEN && entry->references == 0 && !gate_has_failed(&entry->store->gate) &&
           gate_is_idle(&entry->store->gate) && !scrub_running(&entry->store->scrub);
}

/* The open store that nobody has used for longest; NULL when all are in use. */
static struct roster_entry *entry_idle_longest(struct roster *roster)
{
    assert(lock_is_mine(&roster->lock));
    struct roster_entry *oldest = NULL;
    for (size_t i = 0; i < ROSTER_BUCKETS; i++) {
        for (struct roster_entry *entry = roster->buckets[i]; entry; entry = entry->next)
            if (entry_is_idle(entry) && (!oldest || entry->idle_since < oldest->idle_since))
                oldest = entry;
    }
    return oldest;
}

/* Closes a store that is open and not in use. */
static void entry_close(struct roster_entry *entry)
{
    struct roster *roster = entry->roster;
    assert(lock_is_mine(&roster->lock));
    entry->state = ENTRY_CLOSING;
    roster->open--;
    lock_release(&roster->lock);
    store_close(entry->store);
    lock_take(&roster->lock);
    entry_unlink(entry);
    entry_settled_now(entry);
    free(entry);
}

/* Closes the store that has been idle longest; false when there is none. */
static bool make_room(struct roster *roster)
{
    struct roster_entry *idle = entry_idle_longest(roster);
    if (idle)
        entry_close(idle);
    return idle != NULL;
}

/* ---- opening; the lock is held, and let go meanwhile ----------------------------------------- */

/* Opens the store; as long as descriptors or memory are out, idle stores make room. */
static struct failure open_with_room(struct roster *roster, const char *name, struct store **ret_store,
                                     struct store_detail *detail)
{
    assert(lock_is_mine(&roster->lock));
    struct failure failure;
    if (trash_holds(&roster->folder->trash, name))
        return failure_detail(detail, failure_of(STORE_NO_STORE), "store %s has been removed", name);
    if (roster->open >= roster->services->options->open_stores_limit)
        (void)make_room(roster);
    do {
        lock_release(&roster->lock);
        failure = store_open(roster->services, roster->folder->stores, name, ret_store, detail);
        lock_take(&roster->lock);
    } while (store_error_is_shortage(failure.error, failure.os_error) && make_room(roster));
    return failure;
}

/* Opens a store for a new entry; the entry is gone when that fails. */
static struct failure entry_open(struct roster_entry *entry, struct store_detail *ret_detail)
{
    struct roster *roster = entry->roster;
    assert(lock_is_mine(&roster->lock));
    struct store *store = NULL;
    struct store_detail detail = {0};
    struct failure failure = open_with_room(roster, entry->name, &store, &detail);
    trouble_learn(roster->trouble, entry->name, failure.error, &detail);
    if (failure.error && ret_detail)
        *ret_detail = detail;
    entry_settled_now(entry);
    if (failure.error) {
        entry_unlink(entry);
        free(entry);
    } else {
        store->entry = entry;
        entry->store = store;
        entry->state = ENTRY_OPEN;
        roster->open++;
    }
    return failure;
}

/* ---- references ------------------------------------------------------------------------------ */

/* Gives out an entry that has settled; opens the store for it when there is none. Lock held. */
static struct failure acquire_settled(struct roster *roster, const char *name, struct roster_entry *entry,
                                      struct store **ret_store, struct store_detail *ret_detail)
{
    assert(lock_is_mine(&roster->lock));
    struct failure failure = failure_none();
    if (!entry) {
        entry = entry_add(roster, name);
        failure = entry ? entry_open(entry, ret_detail) : failure_of(STORE_NO_MEMORY);
    }
    if (!failure.error) {
        entry->references++;
        *ret_store = entry->store;
    }
    return failure;
}

struct failure roster_acquire(struct roster *roster, const char *name, struct store **ret_store,
                              struct store_detail *ret_detail)
{
    lock_take(&roster->lock);
    struct failure failure = acquire_settled(roster, name, entry_settled(roster, name), ret_store, ret_detail);
    unlock_and_wake(roster);
    return failure;
}

struct failure roster_acquire_or_wake(struct roster *roster, const char *name, void (*wake)(void *arg), void *arg,
                                      struct store **ret_store, struct store_detail *ret_detail)
{
    struct failure failure;
    lock_take(&roster->lock);
    struct roster_entry *entry = entry_find(roster, name);
    if (entry && entry->state != ENTRY_OPEN)
        failure = failure_of(entry_wait(entry, wake, arg));
    else
        failure = acquire_settled(roster, name, entry, ret_store, ret_detail);
    unlock_and_wake(roster);
    return failure;
}

enum store_error roster_try_acquire(struct roster *roster, const char *name, struct store **ret_store)
{
    enum store_error error = STORE_AGAIN;
    lock_take(&roster->lock);
    struct roster_entry *entry = entry_find(roster, name);
    if (entry && entry->state == ENTRY_OPEN) {
        entry->references++;
        *ret_store = entry->store;
        error = STORE_OK;
    }
    lock_release(&roster->lock);
    return error;
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
    entry->removal = (struct pool_job){.run = entry_remove, .arg = entry};
    pool_submit(entry->roster->services->pool, &entry->removal);
}

static void let_go(struct store *store, bool used)
{
    struct roster_entry *entry = store->entry;
    struct roster *roster = entry->roster;
    lock_take(&roster->lock);
    if (used)
        entry->idle_since = ++roster->releases;
    bool last = --entry->references == 0;
    bool remove = last && entry->state == ENTRY_DELETED;
    lock_release(&roster->lock);
    if (remove)
        gate_when_idle(&store->gate, entry_vacated, entry);
}

void roster_release(struct store *store)
{
    let_go(store, true);
}

/* ---- removing -------------------------------------------------------------------------------- */

void roster_strike(struct roster *roster, struct store *store, const char *trash)
{
    struct roster_entry *entry = store->entry;
    assert(strlen(trash) < sizeof entry->trash);
    lock_take(&roster->lock);
    memcpy(entry->trash, trash, strlen(trash) + 1);
    entry_unlink(entry);
    entry->state = ENTRY_DELETED;
    roster->open--;
    lock_release(&roster->lock);
}

struct roster_entry *roster_block(struct roster *roster, const char *name)
{
    lock_take(&roster->lock);
    struct roster_entry *entry = entry_find(roster, name) ? NULL : entry_add(roster, name);
    lock_release(&roster->lock);
    return entry;
}

void roster_unblock(struct roster *roster, struct roster_entry *entry)
{
    lock_take(&roster->lock);
    entry_unlink(entry);
    entry_settled_now(entry);
    free(entry);
    unlock_and_wake(roster);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static bool visit_open(struct roster *roster, bool (*visit)(void *arg, struct store *store), void *arg)
{
    assert(lock_is_mine(&roster->lock));
    bool all = true;
    for (size_t i = 0; i < ROSTER_BUCKETS && all; i++) {
        for (struct roster_entry *entry = roster->buckets[i]; entry && all; entry = entry->next)
            if (entry->state == ENTRY_OPEN)
                all = visit(arg, entry->store);
    }
    return all;
}

bool roster_each_open(struct roster *roster, bool (*visit)(void *arg, struct store *store), void *arg)
{
    lock_take(&roster->lock);
    bool all = visit_open(roster, visit, arg);
    lock_release(&roster->lock);
    return all;
}

/* Appends a store to a list with room for all that are open, and holds it. */
static bool hold_next(void *arg, struct store *store)
{
    struct store ***end = arg;
    store->entry->references++;
    *(*end)++ = store;
    return true;
}

void roster_each_held(struct roster *roster, void (*visit)(void *arg, struct store *store), void *arg)
{
    lock_take(&roster->lock);
    struct store **stores = malloc((roster->open + 1) * sizeof *stores), **end = stores;
    if (stores)
        (void)visit_open(roster, hold_next, &end);
    lock_release(&roster->lock);
    for (struct store **store = stores; store < end; store++) {
        visit(arg, *store);
        let_go(*store, false);
    }
    free(stores);
}
