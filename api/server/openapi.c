/* openapi.c - GET /openapi.yaml: the description of this interface, which the build puts into the binary.
 *
 * It is sent as text: browsers show that, and offer application/yaml (RFC 9512) as a download, whatever its
 * Content-Disposition. Programs that read such files go by the name or the content.
 */
#include "api/request/reply.h"
#include "api/request/request.h"

#include <stdlib.h>
#include <string.h>

extern const unsigned char api_openapi_yaml[];
extern const size_t api_openapi_yaml_length;

static const char media_type[] = "text/plain; charset=utf-8";

/* Its paths begin behind this. */
static const char server[] = "\nservers:\n  - url: ";

/* The text of a server that stands below a base path: that is in the place of the slash. */
static void reply_with_base(struct request *request, const char *base)
{
    const char *text = (const char *)api_openapi_yaml, *end = text + api_openapi_yaml_length;
    const char *slash = (const char *)memmem(text, api_openapi_yaml_length, server, strlen(server)) + strlen(server);
    char *copy = malloc(api_openapi_yaml_length + strlen(base));
    if (!copy) {
        reply_error(request, STORE_NO_MEMORY);
        return;
    }
    char *at = stpcpy(mempcpy(copy, text, (size_t)(slash - text)), base);
    at = mempcpy(at, slash + 1, (size_t)(end - slash - 1));
    reply_owned(request, 200, media_type, copy, (size_t)(at - copy));
}

static void begin(struct request *request)
{
    const char *base = request_base_path(request);
    if (*base && reply_admit(request, api_openapi_yaml_length + strlen(base)))
        reply_with_base(request, base);
    else if (!*base)
        reply_static(request, 200, media_type, api_openapi_yaml, api_openapi_yaml_length);
}

const struct endpoint endpoint_openapi = {.begin = begin};
