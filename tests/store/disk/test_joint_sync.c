/* test_joint_sync.c - one sync for all who come while another one is under way. */
#include "store/disk/joint_sync.h"
#include "tests/lib/sim_disk.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>

enum { THREADS = 8, ROUNDS = 50 };

static struct sim_disk *disk;
static const struct io *io;
static struct joint_sync joint;

static void setup(void)
{
    disk = sim_disk_new(1);
    io = sim_disk_io(disk);
    joint_sync_init(&joint, io, io->openat(io->self, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0));
}

static void teardown(void)
{
    io->close(io->self, joint.folder);
    joint_sync_free(&joint);
    sim_disk_free(disk);
}

/* Makes folders, each durable before the next. */
static void *make_folders(void *arg)
{
    char name[] = "/a0";
    name[1] = (char)('a' + *(const int *)arg);
    for (int i = 0; i < ROUNDS; i++) {
        name[2] = (char)('0' + i);
        ck_assert_int_eq(io->mkdirat(io->self, AT_FDCWD, name, 0700), 0);
        ck_assert_int_eq(joint_sync(&joint), 0);
    }
    return NULL;
}

START_TEST(what_came_before_it_is_on_disk_behind_it)
{
    pthread_t threads[THREADS];
    int numbers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, make_folders, &numbers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_le(sim_disk_calls(disk, SIM_FSYNC), THREADS * ROUNDS);
    sim_disk_reboot(disk, 7);
    joint.folder = io->openat(io->self, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0);
    for (int i = 0; i < THREADS; i++) {
        char name[] = "/a0";
        name[1] = (char)('a' + i);
        name[2] = (char)('0' + ROUNDS - 1);
        int folder = io->openat(io->self, AT_FDCWD, name, O_RDONLY | O_DIRECTORY, 0);
        ck_assert_int_ge(folder, 0);
        io->close(io->self, folder);
    }
}
END_TEST

START_TEST(a_failure_is_told_and_the_next_one_is_another)
{
    sim_disk_fail(disk, SIM_FSYNC, 1, false, EIO);
    ck_assert_int_eq(joint_sync(&joint), EIO);
    ck_assert_int_eq(joint_sync(&joint), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {what_came_before_it_is_on_disk_behind_it,
                                  a_failure_is_told_and_the_next_one_is_another};
    return UNIT_RUN_WITH("joint_sync", setup, teardown, tests);
}
