/* yield.h - what compacting a segment would give back, and what it would cost.
 *
 * A tombstone is of use while an older segment may hold its key, so in the oldest segment it is of none, unless it is
 * kept for those who follow the log (horizon.h). Where parts of
 * the log are missing nobody knows which is the oldest: they may come back, with keys that were deleted since.
 *
 * A record from before version 3 ends all that had its hash. Written again it would speak of one object only, and what
 * it has ended in front of it would come back: so a sweep (record.h) comes in its place, also in that of a put that was
 * replaced. That is of no use in the oldest segment, nor in one whose records have ended nothing but what had just
 * their own key, unless there may be more in a part of the log that is missing.
 *
 * Thread: the index's lock held, shared or exclusive, for all of it.
 */
#ifndef CAIRN_YIELD_H
#define CAIRN_YIELD_H

#include "store/index/index.h"

/* Whether there is no segment with records before this one. */
bool yield_is_oldest(const struct index *index, const struct segment *segment);

/* Whether a segment can be compacted at all. In front of a part of the log that is missing none is: what is written
 * again at the end of the log would count as newer than what comes back. */
bool yield_is_candidate(const struct index *index, const struct segment *segment);

/* Whether tombstones in it may be kept for followers. Of a sealed segment. */
bool yield_keeps_deletions(const struct index *index, const struct segment *segment);

/* Whether each of its records leaves a sweep behind. */
bool yield_leaves_sweeps(const struct index *index, const struct segment *segment);

/* Of a candidate: bytes of its records; those that have to be written again, and the others, which are of no use; bytes
 * of the disk that come back. */
uint64_t yield_records(const struct segment *segment);
uint64_t yield_kept(const struct index *index, const struct segment *segment);
uint64_t yield_useless(const struct index *index, const struct segment *segment);
uint64_t yield_gain(const struct index *index, const struct segment *segment);

enum { YIELD_GAIN_MIN = 12 << 10 }; /* a husk and the end of a segment take a block each */

/* Whether enough of a segment is of no use: less of it is enough while the disk is full, or when one is thorough. */
bool yield_is_worthwhile(const struct index *index, const struct segment *segment, bool thorough);

/* Whether the active segment may be worth to be sealed, as far as others than the writer can tell: an eighth of its
 * records is dead, or tombstones. */
bool yield_may_be_worth_sealing(const struct index *index);

/* Whether the active segment is worth to be sealed and compacted, where the one behind it costs so many bytes of the
 * disk: an eighth of its records is of no use, and an eighth of its bytes comes back. Thread: the writer's, too. */
bool yield_is_worth_sealing(const struct index *index, const struct segment *active, uint64_t cost);

#endif
