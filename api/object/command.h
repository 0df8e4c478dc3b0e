/* command.h - a relocation that the body asks for: what POST …/move and POST …/copy share.
 *
 *     {"key": "a", "destination": {"store": "photos", "key": "b"}, "overwrite": false}
 *
 * Objects are named as in naming.h; the destination's store is this one when it is not named. If-Match
 * and If-None-Match apply to the source, as with the verbs.
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_COMMAND_H
#define CAIRN_API_COMMAND_H

#include "api/request/request.h"

/* The steps of such an endpoint; `move`: else copy. */
void command_begin(struct request *request, bool move);
size_t command_receive(struct request *request, const char *bytes, size_t length);
void command_finish(struct request *request);
void command_end(struct request *request);

#endif
