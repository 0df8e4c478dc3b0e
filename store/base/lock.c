/* lock.c - a lock that knows whether this thread has it. */
#include "store/base/lock.h"

#include <assert.h>
#include <errno.h>

void lock_expect(int error)
{
    assert(!error);
    (void)error;
}

void lock_init(struct lock *lock)
{
    atomic_init(&lock->owner, 0);
    lock_expect(pthread_mutex_init(&lock->mutex, NULL));
}

void lock_destroy(struct lock *lock)
{
    lock_expect(pthread_mutex_destroy(&lock->mutex));
}

static void set_owner(struct lock *lock, pthread_t owner)
{
    atomic_store_explicit(&lock->owner, owner, memory_order_relaxed);
}

void lock_take(struct lock *lock)
{
    assert(!lock_is_mine(lock));
    lock_expect(pthread_mutex_lock(&lock->mutex));
    set_owner(lock, pthread_self());
}

void lock_release(struct lock *lock)
{
    assert(lock_is_mine(lock));
    set_owner(lock, 0);
    lock_expect(pthread_mutex_unlock(&lock->mutex));
}

void lock_wait(struct lock *lock, pthread_cond_t *condition)
{
    assert(lock_is_mine(lock));
    set_owner(lock, 0);
    lock_expect(pthread_cond_wait(condition, &lock->mutex));
    set_owner(lock, pthread_self());
}

void lock_condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    lock_expect(pthread_condattr_init(&attributes));
    lock_expect(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC));
    lock_expect(pthread_cond_init(condition, &attributes));
    lock_expect(pthread_condattr_destroy(&attributes));
}

bool lock_wait_until(struct lock *lock, pthread_cond_t *condition, const struct timespec *until)
{
    assert(lock_is_mine(lock));
    set_owner(lock, 0);
    int error = pthread_cond_timedwait(condition, &lock->mutex, until);
    set_owner(lock, pthread_self());
    lock_expect(error == ETIMEDOUT ? 0 : error);
    return error == 0;
}
