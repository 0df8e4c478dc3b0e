/* object_put.c - PUT …/objects/{key} and …/hashes/{hash}: an upload becomes an object.
 *
 * The head decides everything that can be decided without the body: lengths, preconditions that
 * fail already, whether there is room. Then each chunk goes to a stream of the engine; when that
 * is full, the connection waits until it has room again. After the last byte the commit is handed
 * over; what the sender said of its content is verified just before it, and the preconditions
 * are decided once more, bindingly, by the store's writer.
 *
 * An upload that ends early - the client is gone, the length is wrong, a digest does not match -
 * leaves nothing behind.
 */
#include "api/http/attributes.h"
#include "api/http/digest.h"
#include "api/http/precondition.h"
#include "api/request/core.h"
#include "api/request/head.h"
#include "api/request/reply.h"
#include "api/request/request.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct upload {
    struct stream *stream; /* NULL before it is open, and once it is committed */
    struct precondition precondition;
    struct attributes attributes;
    struct expiry expiry;
    struct digest *digest; /* the request's; NULL when the sender told none */
};

/* ---- the head -------------------------------------------------------------------------------- */

/* Bytes: what the server allows, or less where a link does. */
static uint64_t size_limit(const struct request *request)
{
    uint64_t limit = request->api->options.object_limit, link = visitor_upload_limit(&request->visitor);
    return link < limit ? link : limit;
}

static bool check_length(struct request *request)
{
    uint64_t limit = size_limit(request);
    if (request->body_length == 0 && !request_field(request, FIELD_CONTENT_LENGTH)) {
        reply_problem(request, PROBLEM_LENGTH_REQUIRED,
                      "PUT needs a Content-Length or a chunked body; Content-Length: 0 stores an empty object.");
        return false;
    }
    if (request->body_length != STORE_SIZE_UNKNOWN && request->body_length > limit) {
        reply_problem(request, PROBLEM_TOO_LARGE,
                      "The object has %" PRIu64 " bytes; the largest allowed here has %" PRIu64 ".",
                      request->body_length, limit);
        return false;
    }
    return true;
}

/* The field by which the sender says that the body is but a part of the object, or NULL. Who follows a draft of the
 * IETF for resumable uploads marks the first part of one so, and takes its success for that of a part. */
static const char *partial_field(const struct request *request)
{
    static const struct {
        enum field field;
        const char *whole; /* what says that it is all of it; NULL: nothing does */
    } fields[] = {{FIELD_CONTENT_RANGE, NULL},
                  {FIELD_UPLOAD_OFFSET, NULL},
                  {FIELD_UPLOAD_COMPLETE, "?1"},
                  {FIELD_UPLOAD_INCOMPLETE, "?0"}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const char *value = request_field(request, fields[i].field);
        if (value && (!fields[i].whole || strcmp(value, fields[i].whole) != 0))
            return field_name(fields[i].field);
    }
    return NULL;
}

static bool check_whole(struct request *request)
{
    const char *field = partial_field(request);
    if (field)
        reply_problem(request, PROBLEM_BAD_HEADER,
                      "PUT stores whole objects, and %s speaks of a part of one: an upload that comes in parts goes to "
                      "/v1/stores/%s/uploads, by tus 1.0.0.",
                      field, request->store_name);
    return !field;
}

static void tap(void *arg, const void *bytes, size_t length)
{
    digest_update(arg, bytes, length);
}

/* Room has to be there and the preconditions have to hold before anybody uploads. */
static void admit(struct request *request)
{
    struct upload *upload = request->state;
    if (precondition_any(&upload->precondition)) {
        enum store_error error = store_check(request->store, &request->key, &upload->precondition.condition);
        if (error != STORE_OK) {
            request_keep_error(request, error);
            reply_error(request, error);
            return;
        }
    }
    struct stream_hooks hooks = {
        .arg = upload->digest, .tap = !upload->digest ? NULL : tap, .overrun = &request->overrun};
    enum store_error error = stream_open(request->store, &request->key, request->body_length, &hooks, &upload->stream);
    if (error != STORE_OK)
        reply_error(request, error);
}

static void begin(struct request *request)
{
    if (!check_length(request) || !check_whole(request))
        return;
    struct upload *upload = calloc(1, sizeof *upload);
    if (!upload) {
        reply_error(request, STORE_NO_MEMORY);
        return;
    }
    request->state = upload;
    upload->digest = request->digest;
    if (head_precondition(request, &upload->precondition) && head_attributes(request, &upload->attributes) &&
        head_expiry(request, &upload->expiry))
        request_acquire(request, admit);
}

/* ---- the body -------------------------------------------------------------------------------- */

static void ready(void *arg)
{
    request_resume(arg);
}

static void drop(struct upload *upload)
{
    stream_abort(upload->stream);
    upload->stream = NULL;
}

static size_t receive(struct request *request, const char *bytes, size_t length)
{
    struct upload *upload = request->state;
    size_t taken = 0;
    uint64_t limit = visitor_upload_limit(&request->visitor);
    if (length > limit - request->received) { /* the engine knows nothing of links, and the length was not announced */
        drop(upload);
        reply_problem(request, PROBLEM_TOO_LARGE,
                      "The object has more than the %" PRIu64 " bytes that the link allows.", limit);
        return length;
    }
    enum store_error error = stream_write(upload->stream, bytes, length, &taken);
    if (error != STORE_OK) {
        request_keep_error(request, error);
        drop(upload);
        reply_error(request, error);
        return length;
    }
    if (taken < length) {
        request_suspend(request, NULL); /* the rest of the bytes comes again */
        stream_wait(upload->stream, ready, request);
    }
    return taken;
}

/* ---- the commit ------------------------------------------------------------------------------ */

/* Called by the engine when every byte has been tapped: the last moment to drop the upload. */
static enum store_error seal(void *arg, const void **ret_attributes, size_t *ret_length)
{
    struct upload *upload = arg;
    if (upload->digest) {
        if (!digest_verify(upload->digest))
            return STORE_DIGEST;
        if (digest_keep(upload->digest, &upload->attributes) != ATTRIBUTES_OK)
            return STORE_NO_MEMORY;
    }
    if (upload->expiry.given &&
        attributes_set_expiry(&upload->attributes, expiry_second(&upload->expiry)) != ATTRIBUTES_OK)
        return STORE_NO_MEMORY;
    *ret_attributes = upload->attributes.bytes;
    *ret_length = upload->attributes.length;
    return STORE_OK;
}

static void committed(struct request *request)
{
    if (request->error == STORE_OK)
        reply_receipt(request, request->store_name);
    else
        reply_error(request, request->error);
}

/* It would be gone as soon as it is there, and what the key holds with it. */
static bool is_in_time(struct request *request, struct upload *upload)
{
    if (!upload->expiry.given || expiry_is_ahead(&upload->expiry))
        return true;
    drop(upload);
    reply_problem(request, PROBLEM_BAD_HEADER,
                  "%s is \"%.64s\", which has passed while the body came: nothing is stored.",
                  field_name(FIELD_CAIRN_EXPIRES), request_field(request, FIELD_CAIRN_EXPIRES));
    return false;
}

static void finish(struct request *request)
{
    struct upload *upload = request->state;
    if (!is_in_time(request, upload))
        return;
    struct stream_finish finish = {
        .condition = upload->precondition.condition, .seal = seal, .arg = upload, .here = request_may_wait(request)};
    struct stream *stream = upload->stream;
    upload->stream = NULL;
    request_suspend(request, committed);
    stream_commit(stream, &finish, request_done, request);
}

static void end(struct request *request)
{
    struct upload *upload = request->state;
    if (!upload)
        return;
    stream_abort(upload->stream);
    precondition_free(&upload->precondition);
    attributes_free(&upload->attributes);
    free(upload);
}

const struct endpoint endpoint_object_put = {.begin = begin,
                                             .receive = receive,
                                             .finish = finish,
                                             .keeps = true,
                                             .sums = true,
                                             .end = end,
                                             .links = true,
                                             .fault = "the object cannot be written"};
