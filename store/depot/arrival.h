/* arrival.h - a store's arrival, for a thread that has nothing to do but to wait for it.
 *
 * Thread: none of those that open stores.
 */
#ifndef CAIRN_ARRIVAL_H
#define CAIRN_ARRIVAL_H

#include "store/base/error.h"
#include "store/store.h"

struct roster;

/* A reference to a store, once it is open, or the errors of store_open() (internal.h) and STORE_NO_MEMORY; *ret_detail
 * may be NULL. Blocking. */
struct failure arrival_await(struct roster *roster, const char *name, struct store **ret_store,
                             struct store_detail *ret_detail);

#endif
