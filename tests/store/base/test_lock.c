/* test_lock.c - who has a lock knows it, another thread does not take it for its own, and misuse ends the program. */
#include "store/base/lock.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <signal.h>

static struct lock lock;

static void setup(void)
{
    lock_init(&lock);
}

static void *look(void *arg)
{
    *(bool *)arg = lock_is_mine(&lock);
    return NULL;
}

static void on_another_thread(void *(*run)(void *), void *arg)
{
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, run, arg), 0);
    pthread_join(thread, NULL);
}

START_TEST(a_lock_is_mine_while_i_have_it)
{
    ck_assert(!lock_is_mine(&lock));
    lock_take(&lock); /* looking has not left it taken */
    ck_assert(lock_is_mine(&lock));
    ck_assert(lock_is_mine(&lock)); /* nor let it go */
    lock_release(&lock);
    ck_assert(!lock_is_mine(&lock));
    lock_destroy(&lock);
}
END_TEST

START_TEST(a_lock_that_another_thread_has_is_not_mine)
{
    bool theirs = true;
    lock_take(&lock);
    on_another_thread(look, &theirs);
    ck_assert(!theirs);
    ck_assert(lock_is_mine(&lock));
    lock_release(&lock);
}
END_TEST

START_TEST(a_lock_is_mine_again_after_waiting)
{
    pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
    struct timespec past = {0};
    lock_take(&lock);
    ck_assert(!lock_wait_until(&lock, &condition, &past));
    ck_assert(lock_is_mine(&lock));
    lock_release(&lock);
}
END_TEST

static void take_twice(void)
{
    lock_take(&lock);
    lock_take(&lock);
}

static void *release(void *arg)
{
    (void)arg;
    lock_release(&lock);
    return NULL;
}

static void release_from_another_thread(void)
{
    lock_take(&lock);
    on_another_thread(release, NULL);
}

START_TEST(misuse_ends_the_program)
{
    ck_assert_int_eq(unit_signal_of(take_twice), SIGABRT);
    ck_assert_int_eq(unit_signal_of(release_from_another_thread), SIGABRT);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_lock_is_mine_while_i_have_it,
        a_lock_that_another_thread_has_is_not_mine,
        a_lock_is_mine_again_after_waiting,
        misuse_ends_the_program,
    };
    return UNIT_RUN_WITH("lock", setup, NULL, tests);
}
