/* request.c - a request's life, its stores, and how it waits for other threads. See request.h. */
#include "api/request/request.h"

#include "api/request/core.h"
#include "api/request/reply.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

struct request *request_new(struct api *api, struct MHD_Connection *connection, const char *target)
{
    size_t length = strlen(target);
    struct request *request = malloc(sizeof *request + 2 * (length + 1));
    if (!request)
        return NULL;
    *request = (struct request){.api = api,
                                .connection = connection,
                                .method = METHODS, /* none yet that is known */
                                .problem = PROBLEMS,
                                .began = now(),
                                .number = metrics_begin(&api->metrics),
                                .target_length = length};
    memcpy(request->target, target, length + 1);
    memcpy(request->target + length + 1, target, length + 1);
    return request;
}

void request_drop_state(struct request *request)
{
    if (request->endpoint && request->endpoint->end)
        request->endpoint->end(request);
    else
        free(request->state);
    request->state = NULL;
}

void request_free(struct request *request)
{
    request_drop_state(request);
    depot_release(request->store);
    if (request->response)
        MHD_destroy_response(request->response);
    budget_keep(&request->answer, 0);
    if (request->counted)
        api_request_ended(request->api);
    field_lines_free(&request->lines);
    fields_free(&request->fields);
    visitor_leave(&request->visitor);
    receipt_free(&request->receipt);
    free(request->digest);
    free(request->tear);
    free(request->detail);
    free(request->owner);
    free(request);
}

void request_tear(struct request *request, enum problem problem, const char *format, ...)
{
    va_list arguments;
    char *sentence;
    va_start(arguments, format);
    int length = vasprintf(&sentence, format, arguments);
    va_end(arguments);
    if (length < 0) {
        reply_error(request, STORE_NO_MEMORY);
    } else if (request->phase == REQUEST_BODY && request->endpoint->torn) {
        request->tear = sentence;
        request->tear_problem = problem;
    } else {
        reply_problem(request, problem, "%s", sentence);
        free(sentence);
    }
}

int64_t request_age(const struct request *request)
{
    return now() - request->began;
}

const char *request_id(struct request *request)
{
    const char *chosen = request_field(request, FIELD_X_REQUEST_ID);
    if (request->id)
        return request->id;
    if (chosen && request_id_is_sane(chosen)) {
        request->id = chosen;
    } else {
        request_id_make(request->made_id, request->api->process, request->number);
        request->id = request->made_id;
    }
    return request->id;
}

struct host request_peer(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return host_of_socket(!info ? NULL : info->client_addr);
}

const char *request_base_path(const struct request *request)
{
    return request->api->options.base_path;
}

/* ---- waiting --------------------------------------------------------------------------------- */

void request_suspend(struct request *request, request_step *then)
{
    assert(!request->suspended);
    request->suspended = true;
    request->then = then;
    MHD_suspend_connection(request->connection);
}

bool request_may_wait(const struct request *request)
{
    bool (*may_wait)(struct MHD_Connection * connection) = request->api->options.may_wait;
    return may_wait && may_wait(request->connection);
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

void request_work(struct request *request, request_step *job)
{
    request->job = job;
    request->error = STORE_OK;
    enum store_error error = depot_go_on(request->api->options.depot, run_job, request);
    if (error != STORE_OK)
        refused(request, error);
}

void request_pause(struct request *request)
{
    assert(request->phase == REQUEST_SENT);
    MHD_suspend_connection(request->connection);
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
    free(request->owner);
    request->owner = detail->owner[0] == '\0' ? NULL : strdup(detail->owner);
    request->os_error = detail->os_error;
}

void request_done(void *arg, const struct store_result *result)
{
    struct request *request = arg;
    request->error = result->error;
    request->os_error = result->os_error;
    request->overrun = result->overrun;
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

/* Thread: one of the engine's. */
static void opened(void *arg, enum store_error error, struct store *store, const struct store_detail *detail)
{
    struct request *request = arg;
    request->error = error;
    if (error == STORE_OK)
        *request->wanted = store;
    else
        request_keep_detail(request, detail);
    request_resume(request);
}

/* Who is sent to that server would have it ask this one. */
static void refuse_brought(struct request *request)
{
    reply_problem(request, PROBLEM_NOT_HERE,
                  "Another server has the store \"%s\", and it is in use there: try again, or ask there.",
                  request->wanted_name);
}

static void acquired(struct request *request)
{
    bool elsewhere = request->error == STORE_ELSEWHERE;
    bool told = elsewhere && request->errand == REQUEST_TELLS && request->owner;
    if (elsewhere && request->errand == REQUEST_BRINGS)
        refuse_brought(request);
    else if (request->error != STORE_OK && !told)
        reply_store_error(request, request->error, request->wanted_name);
    else if (request->acquired)
        request->acquired(request);
}

static void acquire_elsewhere(struct request *request)
{
    request_suspend(request, acquired);
    enum store_error error = (request->errand == REQUEST_BRINGS ? depot_bring_soon : depot_acquire_soon)(
        request->api->options.depot, request->wanted_name, opened, request, request->wanted);
    if (error != STORE_AGAIN)
        refused(request, error); /* or it has been opened by now */
}

static void acquire(struct request *request, const char *name, struct store **ret_store, enum request_errand errand,
                    request_step *then)
{
    request->wanted_name = name;
    request->wanted = ret_store;
    request->errand = errand;
    request->acquired = then;
    request->error = depot_try_acquire(request->api->options.depot, name, ret_store);
    if (request->error != STORE_AGAIN)
        acquired(request);
    else if (request->phase == REQUEST_HEAD)
        acquire_elsewhere(request);
    else
        request_settle(request, acquire_elsewhere);
}

void request_acquire_store(struct request *request, const char *name, struct store **ret_store, request_step *then)
{
    acquire(request, name, ret_store, REQUEST_SENDS, then);
}

void request_bring_store(struct request *request, const char *name, struct store **ret_store, request_step *then)
{
    acquire(request, name, ret_store, REQUEST_BRINGS, then);
}

void request_find_store(struct request *request, request_step *then)
{
    acquire(request, request->store_name, &request->store, REQUEST_TELLS, then);
}

void request_acquire(struct request *request, request_step *then)
{
    request_acquire_store(request, request->store_name, &request->store, then);
}
