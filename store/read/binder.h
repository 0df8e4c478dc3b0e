/* binder.h - makes few runs of many, in the background.
 *
 * It looks at the shelves of a catalog from the latest segment back. As long as a shelf has fewer than twice the
 * entries of all behind it, they become one: so the sizes of the shelves fall, however many segments there are, and an
 * entry is written again only a few times. Up to three shelves in files are few enough. What is in memory of a segment
 * that was sealed comes into a file. A shelf a quarter of whose entries are puts that led to nothing is merged with all
 * behind it, where most of what ended them stands.
 *
 * Between two such works it brings the shelves up to date where many tombstones are on none, and the runs learn which
 * entries have come to lead to nothing (learner.h). When all of that is done it writes down what is known
 * (inventory.h), where that is much more than the last time.
 *
 * It works in small turns, so that others have theirs, and not while the disk has no room that it could do without. The
 * catalog is locked only to look at the shelves and to put the new one in their place.
 *
 * Thread: the depot's upkeep, unless it says otherwise.
 */
#ifndef CAIRN_BINDER_H
#define CAIRN_BINDER_H

#include "store/base/errand.h"
#include "store/disk/space.h"
#include "store/read/binding.h"
#include "store/read/catalog.h"
#include "store/read/keys.h"

/* What is under way. */
struct binder_work {
    struct run **runs; /* of the shelves, references */
    size_t count;
    uint64_t first; /* the number of the first segment that they are for */
    bool ends;      /* nothing is in front of them */
    struct run_source *sources;
    struct binding_span *spans;
    size_t source_count;
    struct keys_file file;
    struct binding *binding; /* apart, since it is large, and most stores never have anything to merge */
};

struct binder {
    struct catalog *catalog; /* the store's, like the next */
    struct index *index;
    const struct log *log;
    struct space *space; /* the depot's */

    struct errand errand;
    uint64_t learnt; /* tombstones that were looked at since the inventory was written, about */
    bool working;
    struct binder_work work; /* if it is */
};

/* Sets up the rest of a binder that has its parts. */
void binder_init(struct binder *binder, struct pool *upkeep);
void binder_free(struct binder *binder);

/* Ends what is under way. Blocking. Thread: the one that closes the store. */
void binder_stop(struct binder *binder);

#endif
