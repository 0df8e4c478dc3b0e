#include "api/request/record.h"

#include "api/request/core.h"

static uint64_t bytes_sent(const struct request *request)
{
    return request->method == METHOD_HEAD ? 0 : request->answer_length;
}

void record_end(struct request *request, bool complete)
{
    complete = request->answered && (complete || request->written);
    struct api *api = request->api;
    struct metrics_request figures = {
        .route = !request->route ? METRICS_ROUTES : (size_t)(request->route - api->routes),
        .status = request->answered ? request->status : 0,
        .nanoseconds = request_age(request),
        .received = request->received + request->dropped,
        .sent = complete ? bytes_sent(request) : 0,
    };
    metrics_end(&api->metrics, &figures);
}
