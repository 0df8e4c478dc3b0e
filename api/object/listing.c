/* listing.c - reads the query of a listing, and the objects from its cursor on. See listing.h. */
#include "api/object/listing.h"

#include "api/http/accept.h"
#include "api/request/object_json.h"
#include "api/request/query.h"
#include "api/request/reply.h"

#include <stdlib.h>
#include <string.h>

/* ---- the query ------------------------------------------------------------------------------- */

static bool read_delimiter(struct request *request, struct listing *listing)
{
    size_t *length = &listing->query.delimiter_length;
    enum uri_parameter found = uri_parameter_bytes(request->query, "delimiter", listing->delimiter,
                                                   sizeof listing->delimiter, length);
    if (found == URI_PARAMETER_ABSENT)
        *length = 0;
    if (found != URI_PARAMETER_MALFORMED)
        return true;
    reply_problem(request, PROBLEM_BAD_PARAMETER,
                  "The parameter delimiter is percent-encoded and has at most 64 bytes.");
    return false;
}

static bool read_cursor(struct request *request, struct listing *listing)
{
    struct store_list_query *query = &listing->query;
    return (paging_cursor(request, listing->cursor, &query->cursor_length) &&
            store_list_cursor_valid(listing->cursor, query->cursor_length)) ||
           paging_refuse_cursor(request);
}

bool listing_ask(struct request *request, struct listing *listing)
{
    struct store_list_query *query = &listing->query;
    query->prefix = listing->prefix;
    query->delimiter = listing->delimiter;
    query->cursor = listing->cursor;
    listing->lines = accept_prefers(request_field(request, FIELD_ACCEPT), "application/x-ndjson", "application/json");
    listing->left = listing->lines ? INT64_MAX : LISTING_PAGE_MAX; /* more is not what openapi.yaml describes */
    return query_prefix(request, listing->prefix, &query->prefix_length) && read_delimiter(request, listing) &&
           query_number(request, "limit", 1, listing->left, &listing->left) && read_cursor(request, listing) &&
           query_switch(request, "attributes", &listing->attributes);
}

/* ---- the objects ----------------------------------------------------------------------------- */

struct reading {
    struct listing *listing;
    store_list_take *take;
};

static bool take_item(void *arg, const struct store_list_item *item)
{
    struct reading *reading = arg;
    reading->listing->left--;
    return reading->take(reading->listing, item);
}

void listing_read(struct request *request, struct listing *listing, store_list_take *take)
{
    struct reading reading = {listing, take};
    struct store_list_query *query = &listing->query;
    query->limit = listing->left < SIZE_MAX ? (size_t)listing->left : SIZE_MAX;
    request_keep_error(request,
                       store_list(request->store, query, take_item, &reading, listing->cursor, &query->cursor_length));
}

bool listing_goes_on(const struct listing *listing)
{
    return listing->query.cursor_length > 0;
}

void listing_write_object(struct jsontext *json, const struct listing *listing, const struct object_info *info)
{
    object_json_write(json, info);
    object_json_write_place(json, info);
    if (!listing->attributes)
        return;
    object_json_write_kept(json, info);
    object_json_write_meta(json, info);
}

void listing_write_cursor(struct jsontext *json, const struct listing *listing)
{
    paging_write_cursor(json, listing->cursor, listing->query.cursor_length);
}

void listing_free(struct listing *listing)
{
    jsontext_free(&listing->text);
    jsontext_free(&listing->prefixes);
    jsontext_free(&listing->prefixes_base64);
    free(listing);
}
