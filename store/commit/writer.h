/* writer.h - a store's writer: a queue and the one thread that changes the store.
 *
 * The thread takes all that is queued as one group, decides preconditions in order, appends the records,
 * makes them durable with one sync, publishes them to the readers and only then calls each `done`. The
 * next group is what arrived meanwhile: there is no timer. The thread starts with the first write.
 *
 * A delete that finds no place on a full disk is put aside until compaction has made some.
 */
#ifndef CAIRN_WRITER_H
#define CAIRN_WRITER_H

#include "store/base/lock.h"
#include "store/commit/group.h"
#include "store/commit/hold.h"
#include "store/commit/txn.h"
#include "store/disk/space.h"

#include <pthread.h>
#include <stdatomic.h>

struct writer {
    struct group_parts parts; /* of its groups; the compaction is asked when a delete finds no place, too */
    struct space *space;      /* the depot's */

    struct lock lock;
    pthread_cond_t wake;
    struct txn *first;
    struct txn **last;
    struct txn *waiting; /* deletes that found no place, in order */
    struct txn **waiting_last;
    bool sleeping;
    bool started;
    bool ending;
    pthread_t thread;
    struct group *group; /* the thread's */

    struct holds holds;       /* under lock */
    atomic_size_t held_count; /* of keys */
};

/* Sets up the rest of a writer that has its parts and its space. */
void writer_init(struct writer *writer);

/* Queues an admitted transaction; done and finish are called exactly once, also when the thread cannot
 * be started. Takes the transaction. */
void writer_submit(struct writer *writer, struct txn *txn);

/* Ends the hold that a transaction has taken; what waited for it goes on. */
void writer_release(struct writer *writer, uint64_t key_hash);

/* Has the deletes tried again, before all that is queued, that wait for compaction to make place for them; the `last`
 * time they fail if there is none. Thread: any. */
void writer_retry(struct writer *writer, bool last);

/* Ends the thread when the queue is empty, and frees. Blocking. */
void writer_free(struct writer *writer);

#endif
