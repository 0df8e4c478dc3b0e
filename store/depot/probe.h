/* probe.h - whether the data folder is still where it was, and its disk gives bytes and takes some.
 *
 * Looked at when somebody wants to know, and not again for a moment; on a thread of its own, since the others may be
 * waiting for that very disk. Past the page cache where that can be done, since what is in there says nothing of the
 * disk. Where a look does not come back the disk counts as failed.
 *
 * Bytes are written only after a write has failed, until the disk takes them again.
 *
 * Thread: any.
 */
#ifndef CAIRN_PROBE_H
#define CAIRN_PROBE_H

#include "store/base/lock.h"
#include "store/base/pool.h"
#include "store/disk/io.h"
#include "store/store.h"

#include <stdatomic.h>

/* What else is to be looked at, with `detail` for the first thing that is wrong. Thread: the probe's. */
struct probe_hook {
    void (*look)(void *arg, struct store_detail *detail);
    void *arg;
};

struct probe {
    const struct io *io;
    int folder; /* borrowed: the data folder */
    struct probe_hook hook;
    atomic_bool *alarm; /* borrowed: a write has failed, and none has been seen to succeed since */
    char *path;         /* where the folder was opened */
    struct pool *pool;

    struct lock lock;
    int64_t looked;             /* when that was last, in milliseconds; 0: never */
    int64_t began;              /* when the look that is under way did; 0: none is */
    struct store_detail detail; /* what is wrong; "": nothing */
};

/* False when memory or threads are out. */
bool probe_init(struct probe *probe, const struct io *io, int folder, const char *path, atomic_bool *alarm,
                const struct probe_hook *hook);

/* Blocking, while a look is under way. */
void probe_free(struct probe *probe);

/* Has it looked at, if that was not just now, and calls `done(arg)`, which must not block, on its thread. STORE_AGAIN
 * when a look has not come back for seconds: probe_tell() tells that. STORE_NO_MEMORY. Does not block. */
enum store_error probe_ask(struct probe *probe, void (*done)(void *arg), void *arg);

/* True when nothing is wrong, as far as is known; else *ret_detail (NULL is allowed) says what is. */
bool probe_tell(struct probe *probe, struct store_detail *ret_detail);

#endif
