/* method.c - the table of names. See method.h. */
#include "api/http/method.h"

#include <string.h>

static const char *const method_names[METHODS] = {"GET",    "HEAD", "PUT",  "PATCH",  "POST",
                                                  "DELETE", "MOVE", "COPY", "OPTIONS"};

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
