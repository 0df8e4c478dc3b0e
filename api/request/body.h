/* body.h - a request body that is wanted whole, in memory, up to a limit, within the budget of all of them.
 *
 *     begin:    if (body_admit(request, &state->body, limit)) ...
 *     receive:  return body_receive(request, &state->body, bytes, length);
 *
 * Memory is taken as bytes arrive, never for what is only announced.
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_BODY_H
#define CAIRN_API_BODY_H

#include "api/request/budget.h"
#include "api/request/request.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct body {
    char *bytes; /* owned */
    size_t length;
    size_t capacity;
    uint64_t limit;
    struct budget_share share; /* at least `capacity`; the endpoint may take more for what it makes of the body */
};

/* Refuses a body that is announced too large, or larger than there is memory for at present; false when it has
 * answered. */
bool body_admit(struct request *request, struct body *body, uint64_t limit);

/* The same for a body that has to be JSON: refuses every other one, too. */
bool body_admit_json(struct request *request, struct body *body, uint64_t limit);

/* Whether Content-Type is this media type, whatever its parameters. */
bool body_is(const struct request *request, const char *media_type);

/* Takes a chunk; answers, and drops what has come, when the limit is passed or there is no memory left for it. Returns
 * `length`: all of it is taken. */
size_t body_receive(struct request *request, struct body *body, const char *bytes, size_t length);

/* Makes the body's share at least `bytes` large; false when it has answered that others have the memory. */
bool body_take_share(struct request *request, struct body *body, size_t bytes);

/* The bytes, also when there are none: never NULL. They may be changed. */
char *body_bytes(struct body *body);

/* The bytes as a JSON object, for bodies so small that a tree of them is no burden: json_decref() it. NULL when they
 * are none; that has been answered then. Values nest no deeper than 2048, jansson's own bound on its recursion. */
json_t *body_json(struct request *request, struct body *body);

void body_free(struct body *body);

#endif
