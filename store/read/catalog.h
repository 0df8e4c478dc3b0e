/* catalog.h - the objects of a store in the order of their keys.
 *
 * For each sealed segment there is a run, a file with its keys sorted (run.h), made when a listing first needs it;
 * for the active one there are a few runs in memory, of sizes that fall by half, so that listing while
 * writing sorts only what is new. A listing merges all of them from where the page begins, and shows a key when the
 * store holds an object under it now. So a page costs what it shows, not what the store holds, and nothing of
 * this lies on the way of a write.
 *
 * Entries that a page finds to lead to nothing never will again, since all that is written comes into later runs: long
 * rows of them are passed over from then on. So listing and deleting from the front, as a queue does, stays cheap.
 *
 * A key that is there from before a page is asked for until it is answered is on the page where it belongs, unless its
 * record is damaged: that is told.
 */
#ifndef CAIRN_CATALOG_H
#define CAIRN_CATALOG_H

#include "store/base/lock.h"
#include "store/read/run.h"

enum { CATALOG_RUNS = 40 }; /* per segment: their sizes fall by half, so they are never that many */

struct catalog_shelf {
    struct run *runs[CATALOG_RUNS];
    size_t count;
};

struct reader;

struct catalog {
    const struct reader *reader; /* the store's */
    struct lock lock;
    struct catalog_shelf *shelves; /* by slot of the segment */
    size_t count;
};

/* Sets up the rest of a catalog that has its reader. */
void catalog_init(struct catalog *catalog);
void catalog_free(struct catalog *catalog);

/* What store_list() says. Blocking. Thread: any. */
struct failure catalog_list(struct catalog *catalog, const struct store_list_query *query,
                            void (*item)(void *arg, const struct store_list_item *item), void *arg,
                            unsigned char ret_cursor[STORE_CURSOR_MAX], size_t *ret_cursor_length);

/* Lets go of the runs of a segment that has been compacted, before its slot becomes another's. Thread: any. */
void catalog_forget(struct catalog *catalog, size_t slot);

#endif
