/* metrics.h - what the HTTP side counts; GET /metrics tells it with the figures of the stores.
 *
 * Each thread counts in a shard of its own, so that no two write into one line of the cache; whoever reads adds them
 * up. More threads than shards share them, and count no less right.
 *
 * Thread: any.
 */
#ifndef CAIRN_API_METRICS_H
#define CAIRN_API_METRICS_H

#include "api/api.h"
#include "api/http/method.h"
#include "api/http/problem.h"
#include "api/request/shard.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    METRICS_CLASSES = 4,   /* 2xx to 5xx */
    METRICS_STATUSES = 64, /* more than there are */
    METRICS_BUCKETS = 15,
    METRICS_ROUTES = 63, /* the most lines in the table of routes */
};

/* The upper bounds of the buckets that durations are counted in, in nanoseconds; one more is for what took longer. */
extern const int64_t metrics_bounds[METRICS_BUCKETS];

/* What became of requests to one line of the table of routes. */
struct metrics_route {
    atomic_uint_fast64_t statuses[METRICS_STATUSES]; /* metrics_status() says of which */
    atomic_uint_fast64_t buckets[METRICS_BUCKETS + 1];
    atomic_uint_fast64_t nanoseconds;
    atomic_uint_fast64_t received, sent; /* bytes of bodies, bytes of answers without their heads */
};

struct metrics_shard {
    _Alignas(64) atomic_uint_fast64_t requests;                 /* begun */
    atomic_uint_fast64_t answers[METHODS + 1][METRICS_CLASSES]; /* the last row: unknown methods */
    atomic_uint_fast64_t problems[PROBLEMS];
    atomic_uint_fast64_t evictions[API_EVICTIONS];
    atomic_uint_fast64_t turned_away;                /* requests of guests */
    struct metrics_route routes[METRICS_ROUTES + 1]; /* the last one: what leads nowhere */
};

struct metrics {
    struct metrics_shard shards[SHARDS];
};

/* A request that is over. */
struct metrics_request {
    size_t route;    /* its line in the table, METRICS_ROUTES: none */
    unsigned status; /* 0: it was not answered */
    int64_t nanoseconds;
    uint64_t received, sent;
};

/* Counts a request that begins, and returns a number that no other one has. */
uint64_t metrics_begin(struct metrics *metrics);

/* Counts one answer, and the problem that it tells of; PROBLEMS: none. */
void metrics_count(struct metrics *metrics, enum method method, unsigned status, enum problem problem);

/* Counts a request that is over. */
void metrics_end(struct metrics *metrics, const struct metrics_request *request);

/* Counts one connection that the service has ended. */
void metrics_count_eviction(struct metrics *metrics, enum api_eviction reason);

/* Counts one request of a connection that found no place. */
void metrics_count_turned_away(struct metrics *metrics);

/* The status that is counted in that place, 0 for none, UINT_MAX for all that have no place of their own. False when
 * nothing is counted there. */
bool metrics_status(size_t place, unsigned *ret_status);

/* All shards together. `ret_sum` is large: not for the stack. */
void metrics_sum(struct metrics *metrics, struct metrics_shard *ret_sum);

#endif
