/* sim_file.h - the bytes of one file on a simulated disk: what is seen now, what is on disk, and the writes between.
 *
 * Thread: one at a time; the disk's lock sees to it.
 */
#ifndef CAIRN_TESTS_SIM_FILE_H
#define CAIRN_TESTS_SIM_FILE_H

#include "tests/lib/prng.h"

#include <stddef.h>
#include <stdint.h>

struct sim_bytes {
    uint8_t *at;
    size_t size;
    size_t capacity;
};

struct sim_write; /* an unsynced write or change of length */

struct sim_file {
    struct sim_bytes now;     /* what every reader sees */
    struct sim_bytes durable; /* what is sure to survive a power cut */
    struct sim_write *first;  /* from durable to now, oldest first */
    struct sim_write *last;
    uint64_t writes; /* made so far: the order of the newest */
    size_t charged;  /* bytes of space taken: up to the highest byte ever written, less what was cut */
};

/* An all-zero struct is an empty file. */
void sim_file_free(struct sim_file *file);

/* Reads stop at the end of the file; 0 beyond it. */
size_t sim_file_read(const struct sim_file *file, void *bytes, size_t length, size_t position);

void sim_file_write(struct sim_file *file, const void *bytes, size_t length, size_t position);
void sim_file_resize(struct sim_file *file, size_t size);

/* Takes space for the bytes up to there; makes the file as long if it is shorter. */
void sim_file_allocate(struct sim_file *file, size_t size);

/* Brings the writes up to that order (see `writes`) to the disk. */
void sim_file_sync(struct sim_file *file, uint64_t order);

/* A sync that failed: by chance some unsynced writes reach the disk and the others never will, but stay visible. */
void sim_file_sync_failed(struct sim_file *file, struct prng *prng);

/* A power cut: decides what becomes of the unsynced writes. */
void sim_file_cut(struct sim_file *file, struct prng *prng);

#endif
