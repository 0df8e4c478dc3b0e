/* store_get.c - GET /v1/stores/{store}: its figures. */
#include "api/request/reply.h"
#include "api/request/request.h"
#include "api/stores/verification.h"

static void answer(struct request *request)
{
    struct store_figures figures;
    struct jsontext json = {0};
    store_figures(request->store, &figures);
    jsontext_open(&json, '{');
    jsontext_field(&json, "name", request->store_name);
    jsontext_figure(&json, "objects", figures.objects);
    jsontext_figure(&json, "live_bytes", figures.live_bytes);
    jsontext_figure(&json, "dead_bytes", figures.dead_bytes);
    jsontext_figure(&json, "disk_bytes", figures.disk_bytes);
    jsontext_figure(&json, "end_offset", figures.end_offset);
    jsontext_figure(&json, "segments", figures.segments);
    jsontext_figure(&json, "blobs", figures.blobs);
    jsontext_figure(&json, "writes_in_flight", figures.writes_in_flight);
    jsontext_figure(&json, "bytes_in_flight", figures.bytes_in_flight);
    jsontext_figure(&json, "commits", figures.commits);
    jsontext_figure(&json, "records", figures.records);
    jsontext_figure(&json, "damaged_bytes", figures.damaged_bytes);
    jsontext_figure(&json, "damaged_blobs", figures.damaged_blobs);
    jsontext_name(&json, "failed");
    jsontext_bool(&json, figures.failed);
    jsontext_name(&json, "verification");
    verification_write(&json, request->store);
    jsontext_close(&json, '}');
    reply_json(request, 200, &json);
}

static void finish(struct request *request)
{
    request_acquire(request, answer);
}

const struct endpoint endpoint_store_get = {.finish = finish, .prompt = true};
