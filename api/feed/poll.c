/* poll.c - reads and writes the page in one pass, on an I/O thread, and once more when there may be more to tell. See
 * poll.h. */
#include "api/feed/poll.h"

#include "api/feed/following.h"
#include "api/request/reply.h"

enum { PAGE_BYTES = 1 << 20 /* long keys make fewer changes */, MILLISECOND = 1000000 };

static void answer(struct request *request);

/* Thread: an I/O thread. */
static void read_page(struct request *request)
{
    following_read_page(request, request->state, PAGE_BYTES);
}

/* Milliseconds for which the page may be held back, since it says no more than that there is nothing. */
static uint64_t may_wait(const struct request *request, const struct following *following)
{
    uint64_t passed = (uint64_t)request_age(request) / MILLISECOND;
    bool empty = request->error == STORE_OK && following->told == 0 && following_has_all(following);
    return empty && following->wait > passed ? following->wait - passed : 0;
}

/* Thread: one of the engine's. */
static void watched(void *arg, enum store_watch_end end)
{
    struct request *request = arg;
    struct following *following = request->state;
    if (end == STORE_WATCH_OVER)
        following->wait = 0;
    request_work(request, read_page);
}

static void hold_back(struct request *request, struct following *following, uint64_t milliseconds)
{
    jsontext_free(&following->text);
    request_suspend(request, answer);
    enum store_error error = store_watch(request->store, following->changes.end, (unsigned)milliseconds, watched,
                                         request);
    if (error == STORE_OK)
        return;
    request->error = error;
    request_resume(request);
}

static void answer(struct request *request)
{
    struct following *following = request->state;
    struct jsontext *text = &following->text;
    uint64_t milliseconds = may_wait(request, following);
    if (milliseconds > 0) {
        hold_back(request, following, milliseconds);
    } else if (request->error != STORE_OK) {
        following_refuse(request, following);
    } else if (reply_admit(request, text->capacity)) {
        reply_json(request, 200, text);
        *text = (struct jsontext){0}; /* the reply has it now */
    }
}

void poll_begin(struct request *request)
{
    request_offload(request, read_page, answer);
}
