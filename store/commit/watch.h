/* watch.h - who waits for the next commit of a store, and for how long.
 *
 * Waiting takes no thread: a watcher is a place in a list and a job that comes when its time is over; who has gone away
 * takes it out. A commit only
 * asks an errand to look at the list, and only where anybody waits: so it holds nothing up, and one look wakes all of
 * them, however many. Who removes the store or ends the depot has them looked at, too, and then nobody waits any more.
 *
 * Thread: any.
 */
#ifndef CAIRN_WATCH_H
#define CAIRN_WATCH_H

#include "store/base/errand.h"
#include "store/base/lock.h"
#include "store/base/services.h"
#include "store/commit/gate.h"
#include "store/index/index.h"
#include "store/store.h"

#include <stdatomic.h>

struct watch {
    const struct services *services; /* the depot's */
    struct index *index;             /* the store's, like the next */
    struct gate *gate;

    struct lock lock;
    struct store_watcher *first;
    atomic_bool watched;           /* there is one in the list */
    atomic_int_fast64_t dismissed; /* nobody waits until then, on the monotonic clock */
    struct errand wakes;           /* tells those that wait for less than there is, or in vain */
};

/* Sets up the rest of what has its parts. */
void watch_init(struct watch *watch);
void watch_free(struct watch *watch);

/* What the functions of store.h say. */
struct store_watcher *watcher_new(struct watch *watch, store_watched *told, void *arg);
void watcher_free(struct store_watcher *watcher);
void watcher_wait(struct store_watcher *watcher, uint64_t end, unsigned milliseconds);
void watcher_leave(struct store_watcher *watcher);

/* There is more in the log now, or nothing to wait for any more. Does not block. */
void watch_wake(struct watch *watch);

/* Until that time of the monotonic clock nobody waits: who does is told so. Does not block. */
void watch_dismiss(struct watch *watch, int64_t until);

/* Nothing of it runs any more. When nobody waits. Blocking. Thread: the one that closes the store. */
void watch_stop(struct watch *watch);

#endif
