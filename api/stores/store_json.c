/* store_json.c - figures and limits, member by member. See store_json.h. */
#include "api/stores/store_json.h"

#include "api/http/etag.h"
#include "api/request/core.h"
#include "api/request/figures.h"
#include "api/request/reply.h"
#include "api/stores/compaction.h"
#include "api/stores/verification.h"

static void limit_field(struct jsontext *json, const char *name, const struct store_limit *limit)
{
    if (limit->set)
        jsontext_figure(json, name, limit->most);
    else
        jsontext_field(json, name, NULL);
}

void store_json_limits(struct jsontext *json, const struct store_limits *limits)
{
    jsontext_name(json, "limits");
    jsontext_open(json, '{');
    limit_field(json, "bytes", &limits->bytes);
    limit_field(json, "objects", &limits->objects);
    jsontext_close(json, '}');
}

void store_json_owner(struct jsontext *json, const struct request *request)
{
    jsontext_field(json, "owner", request->api->options.address);
}

void store_json_reply(struct request *request)
{
    struct store_figures figures;
    struct store_compaction compaction;
    struct jsontext json = {0};
    char etag[ETAG_SIZE];
    store_figures(request->store, &figures);
    jsontext_open(&json, '{');
    jsontext_field(&json, "name", request->store_name);
    for (const struct figure *figure = figures_all; figure->name; figure++)
        jsontext_figure(&json, figure->name, figure_value(figure, &figures));
    etag_write(etag, &figures.state);
    jsontext_field(&json, "etag", etag);
    jsontext_flag(&json, "failed", figures.failed);
    store_json_owner(&json, request);
    store_json_limits(&json, &figures.limits);
    jsontext_name(&json, "verification");
    verification_write(&json, request->store);
    store_compaction(request->store, &compaction);
    jsontext_name(&json, "compaction");
    compaction_write(&json, &compaction);
    jsontext_close(&json, '}');
    reply_json(request, 200, &json);
}
