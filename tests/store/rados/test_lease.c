/* test_lease.c - who may write: two processes and one pool. */
#include "store/rados/medium.h"
#include "tests/lib/patience.h"
#include "tests/lib/sim_cluster.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { TREE = 7 };

struct process {
    struct medium medium;
    const struct io *io;
    atomic_uint lost;
};

static struct sim_cluster *sim;
static struct tenancy *unheard; /* of those that are under test; NULL: none */
static atomic_bool silent;      /* the monitors: what is free is not told */

static int free_bytes(void *self, uint64_t *ret_bytes)
{
    (void)self;
    while (atomic_load(&silent))
        usleep(1000);
    *ret_bytes = 1;
    return 0;
}

static void setup(void)
{
    sim = sim_cluster_new(1);
    unheard = NULL;
}

static void teardown(void)
{
    sim_cluster_free(sim);
}

static void note_lost(void *arg, const char *sentence)
{
    struct process *process = arg;
    ck_assert(*sentence);
    atomic_fetch_add(&process->lost, 1);
}

static struct process *begin(unsigned lease)
{
    struct process *process = calloc(1, sizeof *process);
    struct cluster cluster;
    ck_assert_ptr_nonnull(process);
    sim_cluster_connect(sim, &cluster);
    cluster.free_bytes = free_bytes;
    const struct medium_use use = {.name = "pool", .lease = lease, .lost = note_lost, .arg = process};
    ck_assert_int_eq(medium_begin(&process->medium, &cluster, &use), 0);
    process->io = &process->medium.io;
    return process;
}

static void end(struct process *process)
{
    medium_end(&process->medium);
    free(process);
}

/* Locks the root, as who opens a data folder; an errno. */
static int lock_root(struct process *process)
{
    const struct io *io = process->io;
    int root = io->openat(io->self, AT_FDCWD, "pool", O_RDONLY | O_DIRECTORY, 0);
    int error = root < 0 || io->lock(io->self, root) < 0 ? errno : 0;
    if (root >= 0)
        io->close(io->self, root);
    return error;
}

static int make_file(struct process *process, const char *name)
{
    const struct io *io = process->io;
    int file = io->openat(io->self, AT_FDCWD, name, O_RDWR | O_CREAT, 0600);
    int error = file < 0 || io->pwrite(io->self, file, "text", 4, 0) != 4 || io->fdatasync(io->self, file) < 0 ? errno
                                                                                                               : 0;
    if (file >= 0)
        io->close(io->self, file);
    return error;
}

START_TEST(a_process_that_lives_keeps_what_it_has)
{
    struct process *one = begin(60), *other = begin(1);
    ck_assert_int_eq(lock_root(one), 0);
    ck_assert_int_ne(lock_root(other), 0); /* EWOULDBLOCK, or on a busy machine its own lease has run out */
    ck_assert_int_eq(make_file(one, "pool/a"), 0);
    ck_assert_uint_eq(atomic_load(&one->lost), 0);
    end(other);
    end(one);
}
END_TEST

/* Its last writes too are never told of, wherever they are. */
START_TEST(one_that_was_taken_over_from_never_acknowledges)
{
    struct process *one = begin(60);
    const struct io *io = one->io;
    ck_assert_int_eq(lock_root(one), 0);
    int file = io->openat(io->self, AT_FDCWD, "pool/a", O_RDWR | O_CREAT, 0600);
    ck_assert_int_ge(file, 0);
    sim_cluster_expire(sim); /* as when it was stopped for longer than its lease */
    struct process *other = begin(60);
    ck_assert_int_eq(lock_root(other), 0);
    ck_assert_int_eq(make_file(other, "pool/b"), 0);
    ck_assert(io->pwrite(io->self, file, "text", 4, 0) < 0 || io->fdatasync(io->self, file) < 0);
    ck_assert_int_eq(errno, ESHUTDOWN);
    char bytes[4];
    ck_assert(io->pread(io->self, file, bytes, 4, 0) < 0 && errno == ESHUTDOWN);
    ck_assert(io->mkdirat(io->self, AT_FDCWD, "pool/c", 0700) < 0 && errno == ESHUTDOWN);
    ck_assert_uint_eq(atomic_load(&one->lost), 1);
    io->close(io->self, file);
    end(one);
    ck_assert_int_eq(make_file(other, "pool/c"), 0);
    end(other);
}
END_TEST

/* Nobody has been shut out then, and nobody waits. */
START_TEST(what_was_given_back_is_there_at_once)
{
    struct process *one = begin(60);
    ck_assert_int_eq(lock_root(one), 0);
    end(one);
    ck_assert_uint_eq(sim_cluster_objects(sim, "session."), 0);
    struct process *other = begin(60);
    ck_assert_int_eq(lock_root(other), 0);
    end(other);
}
END_TEST

START_TEST(who_is_cut_off_loses_the_lease_by_itself)
{
    struct process *one = begin(1);
    ck_assert_int_eq(lock_root(one), 0);
    sim_cluster_cut(sim);
    WAIT_UNTIL(atomic_load(&one->lost) == 1);
    ck_assert_int_eq(lock_root(one), ESHUTDOWN);
    ck_assert_uint_eq(atomic_load(&one->lost), 1);
    end(one);
}
END_TEST

/* Although its lock may still be had: others may have seen it without. When each looks at its clock, and when it
 * renews, is chance. */
START_TEST(a_lease_that_has_run_out_is_not_renewed)
{
    struct process *processes[12];
    for (size_t i = 0; i < sizeof processes / sizeof *processes; i++)
        processes[i] = begin(60);
    for (size_t i = 0; i < sizeof processes / sizeof *processes; i++)
        atomic_store(&processes[i]->medium.lease.until, 0);
    for (size_t i = 0; i < sizeof processes / sizeof *processes; i++) {
        WAIT_UNTIL(atomic_load(&processes[i]->lost) == 1);
        ck_assert_int_eq(lock_root(processes[i]), ESHUTDOWN);
        end(processes[i]);
    }
}
END_TEST

/* A renewal does not wait for those who tell what is free. */
START_TEST(a_lease_is_renewed_while_monitors_are_away)
{
    struct process *one = begin(60);
    atomic_store(&silent, true);
    uint64_t calls = sim_cluster_calls(sim, SIM_CLUSTER_LOCK);
    WAIT_UNTIL(sim_cluster_calls(sim, SIM_CLUSTER_LOCK) > calls + 3);
    ck_assert_uint_gt(sim_cluster_calls(sim, SIM_CLUSTER_LOCK), calls + 3);
    atomic_store(&silent, false);
    end(one);
}
END_TEST

START_TEST(a_lease_is_renewed)
{
    struct process *one = begin(60);
    uint64_t calls = sim_cluster_calls(sim, SIM_CLUSTER_LOCK);
    WAIT_UNTIL(sim_cluster_calls(sim, SIM_CLUSTER_LOCK) > calls);
    ck_assert_uint_gt(sim_cluster_calls(sim, SIM_CLUSTER_LOCK), calls);
    end(one);
}
END_TEST

/* A lease without a medium, whose recovery fails so many times. */
struct tenancy {
    struct cluster cluster;
    int (*lock)(void *self, const char *object, const char *cookie, unsigned seconds);
    struct lease lease;
    unsigned failures, recoveries;
    atomic_bool cut;
};

static int recover(void *arg, uint64_t tree)
{
    struct tenancy *tenancy = arg;
    ck_assert_uint_eq(tree, TREE);
    return ++tenancy->recoveries <= tenancy->failures ? EIO : 0;
}

/* What it has locked it is not told. */
static int lock_unheard(void *self, const char *object, const char *cookie, unsigned seconds)
{
    int error = unheard->lock(self, object, cookie, seconds);
    return seconds == 0 ? ETIMEDOUT : error;
}

static void only_when_cut(void *arg, const char *sentence)
{
    const struct tenancy *tenancy = arg;
    ck_assert_msg(atomic_load(&tenancy->cut), "%s", sentence);
}

static void begin_tenancy(struct tenancy *tenancy, unsigned failures)
{
    *tenancy = (struct tenancy){.failures = failures};
    sim_cluster_connect(sim, &tenancy->cluster);
    tenancy->lock = tenancy->cluster.lock;
    if (unheard == tenancy)
        tenancy->cluster.lock = lock_unheard;
    const struct lease_options options = {.seconds = 60, .recover = recover, .lost = only_when_cut, .arg = tenancy};
    ck_assert_int_eq(lease_begin(&tenancy->lease, &tenancy->cluster, &options), 0);
}

static void end_tenancy(struct tenancy *tenancy)
{
    lease_end(&tenancy->lease);
    tenancy->cluster.close(tenancy->cluster.self);
}

/* By the one who began it, and by another one, who does not have to wait for that. */
START_TEST(a_take_over_that_has_failed_is_begun_again)
{
    struct tenancy dead, failing, next;
    struct tenant tenant;
    begin_tenancy(&dead, 0);
    ck_assert_int_eq(lease_own(&dead.lease, TREE), 0);
    atomic_store(&dead.cut, true);
    sim_cluster_cut(sim);
    begin_tenancy(&failing, 2);
    ck_assert_int_eq(lease_own(&failing.lease, TREE), EIO);
    ck_assert_int_eq(lease_own(&failing.lease, TREE), EIO);
    ck_assert_uint_eq(failing.recoveries, 2);
    begin_tenancy(&next, 0);
    ck_assert_int_eq(lease_try(&next.lease, TREE, &tenant), 0);
    ck_assert_uint_eq(next.recoveries, 1);
    ck_assert_int_eq(lease_try(&failing.lease, TREE, &tenant), EWOULDBLOCK);
    ck_assert_uint_eq(failing.recoveries, 2);
    end_tenancy(&next);
    ck_assert_int_eq(lease_own(&failing.lease, TREE), 0);
    ck_assert_uint_eq(failing.recoveries, 2);
    end_tenancy(&failing);
    atomic_store(&dead.lease.lost, true);
    end_tenancy(&dead);
}
END_TEST

/* A lock that was had without a word of it is given back, and taken by the next one. */
START_TEST(a_lock_of_which_nothing_was_told_holds_up_nobody)
{
    struct tenancy one, other;
    struct tenant tenant;
    begin_tenancy(&other, 0);
    unheard = &one;
    begin_tenancy(&one, 0);
    ck_assert_int_eq(lease_try(&one.lease, TREE, &tenant), ETIMEDOUT);
    ck_assert_int_eq(lease_try(&other.lease, TREE, &tenant), 0);
    end_tenancy(&one);
    end_tenancy(&other);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_process_that_lives_keeps_what_it_has,
        one_that_was_taken_over_from_never_acknowledges,
        what_was_given_back_is_there_at_once,
        who_is_cut_off_loses_the_lease_by_itself,
        a_lease_that_has_run_out_is_not_renewed,
        a_lease_is_renewed,
        a_lease_is_renewed_while_monitors_are_away,
        a_take_over_that_has_failed_is_begun_again,
        a_lock_of_which_nothing_was_told_holds_up_nobody,
    };
    return UNIT_RUN_WITH("lease", setup, teardown, tests);
}
