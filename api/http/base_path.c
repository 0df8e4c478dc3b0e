/* base_path.c - segments of unreserved characters, taken off the front of a path. See base_path.h. */
#include "api/http/base_path.h"

#include <string.h>

static const char segment_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

const char *base_path_fault(const char *base)
{
    size_t length = strlen(base);
    if (length > BASE_PATH_MAX)
        return "it is too long";
    if (*base != '/')
        return "it does not begin with a slash";
    if (base[length - 1] == '/')
        return "it ends with a slash";
    if (strstr(base, "//") || uri_has_dot_segment((struct slice){base, length}))
        return "it has a part that is empty, . or ..";
    for (const char *at = base; *at; at++)
        if (*at != '/' && !strchr(segment_bytes, *at))
            return "it has characters other than letters, digits and - . _ ~";
    return NULL;
}

bool base_path_take(const char *base, struct slice *path)
{
    size_t length = strlen(base);
    if (path->length <= length || memcmp(path->start, base, length) != 0 || path->start[length] != '/')
        return false;
    path->start += length;
    path->length -= length;
    return true;
}
