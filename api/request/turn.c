/* turn.c - one call of libmicrohttpd after the other: the head, pieces of the body, its end. See turn.h. */
#include "api/request/turn.h"

#include "api/request/arrival.h"
#include "api/request/core.h"
#include "api/request/interrupt.h"
#include "api/request/record.h"
#include "api/request/reply.h"
#include "api/request/site.h"
#include "api/request/sums.h"

#include <assert.h>

/* Caches that are told nothing guess, and then give the old for the new. What tells that something was done they never
 * keep. */
static void limit_caching(struct request *request)
{
    bool kept = request->method == METHOD_GET || request->method == METHOD_HEAD || request->problem != PROBLEMS;
    if (kept && !field_lines_have(&request->lines, "Cache-Control"))
        reply_field(request, "Cache-Control", "no-cache");
}

/* Also a refusal: another representation might not have been refused. */
static void vary(struct request *request)
{
    if (request->endpoint && request->endpoint->negotiates)
        reply_field(request, "Vary", "Accept");
}

/* What all answers have in common. */
static void conclude(struct request *request)
{
    request->answered = true;
    reply_field(request, "X-Request-Id", request_id(request));
    reply_field(request, "X-Content-Type-Options", "nosniff"); /* what says it is text is not taken for a page */
    if (request->endpoint && request->endpoint->tus)
        reply_field(request, "Tus-Resumable", TUS_VERSION);
    limit_caching(request);
    vary(request);
    site_fields(request);
    metrics_count(&request->api->metrics, request->method, request->status, request->problem);
}

static enum MHD_Result queue(struct request *request)
{
    request->phase = REQUEST_SENT;
    if (!request->response)
        return MHD_NO; /* memory was out when the answer was made */
    conclude(request);
    if (!reply_seal(request))
        return MHD_NO;
    if (request->reject || request->guest || api_is_draining(request->api))
        reply_close(request);
    record_answer(request);
    enum MHD_Result queued = MHD_queue_response(request->connection, request->status, request->response);
    MHD_destroy_response(request->response);
    request->response = NULL;
    return queued;
}

/* Whether so little of the body is to come that it is read and dropped, for an answer in the proper place. */
static bool drains(const struct request *request)
{
    return request->body_length != STORE_SIZE_UNKNOWN && request->body_length - request->received <= REQUEST_DRAIN_MAX;
}

/* Answers while the body is coming, and closes the connection: see interrupt.h. */
static enum MHD_Result interrupt(struct request *request)
{
    if (request->response && request->content) {
        conclude(request);
        request->written = interrupt_send(request->connection, request->status, &request->lines, request->content,
                                          request->content_length);
    }
    return MHD_NO;
}

/* An answer stands before the body. A client whose message is not understood, who has no place, who waits for 100
 * Continue or whatever else it expects, or who has much to send, gets it at once, which closes the connection. */
static enum MHD_Result answer_early(struct request *request)
{
    bool waits = request->body_length > 0 && request_field(request, FIELD_EXPECT);
    if (request->reject || request->guest || waits || !drains(request))
        return queue(request);
    request->phase = REQUEST_BODY;
    return MHD_YES;
}

static void go_on(struct request *request)
{
    request_step *then = request->then;
    request->then = NULL;
    then(request);
}

static void count_request(struct request *request)
{
    if (!request->counted)
        api_request_began(request->api);
    request->counted = true;
}

static enum MHD_Result turn_head(struct request *request, const char *method)
{
    if (request->then) {
        go_on(request);
    } else {
        count_request(request);
        if (arrival_read(request, method) && request->endpoint->begin)
            request->endpoint->begin(request);
    }
    if (request->suspended)
        return MHD_YES;
    if (request->status != 0)
        return answer_early(request);
    request->phase = REQUEST_BODY;
    return MHD_YES;
}

/* Bytes nobody wants: never more than REQUEST_DRAIN_MAX. */
static enum MHD_Result drop(struct request *request, size_t *length)
{
    request->dropped += *length;
    *length = 0;
    return MHD_YES;
}

/* A body of unknown length turns out to be more than can be ignored, where none is taken. */
static enum MHD_Result refuse_body(struct request *request, size_t *length)
{
    *length = 0;
    reply_problem(request, PROBLEM_TOO_LARGE, "%s takes no body here.", method_name(request->method));
    return interrupt(request);
}

static enum MHD_Result turn_body(struct request *request, const char *bytes, size_t *length)
{
    bool unwanted = request->status == 0 && !request->endpoint->receive;
    if (unwanted && request->dropped + *length > REQUEST_DRAIN_MAX)
        return refuse_body(request, length);
    if (unwanted || request->status != 0)
        return drop(request, length);
    size_t taken = request->endpoint->receive(request, bytes, *length);
    sums_take(request, bytes, taken);
    request->received += taken;
    *length -= taken;
    return request->status == 0 || drains(request) ? MHD_YES : interrupt(request);
}

/* The body has come whole, if it is what its sender says. */
static void finish(struct request *request)
{
    bool holds = sums_hold(request);
    if (!holds && request->tear)
        request_settle(request, request->endpoint->torn);
    else if (!holds)
        request_drop_state(request);
    else if (request->endpoint->prompt)
        request->endpoint->finish(request);
    else
        request_settle(request, request->endpoint->finish);
}

static enum MHD_Result turn_last(struct request *request)
{
    if (request->then)
        go_on(request);
    else if (request->status == 0)
        finish(request);
    return request->then ? MHD_YES : queue(request);
}

enum MHD_Result turn_take(struct request *request, const char *method, const char *bytes, size_t *length)
{
    request->suspended = false;
    switch (request->phase) {
    case REQUEST_HEAD:
        return turn_head(request, method);
    case REQUEST_BODY:
        return *length > 0 ? turn_body(request, bytes, length) : turn_last(request);
    case REQUEST_SENT:
        break;
    }
    assert(request->phase != REQUEST_SENT); /* libmicrohttpd has its answer and does not ask again */
    return MHD_NO;
}

/* ---- messages with a fault --------------------------------------------------------------------- */

/* How many of the bytes are in front of a fault. */
static size_t in_front(const struct request *request, const struct fault *fault, size_t length)
{
    uint64_t left = fault->position - (request->received + request->dropped);
    return left < length ? (size_t)left : length;
}

/* A fault in the body is mostly known later than the head, but not when both have come in one piece. The answer must
 * not depend on that: what is in front of it is taken as if there were none. False: nothing is. */
static bool take_front(struct request *request, const struct fault *fault, const char *method, const char *bytes,
                       size_t *length, enum MHD_Result *ret_result)
{
    bool head = request->phase == REQUEST_HEAD;
    size_t front = fault->in_body && !head ? in_front(request, fault, *length) : 0, rest = front;
    if (!fault->in_body || (!head && front == 0))
        return false;
    *ret_result = turn_take(request, method, bytes, &rest);
    *length -= front - rest;
    return head || *ret_result == MHD_NO || request->suspended || *length == 0;
}

static enum MHD_Result answer_fault(struct request *request, const struct fault *fault, size_t *length)
{
    request->suspended = false;
    request->reject = true;
    count_request(request);
    if (fault->origin)
        request->fields.values[FIELD_ORIGIN] = fault->origin;
    if (request->then)
        go_on(request);
    else if (request->status == 0)
        request_tear(request, fault->problem, "%s", fault->sentence);
    if (request->status == 0 && request->tear && !request->suspended)
        request->endpoint->torn(request);
    if (request->suspended)
        return MHD_YES; /* and comes again */
    if (request->phase == REQUEST_HEAD || *length == 0)
        return queue(request);
    *length = 0;
    return interrupt(request);
}

enum MHD_Result turn_reject(struct request *request, const struct fault *fault, const char *method, const char *bytes,
                            size_t *length)
{
    enum MHD_Result result;
    if (take_front(request, fault, method, bytes, length, &result))
        return result;
    return answer_fault(request, fault, length);
}
