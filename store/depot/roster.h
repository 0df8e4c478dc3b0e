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
#include "store/depot/trouble.h"
#include "store/store.h"

#include <pthread.h>

struct roster_entry;

enum { ROSTER_BUCKETS = 1024 };

/* Entries by the time since which they are in it, the longest first. */
struct roster_queue {
    struct roster_entry *first;
    struct roster_entry **last;
    size_t count;
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

/* From here on stores that nobody uses are closed after a while. */
void roster_begin(struct roster *roster);

/* Closes all stores, several at a time. Every one must have been released, and none is asked for any more. Blocking. */
void roster_close(struct roster *roster);

/* After roster_close(), when no thread of the depot runs any more. */
void roster_free(struct roster *roster);

/* Where a store is wanted that another process has. */
enum roster_wish { ROSTER_WHEREVER, ROSTER_HERE };

/* A reference to a store that is open. Else STORE_AGAIN, and it is opened: `opened(arg, ...)` is called, once, when
 * that has come to an end, perhaps before this returns, with a reference or with the errors of store_open()
 * (internal.h) and of tenancy_take(). It must not block.
 * STORE_NO_MEMORY. Does not block. Who waits for that: arrival.h. */
enum store_error roster_acquire_soon(struct roster *roster, const char *name, enum roster_wish wish,
                                     store_opened *opened, void *arg, struct store **ret_store);

/* The same for a store that is open already, else STORE_AGAIN. Does not block. */
enum store_error roster_try_acquire(struct roster *roster, const char *name, struct store **ret_store);

/* Gives a reference back. With the last one of a store that was struck it is closed, and its files are removed, by an
 * I/O thread. */
void roster_release(struct store *store);

/* It stays open, however long nobody uses it, unless others need the room. Thread: one that holds a reference. */
void roster_keep(struct store *store);

/* Closes the store that has been idle longest, if there is one with nothing under way; where there is none waits for
 * one that others are closing. False: nothing has come free. So whoever has met an end of descriptors or memory may
 * call it, but not with the lock. Blocking. */
bool roster_make_room(struct roster *roster);

/* Has idle stores closed, in the background, until those that are being closed leave so many descriptors, or none is
 * idle any more; false: none is being closed. With each that is, the options' `vacated` is called. Does not block. */
bool roster_make_room_soon(struct roster *roster, size_t files);

/* The store was taken away, and is to be removed by this entry of the trash: nobody finds the store any more. Thread:
 * one that holds a reference to it, and has claimed its name. */
void roster_strike(struct roster *roster, struct store *store, const char *trash);

/* Keeps everybody from opening a store that nobody has open, until roster_unblock(), which takes what this returns.
 * What was remembered of it is forgotten: it is about to be removed.
 * NULL: somebody has it open or is opening it, or memory is out. */
struct roster_entry *roster_block(struct roster *roster, const char *name);
void roster_unblock(struct roster *roster, struct roster_entry *entry);

/* Has this process have a store that is blocked, until that ends: tenancy_take(). Blocking. */
struct failure roster_have(struct roster_entry *entry, bool look, struct store_detail *detail);

/* Another process asks for a store: it is closed and given back as soon as nobody uses it. Who waits for its next
 * commit does not any more. Does not block. */
void roster_hand_over(struct roster *roster, const char *name, const struct tenant *heir);

/* Calls `visit`, which must not block, for the stores that are open, until one is false: whether none was. The lock is
 * held meanwhile. */
bool roster_each_open(struct roster *roster, bool (*visit)(void *arg, struct store *store), void *arg);

/* Calls `visit`, which may block, for the stores that are open, each held meanwhile; that does not count as a use of
 * them. None is visited when memory is out. Blocking. */
void roster_each_held(struct roster *roster, void (*visit)(void *arg, struct store *store), void *arg);

#endif
