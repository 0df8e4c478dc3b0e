/* purge.h - deletes the objects of a store that have expired.
 *
 * Nobody sees them any more, whether they are deleted or not (store.h): this gives back what they take, and lets those
 * who follow the log know. The deadlines (deadlines.h) tell when there is something to do. Each object that is found
 * then is ended by an ordinary tombstone, through the store's writer, which decides at the commit whether the key still
 * leads to an object whose time is over: so what has replaced it is never deleted.
 *
 * What the deadlines lack is found by a look at all objects, page by page, in the order of their keys: when the store
 * is opened and a file says that objects may expire (expiring.h), and where there are so many that not all are kept. It
 * takes no more than a small share of the time. Where a deletion fails, on a full disk and the like, there is one a
 * minute later.
 *
 * Where parts of the log are missing nothing is deleted: what may come back of them is not known yet.
 *
 * Thread: the depot's upkeep, but for what says something else.
 */
#ifndef CAIRN_PURGE_H
#define CAIRN_PURGE_H

#include "store/base/errand.h"
#include "store/commit/writer.h"
#include "store/index/deadlines.h"
#include "store/read/catalog.h"
#include "store/read/object.h"

struct purge_look;

struct purge {
    struct index *index; /* the store's, like all of these */
    const struct log *log;
    const struct gate *gate;
    struct writer *writer;
    const struct reader *reader;
    struct catalog *catalog;
    struct deadlines *deadlines;

    bool told;               /* the file is there; the errand's own, like the next */
    struct purge_look *look; /* at all objects, under way; or NULL */
    int64_t rested;          /* on the monotonic clock: none begins before that */
    struct errand errand;    /* woken when something is to expire sooner than it knew */
};

/* Sets up the rest of one that has its parts; it runs on the depot's upkeep. */
void purge_init(struct purge *purge, struct pool *upkeep);
void purge_free(struct purge *purge);

/* Begins, when the store has been opened: what recovery has read has told its deadlines. Blocking. Thread: the one that
 * opens the store. */
void purge_begin(struct purge *purge);

/* Ends it and waits for it. Thread: the one that closes the store. */
void purge_stop(struct purge *purge);

#endif
