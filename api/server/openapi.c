/* openapi.c - GET /openapi.yaml: the description of this interface, which the build puts into the binary.
 *
 * It is sent as text: browsers show that, and offer application/yaml (RFC 9512) as a download, whatever its
 * Content-Disposition. Programs that read such files go by the name or the content.
 */
#include "api/request/reply.h"
#include "api/request/request.h"

extern const unsigned char api_openapi_yaml[];
extern const size_t api_openapi_yaml_length;

static void begin(struct request *request)
{
    reply_static(request, 200, "text/plain; charset=utf-8", api_openapi_yaml, api_openapi_yaml_length);
}

const struct endpoint endpoint_openapi = {.begin = begin};
