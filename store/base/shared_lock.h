/* shared_lock.h - a lock for many readers or one writer; writers come first.
 *
 * Whether the calling thread has it exclusively is known. Who shares it is not: only that somebody has it. To take or
 * share what this thread has taken, and to let go of what nobody has, ends the program.
 *
 * Thread: any.
 */
#ifndef CAIRN_SHARED_LOCK_H
#define CAIRN_SHARED_LOCK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct shared_lock {
    pthread_rwlock_t rwlock;
    _Atomic(pthread_t) owner; /* who has it exclusively; 0: nobody */
};

void shared_lock_init(struct shared_lock *lock);
void shared_lock_destroy(struct shared_lock *lock);

void shared_lock_take(struct shared_lock *lock);
void shared_lock_share(struct shared_lock *lock);
void shared_lock_release(struct shared_lock *lock); /* in either way */

/* Whether the calling thread has the lock exclusively. Costs a comparison. */
static inline bool shared_lock_is_mine(const struct shared_lock *lock)
{
    return pthread_equal(atomic_load_explicit(&lock->owner, memory_order_relaxed), pthread_self());
}

/* Whether any thread has the lock, in either way. */
bool shared_lock_is_held(const struct shared_lock *lock);

#endif
