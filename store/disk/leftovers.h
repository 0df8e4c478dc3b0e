/* leftovers.h - files whose names are gone, and which give their space back by slices.
 *
 * A file system that is mounted with `discard` tells the disk of each block that is freed, and what is synced meanwhile
 * waits: 30 ms for a file of 256 MiB (docs/performance.md). All of a file is freed at once by whoever closes it last.
 * So a large file that was removed is cut from its end on, and each cut synced.
 *
 * Only what nobody can miss is cut: a file that has no name left, on disk either, and that nobody else has open. While
 * somebody still reads it, it is kept open here, so that it is cut behind him, and not freed by him: he may be a thread
 * that serves many.
 *
 * Thread: any, unless it says otherwise.
 */
#ifndef CAIRN_LEFTOVERS_H
#define CAIRN_LEFTOVERS_H

#include "store/base/errand.h"
#include "store/base/lock.h"
#include "store/disk/io.h"

#include <stdatomic.h>
#include <stddef.h>

enum { LEFTOVERS_MAX = 64 };

struct leftovers {
    const struct io *io; /* borrowed */
    atomic_bool in_haste;
    atomic_flag cutting; /* one thread does: others have more to do than to give space back */
    struct errand looker;
    struct lock lock;         /* guards the next two */
    int files[LEFTOVERS_MAX]; /* that somebody still has open; of more of them he who closes one frees it */
    size_t count;
};

void leftovers_init(struct leftovers *leftovers, const struct io *io, struct pool *pool);

/* The program ends: what is removed from now on gives its space back at once. */
void leftovers_hurry(struct leftovers *leftovers);

/* Closes what somebody still has; what comes later is closed as it comes. Before the pool ends. Blocking. */
void leftovers_end(struct leftovers *leftovers);

/* When nothing comes any more. */
void leftovers_free(struct leftovers *leftovers);

/* Unlinks a file, and returns when its space is given back, as far as nobody has it. An errno. Blocking, for long if
 * the file is large. */
int leftovers_remove(struct leftovers *leftovers, int folder, const char *name);

/* The same in two steps, for a name that is about to lead to another file: opens it, -1 where that is not worthwhile;
 * and takes it when its name in the folder is gone. -1 is allowed. Blocking, as above. */
int leftovers_open(const struct leftovers *leftovers, int folder, const char *name);
void leftovers_take(struct leftovers *leftovers, int folder, int file);

#endif
