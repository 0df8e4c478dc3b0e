/* depot.h - what a depot gives its stores: admission, threads, the disk, the operator's ear. For its users: store.h.
 *
 * Thread: any, for all of it. What is returned is the depot's and lives as long as it does.
 */
#ifndef CAIRN_DEPOT_H
#define CAIRN_DEPOT_H

#include "store/base/admission.h"
#include "store/base/pool.h"
#include "store/disk/space.h"
#include "store/store.h"

/* What all stores together take in. */
struct admission *depot_admission(struct depot *depot);

/* The I/O threads: blob files, opening stores, preparing segments. */
struct pool *depot_pool(struct depot *depot);

/* One thread, for what has time and may take long: compaction and the reserve. */
struct pool *depot_upkeep(struct depot *depot);

/* Who may have what the disk has left. */
struct space *depot_disk(struct depot *depot);

/* Whether the disk has room for `bytes` of a put beside the reserve. */
bool depot_space(struct depot *depot, uint64_t bytes);

/* Calls `visit`, which must not block, nor acquire or release a store, for all stores that are open. */
void depot_each_open(struct depot *depot, void (*visit)(struct store *store));

/* Tells the operator. Does not block. */
void depot_log(struct depot *depot, enum store_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
