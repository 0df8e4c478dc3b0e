/* route.h - which endpoint a method and a path lead to, by a table (routes.h).
 *
 * A pattern is a path in which {store}, {hash} and {upload} stand for one segment each, {key} for
 * everything that is left, and {any} for that too, without being a name.
 *
 * Thread: any.
 */
#ifndef CAIRN_API_ROUTE_H
#define CAIRN_API_ROUTE_H

#include "api/access/rights.h"
#include "api/http/method.h"
#include "api/http/uri.h"

#include <stdbool.h>
#include <stddef.h>

struct endpoint;

/* The patterns of an object. */
#define ROUTE_OBJECT "/v1/stores/{store}/objects/{key}"
#define ROUTE_HASH   "/v1/stores/{store}/hashes/{hash}"

/* Every path, and what is none: the `*` of a request that is about the server. */
#define ROUTE_ANY "{any}"

/* The parts of a path that its pattern names, still escaped; start is NULL where there is none. */
struct captures {
    struct slice store;
    struct slice key;
    struct slice hash;
    struct slice upload;
};

/* A line of a table, whose last line has no pattern. */
struct route {
    enum method method; /* a route for GET serves HEAD too */
    const char *pattern;
    const struct endpoint *endpoint;
    struct demand demand; /* what the visitor has to be allowed */
};

/* Its lines. */
size_t route_count(const struct route *routes);

/* The line, or NULL when the path or the method does not fit; ret_captures is set with it. */
const struct route *route_find(const struct route *routes, enum method method, struct slice path,
                               struct captures *ret_captures);

enum { ROUTE_ALLOW_SIZE = 64 };

/* Writes the methods a path has, as the Allow field wants them: for `*` those of all paths. False when it has none but
 * what every path has: nothing is there. */
bool route_allow(const struct route *routes, struct slice path, char allow[ROUTE_ALLOW_SIZE]);

/* Whether a path names an object, by key or by hash, and which. */
bool route_object(struct slice path, struct captures *ret_captures);

#endif
