#include "api/request/metrics.h"

#include <assert.h>

void metrics_count(struct metrics *metrics, enum method method, unsigned status)
{
    assert(method <= METHODS && status >= 200 && status < 600);
    atomic_fetch_add_explicit(&metrics->answers[method][status / 100 - 2], 1, memory_order_relaxed);
}

void metrics_count_eviction(struct metrics *metrics, enum api_eviction reason)
{
    assert(reason < API_EVICTIONS);
    atomic_fetch_add_explicit(&metrics->evictions[reason], 1, memory_order_relaxed);
}

void metrics_count_turned_away(struct metrics *metrics)
{
    atomic_fetch_add_explicit(&metrics->turned_away, 1, memory_order_relaxed);
}
