/* move.c - POST …/move and …/copy: MOVE and COPY for clients made from the interface's description.
 *
 *     {"key": "a", "destination": {"store": "photos", "key": "b"}, "overwrite": false}
 *
 * Objects are named as in key_json.h; the destination's store is this one when it is not named. If-Match
 * and If-None-Match apply to the source, as with the verbs.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "api/body.h"
#include "api/head.h"
#include "api/key_json.h"
#include "api/reply.h"
#include "api/request.h"
#include "api/transfer.h"

enum { BODY_MAX = 64 << 10 };

struct command {
    struct transfer transfer;
    struct body body;
    json_t *json;                      /* what keys and names are borrowed from */
    void *source_bytes, *target_bytes; /* owned: keys that came in base64 */
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

static const char *read_target(struct command *command, const char *here)
{
    struct destination *destination = &command->transfer.destination;
    const json_t *json = json_object_get(command->json, "destination");
    if (!json_is_object(json))
        return "destination is an object with a store and a key";
    const json_t *store = json_object_get(json, "store");
    if (store != NULL && !json_is_string(store))
        return "the destination's store is a string";
    if (store != NULL && strlen(json_string_value(store)) != json_string_length(store))
        return "the destination's store holds a NUL";
    destination->store = store == NULL ? here : json_string_value(store);
    return key_json_read(json, "key", &destination->key, &command->target_bytes);
}

static const char *read_command(struct command *command, const char *here)
{
    if (!json_is_object(command->json))
        return "the body is not an object";
    const json_t *overwrite = json_object_get(command->json, "overwrite");
    if (overwrite != NULL && !json_is_boolean(overwrite))
        return "overwrite is true or false";
    command->transfer.keep_target = json_is_false(overwrite);
    const char *fault = key_json_read(command->json, "key", &command->transfer.source, &command->source_bytes);
    return fault != NULL ? fault : read_target(command, here);
}

static void prepared(struct request *request)
{
    struct command *command = request->state;
    transfer_run(request, &command->transfer);
}

static void finish(struct request *request)
{
    struct command *command = request->state;
    json_error_t error;
    command->json = json_loadb(command->body.bytes == NULL ? "" : command->body.bytes, command->body.length,
                               JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (command->json == NULL) {
        reply_problem(request, PROBLEM_BAD_BODY, "The body is not JSON: %s at byte %d.", error.text, error.position);
        return;
    }
    const char *fault = read_command(command, request->store_name);
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
    json_decref(command->json);
    free(command->source_bytes);
    free(command->target_bytes);
    free(command);
}

const struct endpoint endpoint_move = {.begin = begin_move, .receive = receive, .finish = finish, .end = end};
const struct endpoint endpoint_copy = {.begin = begin_copy, .receive = receive, .finish = finish, .end = end};
