/* roster_room.c - room for those who want descriptors. See roster_room.h. */
#include "store/depot/roster_room.h"

#include "store/base/clock.h"
#include "store/depot/roster_closing.h"

#include <assert.h>

/* Waits until one of the stores that are being closed is; false: none is, or it takes too long. Closing opens nothing,
 * so it waits for nobody who waits here. Lock held. */
static bool await_left(struct roster *roster)
{
    int64_t patience = (int64_t)roster->services->options->shortage_patience * CLOCK_MILLISECOND;
    const struct timespec until = clock_timespec(clock_now(CLOCK_MONOTONIC) + patience);
    uint64_t left = roster->left;
    assert(lock_is_mine(&roster->lock));
    while (roster->leaving > 0 && roster->left == left && lock_wait_until(&roster->lock, &roster->vacated, &until))
        continue;
    return roster->left != left;
}

/* Not on the upkeep's thread: closing waits for what that has to do for the store. */
bool roster_make_room(struct roster *roster)
{
    if (pool_is_current(roster->services->upkeep))
        return false;
    lock_take(&roster->lock);
    struct roster_entry *idle = roster_dispensable(roster);
    bool made = idle || await_left(roster);
    if (idle)
        roster_begin_closing(idle);
    lock_release(&roster->lock);
    if (idle)
        roster_close_for_now(idle);
    return made;
}

bool roster_make_room_soon(struct roster *roster, size_t files)
{
    struct roster_entry *idle;
    lock_take(&roster->lock);
    while (roster->leaving * ROSTER_FILES_LEAST < files && (idle = roster_dispensable(roster))) {
        roster_begin_closing(idle);
        idle->job = (struct pool_job){.run = roster_close_for_now, .arg = idle};
        pool_submit(roster->services->closers, &idle->job);
    }
    bool some = roster->leaving > 0;
    lock_release(&roster->lock);
    return some;
}
