/* object_get.c - GET and HEAD of …/objects/{key} and …/hashes/{hash}.
 *
 * The object is pinned without waiting where that can be done, else on an I/O thread. Preconditions
 * come first, in the order of RFC 9110, section 13.2.2. A payload in memory is sent from the pin,
 * which is released when the last byte is out; a file is sent by the kernel.
 */
#include <stdlib.h>
#include <string.h>

#include "api/etag.h"
#include "api/head.h"
#include "api/http_date.h"
#include "api/reply.h"
#include "api/request.h"

struct reading {
    struct object *object; /* owned until the answer takes it */
    struct precondition precondition;
};

/* ---- what is known about the object ---------------------------------------------------------- */

/* A field whose value is a piece of the attributes, which does not end with a NUL. */
static void text_field(struct request *request, const char *name, const struct attribute *attribute)
{
    char value[ATTRIBUTES_TEXT_MAX + 1];
    if (attribute->value_length >= sizeof value)
        return;
    memcpy(value, attribute->value, attribute->value_length);
    value[attribute->value_length] = '\0';
    reply_field(request, name, value);
}

static void meta_field(struct request *request, const struct attribute *attribute)
{
    char name[sizeof FIELD_META_PREFIX + ATTRIBUTES_TEXT_MAX];
    if (strlen(attribute->name) > ATTRIBUTES_TEXT_MAX)
        return;
    stpcpy(stpcpy(name, FIELD_META_PREFIX), attribute->name);
    text_field(request, name, attribute);
}

static void attribute_fields(struct request *request, const struct object_info *info)
{
    struct attribute attribute;
    size_t position = 0;
    bool typed = false;
    while (attributes_next(info->attributes, info->attributes_length, &position, &attribute)) {
        if (attribute.tag == ATTRIBUTE_META)
            meta_field(request, &attribute);
        else if (attribute.tag == ATTRIBUTE_CONTENT_TYPE)
            text_field(request, "Content-Type", &attribute);
        typed = typed || attribute.tag == ATTRIBUTE_CONTENT_TYPE;
    }
    if (!typed)
        reply_field(request, "Content-Type", "application/octet-stream");
}

static void object_fields(struct request *request, const struct object_info *info)
{
    char etag[ETAG_SIZE], modified[HTTP_DATE_SIZE];
    etag_write(etag, &info->digest);
    http_date_write(modified, info->modified / 1000000000);
    reply_field(request, "ETag", etag);
    reply_field(request, "Last-Modified", modified);
    reply_field(request, "Accept-Ranges", "bytes");
    attribute_fields(request, info);
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void release(void *object)
{
    object_release(object);
}

static void send_whole(struct request *request, struct reading *reading)
{
    const struct object_info *info = object_info(reading->object);
    const void *payload = object_payload(reading->object);
    if (request->method == METHOD_HEAD) {
        reply_length(request, 200, info->size);
    } else if (payload != NULL || info->size == 0) {
        reply_borrowed(request, 200, payload == NULL ? "" : payload, (size_t)info->size, release, reading->object);
        object_fields(request, info);
        reading->object = NULL; /* the answer releases it */
        return;
    } else {
        reply_file(request, 200, object_take_descriptor(reading->object), 0, info->size);
    }
    object_fields(request, info);
}

static void answer(struct request *request)
{
    struct reading *reading = request->state;
    if (request->error == STORE_NO_OBJECT || request->error == STORE_COLLISION)
        reply_problem(request, PROBLEM_NO_OBJECT, "The store holds no object under this key.");
    else if (request->error != STORE_OK)
        reply_error(request, request->error);
    else
        send_whole(request, reading);
}

/* ---- the look-up ----------------------------------------------------------------------------- */

static unsigned flags_of(const struct request *request)
{
    return request->method == METHOD_HEAD ? 0 : STORE_GET_PAYLOAD;
}

static void load_job(struct request *request)
{
    struct reading *reading = request->state;
    request->error = store_get(request->store, &request->key, flags_of(request), &reading->object);
}

static void look_up(struct request *request)
{
    struct reading *reading = request->state;
    request->error = store_get(request->store, &request->key, flags_of(request) | STORE_GET_NOWAIT, &reading->object);
    if (request->error == STORE_AGAIN)
        request_offload(request, load_job, answer);
    else
        answer(request);
}

static void begin(struct request *request)
{
    struct reading *reading = calloc(1, sizeof *reading);
    if (reading == NULL) {
        reply_error(request, STORE_NO_MEMORY);
        return;
    }
    request->state = reading;
    if (head_precondition(request, &reading->precondition))
        request_acquire(request, look_up);
}

static void end(struct request *request)
{
    struct reading *reading = request->state;
    if (reading == NULL)
        return;
    object_release(reading->object);
    precondition_free(&reading->precondition);
    free(reading);
}

const struct endpoint endpoint_object_get = {.begin = begin, .end = end};
