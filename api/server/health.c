/* health.c - GET /healthz: the process answers; GET /readyz: it takes writes. Damage that was found does not hinder
 * writes: it is told in the detail. */
#include "api/request/core.h"
#include "api/request/reply.h"
#include "api/request/request.h"

/* `detail` is left out when it is "". */
static void say(struct request *request, const char *status, const char *detail)
{
    struct jsontext json = {0};
    jsontext_open(&json, '{');
    jsontext_field(&json, "status", status);
    if (detail[0] != '\0')
        jsontext_field(&json, "detail", detail);
    jsontext_close(&json, '}');
    reply_json(request, 200, &json);
    reply_field(request, "Cache-Control", "no-store");
}

static void begin_healthz(struct request *request)
{
    say(request, "ok", "");
}

static void begin_readyz(struct request *request)
{
    struct store_detail detail = {0};
    if (api_is_draining(request->api))
        reply_problem(request, PROBLEM_DRAINING, "The server is closing.");
    else if (!depot_healthy(request->api->options.depot, &detail))
        reply_problem(request, PROBLEM_STORE_FAILED, "%s.",
                      detail.text[0] == '\0' ? "A store takes no writes" : detail.text);
    else
        say(request, "ready", detail.text);
}

const struct endpoint endpoint_healthz = {.begin = begin_healthz, .guests = true};
const struct endpoint endpoint_readyz = {.begin = begin_readyz, .guests = true};
