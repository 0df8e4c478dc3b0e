/* learner.h - learns from the tombstones of runs which entries lead to nothing.
 *
 * Who deletes many keys that stand one behind the other leaves blocks in the runs that a page would have to look
 * through. So in the background each block is looked at in which something stands that a tombstone has ended, or the
 * tombstone itself: entry by entry, up to the first that counts. What leads to nothing in front of that the runs know
 * from then on, for as long as they are open.
 *
 * Thread: one at a time.
 */
#ifndef CAIRN_LEARNER_H
#define CAIRN_LEARNER_H

#include "store/index/index.h"
#include "store/read/run.h"

/* Looks at some more of the tombstones that have taught nothing yet, in runs that are in order, the oldest first, and
 * have all that there is: at how many, about, and 0: there are none. Failing is of no harm, who lists finds out.
 * Blocking. */
uint64_t learner_go(struct index *index, struct run *const *runs, size_t count);

/* Has a run know of each of its blocks what leads to nothing up to the first entry that counts. Blocking. */
void learner_look_through(struct index *index, struct run *run);

#endif
