/* binding.h - runs that are merged into one.
 *
 * Of all entries at one place the last in the log is taken over. A tombstone is, too, unless nothing in front of the
 * runs could hold what it ends. What stood in a segment that is gone has been written again, if it was of use: it is
 * left out. So the new run follows from the bytes of its sources, like those that it is made of.
 *
 * Thread: one at a time.
 */
#ifndef CAIRN_BINDING_H
#define CAIRN_BINDING_H

#include "store/read/merge.h"
#include "store/read/run_writer.h"

/* Offsets of the records of a segment: from one on, up to another. */
struct binding_span {
    uint64_t from;
    uint64_t to;
};

struct binding {
    const struct binding_span *spans; /* of the sources, in order, borrowed; none: all */
    size_t span_count;
    bool ends; /* nothing is in front of the runs: tombstones end here */
    struct merge merge;
    struct run_writer writer;
    struct entry last; /* the last in the log of those at its place that were met */
    unsigned char attributes[ENTRY_ATTRIBUTES_MAX];
    bool met; /* there is such an entry */
};

/* Begins to merge runs into memory, where `io` is NULL, or into a file. The errors of merge_seek(). Blocking. */
struct failure binding_init(struct binding *binding, struct run *const *runs, size_t count, uint64_t salt,
                            const struct io *io, int file);
void binding_free(struct binding *binding);

/* Goes through so many entries more, at most; *ret_more: there may be some behind them. The errors of merge_next() and
 * run_writer_add(). Blocking. */
struct failure binding_go(struct binding *binding, size_t entries, bool *ret_more);

#endif
