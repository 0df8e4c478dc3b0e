/* store_get.c - GET /v1/stores/{store}: its figures. */
#include "api/request/request.h"
#include "api/stores/store_json.h"

static void finish(struct request *request)
{
    request_acquire(request, store_json_reply);
}

const struct endpoint endpoint_store_get = {.finish = finish, .prompt = true};
