/* arrival.h - what the head of a request says: its fields, how its body is framed, its endpoint, and the store and
 * the object that its path names.
 *
 * The target is decoded where it stands, in the request's own copy; names and keys point into it.
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_ARRIVAL_H
#define CAIRN_API_ARRIVAL_H

#include "api/request/request.h"

#include <stdbool.h>

/* Reads the head, which hygiene.h has judged, into the request. False when it has answered. */
bool arrival_read(struct request *request, const char *method);

#endif
