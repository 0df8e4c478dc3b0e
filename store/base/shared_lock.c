/* shared_lock.c - a lock for many readers or one writer. */
#include "store/base/shared_lock.h"

void shared_lock_init(struct shared_lock *lock)
{
    *lock = (struct shared_lock){0};
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&lock->rwlock, &attributes);
    pthread_rwlockattr_destroy(&attributes);
}

void shared_lock_destroy(struct shared_lock *lock)
{
    pthread_rwlock_destroy(&lock->rwlock);
}

void shared_lock_take(struct shared_lock *lock)
{
    pthread_rwlock_wrlock(&lock->rwlock);
    lock->exclusive = true;
    lock->owner = pthread_self();
}

void shared_lock_share(struct shared_lock *lock)
{
    pthread_rwlock_rdlock(&lock->rwlock);
}

void shared_lock_release(struct shared_lock *lock)
{
    if (lock->exclusive) /* it does not change while the lock is shared */
        lock->exclusive = false;
    pthread_rwlock_unlock(&lock->rwlock);
}

bool shared_lock_is_mine(const struct shared_lock *lock)
{
    return lock->exclusive && pthread_equal(lock->owner, pthread_self());
}

/* A lock that can be had is held by nobody. Whoever has it exclusively need not try. */
bool shared_lock_is_held(const struct shared_lock *lock)
{
    if (shared_lock_is_mine(lock))
        return true;
    pthread_rwlock_t *rwlock = (pthread_rwlock_t *)&lock->rwlock;
    bool free = pthread_rwlock_trywrlock(rwlock) == 0;
    if (free)
        pthread_rwlock_unlock(rwlock);
    return !free;
}
