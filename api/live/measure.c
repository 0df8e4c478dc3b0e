/* measure.c - differences of counters, and what is so at this moment. See measure.h. */
#include "api/live/measure.h"

#include "api/live/quantile.h"
#include "api/request/core.h"

#include <string.h>
#include <time.h>

enum { MICROSECOND = 1000 };

/* ---- what has passed ----------------------------------------------------------------------------- */

/* Microseconds. */
static uint64_t quantile_of(const uint64_t *bounds, const uint64_t *counts, size_t buckets, unsigned percent)
{
    uint64_t nanoseconds = quantile(bounds, counts, buckets, percent);
    return nanoseconds == UINT64_MAX ? HISTORY_UNKNOWN : nanoseconds / MICROSECOND;
}

static void write_passed(const struct measure *measure, const struct traffic_sum *passed, struct history_row *row)
{
    uint64_t *values = row->values, counts[TRAFFIC_BUCKETS];
    const uint64_t *kinds = passed->kinds;
    values[COLUMN_READS] = kinds[TRAFFIC_READS];
    values[COLUMN_WRITES] = kinds[TRAFFIC_WRITES];
    values[COLUMN_DELETES] = kinds[TRAFFIC_DELETES];
    values[COLUMN_OTHERS] = kinds[TRAFFIC_OTHERS];
    values[COLUMN_REQUESTS] = kinds[TRAFFIC_READS] + kinds[TRAFFIC_WRITES] + kinds[TRAFFIC_DELETES] +
                              kinds[TRAFFIC_OTHERS];
    values[COLUMN_REFUSED] = passed->refused;
    values[COLUMN_ERRORS] = passed->failed;
    values[COLUMN_BYTES_IN] = passed->received;
    values[COLUMN_BYTES_OUT] = passed->sent;
    for (size_t i = 0; i < TRAFFIC_BUCKETS; i++)
        counts[i] = passed->took[i];
    values[COLUMN_P50] = quantile_of(measure->bounds, counts, TRAFFIC_BUCKETS, 50);
    values[COLUMN_P99] = quantile_of(measure->bounds, counts, TRAFFIC_BUCKETS, 99);
}

/* What is in `now` and was not `before`. */
static struct traffic_sum difference(const struct traffic_sum *now, const struct traffic_sum *before)
{
    struct traffic_sum sum = *now;
    for (size_t i = 0; i < TRAFFIC_KINDS; i++)
        sum.kinds[i] -= before->kinds[i];
    sum.refused -= before->refused;
    sum.failed -= before->failed;
    sum.received -= before->received;
    sum.sent -= before->sent;
    for (size_t i = 0; i < TRAFFIC_BUCKETS; i++)
        sum.took[i] -= before->took[i];
    return sum;
}

static void add(struct traffic_sum *sum, const struct traffic_sum *more)
{
    for (size_t i = 0; i < TRAFFIC_KINDS; i++)
        sum->kinds[i] += more->kinds[i];
    sum->refused += more->refused;
    sum->failed += more->failed;
    sum->received += more->received;
    sum->sent += more->sent;
    for (size_t i = 0; i < TRAFFIC_BUCKETS; i++)
        sum->took[i] += more->took[i];
}

/* Since the row before. */
static struct traffic_sum pass_by(struct measure *measure, size_t seat)
{
    struct traffic_sum now;
    traffic_read(&measure->api->traffic, seat, &now);
    struct traffic_sum passed = difference(&now, &measure->passed[seat]);
    measure->passed[seat] = now;
    return passed;
}

/* ---- all stores together ------------------------------------------------------------------------- */

static uint64_t count_of(const struct store_tally *tally)
{
    uint64_t count = 0;
    for (size_t i = 0; i <= STORE_TALLY_BOUNDS; i++)
        count += tally->buckets[i];
    return count;
}

static void write_syncs(const struct store_tally *now, const struct store_tally *before, struct history_row *row)
{
    uint64_t counts[STORE_TALLY_BOUNDS + 1];
    for (size_t i = 0; i <= STORE_TALLY_BOUNDS; i++)
        counts[i] = now->buckets[i] - before->buckets[i];
    row->values[COLUMN_SYNC_P50] = quantile_of(now->bounds, counts, STORE_TALLY_BOUNDS + 1, 50);
    row->values[COLUMN_SYNC_P99] = quantile_of(now->bounds, counts, STORE_TALLY_BOUNDS + 1, 99);
}

static void write_depot(struct measure *measure, struct history_row *row)
{
    struct depot_figures before = measure->figures, *now = &measure->figures;
    depot_figures(measure->api->options.depot, now);
    row->values[COLUMN_COMMITS] = count_of(&now->commit_records) - count_of(&before.commit_records);
    row->values[COLUMN_RECORDS] = now->commit_records.sum - before.commit_records.sum;
    row->values[COLUMN_COMMIT_BYTES] = now->commit_bytes.sum - before.commit_bytes.sum;
    write_syncs(&now->syncs, &before.syncs, row);
    row->values[COLUMN_DISK_FREE] = now->free_bytes; /* unknown by the same number */
    row->values[COLUMN_RESERVE] = now->reserve_bytes;
}

static void write_service(const struct measure *measure, struct history_row *row)
{
    const struct api_options *options = &measure->api->options;
    struct api_service_figures figures = {0};
    if (!options->figures)
        return;
    options->figures(options->figures_arg, &figures);
    row->values[COLUMN_CONNECTIONS] = figures.connections_busy + figures.connections_idle;
    row->values[COLUMN_MEMORY] = figures.resident_bytes;
    row->values[COLUMN_DISK_SIZE] = figures.disk_bytes > 0 ? figures.disk_bytes : HISTORY_UNKNOWN;
}

/* ---- one store ----------------------------------------------------------------------------------- */

/* A store that was closed meanwhile counts anew. */
static uint64_t growth(bool known, uint64_t before, uint64_t now)
{
    if (!known)
        return HISTORY_UNKNOWN;
    return now < before ? now : now - before;
}

static void write_figures(struct measure_store *store, const struct store_figures *figures, struct history_row *row)
{
    row->values[COLUMN_COMMITS] = growth(store->known, store->commits, figures->commits);
    row->values[COLUMN_RECORDS] = growth(store->known, store->records, figures->records);
    row->values[COLUMN_COMMIT_BYTES] = growth(store->known, store->end_offset, figures->end_offset);
    row->values[COLUMN_OBJECTS] = figures->objects;
    row->values[COLUMN_LIVE_BYTES] = figures->live_bytes;
    row->values[COLUMN_DEAD_BYTES] = figures->dead_bytes;
    row->values[COLUMN_DISK_BYTES] = figures->disk_bytes;
    row->values[COLUMN_WRITES_IN_FLIGHT] = figures->writes_in_flight;
    *store = (struct measure_store){.number = store->number,
                                    .known = true,
                                    .commits = figures->commits,
                                    .records = figures->records,
                                    .end_offset = figures->end_offset};
    memcpy(store->gauges, row->values, sizeof store->gauges);
}

/* What it was: a store that nobody uses is not looked at, so that it may be closed. */
static void repeat_figures(const struct measure_store *store, struct history_row *row)
{
    if (store->known)
        row->values[COLUMN_COMMITS] = row->values[COLUMN_RECORDS] = row->values[COLUMN_COMMIT_BYTES] = 0;
    for (size_t i = COLUMN_OBJECTS; store->known && i < COLUMNS; i++)
        row->values[i] = store->gauges[i];
}

static void write_store(struct measure *measure, const struct traffic_seat *seat, struct measure_store *store,
                        struct history_row *row)
{
    struct store *open;
    struct store_figures figures;
    bool used = row->values[COLUMN_REQUESTS] > 0 || seat->watchers > 0;
    if (store->number != seat->number)
        *store = (struct measure_store){.number = seat->number};
    if (!used || depot_try_acquire(measure->api->options.depot, seat->name, &open) != STORE_OK) {
        repeat_figures(store, row);
        return;
    }
    store_figures(open, &figures);
    depot_release(open);
    write_figures(store, &figures, row);
}

/* ---- a second ------------------------------------------------------------------------------------ */

void measure_init(struct measure *measure, struct api *api)
{
    measure->api = api;
    for (size_t i = 0; i < TRAFFIC_BUCKETS; i++)
        measure->bounds[i] = traffic_bound(i);
    for (size_t i = 0; i <= TRAFFIC_SEATS; i++)
        traffic_read(&api->traffic, i, &measure->passed[i]);
    depot_figures(api->options.depot, &measure->figures);
}

static uint64_t milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The row of whoever has a seat; nobody may. Whether anything was done there. */
static bool take_seat(struct measure *measure, size_t seat, struct measure_rows *rows, struct traffic_sum *all)
{
    struct history_row *row = &rows->stores[seat];
    struct traffic_sum passed = pass_by(measure, seat);
    add(all, &passed);
    rows->taken[seat] = traffic_seat(&measure->api->traffic, seat, &rows->seats[seat]);
    if (!rows->taken[seat])
        return false;
    history_row_init(row);
    row->values[COLUMN_TIME] = rows->all.values[COLUMN_TIME];
    write_passed(measure, &passed, row);
    write_store(measure, &rows->seats[seat], &measure->stores[seat], row);
    return row->values[COLUMN_REQUESTS] > 0;
}

void measure_take(struct measure *measure, struct measure_rows *ret_rows)
{
    struct traffic_sum all = pass_by(measure, TRAFFIC_ELSEWHERE);
    bool busy[TRAFFIC_SEATS];
    history_row_init(&ret_rows->all);
    ret_rows->all.values[COLUMN_TIME] = milliseconds();
    for (size_t i = 0; i < TRAFFIC_SEATS; i++)
        busy[i] = take_seat(measure, i, ret_rows, &all);
    write_passed(measure, &all, &ret_rows->all);
    write_depot(measure, &ret_rows->all);
    write_service(measure, &ret_rows->all);
    traffic_pass(&measure->api->traffic, busy);
}
