/* test_held.c - that a lock is held can be seen, by whoever holds it and by others. */
#include "store/base/held.h"

#include "tests/lib/unit.h"

#include <check.h>

START_TEST(a_mutex_is_held_while_it_is_locked)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    ck_assert(held(&lock));
    ck_assert(held(&lock)); /* looking has not let it go */
    pthread_mutex_unlock(&lock);
    ck_assert(!held(&lock));
}
END_TEST

START_TEST(a_lock_that_is_shared_is_not_held_exclusively)
{
    pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    pthread_rwlock_rdlock(&lock);
    ck_assert(held_shared(&lock));
    ck_assert(!held_exclusive(&lock));
}
END_TEST

START_TEST(a_lock_that_is_held_exclusively_is_held_in_either_way)
{
    pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    pthread_rwlock_wrlock(&lock);
    ck_assert(held_exclusive(&lock));
    ck_assert(held_shared(&lock));
    pthread_rwlock_unlock(&lock);
    ck_assert(!held_shared(&lock));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_mutex_is_held_while_it_is_locked,
        a_lock_that_is_shared_is_not_held_exclusively,
        a_lock_that_is_held_exclusively_is_held_in_either_way,
    };
    return UNIT_RUN("held", tests);
}
