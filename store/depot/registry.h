/* registry.h - which stores there are in a data folder: makes and removes them, and sets what they may hold.
 *
 * Each call claims the name of its store for as long as it takes: calls of one name have an order, and those of others
 * go on beside them.
 *
 * Thread: any that may block.
 */
#ifndef CAIRN_REGISTRY_H
#define CAIRN_REGISTRY_H

#include "store/base/services.h"
#include "store/depot/census.h"
#include "store/depot/claims.h"
#include "store/depot/folder.h"
#include "store/depot/trouble.h"

struct roster;

struct registry {
    const struct services *services; /* the depot's, like the next three */
    struct folder *folder;
    struct roster *roster;
    struct trouble *trouble;

    struct claims claims;
    struct census census;
};

void registry_init(struct registry *registry, const struct services *services, struct folder *folder,
                   struct roster *roster, struct trouble *trouble);
void registry_free(struct registry *registry);

/* What depot_create(), depot_delete_if() and depot_set_limits() say, of a valid name. Blocking. */
struct failure registry_create(struct registry *registry, const char *name, bool *ret_created,
                               struct store_detail *detail);
struct failure registry_delete(struct registry *registry, const char *name, bool force,
                               const struct store_condition *condition, struct store_detail *detail);
struct failure registry_set_limits(struct registry *registry, const char *name, const struct store_limit *bytes,
                                   const struct store_limit *objects, struct store_detail *detail);

#endif
