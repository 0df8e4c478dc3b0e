/* groups.h - the groups of a depot: as many as there are threads that commit at once, lent to whoever has a turn.
 *
 * Thread: any.
 */
#ifndef CAIRN_GROUPS_H
#define CAIRN_GROUPS_H

#include "store/base/lock.h"
#include "store/commit/group.h"

enum { GROUPS_MAX = 256 }; /* that are kept */

struct groups {
    struct lock lock;
    size_t count;
    struct group *idle[GROUPS_MAX]; /* the one that came back last is taken first: it is still in the cache */
};

void groups_init(struct groups *groups);

/* When all have come back. */
void groups_free(struct groups *groups);

/* An empty group, whose it is until it is given back, empty; NULL when memory is out. */
struct group *groups_take(struct groups *groups);
void groups_give(struct groups *groups, struct group *group);

#endif
