/* routes.h - the one table: method and path decide the endpoint.
 *
 * To add an endpoint, write its file, name it in endpoint.h, and write its line in routes.c.
 */
#ifndef CAIRN_API_ROUTES_H
#define CAIRN_API_ROUTES_H

#include "api/request/route.h"

/* Its last line has no pattern. */
extern const struct route routes[];

#endif
