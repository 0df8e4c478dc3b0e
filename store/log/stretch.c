/* stretch.c - what there is to read of a segment at a moment. */
#include "store/log/stretch.h"

/* The segment behind another, if the log had come to it. */
static const struct segment *next_at(const struct log *log, const struct segment *segment, uint64_t end)
{
    const struct segment *next = log_next(log, segment);
    return next && next->base <= end ? next : NULL;
}

/* What lies between the records of a sealed segment and the next one's base was never of this log, or is lost. */
bool stretch_pin(const struct log *log, size_t slot, uint64_t end, struct stretch *ret_stretch)
{
    if (slot >= log->segment_count || log->segments[slot]->base >= end)
        return false;
    struct segment *segment = log_pin(log, (uint32_t)slot);
    const struct segment *next = next_at(log, segment, end);
    uint64_t limit = segment_position(segment, next ? next->base : end);
    uint64_t records = (next || segment_is_husk(segment)) && segment->used < limit ? segment->used : limit;
    *ret_stretch = (struct stretch){.segment = segment,
                                    .records = records,
                                    .limit = next && next->joined ? records : limit,
                                    .sealed = next != NULL};
    return true;
}

void stretch_release(const struct stretch *stretch)
{
    segment_release(stretch->segment);
}
