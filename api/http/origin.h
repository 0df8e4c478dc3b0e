/* origin.h - where a page comes from, as its browser tells it (RFC 6454): scheme://name, or scheme://name:port where
 * the port is not that of the scheme; or `null`. And what a request calls the server: name or name:port.
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

/* Whether a page of this origin came from the server that a request calls by this authority. What the scheme is does
 * not count: a proxy may have ended TLS on the way. */
bool origin_is_of(const char *origin, struct slice authority);

/* The name, or the address with its brackets, without the port; "" in, "" out. */
struct slice authority_name(struct slice authority);

/* Whether it is a name, or an address, and no more. */
bool authority_is_name(struct slice authority);

#endif
