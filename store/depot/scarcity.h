/* scarcity.h - opening stores when descriptors are out: one at a time, each when there is room for it.
 *
 * A store takes a handful of descriptors. Where many are opened at once and there are not enough, each would have some
 * of what the others lack, and none would come to an end. So whoever meets the end of them gives back what it has, and
 * waits for its turn; and in its turn it begins when so many are free that a store can be opened and used. They come
 * from stores that are idle; where none is, a request that ends leaves one. From then on it is so for a while: who
 * comes meanwhile does not try first. What is opened leaves something to the stores that are in use: each may have to
 * begin a file of its log, and its request cannot wait for one.
 *
 * Thread: any.
 */
#ifndef CAIRN_SCARCITY_H
#define CAIRN_SCARCITY_H

#include "store/base/lock.h"
#include "store/disk/io.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct scarcity {
    atomic_int_fast64_t until; /* on the monotonic clock: how long stores are opened one at a time */

    struct lock lock;
    pthread_cond_t changed;
    bool taken; /* somebody has the turn */
    bool over;  /* nobody waits any more */
};

void scarcity_init(struct scarcity *scarcity);
void scarcity_free(struct scarcity *scarcity);

/* Whether descriptors were out a moment ago. Does not block. */
bool scarcity_lasts(const struct scarcity *scarcity);

/* They are out. */
void scarcity_note(struct scarcity *scarcity);

/* Waits for the turn, which is the caller's until scarcity_leave(); false when it did not come before a
 * time on the monotonic clock. */
bool scarcity_enter(struct scarcity *scarcity, int64_t until);
void scarcity_leave(struct scarcity *scarcity);

/* An errno: 0 where there are descriptors for a store and so many that others may need, opened by copies of `file`. */
int scarcity_try(const struct io *io, int file, size_t others);

/* Waits for a change, or a moment: not all that gives descriptors back tells of it. False when it is time. Thread: the
 * one that has the turn. */
bool scarcity_wait(struct scarcity *scarcity, int64_t until);

/* A store has become idle, or was closed. */
void scarcity_tell(struct scarcity *scarcity);

/* Whoever waits gives up. */
void scarcity_end(struct scarcity *scarcity);

#endif
