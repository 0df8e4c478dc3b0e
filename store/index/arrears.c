/* arrears.c - how far compaction is behind, and for how long writers wait. See arrears.h. */
#include "store/index/arrears.h"

#include "store/index/yield.h"

enum {
    MARGIN_SEGMENTS = 4, /* some are always being compacted, or about to be */
    MARGIN_MIN = 16 << 20,
    REST_MAX = 50, /* milliseconds */
};

/* Bytes of dead records that are more than half of all that the segments hold which can be compacted. Lock held. */
static uint64_t find_overdue(const struct index *index)
{
    const struct chain *chain = &index->log->chain;
    uint64_t records = 0, useless = 0;
    index_assert_locked(index);
    for (size_t at = chain->oldest; at < chain->count; at++) {
        const struct segment *segment = chain->segments[at];
        if (!yield_is_candidate(index, segment))
            continue;
        records += yield_records(segment);
        useless += yield_useless(index, segment);
    }
    return 2 * useless > records ? 2 * useless - records : 0;
}

int arrears_rest_for(uint64_t overdue, uint64_t tolerated, uint64_t segment_size)
{
    uint64_t margin = MARGIN_SEGMENTS * segment_size;
    if (margin < MARGIN_MIN)
        margin = MARGIN_MIN;
    if (overdue <= tolerated || overdue - tolerated <= margin)
        return 0;
    uint64_t beyond = overdue - tolerated - margin;
    return beyond > margin ? ARREARS_STOP : (int)(1 + beyond * (REST_MAX - 1) / margin);
}

/* Lock held. */
static void settle(struct arrears *arrears)
{
    int rest = arrears_rest_for(arrears->overdue, arrears->tolerated, arrears->index->log->segment_size);
    atomic_store(&arrears->rest, rest);
}

static void look(struct arrears *arrears, bool tolerate)
{
    struct index *index = arrears->index;
    lock_take(&arrears->lock);
    index_lock_shared(index);
    arrears->overdue = find_overdue(index);
    index_unlock(index);
    if (tolerate || arrears->overdue < arrears->tolerated)
        arrears->tolerated = arrears->overdue;
    settle(arrears);
    lock_release(&arrears->lock);
}

void arrears_init(struct arrears *arrears)
{
    lock_init(&arrears->lock);
    arrears->tolerated = UINT64_MAX;
}

void arrears_free(struct arrears *arrears)
{
    lock_destroy(&arrears->lock);
}

void arrears_look(struct arrears *arrears)
{
    look(arrears, false);
}

void arrears_tolerate(struct arrears *arrears)
{
    look(arrears, true);
}

void arrears_end(struct arrears *arrears)
{
    atomic_store(&arrears->ended, true);
}

uint64_t arrears_overdue(struct arrears *arrears)
{
    lock_take(&arrears->lock);
    uint64_t overdue = arrears->overdue, tolerated = arrears->tolerated;
    lock_release(&arrears->lock);
    return overdue > tolerated ? overdue - tolerated : 0;
}

int arrears_rest(const struct arrears *arrears)
{
    return atomic_load(&arrears->ended) ? 0 : atomic_load(&arrears->rest);
}
