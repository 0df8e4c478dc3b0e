/* shared_lock.c - a lock for many readers or one writer. */
#include "store/base/shared_lock.h"

#include "store/base/lock.h"

#include <assert.h>

void shared_lock_init(struct shared_lock *lock)
{
    pthread_rwlockattr_t attributes;
    atomic_init(&lock->owner, 0);
    lock_expect(pthread_rwlockattr_init(&attributes));
    lock_expect(pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP));
    lock_expect(pthread_rwlock_init(&lock->rwlock, &attributes));
    lock_expect(pthread_rwlockattr_destroy(&attributes));
}

void shared_lock_destroy(struct shared_lock *lock)
{
    assert(!shared_lock_is_held(lock));
    lock_expect(pthread_rwlock_destroy(&lock->rwlock));
}

void shared_lock_take(struct shared_lock *lock)
{
    assert(!shared_lock_is_mine(lock));
    lock_expect(pthread_rwlock_wrlock(&lock->rwlock));
    atomic_store_explicit(&lock->owner, pthread_self(), memory_order_relaxed);
}

void shared_lock_share(struct shared_lock *lock)
{
    assert(!shared_lock_is_mine(lock));
    lock_expect(pthread_rwlock_rdlock(&lock->rwlock));
}

void shared_lock_release(struct shared_lock *lock)
{
    assert(shared_lock_is_held(lock));
    if (shared_lock_is_mine(lock))
        atomic_store_explicit(&lock->owner, 0, memory_order_relaxed);
    lock_expect(pthread_rwlock_unlock(&lock->rwlock));
}

/* A lock that can be had is held by nobody. Whoever has it exclusively need not try. */
bool shared_lock_is_held(const struct shared_lock *lock)
{
    if (shared_lock_is_mine(lock))
        return true;
    pthread_rwlock_t *rwlock = (pthread_rwlock_t *)&lock->rwlock;
    bool free = pthread_rwlock_trywrlock(rwlock) == 0;
    if (free)
        lock_expect(pthread_rwlock_unlock(rwlock));
    return !free;
}
