/* events.c - what is lent is an event, and when it is out the next one is waited for. See events.h. */
#include "api/feed/events.h"

#include "api/feed/following.h"
#include "api/feed/press.h"
#include "api/request/core.h"
#include "api/request/permit.h"
#include "api/request/reply.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MILLISECOND = 1000000,
    RETRY = 1000,
    RETRY_SPREAD = 2000,
};

struct events {
    bool ordered;    /* a print has come, or is to come */
    bool fresh;      /* what has come tells something, and has not been sent */
    uint64_t known;  /* where the client knows to be */
    uint64_t handed; /* bytes, when it was waited last */
    int64_t silent;  /* since when nothing was handed over: nanoseconds of the request's age */
    char line[FOLLOWING_ID_SIZE + sizeof "retry: 4294967295\n\n"]; /* that is sent just now */
};

/* Crowds that came together do not come back together, nor do their heartbeats. */
static unsigned spread(const struct request *request, unsigned range)
{
    return (unsigned)(request->number * 2654435761 % range);
}

/* ---- what is sent ------------------------------------------------------------------------------ */

static void lend_line(struct following *following)
{
    const char *line = following->events->line;
    portions_lend(&following->portions, line, strlen(line));
}

static void lend_retry(struct request *request)
{
    struct following *following = request->state;
    (void)snprintf(following->events->line, sizeof following->events->line, "retry: %u\n\n",
                   RETRY + spread(request, RETRY_SPREAD));
    lend_line(following);
}

/* An event that brings nothing but its place is none for scripts. Thread: one of the engine's. */
static void lend_heartbeat(struct following *following)
{
    struct events *events = following->events;
    (void)strcpy(events->line, ":\n\n");
    if (following->query.since != events->known)
        following_write_id(events->line, following);
    events->known = following->query.since;
    lend_line(following);
}

static void lend_event(struct following *following)
{
    const struct edition *edition = following->print->edition;
    portions_lend(&following->portions, edition->text, edition->length);
    following->events->known = following->query.since;
    following->events->fresh = false;
}

/* Whether it has come to an end that a client can do something about. */
static bool is_gone(const struct request *request)
{
    return request->error == STORE_GONE || request->error == STORE_DAMAGED || request->error == STORE_NO_STORE;
}

/* Why it does not go on is told by no status now, and a script sees none. A part of an event becomes one of a kind that
 * nobody listens to. */
static void lend_gone(struct request *request, struct following *following)
{
    struct jsontext *text = &following->text;
    jsontext_free(text);
    if (following->query.amid)
        jsontext_frame(text, "\nevent: broken\n\n");
    jsontext_frame(text, "event: gone\ndata: ");
    following_write_refusal(text, request, following);
    jsontext_frame(text, "\n\n");
    request->error = text->failed ? STORE_NO_MEMORY : STORE_OK;
    portions_lend(&following->portions, text->bytes, text->length);
    following->portions.last = true;
}

/* ---- waiting ----------------------------------------------------------------------------------- */

/* Of a request that is suspended. */
static void order(struct request *request)
{
    struct following *following = request->state;
    following->events->ordered = true;
    press_order(request);
}

/* Milliseconds to the next heartbeat. */
static unsigned until_heartbeat(const struct request *request, struct events *events)
{
    unsigned most = 1000 * (unsigned)request->api->options.feed_heartbeat;
    int64_t now = request_age(request);
    if (request->handed != events->handed)
        events->silent = now;
    events->handed = request->handed;
    uint64_t passed = (uint64_t)(now - events->silent) / MILLISECOND;
    most -= spread(request, most / 4);
    return passed < most ? most - (unsigned)passed : 0;
}

/* A heartbeat to who has closed his side finds out whether anybody is there: if not, the system gets an answer to that,
 * and writing fails from then on. Thread: one of the engine's, or the daemon's. */
static void watched(void *arg, enum store_watch_end end)
{
    struct request *request = arg;
    struct following *following = request->state;
    following->over = end == STORE_WATCH_OVER;
    if (end != STORE_WATCH_TIME && end != STORE_WATCH_LEFT) {
        order(request);
        return;
    }
    lend_heartbeat(following);
    request_resume(request);
}

/* How long it may wait. That the client has closed its side may have been told while the request did not wait. */
static unsigned patience(struct request *request, struct events *events)
{
    bool left = request->left;
    unsigned milliseconds = until_heartbeat(request, events);
    request->left = false;
    return left ? 0 : milliseconds;
}

static void wait_for_changes(struct request *request)
{
    struct following *following = request->state;
    unsigned milliseconds = patience(request, following->events);
    request_pause(request);
    if (following_wait(request, following->changes.end, milliseconds, watched))
        return; /* the request is no longer ours */
    request->error = STORE_NO_MEMORY;
    request_resume(request);
}

/* What was ordered has come. False: the stream does not go on behind that. Who would not be let in any more is not
 * told why. */
static bool take(struct request *request)
{
    struct following *following = request->state;
    following->events->ordered = false;
    press_take(request);
    following->events->fresh = request->error == STORE_OK && following->print->edition;
    if (is_gone(request) && permit_holds(request))
        lend_gone(request, following);
    return request->error == STORE_OK && !following->portions.last;
}

/* The server is about to end, or the store; or the rules have changed by which it was let in. */
static bool has_ended(struct request *request)
{
    const struct following *following = request->state;
    return following->over || api_is_draining(request->api) || !permit_holds(request);
}

static enum portions_came more(struct request *request)
{
    struct following *following = request->state;
    if (following->events->ordered && !take(request))
        return request->error == STORE_OK ? PORTIONS_LENT : PORTIONS_NONE;
    if (following->events->fresh && permit_holds(request)) { /* as it may not have while nothing happened */
        lend_event(following);
        return PORTIONS_LENT;
    }
    press_leave(request->api->press, following);
    if (has_ended(request))
        return PORTIONS_NONE;
    if (following_has_all(following)) {
        wait_for_changes(request);
    } else {
        request_pause(request);
        order(request);
    }
    return PORTIONS_LATER;
}

/* ---- the answer -------------------------------------------------------------------------------- */

static void answer(struct request *request)
{
    struct following *following = request->state;
    following->events->ordered = false;
    press_take(request);
    following->events->fresh = request->error == STORE_OK && following->print->edition;
    if (request->error != STORE_OK) {
        following_refuse(request, following);
        return;
    }
    portions_from(request, &following->portions, more);
    portions_reply(request, "text/event-stream");
    reply_field(request, "X-Accel-Buffering", "no"); /* else nginx keeps events until it has many */
    lend_retry(request);
}

void events_begin(struct request *request)
{
    struct following *following = request->state;
    following->events = calloc(1, sizeof *following->events);
    if (!following->events) {
        reply_error(request, STORE_NO_MEMORY);
        return;
    }
    following->events->known = following->query.since;
    request_suspend(request, answer);
    order(request);
}
