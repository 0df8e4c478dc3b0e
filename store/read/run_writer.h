/* run_writer.h - writes a run, entry by entry, into memory or into a file from some position on.
 *
 * Thread: one at a time.
 */
#ifndef CAIRN_RUN_WRITER_H
#define CAIRN_RUN_WRITER_H

#include "store/read/entry.h"
#include "store/read/run.h"

/* Bytes that grow. */
struct run_bytes {
    unsigned char *bytes;
    size_t length;
    size_t capacity;
};

struct run_writer {
    const struct io *io;
    int file;        /* borrowed; -1: into memory */
    uint64_t offset; /* of the run in the file */
    uint64_t salt;
    struct run_bytes bytes; /* of the run from `written` on, up to where the entries have come */
    uint64_t written;       /* bytes of the run that are in the file */
    size_t block;           /* where in `bytes` the block in the making begins */
    struct entry last;      /* of that block; all zero: it has none yet */
    unsigned char attributes[ENTRY_ATTRIBUTES_MAX];
    struct run_bytes fences;
    struct run_bytes keys; /* of the fences, and of the block in the making */
    struct run_header header;
};

/* Begins a run: in memory, where `io` is NULL. */
void run_writer_init(struct run_writer *writer, const struct io *io, int file, uint64_t offset, uint64_t salt);
void run_writer_free(struct run_writer *writer);

/* Adds an entry, whose place is not before that of the last one. STORE_NO_MEMORY, and of a file STORE_FULL, STORE_IO.
 * Blocking. */
struct failure run_writer_add(struct run_writer *writer, const struct entry *entry);

/* Ends the run, which is made of these segments, in order; *ret_length: its bytes. In a file they are not synced. The
 * errors of run_writer_add(). Blocking. */
struct failure run_writer_end(struct run_writer *writer, const struct run_source *sources, size_t count,
                              uint64_t *ret_length);

/* Ends a run in memory of one segment; *lacks: what it lacks, which it takes on success. STORE_NO_MEMORY. */
struct failure run_writer_take(struct run_writer *writer, const struct run_source *source, uint64_t **lacks,
                               size_t lacks_count, struct run **ret_run);

#endif
