/* object_delete.c - DELETE …/objects/{key} and …/hashes/{hash}.
 *
 * A key without an object succeeds and writes nothing, as the contract has it; the receipt tells the
 * end of the log.
 */
#include "api/request/head.h"
#include "api/request/reply.h"
#include "api/request/request.h"

#include <stdlib.h>

struct removal {
    struct precondition precondition;
    struct store_op op; /* borrowed by the engine until the write is done */
};

static void acquired(struct request *request)
{
    (void)request; /* the work begins when the request has come whole */
}

static void begin(struct request *request)
{
    struct removal *removal = calloc(1, sizeof *removal);
    if (!removal) {
        reply_error(request, STORE_NO_MEMORY);
        return;
    }
    request->state = removal;
    if (head_precondition(request, &removal->precondition))
        request_acquire(request, acquired);
}

static void answer(struct request *request)
{
    if (request->error != STORE_OK) {
        reply_error(request, request->error);
        return;
    }
    struct jsontext json = {0};
    receipt_write(&json, request->store_name, &request->receipt.values, false);
    reply_json(request, 200, &json);
}

static void finish(struct request *request)
{
    struct removal *removal = request->state;
    removal->op = (struct store_op){
        .kind = STORE_DELETE, .key = request->key, .condition = removal->precondition.condition};
    request_commit(request, &removal->op, answer);
}

static void end(struct request *request)
{
    struct removal *removal = request->state;
    if (removal)
        precondition_free(&removal->precondition);
    free(removal);
}

const struct endpoint endpoint_object_delete = {
    .begin = begin, .finish = finish, .end = end, .fault = "the object cannot be deleted"};
