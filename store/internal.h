/* internal.h - what a store is made of. For the rooms of the engine, not for its users. */
#ifndef CAIRN_STORE_INTERNAL_H
#define CAIRN_STORE_INTERNAL_H

#include "store/base/admission.h"
#include "store/base/error.h"
#include "store/base/key.h"
#include "store/base/notice.h"
#include "store/base/pool.h"
#include "store/base/services.h"
#include "store/commit/writer.h"
#include "store/disk/blobs.h"
#include "store/disk/io.h"
#include "store/disk/space.h"
#include "store/index/index.h"
#include "store/log/log.h"
#include "store/log/reach.h"
#include "store/read/catalog.h"
#include "store/store.h"
#include "store/upkeep/compact.h"
#include "store/upkeep/scrub.h"

#include <pthread.h>
#include <stdatomic.h>

struct store {
    const struct services *services;     /* the depot's */
    const struct depot_options *options; /* the same */
    const struct io *io;
    struct notice notice;
    char name[STORE_NAME_MAX + 1];
    uint64_t salt;

    struct log log;
    struct blobs blobs;
    struct index index;

    /* Used by the thread that opens or closes the store, and by the upkeep in between. */
    struct reach reach; /* what the file says */
    bool reach_failed;  /* it could not be written, and that was told */
    uint64_t resumed;   /* where the log went on at the start when its end was lost; 0: it was not */

    struct catalog catalog;
    struct compact compact;
    struct scrub scrub;
    struct writer writer;
    atomic_bool failed;  /* a sync failed: no writes any more */
    atomic_bool closing; /* being deleted or closed: no new writes */
    atomic_uint_fast64_t ops_in_flight;
    atomic_uint_fast64_t bytes_in_flight;

    atomic_bool deleted;        /* its folder is gone from the depot: what is still queued fails */
    struct roster_entry *entry; /* the roster's */
};

/* Opens and recovers the store in the folder `name` of `stores`. Blocking. */
enum store_error store_open(const struct services *services, int stores, const char *name, struct store **ret_store,
                            struct store_detail *ret_detail);

/* Whether nothing is in flight. Without a reference to it, that stays so. */
bool store_is_idle(struct store *store);

/* Waits for what is in flight, ends the writer, closes all files. No new work may come. Blocking. */
void store_close(struct store *store);

/* Takes up `bytes` of memory and one op in flight: STORE_BUSY, STORE_DRAINING, STORE_FAILED. */
enum store_error store_admit(struct store *store, uint64_t bytes);
void store_discharge(struct store *store, uint64_t bytes);

/* Takes up `bytes` of memory more for a write under way that has `held`; false: others have it. */
bool store_take(struct store *store, uint64_t held, uint64_t bytes);
void store_return(struct store *store, uint64_t bytes);

/* Whether so much is taken up that who can do with less should. */
bool store_is_pressed(const struct store *store);

/* The same as store_admit() for what an accepted write brings along: never refused. */
void store_admit_always(struct store *store, uint64_t bytes);

/* Gives back what an admitted transaction took, discards the blobs of a failed one, calls its done. */
void store_complete(struct store *store, struct txn *txn);

#endif
