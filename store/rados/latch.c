/* latch.c - waiting for calls that do not: a count, under a lock. */
#include "store/rados/latch.h"

#include <assert.h>
#include <errno.h>

void latch_init(struct latch *latch)
{
    *latch = (struct latch){0};
    lock_init(&latch->lock);
    pthread_cond_init(&latch->idle, NULL);
}

void latch_destroy(struct latch *latch)
{
    assert(latch->pending == 0);
    pthread_cond_destroy(&latch->idle);
    lock_destroy(&latch->lock);
}

void latch_add(struct latch *latch)
{
    lock_take(&latch->lock);
    latch->pending++;
    lock_release(&latch->lock);
}

/* Under the lock also the signal: whoever waits may free the latch. */
void latch_done(void *arg, ssize_t result)
{
    struct latch *latch = arg;
    lock_take(&latch->lock);
    assert(latch->pending > 0);
    if (result < 0 && !latch->error)
        latch->error = (int)-result;
    if (--latch->pending == 0)
        pthread_cond_broadcast(&latch->idle);
    lock_release(&latch->lock);
}

void latch_gone(void *latch, ssize_t result)
{
    latch_done(latch, result == -ENOENT ? 0 : result);
}

int latch_wait(struct latch *latch)
{
    lock_take(&latch->lock);
    while (latch->pending > 0)
        lock_wait(&latch->lock, &latch->idle);
    int error = latch->error;
    lock_release(&latch->lock);
    return error;
}
