/* route.h - the one table: method and path decide the endpoint.
 *
 * A pattern is a path in which {store} stands for one segment, {hash} for one segment and {key} for
 * everything that is left. To add an endpoint, write its file and its line in route.c.
 *
 * Thread: any.
 */
#ifndef CAIRN_API_ROUTE_H
#define CAIRN_API_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "api/http/uri.h"

struct endpoint;

enum method {
    METHOD_GET, /* a route for GET serves HEAD too */
    METHOD_HEAD,
    METHOD_PUT,
    METHOD_POST,
    METHOD_DELETE,
    METHOD_MOVE,
    METHOD_COPY,
    METHODS /* their number; as a method: unknown */
};

/* METHODS for a method that is not known anywhere. Methods are case-sensitive. */
enum method method_of(const char *name);
const char *method_name(enum method method);

/* The parts of a path that its pattern names, still escaped; start is NULL where there is none. */
struct captures {
    struct slice store;
    struct slice key;
    struct slice hash;
};

/* A line of the table. */
struct route {
    enum method method;
    const char *pattern;
    const struct endpoint *endpoint;
};

/* The lines of the table, counted from 0; NULL behind the last. */
const struct route *route_at(size_t line);

/* The endpoint, or NULL when the path or the method does not fit; ret_captures is set with it. */
const struct endpoint *route_find(enum method method, struct slice path, struct captures *ret_captures);

enum { ROUTE_ALLOW_SIZE = 64 };

/* Writes the methods a path has, as the Allow field wants them; false when nothing is at that path. */
bool route_allow(struct slice path, char allow[ROUTE_ALLOW_SIZE]);

/* Whether a path names an object, by key or by hash, and which. */
bool route_object(struct slice path, struct captures *ret_captures);

#endif
