/* events.c - a portion is an event, and then it is waited for the next one. See events.h. */
#include "api/feed/events.h"

#include "api/feed/following.h"
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
    uint64_t known;  /* where the client knows to be */
    uint64_t handed; /* bytes, when it was waited last */
    bool over;       /* nobody waits for changes any more */
    int64_t silent;  /* since when nothing was handed over: nanoseconds of the request's age */
    char beat[EVENT_ID_SIZE + sizeof "id: \n\n"];
};

/* Crowds that came together do not come back together, nor do their heartbeats. */
static unsigned spread(const struct request *request, unsigned range)
{
    return (unsigned)(request->number * 2654435761 % range);
}

/* ---- what is written --------------------------------------------------------------------------- */

static void write_retry(struct jsontext *text, const struct request *request)
{
    char line[sizeof "retry: 4294967295\n\n"];
    (void)snprintf(line, sizeof line, "retry: %u\n\n", RETRY + spread(request, RETRY_SPREAD));
    jsontext_frame(text, line);
}

/* An event that brings nothing but its place is none for scripts. */
static void write_id(char line[sizeof((struct events){0}.beat)], struct following *following)
{
    char id[EVENT_ID_SIZE];
    event_id_write(id, &(struct event_id){true, following->log, following->query.since});
    (void)sprintf(line, "id: %s\n\n", id);
    following->events->known = following->query.since;
}

/* One page; nothing where there is nothing to tell. */
static void write_page(struct request *request, struct following *following)
{
    struct jsontext *text = &following->text;
    size_t before = text->length;
    jsontext_frame(text, "data: ");
    following_read_page(request, following, following->portions.least);
    if (request->error != STORE_OK || following->told == 0) {
        text->length = before;
        return;
    }
    write_id(following->events->beat, following);
    jsontext_frame(text, "\n");
    jsontext_frame(text, following->events->beat);
}

/* Why it does not go on is told by no status now, and a script sees none. */
static void write_gone(struct request *request, struct following *following)
{
    jsontext_frame(&following->text, "event: gone\ndata: ");
    following_write_refusal(&following->text, request, following);
    jsontext_frame(&following->text, "\n\n");
    following->portions.last = true;
    request->error = STORE_OK;
}

/* Whether it has come to an end that a client can do something about. */
static bool is_gone(const struct request *request)
{
    return request->phase == REQUEST_SENT &&
           (request->error == STORE_GONE || request->error == STORE_DAMAGED || request->error == STORE_NO_STORE);
}

/* Thread: an I/O thread. */
static void make_event(struct request *request)
{
    struct following *following = request->state;
    struct portions *portions = &following->portions;
    portions_begin_text(portions, &following->text);
    if (request->phase != REQUEST_SENT)
        write_retry(&following->text, request);
    write_page(request, following);
    if (is_gone(request))
        write_gone(request, following);
    portions->last = portions->last || following->events->over || api_is_draining(request->api);
    portions->idle = following_has_all(following);
    portions_end_text(portions, &following->text);
}

/* ---- waiting ----------------------------------------------------------------------------------- */

/* Thread: one of the engine's. */
static void watched(void *arg, enum store_watch_end end)
{
    struct request *request = arg;
    struct following *following = request->state;
    if (end != STORE_WATCH_TIME) {
        following->events->over = end == STORE_WATCH_OVER;
        portions_go_on(&following->portions);
        return;
    }
    char *beat = following->events->beat;
    if (following->query.since != following->events->known)
        write_id(beat, following);
    else
        (void)sprintf(beat, ":\n\n");
    portions_say(&following->portions, beat, strlen(beat));
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

static bool wait_for_event(struct request *request)
{
    struct following *following = request->state;
    if (!permit_holds(request))
        return false;
    unsigned milliseconds = until_heartbeat(request, following->events);
    jsontext_free(&following->text);
    request_pause(request);
    enum store_error error = store_watch(request->store, following->changes.end, milliseconds, watched, request);
    if (error == STORE_OK)
        return true;
    request->error = error;
    request_resume(request);
    return true;
}

/* ---- the answer -------------------------------------------------------------------------------- */

static void answer(struct request *request)
{
    struct following *following = request->state;
    if (request->error != STORE_OK) {
        following_refuse(request, following);
        return;
    }
    portions_reply(request, &following->portions, "text/event-stream");
    reply_field(request, "X-Accel-Buffering", "no"); /* else nginx keeps events until it has many */
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
    following->portions.wait = wait_for_event;
    portions_begin(request, &following->portions, make_event, answer);
}
