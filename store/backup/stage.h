/* stage.h - the folder of a store that is being made out of two others: the source, whose files are wanted, and the
 * copy of it that there is, if there is one.
 *
 * A file that the copy has already is linked, all others are copied. Each gets the time of its source when its bytes
 * are on disk, and not before. So what a run that was killed has left is known by its imprint to be whole, and the next
 * run goes on with it.
 *
 * Thread: one.
 */
#ifndef CAIRN_STAGE_H
#define CAIRN_STAGE_H

#include "store/backup/imprint.h"
#include "store/base/error.h"

#include <stdint.h>

/* The folder of a store, open. */
struct stage_store {
    int folder; /* -1: there is none; so are the next two */
    int log;
    int blobs;
};

/* What has been done, and what there is to do, as far as is known. Shared by all stores of a backup. */
struct stage_meter {
    uint64_t done; /* bytes copied */
    uint64_t total;
    void (*advanced)(void *arg, uint64_t done, uint64_t total); /* NULL: nobody wants to know */
    void *arg;
};

struct stage {
    const struct io *io;        /* of the copy and what is being made */
    const struct io *source_io; /* it only reads */
    struct stage_store source;
    struct stage_store present;
    struct stage_store draft;
    bool link; /* files of the source are linked where the file system can do that */
    struct stage_meter *meter;
    uint64_t files_copied;
    uint64_t files_kept;
    uint64_t bytes_copied;
    uint64_t bytes_kept;
};

/* Opens the folder of a store; an errno. With `make` it, log/ and blobs/ are made where they are missing. */
int stage_store_open(const struct io *io, int parent, const char *name, bool make, struct stage_store *ret_store);
void stage_store_close(const struct io *io, struct stage_store *store);

/* How a file came to its place. */
enum stage_way {
    STAGE_KEPT,   /* the copy has it */
    STAGE_COPIED, /* it has not: it was copied, or linked, or was there from a run that did not get to its end */
    STAGE_GONE,   /* the source has not: it is not there, or is not the one that was expected */
};

/* Brings a sealed segment to its place, which has this imprint in the source; an errno. Blocking. */
int stage_segment(struct stage *stage, uint64_t number, const struct imprint *imprint, enum stage_way *ret_way);

/* Brings blobs to their places, several at a time; an errno. *ret_gone: how many of them the source has not.
 * Blocking. */
int stage_blobs(struct stage *stage, const uint64_t *blobs, size_t count, size_t *ret_gone);

/* Removes what has that ending in a folder of the draft and is not wanted; an errno. */
int stage_prune(struct stage *stage, int folder, const char *ending, bool (*wanted)(void *arg, uint64_t number),
                void *arg);

/* Bytes that were copied. */
void stage_advance(struct stage *stage, uint64_t bytes);

#endif
