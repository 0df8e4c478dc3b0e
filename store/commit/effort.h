/* effort.h - what the group commits of all stores of a depot cost and bring, since it was opened.
 *
 * Thread: any.
 */
#ifndef CAIRN_EFFORT_H
#define CAIRN_EFFORT_H

#include "store/base/tally.h"

struct effort {
    struct tally syncs;   /* of logs: nanoseconds of each, those that failed included */
    struct tally bytes;   /* of records in a commit */
    struct tally records; /* in a commit */
};

void effort_init(struct effort *effort);

#endif
