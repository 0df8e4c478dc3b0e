/* summaries.h - what is made of each segment when it has been sealed: its summary, so that the next start need not read
 * it; and, while little is written, the file of its keys, so that the next listing need not. Then, where many
 * tombstones are in no run, the binder is asked: so that the next listing need not look at what they have ended.
 *
 * The records are read again and proved by their checks; of a segment in which that fails there is no summary. Where
 * the disk is full, or the file cannot be written, there is none before the next start.
 *
 * Thread: one for all stores of a depot, a segment at a time, so that all have their turns.
 */
#ifndef CAIRN_SUMMARIES_H
#define CAIRN_SUMMARIES_H

#include "store/base/errand.h"
#include "store/commit/gate.h"
#include "store/index/index.h"
#include "store/read/catalog.h"

struct summaries {
    struct index *index; /* the store's, like the next three */
    const struct log *log;
    const struct gate *gate;
    struct catalog *catalog;

    uint64_t next;  /* number of the segment whose keys are to be made next, or one in front of it; 0: not known yet */
    uint64_t end;   /* of the log, when that was looked at last, ... */
    int64_t looked; /* at this time of the monotonic clock */
    struct errand errand; /* makes one summary; asked for as the log grows */
};

/* Sets up the rest of one that has its parts; it runs on the depot's upkeep. */
void summaries_init(struct summaries *summaries, struct pool *upkeep);
void summaries_free(struct summaries *summaries);

/* Ends the making and waits for it. Thread: the one that closes the store. */
void summaries_stop(struct summaries *summaries);

#endif
