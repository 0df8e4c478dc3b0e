/* roster.c - a depot's stores by name. roster.h tells the story. */
#include "store/depot/roster.h"

#include "store/base/clock.h"
#include "store/base/xxh3.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void roster_init(struct roster *roster, const struct services *services, struct folder *folder, struct trouble *trouble)
{
    *roster = (struct roster){.services = services, .folder = folder, .trouble = trouble};
    roster->idle.last = &roster->idle.first;
    roster->light.last = &roster->light.first;
    roster->resting.last = &roster->resting.first;
    scarcity_init(&roster->scarcity);
    lock_init(&roster->lock);
    pthread_cond_init(&roster->emptied, NULL);
    lock_condition_init(&roster->vacated);
}

void roster_free(struct roster *roster)
{
    errand_free(&roster->sweep);
    pthread_cond_destroy(&roster->emptied);
    pthread_cond_destroy(&roster->vacated);
    scarcity_free(&roster->scarcity);
    lock_destroy(&roster->lock);
}

/* ---- entries; the lock is held --------------------------------------------------------------- */

static struct roster_entry **bucket_of(struct roster *roster, const char *name)
{
    return &roster->buckets[XXH3_64bits(name, strlen(name)) % ROSTER_BUCKETS];
}

struct roster_entry *roster_find(struct roster *roster, const char *name)
{
    assert(lock_is_mine(&roster->lock));
    struct roster_entry *entry = *bucket_of(roster, name);
    while (entry && strcmp(entry->name, name) != 0)
        entry = entry->next;
    return entry;
}

struct roster_entry *roster_add(struct roster *roster, const char *name, enum entry_state state)
{
    assert(lock_is_mine(&roster->lock));
    struct roster_entry *entry = calloc(1, sizeof *entry);
    if (!entry)
        return NULL;
    struct roster_entry **bucket = bucket_of(roster, name);
    entry->roster = roster;
    entry->state = state;
    memcpy(entry->name, name, strlen(name) + 1);
    entry->next = *bucket;
    *bucket = entry;
    roster->entries++;
    return entry;
}

void roster_unlink(struct roster_entry *entry)
{
    struct roster *roster = entry->roster;
    assert(lock_is_mine(&roster->lock));
    struct roster_entry **at = bucket_of(roster, entry->name);
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    if (--roster->entries == 0)
        pthread_cond_broadcast(&roster->emptied);
}

/* ---- the idle ones and those that rest; the lock is held -------------------------------------- */

void roster_queue_add(struct roster_queue *queue, struct roster_entry *entry)
{
    assert(lock_is_mine(&entry->roster->lock) && entry->references == 0 && !entry->queue);
    entry->queue = queue;
    entry->idle_since = clock_now(CLOCK_MONOTONIC);
    entry->idle_next = NULL;
    entry->idle_link = queue->last;
    *queue->last = entry;
    queue->last = &entry->idle_next;
    queue->count++;
}

void roster_queue_remove(struct roster_entry *entry)
{
    struct roster_queue *queue = entry->queue;
    assert(lock_is_mine(&entry->roster->lock) && *entry->idle_link == entry);
    entry->queue = NULL;
    *entry->idle_link = entry->idle_next;
    if (entry->idle_next)
        entry->idle_next->idle_link = entry->idle_link;
    else
        queue->last = entry->idle_link;
    queue->count--;
}

void roster_idle_add(struct roster_entry *entry)
{
    struct roster *roster = entry->roster;
    bool room = roster->light.count < roster->services->options->small_stores_limit;
    roster_queue_add(room && store_is_small(entry->store) ? &roster->light : &roster->idle, entry);
}

/* ---- those who wait -------------------------------------------------------------------------- */

/* Lock held. */
bool roster_wait(struct roster_entry *entry, store_opened *opened, void *arg)
{
    assert(lock_is_mine(&entry->roster->lock));
    struct roster_waiter *waiter = malloc(sizeof *waiter);
    if (!waiter)
        return false;
    *waiter = (struct roster_waiter){.next = entry->waiters, .opened = opened, .arg = arg};
    entry->waiters = waiter;
    return true;
}

/* Takes all who wait; each that is there gets a reference. Lock held. */
struct roster_waiter *roster_take_waiters(struct roster_entry *entry)
{
    assert(lock_is_mine(&entry->roster->lock));
    struct roster_waiter *waiters = entry->waiters;
    for (struct roster_waiter *waiter = waiters; waiter; waiter = waiter->next)
        entry->references++;
    entry->waiters = NULL;
    return waiters;
}

/* With no lock held. */
void roster_tell_waiters(struct roster_waiter *waiter, enum store_error error, struct store *store,
                         const struct store_detail *detail)
{
    while (waiter) {
        struct roster_waiter *next = waiter->next;
        waiter->opened(waiter->arg, error, store, detail);
        free(waiter);
        waiter = next;
    }
}

/* ---- those that are open --------------------------------------------------------------------- */

bool roster_visit_open(struct roster *roster, bool (*visit)(void *arg, struct store *store), void *arg)
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
    bool all = roster_visit_open(roster, visit, arg);
    lock_release(&roster->lock);
    return all;
}
