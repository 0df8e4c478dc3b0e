#include "api/request/request.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/http/fault.h"
#include "api/request/arrival.h"
#include "api/request/core.h"
#include "api/request/interrupt.h"
#include "api/request/reply.h"

struct request *request_new(struct api *api, struct MHD_Connection *connection, const char *target)
{
    size_t length = strlen(target);
    struct request *request = calloc(1, sizeof *request + length + 1);
    if (request == NULL)
        return NULL;
    request->api = api;
    request->connection = connection;
    request->method = METHODS; /* none yet that is known */
    request->target_length = length;
    memcpy(request->target, target, length + 1);
    return request;
}

void request_free(struct request *request)
{
    if (request->endpoint != NULL && request->endpoint->end != NULL)
        request->endpoint->end(request);
    else
        free(request->state);
    depot_release(request->store);
    if (request->response != NULL)
        MHD_destroy_response(request->response);
    budget_keep(&request->answer, 0);
    if (request->counted)
        api_request_ended(request->api);
    fields_free(&request->fields);
    receipt_free(&request->receipt);
    free(request->detail);
    free(request);
}

/* ---- waiting --------------------------------------------------------------------------------- */

void request_suspend(struct request *request, request_step *then)
{
    assert(!request->suspended);
    request->suspended = true;
    request->then = then;
    MHD_suspend_connection(request->connection);
}

void request_resume(struct request *request)
{
    request->api->options.resume(request->connection);
}

/* Work that the engine refuses at once goes on like one that failed. */
static void refused(struct request *request, enum store_error error)
{
    request->error = error;
    request_resume(request);
}

void request_settle(struct request *request, request_step *then)
{
    assert(!request->suspended);
    request->then = then;
}

static void run_job(void *arg)
{
    struct request *request = arg;
    request->job(request);
    request_resume(request);
}

void request_offload(struct request *request, request_step *job, request_step *then)
{
    request->job = job;
    request->error = STORE_OK;
    request_suspend(request, then);
    enum store_error error = depot_run(request->api->options.depot, run_job, request);
    if (error != STORE_OK)
        refused(request, error);
}

void request_keep_error(struct request *request, enum store_error error)
{
    request->os_error = error == STORE_IO ? errno : 0;
    request->error = error;
}

void request_keep_detail(struct request *request, const struct store_detail *detail)
{
    free(request->detail);
    request->detail = detail->text[0] == '\0' ? NULL : strdup(detail->text);
    request->os_error = detail->os_error;
}

void request_done(void *arg, const struct store_result *result)
{
    struct request *request = arg;
    request->error = result->error;
    request->os_error = result->os_error;
    if (result->error == STORE_OK && !receipt_keep(&request->receipt, &result->receipts[0], &request->key))
        request->error = STORE_NO_MEMORY;
    request_resume(request);
}

void request_commit(struct request *request, const struct store_op *op, request_step *then)
{
    request_suspend(request, then);
    enum store_error error = store_batch(request->store, op, 1, STORE_ALLOW_EMPTY | STORE_ALLOW_NUL, request_done,
                                         request, NULL);
    if (error != STORE_OK)
        refused(request, error);
}

void request_commit_copy(struct request *request, const struct store_op *op, struct store *target, bool move,
                         request_step *then)
{
    request_suspend(request, then);
    enum store_error error = store_copy(request->store, op, target, move, request_done, request);
    if (error != STORE_OK)
        refused(request, error);
}

/* ---- stores ---------------------------------------------------------------------------------- */

static void acquire_again(void *arg);

/* Thread: one of the engine's. */
static void acquire_job(void *arg)
{
    struct request *request = arg;
    struct store_detail detail = {0};
    enum store_error error = depot_acquire_or_wake(request->api->options.depot, request->wanted_name, acquire_again,
                                                   request, request->wanted, &detail);
    if (error == STORE_AGAIN)
        return;
    request->error = error;
    if (error != STORE_OK)
        request_keep_detail(request, &detail);
    request_resume(request);
}

static void acquire_again(void *arg)
{
    struct request *request = arg;
    enum store_error error = depot_run(request->api->options.depot, acquire_job, request);
    if (error != STORE_OK)
        refused(request, error);
}

static void acquired(struct request *request)
{
    if (request->error != STORE_OK)
        reply_store_error(request, request->error, request->wanted_name);
    else
        request->acquired(request);
}

static void acquire_elsewhere(struct request *request)
{
    request->error = STORE_OK;
    request_suspend(request, acquired);
    acquire_again(request);
}

void request_acquire_store(struct request *request, const char *name, struct store **ret_store, request_step *then)
{
    request->wanted_name = name;
    request->wanted = ret_store;
    request->acquired = then;
    request->error = depot_try_acquire(request->api->options.depot, name, ret_store);
    if (request->error != STORE_AGAIN)
        acquired(request);
    else if (request->phase == REQUEST_HEAD)
        acquire_elsewhere(request);
    else
        request_settle(request, acquire_elsewhere);
}

void request_acquire(struct request *request, request_step *then)
{
    request_acquire_store(request, request->store_name, &request->store, then);
}

/* ---- the calls of the access handler --------------------------------------------------------- */

static enum MHD_Result queue(struct request *request)
{
    request->phase = REQUEST_SENT;
    if (request->response == NULL)
        return MHD_NO; /* memory was out when the answer was made */
    if (request->reject || request->guest || api_is_draining(request->api))
        reply_field(request, "Connection", "close");
    metrics_count(&request->api->metrics, request->method, request->status);
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
    if (request->response != NULL && request->content != NULL) {
        metrics_count(&request->api->metrics, request->method, request->status);
        interrupt_send(request->connection, request->status, request->response, request->content,
                       request->content_length);
    }
    return MHD_NO;
}

/* An answer stands before the body. A client whose message is not understood, who waits for 100 Continue or whatever
 * else it expects, or who has much to send, gets it at once, which closes the connection. */
static enum MHD_Result answer_early(struct request *request)
{
    bool waits = request->body_length > 0 && request_field(request, FIELD_EXPECT) != NULL;
    if (request->reject || waits || !drains(request))
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
    if (request->then != NULL) {
        go_on(request);
    } else {
        count_request(request);
        if (arrival_read(request, method) && request->endpoint->begin != NULL)
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
    bool unwanted = request->status == 0 && request->endpoint->receive == NULL;
    if (unwanted && request->dropped + *length > REQUEST_DRAIN_MAX)
        return refuse_body(request, length);
    if (unwanted || request->status != 0)
        return drop(request, length);
    size_t taken = request->endpoint->receive(request, bytes, *length);
    request->received += taken;
    *length -= taken;
    return request->status == 0 || drains(request) ? MHD_YES : interrupt(request);
}

static enum MHD_Result turn_last(struct request *request)
{
    if (request->then != NULL)
        go_on(request);
    else if (request->status == 0 && request->endpoint->prompt)
        request->endpoint->finish(request);
    else if (request->status == 0)
        request_settle(request, request->endpoint->finish);
    return request->then != NULL ? MHD_YES : queue(request);
}

enum MHD_Result request_turn(struct request *request, const char *method, const char *bytes, size_t *length)
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

enum MHD_Result request_reject(struct request *request, const struct fault *fault, size_t *length)
{
    request->suspended = false;
    request->reject = true;
    count_request(request);
    if (request->status == 0)
        reply_problem(request, fault->problem, "%s", fault->sentence);
    if (request->phase == REQUEST_HEAD || *length == 0)
        return queue(request);
    *length = 0;
    return interrupt(request);
}
