/* uploads_post.c - POST …/uploads: makes an unfinished upload (tus 1.0.0: creation, with its extensions).
 *
 * Upload-Length tells how long it will be, or Upload-Defer-Length that this is told later. Upload-Metadata names the
 * object; preconditions are kept with it, and decided when it has all its bytes. Bytes may come along. An empty object
 * is there at once. A part (Upload-Concat: partial) becomes no object by itself. What is made of parts that are
 * complete (final) has all their bytes, and is an object at once.
 */
#include "api/request/head.h"
#include "api/request/permit.h"
#include "api/request/reply.h"
#include "api/upload/concat.h"
#include "api/upload/label.h"
#include "api/upload/tus.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct creation {
    struct session session; /* first: the one whose bytes come along */
    struct upload_order order;
    struct upload_union united;
    struct expiry unheeded; /* of Cairn-Expires, where Upload-Metadata has another one */
    struct concat concat;
    char *label; /* owned */
};

/* ---- the head --------------------------------------------------------------------------------- */

static bool read_length(struct request *request, struct creation *creation)
{
    const char *defer = request_field(request, FIELD_UPLOAD_DEFER_LENGTH);
    bool told = request_field(request, FIELD_UPLOAD_LENGTH) != NULL;
    creation->order.length = STORE_SIZE_UNKNOWN;
    if (defer ? told || strcmp(defer, "1") != 0 : !told) {
        reply_problem(request, PROBLEM_BAD_HEADER,
                      "Either Upload-Length tells how long the upload will be, or Upload-Defer-Length: 1 that this is "
                      "told later.");
        return false;
    }
    return tus_number(request, FIELD_UPLOAD_LENGTH, false, &creation->order.length);
}

/* What is made of parts has their bytes, and so their length. */
static bool read_concat(struct request *request, struct creation *creation)
{
    struct concat *concat = &creation->concat;
    if (!concat_read(request, concat))
        return false;
    creation->order.partial = concat->partial;
    if (!concat->parts)
        return read_length(request, creation);
    bool bare = request->body_length == 0 && !request_field(request, FIELD_UPLOAD_LENGTH) &&
                !request_field(request, FIELD_UPLOAD_DEFER_LENGTH);
    if (!bare)
        reply_problem(request, PROBLEM_BAD_HEADER,
                      "An upload that is made of others has their length and bytes, and none of its own.");
    return bare;
}

/* One without a key. */
static bool may_make_part(struct request *request)
{
    const char *name = visitor_name(&request->visitor);
    unsigned lacking = permit_lacks(request, RIGHT_WRITE, request->store_name, NULL);
    if (lacking != 0 && name)
        reply_problem(request, PROBLEM_FORBIDDEN,
                      "A part without a key needs the right to write on the whole store %s, which the token \"%s\" "
                      "lacks: give the part a key, in Upload-Metadata, that the token may write.",
                      request->store_name, name);
    else if (lacking != 0)
        permit_refuse(request, lacking, request->store_name, SIZE_MAX);
    return lacking == 0;
}

static bool read_metadata(struct request *request, struct creation *creation)
{
    const char *value = request_field(request, FIELD_UPLOAD_METADATA);
    struct metadata *metadata = &creation->session.metadata;
    const char *fault = value ? metadata_read(metadata, value) : NULL;
    if (!fault && !metadata->key && !creation->order.partial)
        fault = "it has to name the object: key, and behind a blank its key in base64";
    if (!fault && metadata->expiry.given && !expiry_is_ahead(&metadata->expiry))
        fault = "of cairn_expires, " EXPIRY_RULE;
    bool named = metadata->culprit.length > 0;
    if (fault)
        reply_problem(request, PROBLEM_BAD_HEADER, "Upload-Metadata does not fit%s%.*s%s: %s.", named ? " at \"" : "",
                      (int)metadata->culprit.length, named ? metadata->culprit.start : "", named ? "\"" : "", fault);
    creation->order.key = store_key_of(metadata->key, metadata->key_length);
    return !fault && (metadata->key ? permit_may(request, RIGHT_WRITE, request->store_name, &creation->order.key)
                                    : may_make_part(request));
}

static const char *text_of(const struct request *request, enum field field)
{
    const char *value = request_field(request, field);
    return value ? value : "";
}

/* Those that are malformed are refused here, and not when all bytes have come. What is in Upload-Metadata goes before
 * what comes as a field of its own. */
static bool keep_label(struct request *request, struct creation *creation)
{
    struct session *session = &creation->session;
    struct metadata *metadata = &session->metadata;
    struct expiry *expiry = metadata->expiry.given ? &creation->unheeded : &metadata->expiry;
    if (!head_precondition(request, &session->precondition) ||
        !head_attributes_beside(request, &metadata->attributes) || !head_expiry(request, expiry))
        return false;
    struct label label = {.match = text_of(request, FIELD_IF_MATCH),
                          .none_match = text_of(request, FIELD_IF_NONE_MATCH),
                          .metadata = text_of(request, FIELD_UPLOAD_METADATA),
                          .unmodified = text_of(request, FIELD_IF_UNMODIFIED_SINCE),
                          .concat = text_of(request, FIELD_UPLOAD_CONCAT),
                          .expires = text_of(request, FIELD_CAIRN_EXPIRES),
                          .attributes = metadata->attributes.bytes,
                          .attributes_length = metadata->attributes.length};
    creation->label = label_write(&label, &creation->order.label_length);
    creation->order.label = creation->label;
    if (!creation->label)
        reply_error(request, STORE_NO_MEMORY);
    return creation->label != NULL;
}

/* ---- making it -------------------------------------------------------------------------------- */

static bool brings_bytes(const struct request *request)
{
    return request->body_length > 0;
}

static void create_job(struct request *request)
{
    struct creation *creation = request->state;
    struct session *session = &creation->session;
    enum store_error error = upload_create(request->store, &creation->order, &request->overrun, &session->asked.id);
    request_keep_error(request, error);
    session->info = (struct upload_info){.length = creation->order.length, .partial = creation->order.partial};
    if (!error && (brings_bytes(request) || creation->order.length == 0))
        session_open(request, session);
}

static void tell_location(struct request *request)
{
    const struct creation *creation = request->state;
    char *location;
    if (asprintf(&location, "%s/v1/stores/%s/uploads/%016" PRIx64, request_base_path(request), request->store_name,
                 creation->session.asked.id) < 0)
        return;
    reply_field(request, "Location", location);
    free(location);
}

/* What is refused behind the creation leaves an upload that somebody can go on with: it is told of. What is made of
 * others is not there then. */
static void tell_left(struct request *request)
{
    const struct creation *creation = request->state;
    if (request->status != 0 && creation->session.asked.id != 0 && !creation->concat.parts)
        tell_location(request);
}

static void created(struct request *request)
{
    if (!session_is_open(request))
        tell_left(request);
}

static void join_job(struct request *request)
{
    struct creation *creation = request->state;
    struct session *session = &creation->session;
    enum store_error error = concat_look(request, &creation->concat);
    if (creation->concat.foreign)
        return;
    if (!error)
        error = upload_join(request->store, &creation->united, &request->overrun, &session->stream, &session->info);
    request_keep_error(request, error);
    session->asked.id = session->info.id;
    session->offset = session->info.offset;
}

static void join(struct request *request);

/* Somebody has sent the same before, and not got his answer yet: both get the same one. */
static void joined(struct request *request)
{
    struct creation *creation = request->state;
    if (creation->concat.foreign)
        permit_refuse(request, RIGHT_WRITE, request->store_name, SIZE_MAX);
    else if (request->error == STORE_AGAIN)
        session_claim(request, &creation->session, UPLOAD_SETTLED, join);
    else if (!concat_refuse(request, &creation->concat))
        (void)session_is_open(request);
}

static void join(struct request *request)
{
    request_offload(request, join_job, joined);
}

static void create(struct request *request)
{
    struct creation *creation = request->state;
    const struct precondition *precondition = &creation->session.precondition;
    creation->united = (struct upload_union){.order = creation->order,
                                             .parts = creation->concat.parts,
                                             .part_count = creation->concat.part_count,
                                             .condition = precondition_any(precondition) ? &precondition->condition
                                                                                         : NULL};
    if (creation->concat.parts)
        join(request);
    else
        request_offload(request, create_job, created);
}

static void begin(struct request *request)
{
    struct creation *creation = calloc(1, sizeof *creation);
    request->state = creation;
    if (!creation) {
        reply_error(request, STORE_NO_MEMORY);
        return;
    }
    creation->session.asked = (struct upload_resumption){.size = request->body_length, .length = STORE_SIZE_UNKNOWN};
    if (read_concat(request, creation) && read_metadata(request, creation) && keep_label(request, creation) &&
        (!brings_bytes(request) || tus_body(request)) && tus_checksum(request, &creation->session.checksum))
        request_acquire(request, create);
}

/* ---- the bytes that come along ----------------------------------------------------------------- */

static size_t receive(struct request *request, const char *bytes, size_t length)
{
    struct creation *creation = request->state;
    size_t taken = session_receive(request, &creation->session, bytes, length);
    tell_left(request);
    return taken;
}

/* Not all of the body has come, or it ends with a sum that nobody has made: what has come stays all the same. */
static void torn(struct request *request)
{
    struct creation *creation = request->state;
    stream_abort(creation->session.stream);
    creation->session.stream = NULL;
    reply_problem(request, request->tear_problem,
                  "%s The upload has been made: Location names it, and HEAD tells what it has.", request->tear);
    tell_left(request);
}

static void answer(struct request *request)
{
    struct creation *creation = request->state;
    reply_empty(request, 201);
    session_fields(request, &creation->session);
    tell_location(request);
}

/* An empty one whose precondition does not hold is gone. */
static void rested(struct request *request)
{
    const struct creation *creation = request->state;
    bool gone = creation->concat.parts || (request->error == STORE_CONDITION && creation->order.length == 0);
    if (request->error == STORE_OK && request->status == 0) {
        answer(request);
        return;
    }
    session_refuse(request, gone ? NULL : &creation->session);
    if (!gone)
        tell_left(request);
}

static void finish(struct request *request)
{
    struct creation *creation = request->state;
    if (creation->session.stream)
        session_finish(request, &creation->session, rested);
    else
        answer(request);
}

static void end(struct request *request)
{
    struct creation *creation = request->state;
    if (!creation)
        return;
    session_free(&creation->session);
    concat_free(&creation->concat);
    free(creation->label);
    free(creation);
}

const struct endpoint endpoint_uploads_post = {.begin = begin,
                                               .receive = receive,
                                               .finish = finish,
                                               .torn = torn,
                                               .end = end,
                                               .tus = true,
                                               .fault = "the upload cannot be made"};
