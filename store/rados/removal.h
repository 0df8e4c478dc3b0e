/* removal.h - links that go, and with the last of them the bytes of a file.
 *
 * It is under way from when its name has gone, and a row of the object where that was says so until it has ended. The
 * work is done in the background, where somebody has the file open when it is let go of. What a crash interrupts is
 * finished by whoever takes the tree.
 *
 * Thread: any.
 */
#ifndef CAIRN_REMOVAL_H
#define CAIRN_REMOVAL_H

#include "store/base/pool.h"
#include "store/rados/inode.h"
#include "store/rados/tree.h"

struct removals {
    const struct cluster *cluster;
    struct inodes *inodes;
    struct pool *pool;
    struct lock lock;
    pthread_cond_t idle;
    struct removal *under_way; /* those that wait for nobody */
};

/* False: threads are out. */
bool removals_init(struct removals *removals, const struct cluster *cluster, struct inodes *inodes);
void removals_free(struct removals *removals);

/* Removes what an entry led to, as a row of the object says; now, or when nobody has it open any more. */
void removals_take(struct removals *removals, const char *object, const struct layout_entry *entry);

/* Those that have waited for a file to be let go of: what inode_release() returns. */
void removals_go_on(struct removals *removals, struct removal *removal);

/* Returns when none is under way; none that has its row in an object of that tree. Blocking. */
void removals_wait(struct removals *removals);
void removals_wait_in(struct removals *removals, uint64_t tree);

/* Makes another link of what a name leads to; an errno. EEXIST, ENOENT, EMLINK. Blocking. */
int removals_link(struct removals *removals, const struct tree_name *from, const struct layout_entry *entry,
                  const struct tree_name *to);

#endif
