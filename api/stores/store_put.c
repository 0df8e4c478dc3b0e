/* store_put.c - PUT /v1/stores/{store}: makes a store; one that is there stays as it is. */
#include "api/request/core.h"
#include "api/request/record.h"
#include "api/request/reply.h"
#include "api/request/request.h"

static void create_job(struct request *request)
{
    struct store_detail detail = {0};
    request->error = depot_create(request->api->options.depot, request->store_name, &request->created, &detail);
    if (request->error == STORE_OK && request->created)
        record_deed(request, "created");
    if (request->error != STORE_OK)
        request_keep_detail(request, &detail);
}

static void answer(struct request *request)
{
    if (request->error != STORE_OK) {
        reply_store_error(request, request->error, request->store_name);
        return;
    }
    struct jsontext json = {0};
    jsontext_open(&json, '{');
    jsontext_field(&json, "name", request->store_name);
    jsontext_flag(&json, "created", request->created);
    jsontext_close(&json, '}');
    reply_json(request, request->created ? 201 : 200, &json);
}

static void finish(struct request *request)
{
    request_offload(request, create_job, answer);
}

const struct endpoint endpoint_store_put = {.finish = finish, .unconditional = true};
