/* lock.h - a lock that knows whether this thread has it.
 *
 * So a function that relies on it can assert it. To take it twice, and to let go of what another thread has, ends the
 * program: the one would hang, the other go on unguarded.
 *
 * Thread: any.
 */
#ifndef CAIRN_LOCK_H
#define CAIRN_LOCK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

struct lock {
    pthread_mutex_t mutex;
    _Atomic(pthread_t) owner; /* 0: nobody. Who reads itself there has written it; all others read anything else. */
};

/* Ends the program where a call has found, by what it returned, that a lock was used wrongly. */
void lock_expect(int error);

void lock_init(struct lock *lock);
void lock_destroy(struct lock *lock);

void lock_take(struct lock *lock);
void lock_release(struct lock *lock);

/* Lets the lock go until the condition is signalled, or for no reason. */
void lock_wait(struct lock *lock, pthread_cond_t *condition);

/* A condition whose times are those of the monotonic clock. */
void lock_condition_init(pthread_cond_t *condition);

/* Waits no longer than until a time on the condition's clock; false when that has come. */
bool lock_wait_until(struct lock *lock, pthread_cond_t *condition, const struct timespec *until);

/* Whether the calling thread has the lock. Costs a comparison. */
static inline bool lock_is_mine(const struct lock *lock)
{
    return pthread_equal(atomic_load_explicit(&lock->owner, memory_order_relaxed), pthread_self());
}

#endif
