/* metrics_get.c - GET /metrics, in the text format of Prometheus.
 *
 * Stores that are not open are counted, but have no figures: to ask for them would open every one.
 */
#include "api/request/core.h"
#include "api/request/figures.h"
#include "api/request/reply.h"
#include "api/request/request.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- requests -------------------------------------------------------------------------------- */

static void write_family(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_requests(FILE *out, struct api *api)
{
    write_family(out, "cairn_http_requests_total", "counter", "Answers sent, by method and class of status.");
    for (unsigned method = 0; method <= METHODS; method++)
        for (unsigned class = 0; class < METRICS_CLASSES; class ++)
            fprintf(out, "cairn_http_requests_total{method=\"%s\",status=\"%uxx\"} %" PRIuFAST64 "\n",
                    method_name((enum method)method), class + 2,
                    atomic_load_explicit(&api->metrics.answers[method][class], memory_order_relaxed));
    write_family(out, "cairn_http_requests_in_flight", "gauge", "Requests begun and not completed.");
    fprintf(out, "cairn_http_requests_in_flight %zu\n", api_requests(api));
}

static void write_connections(FILE *out, const struct api *api)
{
    static const char *const reasons[API_EVICTIONS] = {[API_EVICTED_HEAD] = "slow-head",
                                                       [API_EVICTED_BODY] = "slow-body",
                                                       [API_EVICTED_ANSWER] = "slow-answer",
                                                       [API_EVICTED_IDLE] = "idle"};
    write_family(out, "cairn_http_connections_evicted_total", "counter",
                 "Connections ended because their clients were slow, by what they were slow with.");
    for (unsigned i = 0; i < API_EVICTIONS; i++)
        fprintf(out, "cairn_http_connections_evicted_total{reason=\"%s\"} %" PRIuFAST64 "\n", reasons[i],
                atomic_load_explicit(&api->metrics.evictions[i], memory_order_relaxed));
    write_family(out, "cairn_http_connections_turned_away_total", "counter",
                 "Requests of connections that found no place, answered 503.");
    fprintf(out, "cairn_http_connections_turned_away_total %" PRIuFAST64 "\n",
            atomic_load_explicit(&api->metrics.turned_away, memory_order_relaxed));
}

/* ---- stores ---------------------------------------------------------------------------------- */

struct sample {
    char name[STORE_NAME_MAX + 1];
    struct store_figures figures;
    struct store_verification verification;
};

static void write_stores(FILE *out, const struct sample *samples, size_t count)
{
    for (const struct figure *figure = figures_all; figure->name; figure++) {
        char name[64];
        snprintf(name, sizeof name, "cairn_store_%s", figure->metric);
        write_family(out, name, figure->metric_type, figure->help);
        for (size_t k = 0; k < count; k++)
            fprintf(out, "%s{store=\"%s\"} %" PRIu64 "\n", name, samples[k].name,
                    figure_value(figure, &samples[k].figures));
    }
    write_family(out, "cairn_store_failed", "gauge", "1 when a sync has failed and the store takes no writes.");
    for (size_t k = 0; k < count; k++)
        fprintf(out, "cairn_store_failed{store=\"%s\"} %d\n", samples[k].name, samples[k].figures.failed);
}

static void write_verifications(FILE *out, const struct sample *samples, size_t count)
{
    write_family(out, "cairn_store_verification_running", "gauge", "1 while the store is being verified.");
    for (size_t k = 0; k < count; k++)
        fprintf(out, "cairn_store_verification_running{store=\"%s\"} %d\n", samples[k].name,
                samples[k].verification.running);
    write_family(out, "cairn_store_verification_flaws", "gauge", "Flaws that the running or last verification found.");
    for (size_t k = 0; k < count; k++)
        fprintf(out, "cairn_store_verification_flaws{store=\"%s\"} %" PRIu64 "\n", samples[k].name,
                samples[k].verification.flaws);
    write_family(out, "cairn_store_verification_finished_seconds", "gauge",
                 "When the last verification ended, in seconds since 1970; 0: none, or one is running.");
    for (size_t k = 0; k < count; k++)
        fprintf(out, "cairn_store_verification_finished_seconds{store=\"%s\"} %" PRId64 "\n", samples[k].name,
                samples[k].verification.finished / 1000000000);
}

/* The figures of the open ones among the stores; their number. */
static size_t take_samples(struct depot *depot, char **names, struct sample *samples)
{
    size_t taken = 0;
    for (; *names; names++) {
        struct store *store;
        if (depot_try_acquire(depot, *names, &store) != STORE_OK)
            continue;
        snprintf(samples[taken].name, sizeof samples->name, "%s", *names);
        store_figures(store, &samples[taken].figures);
        store_verification(store, &samples[taken].verification);
        depot_release(store);
        taken++;
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
    write_family(out, "cairn_stores", "gauge", "Stores, open or not.");
    fprintf(out, "cairn_stores %zu\n", count);
    struct sample *samples = calloc(count + 1, sizeof *samples);
    size_t taken = samples ? take_samples(depot, names, samples) : 0;
    write_stores(out, samples, taken);
    write_verifications(out, samples, taken);
    free(names);
    free(samples);
    return !samples ? STORE_NO_MEMORY : STORE_OK;
}

/* ---- the endpoint ---------------------------------------------------------------------------- */

static void begin(struct request *request)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    request_keep_error(request, !out ? STORE_NO_MEMORY : write_depot(out, request->api->options.depot));
    if (request->error == STORE_OK) {
        write_requests(out, request->api);
        write_connections(out, request->api);
    }
    if (out && fclose(out) != 0 && request->error == STORE_OK)
        request->error = STORE_NO_MEMORY;
    if (request->error != STORE_OK) {
        free(text);
        reply_error(request, request->error);
        return;
    }
    if (reply_admit(request, length))
        reply_owned(request, 200, "text/plain; version=0.0.4; charset=utf-8", text, length);
    else
        free(text);
}

const struct endpoint endpoint_metrics = {.begin = begin, .guests = true, .fault = "the stores cannot be listed"};
