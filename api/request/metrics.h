/* metrics.h - what the HTTP side counts; GET /metrics tells it with the figures of the stores that are open.
 * Thread: any.
 */
#ifndef CAIRN_API_METRICS_H
#define CAIRN_API_METRICS_H

#include "api/api.h"
#include "api/http/method.h"

#include <stdatomic.h>
#include <stdint.h>

enum { METRICS_CLASSES = 4 }; /* 2xx to 5xx */

struct metrics {
    atomic_uint_fast64_t answers[METHODS + 1][METRICS_CLASSES]; /* the last row: unknown methods */
    atomic_uint_fast64_t evictions[API_EVICTIONS];
    atomic_uint_fast64_t turned_away; /* requests of guests */
};

/* Counts one answer. */
void metrics_count(struct metrics *metrics, enum method method, unsigned status);

/* Counts one connection that the service has ended. */
void metrics_count_eviction(struct metrics *metrics, enum api_eviction reason);

/* Counts one request of a connection that found no place. */
void metrics_count_turned_away(struct metrics *metrics);

#endif
