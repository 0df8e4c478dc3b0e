/* record.h - what stays of a request when it is over: its part in the figures, and a line in the log of requests, where
 * there is one. docs/observability.md has the members of a line.
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_RECORD_H
#define CAIRN_API_RECORD_H

#include "api/request/request.h"

#include <stdbool.h>

/* The answer is about to be queued: what the system has of earlier ones is no part of it. Of an answer that is cut the
 * bytes that its client has taken can be told then, to those of its head; not of one that is short. */
void record_answer(struct request *request);

/* The request is over; `complete`: the system has taken all of the answer. */
void record_end(struct request *request, bool complete);

/* A connection has ended amid the head of a request. */
void record_cut(struct api *api, struct MHD_Connection *connection);

/* Tells the main log, whatever its level, that a store was made, changed or destroyed, as `deed` says; by whom, and by
 * which request: where it is done, since its client may be gone before it is answered. Thread: whoever has the request.
 */
void record_deed(struct request *request, const char *deed);

#endif
