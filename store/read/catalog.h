/* catalog.h - which runs tell of the objects of a store.
 *
 * The runs stand on shelves (shelf.h). A file is made when a listing first needs it. In the background the shelves of
 * many segments become few, and what is known of all of them comes into the inventory (binder.h), from where a catalog
 * takes it when it is opened.
 *
 * So a page costs what it shows, not what the store holds, and nothing of this lies on the way of a write.
 */
#ifndef CAIRN_CATALOG_H
#define CAIRN_CATALOG_H

#include "store/base/errand.h"
#include "store/base/lock.h"
#include "store/log/stretch.h"
#include "store/read/inventory.h"
#include "store/read/object.h"
#include "store/read/outgoing.h"
#include "store/read/shelf.h"

#include <stdatomic.h>

struct catalog {
    const struct reader *reader; /* the store's, like the next */
    struct errand *binding;      /* the binder's: makes few shelves of many */

    struct lock lock;
    struct shelf *shelves; /* in the order of their segments */
    size_t count;
    size_t capacity;
    bool opened;                   /* the files there are have been looked at */
    bool changed;                  /* since the binder looked at it last */
    struct run_source inventoried; /* the last segment, up to where it is in the inventory */
    uint64_t worn_at;              /* the last segment there was when the binder made a worn shelf anew */
    struct outgoing outgoing;      /* merged into others, and still read */

    atomic_bool leaving; /* there are some that go out */
    atomic_size_t gone;  /* entries that led to nothing, on pages that met many, since the binder was asked for that */
};

/* Sets up the rest of a catalog that has its parts. */
void catalog_init(struct catalog *catalog);
void catalog_free(struct catalog *catalog);

/* Runs that tell of every object there is now: references, in an allocated array, the oldest first. STORE_IO,
 * STORE_NO_MEMORY. Blocking. Thread: any. */
struct failure catalog_runs(struct catalog *catalog, struct run ***ret_runs, size_t *ret_count);

/* Whether many tombstones are in no run yet, or much of the last segment not in the inventory. Thread: any. */
bool catalog_lags(struct catalog *catalog);

/* Lets go of runs that were found not to be as they were made, and removes their files; whether there were any.
 * Blocking. Thread: any. */
bool catalog_drop_broken(struct catalog *catalog);

/* A segment has been compacted: nobody will look into its own file of keys any more. Blocking. Thread: any. */
void catalog_forget(struct catalog *catalog, uint64_t number);

/* Has the binder look whether there is something to do. Thread: any. */
void catalog_tidy(struct catalog *catalog);

/* Removes the files that have been merged into others, and that no page is made of any more. Blocking. Thread: any. */
void catalog_sweep(struct catalog *catalog);

/* A page has shown so much, and so many entries have led to nothing: where these are many, or there are files that it
 * was the last to read, the binder looks at it. Thread: any. */
void catalog_count(struct catalog *catalog, size_t shown, size_t gone);

/* The same as catalog_runs(), but what has come since the last time is looked at only where the catalog lags. Blocking.
 * Thread: the binder's. */
struct failure catalog_known_runs(struct catalog *catalog, struct run ***ret_runs, size_t *ret_count);

/* ---- for the binder; the catalog's lock is held ----------------------------------------------- */

/* Lets go of a shelf, and of its file. Blocking. */
void catalog_discard(struct catalog *catalog, size_t at);

/* Puts a run from a file in the place of shelves that stand one behind the other, and removes their files. The
 * tombstones behind them have to teach it. Takes it. Blocking. */
void catalog_replace(struct catalog *catalog, size_t from, size_t count, struct run *run);

/* Takes references on all runs there are, in an allocated array, the oldest first. STORE_NO_MEMORY. */
struct failure catalog_take_runs(const struct catalog *catalog, struct run ***ret_runs, size_t *ret_count);

/* How many of the runs, the last ones, are those of the last segment, in memory or in the inventory, and whether much
 * of that is not in there. */
size_t catalog_own_runs(const struct catalog *catalog, bool *ret_lags);

/* Puts the run of the last segment, which is in the inventory now, in the place of those that it was made of, if they
 * are still there. Takes it. */
void catalog_take_inventory(struct catalog *catalog, const struct inventory_stock *stock, struct run *run);

/* The stretch of the first segment from a number on; false: there is none. */
bool catalog_pin_from(const struct catalog *catalog, uint64_t number, struct stretch *ret_stretch);

#endif
