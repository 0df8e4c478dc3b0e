/* test_watch.c - who waits for a change is told once, and why: there is more, the time is over, nobody waits, or who
 * waited has gone away. */
#include "tests/lib/fixture.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <semaphore.h>
#include <string.h>

FIXTURE_OF_EACH_TEST

enum { MINUTE = 60000, CROWD = 1000 };

struct waiting {
    struct store_watcher *watcher;
    sem_t told;
    enum store_watch_end end;
};

static void told(void *arg, enum store_watch_end end)
{
    struct waiting *waiting = arg;
    waiting->end = end;
    sem_post(&waiting->told);
}

static void begin(struct waiting *waiting)
{
    sem_init(&waiting->told, 0, 0);
    waiting->watcher = store_watcher_new(fixture.store, told, waiting);
    ck_assert_ptr_nonnull(waiting->watcher);
}

static void wait_from(struct waiting *waiting, uint64_t end, unsigned milliseconds)
{
    begin(waiting);
    store_watch(waiting->watcher, end, milliseconds);
}

static void expect_told(struct waiting *waiting, enum store_watch_end end)
{
    sem_wait(&waiting->told);
    ck_assert_int_eq(waiting->end, end);
    ck_assert_int_eq(sem_trywait(&waiting->told), -1);
}

static void expect(struct waiting *waiting, enum store_watch_end end)
{
    expect_told(waiting, end);
    store_watcher_free(waiting->watcher);
    sem_destroy(&waiting->told);
}

static uint64_t end_of_log(void)
{
    return fixture_figures(&fixture).end_offset;
}

START_TEST(who_waits_is_told_of_more)
{
    static struct waiting crowd[CROWD];
    struct waiting behind;
    uint64_t end = end_of_log();
    for (size_t i = 0; i < CROWD; i++)
        wait_from(&crowd[i], end, MINUTE);
    wait_from(&behind, UINT64_MAX, MINUTE);
    fixture_must_put(&fixture, "a", "1");
    for (size_t i = 0; i < CROWD; i++)
        expect(&crowd[i], STORE_WATCH_MORE);
    ck_assert_int_eq(sem_trywait(&behind.told), -1);
    depot_end_watches(fixture.depot);
    expect(&behind, STORE_WATCH_OVER);
}
END_TEST

START_TEST(what_is_there_already_is_told_at_once)
{
    struct waiting waiting;
    fixture_must_put(&fixture, "a", "1");
    wait_from(&waiting, 0, MINUTE);
    expect(&waiting, STORE_WATCH_MORE);
}
END_TEST

START_TEST(a_time_is_over)
{
    struct waiting first, last;
    wait_from(&last, end_of_log(), 300);
    wait_from(&first, end_of_log(), 0);
    expect(&first, STORE_WATCH_TIME);
    expect(&last, STORE_WATCH_TIME);
}
END_TEST

/* Others wait on; and who has gone away may come back. */
START_TEST(who_leaves_is_told_and_may_wait_again)
{
    struct waiting leaves, stays;
    wait_from(&leaves, end_of_log(), MINUTE);
    wait_from(&stays, end_of_log(), MINUTE);
    store_watcher_leave(leaves.watcher);
    expect_told(&leaves, STORE_WATCH_LEFT);
    store_watch(leaves.watcher, end_of_log(), MINUTE);
    ck_assert_int_eq(sem_trywait(&stays.told), -1);
    fixture_must_put(&fixture, "a", "1");
    expect(&leaves, STORE_WATCH_MORE);
    expect(&stays, STORE_WATCH_MORE);
}
END_TEST

START_TEST(who_does_not_wait_leaves_nothing)
{
    struct waiting waiting;
    begin(&waiting);
    store_watcher_leave(waiting.watcher);
    ck_assert_int_eq(sem_trywait(&waiting.told), -1);
    store_watch(waiting.watcher, end_of_log(), 0);
    expect_told(&waiting, STORE_WATCH_TIME);
    store_watcher_leave(waiting.watcher);
    ck_assert_int_eq(sem_trywait(&waiting.told), -1);
    store_watcher_free(waiting.watcher);
    sem_destroy(&waiting.told);
}
END_TEST

/* Each is told one thing, once. */
START_TEST(a_crowd_leaves_while_it_is_told)
{
    static struct waiting crowd[CROWD];
    uint64_t end = end_of_log();
    for (size_t i = 0; i < CROWD; i++)
        wait_from(&crowd[i], end, i % 2 ? MINUTE : 0); /* half of them at the end of a tick */
    fixture_must_put(&fixture, "a", "1");
    for (size_t i = 0; i < CROWD; i++)
        store_watcher_leave(crowd[i].watcher);
    for (size_t i = 0; i < CROWD; i++) {
        sem_wait(&crowd[i].told);
        ck_assert_int_ne(crowd[i].end, STORE_WATCH_OVER);
    }
    for (size_t i = 0; i < CROWD; i++) {
        ck_assert_int_eq(sem_trywait(&crowd[i].told), -1);
        store_watcher_free(crowd[i].watcher);
        sem_destroy(&crowd[i].told);
    }
}
END_TEST

START_TEST(nobody_waits_for_a_store_that_is_removed)
{
    struct waiting before, after;
    wait_from(&before, end_of_log(), MINUTE);
    ck_assert_int_eq(depot_delete(fixture.depot, "s", true, NULL), STORE_OK);
    expect(&before, STORE_WATCH_OVER);
    wait_from(&after, end_of_log(), MINUTE);
    expect(&after, STORE_WATCH_OVER);
}
END_TEST

START_TEST(nobody_waits_while_the_depot_drains)
{
    struct waiting before, after;
    wait_from(&before, end_of_log(), MINUTE);
    depot_drain(fixture.depot);
    expect(&before, STORE_WATCH_OVER);
    wait_from(&after, end_of_log(), MINUTE);
    expect(&after, STORE_WATCH_OVER);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        who_waits_is_told_of_more,
        what_is_there_already_is_told_at_once,
        a_time_is_over,
        who_leaves_is_told_and_may_wait_again,
        who_does_not_wait_leaves_nothing,
        a_crowd_leaves_while_it_is_told,
        nobody_waits_for_a_store_that_is_removed,
        nobody_waits_while_the_depot_drains,
    };
    return UNIT_RUN_WITH("watch", setup, teardown, tests);
}
