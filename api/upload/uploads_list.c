/* uploads_list.c - GET …/uploads: the unfinished uploads of a store that the visitor could go on with, page by
 * page in the order of their ids. A cursor is the id with which the next page begins.
 */
#include "api/request/paging.h"
#include "api/request/query.h"
#include "api/request/reply.h"
#include "api/text/timestamp.h"
#include "api/upload/label.h"
#include "api/upload/session.h"

#include <stdlib.h>
#include <string.h>

enum { LIMIT_MAX = 1000 };

struct list {
    const struct request *request;
    struct jsontext json;
    uint64_t limit; /* the most on the page */
    uint64_t shown;
    uint64_t from; /* ids */
    uint64_t next;
    bool more;
};

/* ---- the page -------------------------------------------------------------------------------- */

static void write_upload(struct jsontext *json, const struct upload_info *info)
{
    char expires[TIMESTAMP_SIZE];
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
    jsontext_figure(json, "offset", session_told_offset(info));
    jsontext_name(json, "length");
    if (info->length == STORE_SIZE_UNKNOWN)
        jsontext_null(json);
    else
        jsontext_number(json, info->length);
    jsontext_field(json, "expires", expires);
    jsontext_close(json, '}');
}

/* Thread: the engine's. */
static bool show(void *arg, const struct upload_info *info)
{
    struct list *list = arg;
    if (!label_permits(list->request, info))
        return true;
    list->more = list->shown == list->limit;
    list->next = info->id;
    if (!list->more)
        write_upload(&list->json, info);
    list->shown++;
    return !list->more;
}

static void list_job(struct request *request)
{
    struct list *list = request->state;
    struct jsontext *json = &list->json;
    jsontext_open(json, '{');
    jsontext_name(json, "uploads");
    jsontext_open(json, '[');
    request_keep_error(request, upload_list(request->store, list->from, show, list));
    jsontext_close(json, ']');
    paging_write_cursor(json, &list->next, list->more ? sizeof list->next : 0);
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

/* ---- the request ----------------------------------------------------------------------------- */

static bool read_cursor(struct request *request, struct list *list)
{
    uint8_t cursor[PAGING_CURSOR_SIZE];
    size_t length;
    if (!paging_cursor(request, cursor, &length) || (length > 0 && length != sizeof list->from))
        return paging_refuse_cursor(request);
    memcpy(&list->from, cursor, length);
    return true;
}

static void read_page(struct request *request)
{
    request_offload(request, list_job, answer);
}

static void begin(struct request *request)
{
    struct list *list = calloc(1, sizeof *list);
    request->state = list;
    if (!list) {
        reply_error(request, STORE_NO_MEMORY);
        return;
    }
    list->request = request;
    list->limit = LIMIT_MAX;
    if (query_number(request, "limit", 1, LIMIT_MAX, &list->limit))
        read_cursor(request, list);
}

static void finish(struct request *request)
{
    request_acquire(request, read_page);
}

static void end(struct request *request)
{
    struct list *list = request->state;
    if (list)
        jsontext_free(&list->json);
    free(list);
}

const struct endpoint endpoint_uploads_list = {.begin = begin,
                                               .finish = finish,
                                               .parameters = {"limit", "cursor"},
                                               .end = end,
                                               .fault = "the uploads cannot be listed"};
