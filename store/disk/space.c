/* space.c - the space of a depot's disk: who may have what is left. space.h tells the story. */
#include "store/disk/space.h"

#include "store/base/clock.h"
#include "store/base/error.h"

#include <assert.h>

enum {
    FRESH_MS = 100,
    WATCH_MS = 1000,
    LITTLE = 2 * SPACE_SEGMENT_FIRST, /* with less a disk is full: the next small put may be refused */
    FILL_STEP = 4 << 20,
    SHARE_MAX = 128 << 20, /* of the reserve's file for deletes: more only keeps space from puts */
};

static int64_t milliseconds(void)
{
    return clock_now(CLOCK_MONOTONIC_COARSE) / CLOCK_MILLISECOND;
}

/* ---- figures --------------------------------------------------------------------------------- */

static bool ask_free(struct space *space, uint64_t *ret_bytes)
{
    if (space->io->free_bytes(space->io->self, space->folder, ret_bytes) < 0)
        return false;
    atomic_store(&space->free_bytes, *ret_bytes);
    atomic_store(&space->free_asked, milliseconds());
    return true;
}

uint64_t space_free_bytes(struct space *space)
{
    uint64_t free_bytes;
    return ask_free(space, &free_bytes) ? free_bytes : UINT64_MAX;
}

uint64_t space_reserve_bytes(const struct space *space)
{
    return reserve_size(&space->reserve);
}

static uint64_t less(uint64_t from, uint64_t bytes)
{
    return from > bytes ? from - bytes : 0;
}

static uint64_t smallest(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* A file of a place that has holes keeps nothing: there puts leave all of the reserve free. */
static bool keeps_a_file(const struct space *space)
{
    return space->wanted > 0 && !space->io->holes;
}

/* Bytes that the reserve's file should have for segments of so many bytes: the largest one's for compaction, and a
 * share for deletes. Where there is little in the stores they cannot need much. */
static uint64_t target_for(const struct space *space, uint64_t covered)
{
    if (!keeps_a_file(space))
        return 0;
    return atomic_load(&space->largest) + smallest(smallest(space->wanted / 2, covered), SHARE_MAX);
}

static uint64_t target_of(const struct space *space)
{
    return target_for(space, atomic_load(&space->covered));
}

/* What it gets when it has less: an eighth more, lest each of thousands of small stores costs a sync of it. */
static uint64_t target_ahead(const struct space *space)
{
    uint64_t covered = atomic_load(&space->covered);
    return target_for(space, covered + covered / 8);
}

/* Bytes that puts have to leave beside the reserve's file. */
static uint64_t lacking(const struct space *space)
{
    uint64_t target = target_of(space);
    return less(target > space->wanted ? target : space->wanted, reserve_size(&space->reserve));
}

bool space_affords(struct space *space, uint64_t bytes)
{
    uint64_t free_bytes;
    return !ask_free(space, &free_bytes) || free_bytes >= lacking(space) + bytes;
}

bool space_affords_segment(struct space *space, uint64_t bytes)
{
    return space_affords(space, space->wanted ? bytes : bytes + atomic_load(&space->largest));
}

bool space_has(struct space *space, uint64_t bytes)
{
    const uint64_t plenty = (uint64_t)1 << 30; /* so far from the edge that an old figure will do */
    uint64_t wanted = bytes + lacking(space);
    bool fresh = milliseconds() - atomic_load(&space->free_asked) < FRESH_MS;
    if (fresh && atomic_load(&space->free_bytes) > wanted + plenty)
        return true;
    if (space_affords(space, bytes))
        return true;
    if (!space_affords(space, LITTLE)) /* else it is only too much that is asked for */
        space_met_full(space);
    return false;
}

/* Where writes are forced it is the reserve at least, whoever has used up what puts have left of it: else nothing would
 * ever come back. */
uint64_t space_within_reach(struct space *space)
{
    const uint64_t unknown = (uint64_t)1 << 62; /* the write itself will tell */
    uint64_t free_bytes;
    uint64_t reach = (ask_free(space, &free_bytes) ? free_bytes : unknown) + reserve_size(&space->reserve);
    return space->io->forced && reach < space->wanted ? space->wanted : reach;
}

uint64_t space_for_deletes(struct space *space)
{
    return less(space_within_reach(space), atomic_load(&space->largest));
}

uint64_t space_segment_size(uint64_t reserve, uint64_t size)
{
    uint64_t half = reserve / 2;
    if (!reserve || size <= half)
        return size;
    return smallest(size, half > SPACE_SEGMENT_FIRST ? half : SPACE_SEGMENT_FIRST);
}

uint64_t space_segment_limit(const struct space *space, uint64_t size)
{
    return space_segment_size(space->wanted, size);
}

/* ---- the reserve ----------------------------------------------------------------------------- */

/* Makes the reserve as large as it should be, or as the disk allows. Thread: the upkeep's. */
static void fill_reserve(struct space *space)
{
    uint64_t free_bytes;
    uint64_t step;
    int error = 0;
    assert(pool_is_current(space->upkeep));
    do {
        uint64_t lacks = less(target_ahead(space), reserve_size(&space->reserve));
        step = lacks > 0 && ask_free(space, &free_bytes) ? smallest(smallest(lacks, free_bytes), FILL_STEP) : 0;
        step -= step % IO_BLOCK; /* parts of blocks are never free */
        error = step > 0 ? reserve_grow(&space->reserve, step) : 0;
    } while (step > 0 && !error && !atomic_load(&space->closing));
}

static int run_fill(void *arg)
{
    struct space *space = arg;
    fill_reserve(space);
    return ERRAND_DONE;
}

void space_cover(struct space *space, uint64_t bytes)
{
    uint64_t largest = atomic_load(&space->largest);
    while (bytes > largest && !atomic_compare_exchange_weak(&space->largest, &largest, bytes)) {
    }
    atomic_fetch_add(&space->covered, bytes);
    if (target_of(space) > reserve_size(&space->reserve))
        (void)errand_ask(&space->fill);
}

/* ---- episodes -------------------------------------------------------------------------------- */

bool space_is_full(const struct space *space)
{
    return atomic_load(&space->full);
}

void space_met_full(struct space *space)
{
    atomic_store(&space->last_met, milliseconds());
    if (atomic_exchange(&space->full, true))
        return;
    uint64_t free_bytes = 0;
    (void)ask_free(space, &free_bytes);
    notice_tell(
        space->notice, STORE_LOG_WARNING,
        "the disk is full: puts are refused until there is space; for deletes and compaction there are %llu free "
        "bytes and %llu in the file reserve",
        (unsigned long long)free_bytes, (unsigned long long)reserve_size(&space->reserve));
    (void)errand_ask(&space->watch);
}

/* Whoever asks has met a full disk: the watch sees to it that the reserve is made whole again. */
bool space_give(struct space *space, uint64_t bytes)
{
    space_met_full(space);
    return reserve_give(&space->reserve, bytes);
}

/* Whether the disk has what it should, and nobody has found otherwise for a while: a quota shows in failures only. */
static bool is_over(struct space *space)
{
    return milliseconds() - atomic_load(&space->last_met) >= WATCH_MS && space_affords_segment(space, LITTLE);
}

/* Once a second as long as the episode lasts. Thread: the upkeep's. */
static int run_watch(void *arg)
{
    struct space *space = arg;
    fill_reserve(space);
    if (is_over(space)) {
        atomic_store(&space->full, false);
        notice_tell(space->notice, STORE_LOG_INFO, "the disk has space again: puts go on");
    }
    space_want(space);
    return space_is_full(space) ? WATCH_MS : ERRAND_DONE;
}

void space_tell(struct space *space, struct store_detail *ret_detail)
{
    failure_detail(ret_detail, failure_none(), "%s", "");
    if (!space_has(space, LITTLE) || space_is_full(space))
        failure_detail(ret_detail, failure_of(STORE_FULL), "the disk is full: puts are refused until there is space");
}

/* ---- compaction and those who wait for it ---------------------------------------------------- */

/* All compactions have found nothing more: whoever waits has a last try. */
static int run_rest(void *arg)
{
    struct space *space = arg;
    if (atomic_load(&space->compacting) == 0)
        space->hooks.retry(space->hooks.arg, true);
    return ERRAND_DONE;
}

/* Comes behind the compaction that asks for it, on the one thread that both run on. */
void space_rest(struct space *space)
{
    assert(pool_is_current(space->upkeep));
    if (space_is_waited_for(space))
        (void)errand_ask(&space->rest);
}

void space_came_back(struct space *space)
{
    assert(pool_is_current(space->upkeep));
    if (space_is_full(space))
        fill_reserve(space);
    if (space_is_waited_for(space))
        space->hooks.retry(space->hooks.arg, false);
}

void space_want(struct space *space)
{
    space->hooks.compact(space->hooks.arg);
}

void space_wait_begins(struct space *space)
{
    atomic_fetch_add(&space->waiting, 1);
}

void space_waits_end(struct space *space, size_t count)
{
    atomic_fetch_sub(&space->waiting, count);
}

bool space_is_waited_for(const struct space *space)
{
    return atomic_load(&space->waiting) > 0;
}

/* ---- beginning and end ----------------------------------------------------------------------- */

/* A disk that is so from the beginning is too small for the reserve that was asked for, or others have filled it. */
static void warn_if_scarce(struct space *space)
{
    uint64_t free_bytes;
    if (!space->wanted || space_affords(space, LITTLE) || !ask_free(space, &free_bytes))
        return;
    notice_tell(
        space->notice, STORE_LOG_WARNING,
        "the disk has %llu bytes free, and %llu are to be left to deletes and compaction: puts are refused until "
        "there is more space or the disk reserve is set smaller",
        (unsigned long long)free_bytes, (unsigned long long)lacking(space));
}

void space_init(struct space *space, const struct services *services, int folder, const struct space_hooks *hooks)
{
    const struct depot_options *options = services->options;
    *space = (struct space){.notice = &services->notice,
                            .hooks = *hooks,
                            .upkeep = services->upkeep,
                            .io = options->io,
                            .folder = folder,
                            .wanted = options->read_only ? 0 : options->disk_reserve};
    errand_init(&space->watch, services->upkeep, run_watch, space, NULL);
    errand_init(&space->fill, services->upkeep, run_fill, space, NULL);
    errand_init(&space->rest, services->upkeep, run_rest, space, NULL);
    if (!options->read_only && !options->disk_reserve)
        reserve_remove(space->io, folder);
    reserve_init(&space->reserve, space->io, folder, keeps_a_file(space));
    warn_if_scarce(space);
}

void space_close(struct space *space)
{
    atomic_store(&space->closing, true);
    (void)errand_end(&space->rest);
    (void)errand_end(&space->watch);
    (void)errand_end(&space->fill);
}

void space_free(struct space *space)
{
    errand_free(&space->rest);
    errand_free(&space->watch);
    errand_free(&space->fill);
    reserve_free(&space->reserve);
}
