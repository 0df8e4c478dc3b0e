/* yield.c - what compacting a segment would give back. yield.h has the terms. */
#include "store/index/yield.h"

enum {
    WORTHWHILE_PART = 2, /* of a segment must be of no use: a half, ... */
    THOROUGH_PART = 8,   /* ... an eighth when the disk is full, or somebody asks for it */
};

bool yield_is_oldest(const struct index *index, const struct segment *segment)
{
    index_assert_locked(index);
    return chain_is_oldest(&index->log->chain, segment) && !damage_has_gaps(index);
}

bool yield_is_candidate(const struct index *index, const struct segment *segment)
{
    index_assert_locked(index);
    return !damage_has_gap_behind(index, segment->slot) && chain_is_sealed(&index->log->chain, segment) &&
           !segment_is_husk(segment) && !segment->keep;
}

bool yield_keeps_deletions(const struct index *index, const struct segment *segment)
{
    index_assert_locked(index);
    return segment->tombstones > 0 && segment->deleted >= index->deletions_kept;
}

uint64_t yield_records(const struct segment *segment)
{
    return segment_end(segment) - segment->base;
}

bool yield_leaves_sweeps(const struct index *index, const struct segment *segment)
{
    index_assert_locked(index);
    bool wide = segment->ends_others || damage_has_gaps(index);
    return wide && !segment_knows_namesakes(segment) && !yield_is_oldest(index, segment);
}

uint64_t yield_kept(const struct index *index, const struct segment *segment)
{
    index_assert_locked(index);
    uint64_t all = yield_records(segment);
    bool drops = yield_is_oldest(index, segment) && !yield_keeps_deletions(index, segment);
    uint64_t dead = segment->dead + (drops ? segment->tombstones : 0);
    uint64_t sweeps = yield_leaves_sweeps(index, segment) ? segment->puts * RECORD_SWEEP_LENGTH : 0;
    return (all > dead ? all - dead : 0) + sweeps;
}

uint64_t yield_useless(const struct index *index, const struct segment *segment)
{
    index_assert_locked(index);
    uint64_t all = yield_records(segment), kept = yield_kept(index, segment);
    return all > kept ? all - kept : 0;
}

/* Bytes of the disk that a segment takes: holes behind its records take none. */
static uint64_t taken(const struct index *index, const struct segment *segment)
{
    return index->log->io->holes ? SEGMENT_HEADER + yield_records(segment) : segment->prepared;
}

uint64_t yield_gain(const struct index *index, const struct segment *segment)
{
    uint64_t takes = taken(index, segment), keeps = yield_kept(index, segment) + SEGMENT_HEADER;
    return takes > keeps ? takes - keeps : 0;
}

bool yield_is_worthwhile(const struct index *index, const struct segment *segment, bool thorough)
{
    if (!yield_is_candidate(index, segment))
        return false;
    if (yield_useless(index, segment) * WORTHWHILE_PART >= yield_records(segment))
        return true;
    uint64_t tail = index->log->io->holes ? 0 : log_tail(segment); /* every segment has that much */
    uint64_t gained = yield_gain(index, segment);
    return (thorough || space_is_full(index->log->space)) && gained >= YIELD_GAIN_MIN + tail &&
           (gained - tail) * THOROUGH_PART >= taken(index, segment);
}

bool yield_may_be_worth_sealing(const struct index *index)
{
    index_assert_locked(index);
    const struct segment *active = chain_last(&index->log->chain);
    uint64_t records = active ? index->end_offset - active->base : 0;
    return records > 0 && (active->dead + active->tombstones) * THOROUGH_PART >= records;
}

bool yield_is_worth_sealing(const struct index *index, const struct segment *active, uint64_t cost)
{
    log_assert_own(index->log);
    index_assert_locked(index);
    uint64_t dead = yield_useless(index, active), takes = taken(index, active);
    return dead > 0 && dead * THOROUGH_PART >= yield_records(active) && takes > cost &&
           (takes - cost) * THOROUGH_PART >= takes;
}
