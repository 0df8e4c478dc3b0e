/* continuity.h - whether the segments of a log follow one behind the other, with nothing missing between them, in front
 * of the first, or behind the last: as a start finds it (recover.h), but from their headers alone.
 *
 * Thread: one.
 */
#ifndef CAIRN_CONTINUITY_H
#define CAIRN_CONTINUITY_H

#include "store/backup/inspection.h"
#include "store/backup/snapshot.h"
#include "store/log/reach.h"

struct continuity {
    const struct stage *stage; /* borrowed, like the next; the log of its draft is as it will be */
    const struct snapshot *files;
    struct inspection *inspection;
    uint64_t salt;
    uint64_t end; /* offset where the records of the last one end */
    bool begun;   /* it may be shorter than it was given: nothing but its first group was written (onset.h) */
    struct reach reach;
    bool same_reach; /* so it is in the copy that there is */
};

/* Judges each place where something is missing. Blocking. */
struct failure continuity_look(const struct continuity *continuity);

#endif
