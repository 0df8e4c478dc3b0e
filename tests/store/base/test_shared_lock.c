/* test_shared_lock.c - a lock that is shared is nobody's own; one that is taken is that of the thread which took it. */
#include "store/base/shared_lock.h"
#include "tests/lib/unit.h"

#include <check.h>

START_TEST(a_lock_that_is_shared_is_held_and_nobodys_own)
{
    struct shared_lock lock;
    shared_lock_init(&lock);
    ck_assert(!shared_lock_is_held(&lock));
    shared_lock_share(&lock);
    ck_assert(shared_lock_is_held(&lock));
    ck_assert(!shared_lock_is_mine(&lock));
    shared_lock_release(&lock);
    ck_assert(!shared_lock_is_held(&lock));
    shared_lock_destroy(&lock);
}
END_TEST

static void *look(void *arg)
{
    struct shared_lock *lock = arg;
    return shared_lock_is_held(lock) && !shared_lock_is_mine(lock) ? lock : NULL;
}

START_TEST(a_lock_that_is_taken_is_held_for_all_and_mine_for_me)
{
    struct shared_lock lock;
    pthread_t thread;
    void *seen;
    shared_lock_init(&lock);
    shared_lock_take(&lock);
    ck_assert(shared_lock_is_held(&lock));
    ck_assert(shared_lock_is_mine(&lock));
    ck_assert_int_eq(pthread_create(&thread, NULL, look, &lock), 0);
    pthread_join(thread, &seen);
    ck_assert_ptr_eq(seen, &lock);
    shared_lock_release(&lock);
    ck_assert(!shared_lock_is_mine(&lock));
    shared_lock_share(&lock); /* what was taken and let go is shared like any */
    ck_assert(!shared_lock_is_mine(&lock));
    shared_lock_release(&lock);
    shared_lock_destroy(&lock);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_lock_that_is_shared_is_held_and_nobodys_own,
        a_lock_that_is_taken_is_held_for_all_and_mine_for_me,
    };
    return UNIT_RUN("shared_lock", tests);
}
