/* stretch.c - what there is to read of a segment at a moment. */
#include "store/log/stretch.h"

/* The segment behind another, if the log had come to it. */
static const struct segment *next_at(const struct log *log, const struct segment *segment, uint64_t end)
{
    const struct segment *next = chain_next(&log->chain, segment);
    return next && next->base <= end ? next : NULL;
}

/* What lies between the records of a sealed segment and the next one's base was never of this log, or is lost. */
bool stretch_pin(const struct log *log, uint64_t number, uint64_t end, struct stretch *ret_stretch)
{
    struct segment *segment = chain_from(&log->chain, number);
    if (!segment || segment->base >= end)
        return false;
    segment_retain(segment);
    const struct segment *next = next_at(log, segment, end);
    uint64_t limit = segment_position(segment, next ? next->base : end);
    uint64_t records = (next || segment_is_husk(segment)) && segment->used < limit ? segment->used : limit;
    *ret_stretch = (struct stretch){.segment = segment,
                                    .next = segment->number + 1,
                                    .records = records,
                                    .limit = next && next->joined ? records : limit,
                                    .sealed = next != NULL};
    return true;
}

void stretch_release(const struct stretch *stretch)
{
    segment_release(stretch->segment);
}
