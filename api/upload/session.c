/* session.c - a stream of the engine that goes on with an upload, for one request. See session.h. */
#include "api/upload/session.h"

#include "api/http/etag.h"
#include "api/http/http_date.h"
#include "api/http/uri.h"
#include "api/request/core.h"
#include "api/request/permit.h"
#include "api/request/reply.h"
#include "api/text/hex.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- the label -------------------------------------------------------------------------------- */

/* Three texts, each ended by NUL. */
char *label_write(const struct label *label, size_t *ret_length)
{
    size_t match = strlen(label->match) + 1, none_match = strlen(label->none_match) + 1;
    size_t metadata = strlen(label->metadata) + 1;
    char *bytes = malloc(match + none_match + metadata);
    if (!bytes)
        return NULL;
    memcpy(bytes, label->match, match);
    memcpy(bytes + match, label->none_match, none_match);
    memcpy(bytes + match + none_match, label->metadata, metadata);
    *ret_length = match + none_match + metadata;
    return bytes;
}

/* One that ends too early has empty texts: so does none. */
struct label label_read(const struct upload_info *info)
{
    struct label label = {"", "", ""};
    const char **const texts[] = {&label.match, &label.none_match, &label.metadata};
    const char *at = info->label, *end = at ? at + info->label_length : NULL;
    for (size_t i = 0; at < end && i < sizeof texts / sizeof *texts; i++) {
        const char *nul = memchr(at, '\0', (size_t)(end - at));
        if (!nul)
            break;
        *texts[i] = at;
        at = nul + 1;
    }
    return label;
}

/* ---- the beginning ---------------------------------------------------------------------------- */

static void tap(void *arg, const void *bytes, size_t length)
{
    checksum_update(arg, bytes, length);
}

/* What the upload said at its creation, where it was looked at. */
static enum store_error read_label(struct session *session)
{
    struct label label = label_read(&session->info);
    if (metadata_read(&session->metadata, label.metadata) || !session->metadata.key != session->info.partial)
        return STORE_NO_MEMORY; /* they were good at the creation */
    bool good = (*label.match == '\0' || precondition_match(&session->precondition, label.match) == PRECONDITION_OK) &&
                (*label.none_match == '\0' ||
                 precondition_none_match(&session->precondition, label.none_match) == PRECONDITION_OK);
    return good ? STORE_OK : STORE_NO_MEMORY;
}

void session_open(struct request *request, struct session *session)
{
    struct checksum *checksum = &session->checksum;
    struct stream_hooks hooks = {.arg = checksum, .tap = checksum->hash ? tap : NULL, .overrun = &request->overrun};
    session->asked.whole = checksum->hash != NULL;
    request_keep_error(request,
                       upload_resume(request->store, &session->asked, &hooks, &session->stream, &session->info));
    session->offset = session->info.offset;
    if (request->error != STORE_OK)
        return;
    enum store_error error = read_label(session);
    session->info.key = session->info.label = NULL; /* they were the stream's */
    if (error)
        request_keep_error(request, error);
}

static void open_job(struct request *request)
{
    session_open(request, request->state);
}

bool session_is_open(struct request *request, struct session *session)
{
    struct store_key key = store_key_of(session->metadata.key, session->metadata.key_length);
    if (request->error == STORE_SIZE) {
        reply_problem(request, PROBLEM_SIZE_MISMATCH,
                      "The upload would become longer than the length it was announced with, or be of another one.");
        return false;
    }
    if (request->error != STORE_OK) {
        reply_error(request, request->error);
        return false;
    }
    return !session->metadata.key || permit_may(request, RIGHT_WRITE, request->store_name, &key);
}

static void opened(struct request *request)
{
    struct session *session = request->state;
    if (session_is_open(request, session))
        session->then(request);
}

void session_resume(struct request *request, struct session *session, request_step *then)
{
    session->then = then;
    request_offload(request, open_job, opened);
}

/* ---- the bytes -------------------------------------------------------------------------------- */

static void ready(void *arg)
{
    request_resume(arg);
}

size_t session_receive(struct request *request, struct session *session, const char *bytes, size_t length)
{
    size_t taken = 0;
    enum store_error error = stream_write(session->stream, bytes, length, &taken);
    if (error != STORE_OK) {
        request_keep_error(request, error);
        stream_abort(session->stream);
        session->stream = NULL;
        (void)session_is_open(request, session);
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
    *ret_attributes = session->metadata.attributes.bytes;
    *ret_length = session->metadata.attributes.length;
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

void session_finish(struct request *request, struct session *session, request_step *then)
{
    struct stream_finish finish = {.condition = session->precondition.condition, .seal = seal, .arg = session};
    struct stream *stream = session->stream;
    uint64_t reached = session->info.offset + request->received;
    session->stream = NULL;
    session->then = then;
    session->committing = !session->info.partial && reached == session->info.length;
    request_suspend(request, session->committing ? committed : then);
    if (session->committing)
        stream_commit(stream, &finish, request_done, request);
    else
        stream_rest(stream, &finish, rested, request);
}

void session_free(struct session *session)
{
    stream_abort(session->stream);
    metadata_free(&session->metadata);
    precondition_free(&session->precondition);
}

/* ---- what is told of it ----------------------------------------------------------------------- */

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
