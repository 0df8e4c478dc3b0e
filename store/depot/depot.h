/* depot.h - what the engine asks of a depot. For its users: store.h. */
#ifndef CAIRN_DEPOT_H
#define CAIRN_DEPOT_H

#include "store/store.h"

/* Calls `visit`, which must not block, nor acquire or release a store, for all stores that are open. Thread: any. */
void depot_each_open(struct depot *depot, void (*visit)(struct store *store));

#endif
