/* internal.h - what a store is made of. For the rooms of the engine, not for its users. */
#ifndef CAIRN_STORE_INTERNAL_H
#define CAIRN_STORE_INTERNAL_H

#include "store/base/admission.h"
#include "store/base/error.h"
#include "store/base/key.h"
#include "store/base/notice.h"
#include "store/base/pool.h"
#include "store/base/services.h"
#include "store/base/table.h"
#include "store/commit/writer.h"
#include "store/disk/blobs.h"
#include "store/disk/io.h"
#include "store/disk/space.h"
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

    /* Guards index, blobs.needs, the log's table and the figures. Readers share it for a look-up; the
     * writer takes it to publish a whole group, so that a batch becomes visible at once. */
    pthread_rwlock_t lock;
    struct table index; /* key hash -> packed location */
    struct log log;
    struct blobs blobs;
    uint64_t live_bytes;
    uint64_t dead_log_bytes;
    uint64_t commits;
    uint64_t records;
    uint64_t end_offset; /* published */
    uint64_t damaged_bytes;
    bool gaps;                    /* recovery has found parts of the log missing or damaged: they may come back */
    size_t behind_gaps;           /* slot of the first segment behind all of them */
    struct table damaged_records; /* packed locations of those that are counted in damaged_bytes */
    struct table blob_notes;      /* blobs that are not as they were written: store_note_blob() */

    bool mark_last; /* the log ends with a mark; the writer's */

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

/* The same for what an accepted write brings along: never refused. */
void store_admit_always(struct store *store, uint64_t bytes);

/* Counts a record as damaged; false when it is known already. */
bool store_note_damage(struct store *store, uint64_t packed);

/* What was found of a blob. What a look at the file tells, each read looks at again: the file may come back. */
enum blob_note {
    BLOB_NOTE_NONE,
    BLOB_NOTE_MISSING,
    BLOB_NOTE_SIZE,
    BLOB_NOTE_DIGEST, /* only a verification compares it: such a blob is not served until one has found it whole */
};

/* Takes down what was found of a blob, if an object needs it; true when that is news. */
bool store_note_blob(struct store *store, uint64_t blob, enum blob_note note);
enum blob_note store_blob_note(struct store *store, uint64_t blob);

/* Whether a verification has found the blob damaged. */
bool store_blob_is_damaged(struct store *store, uint64_t blob);

/* How many blobs that objects need were found damaged, and how many missing. */
void store_count_notes(struct store *store, uint64_t *ret_damaged, uint64_t *ret_missing);

/* Gives back what an admitted transaction took, discards the blobs of a failed one, calls its done. */
void store_complete(struct store *store, struct txn *txn);

#endif
