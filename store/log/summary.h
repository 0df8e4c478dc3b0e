/* summary.h - the rows of a sealed segment in a file beside it, "0000000000000001.sum": what recovery reads in place of
 * the segment.
 *
 * It follows from the segment's bytes alone, and is never trusted over them: it counts only beside a segment that has
 * just the number, the base, the end and the length that it tells, the same last record, and a file that was not
 * written to since; and with checks that match. It may be removed at any time, and nobody notices but the clock. So it
 * is not synced: what a crash leaves of it fails its check.
 *
 * Integers are little-endian:
 *
 *      0  "cairnsum"
 *      8  version      2
 *     16  number       of the segment
 *     24  base         its offset in the log
 *     32  end          position in the segment where its records end
 *     40  length       of the segment's file
 *     48  count        of the rows
 *     56  blob         highest number of a blob that a row names; 0: none does
 *     64  last         position of the segment's last record, 0: it has none
 *     72  last check   the check of that record
 *     80  marked       1: it is a mark, else 0
 *     88  stamp        of the segment's file (segment.h)
 *     96  rows check   XXH3-64 of the rows in pieces of 256, each seeded with the store's salt and, by exclusive or,
 *                      the check of the piece in front of it
 *    104  check        XXH3-64 of bytes 0 to 103, seeded with the salt
 *    112  rows, 40 bytes each: salted key hash (8), tag (8), position and type (4), length and bit 0 where there is no
 *         key (4), size or where a sweep ends (8), blob (8); in order of the salted hash, then of the position
 *
 * One row stands for each record, marks among them, so their lengths together are those of the segment's records.
 *
 * Thread: one at a time per segment.
 */
#ifndef CAIRN_SUMMARY_H
#define CAIRN_SUMMARY_H

#include "store/log/log.h"
#include "store/log/rows.h"

enum { SUMMARY_PIECE = 256, SUMMARY_HEADER = 112, SUMMARY_ROW = 40, SUMMARY_VERSION = 2 };

/* What its header tells. */
struct summary {
    uint64_t number;
    uint64_t base;
    uint64_t end;
    uint64_t length;
    uint64_t count;
    uint64_t blob;
    uint64_t last;
    uint64_t last_check;
    bool marked;
    uint64_t stamp;
    uint64_t rows_check;
};

/* Writes that of a sealed segment whose records end at a position, from its rows, which are sorted: all of them, with
 * no hole between them. `stamp` is that of the segment before they were read. *ret_rows_check (NULL is allowed): the
 * check of the rows. An errno; ENOSPC where the disk's space is wanted for other things, EAGAIN where the file has been
 * written to meanwhile. Blocking. */
int summary_write(const struct log *log, const struct segment *segment, uint64_t end, uint64_t stamp,
                  const struct rows *rows, uint64_t *ret_rows_check);

/* Reads all of the summary of a segment whose records end at a position; false when there is none that counts. Its rows
 * come along when `ret_rows` is not NULL: the caller frees them. Blocking. */
bool summary_read(const struct log *log, const struct segment *segment, uint64_t end, struct summary *ret_summary,
                  struct rows *ret_rows);

/* The same, and its rows come along only when `wanted` says so of their number; else their list is NULL. */
bool summary_read_if(const struct log *log, const struct segment *segment, uint64_t end,
                     bool (*wanted)(void *arg, uint64_t rows), void *arg, struct summary *ret_summary,
                     struct rows *ret_rows);

/* Reads rows of the summary of a segment, which was found to count, and takes the check of those in front of them on to
 * their end: it begins with 0, and ends with what the header tells unless the file has changed since. `from` is a
 * multiple of SUMMARY_PIECE, and so is `count` in front of the last rows. STORE_DAMAGED: they have changed, and are not
 * even rows of that segment in order; STORE_IO and the like. Blocking. */
struct failure summary_rows(const struct log *log, const struct segment *segment, uint64_t from, size_t count,
                            uint64_t *check, struct row *ret_rows);

/* Whether the rows of the segment, which are sorted, are others than those of its summary. */
bool summary_differs(const struct summary *summary, const struct rows *rows);

/* Unlinks that of a segment, if there is one. Blocking. */
void summary_remove(const struct log *log, uint64_t number);

/* Whether a file in log/ is a summary, and of which segment; whether it is one that was being written. */
bool summary_number(const char *name, uint64_t *ret_number);
bool summary_is_draft(const char *name);

#endif
