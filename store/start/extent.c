/* extent.c - up to where the records of a segment can count. See extent.h. */
#include "store/start/extent.h"

#include "store/log/record.h"

bool extent_is_told(const struct segment *segment, const struct segment *next)
{
    return next && next->number == segment->number + 1 + next->skipped;
}

bool extent_came_back(const struct segment *segment, const struct segment *next)
{
    return segment->number + next->skipped >= next->number;
}

uint64_t extent_limit(const struct segment *segment, const struct segment *next)
{
    uint64_t held = segment->prepared - segment->prepared % RECORD_ALIGNMENT;
    if (!next)
        return held;
    uint64_t end = extent_came_back(segment, next) ? next->base : next->front;
    uint64_t room = end > segment->base ? end - segment->base : 0;
    return room < held - SEGMENT_HEADER ? SEGMENT_HEADER + room : held;
}

bool extent_is_sealed(const struct segment *segment, const struct segment *next)
{
    return extent_is_told(segment, next) && !segment->headless && next->front >= segment->base &&
           segment_position(segment, next->front) == extent_limit(segment, next);
}
