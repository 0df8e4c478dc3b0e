/* origin.c - parts an origin, and fills in the port that its scheme stands for. See origin.h. */
#include "api/http/origin.h"

#include "api/http/authority.h"

#include <string.h>
#include <strings.h>

/* The port, or the one that the scheme stands for. */
static struct slice port_of(struct slice authority, const char *by_default)
{
    struct slice port = authority_port(authority);
    return port.length > 0 ? port : (struct slice){by_default, strlen(by_default)};
}

static bool same(struct slice a, struct slice b)
{
    return a.length == b.length && strncasecmp(a.start, b.start, a.length) == 0;
}

/* The authority of an origin, and the port that its scheme stands for: "" where that is not http. */
static bool split(const char *origin, struct slice *ret_authority, const char **ret_port)
{
    const char *mark = strstr(origin, "://");
    if (!mark)
        return false;
    bool secure = mark - origin == 5 && strncasecmp(origin, "https", 5) == 0;
    bool plain = mark - origin == 4 && strncasecmp(origin, "http", 4) == 0;
    *ret_authority = (struct slice){mark + 3, strlen(mark + 3)};
    *ret_port = secure ? "443" : plain ? "80" : "";
    return ret_authority->length > 0;
}

bool origin_is_of(const char *origin, struct slice authority)
{
    struct slice its;
    const char *port;
    return split(origin, &its, &port) && *port != '\0' && same(authority_name(its), authority_name(authority)) &&
           same(port_of(its, port), port_of(authority, port));
}

const char *origin_fault(const char *text)
{
    struct slice authority;
    const char *port;
    if (strcmp(text, "*") == 0)
        return NULL;
    if (strlen(text) > ORIGIN_MAX)
        return "it is longer than 255 bytes";
    if (!split(text, &authority, &port))
        return "it has to begin with a scheme, as https:// does";
    if (memchr(authority.start, '/', authority.length))
        return "an origin ends where the path begins: leave out the slash and what follows it";
    if (!authority_valid(authority) || memchr(authority.start, '*', authority.length))
        return "what follows the scheme is not the name of a host, with a port or without";
    if (authority_name(authority).length < authority.length && slice_is(authority_port(authority), port))
        return "browsers leave out the port that the scheme stands for";
    return NULL;
}
