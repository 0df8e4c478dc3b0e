/* command.c - a relocation that the body asks for. command.h has an example. */
#include "api/object/command.h"

#include "api/object/relocation.h"
#include "api/request/body.h"
#include "api/request/head.h"
#include "api/request/permit.h"
#include "api/request/reply.h"
#include "api/request/request.h"
#include "api/text/naming.h"

#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 64 << 10 };

struct command {
    struct relocation relocation;
    struct body body;
    json_t *json; /* owned; what keys and names are borrowed from */
    struct naming source, target;
    const char *store; /* of the destination; NULL when it is not named */
    bool has_destination;
};

/* ---- the head -------------------------------------------------------------------------------- */

void command_begin(struct request *request, bool move)
{
    struct command *command = calloc(1, sizeof *command);
    if (!command) {
        reply_error(request, STORE_NO_MEMORY);
        return;
    }
    request->state = command;
    command->relocation.move = move;
    if (body_admit_json(request, &command->body, BODY_MAX) &&
        head_precondition(request, &command->relocation.precondition))
        request_acquire(request, NULL);
}

/* ---- the body -------------------------------------------------------------------------------- */

size_t command_receive(struct request *request, const char *bytes, size_t length)
{
    struct command *command = request->state;
    return body_receive(request, &command->body, bytes, length);
}

/* ---- what it says ---------------------------------------------------------------------------- */

/* The functions below return NULL, or a sentence about what is wrong, without a full stop. */

/* Null is as good as absent. */
static const char *read_store(struct command *command, const json_t *value)
{
    if (json_is_null(value))
        return NULL;
    if (!json_is_string(value))
        return "the destination's store is a string";
    command->store = json_string_value(value);
    return strlen(command->store) == json_string_length(value) ? NULL : "the destination's store holds a NUL";
}

static const char *read_destination_member(struct command *command, const char *name, const json_t *value)
{
    enum naming_kind kind;
    if (naming_kind_of(name, strlen(name), &kind))
        return naming_take(&command->target, kind, value);
    if (strcmp(name, "store") == 0)
        return read_store(command, value);
    return "a destination has a store and a key and nothing else";
}

static const char *read_destination(struct command *command, json_t *destination)
{
    const char *name;
    json_t *value;
    if (json_is_null(destination))
        return NULL;
    if (!json_is_object(destination))
        return "destination is one object with a store and a key";
    command->has_destination = true;
    json_object_foreach (destination, name, value) {
        const char *fault = read_destination_member(command, name, value);
        if (fault)
            return fault;
    }
    return NULL;
}

static const char *read_overwrite(struct command *command, const json_t *value)
{
    if (!json_is_boolean(value) && !json_is_null(value))
        return "overwrite is true or false";
    command->relocation.keep_target = json_is_false(value);
    return NULL;
}

static const char *read_member(struct command *command, const char *name, json_t *value)
{
    enum naming_kind kind;
    if (naming_kind_of(name, strlen(name), &kind))
        return naming_take(&command->source, kind, value);
    if (strcmp(name, "destination") == 0)
        return read_destination(command, value);
    if (strcmp(name, "overwrite") == 0)
        return read_overwrite(command, value);
    return "the body has a key, a destination, overwrite and nothing else";
}

static const char *read_body(struct command *command)
{
    const char *name;
    json_t *value;
    json_object_foreach (command->json, name, value) {
        const char *fault = read_member(command, name, value);
        if (fault)
            return fault;
    }
    return NULL;
}

static const char *read_command(struct command *command, const char *here)
{
    struct relocation *relocation = &command->relocation;
    const char *fault = read_body(command);
    if (fault)
        return fault;
    if (!command->has_destination)
        return "a destination is missing";
    relocation->destination.store = command->store ? command->store : here;
    fault = naming_key(&command->source, &relocation->source);
    return fault ? fault : naming_key(&command->target, &relocation->destination.key);
}

static void prepared(struct request *request)
{
    struct command *command = request->state;
    relocation_run(request, &command->relocation);
}

static void free_json(struct command *command)
{
    json_decref(command->json);
    command->json = NULL;
}

static bool may_relocate(struct request *request, const struct relocation *relocation)
{
    unsigned rights = relocation->move ? RIGHT_READ | RIGHT_DELETE : RIGHT_READ;
    return permit_may(request, rights, request->store_name, &relocation->source) &&
           relocation_may_write(request, relocation);
}

void command_finish(struct request *request)
{
    struct command *command = request->state;
    command->json = body_json(request, &command->body);
    if (!command->json)
        return;
    const char *fault = read_command(command, request->store_name);
    if (fault) {
        free_json(command); /* it may be twenty times the body, and its client in no hurry to read the answer */
        reply_problem(request, PROBLEM_BAD_BODY, "The body does not fit: %s.", fault);
        return;
    }
    request->key = command->relocation.source;
    request->has_key = true;
    if (may_relocate(request, &command->relocation))
        relocation_prepare(request, &command->relocation, prepared);
}

void command_end(struct request *request)
{
    struct command *command = request->state;
    if (!command)
        return;
    relocation_end(&command->relocation);
    free_json(command);
    body_free(&command->body);
    free(command);
}
