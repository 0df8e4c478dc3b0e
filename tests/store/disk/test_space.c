/* test_space.c - the space of a disk: what puts leave to others, the reserve, and an episode from its beginning to its
 * end. */
#include "store/disk/space.h"
#include "tests/lib/barrier.h"
#include "tests/lib/sim_disk.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <semaphore.h>
#include <string.h>
#include <time.h>

enum { KIB = 1 << 10, MIB = 1 << 20, RESERVE = 8 * MIB, SEGMENT = 1 * MIB, LITTLE = 2 * SPACE_SEGMENT_FIRST };

static struct sim_disk *disk;
static struct depot_options options;
static struct services services;
static struct space space;
static atomic_uint compactions;
static atomic_uint retries;
static atomic_uint last_retries;
static atomic_uint told;
static sem_t over; /* the operator is told that there is space again */

static void compact(void *arg)
{
    (void)arg;
    atomic_fetch_add(&compactions, 1);
}

static void retry(void *arg, bool last)
{
    (void)arg;
    atomic_fetch_add(last ? &last_retries : &retries, 1);
}

static void tell(void *arg, enum store_log_level level, const char *sentence)
{
    (void)arg;
    (void)sentence;
    if (level == STORE_LOG_INFO)
        sem_post(&over);
    else
        atomic_fetch_add(&told, 1);
}

static void begin(uint64_t reserve)
{
    const struct space_hooks hooks = {.compact = compact, .retry = retry};
    int folder = services.options->io->openat(options.io->self, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0);
    options.disk_reserve = reserve;
    space_init(&space, &services, folder, &hooks);
}

static void end(void)
{
    space_close(&space);
    options.io->close(options.io->self, space.folder);
    space_free(&space);
}

static void setup(void)
{
    disk = sim_disk_new(1);
    options = depot_options_default();
    options.io = sim_disk_io(disk);
    services = (struct services){.options = &options, .upkeep = pool_new(1), .notice = {.tell = tell}};
    atomic_store(&compactions, 0);
    atomic_store(&retries, 0);
    atomic_store(&last_retries, 0);
    atomic_store(&told, 0);
    sem_init(&over, 0, 0);
    begin(RESERVE);
}

static void teardown(void)
{
    end();
    pool_free(services.upkeep);
    sim_disk_free(disk);
}

/* ---- what puts leave ------------------------------------------------------------------------- */

START_TEST(puts_leave_what_the_reserve_lacks)
{
    sim_disk_set_free(disk, RESERVE + 100 * KIB);
    ck_assert(space_affords(&space, 100 * KIB));
    ck_assert(!space_affords(&space, 100 * KIB + 1));
    ck_assert_uint_eq(space_within_reach(&space), RESERVE + 100 * KIB);
}
END_TEST

START_TEST(without_a_reserve_segments_leave_what_compaction_needs)
{
    end();
    begin(0);
    space_cover(&space, SEGMENT);
    sim_disk_set_free(disk, SEGMENT + 100 * KIB);
    ck_assert(space_affords(&space, SEGMENT + 100 * KIB));
    ck_assert(space_affords_segment(&space, 100 * KIB));
    ck_assert(!space_affords_segment(&space, 100 * KIB + 1));
}
END_TEST

START_TEST(a_disk_that_does_not_tell_is_not_full)
{
    sim_disk_fail(disk, SIM_FREE_BYTES, 1, true, EOPNOTSUPP);
    ck_assert(space_has(&space, (uint64_t)1 << 50));
    ck_assert(space_affords_segment(&space, (uint64_t)1 << 50));
    ck_assert_uint_gt(space_for_deletes(&space), (uint64_t)1 << 50);
    ck_assert(!space_is_full(&space));
}
END_TEST

START_TEST(a_segment_is_no_larger_than_the_reserve_can_deal_with)
{
    ck_assert_uint_eq(space_segment_limit(&space, SEGMENT), SEGMENT);
    ck_assert_uint_eq(space_segment_limit(&space, 64 * MIB), RESERVE / 2);
    ck_assert_uint_eq(space_segment_size(KIB, 64 * MIB), SPACE_SEGMENT_FIRST);
    ck_assert_uint_eq(space_segment_size(0, 64 * MIB), 64 * MIB);
}
END_TEST

/* ---- the reserve ----------------------------------------------------------------------------- */

START_TEST(the_reserve_grows_with_the_segments)
{
    space_cover(&space, SEGMENT);
    barrier_wait(services.upkeep);
    ck_assert_uint_eq(reserve_size(&space.reserve), 2 * SEGMENT + SEGMENT / 8); /* the largest, and more for deletes */
    for (int i = 0; i < 8; i++)
        space_cover(&space, SEGMENT);
    barrier_wait(services.upkeep);
    ck_assert_uint_eq(reserve_size(&space.reserve), SEGMENT + RESERVE / 2);
    ck_assert_uint_eq(space_within_reach(&space) - space_for_deletes(&space), SEGMENT); /* compaction's alone */
}
END_TEST

/* As the first segments of as many stores come. */
START_TEST(many_small_segments_cost_it_few_syncs)
{
    enum { STORES = 200, FEW = STORES / 4 };
    uint64_t before = sim_disk_calls(disk, SIM_FSYNC);
    for (int i = 0; i < STORES; i++) {
        space_cover(&space, 16 * KIB);
        barrier_wait(services.upkeep);
        ck_assert_uint_ge(reserve_size(&space.reserve), (uint64_t)(i + 2) * 16 * KIB);
    }
    ck_assert_uint_le(sim_disk_calls(disk, SIM_FSYNC) - before, FEW);
}
END_TEST

START_TEST(what_is_given_comes_from_the_reserve)
{
    space_cover(&space, SEGMENT);
    barrier_wait(services.upkeep);
    uint64_t size = reserve_size(&space.reserve);
    ck_assert(space_give(&space, 100 * KIB));
    ck_assert(space_is_full(&space));
    ck_assert_uint_ge(reserve_size(&space.reserve), size - 100 * KIB);
    sim_disk_set_free(disk, 0); /* so that it is not filled again */
    while (space_give(&space, SEGMENT)) {
    }
    ck_assert_uint_eq(reserve_size(&space.reserve), 0);
}
END_TEST

/* ---- an episode ------------------------------------------------------------------------------ */

/* The figure of a moment ago would do where there was plenty. */
static void begin_with_free(uint64_t bytes)
{
    end();
    sim_disk_set_free(disk, bytes);
    begin(RESERVE);
    atomic_store(&told, 0); /* that it is little */
}

START_TEST(it_begins_once_and_ends_when_there_is_space)
{
    struct store_detail detail;
    begin_with_free(KIB);
    ck_assert(!space_has(&space, 1));
    ck_assert(space_is_full(&space));
    ck_assert(!space_has(&space, 1));
    space_met_full(&space);
    ck_assert_uint_eq(atomic_load(&told), 1);
    barrier_wait(services.upkeep);
    ck_assert_uint_gt(atomic_load(&compactions), 0);
    space_tell(&space, &detail);
    ck_assert_ptr_nonnull(strstr(detail.text, "the disk is full"));
    sim_disk_set_free(disk, UINT64_MAX);
    sem_wait(&over); /* somebody looks once a second */
    ck_assert(!space_is_full(&space));
    space_tell(&space, &detail);
    ck_assert_str_eq(detail.text, "");
    ck_assert(space_has(&space, MIB));
}
END_TEST

START_TEST(too_much_for_the_disk_is_no_episode)
{
    begin_with_free(RESERVE + LITTLE + MIB);
    ck_assert(!space_has(&space, 2 * MIB));
    ck_assert(!space_is_full(&space));
    ck_assert(space_has(&space, MIB));
}
END_TEST

static long milliseconds_to_close(void)
{
    struct timespec before, after;
    space_met_full(&space);
    barrier_wait(services.upkeep); /* it looks again in a second */
    clock_gettime(CLOCK_MONOTONIC, &before);
    end();
    clock_gettime(CLOCK_MONOTONIC, &after);
    begin(RESERVE);
    return (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
}

/* On a busy machine it may take long for once; if it waited, it would take a second each time. */
START_TEST(closing_does_not_wait_for_the_watch)
{
    enum { TRIES = 20 };
    long shortest = LONG_MAX;
    for (int i = 0; i < TRIES && shortest >= 900; i++) {
        long took = milliseconds_to_close();
        shortest = took < shortest ? took : shortest;
    }
    ck_assert_int_lt(shortest, 900);
}
END_TEST

/* ---- compaction and those who wait for it ---------------------------------------------------- */

/* What only the upkeep does. */
static void come_back(void *arg)
{
    space_came_back(arg);
}

static void rest(void *arg)
{
    space_rest(arg);
}

static void on_upkeep(void (*run)(void *arg))
{
    struct pool_job job = {.run = run, .arg = &space};
    pool_submit(services.upkeep, &job);
    barrier_wait(services.upkeep);
}

START_TEST(who_waits_is_told_what_came_back)
{
    on_upkeep(come_back);
    ck_assert_uint_eq(atomic_load(&retries), 0);
    space_wait_begins(&space);
    ck_assert(space_is_waited_for(&space));
    on_upkeep(come_back);
    ck_assert_uint_eq(atomic_load(&retries), 1);
    space_waits_end(&space, 1);
    ck_assert(!space_is_waited_for(&space));
}
END_TEST

START_TEST(the_last_compaction_to_rest_brings_the_last_try)
{
    on_upkeep(rest);
    ck_assert_uint_eq(atomic_load(&last_retries), 0); /* nobody waits */
    space_wait_begins(&space);
    atomic_store(&space.compacting, 1);
    on_upkeep(rest);
    ck_assert_uint_eq(atomic_load(&last_retries), 0); /* another one goes on */
    atomic_store(&space.compacting, 0);
    on_upkeep(rest);
    ck_assert_uint_eq(atomic_load(&last_retries), 1);
    space_waits_end(&space, 1);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        puts_leave_what_the_reserve_lacks,     without_a_reserve_segments_leave_what_compaction_needs,
        a_disk_that_does_not_tell_is_not_full, a_segment_is_no_larger_than_the_reserve_can_deal_with,
        the_reserve_grows_with_the_segments,   many_small_segments_cost_it_few_syncs,
        what_is_given_comes_from_the_reserve,  it_begins_once_and_ends_when_there_is_space,
        too_much_for_the_disk_is_no_episode,   closing_does_not_wait_for_the_watch,
        who_waits_is_told_what_came_back,      the_last_compaction_to_rest_brings_the_last_try,
    };
    return UNIT_RUN_WITH("space", setup, teardown, tests);
}
