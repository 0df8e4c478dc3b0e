#include "api/request/body.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/request/reply.h"

static void refuse_size(struct request *request, const struct body *body)
{
    reply_problem(request, PROBLEM_TOO_LARGE, "The body is larger than the %" PRIu64 " bytes allowed here.",
                  body->limit);
}

bool body_admit(struct request *request, struct body *body, uint64_t limit)
{
    body->limit = limit;
    if (request->body_length == STORE_SIZE_UNKNOWN || request->body_length <= limit)
        return true;
    refuse_size(request, body);
    return false;
}

bool body_is(const struct request *request, const char *media_type)
{
    const char *type = request_field(request, FIELD_CONTENT_TYPE);
    size_t length = strlen(media_type);
    if (type == NULL || strncasecmp(type, media_type, length) != 0)
        return false;
    return type[length] == '\0' || strchr("; \t", type[length]) != NULL;
}

/* Grows to what was announced at once, else by doubling; never beyond the limit. */
static bool reserve(const struct request *request, struct body *body, size_t length)
{
    size_t needed = body->length + length;
    if (needed <= body->capacity)
        return true;
    size_t capacity = body->capacity == 0 ? 4096 : body->capacity * 2;
    if (request->body_length != STORE_SIZE_UNKNOWN)
        capacity = (size_t)request->body_length;
    if (capacity > body->limit)
        capacity = (size_t)body->limit;
    if (capacity < needed)
        capacity = needed;
    char *bytes = realloc(body->bytes, capacity);
    if (bytes == NULL)
        return false;
    body->bytes = bytes;
    body->capacity = capacity;
    return true;
}

size_t body_receive(struct request *request, struct body *body, const char *bytes, size_t length)
{
    if (length > body->limit - body->length) {
        refuse_size(request, body);
    } else if (!reserve(request, body, length)) {
        reply_error(request, STORE_NO_MEMORY);
    } else {
        memcpy(body->bytes + body->length, bytes, length);
        body->length += length;
    }
    return length;
}

char *body_bytes(struct body *body)
{
    static char none[1];
    return body->bytes == NULL ? none : body->bytes;
}

void body_free(struct body *body)
{
    free(body->bytes);
    *body = (struct body){0};
}
