/* core.h - what `struct api` holds, for this folder only. */
#ifndef CAIRN_API_CORE_H
#define CAIRN_API_CORE_H

#include "api/api.h"
#include "api/request/budget.h"
#include "api/request/metrics.h"
#include "api/request/route.h"

#include <stdatomic.h>

struct api {
    struct api_options options;
    const struct route *routes;
    atomic_bool draining;
    atomic_size_t requests; /* begun and not completed */
    struct metrics metrics;
    struct budget batches; /* memory for the bodies and answers of batches */
    struct budget answers; /* memory for all other answers that may be long */
};

bool api_is_draining(const struct api *api);

/* Thread: any. */
void api_request_began(struct api *api);
void api_request_ended(struct api *api);

#endif
