/* record.c - counts the request, and makes its line, which the service writes. See record.h. */
#include "api/request/record.h"

#include "api/http/forwarded.h"
#include "api/request/core.h"
#include "api/text/jsontext.h"
#include "api/text/timestamp.h"
#include "api/text/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    PATH_SHOWN = 1024,      /* bytes of a path that leads nowhere */
    MEASURED_MIN = 64 << 10 /* content of an answer from which on it is asked what the client has taken of it */
};

/* ---- who --------------------------------------------------------------------------------------- */

static struct host client_of(const struct request *request, const struct host *peer)
{
    const struct api_options *options = &request->api->options;
    return forwarded_client(options->proxies, options->proxy_count, peer,
                            request_field(request, FIELD_X_FORWARDED_FOR));
}

static void write_host(struct jsontext *line, const char *name, const struct host *host)
{
    char text[HOST_TEXT_SIZE];
    host_write(host, text);
    jsontext_field(line, name, text);
}

/* ---- lines of the log of requests -------------------------------------------------------------- */

/* The time is that of the head: so long ago. */
static void write_time(struct jsontext *line, int64_t nanoseconds)
{
    struct timespec now;
    char text[TIMESTAMP_SIZE];
    clock_gettime(CLOCK_REALTIME, &now);
    timestamp_write(text, (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - nanoseconds);
    jsontext_field(line, "time", text);
}

static void write_object(struct jsontext *line, const char *store, const struct store_key *key)
{
    jsontext_bytes(line, "store", store, !store ? 0 : strlen(store));
    jsontext_key(line, !key ? NULL : key->bytes, !key ? 0 : key->length);
    if (key && !key->bytes) {
        jsontext_name(line, "key_hash");
        jsontext_hash(line, key->hash);
    }
}

/* What it asked for. Of a path that leads nowhere its beginning is shown, without the query: that may hold secrets. */
static void write_target(struct jsontext *line, const struct request *request)
{
    const struct slice *path = &request->path;
    jsontext_field(line, "method", request->method == METHODS ? NULL : method_name(request->method));
    jsontext_field(line, "route", !request->route ? NULL : request->route->pattern);
    write_object(line, request->store_name, request->has_key ? &request->key : NULL);
    if (request->destination_store) {
        jsontext_name(line, "destination");
        jsontext_open(line, '{');
        write_object(line, request->destination_store, &request->destination_key);
        jsontext_close(line, '}');
    }
    if (!request->route && path->start)
        jsontext_bytes(line, "path", path->start, utf8_beginning(path->start, path->length, PATH_SHOWN));
}

static const char *problem_word(enum problem problem)
{
    return problem == PROBLEMS ? NULL : strrchr(problem_kind(problem)->type, ':') + 1;
}

static void write_outcome(struct jsontext *line, const struct request *request, const struct metrics_request *figures,
                          bool complete)
{
    jsontext_name(line, "status");
    if (figures->status == 0)
        jsontext_null(line);
    else
        jsontext_number(line, figures->status);
    jsontext_field(line, "problem", figures->status == 0 ? NULL : problem_word(request->problem));
    jsontext_figure(line, "bytes_in", figures->received);
    jsontext_figure(line, "bytes_out", figures->sent);
    jsontext_name(line, "milliseconds");
    jsontext_thousandths(line, (uint64_t)figures->nanoseconds / 1000);
    jsontext_flag(line, "complete", complete);
}

/* Without memory there is no line. */
static void put_line(struct api *api, struct MHD_Connection *connection, struct jsontext *line)
{
    jsontext_close(line, '}');
    jsontext_end(line);
    if (!line->failed)
        api->options.record(connection, line->bytes, line->length);
    jsontext_free(line);
}

static void write_line(struct request *request, const struct metrics_request *figures, bool complete)
{
    struct jsontext line = {0};
    struct host peer = request_peer(request->connection), client = client_of(request, &peer);
    jsontext_open(&line, '{');
    write_time(&line, figures->nanoseconds);
    jsontext_field(&line, "request_id", request_id(request));
    write_host(&line, "client", &client);
    write_host(&line, "peer", &peer);
    jsontext_field(&line, "token", visitor_name(&request->visitor));
    jsontext_field(&line, "link", visitor_link_name(&request->visitor));
    write_target(&line, request);
    write_outcome(&line, request, figures, complete);
    put_line(request->api, request->connection, &line);
}

/* ---- from outside ------------------------------------------------------------------------------ */

static uint64_t content_of(const struct request *request)
{
    bool known = request->answer_length != STORE_SIZE_UNKNOWN;
    return request->method == METHOD_HEAD ? 0 : known ? request->answer_length : request->handed;
}

/* What comes in portions may become long. */
static bool is_measured(const struct request *request)
{
    return request->api->options.moved && request->method != METHOD_HEAD && request->answer_length >= MEASURED_MIN;
}

void record_answer(struct request *request)
{
    uint64_t taken;
    if (is_measured(request))
        request->api->options.moved(request->connection, &request->given, &taken);
}

/* Of an answer that was cut. */
static uint64_t bytes_taken(const struct request *request)
{
    uint64_t given, taken;
    if (!request->answered || !is_measured(request))
        return 0;
    request->api->options.moved(request->connection, &given, &taken);
    uint64_t own = taken > request->given ? taken - request->given : 0;
    return own < content_of(request) ? own : content_of(request);
}

static void count_traffic(struct request *request, const struct metrics_request *figures)
{
    bool held = request->endpoint && request->endpoint->holds;
    struct traffic_request passed = {.method = request->method,
                                     .status = figures->status,
                                     .received = figures->received,
                                     .sent = figures->sent,
                                     .nanoseconds = held ? -1 : figures->nanoseconds};
    struct traffic_store store = {0};
    if (request->store)
        store = traffic_store_of(request->store);
    traffic_count(&request->api->traffic, request->store ? &store : NULL, &passed);
}

void record_end(struct request *request, bool complete)
{
    struct api *api = request->api;
    complete = request->answered && (complete || request->written);
    struct metrics_request figures = {
        .route = !request->route ? METRICS_ROUTES : (size_t)(request->route - api->routes),
        .status = request->answered ? request->status : 0,
        .nanoseconds = request_age(request),
        .received = request->received + request->dropped,
        .sent = complete ? content_of(request) : bytes_taken(request),
    };
    metrics_end(&api->metrics, &figures);
    count_traffic(request, &figures);
    if (api->options.record)
        write_line(request, &figures, complete);
}

void record_cut(struct api *api, struct MHD_Connection *connection)
{
    struct jsontext line = {0};
    struct host peer = request_peer(connection);
    if (!api->options.record)
        return;
    jsontext_open(&line, '{');
    write_time(&line, 0);
    write_host(&line, "peer", &peer);
    jsontext_field(&line, "problem", "head-incomplete");
    jsontext_flag(&line, "complete", false);
    put_line(api, connection, &line);
}

void record_deed(struct request *request, const char *deed)
{
    const struct api_options *options = &request->api->options;
    const char *name = visitor_name(&request->visitor);
    char client_text[HOST_TEXT_SIZE], *sentence;
    struct host peer = request_peer(request->connection), client = client_of(request, &peer);
    host_write(&client, client_text);
    if (!options->log ||
        asprintf(&sentence, "%s the store '%s': %s%s at %s, request %s", deed, request->store_name,
                 name ? "token " : "somebody without a token", name ? name : "", client_text, request_id(request)) < 0)
        return;
    options->log(options->log_arg, API_LOG_AUDIT, sentence);
    free(sentence);
}
