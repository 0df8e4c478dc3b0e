/* groups.c - the groups of a depot, lent to whoever has a turn. */
#include "store/commit/groups.h"

#include <stdlib.h>

void groups_init(struct groups *groups)
{
    *groups = (struct groups){0};
    lock_init(&groups->lock);
}

void groups_free(struct groups *groups)
{
    while (groups->count > 0)
        group_free(groups->idle[--groups->count]);
    lock_destroy(&groups->lock);
}

struct group *groups_take(struct groups *groups)
{
    struct group *group = NULL;
    lock_take(&groups->lock);
    if (groups->count > 0)
        group = groups->idle[--groups->count];
    lock_release(&groups->lock);
    return group ? group : group_new();
}

void groups_give(struct groups *groups, struct group *group)
{
    lock_take(&groups->lock);
    bool kept = groups->count < GROUPS_MAX;
    if (kept)
        groups->idle[groups->count++] = group;
    lock_release(&groups->lock);
    if (!kept)
        group_free(group);
}
