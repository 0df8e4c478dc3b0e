/* openapi.c - GET /openapi.yaml: the description of this interface, which the build puts into the binary. */
#include "api/request/reply.h"
#include "api/request/request.h"

extern const unsigned char api_openapi_yaml[];
extern const size_t api_openapi_yaml_length;

static void begin(struct request *request)
{
    reply_static(request, 200, "application/yaml", api_openapi_yaml, api_openapi_yaml_length);
}

const struct endpoint endpoint_openapi = {.begin = begin};
