/* object_list.c - GET …/objects: the objects of a store in bytewise order of their keys, page by page, or as lines.
 *
 *     ?prefix=2026/&delimiter=/&limit=100&cursor=…&attributes=true
 *
 * Accept tells which: application/x-ndjson gives lines (lines.h), all else a page (page.h). A cursor is the engine's:
 * opaque to clients, checked here, and good as long as the store is.
 */
#include "api/object/lines.h"
#include "api/object/listing.h"
#include "api/object/page.h"
#include "api/request/permit.h"
#include "api/request/reply.h"

#include <stdlib.h>

static void acquired(struct request *request)
{
    const struct listing *listing = request->state;
    if (listing->lines)
        lines_begin(request);
    else
        page_begin(request);
}

/* What a HEAD tells is for who may read. */
static bool may_list(struct request *request, const struct listing *listing)
{
    struct store_key prefix = {.bytes = listing->prefix, .length = listing->query.prefix_length};
    unsigned rights = listing->attributes ? RIGHT_LIST | RIGHT_READ : RIGHT_LIST;
    return permit_may(request, rights, request->store_name, &prefix);
}

static void begin(struct request *request)
{
    struct listing *listing = calloc(1, sizeof *listing);
    request->state = listing;
    if (!listing)
        reply_error(request, STORE_NO_MEMORY);
    else if (listing_ask(request, listing) && may_list(request, listing))
        request_acquire(request, acquired);
}

static void end(struct request *request)
{
    if (request->state)
        listing_free(request->state);
}

const struct endpoint endpoint_object_list = {.begin = begin,
                                              .parameters = {"prefix", "delimiter", "limit", "cursor", "attributes"},
                                              .negotiates = true,
                                              .end = end,
                                              .fault = "the listing cannot be read"};
