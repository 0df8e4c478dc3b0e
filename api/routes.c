/* routes.c - the table itself, with what each line demands of a visitor. See routes.h. */
#include "api/routes.h"

#include "api/request/endpoint.h"

#define LIST    "/v1/stores/{store}/objects"
#define STORE   "/v1/stores/{store}"
#define UPLOADS STORE "/uploads"
#define UPLOAD  UPLOADS "/{upload}"

/* What a line demands of the visitor: all of the rights in that scope, or one of them. */
#define ALL(scope, rights)                                                                                             \
    {                                                                                                                  \
        scope, rights, false                                                                                           \
    }
#define ANY(scope, rights)                                                                                             \
    {                                                                                                                  \
        scope, rights, true                                                                                            \
    }

/* Whoever may do any of these with a whole store may see its figures. */
#define FIGURES (RIGHT_READ | RIGHT_LIST | RIGHT_ADMIN)

/* The busiest paths stand first: the table is read from the top. */
/* clang-format off */
const struct route routes[] = {
    {METHOD_GET, ROUTE_OBJECT, &endpoint_object_get, ALL(SCOPE_OBJECT, RIGHT_READ)},
    {METHOD_PUT, ROUTE_OBJECT, &endpoint_object_put, ALL(SCOPE_OBJECT, RIGHT_WRITE)},
    {METHOD_DELETE, ROUTE_OBJECT, &endpoint_object_delete, ALL(SCOPE_OBJECT, RIGHT_DELETE)},
    {METHOD_MOVE, ROUTE_OBJECT, &endpoint_object_move, ALL(SCOPE_OBJECT, RIGHT_READ | RIGHT_DELETE)},
    {METHOD_COPY, ROUTE_OBJECT, &endpoint_object_copy, ALL(SCOPE_OBJECT, RIGHT_READ)},
    {METHOD_GET, LIST, &endpoint_object_list, ALL(SCOPE_WITHIN, RIGHT_LIST)},
    {METHOD_GET, ROUTE_HASH, &endpoint_object_get, ALL(SCOPE_WITHIN, RIGHT_READ)},
    {METHOD_PUT, ROUTE_HASH, &endpoint_object_put, ALL(SCOPE_OBJECT, RIGHT_WRITE)},
    {METHOD_DELETE, ROUTE_HASH, &endpoint_object_delete, ALL(SCOPE_OBJECT, RIGHT_DELETE)},
    {METHOD_POST, STORE "/batch", &endpoint_batch, ANY(SCOPE_WITHIN, RIGHT_WRITE | RIGHT_DELETE)},
    {METHOD_POST, STORE "/batch-get", &endpoint_batch_get, ALL(SCOPE_WITHIN, RIGHT_READ)},
    {METHOD_POST, STORE "/move", &endpoint_move_post, ALL(SCOPE_WITHIN, RIGHT_READ | RIGHT_DELETE)},
    {METHOD_POST, STORE "/copy", &endpoint_copy_post, ALL(SCOPE_WITHIN, RIGHT_READ)},
    {METHOD_GET, STORE "/archive", &endpoint_archive_get, ALL(SCOPE_WITHIN, RIGHT_LIST | RIGHT_READ)},
    {METHOD_POST, STORE "/archive", &endpoint_archive_post, ALL(SCOPE_WITHIN, RIGHT_WRITE)},
    {METHOD_POST, STORE "/links", &endpoint_links, ANY(SCOPE_WITHIN, RIGHT_READ | RIGHT_WRITE)},
    {METHOD_GET, STORE "/changes", &endpoint_changes, ALL(SCOPE_WITHIN, RIGHT_LIST)},
    {METHOD_GET, STORE "/live", &endpoint_store_live, ANY(SCOPE_STORE, FIGURES)},
    {METHOD_POST, STORE "/verify", &endpoint_verify, ALL(SCOPE_STORE, RIGHT_ADMIN)},
    {METHOD_POST, STORE "/compact", &endpoint_compact, ALL(SCOPE_STORE, RIGHT_ADMIN)},
    {METHOD_POST, STORE "/handover", &endpoint_handover, ALL(SCOPE_STORE, RIGHT_ADMIN)},
    {METHOD_GET, STORE "/owner", &endpoint_owner, ANY(SCOPE_WITHIN, RIGHTS_ALL)},
    {METHOD_POST, UPLOADS, &endpoint_uploads_post, ALL(SCOPE_WITHIN, RIGHT_WRITE)},
    {METHOD_GET, UPLOADS, &endpoint_uploads_list, ALL(SCOPE_WITHIN, RIGHT_WRITE)},
    {METHOD_HEAD, UPLOAD, &endpoint_upload_head, ALL(SCOPE_WITHIN, RIGHT_WRITE)},
    {METHOD_PATCH, UPLOAD, &endpoint_upload_patch, ALL(SCOPE_WITHIN, RIGHT_WRITE)},
    {METHOD_DELETE, UPLOAD, &endpoint_upload_delete, ALL(SCOPE_WITHIN, RIGHT_WRITE)},
    {METHOD_GET, STORE, &endpoint_store_get, ANY(SCOPE_STORE, FIGURES)},
    {METHOD_PUT, STORE, &endpoint_store_put, ALL(SCOPE_STORE, RIGHT_ADMIN)},
    {METHOD_PATCH, STORE, &endpoint_store_patch, ALL(SCOPE_STORE, RIGHT_ADMIN)},
    {METHOD_DELETE, STORE, &endpoint_store_delete, ALL(SCOPE_STORE, RIGHT_ADMIN)},
    {METHOD_GET, "/v1/stores", &endpoint_stores_list, ALL(SCOPE_KNOWN, 0)},
    {METHOD_GET, "/v1/live", &endpoint_live, ALL(SCOPE_METRICS, RIGHT_ADMIN)},
    {METHOD_GET, "/v1/access", &endpoint_access, ALL(SCOPE_KNOWN, 0)},
    {METHOD_GET, "/", &endpoint_about, ALL(SCOPE_PUBLIC, 0)},
    {METHOD_GET, "/healthz", &endpoint_healthz, ALL(SCOPE_PUBLIC, 0)},
    {METHOD_GET, "/readyz", &endpoint_readyz, ALL(SCOPE_PUBLIC, 0)},
    {METHOD_GET, "/metrics", &endpoint_metrics, ALL(SCOPE_METRICS, RIGHT_ADMIN)},
    {METHOD_GET, "/openapi.yaml", &endpoint_openapi, ALL(SCOPE_PUBLIC, 0)},
    {METHOD_GET, "/console", &endpoint_console, ALL(SCOPE_PUBLIC, 0)},
    {METHOD_GET, "/console/{file}", &endpoint_console, ALL(SCOPE_PUBLIC, 0)},
    {METHOD_OPTIONS, ROUTE_ANY, &endpoint_options, ALL(SCOPE_PUBLIC, 0)},
    {.pattern = NULL},
};
/* clang-format on */
