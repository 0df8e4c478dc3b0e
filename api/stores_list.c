/* stores_list.c - GET /v1/stores: the names of all stores, in bytewise order. */
#include <stdlib.h>

#include "api/core.h"
#include "api/reply.h"
#include "api/request.h"

static void begin(struct request *request)
{
    char **names;
    size_t count;
    struct json json = {0};
    enum store_error error = depot_names(request->api->options.depot, &names, &count);
    if (error != STORE_OK) {
        reply_error(request, error);
        return;
    }
    json_open(&json, '{');
    json_name(&json, "stores");
    json_open(&json, '[');
    for (size_t i = 0; i < count; i++) {
        json_open(&json, '{');
        json_field(&json, "name", names[i]);
        json_close(&json, '}');
    }
    json_close(&json, ']');
    json_close(&json, '}');
    free(names);
    reply_json(request, 200, &json);
}

const struct endpoint endpoint_stores_list = {.begin = begin};
