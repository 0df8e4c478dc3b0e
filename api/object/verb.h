/* verb.h - a relocation that the verb asks for: what MOVE and COPY of …/objects/{key} share.
 *
 * The field Destination says where to, Overwrite whether what is there may go.
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_VERB_H
#define CAIRN_API_VERB_H

#include "api/request/request.h"

/* The steps of such an endpoint; `move`: else copy. */
void verb_begin(struct request *request, bool move);
void verb_finish(struct request *request);
void verb_end(struct request *request);

#endif
