/* reach.h - how far a store's log is known to have reached: so that the loss of its end is noticed.
 *
 * A log may end anywhere, and one that lost its last files looks like one that never had them. So the store's folder
 * holds, beside log/, a file of six lines:
 *
 *     cairn reach
 *     offset 1192            the log reached at least so far: everything before it was acknowledged
 *     segment 3              and this is the number of the segment that it had come to
 *     oldest 2               what the segments before this number held has been moved or died
 *     blob 17                no file in blobs/ had this number yet, nor a higher one
 *     check dbd38ff853fc2d21 XXH3-64 of all before this line, seeded with the store's salt
 *
 * Once true it stays true, so it is never removed, and a crash does it no harm. It is used to tell of a loss, to tell
 * it from what was compacted, and to keep offsets and numbers from being used twice, never in place of the log. When it
 * is written: progress.h.
 *
 * Thread: one at a time per store.
 */
#ifndef CAIRN_REACH_H
#define CAIRN_REACH_H

#include "store/base/error.h"
#include "store/disk/io.h"

struct reach {
    uint64_t offset;
    uint64_t segment; /* 0: nothing is known */
    uint64_t oldest;  /* 0: nothing is known; the same for the next */
    uint64_t blob;
};

/* Reads what the file beside log/ says; nothing is known when it is not there. STORE_DAMAGED, STORE_IO. */
struct failure reach_read(const struct io *io, int log, uint64_t salt, struct reach *ret_reach);

/* What the text of one says: false when it is not valid. */
bool reach_parse(const char *text, uint64_t salt, struct reach *ret_reach);

/* Writes the file, durably; an errno. */
int reach_write(const struct io *io, int log, uint64_t salt, const struct reach *reach);

#endif
