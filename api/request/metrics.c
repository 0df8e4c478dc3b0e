/* metrics.c - shards of atomic counters, added up when somebody reads. See metrics.h. */
#include "api/request/metrics.h"

#include <assert.h>
#include <limits.h>

#define MILLISECOND INT64_C(1000000)
#define SECOND      (1000 * MILLISECOND)

const int64_t metrics_bounds[METRICS_BUCKETS] = {
    MILLISECOND / 10,  MILLISECOND / 4,  MILLISECOND / 2,  MILLISECOND,      5 * MILLISECOND / 2,
    5 * MILLISECOND,   10 * MILLISECOND, 25 * MILLISECOND, 50 * MILLISECOND, 100 * MILLISECOND,
    250 * MILLISECOND, SECOND / 2,       SECOND,           10 * SECOND,      60 * SECOND};

static void add(atomic_uint_fast64_t *counter, uint64_t count)
{
    atomic_fetch_add_explicit(counter, count, memory_order_relaxed);
}

static struct metrics_shard *own_shard(struct metrics *metrics)
{
    return &metrics->shards[shard_own()];
}

/* ---- statuses -------------------------------------------------------------------------------- */

/* Of each class the first so many statuses have places of their own, behind two for no status and for all others. */
enum { PLACE_NONE, PLACE_OTHER, PLACES_FIRST };
static const size_t widths[METRICS_CLASSES] = {8, 9, 32, 12};

static size_t place_of(unsigned status)
{
    size_t first = PLACES_FIRST, class = status / 100 - 2;
    if (status == 0)
        return PLACE_NONE;
    if (status < 200 || class >= METRICS_CLASSES || status % 100 >= widths[class])
        return PLACE_OTHER;
    for (size_t i = 0; i < class; i++)
        first += widths[i];
    return first + status % 100;
}

bool metrics_status(size_t place, unsigned *ret_status)
{
    if (place < PLACES_FIRST) {
        *ret_status = place == PLACE_NONE ? 0 : UINT_MAX;
        return true;
    }
    place -= PLACES_FIRST;
    for (unsigned class = 0; class < METRICS_CLASSES; class ++) {
        if (place < widths[class]) {
            *ret_status = 100 * (class + 2) + (unsigned)place;
            return true;
        }
        place -= widths[class];
    }
    return false;
}

/* ---- counting -------------------------------------------------------------------------------- */

uint64_t metrics_begin(struct metrics *metrics)
{
    struct metrics_shard *shard = own_shard(metrics);
    uint64_t before = atomic_fetch_add_explicit(&shard->requests, 1, memory_order_relaxed);
    return before * SHARDS + (uint64_t)(shard - metrics->shards);
}

void metrics_count(struct metrics *metrics, enum method method, unsigned status, enum problem problem)
{
    assert(method <= METHODS && status >= 200 && status < 600);
    struct metrics_shard *shard = own_shard(metrics);
    add(&shard->answers[method][status / 100 - 2], 1);
    if (problem != PROBLEMS)
        add(&shard->problems[problem], 1);
}

void metrics_end(struct metrics *metrics, const struct metrics_request *request)
{
    assert(request->route <= METRICS_ROUTES);
    struct metrics_route *route = &own_shard(metrics)->routes[request->route];
    size_t bucket = 0;
    while (bucket < METRICS_BUCKETS && request->nanoseconds > metrics_bounds[bucket])
        bucket++;
    add(&route->statuses[place_of(request->status)], 1);
    add(&route->buckets[bucket], 1);
    add(&route->nanoseconds, (uint64_t)request->nanoseconds);
    if (request->received > 0)
        add(&route->received, request->received);
    if (request->sent > 0)
        add(&route->sent, request->sent);
}

void metrics_count_eviction(struct metrics *metrics, enum api_eviction reason)
{
    assert(reason < API_EVICTIONS);
    add(&own_shard(metrics)->evictions[reason], 1);
}

void metrics_count_turned_away(struct metrics *metrics)
{
    add(&own_shard(metrics)->turned_away, 1);
}

/* ---- reading --------------------------------------------------------------------------------- */

static_assert(sizeof(struct metrics_shard) % sizeof(atomic_uint_fast64_t) == 0, "a shard is counters only");

/* A shard is nothing but counters. */
void metrics_sum(struct metrics *metrics, struct metrics_shard *ret_sum)
{
    enum { COUNTERS = sizeof *ret_sum / sizeof(atomic_uint_fast64_t) };
    atomic_uint_fast64_t *sums = (atomic_uint_fast64_t *)ret_sum;
    for (size_t i = 0; i < COUNTERS; i++)
        atomic_init(&sums[i], 0);
    for (size_t shard = 0; shard < SHARDS; shard++) {
        atomic_uint_fast64_t *counters = (atomic_uint_fast64_t *)&metrics->shards[shard];
        for (size_t i = 0; i < COUNTERS; i++)
            add(&sums[i], atomic_load_explicit(&counters[i], memory_order_relaxed));
    }
}
