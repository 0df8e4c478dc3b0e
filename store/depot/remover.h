/* remover.h - removing trees of files in the background, in turns with other work.
 *
 * A file with blocks takes as long as the disk needs to take them back, which may be a fifth of a millisecond in which
 * the processor has little to do (docs/performance.md). So several turns unlink at once, of whatever trees there are.
 * Each is a job of the pool that unlinks a few files and goes to the end of the queue then, and there are no more of
 * them than half of the pool's threads: who has other work for it waits for a few files at most, not for a store. As
 * long as somebody syncs a log, which the disk has to do beside that, all turns but one rest.
 *
 * Thread: any.
 */
#ifndef CAIRN_REMOVER_H
#define CAIRN_REMOVER_H

#include "store/base/lock.h"
#include "store/base/pool.h"
#include "store/base/services.h"
#include "store/commit/effort.h"
#include "store/disk/io.h"
#include "store/disk/leftovers.h"

#include <stdatomic.h>
#include <stddef.h>

enum { REMOVER_TURNS_MAX = 4 }; /* more of them hardly free a disk's blocks faster */

struct remover;

struct remover_turn {
    struct remover *remover;
    struct pool_job job;
    bool under_way;
    uint64_t synced; /* time that syncs had taken when it was last run */
};

struct remover {
    const struct io *io;
    struct pool *pool;
    struct leftovers *leftovers;
    const struct effort *effort;
    const atomic_bool *halt;

    struct lock lock;
    struct remover_tree *trees; /* with names to be removed, a folder in front of the one that it lies in */
    struct remover_tree *taken; /* what was asked for and is not done */
    struct remover_turn turns[REMOVER_TURNS_MAX];
    size_t turn_count;
};

/* A remover on the depot's I/O threads, which lets go of what is left once the depot halts. */
void remover_init(struct remover *remover, const struct io *io, const struct services *services);

/* When the pool has come to its end. */
void remover_free(struct remover *remover);

/* Removes what `name` is in the folder `parent`, which stays open until then: a file, or a folder with all it holds.
 * Then calls `done` (NULL is allowed), also when something of it is left. Does not block; without memory it stays. */
void remover_take(struct remover *remover, int parent, const char *name, void (*done)(void *arg, const char *name),
                  void *arg);

/* Whether what `name` is in `parent` is still being removed. Once it is not, its removal has come to its end. */
bool remover_has(struct remover *remover, int parent, const char *name);

#endif
