/* clearance.h - compaction that somebody has asked for: of all segments that there are now, and more thoroughly than by
 * itself. One at a time in a store: who asks while it is under way joins it.
 *
 * Who waits for its end has a time for that, and costs no thread meanwhile.
 *
 * Thread: any, unless it says otherwise.
 */
#ifndef CAIRN_CLEARANCE_H
#define CAIRN_CLEARANCE_H

#include "store/base/lock.h"
#include "store/base/pool.h"
#include "store/store.h"

#include <stdatomic.h>

struct clearance_waiter;

struct clearance {
    struct pool *pool; /* its threads tell who has waited for long enough */

    struct lock lock;
    bool asked; /* and not begun */
    enum store_error error;
    struct store_compaction compaction;
    struct clearance_waiter *waiters;

    atomic_uint_fast64_t upto; /* the last segment that it is about; 0: none is under way */
};

/* None is under way. The pool is borrowed. */
void clearance_init(struct clearance *clearance, struct pool *pool);

/* When nobody waits any more. */
void clearance_free(struct clearance *clearance);

/* Asks for one, or joins it. `done(arg, ...)` is called once: at its end, or with STORE_AGAIN when the time is over,
 * perhaps before this returns. STORE_NO_MEMORY. */
enum store_error clearance_ask(struct clearance *clearance, unsigned milliseconds, store_compacted *done, void *arg);

/* Whether one is to begin, and then, with figures of the log, that it has. */
bool clearance_is_asked(struct clearance *clearance);
void clearance_begin(struct clearance *clearance, uint64_t upto, const struct store_log_figures *before);

/* It is about segments up to another one, too. */
void clearance_extend(struct clearance *clearance, uint64_t upto);

/* Whether one has begun; whether that is about a segment. */
bool clearance_is_under_way(const struct clearance *clearance);
bool clearance_wants(const struct clearance *clearance, uint64_t number);

/* Its end, for all who wait. `complete`: nothing is left that is worth it. */
void clearance_end(struct clearance *clearance, enum store_error error, bool complete,
                   const struct store_log_figures *after);

/* What is known of it; `after` is the caller's to fill while it runs. */
void clearance_tell(struct clearance *clearance, struct store_compaction *ret_compaction);

#endif
