/* roster.c - a depot's stores by name. roster.h tells the story. */
#include "store/depot/roster.h"

#include "store/base/clock.h"
#include "store/internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* One that rests is closed, and remembered. A blocked one is kept from being opened. */
enum entry_state { ENTRY_OPENING, ENTRY_OPEN, ENTRY_CLOSING, ENTRY_RESTING, ENTRY_BLOCKED, ENTRY_DELETED };

enum {
    SWEEPS = 4,            /* of the time that a store may be idle */
    SWEEP_MAX = 10000,     /* milliseconds between them, at most */
    REST = 10,             /* seconds, after which it is told what is remembered of a store */
    RESTING_MAX = 1 << 14, /* stores that are remembered */
    FILES_LEAST = 3,       /* descriptors that one leaves which is closed */
    FILES_MOST = 6,        /* and that one takes which is opened */
};

/* Who wants a store that is not open. */
struct waiter {
    struct waiter *next;
    store_opened *opened;
    void *arg;
};

struct roster_entry {
    struct roster_entry *next; /* in its bucket */
    struct roster *roster;
    enum entry_state state;
    struct store *store;
    size_t references;
    size_t looks;                   /* of roster_each_held(): it stays open meanwhile, but is not in use */
    struct roster_queue *queue;     /* while it is open and has no references, or rests */
    struct roster_entry *idle_next; /* in that, like the next two */
    struct roster_entry **idle_link;
    int64_t idle_since;  /* on the monotonic clock */
    bool kept;           /* it is not closed for being idle */
    struct pool_job job; /* opens, closes or removes it */
    struct waiter *waiters;
    struct store_left left; /* while it is closed */
    struct tenancy tenancy;
    char name[STORE_NAME_MAX + 1];
    char trash[TRASH_ENTRY_MAX]; /* when deleted: its entry in the trash */
};

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

static struct roster_entry *entry_add(struct roster *roster, const char *name, enum entry_state state)
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

static void entry_unlink(struct roster_entry *entry)
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

static void queue_add(struct roster_queue *queue, struct roster_entry *entry)
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

static void queue_remove(struct roster_entry *entry)
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

static void idle_add(struct roster_entry *entry)
{
    struct roster *roster = entry->roster;
    bool room = roster->light.count < roster->services->options->small_stores_limit;
    queue_add(room && store_is_small(entry->store) ? &roster->light : &roster->idle, entry);
}

/* Lock held. */
static bool may_be_closed(const struct roster_entry *entry)
{
    assert(lock_is_mine(&entry->roster->lock) && entry->references == 0);
    return entry->looks == 0 && store_is_quiet(entry->store);
}

/* Of a queue the open store that has been idle longest and has nothing under way; NULL: there is none. */
static struct roster_entry *idle_longest(const struct roster_queue *queue)
{
    struct roster_entry *entry = queue->first;
    while (entry && !may_be_closed(entry))
        entry = entry->idle_next;
    return entry;
}

/* The one to be closed where as many are open as may be; NULL: there is none. */
static struct roster_entry *surplus(struct roster *roster)
{
    assert(lock_is_mine(&roster->lock));
    bool full = roster->open - roster->light.count >= roster->services->options->open_stores_limit;
    return full ? idle_longest(&roster->idle) : NULL;
}

/* The one that gives back most where descriptors or memory are out; NULL: there is none. */
static struct roster_entry *dispensable(struct roster *roster)
{
    assert(lock_is_mine(&roster->lock));
    struct roster_entry *idle = idle_longest(&roster->idle);
    return idle ? idle : idle_longest(&roster->light);
}

/* ---- those who wait -------------------------------------------------------------------------- */

/* Lock held. */
static bool entry_wait(struct roster_entry *entry, store_opened *opened, void *arg)
{
    assert(lock_is_mine(&entry->roster->lock));
    struct waiter *waiter = malloc(sizeof *waiter);
    if (!waiter)
        return false;
    *waiter = (struct waiter){.next = entry->waiters, .opened = opened, .arg = arg};
    entry->waiters = waiter;
    return true;
}

/* Takes all who wait; each that is there gets a reference. Lock held. */
static struct waiter *take_waiters(struct roster_entry *entry)
{
    assert(lock_is_mine(&entry->roster->lock));
    struct waiter *waiters = entry->waiters;
    for (struct waiter *waiter = waiters; waiter; waiter = waiter->next)
        entry->references++;
    entry->waiters = NULL;
    return waiters;
}

/* With no lock held. */
static void tell_waiters(struct waiter *waiter, enum store_error error, struct store *store,
                         const struct store_detail *detail)
{
    while (waiter) {
        struct waiter *next = waiter->next;
        waiter->opened(waiter->arg, error, store, detail);
        free(waiter);
        waiter = next;
    }
}

/* ---- opening --------------------------------------------------------------------------------- */

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
    return limit > 0 && others * FILES_MOST + light * FILES_LEAST > limit * FILES_MOST;
}

static bool close_one(struct roster *roster, struct roster_entry *(*choose)(struct roster *roster));

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
    (void)close_one(roster, dispensable); /* what waits for its turn closes stores meanwhile, several at a time */
    while (again && scarcity_enter(scarcity, until)) {
        os_error = scarcity_try(services->options->io, roster->folder->root, count_needs(roster));
        if (os_error) {
            again = close_one(roster, dispensable) || scarcity_wait(scarcity, until);
            scarcity_leave(scarcity);
            continue;
        }
        failure = open_begun(roster, entry, ret_store, detail);
        bool time = failure.error == STORE_IO && clock_now(CLOCK_MONOTONIC) < until;
        again = failure_is_shortage(failure) && (close_one(roster, dispensable) || time);
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
    (void)close_one(roster, surplus);
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

static void entry_close_soon(struct roster_entry *entry);
static void entry_leave(struct roster_entry *entry);

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
    struct waiter *waiters = take_waiters(entry);
    roster->opening--;
    if (failure.error) {
        entry_leave(entry);
    } else {
        store_forget_left(&entry->left);
        store->entry = entry;
        entry->store = store;
        entry->state = ENTRY_OPEN;
        roster->open++;
        if (entry->references == 0)
            idle_add(entry);
        if (roster->closing)
            entry_close_soon(entry); /* nobody waits for it any more */
    }
    lock_release(&roster->lock);
    tell_waiters(waiters, failure.error, store, &detail);
}

/* Lock held. */
static void entry_begin_opening(struct roster_entry *entry)
{
    assert(lock_is_mine(&entry->roster->lock));
    entry->state = ENTRY_OPENING;
    entry->roster->opening++;
    entry->job = (struct pool_job){.run = entry_open, .arg = entry};
    pool_submit(entry->roster->services->openers, &entry->job);
}

static void entry_give_back(void *arg);

/* Nothing keeps the store from being opened any more: it is for those who wait, or the entry goes, and before that what
 * it has is given back; also where another process waits for it. Lock held. */
static void entry_end(struct roster_entry *entry)
{
    assert(lock_is_mine(&entry->roster->lock));
    bool leaves = entry->tenancy.had && tenancy_leaves(&entry->tenancy);
    if (entry->waiters && !leaves) {
        entry_begin_opening(entry);
        return;
    }
    if (entry->tenancy.had) {
        entry->state = ENTRY_CLOSING;
        entry->job = (struct pool_job){.run = entry_give_back, .arg = entry};
        pool_submit(entry->roster->services->openers, &entry->job);
        return;
    }
    entry_unlink(entry);
    store_forget_left(&entry->left);
    free(entry);
}

/* Who waits goes where the store is about to be. Thread: one that opens stores. */
static void entry_give_back(void *arg)
{
    struct roster_entry *entry = arg;
    struct roster *roster = entry->roster;
    struct store_detail detail = {0};
    struct waiter *waiters = NULL;
    assert(pool_is_current(roster->services->openers));
    store_forget_left(&entry->left); /* it may be another store when it is opened next */
    tenancy_leave(&entry->tenancy, roster->services, entry->name);
    lock_take(&roster->lock);
    if (tenancy_leaves(&entry->tenancy)) {
        tenancy_end_leaving(&entry->tenancy);
        (void)tenancy_tell(&entry->tenancy, entry->name, &detail);
        waiters = take_waiters(entry);
    }
    entry_leave(entry);
    lock_release(&roster->lock);
    tell_waiters(waiters, STORE_ELSEWHERE, NULL, &detail);
}

/* Tells what is remembered of a store. Thread: one that opens stores. */
static void entry_tell(void *arg)
{
    struct roster_entry *entry = arg;
    struct roster *roster = entry->roster;
    assert(pool_is_current(roster->services->openers));
    store_tell_left(roster->services, roster->folder->root, entry->name, &entry->left);
    lock_take(&roster->lock);
    store_forget_left(&entry->left);
    entry_end(entry);
    lock_release(&roster->lock);
}

/* Whether there is something to remember of how its store was closed. */
static bool entry_has_left(const struct roster_entry *entry)
{
    return entry->left.progress.reach.segment != 0;
}

/* A store that rests is remembered no longer: first what there is to tell is told, if there is anything. Whoever wants
 * it waits for that. Lock held. */
static void entry_forget(struct roster_entry *entry)
{
    struct roster *roster = entry->roster;
    assert(lock_is_mine(&roster->lock) && entry->state == ENTRY_RESTING);
    queue_remove(entry);
    if (entry->left.progress.told || !entry_has_left(entry)) {
        store_forget_left(&entry->left);
        entry_end(entry);
        return;
    }
    entry->state = ENTRY_CLOSING;
    entry->job = (struct pool_job){.run = entry_tell, .arg = entry};
    pool_submit(roster->services->openers, &entry->job);
}

/* The store is closed, and nobody waits for it: it rests if anything is remembered of it, or that it is elsewhere, and
 * else the entry goes. Lock held. */
static void entry_leave(struct roster_entry *entry)
{
    struct roster *roster = entry->roster;
    assert(lock_is_mine(&roster->lock));
    if (entry->waiters || !(entry_has_left(entry) || tenancy_is_elsewhere(&entry->tenancy))) {
        entry_end(entry);
        return;
    }
    entry->references = 0;
    entry->state = ENTRY_RESTING;
    queue_add(&roster->resting, entry);
    if (roster->closing)
        entry_forget(entry);
    else if (roster->resting.count > RESTING_MAX)
        entry_forget(roster->resting.first);
}

/* ---- closing --------------------------------------------------------------------------------- */

/* An idle store is about to be closed. Lock held. */
static void entry_begin_closing(struct roster_entry *entry)
{
    assert(lock_is_mine(&entry->roster->lock) && entry->state == ENTRY_OPEN);
    queue_remove(entry);
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

static void entry_close(void *arg)
{
    struct roster_entry *entry = arg;
    struct roster *roster = entry->roster;
    store_close(entry->store);
    lock_take(&roster->lock);
    count_left(roster);
    entry_end(entry);
    lock_release(&roster->lock);
    tell_left(roster);
}

/* Lock held. */
static void entry_close_soon(struct roster_entry *entry)
{
    entry_begin_closing(entry);
    entry->job = (struct pool_job){.run = entry_close, .arg = entry};
    pool_submit(entry->roster->services->openers, &entry->job);
}

/* It may soon be wanted again. */
static void entry_close_for_now(void *arg)
{
    struct roster_entry *entry = arg;
    struct roster *roster = entry->roster;
    entry->left = store_close_for_now(entry->store);
    lock_take(&roster->lock);
    count_left(roster);
    entry_leave(entry);
    lock_release(&roster->lock);
    tell_left(roster);
}

static bool close_one(struct roster *roster, struct roster_entry *(*choose)(struct roster *roster))
{
    lock_take(&roster->lock);
    struct roster_entry *idle = choose(roster);
    if (idle)
        entry_begin_closing(idle);
    lock_release(&roster->lock);
    if (idle)
        entry_close_for_now(idle);
    return idle != NULL;
}

/* Waits until one of the stores that are being closed is; false: none is, or it takes too long. Closing opens nothing,
 * so it waits for nobody who waits here. Lock held. */
static bool await_left(struct roster *roster)
{
    int64_t patience = (int64_t)roster->services->options->shortage_patience * CLOCK_MILLISECOND;
    const struct timespec until = clock_timespec(clock_now(CLOCK_MONOTONIC) + patience);
    uint64_t left = roster->left;
    assert(lock_is_mine(&roster->lock));
    while (roster->leaving > 0 && roster->left == left && lock_wait_until(&roster->lock, &roster->vacated, &until))
        continue;
    return roster->left != left;
}

/* Not on the upkeep's thread: closing waits for what that has to do for the store. */
bool roster_make_room(struct roster *roster)
{
    if (pool_is_current(roster->services->upkeep))
        return false;
    lock_take(&roster->lock);
    struct roster_entry *idle = dispensable(roster);
    bool made = idle || await_left(roster);
    if (idle)
        entry_begin_closing(idle);
    lock_release(&roster->lock);
    if (idle)
        entry_close_for_now(idle);
    return made;
}

bool roster_make_room_soon(struct roster *roster, size_t files)
{
    struct roster_entry *idle;
    lock_take(&roster->lock);
    while (roster->leaving * FILES_LEAST < files && (idle = dispensable(roster))) {
        entry_begin_closing(idle);
        idle->job = (struct pool_job){.run = entry_close_for_now, .arg = idle};
        pool_submit(roster->services->closers, &idle->job);
    }
    bool some = roster->leaving > 0;
    lock_release(&roster->lock);
    return some;
}

/* The next one of a queue that has been idle for too long, about to be closed; NULL: there is none. */
static struct roster_entry *take_expired(struct roster *roster, const struct roster_queue *queue, int64_t since)
{
    lock_take(&roster->lock);
    struct roster_entry *entry = queue->first;
    while (entry && entry->idle_since <= since && (entry->kept || !may_be_closed(entry)))
        entry = entry->idle_next;
    if (entry && entry->idle_since > since)
        entry = NULL;
    if (entry)
        entry_begin_closing(entry);
    lock_release(&roster->lock);
    return entry;
}

/* Forgets what has rested since then, or longer. */
static void forget_rested(struct roster *roster, int64_t since)
{
    lock_take(&roster->lock);
    while (roster->resting.first && roster->resting.first->idle_since <= since)
        entry_forget(roster->resting.first);
    lock_release(&roster->lock);
}

static void close_expired(struct roster *roster, const struct roster_queue *queue, int64_t since)
{
    struct roster_entry *entry;
    while (!errand_is_ending(&roster->sweep) && (entry = take_expired(roster, queue, since)))
        entry_close(entry);
}

/* Thread: one that opens stores. */
static int roster_sweep(void *arg)
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

/* ---- beginning and end ----------------------------------------------------------------------- */

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

void roster_begin(struct roster *roster)
{
    errand_init(&roster->sweep, roster->services->openers, roster_sweep, roster, NULL);
    (void)errand_ask(&roster->sweep);
}

/* Lock held. */
static void close_all(struct roster *roster)
{
    assert(lock_is_mine(&roster->lock));
    for (size_t i = 0; i < ROSTER_BUCKETS; i++) {
        for (struct roster_entry *entry = roster->buckets[i]; entry; entry = entry->next) {
            assert(entry->references == 0 && entry->looks == 0);
            if (entry->state == ENTRY_OPEN)
                entry_close_soon(entry);
        }
    }
}

void roster_close(struct roster *roster)
{
    (void)errand_end(&roster->sweep);
    scarcity_end(&roster->scarcity);
    lock_take(&roster->lock);
    roster->closing = true; /* one that is being opened for somebody who gave up is closed behind that */
    close_all(roster);
    while (roster->resting.first)
        entry_forget(roster->resting.first);
    while (roster->entries > 0)
        lock_wait(&roster->lock, &roster->emptied);
    lock_release(&roster->lock);
}

void roster_free(struct roster *roster)
{
    errand_free(&roster->sweep);
    pthread_cond_destroy(&roster->emptied);
    pthread_cond_destroy(&roster->vacated);
    scarcity_free(&roster->scarcity);
    lock_destroy(&roster->lock);
}

/* ---- references ------------------------------------------------------------------------------ */

/* Of an open store. Lock held. */
static struct store *entry_refer(struct roster_entry *entry)
{
    assert(lock_is_mine(&entry->roster->lock) && entry->state == ENTRY_OPEN);
    if (entry->references++ == 0)
        queue_remove(entry);
    return entry->store;
}

/* Has the caller told when the store is open, which is seen to. Lock held. */
static enum store_error entry_await(struct roster *roster, struct roster_entry *entry, const char *name,
                                    enum roster_wish wish, store_opened *opened, void *arg)
{
    assert(lock_is_mine(&roster->lock));
    struct roster_entry *fresh = entry ? NULL : entry_add(roster, name, ENTRY_OPENING);
    entry = entry ? entry : fresh;
    if (!entry)
        return STORE_NO_MEMORY;
    if (wish == ROSTER_HERE)
        atomic_store(&entry->tenancy.wanted, true);
    bool waits = entry_wait(entry, opened, arg);
    bool rests = entry->state == ENTRY_RESTING;
    if (rests)
        queue_remove(entry);
    if (fresh || rests)
        entry_begin_opening(entry);
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
    enum store_error error = STORE_OK;
    struct store_detail detail = {0};
    lock_take(&roster->lock);
    struct roster_entry *entry = entry_find(roster, name);
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
    lock_take(&roster->lock);
    struct roster_entry *entry = entry_find(roster, name);
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

/* A store that is to leave is closed, if nobody uses it. Lock held. */
static void entry_close_unused(struct roster_entry *entry)
{
    assert(lock_is_mine(&entry->roster->lock));
    if (entry->state == ENTRY_OPEN && entry->references == 0 && entry->looks == 0)
        entry_close_soon(entry);
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
        idle_add(entry);
    if (last && !struck && tenancy_leaves(&entry->tenancy))
        entry_close_unused(entry);
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
    entry_unlink(entry);
    entry->state = ENTRY_DELETED;
    roster->open--;
    lock_release(&roster->lock);
}

struct roster_entry *roster_block(struct roster *roster, const char *name)
{
    lock_take(&roster->lock);
    struct roster_entry *found = entry_find(roster, name), *entry = NULL;
    if (!found) {
        entry = entry_add(roster, name, ENTRY_BLOCKED);
    } else if (found->state == ENTRY_RESTING) {
        entry = found;
        queue_remove(entry);
        entry->state = ENTRY_BLOCKED;
        store_forget_left(&entry->left);
    }
    lock_release(&roster->lock);
    return entry;
}

void roster_unblock(struct roster *roster, struct roster_entry *entry)
{
    lock_take(&roster->lock);
    entry_end(entry);
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
    struct roster_entry *entry = entry_find(roster, name);
    bool had = entry && (entry->state == ENTRY_OPEN || entry->state == ENTRY_RESTING) && entry->tenancy.had;
    if (had)
        tenancy_begin_leaving(&entry->tenancy, heir);
    if (had && entry->state == ENTRY_OPEN) {
        watch_dismiss(&entry->store->watch, entry->tenancy.leaves_until);
        entry_close_unused(entry);
    } else if (had) {
        entry_forget(entry);
    }
    lock_release(&roster->lock);
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
    store->entry->looks++;
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
        let_go((*store)->entry, &(*store)->entry->looks);
    }
    free(stores);
}
