/* forwarded.h - who has sent a request that came through proxies, by X-Forwarded-For.
 *
 * Each proxy adds the address of the one from which it has the request, behind those that it has found there; and
 * anybody may have written the first ones. So the field is read from its end, as long as whoever has written a part of
 * it is trusted.
 *
 * Thread: any.
 */
#ifndef CAIRN_API_FORWARDED_H
#define CAIRN_API_FORWARDED_H

#include "api/http/host.h"

/* The client: the right-most address of the field that is not a trusted proxy's, or the last trusted one where what it
 * tells is no address. `peer` is the other end of the connection; a field that is NULL is not there. */
struct host forwarded_client(const struct network *trusted, size_t count, const struct host *peer, const char *field);

#endif
