/* inventory.h - what was known of a store's runs at a moment, in a file, so that a later start need not find it out
 * again: log/inventory.
 *
 * It has the entries of the last segment, in order, which are in no file of keys as long as the log goes on in that.
 * And it has of each run up to where its entries are known to lead to nothing. So after a start a page neither sorts
 * what there is of the last segment, nor looks through what was deleted.
 *
 * It is never trusted over the log. It speaks of a log that had come to a position in a segment, and counts where the
 * segment's file has just the bytes up to there that it had then: what is known follows from records that are durable
 * and stand in front of that. A log that has gone on otherwise, since a copy of the folder lives on, has other ones. It
 * may be removed at any time, and nobody notices but the clock.
 *
 * Integers are little-endian; all checks are XXH3-64, seeded with the store's salt:
 *
 *      0  "cairniv1"
 *      8  number       of the last segment with records
 *     16  position     in its file, up to where the log had come
 *     24  digest       of the file up to there: XXH3-64 of each MiB, seeded with the salt and (by exclusive or) the
 *                      digest of all in front of it
 *     32  bytes of the run of that segment; 0: there is none
 *     40  bytes of what is told of the runs
 *     48  check of these
 *     56  number of the last segment there was when a worn shelf was made anew (binder.h)
 *     64  check of bytes 0 to 63
 *     72  the run, as run.h has it
 *      …  of each run: its identity (8), up to which block its tombstones have taught (8), the count of its blocks
 *         (8), and for each of them up to which entry all lead to nothing (8)
 *
 * Thread: any, unless it says otherwise.
 */
#ifndef CAIRN_INVENTORY_H
#define CAIRN_INVENTORY_H

#include "store/index/index.h"
#include "store/log/stretch.h"
#include "store/read/run.h"

struct inventory {
    uint64_t number;
    uint64_t position;
    uint64_t digest;
    uint64_t worn_at;
    struct run *run; /* NULL: there is none */
    unsigned char *told;
    size_t told_length;
};

/* What an inventory is made of: runs, the oldest first, of which the last ones, `own` of them, are those of the last
 * segment; and what it tells beside them. Borrowed. */
struct inventory_stock {
    struct run *const *runs;
    size_t count;
    size_t own;
    uint64_t worn_at;
};

/* Whether a file in log/ is the inventory; whether it is one that was being written. */
bool inventory_is_name(const char *name);
bool inventory_is_draft(const char *name);

/* Writes one; *ret_run: the run of the last segment in it, NULL where there is none. STORE_AGAIN: the log goes on in
 * another segment by now; STORE_FULL, STORE_IO, STORE_NO_MEMORY. Blocking. Thread: the one that teaches the runs. */
struct failure inventory_write(struct index *index, const struct log *log, const struct inventory_stock *stock,
                               struct run **ret_run);

/* Reads the one that there is. STORE_NO_OBJECT: there is none; STORE_FOREIGN, STORE_DAMAGED, STORE_IO,
 * STORE_NO_MEMORY. Blocking. */
struct failure inventory_open(const struct log *log, struct inventory *ret_inventory);
void inventory_free(struct inventory *inventory);

/* Whether it speaks of the log that has this stretch: else STORE_DAMAGED; STORE_IO, STORE_NO_MEMORY. Blocking. */
struct failure inventory_prove(const struct inventory *inventory, const struct log *log, const struct stretch *stretch);

/* Lets a run know what the inventory knows of it; false: that is nothing. `taught`: the runs in front of it know what
 * its tombstones have ended, too. */
bool inventory_tell(const struct inventory *inventory, struct run *run, bool taught);

/* Unlinks it, if there is one. Blocking. */
void inventory_remove(const struct log *log);

#endif
