/* legacy.c - a crate with a reference to its store, which end with the commit. See legacy.h. */
#include "api/archive/legacy.h"

#include "api/request/core.h"

#include <stdlib.h>

struct legacy {
    struct crate crate;
    struct store *store;
    struct api *api;
};

static void legacy_free(struct legacy *legacy)
{
    struct api *api = legacy->api;
    crate_free(&legacy->crate);
    depot_release(legacy->store);
    free(legacy);
    api_behind_ended(api);
}

/* Thread: the engine's. */
static void committed(void *arg, const struct store_result *result)
{
    (void)result; /* nobody is there to be told */
    legacy_free(arg);
}

/* Another store of that name, made since, has nothing to do with it. */
void legacy_leave(struct crate *crate, struct api *api, const char *store_name, struct store *store)
{
    struct legacy *legacy = calloc(1, sizeof *legacy);
    if (!legacy)
        return;
    legacy->api = api;
    api_behind_began(api);
    bool there = depot_try_acquire(api->options.depot, store_name, &legacy->store) == STORE_OK &&
                 legacy->store == store;
    legacy->crate = *crate;
    *crate = (struct crate){0};
    if (!there || store_batch(store, crate_ops(&legacy->crate), legacy->crate.count,
                              STORE_ALLOW_EMPTY | STORE_ALLOW_NUL | STORE_BEGUN, committed, legacy, NULL) != STORE_OK)
        legacy_free(legacy);
}
