/* archive_get.c - GET …/archive: the objects of a store, or those below a prefix, as one tar in key order.
 *
 * It is made portion by portion (portions.h). A page of the listing tells which objects come next; each is looked up
 * when its turn comes, and what it then holds is what is sent, whole: a reader pins it. One that has been deleted
 * meanwhile is left out. So the archive is not the store at one moment, but each member is an object as it was.
 *
 * Where something cannot be read the answer breaks off, and nobody can take it for whole: its end is missing.
 */
#include "api/archive/member.h"
#include "api/http/disposition.h"
#include "api/request/permit.h"
#include "api/request/portions.h"
#include "api/request/query.h"
#include "api/request/reply.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE = 32 };

struct name {
    uint64_t hash;
    size_t length; /* 0: of its key no more is known than the hash */
    char bytes[STORE_KEY_MAX];
};

struct packing {
    char disposition[DISPOSITION_SIZE]; /* that the client wants, or "" */
    char prefix[STORE_KEY_MAX + 1];
    unsigned char cursor[STORE_CURSOR_MAX];
    struct store_list_query query;
    struct name names[PAGE]; /* of the objects that come next */
    size_t count, next;
    bool listed;           /* there are none behind them */
    struct object *object; /* the one under way, pinned, or NULL */
    uint64_t position;     /* what is out of it */
    struct tar_text out;   /* the portion */
    struct tar_text records;
    struct portions portions;
};

/* ---- which objects --------------------------------------------------------------------------- */

static bool take_name(void *arg, const struct store_list_item *item)
{
    struct packing *packing = arg;
    struct name *name = &packing->names[packing->count++];
    name->hash = item->info->key_hash;
    name->length = item->info->key ? item->info->key_length : 0;
    if (name->length > 0)
        memcpy(name->bytes, item->info->key, name->length);
    return packing->count < PAGE;
}

static enum store_error list_more(struct request *request, struct packing *packing)
{
    struct store_list_query *query = &packing->query;
    packing->count = packing->next = 0;
    enum store_error error = store_list(request->store, query, take_name, packing, packing->cursor,
                                        &query->cursor_length);
    packing->listed = query->cursor_length == 0;
    return error;
}

/* ---- the members ----------------------------------------------------------------------------- */

static enum store_error begin_member(struct request *request, struct packing *packing)
{
    const struct name *name = &packing->names[packing->next++];
    struct store_key key = name->length > 0 ? store_key_of(name->bytes, name->length) : store_key_of_hash(name->hash);
    enum store_error error = store_get(request->store, &key, STORE_GET_PAYLOAD | STORE_GET_FILE, &packing->object);
    if (error == STORE_NO_OBJECT)
        return STORE_OK;
    if (error == STORE_OK) {
        member_write(&packing->out, &packing->records, object_info(packing->object));
        packing->position = 0;
    }
    return error;
}

static enum store_error go_on_with_member(struct packing *packing)
{
    uint64_t size = object_info(packing->object)->size, left = size - packing->position;
    size_t least = packing->portions.least;
    size_t length = left < least ? (size_t)left : least;
    char *room = tar_room(&packing->out, length);
    if (!room)
        return STORE_NO_MEMORY;
    enum store_error error = object_read(packing->object, packing->position, room, length);
    packing->position += length;
    if (error != STORE_OK || packing->position < size)
        return error;
    tar_padding(&packing->out, size);
    object_release(packing->object);
    packing->object = NULL;
    return STORE_OK;
}

static enum store_error pack_some(struct request *request, struct packing *packing)
{
    if (packing->object)
        return go_on_with_member(packing);
    if (packing->next < packing->count)
        return begin_member(request, packing);
    if (!packing->listed)
        return list_more(request, packing);
    tar_end(&packing->out);
    packing->portions.last = true;
    return STORE_OK;
}

/* Thread: an I/O thread. */
static void make_portion(struct request *request)
{
    struct packing *packing = request->state;
    struct portions *portions = &packing->portions;
    enum store_error error = STORE_OK;
    packing->out.length = 0;
    if (packing->out.capacity > 4 * portions->least)
        tar_text_free(&packing->out);
    while (error == STORE_OK && !portions->last && packing->out.length < portions->least && !packing->out.failed)
        error = pack_some(request, packing);
    request_keep_error(request, error == STORE_OK && packing->out.failed ? STORE_NO_MEMORY : error);
    portions->bytes = packing->out.bytes;
    portions->length = packing->out.length;
}

/* ---- the request ----------------------------------------------------------------------------- */

static void name_file(struct request *request, const struct packing *packing)
{
    char name[STORE_NAME_MAX + sizeof ".tar"], text[DISPOSITION_SIZE];
    stpcpy(stpcpy(name, request->store_name), ".tar");
    disposition_write(text, name, strlen(name));
    reply_field(request, "Content-Disposition", *packing->disposition == '\0' ? text : packing->disposition);
}

static void answer(struct request *request)
{
    if (request->error != STORE_OK) {
        reply_store_error(request, request->error, request->store_name);
        return;
    }
    portions_reply(request, "application/x-tar");
    name_file(request, request->state);
}

static void acquired(struct request *request)
{
    struct packing *packing = request->state;
    portions_begin(request, &packing->portions, make_portion, answer);
}

static bool read_query(struct request *request, struct packing *packing)
{
    struct store_list_query *query = &packing->query;
    query->limit = PAGE;
    query->cursor = packing->cursor;
    query->prefix = packing->prefix;
    return query_prefix(request, packing->prefix, &query->prefix_length) &&
           query_download(request, packing->disposition);
}

static bool may_read(struct request *request, const struct packing *packing)
{
    struct store_key prefix = {.bytes = packing->prefix, .length = packing->query.prefix_length};
    return permit_may(request, RIGHT_LIST | RIGHT_READ, request->store_name, &prefix);
}

static void begin(struct request *request)
{
    struct packing *packing = calloc(1, sizeof *packing);
    request->state = packing;
    if (!packing)
        reply_error(request, STORE_NO_MEMORY);
    else if (read_query(request, packing) && may_read(request, packing))
        request_acquire(request, acquired);
}

static void end(struct request *request)
{
    struct packing *packing = request->state;
    if (!packing)
        return;
    object_release(packing->object);
    tar_text_free(&packing->out);
    tar_text_free(&packing->records);
    free(packing);
}

const struct endpoint endpoint_archive_get = {
    .begin = begin, .parameters = {"prefix", "download"}, .end = end, .fault = "the archive cannot be read"};
