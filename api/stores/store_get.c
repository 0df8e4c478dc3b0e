/* store_get.c - GET /v1/stores/{store}: its figures. */
#include "api/request/figures.h"
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
    for (const struct figure *figure = figures_all; figure->name; figure++)
        jsontext_figure(&json, figure->name, figure_value(figure, &figures));
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
