/* shelf.h - the runs of one or more segments of a store.
 *
 * A shelf has all entries of a segment, or of several ones behind one another: in one file (keys.h), or in memory,
 * where a segment is written to or was sealed just now. Then there are a few runs, of sizes that fall, so that listing
 * while writing sorts only what is new.
 *
 * Thread: the lock of the catalog held.
 */
#ifndef CAIRN_SHELF_H
#define CAIRN_SHELF_H

#include "store/log/stretch.h"
#include "store/read/object.h"
#include "store/read/run.h"

enum { SHELF_RUNS = 40 }; /* their sizes fall, so they are never that many */

struct shelf {
    uint64_t first;               /* numbers of the segments that it is for: from this one ... */
    uint64_t last;                /* ... to this one */
    bool filed;                   /* in a file */
    struct run *runs[SHELF_RUNS]; /* the oldest first */
    size_t count;
};

/* Lets go of all but the first runs. */
void shelf_clear(struct shelf *shelf, size_t count);

/* ---- what it has ------------------------------------------------------------------------------- */

/* What it says of a segment that it is made of; all zero: it is not. */
struct run_source shelf_source(const struct shelf *shelf, uint64_t number);

/* Whether it has all that there is to tell of a segment, whose records end at a position. */
bool shelf_covers(const struct shelf *shelf, uint64_t number, uint64_t records);

/* Whether one in a file has all there is to tell of a stretch, and was made of that very file. An errno, where that
 * cannot be looked at. Blocking. */
int shelf_is_made_of(const struct shelf *shelf, const struct stretch *stretch, bool *ret_made);

/* Whether it lacks records that could not be read. */
bool shelf_lacks(const struct shelf *shelf);

/* Whether one of its runs was found not to be as it was made. */
bool shelf_is_broken(const struct shelf *shelf);

/* ---- filling it -------------------------------------------------------------------------------- */

/* Brings one in memory up to date. STORE_IO, STORE_NO_MEMORY. Blocking. */
struct failure shelf_extend(const struct reader *reader, struct shelf *shelf, const struct stretch *stretch);

/* Makes the file of a sealed segment that has none; where that fails, and where it lacks records, a run in memory.
 * STORE_IO, STORE_NO_MEMORY. Blocking. */
struct failure shelf_file(const struct reader *reader, struct shelf *shelf, const struct stretch *stretch);

/* Takes the file of a sealed segment that others have made meanwhile; false: there is none. Blocking. */
bool shelf_open(const struct reader *reader, struct shelf *shelf, const struct stretch *stretch);

#endif
