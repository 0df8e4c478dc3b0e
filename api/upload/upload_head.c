/* upload_head.c - HEAD …/uploads/{id}: how far an unfinished upload has come (tus 1.0.0).
 *
 * One that has all its bytes and is no object yet is told to lack the last one (session.h), and it is committed when
 * somebody brings that once more. HEAD changes nothing, for whoever only looks must not replace what has been written
 * since.
 */
#include "api/http/http_date.h"
#include "api/request/reply.h"
#include "api/upload/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void answer(struct request *request)
{
    const struct session *session = request->state;
    const struct upload_info *info = &session->info;
    char digits[24], date[HTTP_DATE_SIZE];
    reply_empty(request, 200);
    reply_field(request, "Cache-Control", "no-store");
    snprintf(digits, sizeof digits, "%" PRIu64, info->length);
    if (info->length == STORE_SIZE_UNKNOWN)
        reply_field(request, "Upload-Defer-Length", "1");
    else
        reply_field(request, "Upload-Length", digits);
    if (*session->concat != '\0')
        reply_field(request, "Upload-Concat", session->concat);
    if (*session->told != '\0')
        reply_field(request, "Upload-Metadata", session->told);
    if (!info->done) {
        http_date_write(date, info->expires / 1000000000);
        reply_field(request, "Upload-Expires", date);
    }
    session_position_fields(request, session);
}

/* An empty one has no byte to bring: it is made anew. */
static void looked(struct request *request)
{
    struct session *session = request->state;
    const struct upload_info *info = &session->info;
    session->offset = session_told_offset(info);
    if (!info->done && !info->partial && info->length == 0)
        reply_error(request, STORE_NO_UPLOAD);
    else
        answer(request);
}

static void settled(struct request *request)
{
    session_look(request, request->state, looked);
}

/* Of one that is just being sent, what has come counts, too. */
static void settle(struct request *request)
{
    session_claim(request, request->state, UPLOAD_SETTLED, settled);
}

static void look(struct request *request)
{
    session_look(request, request->state, settle);
}

static void begin(struct request *request)
{
    struct session *session = calloc(1, sizeof *session);
    request->state = session;
    if (session)
        session->asked = (struct upload_resumption){.id = request->upload, .length = STORE_SIZE_UNKNOWN};
    else
        reply_error(request, STORE_NO_MEMORY);
}

static void finish(struct request *request)
{
    request_acquire(request, look);
}

static void end(struct request *request)
{
    if (request->state)
        session_free(request->state);
    free(request->state);
}

const struct endpoint endpoint_upload_head = {
    .begin = begin, .finish = finish, .end = end, .tus = true, .fault = "the upload cannot be read"};
