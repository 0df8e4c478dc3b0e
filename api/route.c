#include "api/route.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "api/endpoint.h"

#define OBJECT "/v1/stores/{store}/objects/{key}"
#define HASH   "/v1/stores/{store}/hashes/{hash}"
#define LIST   "/v1/stores/{store}/objects"
#define STORE  "/v1/stores/{store}"

/* The busiest paths stand first: the table is read from the top. */
/* clang-format off */
static const struct route table[] = {
    {METHOD_GET, OBJECT, &endpoint_object_get},
    {METHOD_PUT, OBJECT, &endpoint_object_put},
    {METHOD_DELETE, OBJECT, &endpoint_object_delete},
    {METHOD_MOVE, OBJECT, &endpoint_object_move},
    {METHOD_COPY, OBJECT, &endpoint_object_copy},
    {METHOD_GET, LIST, &endpoint_object_list},
    {METHOD_GET, HASH, &endpoint_object_get},
    {METHOD_PUT, HASH, &endpoint_object_put},
    {METHOD_DELETE, HASH, &endpoint_object_delete},
    {METHOD_POST, STORE "/batch", &endpoint_batch},
    {METHOD_POST, STORE "/batch-get", &endpoint_batch_get},
    {METHOD_POST, STORE "/move", &endpoint_move},
    {METHOD_POST, STORE "/copy", &endpoint_copy},
    {METHOD_POST, STORE "/verify", &endpoint_verify},
    {METHOD_GET, STORE, &endpoint_store_get},
    {METHOD_PUT, STORE, &endpoint_store_put},
    {METHOD_DELETE, STORE, &endpoint_store_delete},
    {METHOD_GET, "/v1/stores", &endpoint_stores_list},
    {METHOD_GET, "/healthz", &endpoint_healthz},
    {METHOD_GET, "/readyz", &endpoint_readyz},
    {METHOD_GET, "/metrics", &endpoint_metrics},
    {METHOD_GET, "/openapi.yaml", &endpoint_openapi},
};
/* clang-format on */

static const char *const method_names[METHODS] = {"GET", "HEAD", "PUT", "POST", "DELETE", "MOVE", "COPY"};

enum method method_of(const char *name)
{
    unsigned method = 0;
    while (method < METHODS && strcmp(method_names[method], name) != 0)
        method++;
    return (enum method)method;
}

const char *method_name(enum method method)
{
    return method < METHODS ? method_names[method] : "other";
}

static struct slice segment(struct slice path)
{
    const char *slash = memchr(path.start, '/', path.length);
    return (struct slice){path.start, slash == NULL ? path.length : (size_t)(slash - path.start)};
}

/* Takes the part a placeholder stands for off the front of the path. */
static void capture(char placeholder, struct slice *path, struct captures *captures)
{
    struct slice *part = placeholder == 's' ? &captures->store : placeholder == 'h' ? &captures->hash : &captures->key;
    *part = placeholder == 'k' ? *path : segment(*path);
    path->start += part->length;
    path->length -= part->length;
}

static bool matches(const char *pattern, struct slice path, struct captures *captures)
{
    *captures = (struct captures){0};
    while (*pattern != '\0') {
        if (*pattern == '{') {
            capture(pattern[1], &path, captures);
            pattern = strchr(pattern, '}') + 1;
            continue;
        }
        if (path.length == 0 || *path.start != *pattern)
            return false;
        pattern++;
        path.start++;
        path.length--;
    }
    return path.length == 0;
}

static bool serves(const struct route *route, enum method method)
{
    return route->method == method || (route->method == METHOD_GET && method == METHOD_HEAD);
}

const struct route *route_at(size_t line)
{
    return line < sizeof table / sizeof *table ? &table[line] : NULL;
}

const struct endpoint *route_find(enum method method, struct slice path, struct captures *ret_captures)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (serves(&table[i], method) && matches(table[i].pattern, path, ret_captures))
            return table[i].endpoint;
    return NULL;
}

bool route_allow(struct slice path, char allow[ROUTE_ALLOW_SIZE])
{
    struct captures captures;
    size_t used = 0;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (!matches(table[i].pattern, path, &captures))
            continue;
        used += (size_t)snprintf(allow + used, ROUTE_ALLOW_SIZE - used, "%s%s%s", used == 0 ? "" : ", ",
                                 method_name(table[i].method), table[i].method == METHOD_GET ? ", HEAD" : "");
        assert(used < ROUTE_ALLOW_SIZE);
    }
    return used > 0;
}

bool route_object(struct slice path, struct captures *ret_captures)
{
    return matches(OBJECT, path, ret_captures) || matches(HASH, path, ret_captures);
}
