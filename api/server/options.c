/* options.c - OPTIONS of any path, and of the server as a whole (`*`): which methods there are. */
#include "api/request/core.h"
#include "api/request/reply.h"
#include "api/request/request.h"
#include "api/request/site.h"

#include <inttypes.h>
#include <stdio.h>

/* What can be done with uploads here, in the words of tus 1.0.0. */
static void tus_fields(struct request *request)
{
    char most[24];
    snprintf(most, sizeof most, "%" PRIu64, request->api->options.object_limit);
    reply_field(request, "Tus-Resumable", TUS_VERSION);
    reply_field(request, "Tus-Version", TUS_VERSION);
    reply_field(request, "Tus-Extension",
                "creation,creation-with-upload,creation-defer-length,expiration,checksum,termination,concatenation");
    reply_field(request, "Tus-Max-Size", most);
    reply_field(request, "Tus-Checksum-Algorithm", "sha1,sha256,md5");
}

static bool is_about_uploads(const struct request *request)
{
    struct captures captures;
    const struct route *post = route_find(request->api->routes, METHOD_POST, request->resource, &captures);
    const struct route *patch = route_find(request->api->routes, METHOD_PATCH, request->resource, &captures);
    return (post && post->endpoint->tus) || (patch && patch->endpoint->tus);
}

static void begin(struct request *request)
{
    char allow[ROUTE_ALLOW_SIZE];
    route_allow(request->api->routes, request->resource, allow);
    reply_empty(request, 204);
    reply_field(request, "Allow", allow);
    if (is_about_uploads(request))
        tus_fields(request);
    site_preflight_fields(request);
}

/* Browsers ask it before the request that they mean, with the query of that one. */
const struct endpoint endpoint_options = {.begin = begin, .any_query = true};
