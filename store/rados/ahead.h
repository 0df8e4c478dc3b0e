/* ahead.h - pieces of a file that somebody reads in order, asked for before he does.
 *
 * Whoever reads on where he has just been gets a few pieces asked for, which go side by side; else a large file comes
 * at the rate of one round trip after the other. All readers together have room for so many pieces, and one who has
 * not read for a while lends his to others: a reader for whom there is none reads as before.
 *
 * What was asked for counts only as long as nobody writes to the file.
 *
 * Thread: any.
 */
#ifndef CAIRN_AHEAD_H
#define CAIRN_AHEAD_H

#include "store/rados/inode.h"

struct ahead;

struct aheads {
    const struct cluster *cluster;
    uint64_t piece;
    struct lock lock;
    pthread_cond_t came;
    struct ahead *first; /* of those that have pieces */
    void **spare;        /* memory for pieces, that nobody has */
    size_t spares;
    size_t lent;    /* pieces that somebody has */
    size_t most;    /* pieces in all */
    size_t loading; /* of those that somebody has, or had */
};

/* With room for so many pieces; false: memory is out. */
bool aheads_init(struct aheads *aheads, const struct cluster *cluster, uint64_t piece, size_t most);

/* Waits for what was asked for. */
void aheads_free(struct aheads *aheads);

/* For a reader of a file that is open; NULL: memory is out. Does not block; the file is not used any more after the
 * second. */
struct ahead *ahead_new(struct aheads *aheads, struct inode *inode);
void ahead_free(struct ahead *ahead);

/* As inode_read() and inode_read_nowait(): the second has what lies in the piece that was read last, and leaves it to
 * the first to ask for more. */
int ahead_read(struct ahead *ahead, void *bytes, size_t length, uint64_t position, size_t *ret_got);
int ahead_read_nowait(struct ahead *ahead, void *bytes, size_t length, uint64_t position);

#endif
