/* inode.h - a file that is open: its bytes in pieces, and what is known of it.
 *
 * Whoever opens the same file shares one. Writes are only begun; a sync waits for all of them, and for the head, where
 * length or time have changed. What has gone wrong stays with the file as long as it is open: an outcome that nobody
 * knows is a failed sync. A file that is let go of before it was synced is synced then, so that whoever opens it next
 * finds it as it was.
 *
 * Its time changes with the first write after somebody has looked at it, and not with each: else every commit of a
 * store would write the head of a segment.
 *
 * No piece is written that its head does not account for, on the cluster: so a removal finds all of them, also of a
 * file that was never synced.
 *
 * Thread: any.
 */
#ifndef CAIRN_INODE_H
#define CAIRN_INODE_H

#include "store/base/lock.h"
#include "store/base/table.h"
#include "store/rados/cache.h"
#include "store/rados/cluster.h"
#include "store/rados/latch.h"
#include "store/rados/layout.h"

#include <stdatomic.h>

struct removal;

/* The files that are open. */
struct inodes {
    const struct cluster *cluster;
    uint64_t piece;      /* bytes */
    struct cache *cache; /* of all of them */
    struct lock lock;
    struct table table; /* by number: the address */
    uint64_t closed;    /* files that may have been written to, and are not open any more */
    uint64_t removed;   /* files, of those that nobody had open */
};

struct inode {
    struct inodes *inodes;
    uint64_t number;
    unsigned opens;          /* the inodes' lock */
    struct removal *removal; /* the same: links that were removed meanwhile */
    struct cache_file cached;
    atomic_uint_fast64_t changes; /* of its bytes, that were begun */
    struct latch writes;
    struct lock lock;        /* of what follows */
    struct layout_file file; /* as readers see it; of its pieces, those that may be there by what was begun */
    uint64_t accounted;      /* pieces, by the head that is on the cluster */
    uint64_t heads;          /* that were sent */
    bool changed;            /* the head that was sent last is another one */
    bool written;            /* since it was opened */
    bool looked;             /* at its time, since the last write */
    bool tail_unknown;       /* bytes may stand behind its end */
};

void inodes_init(struct inodes *inodes, const struct cluster *cluster, uint64_t piece, struct cache *cache);
void inodes_free(struct inodes *inodes);

/* Opens one, `made` when it was made just now; an errno. Blocking. */
int inode_open(struct inodes *inodes, uint64_t number, bool made, struct inode **ret_inode);

/* Opens it once more. */
void inode_hold(struct inode *inode);

/* Lets go of it. Returns the removals that have waited for that. Blocking where it was not synced. */
struct removal *inode_release(struct inode *inode);

/* How many have been removed: whoever opens a file, and sees that it is another number than it was when he found its
 * name, has to look for that again. Of a file that is open nothing is removed. */
uint64_t inodes_removed(struct inodes *inodes);

/* Has a removal wait until nobody has the file open, in front of those that do already: *ret_next. False: nobody has,
 * and it counts as removed. */
bool inodes_defer(struct inodes *inodes, uint64_t number, struct removal *removal, struct removal **ret_next);

/* Each an errno. Those that change something only begin it. Of the second EAGAIN: not all is in memory. */
int inode_read(struct inode *inode, void *bytes, size_t length, uint64_t position, size_t *ret_got);
int inode_read_nowait(struct inode *inode, void *bytes, size_t length, uint64_t position, size_t *ret_got);
int inode_write(struct inode *inode, const void *bytes, size_t length, uint64_t position);
int inode_truncate(struct inode *inode, uint64_t length);
void inode_set_time(struct inode *inode, const struct timespec *time);
int inode_sync(struct inode *inode);

/* Somebody is about to read: does not wait. */
void inode_expect(struct inode *inode, size_t length, uint64_t position);

void inode_look(struct inode *inode, struct layout_file *ret_file);

/* Without a look at its time. */
uint64_t inode_size(struct inode *inode);

/* Another number than before: bytes that were read before that may be others by now. */
uint64_t inode_changes(const struct inode *inode);

/* Removes the pieces in front of `to` from `from` on, and with them what is known of the file; an errno. Blocking. */
int inode_remove_pieces(const struct cluster *cluster, uint64_t number, uint64_t from, uint64_t to);

#endif
