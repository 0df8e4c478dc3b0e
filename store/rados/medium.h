/* medium.h - a pool of RADOS as a place for a data folder: a table of file calls (store/disk/io.h).
 *
 * layout.h shows what lies in the pool. A change of names is durable when its call returns, so the sync of a folder has
 * nothing left to do; a write is durable when the sync of its file returns. Zeros that were never written take nothing.
 * Descriptors are numbers that mean nothing to the system.
 *
 * Any number of processes may use a pool. Each tree, which is a store, has one owner (lease.h), that of the root none:
 * its names are everybody's, and whoever locks it has it for as long as it takes to set something up. A tree in which
 * something is changed is taken first, with the wait that this may need; one that is only read is not. When the lease
 * is lost every call fails with ESHUTDOWN, for good, and the process has to end.
 *
 * Thread: any, but for medium_begin() and medium_end().
 */
#ifndef CAIRN_MEDIUM_H
#define CAIRN_MEDIUM_H

#include "store/disk/io.h"
#include "store/disk/tenure.h"
#include "store/rados/descriptor.h"
#include "store/rados/joint.h"
#include "store/rados/lease.h"
#include "store/rados/removal.h"

struct medium {
    struct io io;
    struct tenure tenure;
    struct joint beside[2]; /* the same with the files of this machine: for a folder there, and for one in the pool */
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
    const char *address;                           /* where this process serves; NULL: it does not say */
    unsigned lease;                                /* seconds */
    uint64_t piece;                                /* bytes; 0: LAYOUT_PIECE. All who use a pool have to agree */
    size_t cache;                                  /* bytes of what was read lately that are kept; 0: none are */
    void (*lost)(void *arg, const char *sentence); /* called once, on any thread. Must not block */
    void *arg;
};

/* Fills all zero memory. Takes the cluster over, but not on failure; an errno. Blocking. */
int medium_begin(struct medium *medium, const struct cluster *cluster, const struct medium_use *use);

/* Its table of who has what (medium_tenure.c). Thread: the one that begins it. */
struct tenure medium_tenure(struct medium *medium, unsigned lease);

/* Every descriptor must be closed. Blocking: waits for what is being removed. */
void medium_end(struct medium *medium);

#endif
