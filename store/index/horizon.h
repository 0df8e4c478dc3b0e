/* horizon.h - from which offset on a store's log tells of every deletion: so that nobody who follows it misses one.
 *
 * Compaction drops tombstones when nothing in front of them is left that they could end. Who begins to read the log
 * does not miss them. But who has read up to a place in front of one holds an object that is gone, and nothing would
 * say so. So tombstones are kept for a time (the retention), and how far some have been dropped is in a file beside
 * log/, of four lines:
 *
 *     cairn horizon
 *     deletions 1192         from this offset on none has been dropped
 *     front 4096             and so it was when the first record of the log stood here, or in front of it
 *     check dbd38ff853fc2d21 XXH3-64 of all before this line, seeded with the store's salt
 *
 * The deletions are written before a segment goes with tombstones that were dropped, the front behind one that went
 * without. Where the log begins behind both when it is opened, somebody else has made it shorter, an older program or
 * a crash right behind that, and only what is from its beginning on is known. So the file never tells too much, and can
 * do without being there. A log that begins at 0 has lost nothing, whatever the file says: it is not read.
 *
 * What is kept has its bounds: an eighth of what the store takes on the disk or 16 MiB, and nothing while the disk is
 * full.
 *
 * Thread: the depot's upkeep, but for what says something else.
 */
#ifndef CAIRN_HORIZON_H
#define CAIRN_HORIZON_H

#include "store/base/notice.h"
#include "store/base/pool.h"
#include "store/index/index.h"

struct horizon {
    const struct pool *upkeep; /* the depot's */
    struct index *index;       /* the store's, like the next */
    const struct log *log;
    const struct blobs *blobs;
    const struct notice *notice;
    uint64_t retention; /* seconds; 0: no tombstone is kept for those who follow */

    uint64_t deletions; /* guarded by the index's lock */
    uint64_t front;     /* as it was written */
};

/* Learns what can be said of a log that recovery has read. STORE_IO. Blocking. Thread: the one that opens the store. */
struct failure horizon_recall(struct horizon *horizon);

/* Looks anew at how old tombstones may be that are dropped: index.h. Thread: that one, too. */
void horizon_look(struct horizon *horizon);

/* Tombstones in front of an offset are about to be dropped. On disk when it returns; an errno. Blocking. */
int horizon_raise(struct horizon *horizon, uint64_t deletions);

/* Segments have gone, and what they dropped is told. Blocking. */
void horizon_follow(struct horizon *horizon);

/* The same when the compaction has ended. Blocking. Thread: the one that closes the store. */
void horizon_conclude(struct horizon *horizon);

/* From which offset on every deletion is known: a segment that is still there has dropped none. Lock held.
 * Thread: any. */
uint64_t horizon_of_deletions(const struct horizon *horizon);

/* The text of the file, and what one says: false when it is not valid. For tests, and for what writes and reads it. */
struct horizon_text {
    uint64_t deletions;
    uint64_t front;
};
bool horizon_parse(const char *text, uint64_t salt, struct horizon_text *ret_text);

#endif
