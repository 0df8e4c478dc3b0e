/* held.h - whether a lock is held: for assertions in functions that rely on it.
 *
 * A lock that can be had is held by nobody. Whether it is this thread that has it cannot be asked of a plain lock; that
 * of the index knows (index.h).
 *
 * Thread: any.
 */
#ifndef CAIRN_HELD_H
#define CAIRN_HELD_H

#include <pthread.h>
#include <stdbool.h>

static inline bool held(const pthread_mutex_t *lock)
{
    return pthread_mutex_trylock((pthread_mutex_t *)lock) != 0;
}

/* In either way. */
static inline bool held_shared(const pthread_rwlock_t *lock)
{
    return pthread_rwlock_trywrlock((pthread_rwlock_t *)lock) != 0;
}

static inline bool held_exclusive(const pthread_rwlock_t *lock)
{
    return pthread_rwlock_tryrdlock((pthread_rwlock_t *)lock) != 0;
}

#endif
