/* imprint.h - what a start would find in the log of a small store that was just closed, kept in memory.
 *
 * Stores that take turns in few places are opened and closed all the time, and most of thousands hold little. What one
 * of them held when it was closed is known, and fits into some hundred bytes, 1,300 at most. So it is opened again
 * without a look at its records, as long as its file and folder have the fingerprints that they had: where somebody has
 * touched either, or another store has come into its place, there is a start as ever, which sees what has become of it.
 *
 * None is taken of a store with more than one segment, large payloads, keys that have a hash in common, objects that
 * expire, damage, or anything in doubt: a start is to look at that. Nothing of it is ever written.
 *
 * Thread: the one that opens or closes the store; nobody else knows it then.
 */
#ifndef CAIRN_IMPRINT_H
#define CAIRN_IMPRINT_H

#include "store/base/error.h"
#include "store/index/index.h"

struct imprint;

/* Of a store that is being closed, all of which is on disk, while its log is still open; NULL: there is none.
 * Blocking. */
struct imprint *imprint_take(struct index *index, const struct log *log, const struct blobs *blobs);
void imprint_free(struct imprint *imprint); /* NULL is allowed */

/* Gives a store whose folders are open what it held, in place of recover(). *ret_fits: its log is as it was; else
 * nothing has been done. STORE_NO_MEMORY. Blocking. */
struct failure imprint_apply(const struct imprint *imprint, struct index *index, struct log *log, struct blobs *blobs,
                             bool *ret_fits);

#endif
