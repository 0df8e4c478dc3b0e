/* binding.h - runs that are merged into one.
 *
 * An entry is taken over when its key leads to the record, or to one that came from an offset on: then the record is
 * what stands for the key in listings that end there. What else there was leads to nothing any more, or a later run has
 * it.
 *
 * Thread: one at a time.
 */
#ifndef CAIRN_BINDING_H
#define CAIRN_BINDING_H

#include "store/index/index.h"
#include "store/read/merge.h"
#include "store/read/run_writer.h"

struct binding {
    struct index *index; /* the store's */
    uint64_t from;       /* the offset; UINT64_MAX: only what keys lead to now */
    struct merge merge;
    struct run_writer writer;
};

/* Begins to merge runs into memory, where `io` is NULL, or into a file. The errors of merge_seek(). Blocking. */
struct failure binding_init(struct binding *binding, struct index *index, uint64_t from, struct run *const *runs,
                            size_t count, uint64_t salt, const struct io *io, int file);
void binding_free(struct binding *binding);

/* Goes through so many entries more, at most; *ret_more: there may be some behind them. The errors of merge_next() and
 * run_writer_add(). Blocking. */
struct failure binding_go(struct binding *binding, size_t entries, bool *ret_more);

#endif
