/* roster.h - a depot's stores by name: which are open, who uses them, who waits for them.
 *
 * Stores are opened at first use, by threads for that alone: nobody who asks for a store that is open waits for one
 * that is not. They stay open until nobody has used them for a while, or until more than the limit are: then the one
 * that has been idle longest is closed. Small ones, which take a few KiB and three descriptors, do not count for that
 * while they are idle, up to a limit of their own: most of thousands hold little, and to write to one that is open
 * costs half of what it costs to open it again. Where more take turns than may stay, those that are open stay, and the
 * others change places.
 *
 * An entry stands for each store that is open, opening, closing, or removed but still in use; and for one that was
 * closed to make room: it rests. What there is to be written about its end is only remembered then, so that stores
 * which take turns cost no syncs for that (progress.h). It is written when the store has rested for a while, when too
 * many do, and at the end.
 *
 * Where several processes share the folder an entry has its store from when it is opened until the entry goes
 * (tenancy.h). One that is elsewhere rests as well: for a moment nobody looks again where it is. What another process
 * asks for is closed as soon as nobody uses it; until then nobody begins to.
 *
 * Here are the entries themselves. What is done with them stands in files of its own:
 *
 *     roster_opening    brings an entry's store in, when there are descriptors for it
 *     roster_closing    brings it out, and says what becomes of the entry then
 *     roster_room       closes idle stores for those who want their descriptors
 *     roster_sweep      closes what nobody has used for a while
 *     roster_use        references, for all others
 *
 * The lock guards the entries and is never held while a store is opened or closed: the state of the entry keeps others
 * off meanwhile.
 *
 * Thread: any, unless it says otherwise. Names are valid: the depot has looked at them.
 */
#ifndef CAIRN_ROSTER_H
#define CAIRN_ROSTER_H

#include "store/base/errand.h"
#include "store/base/error.h"
#include "store/base/lock.h"
#include "store/base/services.h"
#include "store/depot/folder.h"
#include "store/depot/scarcity.h"
#include "store/depot/tenancy.h"
#include "store/depot/trash.h"
#include "store/depot/trouble.h"
#include "store/internal.h"

#include <pthread.h>

enum {
    ROSTER_BUCKETS = 1024,
    ROSTER_FILES_LEAST = 3, /* descriptors that a store leaves which is closed */
};

/* One that rests is closed, and remembered. A blocked one is kept from being opened. */
enum entry_state { ENTRY_OPENING, ENTRY_OPEN, ENTRY_CLOSING, ENTRY_RESTING, ENTRY_BLOCKED, ENTRY_DELETED };

/* Who wants a store that is not open. */
struct roster_waiter {
    struct roster_waiter *next;
    store_opened *opened;
    void *arg;
};

/* Entries by the time since which they are in it, the longest first. */
struct roster_queue {
    struct roster_entry *first;
    struct roster_entry **last;
    size_t count;
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
    struct roster_waiter *waiters;
    struct store_left left; /* while it is closed */
    struct tenancy tenancy;
    char name[STORE_NAME_MAX + 1];
    char trash[TRASH_ENTRY_MAX]; /* when deleted: its entry in the trash */
};

struct roster {
    const struct services *services; /* the depot's */
    struct folder *folder;           /* borrowed, like the next */
    struct trouble *trouble;
    struct scarcity scarcity;

    struct lock lock;
    pthread_cond_t emptied; /* no entry is left */
    pthread_cond_t vacated; /* a store has been closed */
    struct roster_entry *buckets[ROSTER_BUCKETS];
    size_t entries;
    size_t open;
    size_t opening;              /* stores that are about to be */
    size_t begun;                /* those of them that were short of descriptors and have had their turn */
    size_t leaving;              /* stores that are being closed */
    uint64_t left;               /* stores that have been closed since the beginning */
    bool closing;                /* all are closed, and those that are being opened as soon as they are open */
    struct roster_queue idle;    /* open and not referred to */
    struct roster_queue light;   /* the same, of small ones that the limit is not about */
    struct roster_queue resting; /* closed to make room, and remembered */
    struct errand sweep;         /* closes what has been idle for too long, and ends the rest of what is closed */
};

void roster_init(struct roster *roster, const struct services *services, struct folder *folder,
                 struct trouble *trouble);

/* When it is closed, and no thread of the depot runs any more. */
void roster_free(struct roster *roster);

/* ---- entries; the lock is held ---------------------------------------------------------------- */

/* By its name; NULL: there is none. */
struct roster_entry *roster_find(struct roster *roster, const char *name);

/* A new one, of a name that has none; NULL: memory is out. */
struct roster_entry *roster_add(struct roster *roster, const char *name, enum entry_state state);

/* Nobody finds it any more. */
void roster_unlink(struct roster_entry *entry);

/* Of one that is in no queue, to its end; and of one that is in a queue, out of that. */
void roster_queue_add(struct roster_queue *queue, struct roster_entry *entry);
void roster_queue_remove(struct roster_entry *entry);

/* An open store that nobody uses is put into the queue for its size. */
void roster_idle_add(struct roster_entry *entry);

/* ---- those who wait for a store --------------------------------------------------------------- */

/* One more; false: memory is out. Lock held. */
bool roster_wait(struct roster_entry *entry, store_opened *opened, void *arg);

/* Takes all of them; each that is there gets a reference. Lock held. */
struct roster_waiter *roster_take_waiters(struct roster_entry *entry);

/* Tells and frees them. With no lock held. */
void roster_tell_waiters(struct roster_waiter *waiter, enum store_error error, struct store *store,
                         const struct store_detail *detail);

/* ---- those that are open ---------------------------------------------------------------------- */

/* Calls `visit`, which must not block, for the stores that are open, until one is false: whether none was. The lock is
 * held meanwhile: by the caller, and by the second one itself. */
bool roster_visit_open(struct roster *roster, bool (*visit)(void *arg, struct store *store), void *arg);
bool roster_each_open(struct roster *roster, bool (*visit)(void *arg, struct store *store), void *arg);

#endif
