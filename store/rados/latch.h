/* latch.h - waiting for calls that do not: for all of them, and for what went wrong first.
 *
 * Thread: any.
 */
#ifndef CAIRN_LATCH_H
#define CAIRN_LATCH_H

#include "store/base/lock.h"

#include <stddef.h>
#include <sys/types.h>

struct latch {
    struct lock lock;
    pthread_cond_t idle;
    size_t pending;
    int error; /* of the first that has failed; stays */
};

void latch_init(struct latch *latch);
void latch_destroy(struct latch *latch);

/* One more call is under way. */
void latch_add(struct latch *latch);

/* One has come back: a cluster_done, whose arg is the latch. Of the second what was not there is as good as gone. */
void latch_done(void *latch, ssize_t result);
void latch_gone(void *latch, ssize_t result);

/* Returns when none is under way: an errno. Blocking. */
int latch_wait(struct latch *latch);

#endif
