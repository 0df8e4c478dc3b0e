/* medium.h - a pool of RADOS as a place for a data folder: a table of file calls (store/disk/io.h).
 *
 * layout.h shows what lies in the pool. A change of names is durable when its call returns, so the sync of a folder has
 * nothing left to do; a write is durable when the sync of its file returns. Zeros that were never written take nothing.
 * Descriptors are numbers that mean nothing to the system.
 *
 * One process at a time has the data folder: whoever locks its root has the lease of it (lease.h). When that is lost
 * every call fails with ESHUTDOWN, for good, and the process has to end.
 *
 * Thread: any, but for medium_begin() and medium_end().
 */
#ifndef CAIRN_MEDIUM_H
#define CAIRN_MEDIUM_H

#include "store/disk/io.h"
#include "store/rados/descriptor.h"
#include "store/rados/lease.h"
#include "store/rados/removal.h"

struct medium {
    struct io io;
    struct cluster cluster;
    const char *name; /* borrowed: a path that begins with it begins at the root */
    void (*lost)(void *arg, const char *sentence);
    void *lost_arg;
    struct lease lease;
    struct cache cache;
    struct aheads aheads;
    struct inodes inodes;
    struct removals removals;
    struct descriptors descriptors;
};

struct medium_use {
    const char *name;
    unsigned lease;                                /* seconds */
    uint64_t piece;                                /* bytes; 0: LAYOUT_PIECE. All who use a pool have to agree */
    size_t cache;                                  /* bytes of what was read lately that are kept; 0: none are */
    void (*lost)(void *arg, const char *sentence); /* called once, on any thread. Must not block */
    void *arg;
};

/* Fills all zero memory. Takes the cluster over, but not on failure; an errno. Blocking. */
int medium_begin(struct medium *medium, const struct cluster *cluster, const struct medium_use *use);

/* Every descriptor must be closed. Blocking: waits for what is being removed. */
void medium_end(struct medium *medium);

#endif
