/* uploads_list.c - GET …/uploads: the unfinished uploads of a store that the visitor could go on with. */
#include "api/request/permit.h"
#include "api/request/reply.h"
#include "api/text/jsontext.h"
#include "api/text/timestamp.h"

#include <stdlib.h>

struct list {
    const struct request *request;
    struct jsontext json;
};

/* Thread: the engine's. */
static void write_upload(void *arg, const struct upload_info *info)
{
    struct list *list = arg;
    struct jsontext *json = &list->json;
    struct store_key key = store_key_of(info->key, info->key_length);
    char expires[TIMESTAMP_SIZE];
    if (info->key && permit_lacks(list->request, RIGHT_WRITE, list->request->store_name, &key))
        return;
    timestamp_write(expires, info->expires);
    jsontext_open(json, '{');
    jsontext_name(json, "id");
    jsontext_hash(json, info->id);
    if (info->key) {
        jsontext_key(json, info->key, info->key_length);
    } else {
        jsontext_name(json, "key");
        jsontext_null(json);
    }
    jsontext_figure(json, "offset", info->offset);
    jsontext_name(json, "length");
    if (info->length == STORE_SIZE_UNKNOWN)
        jsontext_null(json);
    else
        jsontext_number(json, info->length);
    jsontext_field(json, "expires", expires);
    jsontext_close(json, '}');
}

static void list_job(struct request *request)
{
    struct list *list = request->state;
    struct jsontext *json = &list->json;
    jsontext_open(json, '{');
    jsontext_name(json, "uploads");
    jsontext_open(json, '[');
    request_keep_error(request, upload_list(request->store, write_upload, list));
    jsontext_close(json, ']');
    jsontext_close(json, '}');
}

static void answer(struct request *request)
{
    struct list *list = request->state;
    if (request->error != STORE_OK) {
        reply_error(request, request->error);
    } else if (reply_admit(request, list->json.capacity)) {
        reply_json(request, 200, &list->json);
        list->json = (struct jsontext){0};
    }
}

static void read_all(struct request *request)
{
    request_offload(request, list_job, answer);
}

static void begin(struct request *request)
{
    struct list *list = calloc(1, sizeof *list);
    request->state = list;
    if (!list)
        reply_error(request, STORE_NO_MEMORY);
    else
        list->request = request;
}

static void finish(struct request *request)
{
    request_acquire(request, read_all);
}

static void end(struct request *request)
{
    struct list *list = request->state;
    if (list)
        jsontext_free(&list->json);
    free(list);
}

const struct endpoint endpoint_uploads_list = {
    .begin = begin, .finish = finish, .end = end, .fault = "the uploads cannot be listed"};
