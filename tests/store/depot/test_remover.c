/* test_remover.c - trees of files go, in turns with what else the pool has to do. */
#include "store/depot/remover.h"

#include "tests/lib/sim_disk.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 500 };

static struct sim_disk *disk;
static const struct io *io;
static struct depot_options options;
static struct services services;
static struct effort effort;
static struct leftovers leftovers;
static struct pool *pool;
static struct remover remover;
static atomic_bool halt;
static int root;
static size_t nodes; /* when there is nothing yet */
static atomic_uint removed;

static void begin(size_t threads)
{
    disk = sim_disk_new(1);
    io = sim_disk_io(disk);
    atomic_store(&halt, false);
    atomic_store(&removed, 0);
    ck_assert_int_eq(io->mkdirat(io->self, AT_FDCWD, "/data", 0700), 0);
    root = io->openat(io->self, AT_FDCWD, "/data", O_RDONLY | O_DIRECTORY, 0);
    nodes = sim_disk_nodes(disk);
    options.io_threads = threads;
    pool = pool_new(threads);
    effort_init(&effort);
    leftovers_init(&leftovers, io, pool);
    services = (struct services){
        .options = &options, .pool = pool, .leftovers = &leftovers, .effort = &effort, .halt = &halt};
    remover_init(&remover, io, &services);
}

/* What the pool has is done then. */
static void end(void)
{
    leftovers_end(&leftovers);
    pool_free(pool);
    remover_free(&remover);
    leftovers_free(&leftovers);
    io->close(io->self, root);
    ck_assert_uint_eq(sim_disk_open_files(disk), 0);
}

static void setup(void)
{
    begin(4);
}

static void teardown(void)
{
    sim_disk_free(disk);
}

static void make_folder(const char *path)
{
    ck_assert_int_eq(io->mkdirat(io->self, root, path, 0700), 0);
}

static void make_files(const char *path, unsigned count)
{
    int folder = io->openat(io->self, root, path, O_RDONLY | O_DIRECTORY, 0);
    for (unsigned i = 0; i < count; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "%u", i);
        io->close(io->self, io->openat(io->self, folder, name, O_WRONLY | O_CREAT, 0600));
    }
    io->close(io->self, folder);
}

/* A folder with folders in it, on several floors, and files in each. */
static void make_tree(const char *name)
{
    char path[64];
    make_folder(name);
    make_files(name, 3);
    for (unsigned i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "%s/inner%u", name, i);
        make_folder(path);
        make_files(path, i * 100);
    }
    (void)snprintf(path, sizeof path, "%s/inner1/innermost", name);
    make_folder(path);
    make_files(path, 20);
}

static void count_removed(void *arg, const char *name)
{
    ck_assert_str_eq(name, arg);
    atomic_fetch_add(&removed, 1);
}

START_TEST(trees_and_files_go_with_all_they_hold)
{
    static char names[4][8] = {"a", "b", "c", "file"};
    for (int i = 0; i < 3; i++)
        make_tree(names[i]);
    io->close(io->self, io->openat(io->self, root, "file", O_WRONLY | O_CREAT, 0600));
    for (int i = 0; i < 4; i++)
        remover_take(&remover, root, names[i], count_removed, names[i]);
    end();
    ck_assert_uint_eq(atomic_load(&removed), 4);
    ck_assert_uint_eq(sim_disk_nodes(disk), nodes);
}
END_TEST

/* What cannot be removed stays, and nobody waits for it for ever. */
START_TEST(what_the_disk_refuses_is_left)
{
    static char name[] = "a";
    make_tree(name);
    size_t before = sim_disk_nodes(disk);
    sim_disk_fail(disk, SIM_UNLINKAT, 1, true, EIO);
    remover_take(&remover, root, name, count_removed, name);
    end();
    ck_assert_uint_eq(atomic_load(&removed), 1);
    ck_assert_uint_eq(sim_disk_nodes(disk), before);
}
END_TEST

static sem_t held;

static void hold(void *arg)
{
    (void)arg;
    sem_wait(&held);
}

static void look(void *arg)
{
    *(size_t *)arg = sim_disk_nodes(disk);
}

/* Of one thread, which all have to share. What comes later has its turn while most of the files are still there. */
START_TEST(other_work_has_its_turns)
{
    size_t seen = 0;
    struct pool_job holding = {.run = hold}, looking = {.run = look, .arg = &seen};
    end();
    teardown();
    begin(1);
    sem_init(&held, 0, 0);
    make_folder("a");
    make_files("a", MANY);
    pool_submit(pool, &holding);
    remover_take(&remover, root, "a", NULL, NULL);
    pool_submit(pool, &looking);
    sem_post(&held);
    end();
    ck_assert_uint_gt(seen, nodes + MANY - 100);
    ck_assert_uint_eq(sim_disk_nodes(disk), nodes);
    sem_destroy(&held);
}
END_TEST

/* Until the last of it has gone, which who takes what others have left has to know. */
START_TEST(what_is_being_removed_is_told)
{
    struct pool_job holding = {.run = hold};
    end();
    teardown();
    begin(1);
    sem_init(&held, 0, 0);
    make_tree("a");
    make_folder("b");
    pool_submit(pool, &holding);
    remover_take(&remover, root, "a", NULL, NULL);
    ck_assert(remover_has(&remover, root, "a"));
    ck_assert(!remover_has(&remover, root, "b"));
    ck_assert(!remover_has(&remover, root + 1, "a"));
    remover_take(&remover, root, "b", NULL, NULL);
    ck_assert(remover_has(&remover, root, "a") && remover_has(&remover, root, "b"));
    sem_post(&held);
    pool_free(pool);
    ck_assert(!remover_has(&remover, root, "a") && !remover_has(&remover, root, "b"));
    pool = pool_new(1);
    end();
    sem_destroy(&held);
}
END_TEST

static void stop(void *arg)
{
    (void)arg;
    atomic_store(&halt, true);
}

START_TEST(a_halt_leaves_the_rest)
{
    static char name[] = "a";
    struct pool_job holding = {.run = hold}, stopping = {.run = stop};
    end();
    teardown();
    begin(1);
    sem_init(&held, 0, 0);
    make_folder(name);
    make_files(name, MANY);
    pool_submit(pool, &holding);
    remover_take(&remover, root, name, count_removed, name);
    pool_submit(pool, &stopping);
    sem_post(&held);
    end();
    ck_assert_uint_gt(sim_disk_nodes(disk), nodes + MANY / 2);
    ck_assert_uint_eq(atomic_load(&removed), 1);
    sem_destroy(&held);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        trees_and_files_go_with_all_they_hold, what_the_disk_refuses_is_left, other_work_has_its_turns,
        what_is_being_removed_is_told,         a_halt_leaves_the_rest,
    };
    return UNIT_RUN_WITH("remover", setup, teardown, tests);
}
