#include "api/object/transfer.h"

#include "api/request/permit.h"
#include "api/request/reply.h"

#include <string.h>

static bool stays(const struct request *request, const struct transfer *transfer)
{
    return strcmp(transfer->destination.store, request->store_name) == 0;
}

bool transfer_may_write(struct request *request, const struct transfer *transfer)
{
    const struct destination *destination = &transfer->destination;
    return permit_may(request, RIGHT_WRITE, destination->store, &destination->key);
}

void transfer_prepare(struct request *request, struct transfer *transfer, request_step *then)
{
    if (stays(request, transfer))
        then(request);
    else
        request_acquire_store(request, transfer->destination.store, &transfer->target, then);
}

static void answer(struct request *request)
{
    const struct transfer *transfer = request->state; /* what the states of all these endpoints begin with */
    if (request->error == STORE_EXISTS || request->error == STORE_QUOTA) { /* the problem is about the target */
        request->store_name = transfer->destination.store;
        request->key = transfer->destination.key;
        request->has_key = true;
    }
    if (request->error == STORE_NO_OBJECT)
        reply_problem(request, PROBLEM_NO_OBJECT, "The store holds no object under the key that is the source.");
    else if (request->error != STORE_OK)
        reply_error(request, request->error);
    else
        reply_receipt(request, request->receipt_store);
}

void transfer_run(struct request *request, struct transfer *transfer)
{
    transfer->op = (struct store_op){
        .kind = transfer->move ? STORE_RENAME : STORE_COPY,
        .key = transfer->source,
        .target = transfer->destination.key,
        .keep_target = transfer->keep_target,
        .condition = transfer->precondition.condition,
    };
    request->receipt_store = transfer->destination.store;
    if (!transfer->target)
        request_commit(request, &transfer->op, answer);
    else
        request_commit_copy(request, &transfer->op, transfer->target, transfer->move, answer);
}

void transfer_end(struct transfer *transfer)
{
    depot_release(transfer->target);
    precondition_free(&transfer->precondition);
    destination_free(&transfer->destination);
}
