/* internal.h - what a store is made of. For its own file and the depot only: a room takes what it needs of it. */
#ifndef CAIRN_STORE_INTERNAL_H
#define CAIRN_STORE_INTERNAL_H

#include "store/base/admission.h"
#include "store/base/error.h"
#include "store/base/key.h"
#include "store/base/notice.h"
#include "store/base/pool.h"
#include "store/base/services.h"
#include "store/commit/gate.h"
#include "store/commit/quota.h"
#include "store/commit/watch.h"
#include "store/commit/writer.h"
#include "store/disk/blobs.h"
#include "store/disk/io.h"
#include "store/disk/space.h"
#include "store/index/arrears.h"
#include "store/index/deadlines.h"
#include "store/index/horizon.h"
#include "store/index/index.h"
#include "store/index/progress.h"
#include "store/log/log.h"
#include "store/read/binder.h"
#include "store/read/catalog.h"
#include "store/read/feed.h"
#include "store/read/object.h"
#include "store/start/imprint.h"
#include "store/store.h"
#include "store/upkeep/compact.h"
#include "store/upkeep/purge.h"
#include "store/upkeep/scrub.h"
#include "store/upkeep/summaries.h"
#include "store/write/intake.h"
#include "store/write/uploads.h"

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
    struct deadlines deadlines;
    struct arrears arrears;

    struct progress progress;
    struct horizon horizon;
    struct reader reader;
    struct feed feed;
    struct catalog catalog;
    struct binder binder;
    struct compact compact;
    struct summaries summaries;
    struct purge purge;
    struct scrub scrub;
    struct watch watch;
    struct writer writer;
    struct quota quota;
    struct gate gate;
    struct intake intake;
    struct uploads uploads;

    struct roster_entry *entry; /* the roster's */
};

/* What is remembered of a store that was closed for now. */
struct store_left {
    struct progress_left progress;
    struct imprint *imprint; /* NULL: there is none */
};

/* The folder of all stores in a data folder. */
#define STORES_FOLDER "stores"

/* Opens and recovers the store of a name in the data folder:
 * STORE_NO_STORE when there is none; STORE_FOREIGN, STORE_DAMAGED, STORE_TOO_NEW, STORE_TOO_LARGE, STORE_IO,
 * STORE_NO_MEMORY; STORE_DRAINING once the services halt. `left` is what store_close_for_now() has said of it; it and
 * ret_detail may be NULL. Blocking. */
struct failure store_open(const struct services *services, const struct home *data, const char *name,
                          const struct store_left *left, struct store **ret_store, struct store_detail *ret_detail);

/* Sets limits of an open store; NULL: that one stays. Durable when it returns. Blocking. Thread: one at a time, and
 * meanwhile none that makes or removes stores in the folder `stores`: STORE_FULL, STORE_IO, STORE_NO_MEMORY. */
struct failure store_set_limits(struct store *store, int stores, const struct store_limit *bytes,
                                const struct store_limit *objects, struct store_detail *ret_detail);

/* The limits of one that is not open, as its file tells them: STORE_NO_STORE, STORE_FOREIGN, STORE_DAMAGED,
 * STORE_TOO_NEW, STORE_IO. Blocking. */
struct failure store_read_limits(const struct io *io, int stores, const char *name, struct store_limits *ret_limits);

/* Whether nothing is under way in a store that nobody refers to, and it may be closed: then that waits for nobody but
 * the disk and the upkeep. One whose sync has failed stays: it is to be told of. */
bool store_is_quiet(struct store *store);

/* Whether it holds so little, and that in one file, that to keep it open costs next to nothing. */
bool store_is_small(struct store *store);

/* Waits for what is in flight, ends the writer, closes all files. No new work may come. Blocking. */
void store_close(struct store *store);

/* The same of a store that may soon be opened again: nothing is written for it. What is to be remembered of it until
 * then, or until it is told by store_tell_left(); perhaps nothing. The caller has it forgotten. */
struct store_left store_close_for_now(struct store *store);
void store_forget_left(struct store_left *left);

/* Tells the file of a store that is closed what is remembered of it. False: descriptors are out, and it is to be tried
 * again. The `last` time it waits for some; that it could not be told is told to the operator then, and does no harm.
 * Blocking. Thread: one that keeps others from opening it. */
bool store_tell_left(const struct services *services, int root, const char *name, const struct store_left *left,
                     bool last);

#endif
