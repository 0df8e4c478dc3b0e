/* catchup.c - writes lines until they make a portion. See catchup.h. */
#include "api/feed/catchup.h"

#include "api/feed/following.h"
#include "api/request/reply.h"

enum { CROWDED = 1000 /* milliseconds until it is tried again where there was no memory */ };

static void write_end(struct following *following)
{
    jsontext_open(&following->text, '{');
    following_write_place(&following->text, following);
    jsontext_close(&following->text, '}');
    jsontext_end(&following->text);
}

/* Reads what makes a portion, or stays where it was: a transaction is told whole, and there is no memory to hold it
 * until it is read. */
static void read_on(struct request *request, struct following *following)
{
    uint64_t since = following->query.since;
    following_read(request, following, following->portions.least);
    if (portions_admit_text(request, &following->portions, &following->text))
        return;
    following->query.since = since;
    following->told = 0;
    if (following->over && request->error == STORE_OK)
        request->error = STORE_DRAINING;
}

/* Thread: an I/O thread. */
static void make_portion(struct request *request)
{
    struct following *following = request->state;
    struct portions *portions = &following->portions;
    portions_begin_text(portions, &following->text);
    if (!portions_may_try(request, portions)) {
        request->error = following->over ? STORE_DRAINING : STORE_OK;
        return;
    }
    read_on(request, following);
    if (portions->idle)
        return;
    following->left -= following->told < following->left ? following->told : following->left;
    portions->last = following_has_all(following) || following->left == 0;
    if (portions->last && request->error == STORE_OK)
        write_end(following);
    portions_end_text(request, &following->text);
}

/* Thread: one of the engine's, or the daemon's. */
static void watched(void *arg, enum store_watch_end end)
{
    struct request *request = arg;
    struct following *following = request->state;
    following->over = end == STORE_WATCH_OVER;
    portions_go_on(request);
}

/* Of a request that is suspended. */
static void wait_for_memory(struct request *request)
{
    if (following_wait(request, UINT64_MAX, CROWDED, watched))
        return; /* the request is no longer ours */
    request->error = STORE_NO_MEMORY;
    request_resume(request);
}

static enum portions_came more(struct request *request)
{
    request_pause(request);
    wait_for_memory(request);
    return PORTIONS_LATER;
}

static void answer(struct request *request);

static void hold_back(struct request *request)
{
    request_suspend(request, answer);
    wait_for_memory(request);
}

static void answer(struct request *request)
{
    struct following *following = request->state;
    if (request->error != STORE_OK)
        following_refuse(request, following);
    else if (following->portions.idle)
        hold_back(request);
    else
        portions_reply(request, "application/x-ndjson");
}

void catchup_begin(struct request *request)
{
    struct following *following = request->state;
    following->portions.more = more;
    portions_begin(request, &following->portions, make_portion, answer);
}
