/* move.c - POST …/move and …/copy: MOVE and COPY for clients made from the interface's description.
 *
 *     {"key": "a", "destination": {"store": "photos", "key": "b"}, "overwrite": false}
 *
 * Objects are named as in naming.h; the destination's store is this one when it is not named. If-Match
 * and If-None-Match apply to the source, as with the verbs.
 */
#include <stdlib.h>
#include <string.h>

#include "api/object/naming.h"
#include "api/object/transfer.h"
#include "api/request/body.h"
#include "api/request/head.h"
#include "api/request/reply.h"
#include "api/request/request.h"

enum { BODY_MAX = 64 << 10 };

struct command {
    struct transfer transfer;
    struct body body; /* what keys and names are borrowed from */
    struct jsonread json;
    struct naming source, target;
    struct jsonread_text store; /* of the destination; bytes is NULL when it is not named */
    bool has_destination;
};

/* ---- the head -------------------------------------------------------------------------------- */

static void acquired(struct request *request)
{
    (void)request; /* the rest is in the body */
}

static void begin(struct request *request, bool move)
{
    struct command *command = calloc(1, sizeof *command);
    if (command == NULL) {
        reply_error(request, STORE_NO_MEMORY);
        return;
    }
    request->state = command;
    command->transfer.move = move;
    if (!body_is(request, "application/json"))
        reply_problem(request, PROBLEM_UNSUPPORTED_MEDIA_TYPE, "The body has to be application/json.");
    else if (body_admit(request, &command->body, BODY_MAX) &&
             head_precondition(request, &command->transfer.precondition))
        request_acquire(request, acquired);
}

static void begin_move(struct request *request)
{
    begin(request, true);
}

static void begin_copy(struct request *request)
{
    begin(request, false);
}

/* ---- the body -------------------------------------------------------------------------------- */

static size_t receive(struct request *request, const char *bytes, size_t length)
{
    struct command *command = request->state;
    return body_receive(request, &command->body, bytes, length);
}

/* ---- what it says ---------------------------------------------------------------------------- */

/* The functions below return NULL, or a sentence about what is wrong, without a full stop. What is no JSON at all is
 * noted in command->json and ends the reading, too. */

static const char *read_string(struct jsonread *json, struct jsonread_text *ret_text)
{
    if (ret_text->bytes != NULL)
        return "a member is given twice";
    if (jsonread_null(json))
        return NULL;
    if (jsonread_type(json) != JSONREAD_STRING)
        return "keys and stores are strings";
    return jsonread_string(json, ret_text) ? NULL : json->fault;
}

/* One of the three ways to name an object; *ret_known is false when the member is none of them. */
static const char *read_name(struct jsonread *json, const struct jsonread_text *member, struct naming *naming,
                             bool *ret_known)
{
    enum naming_kind kind;
    *ret_known = naming_kind_of(member, "key", &kind);
    return *ret_known ? read_string(json, &naming->texts[kind]) : NULL;
}

static const char *read_destination(struct command *command)
{
    struct jsonread *json = &command->json;
    struct jsonread_text member;
    if (!command->has_destination && jsonread_null(json))
        return NULL;
    if (jsonread_type(json) != JSONREAD_OBJECT || command->has_destination)
        return "destination is one object with a store and a key";
    command->has_destination = true;
    jsonread_enter(json);
    while (jsonread_member(json, &member)) {
        bool known;
        const char *fault = read_name(json, &member, &command->target, &known);
        if (!known)
            fault = jsonread_is(&member, "store") ? read_string(json, &command->store)
                                                  : "a destination has a store and a key and nothing else";
        if (fault != NULL)
            return fault;
    }
    return json->fault;
}

static const char *read_overwrite(struct command *command)
{
    bool overwrite;
    if (jsonread_null(&command->json))
        return NULL;
    if (jsonread_type(&command->json) != JSONREAD_BOOL)
        return "overwrite is true or false";
    if (!jsonread_bool(&command->json, &overwrite))
        return command->json.fault;
    command->transfer.keep_target = !overwrite;
    return NULL;
}

static const char *read_member(struct command *command, const struct jsonread_text *member)
{
    bool known;
    const char *fault = read_name(&command->json, member, &command->source, &known);
    if (known)
        return fault;
    if (jsonread_is(member, "destination"))
        return read_destination(command);
    if (jsonread_is(member, "overwrite"))
        return read_overwrite(command);
    return "the body has a key, a destination, overwrite and nothing else";
}

static const char *read_body(struct command *command)
{
    struct jsonread *json = &command->json;
    struct jsonread_text member;
    if (jsonread_type(json) != JSONREAD_OBJECT)
        return "the body is an object";
    jsonread_enter(json);
    while (jsonread_member(json, &member)) {
        const char *fault = read_member(command, &member);
        if (fault != NULL)
            return fault;
    }
    jsonread_end(json);
    return json->fault;
}

static const char *read_command(struct command *command, const char *here)
{
    struct transfer *transfer = &command->transfer;
    const struct jsonread_text *store = &command->store;
    const char *fault = read_body(command);
    if (fault != NULL)
        return fault;
    if (!command->has_destination)
        return "a destination is missing";
    if (store->bytes != NULL && strlen(store->bytes) != store->length)
        return "the destination's store holds a NUL";
    transfer->destination.store = store->bytes == NULL ? here : store->bytes;
    fault = naming_key(&command->source, &transfer->source);
    return fault != NULL ? fault : naming_key(&command->target, &transfer->destination.key);
}

static void prepared(struct request *request)
{
    struct command *command = request->state;
    transfer_run(request, &command->transfer);
}

static void finish(struct request *request)
{
    struct command *command = request->state;
    jsonread_begin(&command->json, body_bytes(&command->body), command->body.length);
    const char *fault = read_command(command, request->store_name);
    if (command->json.fault != NULL) {
        reply_problem(request, PROBLEM_BAD_BODY, "The body is not JSON: %s at byte %zu.", command->json.fault,
                      jsonread_position(&command->json));
        return;
    }
    if (fault != NULL) {
        reply_problem(request, PROBLEM_BAD_BODY, "The body does not fit: %s.", fault);
        return;
    }
    request->key = command->transfer.source;
    request->has_key = true;
    transfer_prepare(request, &command->transfer, prepared);
}

static void end(struct request *request)
{
    struct command *command = request->state;
    if (command == NULL)
        return;
    transfer_end(&command->transfer);
    body_free(&command->body);
    free(command);
}

const struct endpoint endpoint_move = {
    .begin = begin_move, .receive = receive, .finish = finish, .end = end, .fault = "the object cannot be moved"};
const struct endpoint endpoint_copy = {
    .begin = begin_copy, .receive = receive, .finish = finish, .end = end, .fault = "the object cannot be copied"};
