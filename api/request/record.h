/* record.h - what stays of a request when it is over: its part in the figures, and a line in the log of requests.
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_RECORD_H
#define CAIRN_API_RECORD_H

#include "api/request/request.h"

#include <stdbool.h>

/* The request is over; `complete`: the system has taken all of the answer. */
void record_end(struct request *request, bool complete);

#endif
