/* replica.h - the copy of one store, which a server may be writing to meanwhile: the store as it was at one point of
 * its log.
 *
 * The log is only appended to, sealed segments and blobs never change, and their numbers are never used twice. So a
 * copy is made in rounds, each of which
 *
 *   1. takes a snapshot of the log's files (snapshot.h) and brings the sealed segments to their places;
 *   2. reads the last one up to where it is whole (survey.h), and copies it so far: there the copy ends;
 *   3. takes another snapshot. Is it equal to the first, the log had just these files as the end was looked for, so all
 *      that compaction had moved out of the way by then stands in front of the end;
 *   4. copies the blobs that records name and that are not in their places. One that is not there was deleted, or
 *      belonged to what was deleted: by a record that may stand behind the end.
 *
 * When the snapshots differ, or blobs were gone, the next round goes further. It has little to copy, so it is short,
 * and less happens meanwhile. What a blob was gone for stands in front of the end of the round behind: it is not missed
 * twice. What was missed, and is needed nevertheless up to that end, was lost (doubts.h).
 *
 * What the copy that there is has does not go for what the source has lost. Where a segment is damaged
 * (inspection.h) or missing (continuity.h), or the log is not that of the copy, gone on (extension.h), the store is
 * refused: the copy stays as it is. A large object that is lost stays in the copy, and is told (doubts.h).
 *
 * Thread: one.
 */
#ifndef CAIRN_REPLICA_H
#define CAIRN_REPLICA_H

#include "store/backup/meter.h"
#include "store/backup/places.h"
#include "store/depot/folder.h"
#include "store/store.h"

/* Where stores are copied from, and to. Borrowed. */
struct replica_order {
    struct folder *source; /* FOLDER_WATCH, or FOLDER_READ */
    struct places places;  /* of the copies */
    const struct backup_options *options;
    struct meter *meter;
};

/* Adds to the meter what there is to copy, as far as names and lengths tell it. Blocking. */
void replica_measure(const struct replica_order *order, const char *name);

/* Makes the copy, or brings it up to date. STORE_DAMAGED: the store is, and the copy has not just the same;
 * STORE_GONE: its log is not that of the copy, gone on; of both *ret_detail tells more. STORE_NO_STORE: it is not the
 * one any more that it was (presence.h); STORE_BUSY: it changes faster than it can be copied; STORE_ELSEWHERE:
 * another process has it; STORE_EXISTS: there is a copy, which is to stay. STORE_FOREIGN, STORE_TOO_NEW: its settings,
 * or those of the copy; STORE_FULL, STORE_IO, STORE_NO_MEMORY. What was copied stays for the next run. Blocking, and
 * long. */
struct failure replica_make(const struct replica_order *order, const char *name, struct backup_store *ret_told,
                            struct store_detail *ret_detail);

#endif
