/* referral.c - an answer that leads to another server. See referral.h. */
#include "service/referral.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

static const char plain[] = "http://", secret[] = "https://";

static bool begins(const char *url, const char *scheme)
{
    return strncasecmp(url, scheme, strlen(scheme)) == 0;
}

static bool is_ours(const json_t *problem)
{
    const char *type = json_string_value(json_object_get(problem, "type"));
    return type && strcmp(type, "urn:problem-type:cairn:elsewhere") == 0;
}

/* What is in front of the path: an address, and perhaps the path below which the server is. Nobody is named in it, and
 * nothing could be read as another address by whoever connects. */
static bool is_base(const char *url, size_t length)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:[]";
    size_t scheme = begins(url, secret) ? strlen(secret) : begins(url, plain) ? strlen(plain) : length;
    if (scheme >= length)
        return false;
    size_t host = strspn(url + scheme, allowed), end = scheme + host;
    return host > 0 && (end >= length || url[end] == '/') && scheme + strcspn(url + scheme, "@\\?#") >= length;
}

const char *referral_read(const char *base, const char *path, const char *location, const json_t *problem,
                          char **ret_base)
{
    size_t length = location ? strlen(location) : 0, asked = strlen(path);
    if (!is_ours(problem) || !location)
        return "what is asked there is sent somewhere else, and not by cairn: ask the server itself";
    if (length <= asked || strcmp(location + length - asked, path) != 0 || !is_base(location, length - asked))
        return "the server that has the store is not told by an address of what was asked for";
    if (begins(base, secret) && !begins(location, secret))
        return "the server that has the store is reached by http, and this one was asked by https: no token is shown "
               "there (--advertise of that server)";
    *ret_base = strndup(location, length - asked);
    return *ret_base ? NULL : "memory is out";
}
