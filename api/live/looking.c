/* looking.c - a portion is an event, and then it is waited for the next second. See looking.h. */
#include "api/live/looking.h"

#include "api/http/accept.h"
#include "api/request/core.h"
#include "api/request/permit.h"
#include "api/request/reply.h"

#include <stdlib.h>

/* ---- what is told -------------------------------------------------------------------------------- */

static void write_columns(struct looking *looking)
{
    jsontext_name(&looking->text, "interval");
    jsontext_number(&looking->text, 1);
    jsontext_name(&looking->text, "columns");
    live_write_columns(&looking->view, &looking->text);
}

/* Whether it has all rows now. */
static bool write_rows(struct request *request, struct looking *looking, size_t bytes)
{
    jsontext_open(&looking->text, '{');
    if (!looking->begun)
        write_columns(looking);
    looking->begun = true;
    jsontext_name(&looking->text, "rows");
    bool all = live_write(request->api->live, &looking->view, &looking->text, &looking->since, bytes);
    jsontext_close(&looking->text, '}');
    return all;
}

/* Whether the store is there no more, or another one of its name. One that is not open has its limits all the same. */
static bool is_gone(const struct request *request)
{
    struct depot *depot = request->api->options.depot;
    const struct looking *looking = request->state;
    struct store_limits limits;
    struct store *store;
    if (!looking->seated)
        return false;
    if (depot_try_acquire(depot, request->store_name, &store) != STORE_OK)
        return depot_limits(depot, request->store_name, &limits) == STORE_NO_STORE;
    bool another = store_salt(store) != looking->salt;
    depot_release(store);
    return another;
}

/* Thread: an I/O thread. */
static void make_event(struct request *request)
{
    struct looking *looking = request->state;
    struct portions *portions = &looking->portions;
    portions_begin_text(portions, &looking->text);
    portions->last = live_is_over(request->api->live) || is_gone(request);
    jsontext_frame(&looking->text, looking->caught_up ? "event: sample\ndata: " : "event: history\ndata: ");
    portions->idle = write_rows(request, looking, portions->least);
    looking->caught_up |= portions->idle;
    jsontext_frame(&looking->text, "\n\n");
    portions_end_text(request, &looking->text);
}

/* Thread: an I/O thread. */
static void make_page(struct request *request)
{
    (void)write_rows(request, request->state, SIZE_MAX);
}

/* ---- waiting ------------------------------------------------------------------------------------- */

/* Thread: any. */
static void told(void *arg)
{
    portions_go_on(arg);
}

static enum portions_came wait_for_row(struct request *request)
{
    struct looking *looking = request->state;
    if (!permit_holds(request))
        return PORTIONS_NONE;
    jsontext_free(&looking->text);
    request_pause(request);
    live_wait(request->api->live, &looking->view, looking->since, &looking->watcher);
    return PORTIONS_LATER;
}

/* ---- the answer ---------------------------------------------------------------------------------- */

static void answer_events(struct request *request)
{
    if (request->error != STORE_OK) {
        reply_error(request, request->error);
        return;
    }
    portions_reply(request, "text/event-stream");
    reply_field(request, "X-Accel-Buffering", "no"); /* else nginx keeps events until it has many */
}

static void answer_page(struct request *request)
{
    struct looking *looking = request->state;
    if (request->error != STORE_OK) {
        reply_error(request, request->error);
    } else if (reply_admit(request, looking->text.capacity)) {
        reply_json(request, 200, &looking->text);
        looking->text = (struct jsontext){0}; /* the reply has it now */
    }
}

void looking_answer(struct request *request)
{
    struct looking *looking = request->state;
    looking->watcher = (struct live_watcher){.told = told, .arg = request};
    looking->portions.more = wait_for_row;
    if (accept_prefers(request_field(request, FIELD_ACCEPT), "text/event-stream", "application/json"))
        portions_begin(request, &looking->portions, make_event, answer_events);
    else
        request_offload(request, make_page, answer_page);
}

struct looking *looking_begin(struct request *request)
{
    struct looking *looking = calloc(1, sizeof *looking);
    request->state = looking;
    if (!looking)
        reply_error(request, STORE_NO_MEMORY);
    return looking;
}

void looking_end(struct request *request)
{
    struct looking *looking = request->state;
    if (!looking)
        return;
    if (looking->seated)
        traffic_leave(&request->api->traffic, looking->view.seat);
    jsontext_free(&looking->text);
    free(looking);
}
