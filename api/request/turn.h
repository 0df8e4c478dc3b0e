/* turn.h - one call of the access handler: what a request does when it has its turn, see request.h.
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_TURN_H
#define CAIRN_API_TURN_H

#include "api/http/fault.h"
#include "api/request/request.h"

/* MHD_NO cuts the connection. */
enum MHD_Result turn_take(struct request *request, const char *method, const char *bytes, size_t *length);

/* The same for a message with a fault, which is answered as soon as the request has come to it. */
enum MHD_Result turn_reject(struct request *request, const struct fault *fault, const char *method, const char *bytes,
                            size_t *length);

#endif
