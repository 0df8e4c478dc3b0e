/* store_delete.c - DELETE /v1/stores/{store}: only an empty one, unless ?force=true; and with If-Match only as it was
 * seen. */
#include "api/request/core.h"
#include "api/request/head.h"
#include "api/request/query.h"
#include "api/request/record.h"
#include "api/request/reply.h"
#include "api/request/request.h"

#include <stdlib.h>

struct removal {
    bool force;
    struct precondition precondition;
};

static void delete_job(struct request *request)
{
    const struct removal *removal = request->state;
    struct store_detail detail = {0};
    request->error = depot_delete_if(request->api->options.depot, request->store_name, removal->force,
                                     &removal->precondition.condition, &detail);
    if (request->error == STORE_OK)
        record_deed(request, removal->force ? "deleted, with what it held," : "deleted");
    else
        request_keep_detail(request, &detail);
}

static void answer(struct request *request)
{
    if (request->error == STORE_OK)
        reply_empty(request, 204);
    else if (request->error == STORE_NOT_DRAINED)
        reply_problem(
            request, PROBLEM_STORE_NOT_EMPTY,
            "The store \"%s\" still holds objects or unfinished uploads, or a write to it is under way; delete "
            "them, or say ?force=true.",
            request->store_name);
    else
        reply_store_error(request, request->error, request->store_name);
}

static void begin(struct request *request)
{
    struct removal *removal = calloc(1, sizeof *removal);
    request->state = removal;
    if (!removal)
        reply_error(request, STORE_NO_MEMORY);
    else if (request_field(request, FIELD_IF_NONE_MATCH) || request_field(request, FIELD_IF_UNMODIFIED_SINCE))
        reply_problem(request, PROBLEM_BAD_HEADER,
                      "The only precondition of a store's deletion is If-Match, with the etag of its figures.");
    else if (head_precondition(request, &removal->precondition))
        query_switch(request, "force", &removal->force);
}

static void remove_it(struct request *request)
{
    request_offload(request, delete_job, answer);
}

/* Begun only when the request has come whole: a broken request removes nothing. What the store holds is seen when it is
 * open: that is waited for here, and not by the thread that removes it. */
static void finish(struct request *request)
{
    const struct removal *removal = request->state;
    if (removal->force && !precondition_any(&removal->precondition))
        remove_it(request);
    else
        request_acquire(request, remove_it);
}

static void end(struct request *request)
{
    struct removal *removal = request->state;
    if (removal)
        precondition_free(&removal->precondition);
    free(removal);
}

const struct endpoint endpoint_store_delete = {.begin = begin, .finish = finish, .end = end, .parameters = {"force"}};
