/* route.c - compares a path with the patterns, segment by segment. See route.h. */
#include "api/request/route.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static struct slice segment(struct slice path)
{
    const char *slash = memchr(path.start, '/', path.length);
    return (struct slice){path.start, !slash ? path.length : (size_t)(slash - path.start)};
}

/* Takes the part a placeholder stands for off the front of the path. */
static void capture(char placeholder, struct slice *path, struct captures *captures)
{
    bool one = placeholder == 's' || placeholder == 'h' || placeholder == 'u';
    struct slice part = one ? segment(*path) : *path;
    if (placeholder == 's')
        captures->store = part;
    else if (placeholder == 'h')
        captures->hash = part;
    else if (placeholder == 'u')
        captures->upload = part;
    else if (placeholder == 'k')
        captures->key = part;
    path->start += part.length;
    path->length -= part.length;
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

size_t route_count(const struct route *routes)
{
    size_t count = 0;
    while (routes[count].pattern)
        count++;
    return count;
}

const struct route *route_find(const struct route *routes, enum method method, struct slice path,
                               struct captures *ret_captures)
{
    for (const struct route *route = routes; route->pattern; route++)
        if (serves(route, method) && matches(route->pattern, path, ret_captures))
            return route;
    return NULL;
}

#define BIT(method) (1U << (method))

static bool is_any(const struct route *route)
{
    return strcmp(route->pattern, ROUTE_ANY) == 0;
}

/* One bit for each method that the lines give to a path, to every path or to this one. */
static unsigned methods_at(const struct route *routes, struct slice path, bool any)
{
    struct captures captures;
    unsigned methods = 0;
    for (const struct route *route = routes; route->pattern; route++)
        if (is_any(route) == any && (slice_is(path, "*") || matches(route->pattern, path, &captures)))
            methods |= BIT(route->method) | (route->method == METHOD_GET ? BIT(METHOD_HEAD) : 0);
    return methods;
}

bool route_allow(const struct route *routes, struct slice path, char allow[ROUTE_ALLOW_SIZE])
{
    unsigned own = methods_at(routes, path, false), methods = own | methods_at(routes, path, true);
    size_t used = 0;
    allow[0] = '\0';
    for (unsigned method = 0; method < METHODS; method++) {
        if ((methods & BIT(method)) == 0)
            continue;
        used += (size_t)snprintf(allow + used, ROUTE_ALLOW_SIZE - used, "%s%s", used == 0 ? "" : ", ",
                                 method_name((enum method)method));
        assert(used < ROUTE_ALLOW_SIZE);
    }
    return own != 0;
}

bool route_object(struct slice path, struct captures *ret_captures)
{
    return matches(ROUTE_OBJECT, path, ret_captures) || matches(ROUTE_HASH, path, ret_captures);
}
