/* upload_delete.c - DELETE …/uploads/{id}: forgets an unfinished upload with its bytes (tus 1.0.0: termination).
 * Whoever works on it is sent away.
 */
#include "api/request/reply.h"
#include "api/upload/session.h"

#include <stdlib.h>

static void claim(struct request *request);

static void forget_job(struct request *request)
{
    request_keep_error(request, upload_forget(request->store, request->upload));
}

static void forgotten(struct request *request)
{
    if (request->error == STORE_UPLOAD_HELD) /* somebody has come to it meanwhile */
        claim(request);
    else if (request->error != STORE_OK)
        reply_error(request, request->error);
    else
        reply_empty(request, 204);
}

static void claimed(struct request *request)
{
    request_offload(request, forget_job, forgotten);
}

static void claim(struct request *request)
{
    session_claim(request, request->state, UPLOAD_GONE, claimed);
}

static void look(struct request *request)
{
    session_look(request, request->state, claim);
}

static void begin(struct request *request)
{
    struct session *session = calloc(1, sizeof *session);
    request->state = session;
    if (session)
        session->asked.id = request->upload;
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

const struct endpoint endpoint_upload_delete = {
    .begin = begin, .finish = finish, .end = end, .tus = true, .fault = "the upload cannot be removed"};
