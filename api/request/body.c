/* body.c - a buffer that doubles, each time within the budget. See body.h. */
#include "api/request/body.h"

#include "api/request/core.h"
#include "api/request/reply.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIRST_CAPACITY = 4 << 10 };

static void refuse_size(struct request *request, const struct body *body)
{
    reply_problem(request, PROBLEM_TOO_LARGE, "The body is larger than the %" PRIu64 " bytes allowed here.",
                  body->limit);
}

static void refuse_share(struct request *request)
{
    reply_problem(request, PROBLEM_BUSY, "Other requests of this kind have the memory for now; try again.");
}

bool body_admit(struct request *request, struct body *body, uint64_t limit)
{
    body->limit = limit;
    if (request->body_length == STORE_SIZE_UNKNOWN)
        return true;
    if (request->body_length > limit) {
        refuse_size(request, body);
        return false;
    }
    /* Whether it can be had now is no promise; but nobody shall send for nothing. */
    bool could = budget_has(&request->api->batches, (size_t)request->body_length);
    if (!could)
        refuse_share(request);
    return could;
}

bool body_take_share(struct request *request, struct body *body, size_t bytes)
{
    bool taken = budget_take(&request->api->batches, &body->share, bytes);
    if (!taken)
        refuse_share(request);
    return taken;
}

bool body_is(const struct request *request, const char *media_type)
{
    const char *type = request_field(request, FIELD_CONTENT_TYPE);
    size_t length = strlen(media_type);
    if (!type || strncasecmp(type, media_type, length) != 0)
        return false;
    return type[length] == '\0' || strchr("; \t", type[length]);
}

bool body_admit_json(struct request *request, struct body *body, uint64_t limit)
{
    if (body_is(request, "application/json"))
        return body_admit(request, body, limit);
    reply_problem(request, PROBLEM_UNSUPPORTED_MEDIA_TYPE, "The body has to be application/json.");
    return false;
}

/* Grows by doubling, to no more than was announced and is allowed. */
static size_t next_capacity(const struct request *request, const struct body *body, size_t needed)
{
    size_t capacity = body->capacity == 0 ? FIRST_CAPACITY : body->capacity * 2;
    uint64_t most = request->body_length < body->limit ? request->body_length : body->limit;
    if (capacity > most)
        capacity = (size_t)most;
    return capacity < needed ? needed : capacity;
}

/* Makes room for `length` more bytes; false when it has answered. */
static bool reserve(struct request *request, struct body *body, size_t length)
{
    size_t needed = body->length + length;
    if (needed <= body->capacity)
        return true;
    size_t capacity = next_capacity(request, body, needed);
    if (!body_take_share(request, body, capacity))
        return false;
    char *bytes = realloc(body->bytes, capacity);
    if (!bytes) {
        reply_error(request, STORE_NO_MEMORY);
        return false;
    }
    body->bytes = bytes;
    body->capacity = capacity;
    return true;
}

size_t body_receive(struct request *request, struct body *body, const char *bytes, size_t length)
{
    if (length > body->limit - body->length) {
        refuse_size(request, body);
    } else if (reserve(request, body, length)) {
        memcpy(body->bytes + body->length, bytes, length);
        body->length += length;
        return length;
    }
    body_free(body); /* the client may be long in taking the answer */
    return length;
}

char *body_bytes(struct body *body)
{
    static char none[1];
    return !body->bytes ? none : body->bytes;
}

json_t *body_json(struct request *request, struct body *body)
{
    json_error_t error;
    json_t *json = json_loadb(body_bytes(body), body->length, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(json))
        return json;
    if (!json && json_error_code(&error) == json_error_numeric_overflow)
        reply_problem(request, PROBLEM_BAD_BODY,
                      "The body has a number that is too large, at byte %d: whole ones go up to %lld.", error.position,
                      (long long)INT64_MAX);
    else if (!json)
        reply_problem(request, PROBLEM_BAD_BODY, "The body is not JSON: %s, at byte %d.", error.text, error.position);
    else
        reply_problem(request, PROBLEM_BAD_BODY, "The body is a JSON list, but an object is wanted.");
    json_decref(json);
    return NULL;
}

void body_free(struct body *body)
{
    free(body->bytes);
    budget_keep(&body->share, 0);
    *body = (struct body){0};
}
