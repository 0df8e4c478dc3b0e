/* handover.c - POST /v1/stores/{store}/handover: brings a store here that another server has.
 *
 * It is asked of the server that shall have the store. The one that has it lets it go when nobody uses it any more, and
 * sends those who come meanwhile here.
 */
#include "api/request/record.h"
#include "api/request/reply.h"
#include "api/request/request.h"
#include "api/stores/store_json.h"

/* A body that is dropped would look as if it had been read. */
static size_t receive(struct request *request, const char *bytes, size_t length)
{
    (void)bytes;
    reply_problem(request, PROBLEM_BAD_BODY, "This request has no body: the server that is asked gets the store.");
    return length;
}

static void answer(struct request *request)
{
    struct jsontext json = {0};
    record_deed(request, "got");
    jsontext_open(&json, '{');
    jsontext_field(&json, "name", request->store_name);
    store_json_owner(&json, request);
    jsontext_close(&json, '}');
    reply_json(request, 200, &json);
}

static void finish(struct request *request)
{
    request_bring_store(request, request->store_name, &request->store, answer);
}

const struct endpoint endpoint_handover = {.receive = receive, .finish = finish, .unconditional = true, .holds = true};
