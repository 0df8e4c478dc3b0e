/* rewrite.h - the compaction of one segment: what is of use in it is written again.
 *
 * Thread: the depot's upkeep.
 */
#ifndef CAIRN_REWRITE_H
#define CAIRN_REWRITE_H

#include "store/base/error.h"
#include "store/commit/writer.h"
#include "store/index/horizon.h"
#include "store/read/object.h"

#include <stdatomic.h>

/* What it takes: parts of a store. */
struct rewriter {
    struct index *index;
    struct log *log;
    struct writer *writer;
    const struct reader *reader;
    struct horizon *horizon;
    atomic_uint_fast64_t *commits; /* of records written again, counted before they are published */
    bool (*stopping)(void *arg);   /* whether it is to end */
    void *arg;
};

/* Has all that is of use in a segment written again. *ret_unreadable: it cannot be read, and trying again is of no use.
 * STORE_DRAINING: it was to end. Blocking. */
struct failure rewrite_segment(const struct rewriter *rewriter, struct segment *segment, bool *ret_unreadable);

#endif
