/* verb.c - a relocation that the verb asks for. */
#include "api/object/verb.h"

#include "api/object/relocation.h"
#include "api/request/head.h"
#include "api/request/reply.h"
#include "api/request/request.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { VALUE_SHOWN = 200 /* bytes of a field's value that a refusal quotes */ };

static void refuse_destination(struct request *request, enum destination_error error, const char *value)
{
    const char *base = request_base_path(request);
    bool below = error == DESTINATION_ELSEWHERE && *base;
    reply_problem(request, PROBLEM_BAD_HEADER, "%s%s%s; it is \"%.*s\".", destination_error_text(error),
                  below ? ", below " : "", below ? base : "", VALUE_SHOWN, value);
}

static bool read_destination(struct request *request, struct destination *destination)
{
    const char *value = request_field(request, FIELD_DESTINATION);
    if (!value) {
        reply_problem(request, PROBLEM_BAD_HEADER, "%s needs the field Destination: %s/v1/stores/STORE/objects/KEY.",
                      method_name(request->method), request_base_path(request));
        return false;
    }
    enum destination_error error = destination_read(destination, value, request_base_path(request));
    if (error == DESTINATION_NO_MEMORY)
        reply_error(request, STORE_NO_MEMORY);
    else if (error != DESTINATION_OK)
        refuse_destination(request, error, value);
    return error == DESTINATION_OK;
}

/* T, the default, or F (RFC 4918, section 10.6). */
static bool read_overwrite(struct request *request, bool *ret_keep_target)
{
    const char *value = request_field(request, FIELD_OVERWRITE);
    if (value && strcasecmp(value, "T") != 0 && strcasecmp(value, "F") != 0) {
        reply_problem(request, PROBLEM_BAD_HEADER, "Overwrite is T or F, not \"%s\".", value);
        return false;
    }
    *ret_keep_target = value && strcasecmp(value, "F") == 0;
    return true;
}

static void prepared(struct request *request)
{
    (void)request; /* the work begins when the request has come whole */
}

static void acquired(struct request *request)
{
    relocation_prepare(request, request->state, prepared);
}

void verb_begin(struct request *request, bool move)
{
    struct relocation *relocation = calloc(1, sizeof *relocation);
    if (!relocation) {
        reply_error(request, STORE_NO_MEMORY);
        return;
    }
    request->state = relocation;
    relocation->move = move;
    relocation->source = request->key;
    if (head_precondition(request, &relocation->precondition) && read_destination(request, &relocation->destination) &&
        read_overwrite(request, &relocation->keep_target) && relocation_may_write(request, relocation))
        request_acquire(request, acquired);
}

void verb_finish(struct request *request)
{
    relocation_run(request, request->state);
}

void verb_end(struct request *request)
{
    if (request->state)
        relocation_end(request->state);
    free(request->state);
}
