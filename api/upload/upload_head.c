/* upload_head.c - HEAD …/uploads/{id}: how far an unfinished upload has come (tus 1.0.0).
 *
 * One that has all its bytes but is no object yet, since the server ended or was short of something in between, is
 * committed now: a client who learns that all bytes are there takes it for done.
 */
#include "api/http/http_date.h"
#include "api/request/permit.h"
#include "api/request/reply.h"
#include "api/upload/tus.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct view {
    struct session session; /* first */
    char *metadata;         /* owned: as it came; NULL: none */
};

/* Thread: the engine's. */
static void keep(void *arg, const struct upload_info *info)
{
    struct view *view = arg;
    struct session *session = &view->session;
    struct label label = label_read(info);
    (void)metadata_read(&session->metadata, label.metadata); /* it was good when it came */
    view->metadata = *label.metadata == '\0' ? NULL : strdup(label.metadata);
    session->info = *info;
    session->info.key = session->info.label = NULL;
    session->offset = info->offset;
}

static void look_job(struct request *request)
{
    request_keep_error(request, upload_look(request->store, request->upload, keep, request->state));
}

static void answer(struct request *request)
{
    struct view *view = request->state;
    const struct upload_info *info = &view->session.info;
    char digits[24], date[HTTP_DATE_SIZE];
    reply_empty(request, 200);
    reply_field(request, "Cache-Control", "no-store");
    snprintf(digits, sizeof digits, "%" PRIu64, info->length);
    if (info->length == STORE_SIZE_UNKNOWN)
        reply_field(request, "Upload-Defer-Length", "1");
    else
        reply_field(request, "Upload-Length", digits);
    if (info->partial)
        reply_field(request, "Upload-Concat", "partial");
    if (view->metadata)
        reply_field(request, "Upload-Metadata", view->metadata);
    if (!info->done) {
        http_date_write(date, info->expires / 1000000000);
        reply_field(request, "Upload-Expires", date);
    }
    session_position_fields(request, &view->session);
}

static void committed(struct request *request)
{
    if (request->error == STORE_OK)
        answer(request);
    else
        reply_error(request, request->error);
}

static void commit(struct request *request)
{
    session_finish(request, request->state, committed);
}

static void looked(struct request *request)
{
    struct view *view = request->state;
    struct session *session = &view->session;
    const struct upload_info *info = &session->info;
    if (!session_is_open(request, session))
        return;
    if (info->done || info->partial || info->offset != info->length) {
        answer(request);
        return;
    }
    session->asked = (struct upload_resumption){.id = info->id, .offset = info->offset, .length = STORE_SIZE_UNKNOWN};
    metadata_free(&session->metadata); /* it is read again with the preconditions */
    session_resume(request, session, commit);
}

static void look(struct request *request)
{
    request_offload(request, look_job, looked);
}

static void begin(struct request *request)
{
    request->state = calloc(1, sizeof(struct view));
    if (!request->state)
        reply_error(request, STORE_NO_MEMORY);
}

static void finish(struct request *request)
{
    request_acquire(request, look);
}

static void end(struct request *request)
{
    struct view *view = request->state;
    if (!view)
        return;
    session_free(&view->session);
    free(view->metadata);
    free(view);
}

const struct endpoint endpoint_upload_head = {.begin = begin,
                                              .finish = finish,
                                              .end = end,
                                              .tus = true,
                                              .unconditional = true,
                                              .fault = "the upload cannot be read"};
