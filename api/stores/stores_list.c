/* stores_list.c - GET /v1/stores: the names of all stores in which the visitor may do something, in bytewise order. */
#include "api/request/core.h"
#include "api/request/reply.h"
#include "api/request/request.h"

#include <stdlib.h>

static void begin(struct request *request)
{
    char **names;
    size_t count;
    struct jsontext json = {0};
    enum store_error error = depot_names(request->api->options.depot, &names, &count);
    if (error != STORE_OK) {
        request_keep_error(request, error);
        reply_error(request, error);
        return;
    }
    jsontext_open(&json, '{');
    jsontext_name(&json, "stores");
    jsontext_open(&json, '[');
    for (size_t i = 0; i < count; i++) {
        if (!visitor_rights_within(&request->visitor, names[i]))
            continue;
        jsontext_open(&json, '{');
        jsontext_field(&json, "name", names[i]);
        jsontext_close(&json, '}');
    }
    jsontext_close(&json, ']');
    jsontext_close(&json, '}');
    free(names);
    if (reply_admit(request, json.capacity))
        reply_json(request, 200, &json);
    else
        jsontext_free(&json);
}

const struct endpoint endpoint_stores_list = {.begin = begin, .fault = "the stores cannot be listed"};
