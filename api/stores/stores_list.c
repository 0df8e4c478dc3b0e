/* stores_list.c - GET /v1/stores: all stores in which the visitor may do something, and their limits, in bytewise order
 * of their names.
 *
 * Stores are not opened for that, but the limits of those that are not open stand in a file each: an I/O thread reads
 * them.
 */
#include "api/request/core.h"
#include "api/request/reply.h"
#include "api/request/request.h"
#include "api/stores/store_json.h"

#include <stdlib.h>

static void write_store(struct jsontext *json, struct depot *depot, const char *name)
{
    struct store_limits limits;
    jsontext_open(json, '{');
    jsontext_field(json, "name", name);
    if (depot_limits(depot, name, &limits) == STORE_OK)
        store_json_limits(json, &limits);
    jsontext_close(json, '}');
}

static void list_job(struct request *request)
{
    char **names;
    size_t count;
    struct jsontext *json = request->state;
    struct depot *depot = request->api->options.depot;
    request_keep_error(request, depot_names(depot, &names, &count));
    if (request->error != STORE_OK)
        return;
    jsontext_open(json, '{');
    jsontext_name(json, "stores");
    jsontext_open(json, '[');
    for (size_t i = 0; i < count; i++)
        if (visitor_rights_within(&request->visitor, names[i]))
            write_store(json, depot, names[i]);
    jsontext_close(json, ']');
    jsontext_close(json, '}');
    free(names);
}

static void answer(struct request *request)
{
    struct jsontext *json = request->state;
    if (request->error != STORE_OK) {
        reply_error(request, request->error);
    } else if (reply_admit(request, json->capacity)) {
        reply_json(request, 200, json);
        *json = (struct jsontext){0};
    }
}

static void begin(struct request *request)
{
    request->state = calloc(1, sizeof(struct jsontext));
    if (!request->state)
        reply_error(request, STORE_NO_MEMORY);
}

static void finish(struct request *request)
{
    request_offload(request, list_job, answer);
}

static void end(struct request *request)
{
    if (request->state)
        jsontext_free(request->state);
    free(request->state);
}

const struct endpoint endpoint_stores_list = {
    .begin = begin, .finish = finish, .end = end, .fault = "the stores cannot be listed"};
