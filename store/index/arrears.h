/* arrears.h - how far compaction is behind the writers of a store, and for how long these wait for it.
 *
 * Compaction has one thread for all stores, and each segment that goes costs a few syncs: so writers can make dead
 * records faster than their space comes back, and for as long as they like. What is overdue is what the segments that
 * could be compacted hold of dead records beyond half of all that they hold: as long as that is anything, one of them
 * is worth it (yield.h), and compaction has something to do. Up to a margin nobody notices. Beyond it there is a rest
 * between two groups of a store, the longer the more is overdue; beyond twice the margin nothing is put at all before
 * some has come back. So the records of a store take at most twice what its objects and tombstones
 * do, and two margins; beside the segments that are being written to, and what cannot be compacted.
 *
 * What was overdue when the store was opened, or when compaction could do no more about it, nobody waits for: only for
 * what comes on top of the least that there has been since.
 *
 * Thread: any.
 */
#ifndef CAIRN_ARREARS_H
#define CAIRN_ARREARS_H

#include "store/base/lock.h"
#include "store/index/index.h"

#include <stdatomic.h>

/* What arrears_rest() says when nothing is to be put before it is asked again. */
enum { ARREARS_STOP = -1 };

struct arrears {
    struct index *index; /* the store's */
    struct lock lock;
    uint64_t overdue;   /* bytes, when it was last looked; guarded by the lock, like the next */
    uint64_t tolerated; /* bytes that nobody waits for */
    atomic_int rest;
    atomic_bool ended;
};

/* Sets up the rest of one that has its parts. */
void arrears_init(struct arrears *arrears);
void arrears_free(struct arrears *arrears);

/* The log has grown by a segment, or one was compacted. Takes the index's lock, and a time by the segments of the
 * log. */
void arrears_look(struct arrears *arrears);

/* Compaction can do nothing about what is overdue now. The same. */
void arrears_tolerate(struct arrears *arrears);

/* There is no compaction any more: nobody waits for it from here on. */
void arrears_end(struct arrears *arrears);

/* Bytes that were overdue when it was last looked, without those that nobody waits for. */
uint64_t arrears_overdue(struct arrears *arrears);

/* Milliseconds that are to pass from one group of puts to the next; 0: none; ARREARS_STOP. */
int arrears_rest(const struct arrears *arrears);

/* The same for so much that is overdue, of which so much is tolerated, in a log with segments of that size. */
int arrears_rest_for(uint64_t overdue, uint64_t tolerated, uint64_t segment_size);

#endif
