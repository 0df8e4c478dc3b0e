/* learner.h - learns from tombstones which rows of entries lead to nothing.
 *
 * Who deletes many keys that stand one behind the other leaves rows in the runs that a page would have to look through.
 * So in the background the tombstones that have come into the log since the last time are sorted, and each entry at
 * their places is looked at. The rows are known to the runs, for as long as these are open.
 *
 * Thread: one at a time.
 */
#ifndef CAIRN_LEARNER_H
#define CAIRN_LEARNER_H

#include "store/index/index.h"
#include "store/read/run.h"

struct learner {
    struct index *index; /* the store's, like the next */
    const struct log *log;
    uint64_t number;   /* the segment up to which tombstones have been looked at; 0: it has not begun */
    uint64_t position; /* and the position in it */
};

/* Looks at those of one segment more, in some runs, which tell of what is in front of it. True: there may be more
 * segments. Failing is of no harm: who lists finds out. Blocking. */
bool learner_go(struct learner *learner, struct run *const *runs, size_t count);

/* Begins with a segment: what is in front of it the runs know. */
void learner_begin(struct learner *learner, uint64_t number);

#endif
