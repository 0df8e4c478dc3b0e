/* relocation.h - moving and copying objects: what the verbs MOVE and COPY and their JSON twins share. (A transfer is
 * what the engine makes of a move to another store.)
 *
 * An endpoint fills in source, destination and conditions, then calls relocation_prepare() to get the
 * store of the destination, and relocation_run() once the request has come whole; that answers.
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_RELOCATION_H
#define CAIRN_API_RELOCATION_H

#include "api/http/precondition.h"
#include "api/object/destination.h"
#include "api/request/request.h"

struct relocation {
    bool move;        /* else copy */
    bool keep_target; /* an existing target is not overwritten */
    struct store_key source;
    struct destination destination;
    struct precondition precondition; /* of the source */
    struct store *target;             /* a reference; NULL while it is the store of the path */
    request_step *prepared;           /* what follows when both stores are there */
    struct store_op op;               /* borrowed by the engine until the write is done */
};

/* Whether the visitor may write where it goes, which the request's line in the log names; false when it has answered.
 * Ask before any store is looked at. */
bool relocation_may_write(struct request *request, const struct relocation *relocation);

/* Gets the reference to the store of the destination, which is brought here if another server has it, then runs
 * `then`. */
void relocation_prepare(struct request *request, struct relocation *relocation, request_step *then);

/* Hands the work over; the request is answered when it is done. */
void relocation_run(struct request *request, struct relocation *relocation);

/* Frees what it holds. */
void relocation_end(struct relocation *relocation);

#endif
