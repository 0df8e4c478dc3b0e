/* metrics_get.c - GET /metrics, in the text format of Prometheus.
 *
 * Stores that are not open are told, but have no figures: to ask for them would open every one.
 */
#include "api/request/core.h"
#include "api/request/figures.h"
#include "api/request/reply.h"
#include "api/request/request.h"
#include "api/server/exposition.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- requests -------------------------------------------------------------------------------- */

static void write_requests(FILE *out, const struct metrics_shard *sum, const struct api *api)
{
    exposition_family(out, "cairn_http_requests_total", "counter", "Answers sent, by method and class of status.");
    for (unsigned method = 0; method <= METHODS; method++)
        for (unsigned class = 0; class < METRICS_CLASSES; class ++)
            fprintf(out, "cairn_http_requests_total{method=\"%s\",status=\"%uxx\"} %" PRIuFAST64 "\n",
                    method_name((enum method)method), class + 2, sum->answers[method][class]);
    exposition_family(out, "cairn_http_requests_in_flight", "gauge", "Requests begun and not completed.");
    fprintf(out, "cairn_http_requests_in_flight %zu\n", api_requests(api));
    exposition_family(out, "cairn_http_problems_total", "counter", "Refusals and failures told, by their type.");
    for (unsigned problem = 0; problem < PROBLEMS; problem++)
        fprintf(out, "cairn_http_problems_total{type=\"%s\"} %" PRIuFAST64 "\n",
                strrchr(problem_kind((enum problem)problem)->type, ':') + 1, sum->problems[problem]);
}

static void write_connections(FILE *out, const struct metrics_shard *sum)
{
    static const char *const reasons[API_EVICTIONS] = {[API_EVICTED_HEAD] = "slow-head",
                                                       [API_EVICTED_BODY] = "slow-body",
                                                       [API_EVICTED_ANSWER] = "slow-answer",
                                                       [API_EVICTED_IDLE] = "idle"};
    exposition_family(out, "cairn_http_connections_evicted_total", "counter",
                      "Connections ended because their clients were slow, by what they were slow with.");
    for (unsigned i = 0; i < API_EVICTIONS; i++)
        fprintf(out, "cairn_http_connections_evicted_total{reason=\"%s\"} %" PRIuFAST64 "\n", reasons[i],
                sum->evictions[i]);
    exposition_family(out, "cairn_http_connections_turned_away_total", "counter",
                      "Requests of connections that found no place, answered 503.");
    fprintf(out, "cairn_http_connections_turned_away_total %" PRIuFAST64 "\n", sum->turned_away);
}

/* ---- endpoints ------------------------------------------------------------------------------- */

/* The label of a line of the table of routes, by its number. */
static void write_endpoint(FILE *out, const struct api *api, size_t line)
{
    if (line == METRICS_ROUTES)
        fputs("endpoint=\"none\"", out);
    else
        fprintf(out, "endpoint=\"%s %s\"", method_name(api->routes[line].method), api->routes[line].pattern);
}

/* The next line that has figures; the last one is what leads nowhere. */
static size_t next_line(const struct api *api, size_t line)
{
    return line + 1 == route_count(api->routes) ? METRICS_ROUTES : line + 1;
}

static void write_statuses(FILE *out, const struct metrics_shard *sum, const struct api *api)
{
    exposition_family(out, "cairn_http_responses_total", "counter",
                      "Requests that are over, by endpoint and status; none: there was no answer.");
    for (size_t line = 0; line <= METRICS_ROUTES; line = next_line(api, line))
        for (size_t place = 0; place < METRICS_STATUSES; place++) {
            unsigned status;
            uint64_t count = sum->routes[line].statuses[place];
            if (count == 0 || !metrics_status(place, &status))
                continue;
            fputs("cairn_http_responses_total{", out);
            write_endpoint(out, api, line);
            if (status == 0 || status == UINT_MAX)
                fprintf(out, ",code=\"%s\"} %" PRIu64 "\n", status == 0 ? "none" : "other", count);
            else
                fprintf(out, ",code=\"%u\"} %" PRIu64 "\n", status, count);
        }
}

static void write_bytes(FILE *out, const struct metrics_shard *sum, const struct api *api, const char *name,
                        size_t offset, const char *help)
{
    exposition_family(out, name, "counter", help);
    for (size_t line = 0; line <= METRICS_ROUTES; line = next_line(api, line)) {
        fprintf(out, "%s{", name);
        write_endpoint(out, api, line);
        fprintf(out, "} %" PRIuFAST64 "\n", *(const atomic_uint_fast64_t *)((const char *)&sum->routes[line] + offset));
    }
}

static void write_durations(FILE *out, const struct metrics_shard *sum, const struct api *api)
{
    exposition_family(out, "cairn_http_request_duration_seconds", "histogram",
                      "From the whole head of a request to the last byte of its answer, by endpoint.");
    for (size_t line = 0; line <= METRICS_ROUTES; line = next_line(api, line)) {
        const struct metrics_route *route = &sum->routes[line];
        uint64_t count = 0;
        for (size_t i = 0; i <= METRICS_BUCKETS; i++) {
            count += route->buckets[i];
            fputs("cairn_http_request_duration_seconds_bucket{", out);
            write_endpoint(out, api, line);
            if (i < METRICS_BUCKETS)
                fprintf(out, ",le=\"%g\"} %" PRIu64 "\n", (double)metrics_bounds[i] / 1e9, count);
            else
                fprintf(out, ",le=\"+Inf\"} %" PRIu64 "\n", count);
        }
        fputs("cairn_http_request_duration_seconds_sum{", out);
        write_endpoint(out, api, line);
        fprintf(out, "} %.9f\ncairn_http_request_duration_seconds_count{", (double)route->nanoseconds / 1e9);
        write_endpoint(out, api, line);
        fprintf(out, "} %" PRIu64 "\n", count);
    }
}

static enum store_error write_http(FILE *out, struct api *api)
{
    struct metrics_shard *sum = aligned_alloc(_Alignof(struct metrics_shard), sizeof *sum);
    if (!sum)
        return STORE_NO_MEMORY;
    metrics_sum(&api->metrics, sum);
    write_requests(out, sum, api);
    write_connections(out, sum);
    write_statuses(out, sum, api);
    write_durations(out, sum, api);
    write_bytes(out, sum, api, "cairn_http_request_bytes_total", offsetof(struct metrics_route, received),
                "Bytes of request bodies that were read, by endpoint.");
    write_bytes(out, sum, api, "cairn_http_response_bytes_total", offsetof(struct metrics_route, sent),
                "Bytes of answers that were sent, without heads, by endpoint; what was taken of those that were cut, "
                "with them.");
    free(sum);
    return STORE_OK;
}

/* ---- stores ---------------------------------------------------------------------------------- */

/* Of a store that is not open no more than its name is known: what else there is to tell stands in its log. */
struct sample {
    const char *name;
    bool open;
    struct store_figures figures;
    struct store_verification verification;
};

static void write_stores(FILE *out, const struct sample *samples, size_t count)
{
    exposition_family(out, "cairn_store_open", "gauge", "1 when the store is open; others have no figures below.");
    for (size_t i = 0; i < count; i++)
        fprintf(out, "cairn_store_open{store=\"%s\"} %d\n", samples[i].name, samples[i].open);
    for (const struct figure *figure = figures_all; figure->name; figure++) {
        char name[64];
        snprintf(name, sizeof name, "cairn_store_%s", figure->metric);
        exposition_family(out, name, figure->metric_type, figure->help);
        for (size_t i = 0; i < count; i++)
            if (samples[i].open)
                fprintf(out, "%s{store=\"%s\"} %" PRIu64 "\n", name, samples[i].name,
                        figure_value(figure, &samples[i].figures));
    }
    exposition_family(out, "cairn_store_failed", "gauge", "1 when a sync has failed and the store takes no writes.");
    for (size_t i = 0; i < count; i++)
        if (samples[i].open)
            fprintf(out, "cairn_store_failed{store=\"%s\"} %d\n", samples[i].name, samples[i].figures.failed);
}

/* A limit is at `offset` in the figures; stores without it have no sample. */
static void write_limit(FILE *out, const char *name, const char *help, size_t offset, const struct sample *samples,
                        size_t count)
{
    exposition_family(out, name, "gauge", help);
    for (size_t k = 0; k < count; k++) {
        const struct store_limit *limit = (const void *)((const char *)&samples[k].figures + offset);
        if (limit->set)
            fprintf(out, "%s{store=\"%s\"} %" PRIu64 "\n", name, samples[k].name, limit->most);
    }
}

static void write_limits(FILE *out, const struct sample *samples, size_t count)
{
    write_limit(out, "cairn_store_limit_bytes", "Most payload bytes that the store may hold, where there is a limit.",
                offsetof(struct store_figures, limits.bytes), samples, count);
    write_limit(out, "cairn_store_limit_objects", "Most objects that the store may hold, where there is a limit.",
                offsetof(struct store_figures, limits.objects), samples, count);
}

static void write_verifications(FILE *out, const struct sample *samples, size_t count)
{
    exposition_family(out, "cairn_store_verification_running", "gauge", "1 while the store is being verified.");
    for (size_t i = 0; i < count; i++)
        if (samples[i].open)
            fprintf(out, "cairn_store_verification_running{store=\"%s\"} %d\n", samples[i].name,
                    samples[i].verification.running);
    exposition_family(out, "cairn_store_verification_flaws", "gauge",
                      "Flaws that the running or last verification found.");
    for (size_t i = 0; i < count; i++)
        if (samples[i].open)
            fprintf(out, "cairn_store_verification_flaws{store=\"%s\"} %" PRIu64 "\n", samples[i].name,
                    samples[i].verification.flaws);
    exposition_family(out, "cairn_store_verification_finished_seconds", "gauge",
                      "When the last verification ended, in seconds since 1970; 0: none, or one is running.");
    for (size_t i = 0; i < count; i++)
        if (samples[i].open)
            fprintf(out, "cairn_store_verification_finished_seconds{store=\"%s\"} %" PRId64 "\n", samples[i].name,
                    samples[i].verification.finished / 1000000000);
}

/* The figures of all stores, as far as they are known; their number: one that is just being deleted is left out. */
static size_t take_samples(struct depot *depot, char **names, struct sample *samples)
{
    size_t taken = 0;
    for (; *names; names++) {
        struct store *store;
        enum store_error error = depot_try_acquire(depot, *names, &store);
        if (error == STORE_NO_STORE)
            continue;
        struct sample *sample = &samples[taken++];
        sample->name = *names;
        sample->open = error == STORE_OK;
        if (!sample->open)
            continue;
        store_figures(store, &sample->figures);
        store_verification(store, &sample->verification);
        depot_release(store);
    }
    return taken;
}

static enum store_error write_depot(FILE *out, struct depot *depot)
{
    char **names;
    size_t count;
    enum store_error error = depot_names(depot, &names, &count);
    if (error != STORE_OK)
        return error;
    exposition_family(out, "cairn_stores", "gauge", "Stores, open or not.");
    fprintf(out, "cairn_stores %zu\n", count);
    struct sample *samples = calloc(count + 1, sizeof *samples);
    size_t taken = samples ? take_samples(depot, names, samples) : 0;
    write_stores(out, samples, taken);
    write_limits(out, samples, taken);
    write_verifications(out, samples, taken);
    free(names);
    free(samples);
    return !samples ? STORE_NO_MEMORY : STORE_OK;
}

/* ---- the disk and its commits ---------------------------------------------------------------- */

static void write_engine(FILE *out, struct depot *depot)
{
    struct depot_figures figures;
    depot_figures(depot, &figures);
    if (figures.free_bytes != UINT64_MAX)
        exposition_gauge(out, "cairn_disk_free_bytes", "Bytes that the disk of the data folder has free.",
                         figures.free_bytes);
    exposition_gauge(out, "cairn_disk_reserve_bytes", "Bytes kept for deletes and compaction on a full disk.",
                     figures.reserve_bytes);
    exposition_gauge(out, "cairn_disk_full", "1 while small puts, too, are refused for want of space.", figures.full);
    exposition_gauge(out, "cairn_uploads_in_flight", "Uploads of large objects under way.", figures.uploads);
    exposition_gauge(out, "cairn_payload_in_flight_bytes", "Payload bytes in memory on their way to the disk.",
                     figures.bytes_in_flight);
    exposition_tally(out, "cairn_log_sync_duration_seconds", "Syncs of the logs of all stores.", &figures.syncs, 1e9);
    exposition_tally(out, "cairn_commit_size_bytes", "Bytes of records in each group commit of all stores.",
                     &figures.commit_bytes, 1);
    exposition_tally(out, "cairn_commit_records", "Records in each group commit of all stores.",
                     &figures.commit_records, 1);
}

/* ---- the process ----------------------------------------------------------------------------- */

static void write_states(FILE *out, const struct api_service_figures *figures)
{
    exposition_family(out, "cairn_http_connections", "gauge",
                      "Connections by what they do; guests are those without a place.");
    fprintf(out,
            "cairn_http_connections{state=\"busy\"} %zu\ncairn_http_connections{state=\"idle\"} %zu\n"
            "cairn_http_connections{state=\"closing\"} %zu\n",
            figures->connections_busy, figures->connections_idle, figures->connections_closing);
    exposition_gauge(out, "cairn_http_connections_guests", "Those of them that have found no place.",
                     figures->connections_guests);
    exposition_gauge(out, "cairn_http_connections_limit",
                     "Connections that may be open at a time, those of guests among them.", figures->connections_limit);
    exposition_counter(out, "cairn_http_connections_accepted_total", "Connections accepted.",
                       figures->connections_accepted);
    exposition_counter(out, "cairn_access_log_lines_total", "Lines of the log of requests that were written.",
                       figures->record_lines);
    exposition_counter(out, "cairn_access_log_dropped_total", "Lines of the log of requests that were left out.",
                       figures->record_dropped);
}

static void write_process(FILE *out, const struct api_service_figures *figures)
{
    exposition_family(out, "process_cpu_seconds_total", "counter", "CPU time in user and in system mode.");
    fprintf(out, "process_cpu_seconds_total %.6f\n", figures->cpu_seconds);
    exposition_gauge(out, "process_resident_memory_bytes", "Memory that is resident.", figures->resident_bytes);
    exposition_gauge(out, "process_virtual_memory_bytes", "Memory that is mapped.", figures->virtual_bytes);
    exposition_gauge(out, "process_open_fds", "Open file descriptors.", figures->open_files);
    exposition_gauge(out, "process_max_fds", "File descriptors that may be open.", figures->most_files);
    exposition_family(out, "process_start_time_seconds", "gauge", "When the process started, in seconds since 1970.");
    fprintf(out, "process_start_time_seconds %.3f\n", figures->start_seconds);
}

static void write_service(FILE *out, const struct api_options *options)
{
    struct api_service_figures figures = {0};
    if (options->figures)
        options->figures(options->figures_arg, &figures);
    exposition_family(out, "cairn_build_info", "gauge", "1; its labels tell what runs.");
    fprintf(out, "cairn_build_info{version=\"%s\",libmicrohttpd=\"%s\"} 1\n", options->version, MHD_get_version());
    if (figures.disk_bytes > 0)
        exposition_gauge(out, "cairn_disk_size_bytes", "Bytes that the disk of the data folder has in all.",
                         figures.disk_bytes);
    write_states(out, &figures);
    write_process(out, &figures);
}

/* ---- the endpoint ---------------------------------------------------------------------------- */

static int64_t nanoseconds(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* All of it; NULL when memory is out or the request has an error. */
static char *write_all(struct request *request, size_t *ret_length)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_length);
    request_keep_error(request, !out ? STORE_NO_MEMORY : write_depot(out, request->api->options.depot));
    if (request->error == STORE_OK) {
        write_engine(out, request->api->options.depot);
        write_service(out, &request->api->options);
        request->error = write_http(out, request->api);
    }
    if (out && fclose(out) != 0 && request->error == STORE_OK)
        request->error = STORE_NO_MEMORY;
    if (request->error == STORE_OK)
        return text;
    free(text);
    return NULL;
}

/* NULL when it has answered why there is none. */
static struct edition *make(struct request *request)
{
    size_t length = 0;
    int64_t began = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
    char *text = write_all(request, &length);
    if (!text) {
        reply_error(request, request->error);
        return NULL;
    }
    int64_t took = nanoseconds(CLOCK_THREAD_CPUTIME_ID) - began;
    struct edition *edition = editions_add(&request->api->exposition, &request->api->answers, text, length, took,
                                           nanoseconds(CLOCK_MONOTONIC));
    if (!edition)
        reply_full(request);
    return edition;
}

/* Who asks again and again, also without reading, would else keep the threads busy. */
static void begin(struct request *request)
{
    struct edition *edition = editions_share(&request->api->exposition, nanoseconds(CLOCK_MONOTONIC));
    if (!edition)
        edition = make(request);
    if (!edition)
        return;
    reply_edition(request, 200, "text/plain; version=0.0.4; charset=utf-8", edition);
}

const struct endpoint endpoint_metrics = {.begin = begin, .guests = true, .fault = "the stores cannot be listed"};
