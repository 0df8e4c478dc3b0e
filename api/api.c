/* api.c - the door: libmicrohttpd's callbacks, each one step in the life of a request. */
#include "api/api.h"

#include "api/feed/press.h"
#include "api/live/live.h"
#include "api/request/core.h"
#include "api/request/record.h"
#include "api/request/turn.h"
#include "api/routes.h"
#include "store/store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/* Bodies of the largest size; of small ones accordingly more. A batch-get of that size, which takes four times its
 * payload, still finds place in the part that is not kept for small ones. */
enum { BATCHES_IN_MEMORY = 6 };

struct api *api_new(const struct api_options *options)
{
    struct api *api = aligned_alloc(_Alignof(struct api), sizeof *api);
    if (!api)
        return NULL;
    memset(api, 0, sizeof *api);
    api->options = *options;
    api->routes = routes;
    pthread_mutex_init(&api->rules_lock, NULL);
    pthread_mutex_init(&api->behind_lock, NULL);
    pthread_cond_init(&api->behind_ended, NULL);
    assert(route_count(routes) <= METRICS_ROUTES);
    if (getrandom(&api->process, sizeof api->process, GRND_NONBLOCK) < 0)
        api->process = (uint64_t)time(NULL); /* the system has just been started: that is random enough for names */
    api->batches.limit = BATCHES_IN_MEMORY * (size_t)options->batch_bytes_limit;
    api->answers.limit = options->answers_bytes_limit;
    editions_init(&api->exposition);
    traffic_init(&api->traffic);
    if (!api->options.base_path)
        api->options.base_path = "";
    if (!api->options.resume)
        api->options.resume = MHD_resume_connection;
    api->press = press_new();
    api->live = live_new(api);
    if (api->press && api->live)
        return api;
    api_free(api);
    return NULL;
}

void api_look(struct api *api)
{
    live_tick(api->live);
}

void api_rest(struct api *api)
{
    live_rest(api->live);
    pthread_mutex_lock(&api->behind_lock);
    while (api->behind > 0)
        pthread_cond_wait(&api->behind_ended, &api->behind_lock);
    pthread_mutex_unlock(&api->behind_lock);
}

void api_drain(struct api *api)
{
    atomic_store(&api->draining, true);
    depot_end_watches(api->options.depot);
    live_end(api->live);
}

void api_count_eviction(struct api *api, enum api_eviction reason)
{
    metrics_count_eviction(&api->metrics, reason);
}

void api_record_cut(struct api *api, struct MHD_Connection *connection)
{
    record_cut(api, connection);
}

void api_free(struct api *api)
{
    if (!api)
        return;
    live_free(api->live);
    traffic_free(&api->traffic);
    rules_release(api->rules);
    editions_free(&api->exposition);
    press_free(api->press);
    pthread_cond_destroy(&api->behind_ended);
    pthread_mutex_destroy(&api->behind_lock);
    pthread_mutex_destroy(&api->rules_lock);
    free(api);
}

/* Hides the query from libmicrohttpd, which is about to part it into arguments that nobody asks it for: it would take
 * memory of the connection for each, and where there are too many it answers nothing and waits (0.9.75). The text is
 * its own buffer, where it puts an end behind every piece anyway. */
static void hide_query(const char *uri)
{
    char *query = strchr((char *)(uintptr_t)uri, '?');
    if (query)
        query[1] = '\0';
}

void *api_uri(void *closure, const char *uri, struct MHD_Connection *connection)
{
    struct request *request = request_new(closure, connection, !uri ? "" : uri);
    if (uri)
        hide_query(uri);
    return request;
}

size_t api_unescape(void *closure, struct MHD_Connection *connection, char *text)
{
    (void)closure, (void)connection;
    return strlen(text);
}

enum MHD_Result api_access(void *closure, struct MHD_Connection *connection, const char *url, const char *method,
                           const char *version, const char *upload_data, size_t *upload_data_size,
                           void **request_closure)
{
    (void)closure, (void)connection, (void)url, (void)version;
    struct request *request = *request_closure;
    if (!request)
        return MHD_NO; /* there was no memory for it */
    return turn_take(request, method, upload_data, upload_data_size);
}

enum MHD_Result api_reject(void *request, const struct fault *fault, const char *method, const char *upload_data,
                           size_t *upload_data_size)
{
    return !request ? MHD_NO : turn_reject(request, fault, method, upload_data, upload_data_size);
}

void api_left(void *closure)
{
    struct request *request = closure;
    if (!request)
        return; /* there was no memory for it */
    request->left = true;
    if (request->endpoint && request->endpoint->left)
        request->endpoint->left(request);
}

void api_completed(void *closure, struct MHD_Connection *connection, void **request_closure,
                   enum MHD_RequestTerminationCode reason)
{
    (void)closure, (void)connection;
    struct request *request = *request_closure;
    if (!request)
        return;
    record_end(request, reason == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    request_free(request);
    *request_closure = NULL;
}
