/* quantile.c - goes through the buckets until enough are behind. See quantile.h. */
#include "api/live/quantile.h"

uint64_t quantile(const uint64_t *bounds, const uint64_t *counts, size_t buckets, unsigned percent)
{
    uint64_t all = 0, behind = 0;
    size_t i = 0;
    for (size_t k = 0; k < buckets; k++)
        all += counts[k];
    if (all == 0)
        return UINT64_MAX;
    uint64_t wanted = (all * percent + 99) / 100; /* at least one */
    for (; behind + counts[i] < wanted; i++)
        behind += counts[i];
    uint64_t lower = i == 0 ? 0 : bounds[i - 1];
    if (i == buckets - 1)
        return lower;
    return lower + (uint64_t)((double)(bounds[i] - lower) * (double)(wanted - behind) / (double)counts[i]);
}
