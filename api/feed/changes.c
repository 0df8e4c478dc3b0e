/* changes.c - GET …/changes: what has happened in a store, in order.
 *
 * Accept tells how: application/x-ndjson gives all there is in lines (catchup.h), text/event-stream what there is and
 * what comes as server-sent events (events.h), and all else one page (poll.h). following.h tells what may be asked for.
 */
#include "api/feed/catchup.h"
#include "api/feed/events.h"
#include "api/feed/following.h"
#include "api/feed/poll.h"
#include "api/request/core.h"
#include "api/request/permit.h"
#include "api/request/reply.h"

#include <stdlib.h>

static void acquired(struct request *request)
{
    struct following *following = request->state;
    following_begin(request, following);
    switch (following->form) {
    case FOLLOWING_PAGE:
        poll_begin(request);
        break;
    case FOLLOWING_LINES:
        catchup_begin(request);
        break;
    case FOLLOWING_EVENTS:
        events_begin(request);
        break;
    }
}

/* Who may list only what is below a prefix has to ask below it. */
static bool may_follow(struct request *request, const struct following *following)
{
    struct store_key prefix = {.bytes = following->prefix, .length = following->query.prefix_length};
    return permit_may(request, RIGHT_LIST, request->store_name, &prefix);
}

static void begin(struct request *request)
{
    struct following *following = calloc(1, sizeof *following);
    request->state = following;
    if (!following)
        reply_error(request, STORE_NO_MEMORY);
    else if (following_ask(request, following) && may_follow(request, following))
        request_acquire(request, acquired);
}

static void end(struct request *request)
{
    if (request->state)
        following_free(request->state, request->api->press);
}

const struct endpoint endpoint_changes = {.begin = begin,
                                          .parameters = {"since", "limit", "wait", "prefix", "log"},
                                          .negotiates = true,
                                          .holds = true,
                                          .left = following_leave,
                                          .end = end,
                                          .fault = "the changes cannot be read"};
