/* outline.h - the rows of the segments of a copy that is being made, one after the other: from the summary that the
 * source has of it, else from its records.
 *
 * Thread: one.
 */
#ifndef CAIRN_OUTLINE_H
#define CAIRN_OUTLINE_H

#include "store/backup/stage.h"
#include "store/log/cursor.h"
#include "store/log/rows.h"

struct outline {
    const struct stage *stage; /* borrowed, like the next */
    struct cursor *cursor;
    uint64_t salt;
    uint64_t last;     /* number of the last segment ... */
    uint64_t last_end; /* ... and the position where its records end */
    uint64_t from;     /* segments of lower numbers are left out */
};

/* What a segment tells. */
struct outline_part {
    uint64_t number;
    uint64_t base;
    bool knows_namesakes; /* segment.h */
    struct rows rows;     /* in any order; of those that count */
};

/* Reads the rows of each segment of the draft, in order, and hands them on; false from there ends it with
 * STORE_NO_MEMORY. Blocking. */
struct failure outline_read(const struct outline *outline, bool (*take)(void *arg, const struct outline_part *part),
                            void *arg);

#endif
