/* origin.h - where a page comes from, as its browser tells it (RFC 6454): scheme://name, or scheme://name:port where
 * the port is not that of the scheme; or `null`.
 *
 * Thread: any.
 */
#ifndef CAIRN_API_ORIGIN_H
#define CAIRN_API_ORIGIN_H

#include "api/http/uri.h"

#include <stdbool.h>

enum { ORIGIN_MAX = 255 /* bytes of one that may be allowed */ };

/* What is wrong with an origin that is to be allowed; NULL: browsers may well write it so. `*` is all of them. */
const char *origin_fault(const char *text);

/* Whether a page of this origin came from the server that a request calls by this authority. http or https does not
 * count: a proxy may have ended TLS on the way. Any other scheme is that of an app or of an extension. */
bool origin_is_of(const char *origin, struct slice authority);

#endif
