/* measure.h - makes rows of figures: what has come to the counters of the server since the row before.
 *
 * Thread: one of the engine's at a time; a row takes the time of a few calls of the system.
 */
#ifndef CAIRN_API_MEASURE_H
#define CAIRN_API_MEASURE_H

#include "api/live/history.h"
#include "api/request/traffic.h"
#include "store/store.h"

struct api;

/* What a store's figures were when they were last looked at. */
struct measure_store {
    uint64_t number; /* of the seat, when it was this store's */
    bool known;
    uint64_t commits, records, end_offset;
    uint64_t gauges[COLUMNS]; /* those of its row before */
};

struct measure {
    struct api *api;
    uint64_t bounds[TRAFFIC_BUCKETS];
    struct traffic_sum passed[TRAFFIC_SEATS + 1]; /* by the row before */
    struct depot_figures figures;                 /* the same */
    struct measure_store stores[TRAFFIC_SEATS];
};

struct measure_rows {
    struct history_row all;
    struct history_row stores[TRAFFIC_SEATS];
    struct traffic_seat seats[TRAFFIC_SEATS]; /* whose they are */
    bool taken[TRAFFIC_SEATS];                /* it is somebody's */
};

/* From here on. */
void measure_init(struct measure *measure, struct api *api);

/* The rows of what has been since. */
void measure_take(struct measure *measure, struct measure_rows *ret_rows);

#endif
