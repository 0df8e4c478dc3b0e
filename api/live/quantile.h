/* quantile.h - how much the most of many took, as far as counts in buckets tell. Thread: any. */
#ifndef CAIRN_API_QUANTILE_H
#define CAIRN_API_QUANTILE_H

#include <stddef.h>
#include <stdint.h>

/* A value such that `percent` of all are at most that: between the bounds of the bucket in which it falls, as if those
 * in it were spread evenly. bounds[i] is the upper bound of counts[i]; the last bucket has none, and counts as its
 * lower one. UINT64_MAX: there are none. */
uint64_t quantile(const uint64_t *bounds, const uint64_t *counts, size_t buckets, unsigned percent);

#endif
