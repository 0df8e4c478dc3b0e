/* relocation.c - one transaction within a store, or a copy between two. See relocation.h. */
#include "api/object/relocation.h"

#include "api/request/core.h"
#include "api/request/permit.h"
#include "api/request/reply.h"

#include <string.h>

static bool stays(const struct request *request, const struct relocation *relocation)
{
    return strcmp(relocation->destination.store, request->store_name) == 0;
}

bool relocation_may_write(struct request *request, const struct relocation *relocation)
{
    const struct destination *destination = &relocation->destination;
    request->destination_store = destination->store;
    request->destination_key = destination->key;
    return permit_may(request, RIGHT_WRITE, destination->store, &destination->key);
}

static void bring_source(struct request *request)
{
    const struct relocation *relocation = request->state; /* what the states of all these endpoints begin with */
    request_bring_store(request, request->store_name, &request->store, relocation->prepared);
}

/* Two servers that bring a store each from the other might wait for each other. So who waits for one holds none whose
 * name comes behind that. */
static bool comes_first(struct request *request, struct relocation *relocation)
{
    return strcmp(relocation->destination.store, request->store_name) < 0 &&
           depot_try_acquire(request->api->options.depot, relocation->destination.store, &relocation->target);
}

void relocation_prepare(struct request *request, struct relocation *relocation, request_step *then)
{
    const char *store = relocation->destination.store;
    relocation->prepared = then;
    if (stays(request, relocation)) {
        then(request);
    } else if (comes_first(request, relocation)) {
        depot_release(request->store);
        request->store = NULL;
        request_bring_store(request, store, &relocation->target, bring_source);
    } else if (relocation->target) {
        then(request);
    } else {
        request_bring_store(request, store, &relocation->target, then);
    }
}

static void answer(struct request *request)
{
    const struct relocation *relocation = request->state; /* what the states of all these endpoints begin with */
    if (request->error == STORE_EXISTS || request->error == STORE_QUOTA) { /* the problem is about the target */
        request->store_name = relocation->destination.store;
        request->key = relocation->destination.key;
        request->has_key = true;
    }
    if (request->error == STORE_NO_OBJECT)
        reply_problem(request, PROBLEM_NO_OBJECT, "The store holds no object under the key that is the source.");
    else if (request->error != STORE_OK)
        reply_error(request, request->error);
    else
        reply_receipt(request, request->receipt_store);
}

void relocation_run(struct request *request, struct relocation *relocation)
{
    relocation->op = (struct store_op){
        .kind = relocation->move ? STORE_RENAME : STORE_COPY,
        .key = relocation->source,
        .target = relocation->destination.key,
        .keep_target = relocation->keep_target,
        .condition = relocation->precondition.condition,
    };
    request->receipt_store = relocation->destination.store;
    if (!relocation->target)
        request_commit(request, &relocation->op, answer);
    else
        request_commit_copy(request, &relocation->op, relocation->target, relocation->move, answer);
}

void relocation_end(struct relocation *relocation)
{
    depot_release(relocation->target);
    precondition_free(&relocation->precondition);
    destination_free(&relocation->destination);
}
