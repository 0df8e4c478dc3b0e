/* writer.h - a store's writer: a queue, and the one thread at a time that changes the store.
 *
 * All stores of a depot share a few threads that commit. A writer with something to do has a turn on one of them, or on
 * that of a caller who may wait for the disk, and never on two. There it takes all that is queued as one group, decides
 * preconditions in order, appends the records, makes them durable with one sync, publishes them to the readers and only
 * then calls each `done`. The next group is what arrived meanwhile: there is no timer. When another writer waits for
 * the thread it goes first.
 *
 * A delete that finds no place on a full disk is put aside until compaction has made some. Where compaction falls
 * behind (arrears.h) there is a rest between two groups. Only what the background brings goes on in it, and copies
 * between stores that have their keys (hold.h).
 */
#ifndef CAIRN_WRITER_H
#define CAIRN_WRITER_H

#include "store/base/errand.h"
#include "store/base/lock.h"
#include "store/commit/groups.h"
#include "store/commit/hold.h"
#include "store/commit/txn.h"
#include "store/disk/space.h"

#include <stdatomic.h>

struct writer {
    struct group_parts parts; /* of its groups; the compaction is asked when a delete finds no place, too */
    struct groups *groups;    /* the depot's, like the next */
    struct space *space;

    struct errand turn;
    bool others;    /* the group under way has something that does not go on in a rest; the turn's own, too: */
    int64_t rested; /* nanoseconds: when the last such group came to its end, where there are rests */
    struct lock lock;
    struct txn *first;
    struct txn **last;
    struct txn *waiting; /* deletes that found no place, in order */
    struct txn **waiting_last;

    struct holds holds;       /* under lock */
    atomic_size_t held_count; /* of keys */
};

/* Sets up the rest of a writer that has its parts, which has its turns on the threads of `pool`. */
void writer_init(struct writer *writer, struct pool *pool);

/* Queues an admitted transaction; done and finish are called exactly once. Takes the transaction. Does not block. */
void writer_submit(struct writer *writer, struct txn *txn);

/* The same, and where nothing else is queued or under way the turn is the calling thread's, so that no other one has to
 * be woken: done and finish have been called then when this returns. Blocking. */
void writer_submit_here(struct writer *writer, struct txn *txn);

/* Whether there are rests between its groups now. Thread: any. */
bool writer_rests(const struct writer *writer);

/* Compaction has come on, or comes to its end: who rests for its sake looks whether that is still needed. Thread:
 * any. */
void writer_go_on(struct writer *writer);

/* Ends the hold that a transaction has taken; what waited for it goes on. */
void writer_release(struct writer *writer, uint64_t key_hash);

/* Has the deletes tried again, before all that is queued, that wait for compaction to make place for them; the `last`
 * time they fail if there is none. Thread: any. */
void writer_retry(struct writer *writer, bool last);

/* Waits for its turn to end, and ends the log, with a mark if asked for and where it has written any. Nothing is
 * queued, and nothing comes any more. Blocking. */
void writer_conclude(struct writer *writer, bool mark);

/* After writer_conclude(), or when it has never had a turn. */
void writer_free(struct writer *writer);

#endif
