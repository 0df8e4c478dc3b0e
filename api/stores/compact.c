/* compact.c - POST /v1/stores/{store}/compact: gives back the space of what is of no use, more thoroughly than the
 * engine does by itself.
 *
 * Who asks waits for the end, but not longer than `?wait=` seconds, and costs no thread meanwhile: 202 says that it
 * goes on. Asked again while it runs, one joins it.
 */
#include "api/request/query.h"
#include "api/request/reply.h"
#include "api/request/request.h"
#include "api/stores/compaction.h"

#include <stdlib.h>

enum { WAIT_DEFAULT = 30, WAIT_MAX = 60 }; /* seconds */

struct wait {
    uint64_t seconds;
    struct store_compaction compaction; /* that was waited for */
};

static void begin(struct request *request)
{
    struct wait *wait = calloc(1, sizeof *wait);
    request->state = wait;
    if (!wait) {
        reply_error(request, STORE_NO_MEMORY);
        return;
    }
    wait->seconds = WAIT_DEFAULT;
    (void)query_number(request, "wait", 0, WAIT_MAX, &wait->seconds);
}

/* A body that is dropped would look as if it had been read. */
static size_t receive(struct request *request, const char *bytes, size_t length)
{
    (void)bytes;
    reply_problem(request, PROBLEM_BAD_BODY, "This request has no body: how long it waits is told by ?wait=SECONDS.");
    return length;
}

static void answer(struct request *request)
{
    struct wait *wait = request->state;
    struct jsontext json = {0};
    if (request->error == STORE_AGAIN) {
        struct store_compaction now;
        store_compaction(request->store, &now);
        wait->compaction.after = now.after;
    } else if (request->error != STORE_OK) {
        reply_store_error(request, request->error, request->store_name);
        return;
    }
    compaction_write(&json, &wait->compaction);
    reply_json(request, wait->compaction.running ? 202 : 200, &json);
}

/* Thread: one of the engine's, or this one. */
static void compacted(void *arg, enum store_error error, const struct store_compaction *compaction)
{
    struct request *request = arg;
    struct wait *wait = request->state;
    wait->compaction = *compaction;
    request->error = error;
    request_resume(request);
}

static void start(struct request *request)
{
    const struct wait *wait = request->state;
    request_suspend(request, answer);
    enum store_error error = store_compact(request->store, 1000 * (unsigned)wait->seconds, compacted, request);
    if (error == STORE_OK)
        return;
    request->error = error;
    request_resume(request);
}

static void finish(struct request *request)
{
    request_acquire(request, start);
}

const struct endpoint endpoint_compact = {
    .begin = begin, .receive = receive, .finish = finish, .parameters = {"wait"}, .holds = true};
