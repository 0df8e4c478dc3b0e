/* object_list.c - GET …/objects: the objects of a store in bytewise order of their keys, page by page.
 *
 *     ?prefix=2026/&delimiter=/&limit=100&cursor=…&attributes=true
 *
 * Groups of keys that are not UTF-8 stand in `prefixes_base64`, which is there only when it is needed. The page is
 * read and written in one pass on an I/O thread. A cursor is the engine's, in base64url: opaque
 * to clients, checked here, and good as long as the store is.
 */
#include "api/request/object_json.h"
#include "api/request/permit.h"
#include "api/request/reply.h"
#include "api/request/request.h"
#include "api/text/decimal.h"
#include "api/text/utf8.h"

#include <nettle/base64.h>
#include <stdlib.h>
#include <string.h>

enum {
    LIMIT_MAX = 1000,
    DELIMITER_MAX = 64,
    CURSOR_TEXT = BASE64_ENCODE_RAW_LENGTH(STORE_CURSOR_MAX), /* padded */
};

struct page {
    char prefix[STORE_KEY_MAX + 1];
    char delimiter[DELIMITER_MAX + 1];
    uint8_t cursor[STORE_CURSOR_MAX + 3]; /* decoding may write a block more */
    struct store_list_query query;
    bool attributes; /* each object's are asked for */
    struct jsontext objects;
    struct jsontext prefixes;
    struct jsontext prefixes_base64; /* those that are not UTF-8 */
    unsigned char next[STORE_CURSOR_MAX];
    size_t next_length;
};

/* ---- the query ------------------------------------------------------------------------------- */

static bool refuse(struct request *request, const char *detail)
{
    reply_problem(request, PROBLEM_BAD_PARAMETER, "%s", detail);
    return false;
}

/* A value of at most `most` bytes; there is room for one more. */
static bool read_bytes(struct request *request, const char *name, char *value, size_t most, size_t *ret_length)
{
    enum uri_parameter found = uri_parameter_bytes(request->query, name, value, most + 1, ret_length);
    if (found == URI_PARAMETER_ABSENT)
        *ret_length = 0;
    return found != URI_PARAMETER_MALFORMED;
}

static bool read_limit(struct request *request, size_t *ret_limit)
{
    char text[8];
    enum uri_parameter found = uri_parameter(request->query, "limit", text, sizeof text);
    *ret_limit = LIMIT_MAX;
    if (found == URI_PARAMETER_ABSENT)
        return true;
    uint64_t limit = 0;
    if (found != URI_PARAMETER_FOUND || !decimal_parse(text, strlen(text), LIMIT_MAX, &limit))
        return false;
    *ret_limit = limit;
    return limit >= 1;
}

static bool read_cursor(struct request *request, struct page *page)
{
    char text[CURSOR_TEXT + 1];
    struct base64_decode_ctx decode;
    size_t length, decoded = sizeof page->cursor;
    enum uri_parameter found = uri_parameter_bytes(request->query, "cursor", text, sizeof text, &length);
    page->query.cursor = page->cursor;
    if (found == URI_PARAMETER_ABSENT)
        return true;
    if (found == URI_PARAMETER_MALFORMED || BASE64_DECODE_LENGTH(length) > sizeof page->cursor)
        return false;
    base64url_decode_init(&decode);
    if (!base64_decode_update(&decode, &decoded, page->cursor, length, text) || !base64_decode_final(&decode))
        return false;
    page->query.cursor_length = decoded;
    return store_list_cursor_valid(page->cursor, decoded);
}

static bool read_query(struct request *request, struct page *page)
{
    struct store_list_query *query = &page->query;
    query->prefix = page->prefix;
    query->delimiter = page->delimiter;
    if (!read_bytes(request, "prefix", page->prefix, STORE_KEY_MAX, &query->prefix_length))
        return refuse(request, "The parameter prefix is percent-encoded and has at most 1024 bytes.");
    if (!read_bytes(request, "delimiter", page->delimiter, DELIMITER_MAX, &query->delimiter_length))
        return refuse(request, "The parameter delimiter is percent-encoded and has at most 64 bytes.");
    if (!read_limit(request, &query->limit))
        return refuse(request, "The parameter limit is a number from 1 to 1000.");
    if (!read_cursor(request, page))
        return refuse(request, "The parameter cursor is not one that a page of this listing gave.");
    if (!uri_switch(request->query, "attributes", &page->attributes))
        return refuse(request, "The parameter attributes is true or false.");
    return true;
}

/* ---- the page -------------------------------------------------------------------------------- */

static void write_item(void *arg, const struct store_list_item *item)
{
    struct page *page = arg;
    if (!item->info) {
        if (utf8_valid(item->prefix, item->prefix_length))
            jsontext_string(&page->prefixes, item->prefix, item->prefix_length);
        else
            jsontext_base64(&page->prefixes_base64, item->prefix, item->prefix_length);
        return;
    }
    jsontext_open(&page->objects, '{');
    object_json_write(&page->objects, item->info);
    object_json_write_place(&page->objects, item->info);
    if (page->attributes) {
        object_json_write_kept(&page->objects, item->info);
        object_json_write_meta(&page->objects, item->info);
    }
    jsontext_close(&page->objects, '}');
}

static void read_page(struct request *request)
{
    struct page *page = request->state;
    jsontext_open(&page->objects, '{');
    jsontext_name(&page->objects, "objects");
    jsontext_open(&page->objects, '[');
    jsontext_open(&page->prefixes, '[');
    jsontext_open(&page->prefixes_base64, '[');
    request_keep_error(request,
                       store_list(request->store, &page->query, write_item, page, page->next, &page->next_length));
    jsontext_close(&page->objects, ']');
    jsontext_close(&page->prefixes, ']');
    jsontext_close(&page->prefixes_base64, ']');
}

static void write_cursor(struct jsontext *json, const struct page *page)
{
    char text[CURSOR_TEXT + 4];
    struct base64_encode_ctx encode;
    jsontext_name(json, "cursor");
    if (page->next_length == 0) {
        jsontext_null(json);
        return;
    }
    base64url_encode_init(&encode);
    size_t length = base64_encode_update(&encode, text, page->next_length, page->next);
    length += base64_encode_final(&encode, text + length);
    jsontext_string(json, text, length);
}

static void answer(struct request *request)
{
    struct page *page = request->state;
    if (request->error != STORE_OK) {
        reply_error(request, request->error);
        return;
    }
    jsontext_name(&page->objects, "prefixes");
    jsontext_splice(&page->objects, &page->prefixes);
    if (page->prefixes_base64.length > strlen("[]") || page->prefixes_base64.failed) {
        jsontext_name(&page->objects, "prefixes_base64");
        jsontext_splice(&page->objects, &page->prefixes_base64);
    }
    write_cursor(&page->objects, page);
    jsontext_close(&page->objects, '}');
    jsontext_free(&page->prefixes);
    jsontext_free(&page->prefixes_base64);
    if (reply_admit(request, page->objects.capacity)) {
        reply_json(request, 200, &page->objects);
        page->objects = (struct jsontext){0}; /* the reply has it now */
    }
    jsontext_free(&page->objects);
}

/* ---- the request ----------------------------------------------------------------------------- */

static void acquired(struct request *request)
{
    request_offload(request, read_page, answer);
}

/* What a HEAD tells is for who may read. */
static bool may_list(struct request *request, const struct page *page)
{
    struct store_key prefix = {.bytes = page->prefix, .length = page->query.prefix_length};
    unsigned rights = page->attributes ? RIGHT_LIST | RIGHT_READ : RIGHT_LIST;
    return permit_may(request, rights, request->store_name, &prefix);
}

static void begin(struct request *request)
{
    struct page *page = calloc(1, sizeof *page);
    request->state = page;
    if (!page)
        reply_error(request, STORE_NO_MEMORY);
    else if (read_query(request, page) && may_list(request, page))
        request_acquire(request, acquired);
}

static void end(struct request *request)
{
    struct page *page = request->state;
    if (!page)
        return;
    jsontext_free(&page->objects);
    jsontext_free(&page->prefixes);
    jsontext_free(&page->prefixes_base64);
    free(page);
}

const struct endpoint endpoint_object_list = {.begin = begin,
                                              .parameters = {"prefix", "delimiter", "limit", "cursor", "attributes"},
                                              .end = end,
                                              .fault = "the listing cannot be read"};
