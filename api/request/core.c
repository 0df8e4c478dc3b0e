#include "api/request/core.h"

bool api_is_draining(const struct api *api)
{
    return atomic_load_explicit(&api->draining, memory_order_relaxed);
}

size_t api_requests(const struct api *api)
{
    return atomic_load(&api->requests);
}

void api_request_began(struct api *api)
{
    atomic_fetch_add(&api->requests, 1);
}

void api_request_ended(struct api *api)
{
    atomic_fetch_sub(&api->requests, 1);
}
