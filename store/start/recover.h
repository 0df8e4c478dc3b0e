/* recover.h - from the files of a log to the index that was there before: which records count. What they do is the
 * replay's (replay.h).
 *
 * Segments are read in order (lineup.h tells in which). A record counts when it is valid (record.h) and its whole
 * transaction is. What is not valid is a hole, and there are two kinds:
 *
 *   A torn tail: behind the hole, in the last segment, there is nothing valid, or only records of the
 *   same group commit as the hole (their `group` lies at or before it). No sync of that group was ever
 *   answered, so nothing in it was acknowledged: the log ends before the hole.
 *
 *   Damage: a later record says by its `group` that all before it was on disk, or a later segment or a
 *   mark does. Only what the hole swallowed is lost; it is counted and reported, and all behind is kept.
 *   So is what is missing between two segments.
 *
 * After a torn tail the log goes on in a new segment; the front of that one says where the old one ends,
 * so the rest of the tail never comes back.
 */
#ifndef CAIRN_RECOVER_H
#define CAIRN_RECOVER_H

#include "store/base/error.h"
#include "store/base/notice.h"
#include "store/index/deadlines.h"
#include "store/index/index.h"
#include "store/index/progress.h"
#include "store/store.h"

#include <stdatomic.h>

/* Fills the index, the figures, the log and the blobs of a store whose folders are open, and what is known of its
 * progress; tells the deadlines of all records that it reads; removes what no object needs. STORE_DRAINING soon after
 * `halt` is set. Blocking. Thread: the one that opens the store; nobody else knows it yet. */
struct failure recover(struct index *index, struct log *log, struct blobs *blobs, struct progress *progress,
                       struct deadlines *deadlines, const struct notice *notice, const atomic_bool *halt,
                       struct store_detail *ret_detail);

#endif
