/* upload_delete.c - DELETE …/uploads/{id}: forgets an unfinished upload with its bytes (tus 1.0.0: termination). */
#include "api/request/permit.h"
#include "api/request/reply.h"
#include "api/upload/tus.h"

#include <stdlib.h>

/* Thread: the engine's. */
static void keep(void *arg, const struct upload_info *info)
{
    struct metadata *metadata = arg;
    (void)metadata_read(metadata, label_read(info).metadata); /* it was good when it came */
}

static void look_job(struct request *request)
{
    request_keep_error(request, upload_look(request->store, request->upload, keep, request->state));
}

static void forget_job(struct request *request)
{
    request_keep_error(request, upload_forget(request->store, request->upload));
}

static void answer(struct request *request)
{
    if (request->error == STORE_OK)
        reply_empty(request, 204);
    else
        reply_error(request, request->error);
}

static void looked(struct request *request)
{
    const struct metadata *metadata = request->state;
    struct store_key key = store_key_of(metadata->key, metadata->key_length);
    if (request->error != STORE_OK)
        reply_error(request, request->error);
    else if (!metadata->key || permit_may(request, RIGHT_WRITE, request->store_name, &key))
        request_offload(request, forget_job, answer);
}

static void look(struct request *request)
{
    request_offload(request, look_job, looked);
}

static void begin(struct request *request)
{
    request->state = calloc(1, sizeof(struct metadata));
    if (!request->state)
        reply_error(request, STORE_NO_MEMORY);
}

static void finish(struct request *request)
{
    request_acquire(request, look);
}

static void end(struct request *request)
{
    if (request->state)
        metadata_free(request->state);
    free(request->state);
}

const struct endpoint endpoint_upload_delete = {.begin = begin,
                                                .finish = finish,
                                                .end = end,
                                                .tus = true,
                                                .unconditional = true,
                                                .fault = "the upload cannot be removed"};
