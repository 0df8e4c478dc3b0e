/* transfer.h - moving and copying objects: what the verbs MOVE and COPY and their JSON twins share.
 *
 * An endpoint fills in source, destination and conditions, then calls transfer_prepare() to get the
 * store of the destination, and transfer_run() once the request has come whole; that answers.
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_TRANSFER_H
#define CAIRN_API_TRANSFER_H

#include "api/http/precondition.h"
#include "api/object/destination.h"
#include "api/request/request.h"

struct transfer {
    bool move;        /* else copy */
    bool keep_target; /* an existing target is not overwritten */
    struct store_key source;
    struct destination destination;
    struct precondition precondition; /* of the source */
    struct store *target;             /* a reference; NULL while it is the store of the path */
    struct store_op op;               /* borrowed by the engine until the write is done */
};

/* Whether the visitor may write where it goes; false when it has answered. Ask before any store is looked at. */
bool transfer_may_write(struct request *request, const struct transfer *transfer);

/* Gets the reference to the store of the destination, then runs `then`. */
void transfer_prepare(struct request *request, struct transfer *transfer, request_step *then);

/* Hands the work over; the request is answered when it is done. */
void transfer_run(struct request *request, struct transfer *transfer);

/* Frees what it holds. */
void transfer_end(struct transfer *transfer);

#endif
