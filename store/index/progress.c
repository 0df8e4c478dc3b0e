/* progress.c - how far a store has come, told to the file reach. */
#include "store/index/progress.h"

#include "store/base/clock.h"
#include "store/base/error.h"

#include <assert.h>
#include <string.h>
#include <time.h>

enum { MOMENT = 5 }; /* milliseconds from one try to the next, while descriptors are out */

/* The number of the first segment that counts. Where something is missing it may be in front of the first that is
 * there. Lock held. */
static uint64_t oldest_now(const struct progress *progress)
{
    const struct chain *chain = &progress->log->chain;
    index_assert_locked(progress->index);
    bool unknown = damage_has_gaps(progress->index) || chain->oldest == chain->count;
    return unknown ? progress->told.oldest : chain->segments[chain->oldest]->number;
}

static bool is_told(const struct progress *progress, const struct reach *now)
{
    const struct reach *told = &progress->told;
    return !progress->unwritten && now->offset == told->offset && now->segment == told->segment &&
           now->oldest == told->oldest && now->blob == told->blob;
}

/* What can be said of the log: false when that is nothing. */
static bool find_reach(const struct progress *progress, bool another_segment, struct reach *ret_reach)
{
    const struct chain *chain = &progress->log->chain;
    index_lock_shared(progress->index);
    const struct segment *last = chain_last(chain);
    *ret_reach = (struct reach){.offset = progress->index->end_offset,
                                .segment = last ? last->number : 0,
                                .oldest = oldest_now(progress),
                                .blob = atomic_load(&progress->blobs->next)};
    /* Where the end of the log is lost, nothing has been written yet up to where it goes on. And of a log in which
     * nothing stands yet nothing may be on disk, not even the name of its first segment. */
    bool sure = last && last->base >= progress->resumed && ret_reach->offset > 0;
    /* A log that fits into one file is small: it can wait until it is closed. */
    if (another_segment)
        sure = sure && chain->count > 1 && last->number > progress->told.segment;
    index_unlock(progress->index);
    return sure;
}

bool progress_waits(int error, uint64_t patience, uint64_t *waited)
{
    const struct timespec moment = {.tv_nsec = MOMENT * CLOCK_MILLISECOND};
    if (!store_error_is_shortage(STORE_IO, error) || *waited >= patience)
        return false;
    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, NULL);
    *waited += MOMENT;
    return true;
}

static int write_with_room(const struct progress *progress, const struct reach *reach)
{
    const struct log *log = progress->log;
    uint64_t waited = 0;
    int error;
    do
        error = reach_write(log->io, log->folder, log->salt, reach);
    while (progress_waits(error, progress->patience, &waited));
    return error;
}

static void update(struct progress *progress, bool another_segment)
{
    struct reach reach;
    if (!find_reach(progress, another_segment, &reach) || is_told(progress, &reach))
        return;
    int error = write_with_room(progress, &reach);
    if (error && !progress->troubled)
        notice_tell(progress->notice, STORE_LOG_WARNING,
                    "file reach cannot be written: %s; a later loss of the end of its log may not be noticed",
                    strerror(error));
    progress->troubled = error != 0;
    if (error)
        return;
    progress->told = reach;
    progress->unwritten = false;
}

void progress_remember(struct progress *progress, const struct progress_left *left)
{
    log_assert_unowned(progress->log);
    progress->told = left->reach;
    progress->remembered = left->reach.segment > 0;
    progress->unwritten = progress->remembered && !left->told;
}

struct failure progress_recall(struct progress *progress)
{
    const struct log *log = progress->log;
    log_assert_unowned(log);
    if (progress->remembered)
        return failure_none();
    struct failure failure = reach_read(log->io, log->folder, log->salt, &progress->told);
    progress->illegible = failure.error != STORE_OK;
    return failure;
}

bool progress_was_told(const struct progress *progress)
{
    return progress->told.segment > 0 || progress->illegible;
}

void progress_doubt_oldest(struct progress *progress)
{
    log_assert_unowned(progress->log);
    progress->told.oldest = 0;
}

void progress_lost_end(struct progress *progress, uint64_t resumed)
{
    log_assert_unowned(progress->log);
    progress->resumed = resumed;
}

void progress_conclude(struct progress *progress)
{
    log_assert_concluded(progress->log);
    update(progress, false);
}

struct progress_left progress_leave(struct progress *progress)
{
    const struct log *log = progress->log;
    struct progress_left left = {.salt = log->salt};
    log_assert_concluded(log);
    if (atomic_load(&log->names_doubtful) || !find_reach(progress, false, &left.reach))
        return (struct progress_left){0};
    left.told = is_told(progress, &left.reach);
    return left;
}

void progress_follow(struct progress *progress)
{
    assert(pool_is_current(progress->upkeep));
    update(progress, true);
}
