/* changes.c - GET …/changes: what has happened in a store, in order, page by page.
 *
 *     ?since=4096&limit=100&prefix=2026/&wait=30
 *
 * A page is read from the log and written in one pass on an I/O thread. It has more changes than the limit only where a
 * transaction would be parted. One that would be empty is held back, if that is asked for: the connection is suspended
 * until there is more, and waiting takes no thread.
 */
#include "api/http/etag.h"
#include "api/request/core.h"
#include "api/request/permit.h"
#include "api/request/query.h"
#include "api/request/reply.h"
#include "api/request/request.h"
#include "api/text/timestamp.h"

#include <inttypes.h>
#include <stdlib.h>

enum { LIMIT_MAX = 1000, WAIT_MAX = 60 };

struct page {
    uint64_t wait; /* milliseconds that are left */
    char prefix[STORE_KEY_MAX + 1];
    struct store_changes_query query;
    struct store_changes changes;
    struct jsontext json;
    bool empty;
};

/* ---- the query ------------------------------------------------------------------------------- */

static bool read_query(struct request *request, struct page *page)
{
    uint64_t limit = LIMIT_MAX;
    bool whole = query_number(request, "since", 0, INT64_MAX, &page->query.since) &&
                 query_number(request, "limit", 1, LIMIT_MAX, &limit) &&
                 query_number(request, "wait", 0, WAIT_MAX, &page->wait) &&
                 query_prefix(request, page->prefix, &page->query.prefix_length);
    page->query.prefix = page->prefix;
    page->query.limit = (size_t)limit;
    page->wait *= 1000;
    return whole;
}

/* ---- the page -------------------------------------------------------------------------------- */

static void write_version(struct jsontext *json, const struct store_change *change)
{
    char etag[ETAG_SIZE];
    etag_write(etag, &change->digest);
    jsontext_figure(json, "size", change->size);
    jsontext_field(json, "etag", etag);
}

static void write_change(void *arg, const struct store_change *change)
{
    struct page *page = arg;
    struct jsontext *json = &page->json;
    page->empty = false;
    char modified[TIMESTAMP_SIZE];
    timestamp_write(modified, change->time);
    jsontext_open(json, '{');
    jsontext_figure(json, "offset", change->offset);
    jsontext_field(json, "op", change->put ? "put" : "delete");
    jsontext_key(json, change->key, change->key_length);
    jsontext_name(json, "key_hash");
    jsontext_hash(json, change->key_hash);
    if (change->put)
        write_version(json, change);
    jsontext_field(json, "modified", modified);
    if (change->ends)
        jsontext_figure(json, "ends", change->ends);
    jsontext_close(json, '}');
}

static void read_page(struct request *request)
{
    struct page *page = request->state;
    page->empty = true;
    jsontext_open(&page->json, '{');
    jsontext_name(&page->json, "changes");
    jsontext_open(&page->json, '[');
    request_keep_error(request, store_changes(request->store, &page->query, write_change, page, &page->changes));
    jsontext_close(&page->json, ']');
}

static void answer_page(struct request *request, struct page *page)
{
    jsontext_figure(&page->json, "next", page->changes.next);
    jsontext_figure(&page->json, "oldest", page->changes.oldest);
    jsontext_figure(&page->json, "end", page->changes.end);
    jsontext_close(&page->json, '}');
    if (!reply_admit(request, page->json.capacity))
        return;
    reply_json(request, 200, &page->json);
    page->json = (struct jsontext){0}; /* the reply has it now */
}

/* Whether a page says no more than that there is nothing, and may be held back. */
static bool holds_back(const struct request *request, const struct page *page)
{
    return request->error == STORE_OK && page->empty && page->changes.next == page->changes.end &&
           page->wait > (uint64_t)request_age(request) / 1000000 && !api_is_draining(request->api);
}

static void answer(struct request *request);

/* Thread: one of the engine's. */
static void watched(void *request, bool more)
{
    (void)more; /* the page tells */
    request_work(request, read_page);
}

/* Waits until there is more, or the time is over, and looks again. */
static void hold_back(struct request *request, struct page *page)
{
    uint64_t left = page->wait - (uint64_t)request_age(request) / 1000000;
    jsontext_free(&page->json);
    page->query.since = page->changes.next;
    request_suspend(request, answer);
    enum store_error error = store_watch(request->store, page->changes.end, (unsigned)left, watched, request);
    if (error == STORE_OK)
        return;
    request->error = error;
    request_resume(request);
}

static void answer(struct request *request)
{
    struct page *page = request->state;
    if (holds_back(request, page)) {
        hold_back(request, page);
        return;
    }
    request->oldest = page->changes.oldest;
    if (request->error == STORE_OK)
        answer_page(request, page);
    else if (request->error == STORE_GONE)
        reply_problem(request, PROBLEM_CHANGES_GONE,
                      "What was deleted since %" PRIu64 " is known from %" PRIu64
                      " on only, or no change of this store begins there: begin with nothing, and since=0.",
                      page->query.since, page->changes.oldest);
    else if (request->error == STORE_DAMAGED)
        reply_problem(request, PROBLEM_DAMAGED,
                      "The log of the store cannot be read from %" PRIu64 " on. It goes on with since=%" PRIu64
                      "; what lies between is not known, and who holds a copy compares it with a listing.",
                      page->changes.next, page->changes.behind);
    else
        reply_error(request, request->error);
    jsontext_free(&page->json);
}

/* ---- the request ----------------------------------------------------------------------------- */

static void acquired(struct request *request)
{
    request_offload(request, read_page, answer);
}

/* Who may list only what is below a prefix has to ask below it. */
static bool may_follow(struct request *request, const struct page *page)
{
    struct store_key prefix = {.bytes = page->prefix, .length = page->query.prefix_length};
    return permit_may(request, RIGHT_LIST, request->store_name, &prefix);
}

static void begin(struct request *request)
{
    struct page *page = calloc(1, sizeof *page);
    request->state = page;
    if (!page)
        reply_error(request, STORE_NO_MEMORY);
    else if (read_query(request, page) && may_follow(request, page))
        request_acquire(request, acquired);
}

static void end(struct request *request)
{
    struct page *page = request->state;
    if (page)
        jsontext_free(&page->json);
    free(page);
}

const struct endpoint endpoint_changes = {.begin = begin,
                                          .parameters = {"since", "limit", "wait", "prefix"},
                                          .end = end,
                                          .fault = "the changes cannot be read"};
