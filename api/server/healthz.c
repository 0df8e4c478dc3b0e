/* healthz.c - GET /healthz: the process answers. */
#include "api/request/request.h"
#include "api/server/status.h"

static void begin(struct request *request)
{
    status_reply(request, "ok", "");
}

const struct endpoint endpoint_healthz = {.begin = begin, .guests = true};
