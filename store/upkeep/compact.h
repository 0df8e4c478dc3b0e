/* compact.h - giving back the space of records that no key leads to any more.
 *
 * When half of a sealed segment is of no use, its live records are written again at the end of the log, by the
 * store's writer like everything else, each only if its key still leads to it. Then the segment is replaced by
 * a husk: a file of nothing but the header, which keeps saying where the segment before it ends. Readers that have
 * a pin go on reading the old file, which lives as long as they hold it. Of husks in a row the first comes to stand for
 * all, and the others go: so neither files nor the log's chain grow with what was compacted.
 *
 * A tombstone is written again as long as there is an older segment, which could hold the key, and dropped when there
 * is none, unless it is so new that it is kept for those who follow the log (horizon.h). The husk is on disk before the
 * next segment is looked at: so a deleted key never comes back. Where parts of the log are missing, there could be one
 * among them, and no tombstone is dropped; and what stands in front of them stays where it is, since written again at
 * the end of the log it would seem newer than what comes back. A segment with a hole, or with damage in a live record,
 * is left alone, as evidence.
 *
 * Segments from before version 3 go in their order, as long as the oldest can go: then no record of theirs leaves a
 * sweep behind (yield.h). One that cannot be compacted keeps none of those behind it from their turns.
 *
 * Where somebody asks for it (clearance.h) an eighth is enough, too, of all segments that there are then, the active
 * one included: it is sealed where that is worth it, and once more when those in front of it are done. What dies
 * meanwhile is for the next time, so it comes to an end beside any writers.
 *
 * While the disk is full (space.h) an eighth is enough, and where deletes wait anything that gives back more
 * than it takes; then the segment that gives back most comes first, and when there is none the active one is sealed, if
 * that is worth it. What fails for want of space is tried again when more records have died, and when space has come
 * back.
 *
 * Thread: one for all stores of a depot, and never more than a transaction of a store in flight.
 */
#ifndef CAIRN_COMPACT_H
#define CAIRN_COMPACT_H

#include "store/base/errand.h"
#include "store/base/pool.h"
#include "store/commit/writer.h"
#include "store/disk/space.h"
#include "store/index/arrears.h"
#include "store/index/horizon.h"
#include "store/index/progress.h"
#include "store/read/catalog.h"
#include "store/read/object.h"
#include "store/upkeep/clearance.h"

#include <stdatomic.h>

struct compact {
    struct index *index; /* the store's, like all of these but the space */
    struct log *log;
    struct space *space; /* the depot's */
    struct gate *gate;
    const struct notice *notice;
    struct writer *writer;
    const struct reader *reader;
    struct catalog *catalog;
    struct progress *progress;
    struct horizon *horizon;
    struct arrears *arrears;
    const struct admission *admission; /* the depot's: nobody waits any more while it is drained */
    struct clearance clearance;

    unsigned husks;       /* that were left since rows of them were looked for; the errand's own, like the next three */
    bool unfinished;      /* a segment was left alone since the clearance began */
    bool sealed_again;    /* the active one was looked at once more since then */
    uint64_t next;        /* number of the first segment that has not failed in this round; the errand's own */
    struct errand errand; /* compacts one segment; asked for by whoever has made one worth it, or needs the space */
    atomic_uint_fast64_t rewrites; /* commits of records written again, counted before they are published: pass.h */
};

/* Sets up the rest of a compaction that has its parts; it runs on the depot's upkeep, and the other pool's
 * threads tell who has waited for long enough. */
void compact_init(struct compact *compact, struct pool *upkeep, struct pool *pool);
void compact_free(struct compact *compact);

/* What store_compact() and store_compaction() say. Thread: any. */
enum store_error compact_ask(struct compact *compact, unsigned milliseconds, store_compacted *done, void *arg);
void compact_tell(struct compact *compact, struct store_compaction *ret_compaction);

/* Ends the compaction and waits for it; none starts any more. Thread: the one that closes the store. */
void compact_stop(struct compact *compact);

#endif
