/* test_prepared.c - the file of the next segment: made ahead, in haste, or out of the reserve. */
#include "store/log/log.h"
#include "tests/lib/barrier.h"
#include "tests/lib/sim_disk.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>

enum { KIB = 1 << 10, RESERVE = 1 << 20, SEGMENT = 4 << 20, FIRST = 256 << 10 };

static struct sim_disk *disk;
static const struct io *io;
static struct depot_options options;
static struct handles handles;
static struct services services;
static struct leftovers leftovers;
static struct space space;
static struct pool *pool; /* prepares */
static struct shared_lock table_lock;
static struct log the_log;

static void ignore(void *arg)
{
    (void)arg;
}

static void ignore_last(void *arg, bool last)
{
    (void)arg;
    (void)last;
}

static int open_folder(const char *path)
{
    return io->openat(io->self, AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
}

static void open_log(void)
{
    const struct home home = {.open = open_folder("/log"), .path = strdup("/log")};
    log_init(&the_log, &services, &home, 1, &table_lock);
}

static void setup(void)
{
    const struct space_hooks hooks = {.compact = ignore, .retry = ignore_last};
    disk = sim_disk_new(1);
    io = sim_disk_io(disk);
    options = depot_options_default();
    options.io = io;
    options.disk_reserve = RESERVE;
    options.segment_size = SEGMENT;
    options.first_segment = FIRST;
    services = (struct services){.options = &options, .upkeep = pool_new(1)};
    space_init(&space, &services, open_folder("/"), &hooks);
    pool = pool_new(1);
    handles_init(&handles, io, 1);
    services.space = &space;
    services.pool = pool;
    services.handles = &handles;
    leftovers_init(&leftovers, io, pool);
    services.leftovers = &leftovers;
    shared_lock_init(&table_lock);
    ck_assert_int_eq(io->mkdirat(io->self, AT_FDCWD, "/log", 0700), 0);
    open_log();
    log_own(&the_log, NULL);
}

static void conclude(void)
{
    log_disown(&the_log);
    log_conclude(&the_log);
}

static void teardown(void)
{
    conclude();
    log_free(&the_log);
    leftovers_end(&leftovers);
    leftovers_free(&leftovers);
    pool_free(pool);
    space_close(&space);
    pool_free(services.upkeep);
    io->close(io->self, space.folder);
    space_free(&space);
    shared_lock_destroy(&table_lock);
    ck_assert_uint_eq(sim_disk_open_files(disk), 0);
    sim_disk_free(disk);
}

static uint64_t size_of(const char *path)
{
    struct stat status = {0};
    int file = io->openat(io->self, AT_FDCWD, path, O_RDONLY, 0);
    if (file < 0)
        return 0;
    ck_assert_int_eq(io->fstat(io->self, file, &status), 0);
    io->close(io->self, file);
    return (uint64_t)status.st_size;
}

static struct prepared get(uint64_t bytes)
{
    const struct log_need need = {.use = LOG_PUTS, .bytes = bytes};
    struct prepared prepared;
    ck_assert_int_eq(prepared_get(&the_log, &need, &prepared), 0);
    const struct segment segment = {.prepared = prepared.size};
    ck_assert_uint_ge(prepared.size, SEGMENT_HEADER + bytes + log_tail(&segment));
    return prepared;
}

static void drop(const struct prepared *prepared)
{
    io->close(io->self, prepared->file);
}

START_TEST(what_is_made_ahead_is_taken)
{
    prepared_request(&the_log);
    barrier_wait(pool);
    ck_assert_uint_eq(prepared_spare_bytes(&the_log), FIRST);
    ck_assert_uint_eq(size_of("/log/spare"), FIRST);
    struct prepared prepared = get(KIB);
    ck_assert_str_eq(prepared.name, "spare");
    ck_assert_uint_eq(prepared.size, FIRST);
    ck_assert_uint_eq(prepared_spare_bytes(&the_log), 0);
    drop(&prepared);
}
END_TEST

START_TEST(one_is_made_however_often_it_is_asked_for)
{
    uint64_t calls = sim_disk_calls(disk, SIM_OPENAT);
    for (int i = 0; i < 5; i++)
        prepared_request(&the_log);
    barrier_wait(pool);
    prepared_request(&the_log);
    barrier_wait(pool);
    ck_assert_uint_eq(sim_disk_calls(disk, SIM_OPENAT), calls + 1);
}
END_TEST

START_TEST(in_haste_it_is_small)
{
    struct prepared prepared = get(KIB);
    ck_assert_str_eq(prepared.name, "next");
    ck_assert_uint_eq(prepared.size, FIRST);
    drop(&prepared);
}
END_TEST

static void *get_one(void *arg)
{
    log_own(&the_log, NULL);
    *(struct prepared *)arg = get(KIB);
    log_disown(&the_log);
    return NULL;
}

/* The disk has room for one, and the background has just begun to make it. */
START_TEST(the_spare_under_way_is_not_taken_for_a_full_disk)
{
    pthread_t thread;
    struct prepared prepared;
    sim_disk_set_free(disk, RESERVE + FIRST);
    sim_disk_hold_syncs(disk, true);
    prepared_request(&the_log);
    while (sim_disk_held(disk) == 0)
        sched_yield();
    uint64_t asked = sim_disk_calls(disk, SIM_FREE_BYTES);
    log_disown(&the_log);
    ck_assert_int_eq(pthread_create(&thread, NULL, get_one, &prepared), 0);
    while (sim_disk_calls(disk, SIM_FREE_BYTES) == asked)
        sched_yield();
    sim_disk_hold_syncs(disk, false);
    pthread_join(thread, NULL);
    log_own(&the_log, NULL);
    ck_assert_str_eq(prepared.name, "spare");
    drop(&prepared);
}
END_TEST

START_TEST(it_is_as_large_as_what_is_needed)
{
    prepared_request(&the_log);
    barrier_wait(pool);
    struct prepared prepared = get(2 * FIRST); /* the spare, made longer */
    ck_assert_str_eq(prepared.name, "spare");
    ck_assert_uint_eq(size_of("/log/spare"), prepared.size);
    drop(&prepared);
    prepared = get(3 * FIRST);
    ck_assert_str_eq(prepared.name, "next");
    drop(&prepared);
}
END_TEST

START_TEST(puts_get_none_out_of_the_reserve)
{
    const struct log_need need = {.use = LOG_PUTS, .bytes = KIB};
    struct prepared prepared;
    sim_disk_set_free(disk, RESERVE + KIB);
    ck_assert_int_eq(prepared_get(&the_log, &need, &prepared), ENOSPC);
    prepared_request(&the_log);
    barrier_wait(pool);
    ck_assert_uint_eq(prepared_spare_bytes(&the_log), 0);
}
END_TEST

START_TEST(compaction_gets_just_what_it_needs)
{
    const struct log_need need = {.use = LOG_UPKEEP, .bytes = 10 * KIB, .ahead = 20 * KIB};
    struct prepared prepared;
    sim_disk_set_free(disk, 200 * KIB);
    ck_assert_int_eq(prepared_get_scarce(&the_log, &need, &prepared), 0);
    ck_assert_uint_ge(prepared.size, SEGMENT_HEADER + need.bytes + need.ahead);
    ck_assert_uint_le(prepared.size, SEGMENT_HEADER + need.bytes + need.ahead + IO_BLOCK);
    drop(&prepared);
}
END_TEST

START_TEST(on_a_full_disk_it_comes_out_of_the_reserve)
{
    const struct log_need need = {.use = LOG_UPKEEP, .bytes = 10 * KIB};
    struct prepared prepared;
    space_cover(&space, FIRST); /* so that there is a reserve */
    barrier_wait(services.upkeep);
    uint64_t reserve = reserve_size(&space.reserve);
    ck_assert_uint_gt(reserve, 0);
    sim_disk_set_free(disk, 0);
    ck_assert_int_eq(prepared_get_scarce(&the_log, &need, &prepared), 0);
    ck_assert_uint_lt(reserve_size(&space.reserve), reserve);
    drop(&prepared);
}
END_TEST

START_TEST(with_nothing_left_anywhere_there_is_none)
{
    const struct log_need need = {.use = LOG_DELETES, .bytes = KIB};
    struct prepared prepared;
    sim_disk_set_free(disk, 0);
    ck_assert_int_eq(prepared_get_scarce(&the_log, &need, &prepared), ENOSPC);
}
END_TEST

START_TEST(it_is_a_segment_from_its_renaming_on)
{
    struct prepared prepared = get(KIB);
    const struct segment_header header = {.number = 1, .base = 0, .given = prepared.size};
    struct segment_header read;
    ck_assert_int_eq(prepared_activate(&the_log, &prepared, &header).error, STORE_OK);
    ck_assert_uint_eq(size_of("/log/next"), 0);
    ck_assert_uint_eq(size_of("/log/0000000000000001.seg"), prepared.size);
    ck_assert_int_eq(segment_read_header(io, prepared.file, 1, &read).error, STORE_OK);
    ck_assert_uint_eq(read.number, 1);
    drop(&prepared);
}
END_TEST

/* All of it comes to the disk with what is written to it then. */
START_TEST(the_first_of_a_log_costs_no_sync_by_itself)
{
    const struct segment_header header = {.number = SEGMENT_FIRST};
    struct segment_header read;
    struct prepared prepared = get(KIB);
    uint64_t before = sim_disk_calls(disk, SIM_FDATASYNC) + sim_disk_calls(disk, SIM_FSYNC);
    ck_assert_int_eq(prepared_activate_first(&the_log, &prepared, &header).error, STORE_OK);
    ck_assert_uint_eq(sim_disk_calls(disk, SIM_FDATASYNC) + sim_disk_calls(disk, SIM_FSYNC), before);
    ck_assert_int_eq(segment_read_header(io, prepared.file, 1, &read).error, STORE_OK);
    ck_assert_uint_eq(size_of("/log/0000000000000001.seg"), prepared.size);
    drop(&prepared);
    prepared = get(KIB);
    sim_disk_fail(disk, SIM_RENAMEAT, 1, false, EIO);
    ck_assert_int_eq(prepared_activate_first(&the_log, &prepared, &header).error, STORE_IO);
    ck_assert_uint_eq(size_of("/log/next"), 0); /* dropped */
}
END_TEST

/* Before the rename nothing has happened; behind it nobody knows whether the name is on disk. */
START_TEST(what_fails_is_told_by_what_it_has_left)
{
    const struct segment_header header = {.number = 1};
    struct prepared prepared = get(KIB);
    sim_disk_fail(disk, SIM_RENAMEAT, 1, false, EIO);
    ck_assert_int_eq(prepared_activate(&the_log, &prepared, &header).error, STORE_IO);
    ck_assert_uint_eq(size_of("/log/next"), 0); /* dropped */
    prepared = get(KIB);
    sim_disk_fail(disk, SIM_FSYNC, 1, false, EIO);
    const struct failure failure = prepared_activate(&the_log, &prepared, &header);
    ck_assert_int_eq(failure.error, STORE_FAILED);
    ck_assert_int_eq(failure.os_error, EIO);
}
END_TEST

START_TEST(closing_leaves_none_behind)
{
    prepared_request(&the_log);
    barrier_wait(pool);
    ck_assert_uint_gt(size_of("/log/spare"), 0);
    conclude();
    log_free(&the_log);
    ck_assert_uint_eq(size_of("/log/spare"), 0);
    open_log();
    log_own(&the_log, NULL);
    ck_assert(prepared_is_name("spare"));
    ck_assert(prepared_is_name("next"));
    ck_assert(!prepared_is_name("0000000000000001.seg"));
}
END_TEST

static void *begin(void *arg)
{
    log_begin(arg);
    return NULL;
}

static void begin_elsewhere(void)
{
    pthread_t other;
    pthread_create(&other, NULL, begin, &the_log);
    pthread_join(other, NULL);
}

static void begin_here(void)
{
    log_begin(&the_log);
}

static void free_it(void)
{
    log_free(&the_log);
}

static void set_aside(void)
{
    (void)log_add_stray(&the_log, &(struct log_stray){.number = 1});
}

static void note_a_mark_elsewhere(void)
{
    the_log.owner = 0;
    log_note_mark(&the_log, true);
}

START_TEST(while_there_is_a_writer_nobody_opens_or_closes)
{
    ck_assert_int_eq(unit_signal_of(free_it), SIGABRT);
    ck_assert_int_eq(unit_signal_of(set_aside), SIGABRT);
    ck_assert_int_eq(unit_signal_of(note_a_mark_elsewhere), SIGABRT);
}
END_TEST

START_TEST(who_is_not_the_writer_is_stopped)
{
    ck_assert_int_eq(unit_signal_of(begin_elsewhere), SIGABRT);
    ck_assert_int_eq(unit_signal_of(begin_here), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_is_made_ahead_is_taken,
        one_is_made_however_often_it_is_asked_for,
        in_haste_it_is_small,
        the_spare_under_way_is_not_taken_for_a_full_disk,
        it_is_as_large_as_what_is_needed,
        puts_get_none_out_of_the_reserve,
        compaction_gets_just_what_it_needs,
        on_a_full_disk_it_comes_out_of_the_reserve,
        with_nothing_left_anywhere_there_is_none,
        it_is_a_segment_from_its_renaming_on,
        the_first_of_a_log_costs_no_sync_by_itself,
        what_fails_is_told_by_what_it_has_left,
        closing_leaves_none_behind,
        who_is_not_the_writer_is_stopped,
        while_there_is_a_writer_nobody_opens_or_closes,
    };
    return UNIT_RUN_WITH("prepared", setup, teardown, tests);
}
