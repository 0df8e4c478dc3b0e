/* readyz.c - GET /readyz: the server takes writes, and the stores are open that are to be from the start.
 *
 * The engine looks whether its disk still answers, on a thread of its own. Damage that was found does not hinder
 * writes: it is told in the detail. That names stores and paths: whoever may not administer them all gets none.
 */
#include "api/request/core.h"
#include "api/request/reply.h"
#include "api/request/request.h"
#include "api/server/status.h"

static void answer(struct request *request)
{
    struct store_detail detail = {0};
    bool healthy = depot_healthy(request->api->options.depot, &detail);
    if (!(visitor_rights_everywhere(&request->visitor) & RIGHT_ADMIN))
        detail.text[0] = '\0';
    if (api_is_draining(request->api))
        reply_problem(request, PROBLEM_DRAINING, "The server is closing.");
    else if (!healthy)
        reply_problem(request, PROBLEM_NOT_READY, "%s.",
                      detail.text[0] == '\0' ? "The data folder or a store is not well" : detail.text);
    else
        status_reply(request, "ready", detail.text);
}

/* What every request can wait for is not waited for here: there may be much to read. */
static bool is_loading(struct request *request)
{
    struct store_detail detail = {0};
    bool loading = !api_is_draining(request->api) && depot_is_loading(request->api->options.depot, &detail);
    if (!(visitor_rights_everywhere(&request->visitor) & RIGHT_ADMIN))
        detail.text[0] = '\0';
    if (loading)
        reply_problem(request, PROBLEM_LOADING, "%s.",
                      detail.text[0] == '\0' ? "Not all stores are open that are to be" : detail.text);
    return loading;
}

/* Thread: the engine's. */
static void looked(void *arg)
{
    request_resume(arg);
}

static void begin(struct request *request)
{
    if (is_loading(request))
        return;
    request_suspend(request, answer);
    if (depot_probe(request->api->options.depot, looked, request) != STORE_OK)
        request_resume(request); /* what is known has to do */
}

const struct endpoint endpoint_readyz = {.begin = begin, .guests = true};
