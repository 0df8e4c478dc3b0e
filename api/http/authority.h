/* authority.h - what a request calls the server, in Host or in an absolute target: a name or an address, and behind a
 * colon perhaps a port (RFC 3986, section 3.2). An IPv6 address stands in brackets.
 *
 * Thread: any.
 */
#ifndef CAIRN_API_AUTHORITY_H
#define CAIRN_API_AUTHORITY_H

#include "api/http/uri.h"

#include <stdbool.h>

/* Whether it is one that http has: without a user, and with a port that there is (RFC 9110, section 4.2). */
bool authority_valid(struct slice authority);

/* The name, or the address with its brackets, without the port; "" in, "" out. */
struct slice authority_name(struct slice authority);

/* What stands behind the colon; "" without one. */
struct slice authority_port(struct slice authority);

/* Whether a name stays what it is whoever has the domains of the Internet: an address, a name without a dot, or one
 * below localhost. Nobody can point it from one server to another while a page of it is open. */
bool authority_is_fixed(struct slice name);

/* What is wrong with a name by which this server is to be called; NULL: clients may well write it so. */
const char *authority_name_fault(const char *text);

#endif
