/* poll.c - has the page made, and once more when there may be more to tell. See poll.h. */
#include "api/feed/poll.h"

#include "api/feed/following.h"
#include "api/feed/press.h"
#include "api/request/core.h"
#include "api/request/permit.h"
#include "api/request/reply.h"

enum { MILLISECOND = 1000000, CROWDED = 1000 /* milliseconds until it is tried again */ };

static void answer(struct request *request);

static bool is_crowded(const struct following *following)
{
    return following->print && following->print->crowded;
}

/* Milliseconds for which the page may be held back, since it says no more than that there is nothing, or no memory to
 * tell it: that is there still when there is. Who has closed his side has gone, or gets what there is. */
static uint64_t may_wait(const struct request *request, const struct following *following)
{
    uint64_t passed = (uint64_t)request_age(request) / MILLISECOND;
    bool empty = request->error == STORE_OK && following->told == 0 &&
                 (following_has_all(following) || is_crowded(following));
    bool vain = following->over || request->left;
    return empty && !vain && following->wait > passed ? following->wait - passed : 0;
}

/* Thread: one of the engine's, or the daemon's. */
static void watched(void *arg, enum store_watch_end end)
{
    struct request *request = arg;
    struct following *following = request->state;
    following->over = end == STORE_WATCH_OVER;
    press_order(request);
}

static void hold_back(struct request *request, struct following *following, uint64_t milliseconds)
{
    bool crowded = is_crowded(following);
    uint64_t end = crowded ? UINT64_MAX : following->changes.end;
    if (crowded && milliseconds > CROWDED)
        milliseconds = CROWDED;
    following->waiting = following->changes;
    press_leave(request->api->press, following);
    request_suspend(request, answer);
    if (!following_wait(request, end, milliseconds, watched))
        request_resume(request); /* without a print: no memory */
}

static void tell(struct request *request, const struct following *following)
{
    struct edition *edition = following->print->edition;
    edition_keep(edition);
    reply_edition(request, 200, "application/json", edition);
}

/* That there was nothing when it began to wait. */
static void tell_nothing(struct request *request, struct following *following)
{
    struct jsontext page = {0};
    following_write_empty(&page, following);
    if (reply_admit(request, page.capacity))
        reply_json(request, 200, &page);
    else
        jsontext_free(&page);
}

/* Who waits is told of no want of memory: the page is empty then, and he asks again. So does he when the rules have
 * changed meanwhile by which he was let in: then he is judged anew. */
static void answer(struct request *request)
{
    struct following *following = request->state;
    press_take(request);
    if (following->watcher && !permit_holds(request)) {
        following->changes = following->waiting;
        tell_nothing(request, following);
        return;
    }
    uint64_t milliseconds = may_wait(request, following);
    if (milliseconds > 0)
        hold_back(request, following, milliseconds);
    else if (request->error != STORE_OK)
        following_refuse(request, following);
    else if (is_crowded(following) && following->wait == 0)
        reply_full(request);
    else
        tell(request, following);
}

void poll_begin(struct request *request)
{
    request_suspend(request, answer);
    press_order(request);
}
