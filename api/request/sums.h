/* sums.h - what the sender of a body says that its bytes add up to: Content-Digest, Repr-Digest and Content-MD5. Who
 * tells a sum relies on it: it is compared, or the request is refused, but never passed over.
 *
 *     sums_expect(request)              from the head: request->digest is there where one was told, or announced
 *     sums_take(request, bytes, length) for each chunk
 *     sums_hold(request)                behind the last one, before the endpoint finishes
 *
 * All of it is the turn's and the arrival's. An endpoint that does something with a body before all of it has come
 * either compares by itself (endpoint->sums), or refuses the request where there is a request->digest.
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_SUMS_H
#define CAIRN_API_SUMS_H

#include "api/request/request.h"

#include <stdbool.h>
#include <stddef.h>

/* Reads the fields, and a Trailer that announces one of the first two; false when it has answered. */
bool sums_expect(struct request *request);

/* Whether the head says that the field will come as a trailer. */
bool sums_announced(const struct request *request, enum field field);

/* The field that tells of the sum, or announces it, where there is a request->digest. */
const char *sums_field(const struct request *request);

/* Makes the sums of the next bytes, unless the endpoint does. */
void sums_take(struct request *request, const char *bytes, size_t length);

/* Reads what the trailers tell, and compares, unless the endpoint does; false when it has answered. A trailer that was
 * not announced is refused, since nobody has made the sum to compare it with, and so is any Upload-Checksum. Once. */
bool sums_hold(struct request *request);

#endif
