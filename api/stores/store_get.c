/* store_get.c - GET /v1/stores/{store}: its figures. */
#include "api/request/reply.h"
#include "api/request/request.h"
#include "api/stores/verification.h"

static void number(struct jsontext *json, const char *name, uint64_t value)
{
    jsontext_name(json, name);
    jsontext_number(json, value);
}

static void answer(struct request *request)
{
    struct store_figures figures;
    struct jsontext json = {0};
    store_figures(request->store, &figures);
    jsontext_open(&json, '{');
    jsontext_field(&json, "name", request->store_name);
    number(&json, "objects", figures.objects);
    number(&json, "live_bytes", figures.live_bytes);
    number(&json, "dead_bytes", figures.dead_bytes);
    number(&json, "disk_bytes", figures.disk_bytes);
    number(&json, "end_offset", figures.end_offset);
    number(&json, "segments", figures.segments);
    number(&json, "blobs", figures.blobs);
    number(&json, "writes_in_flight", figures.writes_in_flight);
    number(&json, "bytes_in_flight", figures.bytes_in_flight);
    number(&json, "commits", figures.commits);
    number(&json, "records", figures.records);
    number(&json, "damaged_bytes", figures.damaged_bytes);
    number(&json, "damaged_blobs", figures.damaged_blobs);
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
