/* draft.h - a run in the making: the entries of runs that were made before it, and those of the records behind them.
 *
 * An entry is taken up when its key leads to the record, or to one that came behind the horizon: then the record is
 * what stands for the key in this listing. What cannot be read is looked for in the index, so that the run tells which
 * records it lacks.
 *
 * Thread: any.
 */
#ifndef CAIRN_DRAFT_H
#define CAIRN_DRAFT_H

#include "store/base/error.h"
#include "store/index/index.h"
#include "store/read/run.h"

/* Whose keys they are. */
struct draft_source {
    struct index *index; /* the store's, like the next */
    const struct log *log;
    const struct segment *segment;
    uint64_t horizon; /* where the log ended when the listing began */
};

/* Makes a run of runs before it (which stay the caller's) and of the records behind the last of them, or else
 * from `from` on, up to `covered`. Blocking. */
struct failure draft_run(const struct draft_source *source, struct run *const *before, size_t before_count,
                         uint64_t from, uint64_t covered, struct run **ret_run);

#endif
