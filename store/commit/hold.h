/* hold.h - keys that a copy between stores has to itself.
 *
 * Such a copy works in two stores, each with its own writer. So that it is one step for everybody else, it holds the
 * key of the source and that of the target from before it looks at them until it has ended: a transaction of others
 * that names a held key is parked, and queued again, in order, when the key is released. Readers are not held up.
 *
 * A hold is taken by a transaction of its own (TXN_TAKES), which completes when all that was decided before it is
 * published. Who takes two takes that of the store with the lower address first, so that none waits for another in
 * a circle. Compaction moves records past a hold: it changes no object.
 *
 * Where the target's store rests for compaction (arrears.h) the copy does so before it holds anything (TXN_ENTERS), and
 * not behind that: whoever names the key in the other store, which need not rest, would rest with it. The source's
 * store is only read, or loses an object: that waits for no rest.
 *
 * Thread: the caller has the lock.
 */
#ifndef CAIRN_HOLD_H
#define CAIRN_HOLD_H

#include "store/base/lock.h"
#include "store/base/table.h"
#include "store/commit/txn.h"

struct holds {
    const struct lock *lock; /* the writer's: guards what follows */
    struct table keys;       /* key hash -> 1 */
    struct txn *parked;
    struct txn **last;
};

void holds_init(struct holds *holds, const struct lock *lock, uint64_t salt);
void holds_free(struct holds *holds);

/* Whether somebody else holds a key of the transaction. */
bool holds_block(const struct holds *holds, const struct txn *txn);

/* Keeps the transaction until a release. */
void holds_park(struct holds *holds, struct txn *txn);

/* False when memory is out. The key is not held yet. */
bool holds_add(struct holds *holds, uint64_t key_hash);

/* Puts what was parked in front of the queue that begins at *first and ends at *last. */
void holds_release(struct holds *holds, uint64_t key_hash, struct txn **first, struct txn ***last);

#endif
