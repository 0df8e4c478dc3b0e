/* catalog.h - which runs tell of the objects of a store.
 *
 * The runs stand on shelves. A shelf has all entries of a segment, or of several ones behind one another: in one file
 * (keys.h), or in memory, where a segment is written to or was sealed just now. Then there are a few runs, of sizes
 * that fall, so that listing while writing sorts only what is new. A file is made when a listing first needs it.
 *
 * So a page costs what it shows, not what the store holds, and nothing of this lies on the way of a write.
 */
#ifndef CAIRN_CATALOG_H
#define CAIRN_CATALOG_H

#include "store/base/lock.h"
#include "store/read/keys.h"
#include "store/read/object.h"

enum { CATALOG_RUNS = 40 }; /* of a shelf: their sizes fall, so they are never that many */

struct catalog_shelf {
    uint64_t first;                 /* numbers of the segments that it is for: from this one ... */
    uint64_t last;                  /* ... to this one */
    bool filed;                     /* in a file */
    struct run *runs[CATALOG_RUNS]; /* the oldest first */
    size_t count;
};

struct catalog {
    const struct reader *reader; /* the store's */

    struct lock lock;
    struct catalog_shelf *shelves; /* in the order of their segments */
    size_t count;
    size_t capacity;
    bool opened; /* the files there are have been looked at */
};

/* Sets up the rest of a catalog that has its parts. */
void catalog_init(struct catalog *catalog);
void catalog_free(struct catalog *catalog);

/* Runs that tell of every object there is now: references, in an allocated array, the oldest first. STORE_IO,
 * STORE_NO_MEMORY. Blocking. Thread: any. */
struct failure catalog_runs(struct catalog *catalog, struct run ***ret_runs, size_t *ret_count);

/* Lets go of runs that were found not to be as they were made, and removes their files. Blocking. Thread: any. */
void catalog_drop_broken(struct catalog *catalog);

/* A segment has been compacted: nobody will look into its own file of keys any more. Blocking. Thread: any. */
void catalog_forget(const struct catalog *catalog, uint64_t number);

/* Whether a shelf has all that there is to tell of a segment, whose records end at a position. */
bool catalog_shelf_covers(const struct catalog_shelf *shelf, uint64_t number, uint64_t records);

#endif
