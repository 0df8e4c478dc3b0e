/* relocation.h - a transfer that the verb asks for: what MOVE and COPY of …/objects/{key} share.
 *
 * The field Destination says where to, Overwrite whether what is there may go.
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_RELOCATION_H
#define CAIRN_API_RELOCATION_H

#include "api/request/request.h"

/* The steps of such an endpoint; `move`: else copy. */
void relocation_begin(struct request *request, bool move);
void relocation_finish(struct request *request);
void relocation_end(struct request *request);

#endif
