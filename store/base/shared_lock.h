/* shared_lock.h - a lock for many readers or one writer; writers come first.
 *
 * Whether the calling thread has it exclusively is known. Who shares it is not: only that somebody has it.
 *
 * Thread: any.
 */
#ifndef CAIRN_SHARED_LOCK_H
#define CAIRN_SHARED_LOCK_H

#include <pthread.h>
#include <stdbool.h>

struct shared_lock {
    pthread_rwlock_t rwlock;
    bool exclusive;  /* it is held exclusively, ... */
    pthread_t owner; /* ... by this thread */
};

void shared_lock_init(struct shared_lock *lock);
void shared_lock_destroy(struct shared_lock *lock);

void shared_lock_take(struct shared_lock *lock);
void shared_lock_share(struct shared_lock *lock);
void shared_lock_release(struct shared_lock *lock); /* in either way */

/* Whether the calling thread has the lock exclusively. */
bool shared_lock_is_mine(const struct shared_lock *lock);

/* Whether any thread has the lock, in either way. */
bool shared_lock_is_held(const struct shared_lock *lock);

#endif
