/* reserve.h - a file of a data folder that keeps space for the time when the disk is full.
 *
 *     DIR/reserve    blocks, and nothing in them
 *
 * Free space is anybody's; blocks of a file are not. When deletes or compaction meet a full disk the file is made
 * shorter by what they need, and is filled up again when space has come back.
 *
 * Thread: any.
 */
#ifndef CAIRN_RESERVE_H
#define CAIRN_RESERVE_H

#include "store/base/lock.h"
#include "store/disk/io.h"

#include <stdatomic.h>

struct reserve {
    const struct io *io;
    int folder; /* borrowed: the data folder */
    struct lock lock;
    int file; /* -1: there is none yet */
    atomic_uint_fast64_t size;
};

/* With `open`, opens the file if it is there; what cannot be opened counts as not there. */
void reserve_init(struct reserve *reserve, const struct io *io, int folder, bool open);
void reserve_free(struct reserve *reserve);

/* Removes a file that an earlier life has left. */
void reserve_remove(const struct io *io, int folder);

/* Bytes in the file. */
uint64_t reserve_size(const struct reserve *reserve);

/* Gives the disk back `bytes` of it, or what is there; false when nothing is. */
bool reserve_give(struct reserve *reserve, uint64_t bytes);

/* Makes the file longer by `bytes`, creating it if need be; an errno. Blocking, and long where the file system has to
 * be written zeros. */
int reserve_grow(struct reserve *reserve, uint64_t bytes);

#endif
