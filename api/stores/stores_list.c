/* stores_list.c - GET /v1/stores: the stores in which the visitor may do something, and their limits, in bytewise order
 * of their names: all of them, or with `?limit=` page by page.
 *
 * Stores are not opened for that, but the limits of those that are not open stand in a file each: an I/O thread reads
 * them. A cursor is the name of the last store on its page, which the visitor knows. Whether a page follows is told by
 * the stores that the visitor may know, too: the others leave no trace.
 */
#include "api/request/core.h"
#include "api/request/paging.h"
#include "api/request/query.h"
#include "api/request/reply.h"
#include "api/stores/store_json.h"

#include <stdlib.h>
#include <string.h>

enum { LIMIT_MAX = 1000 };

static const uint64_t ALL = UINT64_MAX;

struct stores {
    uint64_t limit;                 /* the most on the page */
    char after[STORE_NAME_MAX + 1]; /* where it begins: behind this name */
    struct jsontext json;
};

/* ---- the page -------------------------------------------------------------------------------- */

static void write_store(struct jsontext *json, struct depot *depot, const char *name)
{
    struct store_limits limits;
    jsontext_open(json, '{');
    jsontext_field(json, "name", name);
    if (depot_limits(depot, name, &limits) == STORE_OK)
        store_json_limits(json, &limits);
    jsontext_close(json, '}');
}

/* The first visible one from a place on; `count`: there is none. */
static size_t next_visible(const struct request *request, char *const *names, size_t count, size_t at)
{
    while (at < count && !visitor_rights_within(&request->visitor, names[at]))
        at++;
    return at;
}

/* The names are in order. */
static size_t first_behind(const char *after, char *const *names, size_t count)
{
    size_t from = 0;
    while (from < count) {
        size_t middle = from + (count - from) / 2;
        if (strcmp(names[middle], after) > 0)
            count = middle;
        else
            from = middle + 1;
    }
    return from;
}

static void write_page(struct request *request, char *const *names, size_t count)
{
    struct stores *stores = request->state;
    struct jsontext *json = &stores->json;
    const char *last = "";
    size_t at = next_visible(request, names, count, first_behind(stores->after, names, count));
    jsontext_open(json, '{');
    jsontext_name(json, "stores");
    jsontext_open(json, '[');
    for (uint64_t shown = 0; shown < stores->limit && at < count; shown++) {
        last = names[at];
        write_store(json, request->api->options.depot, last);
        at = next_visible(request, names, count, at + 1);
    }
    jsontext_close(json, ']');
    if (stores->limit != ALL)
        paging_write_cursor(json, last, at < count ? strlen(last) : 0);
    jsontext_close(json, '}');
}

static void list_job(struct request *request)
{
    char **names;
    size_t count;
    request_keep_error(request, depot_names(request->api->options.depot, &names, &count));
    if (request->error != STORE_OK)
        return;
    write_page(request, names, count);
    free(names);
}

static void answer(struct request *request)
{
    struct stores *stores = request->state;
    if (request->error != STORE_OK) {
        reply_error(request, request->error);
    } else if (reply_admit(request, stores->json.capacity)) {
        reply_json(request, 200, &stores->json);
        stores->json = (struct jsontext){0};
    }
}

/* ---- the request ----------------------------------------------------------------------------- */

static bool read_cursor(struct request *request, struct stores *stores)
{
    uint8_t cursor[PAGING_CURSOR_SIZE];
    size_t length;
    if (!paging_cursor(request, cursor, &length) || length > STORE_NAME_MAX)
        return paging_refuse_cursor(request);
    memcpy(stores->after, cursor, length); /* ended by a NUL, as the state was all zero */
    return length == 0 || (strlen(stores->after) == length && store_name_valid(stores->after)) ||
           paging_refuse_cursor(request);
}

static void begin(struct request *request)
{
    struct stores *stores = calloc(1, sizeof *stores);
    request->state = stores;
    if (!stores) {
        reply_error(request, STORE_NO_MEMORY);
        return;
    }
    stores->limit = ALL;
    if (query_number(request, "limit", 1, LIMIT_MAX, &stores->limit))
        read_cursor(request, stores);
}

static void finish(struct request *request)
{
    request_offload(request, list_job, answer);
}

static void end(struct request *request)
{
    struct stores *stores = request->state;
    if (!stores)
        return;
    jsontext_free(&stores->json);
    free(stores);
}

const struct endpoint endpoint_stores_list = {.begin = begin,
                                              .finish = finish,
                                              .parameters = {"limit", "cursor"},
                                              .end = end,
                                              .fault = "the stores cannot be listed"};
