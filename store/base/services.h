/* services.h - what a depot gives its stores: limits, threads, the disk, the operator's ear.
 *
 * Thread: any. All of it is the depot's, does not change, and lives as long as the depot does.
 */
#ifndef CAIRN_SERVICES_H
#define CAIRN_SERVICES_H

#include "store/base/notice.h"
#include "store/store.h"

#include <stdatomic.h>

struct admission;
struct effort;
struct groups;
struct handles;
struct leftovers;
struct pool;
struct space;

struct services {
    const struct depot_options *options;
    struct admission *admission;  /* what all stores together take in */
    struct pool *pool;            /* the I/O threads: blob files, preparing segments */
    struct pool *openers;         /* where stores are opened, and closed again */
    struct pool *closers;         /* where idle ones are closed for who cannot wait for that */
    struct pool *commits;         /* where writers have their turns */
    struct groups *groups;        /* what they commit with there */
    struct pool *upkeep;          /* one thread, for what has time and may take long: compaction and the reserve */
    struct handles *handles;      /* files of the stores that are open although nobody reads them */
    struct leftovers *leftovers;  /* files that are removed and that somebody still reads */
    struct space *space;          /* who may have what the disk has left */
    struct effort *effort;        /* what commits cost is counted there */
    const atomic_bool *halt;      /* once it is set, no store is opened any more: STORE_DRAINING */
    const atomic_bool *unwatched; /* once it is set, nobody waits for a commit any more */
    atomic_bool *alarm;           /* raised when a write has failed by the disk; the probe looks after it */
    struct notice notice;         /* about the depot as a whole */
};

#endif
