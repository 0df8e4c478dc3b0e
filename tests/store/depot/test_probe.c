/* test_probe.c - whether the data folder is there and its disk gives bytes. */
#include "store/depot/folder.h"
#include "store/depot/probe.h"
#include "tests/lib/patience.h"
#include "tests/lib/sim_disk.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <string.h>
#include <time.h>

enum { ASKED = 1000 };

static struct sim_disk *disk;
static struct folder folder;
static struct probe probe;
static atomic_bool alarm_raised;
static sem_t answered;

static void find_nothing(void *arg, struct store_detail *detail)
{
    (void)arg;
    (void)detail;
}

static void setup(void)
{
    const struct probe_hook hook = {.look = find_nothing};
    disk = sim_disk_new(1);
    ck_assert_int_eq(folder_open(&folder, sim_disk_io(disk), "/data", FOLDER_SERVE, NULL).error, STORE_OK);
    ck_assert(probe_init(&probe, sim_disk_io(disk), folder.root, "/data", &alarm_raised, &hook));
    sem_init(&answered, 0, 0);
}

static void teardown(void)
{
    probe_free(&probe);
    folder_close(&folder);
    ck_assert_uint_eq(sim_disk_open_files(disk), 0);
    sim_disk_free(disk);
}

static void done(void *arg)
{
    sem_post(arg);
}

static bool ask(struct store_detail *ret_detail)
{
    ck_assert_int_eq(probe_ask(&probe, done, &answered), STORE_OK);
    sem_wait(&answered);
    return probe_tell(&probe, ret_detail);
}

/* Asks until it says so: what was just found counts for a moment. */
static bool comes_to(bool well, struct store_detail *ret_detail)
{
    WAIT_UNTIL(ask(ret_detail) == well);
    return probe_tell(&probe, ret_detail) == well;
}

START_TEST(a_disk_that_gives_nothing_is_told_until_it_does)
{
    struct store_detail detail;
    ck_assert(ask(&detail));
    sim_disk_fail(disk, SIM_PREAD, 1, true, EIO);
    ck_assert(comes_to(false, &detail));
    ck_assert_ptr_nonnull(strstr(detail.text, "Input/output error"));
    sim_disk_heal(disk);
    ck_assert(comes_to(true, &detail));
}
END_TEST

static void a_disk_that_fails_writes_is_told(enum sim_call call)
{
    struct store_detail detail;
    sim_disk_fail(disk, call, 1, true, EIO);
    ck_assert(ask(&detail)); /* nobody has had a write fail */
    atomic_store(&alarm_raised, true);
    ck_assert(comes_to(false, &detail));
    ck_assert_ptr_nonnull(strstr(detail.text, "takes no bytes: Input/output error"));
    sim_disk_heal(disk);
    ck_assert(comes_to(true, &detail));
    ck_assert(!atomic_load(&alarm_raised));
}

START_TEST(a_disk_that_takes_nothing_is_told_until_it_does)
{
    a_disk_that_fails_writes_is_told(SIM_PWRITE);
    a_disk_that_fails_writes_is_told(SIM_FDATASYNC);
}
END_TEST

START_TEST(nothing_is_written_while_all_is_well)
{
    uint64_t writes = sim_disk_calls(disk, SIM_PWRITE);
    atomic_store(&alarm_raised, true);
    WAIT_UNTIL(ask(NULL) && !atomic_load(&alarm_raised));
    ck_assert_uint_eq(sim_disk_calls(disk, SIM_PWRITE), writes + 1);
    size_t nodes = sim_disk_nodes(disk);
    WAIT_UNTIL(ask(NULL) && sim_disk_calls(disk, SIM_PREAD) >= 4);
    ck_assert_uint_eq(sim_disk_calls(disk, SIM_PWRITE), writes + 1);
    ck_assert_uint_eq(sim_disk_nodes(disk), nodes);
}
END_TEST

START_TEST(want_of_space_is_no_failure_of_the_disk)
{
    sim_disk_fail(disk, SIM_PWRITE, 1, true, ENOSPC);
    atomic_store(&alarm_raised, true);
    ck_assert(ask(NULL));
    ck_assert(atomic_load(&alarm_raised));
}
END_TEST

START_TEST(a_folder_that_is_gone_is_told)
{
    struct store_detail detail;
    const struct io *io = sim_disk_io(disk);
    ck_assert_int_eq(io->unlinkat(io->self, folder.root, FOLDER_MARKER, 0), 0);
    ck_assert(!ask(&detail));
    ck_assert_ptr_nonnull(strstr(detail.text, "the data folder is gone"));
}
END_TEST

START_TEST(a_folder_that_was_moved_is_told_until_it_is_back)
{
    struct store_detail detail;
    const struct io *io = sim_disk_io(disk);
    ck_assert(ask(&detail));
    ck_assert_int_eq(io->renameat(io->self, AT_FDCWD, "/data", AT_FDCWD, "/moved"), 0);
    ck_assert(comes_to(false, &detail));
    ck_assert_ptr_nonnull(strstr(detail.text, "there is no folder '/data' any more"));
    ck_assert_int_eq(io->mkdirat(io->self, AT_FDCWD, "/data", 0700), 0);
    WAIT_UNTIL(!ask(&detail) && strstr(detail.text, "'/data' is another folder now"));
    ck_assert_int_eq(io->unlinkat(io->self, AT_FDCWD, "/data", AT_REMOVEDIR), 0);
    ck_assert_int_eq(io->renameat(io->self, AT_FDCWD, "/moved", AT_FDCWD, "/data"), 0);
    ck_assert(comes_to(true, &detail));
}
END_TEST

START_TEST(a_file_system_that_has_become_read_only_is_told)
{
    struct store_detail detail;
    ck_assert(ask(&detail));
    sim_disk_set_read_only(disk, true);
    ck_assert(comes_to(false, &detail));
    ck_assert_ptr_nonnull(strstr(detail.text, "read-only"));
    sim_disk_set_read_only(disk, false);
    ck_assert(comes_to(true, &detail));
}
END_TEST

START_TEST(want_of_descriptors_says_nothing_of_the_disk)
{
    sim_disk_fail(disk, SIM_OPENAT, 1, true, EMFILE);
    ck_assert(ask(NULL));
}
END_TEST

START_TEST(a_file_system_without_direct_reads_will_do)
{
    sim_disk_refuse_direct(disk, true);
    ck_assert(ask(NULL));
    ck_assert_uint_eq(sim_disk_calls(disk, SIM_PREAD), 1);
}
END_TEST

START_TEST(not_everybody_who_asks_has_the_disk_read)
{
    time_t began = time(NULL);
    uint64_t reads = sim_disk_calls(disk, SIM_PREAD);
    for (int i = 0; i < ASKED; i++)
        ck_assert(ask(NULL));
    reads = sim_disk_calls(disk, SIM_PREAD) - reads;
    ck_assert_uint_ge(reads, 1);
    ck_assert_uint_le(reads, 10 * (uint64_t)(time(NULL) - began + 1) + 1);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_disk_that_gives_nothing_is_told_until_it_does,
        a_folder_that_is_gone_is_told,
        a_folder_that_was_moved_is_told_until_it_is_back,
        a_file_system_that_has_become_read_only_is_told,
        want_of_descriptors_says_nothing_of_the_disk,
        a_file_system_without_direct_reads_will_do,
        not_everybody_who_asks_has_the_disk_read,
        a_disk_that_takes_nothing_is_told_until_it_does,
        nothing_is_written_while_all_is_well,
        want_of_space_is_no_failure_of_the_disk,
    };
    return UNIT_RUN_WITH("probe", setup, teardown, tests);
}
