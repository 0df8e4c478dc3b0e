/* status.h - the answer of those who ask how the server is: {"status", "detail"}.
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_STATUS_H
#define CAIRN_API_STATUS_H

#include "api/request/request.h"

/* 200, not to be kept by anybody. `detail` is left out when it is "". */
void status_reply(struct request *request, const char *status, const char *detail);

#endif
