/* session.c - a stream of the engine that goes on with an upload, for one request. See session.h. */
#include "api/upload/session.h"

#include "api/http/etag.h"
#include "api/http/http_date.h"
#include "api/http/uri.h"
#include "api/request/core.h"
#include "api/request/permit.h"
#include "api/request/reply.h"
#include "api/text/hex.h"
#include "api/upload/label.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void claimed(struct request *request);

/* ---- which it is ------------------------------------------------------------------------------ */

static void forget_label(struct session *session)
{
    free(session->told);
    free(session->concat);
    session->told = session->concat = NULL;
    metadata_free(&session->metadata);
    precondition_free(&session->precondition);
}

static bool keep_precondition(struct precondition *precondition, const struct label *label)
{
    if (*label->match == '\0' && *label->unmodified != '\0') /* as for a PUT */
        precondition_unmodified_since(precondition, label->unmodified);
    return (*label->match == '\0' || precondition_match(precondition, label->match) == PRECONDITION_OK) &&
           (*label->none_match == '\0' || precondition_none_match(precondition, label->none_match) == PRECONDITION_OK);
}

/* Fields of their own came beside Upload-Metadata. An older server kept none of these. */
static bool keep_fields(struct metadata *metadata, const struct label *label)
{
    if (!metadata->expiry.given && *label->expires != '\0')
        (void)expiry_read(label->expires, strlen(label->expires), &metadata->expiry);
    return label->attributes_length == 0 ||
           attributes_set(&metadata->attributes, label->attributes, label->attributes_length) == ATTRIBUTES_OK;
}

/* What was looked at when the upload was made, and was good then: what fails now is memory. */
static bool keep_label(struct session *session, const struct label *label)
{
    forget_label(session);
    session->told = strdup(label->metadata);
    session->concat = strdup(label->concat);
    return session->told && session->concat && keep_precondition(&session->precondition, label) &&
           !metadata_read(&session->metadata, label->metadata) && keep_fields(&session->metadata, label) &&
           (session->metadata.key || session->info.partial);
}

/* Thread: the engine's. */
static void keep(void *arg, const struct upload_info *info)
{
    struct session *session = arg;
    struct label label = label_read(info);
    session->info = *info;
    session->info.key = session->info.label = NULL; /* they do not last */
    session->offset = info->offset;
    if (!keep_label(session, &label))
        forget_label(session);
}

static void look_job(struct request *request)
{
    struct session *session = request->state;
    enum store_error error = upload_look(request->store, session->asked.id, keep, session);
    if (error == STORE_UPLOAD_HELD) /* it is told of all the same */
        error = STORE_OK;
    request_keep_error(request, !error && !session->told ? STORE_NO_MEMORY : error);
}

static void looked(struct request *request)
{
    struct session *session = request->state;
    const struct metadata *metadata = &session->metadata;
    struct store_key key = store_key_of(metadata->key, metadata->key_length);
    if (request->error != STORE_OK)
        reply_error(request, request->error);
    else if (permit_may(request, RIGHT_WRITE, request->store_name, metadata->key ? &key : NULL)) /* label_permits() */
        session->then(request);
}

void session_look(struct request *request, struct session *session, request_step *then)
{
    session->then = then;
    request_offload(request, look_job, looked);
}

/* ---- who else works on it --------------------------------------------------------------------- */

static void ready(void *arg)
{
    request_resume(arg);
}

void session_claim(struct request *request, struct session *session, enum upload_wish wish, request_step *then)
{
    session->claim = (struct upload_claim){
        .id = session->asked.id, .wish = wish, .offset = session->asked.offset, .ready = ready, .arg = request};
    request->error = STORE_OK;
    request_suspend(request, then);
    enum store_error error = upload_claim(request->store, &session->claim);
    if (error == STORE_OK)
        return;
    request->error = error; /* nobody calls ready() then */
    request_resume(request);
}

/* ---- the beginning ---------------------------------------------------------------------------- */

static void tap(void *arg, const void *bytes, size_t length)
{
    checksum_update(arg, bytes, length);
}

void session_open(struct request *request, struct session *session)
{
    struct checksum *checksum = &session->checksum;
    struct stream_hooks hooks = {.arg = checksum, .tap = checksum->hash ? tap : NULL, .overrun = &request->overrun};
    session->asked.whole = checksum->hash != NULL;
    request_keep_error(request,
                       upload_resume(request->store, &session->asked, &hooks, &session->stream, &session->info));
    session->offset = session->info.offset;
}

/* By what was known when it was looked at; who brings bytes meanwhile has perhaps come further. */
static void refuse_offset(struct request *request, const struct session *session)
{
    uint64_t told = session->asked.offset, there = session_told_offset(&session->info);
    if (session->info.done)
        reply_problem(request, PROBLEM_UPLOAD_OFFSET,
                      "The upload has all its %" PRIu64 " bytes, and its object is there: HEAD tells of it.",
                      session->info.length);
    else if (told == there)
        reply_problem(request, PROBLEM_UPLOAD_OFFSET,
                      "Upload-Offset is %" PRIu64 ", but another request has brought more of the upload meanwhile, or "
                      "does just now: ask by HEAD how far it is, and go on from there.",
                      told);
    else
        reply_problem(request, PROBLEM_UPLOAD_OFFSET,
                      "Upload-Offset is %" PRIu64 ", but %" PRIu64 " bytes of the upload are there: "
                      "ask by HEAD how far it is, and go on from there.",
                      told, there);
}

static void refuse_size(struct request *request, const struct session *session)
{
    const struct upload_info *info = &session->info;
    uint64_t asked = session->asked.length, there = info->offset;
    uint64_t length = info->length == STORE_SIZE_UNKNOWN ? asked : info->length;
    if (asked != STORE_SIZE_UNKNOWN && asked != length)
        reply_problem(request, PROBLEM_SIZE_MISMATCH,
                      "Upload-Length is %" PRIu64 ", but the upload was announced with %" PRIu64 " bytes, "
                      "and that does not change: leave the field out.",
                      asked, length);
    else if (length < there)
        reply_problem(request, PROBLEM_SIZE_MISMATCH,
                      "Upload-Length is %" PRIu64 ", but %" PRIu64 " bytes of the upload are there already.", asked,
                      there);
    else
        reply_problem(request, PROBLEM_SIZE_MISMATCH,
                      "The upload has %" PRIu64 " bytes in all, of which %" PRIu64 " were there: "
                      "this request brings more than the %" PRIu64 " that were left.",
                      length, there, length - there);
}

bool session_is_open(struct request *request)
{
    if (request->error == STORE_SIZE)
        refuse_size(request, request->state);
    else if (request->error == STORE_UPLOAD_OFFSET)
        refuse_offset(request, request->state);
    else if (request->error != STORE_OK)
        reply_error(request, request->error);
    return request->error == STORE_OK;
}

static void open_job(struct request *request)
{
    session_open(request, request->state);
}

static void opened(struct request *request)
{
    struct session *session = request->state;
    if (request->error == STORE_UPLOAD_HELD)
        session_claim(request, session, UPLOAD_LEFT, claimed);
    else if (session_is_open(request))
        session->then(request);
}

static void claimed(struct request *request)
{
    if (session_is_open(request))
        request_offload(request, open_job, opened);
}

void session_resume(struct request *request, struct session *session, request_step *then)
{
    session->then = then;
    request_offload(request, open_job, opened);
}

/* ---- the bytes -------------------------------------------------------------------------------- */

size_t session_receive(struct request *request, struct session *session, const char *bytes, size_t length)
{
    size_t taken = 0;
    enum store_error error = stream_write(session->stream, bytes, length, &taken);
    if (error != STORE_OK) {
        request_keep_error(request, error);
        stream_abort(session->stream);
        session->stream = NULL;
        (void)session_is_open(request);
        return length;
    }
    if (taken < length) {
        request_suspend(request, NULL); /* the rest of the bytes comes again */
        stream_wait(session->stream, ready, request);
    }
    return taken;
}

/* ---- the end ---------------------------------------------------------------------------------- */

/* Called by the engine when every byte has been tapped. */
static enum store_error seal(void *arg, const void **ret_attributes, size_t *ret_length)
{
    struct session *session = arg;
    if (!checksum_verify(&session->checksum))
        return STORE_DIGEST;
    struct metadata *metadata = &session->metadata;
    if (metadata->expiry.given &&
        attributes_set_expiry(&metadata->attributes, expiry_second(&metadata->expiry)) != ATTRIBUTES_OK)
        return STORE_NO_MEMORY;
    *ret_attributes = metadata->attributes.bytes;
    *ret_length = metadata->attributes.length;
    return STORE_OK;
}

/* Thread: the engine's. */
static void rested(void *arg, const struct store_result *result)
{
    struct request *request = arg;
    struct session *session = request->state;
    session->offset = result->end_offset;
    request->error = result->error;
    request->os_error = result->os_error;
    request_resume(request);
}

static void committed(struct request *request)
{
    struct session *session = request->state;
    if (request->error == STORE_OK) {
        session->info.done = true;
        session->offset = session->info.length;
    }
    session->then(request);
}

/* Whether its object would have expired before it is there: then its bytes are left where they are. Who makes an empty
 * one has just been told that the date is ahead. */
static bool has_lapsed(const struct session *session)
{
    const struct expiry *expiry = &session->metadata.expiry;
    return session->committing && session->info.length > 0 && expiry->given && !expiry_is_ahead(expiry);
}

static void lapsed(struct request *request)
{
    struct session *session = request->state;
    char date[HTTP_DATE_SIZE];
    http_date_write(date, session->metadata.expiry.seconds);
    if (request->error == STORE_OK)
        reply_problem(request, PROBLEM_BAD_HEADER,
                      "The object was to expire at %s, which has passed: none is made of the upload. Make another one "
                      "with a later date, and DELETE this one.",
                      date);
    session->then(request);
}

void session_finish(struct request *request, struct session *session, request_step *then)
{
    struct stream_finish finish = {.condition = session->precondition.condition, .seal = seal, .arg = session};
    struct stream *stream = session->stream;
    uint64_t reached = session->info.offset + request->received;
    session->stream = NULL;
    session->then = then;
    session->committing = !session->info.partial && reached == session->info.length;
    bool late = has_lapsed(session);
    request_suspend(request, late ? lapsed : session->committing ? committed : then);
    if (session->committing && !late)
        stream_commit(stream, &finish, request_done, request);
    else
        stream_rest(stream, &finish, rested, request);
}

void session_refuse(struct request *request, const struct session *session)
{
    if (request->status != 0)
        return;
    if (request->error == STORE_DIGEST)
        reply_problem(request, PROBLEM_CHECKSUM_MISMATCH,
                      "The bytes do not have the sum that Upload-Checksum tells; none of them are kept.");
    else if (request->error == STORE_CONDITION && session && session->info.length == 0)
        reply_problem(request, PROBLEM_PRECONDITION_FAILED,
                      "The object is not in the state that a precondition of the upload asks for. The upload had no "
                      "bytes to keep, and has gone: make it once more when the object is.");
    else if (request->error == STORE_CONDITION && session)
        reply_problem(request, PROBLEM_PRECONDITION_FAILED,
                      "The object is not in the state that a precondition of the upload asks for. The upload keeps its "
                      "bytes until it expires: bring the last one again when the object is, or DELETE the upload.");
    else
        reply_error(request, request->error);
}

void session_free(struct session *session)
{
    stream_abort(session->stream);
    forget_label(session);
}

/* ---- what is told of it ----------------------------------------------------------------------- */

uint64_t session_told_offset(const struct upload_info *info)
{
    bool lacks_object = !info->done && !info->partial && info->offset == info->length;
    return lacks_object && info->offset > 0 ? info->offset - 1 : info->offset;
}

static void figure_field(struct request *request, const char *name, uint64_t figure)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRIu64, figure);
    reply_field(request, name, digits);
}

static void receipt_fields(struct request *request, const struct store_receipt *receipt)
{
    char etag[ETAG_SIZE], hash[16 + 1] = "", key[3 * STORE_KEY_MAX + 1];
    hex_encode_hash(hash, receipt->key_hash);
    key[uri_encode(key, receipt->key, receipt->key_length)] = '\0';
    etag_write(etag, &receipt->digest);
    reply_field(request, "Cairn-Store", request->store_name);
    reply_field(request, "Cairn-Key", key);
    reply_field(request, "Cairn-Key-Hash", hash);
    reply_field(request, "Cairn-Created", receipt->existed ? "false" : "true");
    reply_field(request, "Cairn-ETag", etag);
    figure_field(request, "Cairn-Offset", receipt->offset);
    figure_field(request, "Cairn-Size", receipt->size);
}

/* The receipt of one that was done before. */
static struct store_receipt remembered(const struct session *session)
{
    const struct upload_info *info = &session->info;
    struct store_key key = store_key_of(session->metadata.key, session->metadata.key_length);
    return (struct store_receipt){.key = key.bytes,
                                  .key_length = key.length,
                                  .key_hash = key.hash,
                                  .offset = info->record,
                                  .size = info->length,
                                  .digest = info->digest,
                                  .existed = info->existed};
}

void session_position_fields(struct request *request, const struct session *session)
{
    struct store_receipt before = remembered(session);
    figure_field(request, "Upload-Offset", session->offset);
    if (session->info.done)
        receipt_fields(request, session->committing ? &request->receipt.values : &before);
}

void session_fields(struct request *request, const struct session *session)
{
    char date[HTTP_DATE_SIZE];
    http_date_write(date, time(NULL) + (int64_t)request->api->options.upload_expiry);
    session_position_fields(request, session);
    if (!session->info.done)
        reply_field(request, "Upload-Expires", date);
}
