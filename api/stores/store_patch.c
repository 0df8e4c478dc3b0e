/* store_patch.c - PATCH /v1/stores/{store}: changes its limits.
 *
 *     {"limits": {"bytes": 1000000, "objects": null}}
 *
 * As a merge patch has it (RFC 7396) a member that is absent leaves its limit alone, and null takes it away; a null in
 * the place of `limits` takes both away.
 */
#include "api/request/body.h"
#include "api/request/core.h"
#include "api/request/record.h"
#include "api/request/reply.h"
#include "api/request/request.h"
#include "api/stores/store_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 4 << 10 };

/* What becomes of a limit. */
struct amendment {
    bool given;
    struct store_limit limit;
};

struct patch {
    struct body body;
    struct amendment bytes, objects;
};

/* ---- the body -------------------------------------------------------------------------------- */

static void begin(struct request *request)
{
    struct patch *patch = calloc(1, sizeof *patch);
    request->state = patch;
    if (!patch)
        reply_error(request, STORE_NO_MEMORY);
    else if (!body_is(request, "application/json") && !body_is(request, "application/merge-patch+json"))
        reply_problem(request, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
                      "The body has to be application/json or application/merge-patch+json.");
    else
        body_admit(request, &patch->body, BODY_MAX);
}

static size_t receive(struct request *request, const char *bytes, size_t length)
{
    struct patch *patch = request->state;
    return body_receive(request, &patch->body, bytes, length);
}

/* The functions below return NULL, or a sentence about what is wrong, without a full stop. */

static const char *read_limit(const json_t *value, struct amendment *ret_amendment)
{
    if (!json_is_null(value) && (!json_is_integer(value) || json_integer_value(value) < 0))
        return "a limit is a whole number from 0 on, or null for none";
    *ret_amendment = (struct amendment){.given = true};
    if (json_is_integer(value))
        ret_amendment->limit = (struct store_limit){.set = true, .most = (uint64_t)json_integer_value(value)};
    return NULL;
}

static const char *read_limits(struct patch *patch, json_t *limits)
{
    const char *name, *fault = NULL;
    json_t *value;
    if (json_is_null(limits))
        patch->bytes.given = patch->objects.given = true;
    else if (!json_is_object(limits))
        return "limits is an object with bytes, with objects, or with both";
    json_object_foreach (limits, name, value) {
        if (strcmp(name, "bytes") == 0)
            fault = read_limit(value, &patch->bytes);
        else if (strcmp(name, "objects") == 0)
            fault = read_limit(value, &patch->objects);
        else
            fault = "limits has bytes, objects and nothing else";
        if (fault)
            return fault;
    }
    return NULL;
}

static const char *read_patch(struct patch *patch, json_t *body)
{
    const char *name;
    json_t *value;
    json_object_foreach (body, name, value) {
        const char *fault = strcmp(name, "limits") == 0 ? read_limits(patch, value)
                                                        : "a store has limits to be changed and nothing else";
        if (fault)
            return fault;
    }
    return NULL;
}

/* ---- the change ------------------------------------------------------------------------------ */

static const struct store_limit *amended(const struct amendment *amendment)
{
    return amendment->given ? &amendment->limit : NULL;
}

static int write_amendment(char *text, size_t size, const char *name, const struct amendment *amendment)
{
    if (!amendment->given)
        return snprintf(text, size, "%s", "");
    if (!amendment->limit.set)
        return snprintf(text, size, "%s none, ", name);
    return snprintf(text, size, "%s %" PRIu64 ", ", name, amendment->limit.most);
}

/* `changed the limits (bytes 1000000, objects none) of`; nothing where none was asked for. */
static void tell(struct request *request, const struct patch *patch)
{
    char limits[80], deed[sizeof limits + 32];
    int length = write_amendment(limits, sizeof limits, "bytes", &patch->bytes);
    length += write_amendment(limits + length, sizeof limits - (size_t)length, "objects", &patch->objects);
    if (length == 0)
        return;
    snprintf(deed, sizeof deed, "changed the limits (%.*s) of", length - 2, limits);
    record_deed(request, deed);
}

static void patch_job(struct request *request)
{
    const struct patch *patch = request->state;
    struct depot *depot = request->api->options.depot;
    struct store_detail detail = {0};
    request->error = depot_set_limits(depot, request->store_name, amended(&patch->bytes), amended(&patch->objects),
                                      &detail);
    if (request->error == STORE_OK)
        tell(request, patch);
    if (request->error == STORE_OK)
        request->error = depot_acquire(depot, request->store_name, &request->store, &detail);
    if (request->error != STORE_OK)
        request_keep_detail(request, &detail);
}

static void answer(struct request *request)
{
    if (request->error == STORE_OK)
        store_json_reply(request);
    else
        reply_store_error(request, request->error, request->store_name);
}

static void finish(struct request *request)
{
    struct patch *patch = request->state;
    json_t *json = body_json(request, &patch->body);
    if (!json)
        return;
    const char *fault = read_patch(patch, json);
    json_decref(json);
    if (fault)
        reply_problem(request, PROBLEM_BAD_BODY, "The body does not fit: %s.", fault);
    else
        request_offload(request, patch_job, answer);
}

static void end(struct request *request)
{
    struct patch *patch = request->state;
    if (!patch)
        return;
    body_free(&patch->body);
    free(patch);
}

const struct endpoint endpoint_store_patch = {
    .begin = begin, .receive = receive, .finish = finish, .end = end, .unconditional = true};
