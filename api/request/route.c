#include "api/request/route.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

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

const struct endpoint *route_find(const struct route *routes, enum method method, struct slice path,
                                  struct captures *ret_captures)
{
    for (const struct route *route = routes; route->pattern != NULL; route++)
        if (serves(route, method) && matches(route->pattern, path, ret_captures))
            return route->endpoint;
    return NULL;
}

bool route_allow(const struct route *routes, struct slice path, char allow[ROUTE_ALLOW_SIZE])
{
    struct captures captures;
    size_t used = 0;
    for (const struct route *route = routes; route->pattern != NULL; route++) {
        if (!matches(route->pattern, path, &captures))
            continue;
        used += (size_t)snprintf(allow + used, ROUTE_ALLOW_SIZE - used, "%s%s%s", used == 0 ? "" : ", ",
                                 method_name(route->method), route->method == METHOD_GET ? ", HEAD" : "");
        assert(used < ROUTE_ALLOW_SIZE);
    }
    return used > 0;
}

bool route_object(struct slice path, struct captures *ret_captures)
{
    return matches(ROUTE_OBJECT, path, ret_captures) || matches(ROUTE_HASH, path, ret_captures);
}
