/* test_shared_lock.c - a lock that is shared is nobody's own; one that is taken is that of the thread which took it. */
#include "store/base/shared_lock.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <signal.h>

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

static struct shared_lock misused;

static void take_twice(void)
{
    shared_lock_take(&misused);
    shared_lock_take(&misused);
}

static void share_what_is_taken(void)
{
    shared_lock_take(&misused);
    shared_lock_share(&misused);
}

static void release_twice(void)
{
    shared_lock_take(&misused);
    shared_lock_release(&misused);
    shared_lock_release(&misused);
}

static void release_what_was_shared_twice(void)
{
    shared_lock_share(&misused);
    shared_lock_release(&misused);
    shared_lock_release(&misused);
}

static void destroy_while_it_is_shared(void)
{
    shared_lock_share(&misused);
    shared_lock_destroy(&misused);
}

START_TEST(misuse_ends_the_program)
{
    shared_lock_init(&misused); /* each of these has a process of its own */
    ck_assert_int_eq(unit_signal_of(take_twice), SIGABRT);
    ck_assert_int_eq(unit_signal_of(share_what_is_taken), SIGABRT);
    ck_assert_int_eq(unit_signal_of(release_twice), SIGABRT);
    ck_assert_int_eq(unit_signal_of(release_what_was_shared_twice), SIGABRT);
    ck_assert_int_eq(unit_signal_of(destroy_while_it_is_shared), SIGABRT);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_lock_that_is_shared_is_held_and_nobodys_own,
        a_lock_that_is_taken_is_held_for_all_and_mine_for_me,
        misuse_ends_the_program,
    };
    return UNIT_RUN("shared_lock", tests);
}
