/* upload_patch.c - PATCH …/uploads/{id}: goes on with an unfinished upload (tus 1.0.0).
 *
 * Upload-Offset has to be how far it has come, and comes back as how far it has come then: bytes that are on disk. Who
 * brings the last byte gets the receipt of the object. Upload-Checksum is what the bytes of this one request add up to.
 */
#include "api/request/body.h"
#include "api/request/reply.h"
#include "api/upload/concat.h"
#include "api/upload/tus.h"

#include <stdlib.h>

static void go_on(struct request *request)
{
    (void)request; /* the bytes may come */
}

/* What is made of others has had all its bytes from the beginning. */
static void resume(struct request *request)
{
    struct session *session = request->state;
    if (concat_is_final(session->concat))
        reply_problem(request, PROBLEM_UPLOAD_FINAL, "The upload is made of others, and takes no bytes of its own.");
    else
        session_resume(request, session, go_on);
}

static void look(struct request *request)
{
    session_look(request, request->state, resume);
}

static void begin(struct request *request)
{
    struct session *session = calloc(1, sizeof *session);
    request->state = session;
    if (!session) {
        reply_error(request, STORE_NO_MEMORY);
        return;
    }
    session->asked = (struct upload_resumption){
        .id = request->upload, .size = request->body_length, .length = STORE_SIZE_UNKNOWN};
    if (tus_body(request) && tus_number(request, FIELD_UPLOAD_OFFSET, true, &session->asked.offset) &&
        tus_number(request, FIELD_UPLOAD_LENGTH, false, &session->asked.length) &&
        tus_checksum(request, &session->checksum))
        request_acquire(request, look);
}

static size_t receive(struct request *request, const char *bytes, size_t length)
{
    return session_receive(request, request->state, bytes, length);
}

static void rested(struct request *request)
{
    if (request->error != STORE_OK || request->status != 0) {
        session_refuse(request, request->state);
        return;
    }
    reply_empty(request, 204);
    session_fields(request, request->state);
}

static void finish(struct request *request)
{
    session_finish(request, request->state, rested);
}

static void end(struct request *request)
{
    if (request->state)
        session_free(request->state);
    free(request->state);
}

const struct endpoint endpoint_upload_patch = {.begin = begin,
                                               .receive = receive,
                                               .finish = finish,
                                               .end = end,
                                               .tus = true,
                                               .fault = "the upload cannot be written"};
