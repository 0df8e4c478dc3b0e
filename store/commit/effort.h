/* effort.h - what the group commits of all stores of a depot cost and bring, since it was opened.
 *
 * Thread: any.
 */
#ifndef CAIRN_EFFORT_H
#define CAIRN_EFFORT_H

#include "store/base/tally.h"

#include <stdbool.h>

struct effort {
    struct tally syncs;         /* of logs: nanoseconds of each, those that failed included */
    struct tally bytes;         /* of records in a commit */
    struct tally records;       /* in a commit */
    atomic_uint_fast64_t small; /* commits that somebody waited for who wrote no file before */
};

void effort_init(struct effort *effort);

/* Whether a log has been synced since the caller asked last; and how many small commits there were, to which bulk that
 * is written meanwhile should leave the disk. *seen is the caller's, for one of the two alone; 0 at first. */
bool effort_goes_on(const struct effort *effort, uint64_t *seen);
uint64_t effort_small_since(const struct effort *effort, uint64_t *seen);

#endif
