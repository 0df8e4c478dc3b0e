/* lock.c - a lock that knows whether this thread has it. */
#include "store/base/lock.h"

#include <assert.h>
#include <errno.h>

/* Ends the program where the call has found that the lock was used wrongly. */
static void expect(int error)
{
    assert(!error);
    (void)error;
}

void lock_init(struct lock *lock)
{
    pthread_mutexattr_t attributes;
    expect(pthread_mutexattr_init(&attributes));
    expect(pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK));
    expect(pthread_mutex_init(&lock->mutex, &attributes));
    pthread_mutexattr_destroy(&attributes);
}

void lock_destroy(struct lock *lock)
{
    expect(pthread_mutex_destroy(&lock->mutex));
}

void lock_take(struct lock *lock)
{
    expect(pthread_mutex_lock(&lock->mutex));
}

void lock_release(struct lock *lock)
{
    expect(pthread_mutex_unlock(&lock->mutex));
}

void lock_wait(struct lock *lock, pthread_cond_t *condition)
{
    expect(pthread_cond_wait(condition, &lock->mutex));
}

void lock_condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    expect(pthread_condattr_init(&attributes));
    expect(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC));
    expect(pthread_cond_init(condition, &attributes));
    pthread_condattr_destroy(&attributes);
}

bool lock_wait_until(struct lock *lock, pthread_cond_t *condition, const struct timespec *until)
{
    int error = pthread_cond_timedwait(condition, &lock->mutex, until);
    expect(error == ETIMEDOUT ? 0 : error);
    return error == 0;
}

/* Who has it already is told so before anything waits; another is out of time at once. */
bool lock_is_mine(const struct lock *lock)
{
    static const struct timespec past = {0};
    pthread_mutex_t *mutex = (pthread_mutex_t *)&lock->mutex;
    int error = pthread_mutex_timedlock(mutex, &past);
    if (!error)
        expect(pthread_mutex_unlock(mutex));
    return error == EDEADLK;
}
