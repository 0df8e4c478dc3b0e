/* stage.h - the folder of a store that is being made out of two others: the source, whose files are wanted, and the
 * copy of it that there is, if there is one.
 *
 * A file that the copy has already is linked, all others are copied. Each gets the time of its source when its bytes
 * are on disk, and not before. So what a run that was killed has left is known by its imprint to be whole, and the next
 * run goes on with it.
 *
 * A blob never changes. So one that the source has not, or otherwise than it was stored or copied, is in doubt, and
 * what the copy has of it stays where it is: whether it is needed, and which of the two is right, is found out by those
 * who know the log (doubts.h).
 *
 * Thread: one.
 */
#ifndef CAIRN_STAGE_H
#define CAIRN_STAGE_H

#include "store/backup/imprint.h"
#include "store/backup/meter.h"
#include "store/base/error.h"

#include <stdint.h>

/* The folder of a store, open. */
struct stage_store {
    int folder; /* -1: there is none; so are the next two */
    int log;
    int blobs;
};

/* A blob, and what was stored in it: of size STORE_SIZE_UNKNOWN where nobody has told. */
struct stage_blob {
    uint64_t number;
    uint64_t size;
    struct store_digest digest;
};

struct stage_blobs {
    struct stage_blob *list;
    size_t count;
    size_t capacity;
};

/* False when memory is out. */
bool stage_blobs_push(struct stage_blobs *blobs, const struct stage_blob *blob);

struct stage {
    const struct io *io;        /* of the copy and what is being made */
    const struct io *source_io; /* it only reads */
    struct stage_store source;
    struct stage_store present;
    struct stage_store draft;
    bool link;    /* files of the source are linked where the file system can do that */
    bool compare; /* the copy has what the source has only where the bytes are the same */
    struct meter *meter;
    struct stage_blobs doubtful; /* blobs that are in doubt */
    uint64_t files_copied;
    uint64_t files_kept;
    uint64_t bytes_copied;
    uint64_t bytes_kept;
};

/* Opens the folder of a store; an errno. With `make` it, log/ and blobs/ are made where they are missing. */
int stage_store_open(const struct io *io, int parent, const char *name, bool make, struct stage_store *ret_store);
void stage_store_close(const struct io *io, struct stage_store *store);

/* Closes all of it. */
void stage_close(struct stage *stage);

/* How a file came to its place. */
enum stage_way {
    STAGE_KEPT,       /* the copy has it */
    STAGE_COPIED,     /* it has not: it was copied, or linked, or was there from a run that did not get to its end */
    STAGE_GONE,       /* the source has not: it is not there, or is not the one that was expected */
    STAGE_UNREADABLE, /* its disk does not give it */
};

/* Brings a sealed segment to its place, which has this imprint in the source; an errno. Blocking. */
int stage_segment(struct stage *stage, uint64_t number, const struct imprint *imprint, enum stage_way *ret_way);

/* Brings blobs to their places, several at a time, but for those that are in doubt; an errno. The bytes of those that
 * are copied are compared with their digests. Blocking, and long. */
int stage_take_blobs(struct stage *stage, const struct stage_blobs *blobs);

/* Brings one to its place as the source has it, if that is a file; an errno. Blocking. */
int stage_take_as_it_is(struct stage *stage, uint64_t blob);

/* Makes sure that what the draft has of a blob, or the copy, which is whole, is in the draft for good; an errno.
 * `written` (NULL is allowed) is the time that it gets: the source has proven to have the same. Blocking. */
int stage_keep(struct stage *stage, uint64_t blob, const struct timespec *written);

/* Removes all that is in a folder of the draft, but for files with that ending that are wanted; an errno. */
int stage_prune(struct stage *stage, int folder, const char *ending, bool (*wanted)(void *arg, uint64_t number),
                void *arg);

/* Bytes that were copied. */
void stage_advance(struct stage *stage, uint64_t bytes);

/* Adds to the meter what there is to copy, as far as names and lengths tell it. Blocking. */
void stage_measure(const struct stage *stage);

#endif
