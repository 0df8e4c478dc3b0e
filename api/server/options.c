/* options.c - OPTIONS of any path, and of the server as a whole (`*`): which methods there are. */
#include "api/request/core.h"
#include "api/request/reply.h"
#include "api/request/request.h"
#include "api/request/site.h"

static void begin(struct request *request)
{
    char allow[ROUTE_ALLOW_SIZE];
    route_allow(request->api->routes, request->resource, allow);
    reply_empty(request, 204);
    reply_field(request, "Allow", allow);
    site_preflight_fields(request);
}

/* Browsers ask it before the request that they mean, with the query of that one. */
const struct endpoint endpoint_options = {.begin = begin, .any_query = true};
