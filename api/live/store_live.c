/* store_live.c - GET …/live: the same of one store. */
#include "api/live/looking.h"
#include "api/request/core.h"
#include "api/request/reply.h"

/* The store itself is not kept: who looks at one does not hinder it from being removed. */
static void acquired(struct request *request)
{
    struct looking *looking = request->state;
    struct traffic *traffic = &request->api->traffic;
    struct traffic_seat seat;
    struct traffic_store store = traffic_store_of(request->store);
    size_t number = traffic_watch(traffic, &store);
    if (number == TRAFFIC_ELSEWHERE) {
        reply_problem(request, PROBLEM_BUSY, "Others look at %d stores, and there is no place for more: try again.",
                      TRAFFIC_SEATS);
        return;
    }
    looking->seated = true;
    looking->salt = store.salt;
    traffic_seat(traffic, number, &seat);
    looking->view = (struct live_view){number, seat.number};
    depot_release(request->store);
    request->store = NULL;
    looking_answer(request);
}

static void begin(struct request *request)
{
    if (looking_begin(request))
        request_acquire(request, acquired);
}

const struct endpoint endpoint_store_live = {.begin = begin, .negotiates = true, .holds = true, .end = looking_end};
