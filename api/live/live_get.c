/* live_get.c - GET /v1/live: what the server does, second by second. */
#include "api/live/looking.h"

static void begin(struct request *request)
{
    struct looking *looking = looking_begin(request);
    if (!looking)
        return;
    looking->view.seat = LIVE_ALL;
    looking_answer(request);
}

const struct endpoint endpoint_live = {.begin = begin, .negotiates = true, .holds = true, .end = looking_end};
