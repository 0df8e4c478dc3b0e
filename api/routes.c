#include "api/routes.h"

#include "api/request/endpoint.h"

#define LIST  "/v1/stores/{store}/objects"
#define STORE "/v1/stores/{store}"

/* The busiest paths stand first: the table is read from the top. */
/* clang-format off */
const struct route routes[] = {
    {METHOD_GET, ROUTE_OBJECT, &endpoint_object_get},
    {METHOD_PUT, ROUTE_OBJECT, &endpoint_object_put},
    {METHOD_DELETE, ROUTE_OBJECT, &endpoint_object_delete},
    {METHOD_MOVE, ROUTE_OBJECT, &endpoint_object_move},
    {METHOD_COPY, ROUTE_OBJECT, &endpoint_object_copy},
    {METHOD_GET, LIST, &endpoint_object_list},
    {METHOD_GET, ROUTE_HASH, &endpoint_object_get},
    {METHOD_PUT, ROUTE_HASH, &endpoint_object_put},
    {METHOD_DELETE, ROUTE_HASH, &endpoint_object_delete},
    {METHOD_POST, STORE "/batch", &endpoint_batch},
    {METHOD_POST, STORE "/batch-get", &endpoint_batch_get},
    {METHOD_POST, STORE "/move", &endpoint_move},
    {METHOD_POST, STORE "/copy", &endpoint_copy},
    {METHOD_POST, STORE "/verify", &endpoint_verify},
    {METHOD_GET, STORE, &endpoint_store_get},
    {METHOD_PUT, STORE, &endpoint_store_put},
    {METHOD_DELETE, STORE, &endpoint_store_delete},
    {METHOD_GET, "/v1/stores", &endpoint_stores_list},
    {METHOD_GET, "/", &endpoint_about},
    {METHOD_GET, "/healthz", &endpoint_healthz},
    {METHOD_GET, "/readyz", &endpoint_readyz},
    {METHOD_GET, "/metrics", &endpoint_metrics},
    {METHOD_GET, "/openapi.yaml", &endpoint_openapi},
    {METHOD_OPTIONS, ROUTE_ANY, &endpoint_options},
    {.pattern = NULL},
};
/* clang-format on */
