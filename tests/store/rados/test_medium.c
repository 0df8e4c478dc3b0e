/* test_medium.c - files and folders on a pool: what each call of the table does, and what is left of it. */
#include "tests/lib/prng.h"
#include "tests/lib/sim_medium.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = SIM_MEDIUM_PIECE, ROOT = AT_FDCWD };

static struct sim_medium *ground;
static const struct io *io;

static void setup(void)
{
    ground = sim_medium_new(1);
    io = sim_medium_io(ground);
}

static void teardown(void)
{
    sim_medium_free(ground);
}

/* A call must succeed, or fail so. */
#define MUST(call)        ck_assert_msg((call) >= 0, "%s: %s", #call, strerror(errno))
#define FAILS(call, code) ck_assert_msg((call) < 0 && errno == (code), "%s: %s", #call, strerror(errno))

static int open_file(const char *path, int flags)
{
    int file = io->openat(io->self, ROOT, path, flags, 0600);
    ck_assert_msg(file >= 0, "%s: %s", path, strerror(errno));
    return file;
}

static bool is_there(const char *path)
{
    int file = io->openat(io->self, ROOT, path, O_RDONLY, 0);
    if (file >= 0)
        io->close(io->self, file);
    return file >= 0;
}

static void make_file(const char *path, const char *text, bool synced)
{
    int file = open_file(path, O_RDWR | O_CREAT | O_TRUNC);
    ck_assert_int_eq(io_write_all(io, file, text, strlen(text), 0), 0);
    if (synced)
        MUST(io->fdatasync(io->self, file));
    MUST(io->close(io->self, file));
}

static void must_hold(const char *path, const char *text)
{
    char bytes[256] = "";
    int file = open_file(path, O_RDONLY);
    ssize_t got = io->pread(io->self, file, bytes, sizeof bytes - 1, 0);
    ck_assert_int_eq(got, (ssize_t)strlen(text));
    ck_assert_str_eq(bytes, text);
    MUST(io->close(io->self, file));
}

/* The folders of a store. */
static void make_store(const char *name)
{
    char path[64];
    static const char *const parts[] = {"", "/log", "/blobs"};
    (void)io->mkdirat(io->self, ROOT, "/data/stores", 0700);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        (void)snprintf(path, sizeof path, "/data/stores/%s%s", name, parts[i]);
        MUST(io->mkdirat(io->self, ROOT, path, 0700));
    }
}

/* ---- names ----------------------------------------------------------------------------------- */

START_TEST(names_lead_to_what_was_made)
{
    make_store("s");
    make_file("/data/stores/s/log/a", "one", true);
    must_hold("/data/stores/s/log/a", "one");
    must_hold("/data/stores/../stores/s/./log//a", "one");
    FAILS(io->openat(io->self, ROOT, "/data/stores/s/log/b", O_RDONLY, 0), ENOENT);
    FAILS(io->openat(io->self, ROOT, "/data/stores/t/log/b", O_RDONLY, 0), ENOENT);
    FAILS(io->openat(io->self, ROOT, "/data/stores/s/log/a/b", O_RDONLY, 0), ENOTDIR);
    FAILS(io->openat(io->self, ROOT, "/data/stores/s/log/a", O_RDONLY | O_DIRECTORY, 0), ENOTDIR);
    FAILS(io->openat(io->self, ROOT, "/data/stores/s/log", O_RDWR, 0), EISDIR);
    FAILS(io->openat(io->self, ROOT, "/data/stores/s/log/a", O_RDWR | O_CREAT | O_EXCL, 0), EEXIST);
    FAILS(io->mkdirat(io->self, ROOT, "/data/stores", 0700), EEXIST);
    FAILS(io->mkdirat(io->self, ROOT, "/data", 0700), EEXIST);
    FAILS(io->unlinkat(io->self, ROOT, "/data/stores/s/log/b", 0), ENOENT);
    FAILS(io->unlinkat(io->self, ROOT, "/data/stores/s/log", 0), EISDIR);
    FAILS(io->unlinkat(io->self, ROOT, "/data/stores/s/log/a", AT_REMOVEDIR), ENOTDIR);
    FAILS(io->unlinkat(io->self, ROOT, "/data/stores/s/log", AT_REMOVEDIR), ENOTEMPTY);
    FAILS(io->close(io->self, 12345), EBADF);
    FAILS(io->exchange(io->self, ROOT, "/data/stores", ROOT, "/data/stores"), EINVAL);
}
END_TEST

START_TEST(a_listing_has_every_name_once)
{
    char path[64];
    bool seen[100] = {false};
    make_store("s");
    for (int i = 0; i < 100; i++) {
        (void)snprintf(path, sizeof path, "/data/stores/s/blobs/%d", i);
        make_file(path, "", false);
    }
    int folder = open_file("/data/stores/s/blobs", O_RDONLY | O_DIRECTORY);
    char *names = io->list(io->self, folder);
    ck_assert_ptr_nonnull(names);
    for (const char *name = names; *name; name += strlen(name) + 1) {
        int i = atoi(name);
        ck_assert(!seen[i]);
        seen[i] = true;
    }
    for (int i = 0; i < 100; i++)
        ck_assert_msg(seen[i], "%d is missing", i);
    free(names);
    MUST(io->close(io->self, folder));
}
END_TEST

START_TEST(a_rename_takes_the_place_of_a_file)
{
    make_store("s");
    make_file("/data/stores/s/log/draft", "new", true);
    make_file("/data/stores/s/log/name", "old", true);
    int reader = open_file("/data/stores/s/log/name", O_RDONLY);
    MUST(io->renameat(io->self, ROOT, "/data/stores/s/log/draft", ROOT, "/data/stores/s/log/name"));
    must_hold("/data/stores/s/log/name", "new");
    ck_assert(!is_there("/data/stores/s/log/draft"));
    char bytes[4] = "";
    ck_assert_int_eq(io->pread(io->self, reader, bytes, 3, 0), 3); /* whoever reads it keeps it */
    ck_assert_str_eq(bytes, "old");
    ck_assert_uint_eq(sim_cluster_objects(ground->sim, "file."), 2);
    MUST(io->close(io->self, reader));
    sim_medium_settle(ground);
    ck_assert_uint_eq(sim_cluster_objects(ground->sim, "file."), 1);
    FAILS(io->renameat(io->self, ROOT, "/data/stores/s/log/draft", ROOT, "/data/stores/s/log/name"), ENOENT);
}
END_TEST

START_TEST(a_store_goes_to_the_trash_and_away)
{
    make_store("s");
    MUST(io->mkdirat(io->self, ROOT, "/data/trash", 0700));
    make_file("/data/stores/s/blobs/1.blob", "large", true);
    MUST(io->renameat(io->self, ROOT, "/data/stores/s", ROOT, "/data/trash/7"));
    ck_assert(!is_there("/data/stores/s"));
    must_hold("/data/trash/7/blobs/1.blob", "large");
    MUST(io->unlinkat(io->self, ROOT, "/data/trash/7/blobs/1.blob", 0));
    MUST(io->unlinkat(io->self, ROOT, "/data/trash/7/blobs", AT_REMOVEDIR));
    MUST(io->unlinkat(io->self, ROOT, "/data/trash/7/log", AT_REMOVEDIR));
    MUST(io->unlinkat(io->self, ROOT, "/data/trash/7", AT_REMOVEDIR));
    sim_medium_settle(ground);
    ck_assert_uint_eq(sim_cluster_objects(ground->sim, "file."), 0);
    ck_assert_uint_eq(sim_cluster_objects(ground->sim, "tree."), 1);
}
END_TEST

/* ---- bytes ----------------------------------------------------------------------------------- */

/* A file beside a plain array. */
START_TEST(bytes_are_those_of_an_array)
{
    enum { MOST = 10 * PIECE, STEPS = 400 };
    static char array[MOST], bytes[MOST], read[MOST];
    struct prng prng = prng_of(7);
    size_t size = 0;
    memset(array, 0, sizeof array);
    make_store("s");
    int file = open_file("/data/stores/s/log/a", O_RDWR | O_CREAT);
    for (int step = 0; step < STEPS; step++) {
        uint64_t what = prng_below(&prng, 10);
        size_t at = (size_t)prng_below(&prng, MOST), length = (size_t)prng_below(&prng, MOST - at);
        if (what < 4) {
            memset(bytes, 1 + step % 255, length);
            ck_assert_int_eq(io->pwrite(io->self, file, bytes, length, (off_t)at), (ssize_t)length);
            memcpy(array + at, bytes, length);
            size = length > 0 && at + length > size ? at + length : size;
        } else if (what == 4) {
            MUST(io->ftruncate(io->self, file, (off_t)at));
            if (at < size)
                memset(array + at, 0, size - at);
            size = at;
        } else if (what == 5) {
            MUST(io->fdatasync(io->self, file));
        } else if (what == 6) {
            MUST(io->close(io->self, file));
            file = open_file("/data/stores/s/log/a", O_RDWR);
        } else {
            size_t wanted = at >= size ? 0 : length < size - at ? length : size - at;
            ck_assert_int_eq(io->pread(io->self, file, read, length, (off_t)at), (ssize_t)wanted);
            ck_assert(memcmp(read, array + at, wanted) == 0);
        }
    }
    MUST(io->close(io->self, file));
}
END_TEST

/* ---- what outlives the process --------------------------------------------------------------- */

/* The process is gone, and another one takes over. */
static void cut_and_restart(int file)
{
    sim_cluster_cut(ground->sim);
    if (file >= 0)
        (void)io->close(io->self, file);
    sim_medium_restart(ground);
    static const char *const folders[] = {"/data", "/data/stores/s"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        int folder = open_file(folders[i], O_RDONLY | O_DIRECTORY);
        MUST(io->lock(io->self, folder));
        MUST(io->close(io->self, folder));
    }
}

START_TEST(what_was_synced_outlives_the_process)
{
    struct stat before, after;
    make_store("s");
    int file = open_file("/data/stores/s/log/a", O_RDWR | O_CREAT);
    ck_assert_int_eq(io_write_all(io, file, "synced", 6, 3 * PIECE - 3), 0);
    MUST(io->fdatasync(io->self, file));
    MUST(io->fstat(io->self, file, &before));
    cut_and_restart(file);
    file = open_file("/data/stores/s/log/a", O_RDONLY);
    MUST(io->fstat(io->self, file, &after));
    char bytes[6];
    ck_assert_int_eq(io_read_all(io, file, bytes, sizeof bytes, 3 * PIECE - 3), 0);
    ck_assert(memcmp(bytes, "synced", sizeof bytes) == 0);
    ck_assert_int_eq(after.st_size, before.st_size);
    ck_assert_uint_eq(after.st_ino, before.st_ino);
    ck_assert(memcmp(&after.st_mtim, &before.st_mtim, sizeof after.st_mtim) == 0);
    MUST(io->close(io->self, file));
}
END_TEST

/* However far it had come: no piece of it is left, although no head tells of them. */
START_TEST(a_file_that_was_never_synced_is_removed_whole)
{
    static char bytes[PIECE];
    make_store("s");
    memset(bytes, 'x', sizeof bytes);
    for (int pieces = 1; pieces < 120; pieces = pieces * 3 + 1) {
        int file = open_file("/data/stores/s/blobs/1.blob", O_RDWR | O_CREAT);
        for (int i = 0; i < pieces; i++)
            ck_assert_int_eq(io_write_all(io, file, bytes, sizeof bytes, (off_t)i * PIECE), 0);
        cut_and_restart(file);
        MUST(io->unlinkat(io->self, ROOT, "/data/stores/s/blobs/1.blob", 0));
        sim_medium_settle(ground);
        ck_assert_uint_eq(sim_cluster_objects(ground->sim, "file."), 0);
    }
}
END_TEST

static void cut_removals_short(size_t size, uint64_t most)
{
    static char bytes[40 * PIECE];
    ck_assert_uint_le(size, sizeof bytes);
    for (uint64_t calls = 0; calls < most; calls++) {
        int file = open_file("/data/stores/s/blobs/1.blob", O_RDWR | O_CREAT);
        ck_assert_int_eq(io_write_all(io, file, bytes, size, 0), 0);
        MUST(io->fdatasync(io->self, file));
        MUST(io->close(io->self, file));
        sim_cluster_cut_after(ground->sim, calls);
        (void)io->unlinkat(io->self, ROOT, "/data/stores/s/blobs/1.blob", 0);
        sim_medium_settle(ground);
        cut_and_restart(-1);
        if (is_there("/data/stores/s/blobs/1.blob"))
            MUST(io->unlinkat(io->self, ROOT, "/data/stores/s/blobs/1.blob", 0));
        sim_medium_settle(ground);
        ck_assert_msg(sim_cluster_objects(ground->sim, "file.") == 0, "after %d calls something is left", (int)calls);
    }
}

START_TEST(a_removal_that_was_cut_short_is_finished)
{
    make_store("s");
    cut_removals_short(40 * PIECE, 60);
    cut_removals_short(PIECE, 12);
    cut_removals_short(1, 12);
}
END_TEST

/* What was written and not synced may be there or not, but in no other file, and behind no end. */
START_TEST(bytes_behind_the_end_are_never_seen)
{
    static char bytes[3 * PIECE], read[3 * PIECE];
    static const char zeros[3 * PIECE];
    make_store("s");
    memset(bytes, 'x', sizeof bytes);
    make_file("/data/stores/s/log/a", "short", true);
    int file = open_file("/data/stores/s/log/a", O_RDWR);
    ck_assert_int_eq(io_write_all(io, file, bytes, sizeof bytes, 5), 0);
    cut_and_restart(file);
    file = open_file("/data/stores/s/log/a", O_RDWR);
    MUST(io->ftruncate(io->self, file, 5));
    MUST(io->ftruncate(io->self, file, sizeof bytes));
    ck_assert_int_eq(io_read_all(io, file, read, sizeof read - 5, 5), 0);
    ck_assert(memcmp(read, zeros, sizeof read - 5) == 0);
    MUST(io->close(io->self, file));
}
END_TEST

/* ---- links ----------------------------------------------------------------------------------- */

START_TEST(a_file_lives_as_long_as_one_of_its_links)
{
    make_store("s");
    make_store("t");
    make_file("/data/stores/s/blobs/1.blob", "large", true);
    MUST(io->linkat(io->self, ROOT, "/data/stores/s/blobs/1.blob", ROOT, "/data/stores/t/blobs/9.blob"));
    FAILS(io->linkat(io->self, ROOT, "/data/stores/s/blobs/1.blob", ROOT, "/data/stores/t/blobs/9.blob"), EEXIST);
    FAILS(io->linkat(io->self, ROOT, "/data/stores/s/blobs/2.blob", ROOT, "/data/stores/t/blobs/8.blob"), ENOENT);
    MUST(io->unlinkat(io->self, ROOT, "/data/stores/s/blobs/1.blob", 0));
    sim_medium_settle(ground);
    must_hold("/data/stores/t/blobs/9.blob", "large");
    MUST(io->unlinkat(io->self, ROOT, "/data/stores/t/blobs/9.blob", 0));
    sim_medium_settle(ground);
    ck_assert_uint_eq(sim_cluster_objects(ground->sim, "file."), 0);
}
END_TEST

/* After each number of calls: the new link is there with all bytes, or is not; the old one is; and in the end nothing
 * is left of either. */
START_TEST(a_link_that_was_cut_short_is_whole_or_none)
{
    make_store("s");
    make_store("t");
    for (uint64_t calls = 0; calls < 12; calls++) {
        make_file("/data/stores/s/blobs/1.blob", "large", true);
        sim_cluster_cut_after(ground->sim, calls);
        (void)io->linkat(io->self, ROOT, "/data/stores/s/blobs/1.blob", ROOT, "/data/stores/t/blobs/9.blob");
        cut_and_restart(-1);
        MUST(io->unlinkat(io->self, ROOT, "/data/stores/s/blobs/1.blob", 0));
        bool linked = is_there("/data/stores/t/blobs/9.blob");
        sim_medium_settle(ground);
        if (linked) {
            must_hold("/data/stores/t/blobs/9.blob", "large");
            MUST(io->unlinkat(io->self, ROOT, "/data/stores/t/blobs/9.blob", 0));
        }
        sim_medium_settle(ground);
        ck_assert_msg(sim_cluster_objects(ground->sim, "file.") == 0, "after %d calls something is left", (int)calls);
    }
}
END_TEST

START_TEST(a_reader_keeps_a_file_that_is_removed)
{
    char bytes[6] = "";
    make_store("s");
    make_file("/data/stores/s/blobs/1.blob", "large", true);
    int file = open_file("/data/stores/s/blobs/1.blob", O_RDONLY), copy = io->dup(io->self, file);
    MUST(io->unlinkat(io->self, ROOT, "/data/stores/s/blobs/1.blob", 0));
    MUST(io->close(io->self, file));
    sim_medium_settle(ground);
    ck_assert_int_eq(io->pread(io->self, copy, bytes, 5, 0), 5);
    ck_assert_str_eq(bytes, "large");
    MUST(io->close(io->self, copy));
    sim_medium_settle(ground);
    ck_assert_uint_eq(sim_cluster_objects(ground->sim, "file."), 0);
}
END_TEST

/* ---- failures -------------------------------------------------------------------------------- */

/* Nobody knows whether it is there: that is a sync that failed, and no later one makes it good. */
START_TEST(an_unknown_outcome_is_a_failed_sync)
{
    make_store("s");
    int file = open_file("/data/stores/s/log/a", O_RDWR | O_CREAT);
    sim_cluster_fail(ground->sim, SIM_CLUSTER_CHANGE, 1, false, ETIMEDOUT);
    ck_assert_int_eq(io->pwrite(io->self, file, "text", 4, 0), 4);
    FAILS(io->fdatasync(io->self, file), ETIMEDOUT);
    FAILS(io->fdatasync(io->self, file), ETIMEDOUT);
    MUST(io->close(io->self, file));
    file = open_file("/data/stores/s/log/a", O_RDWR);
    MUST(io->fdatasync(io->self, file));
    MUST(io->close(io->self, file));
}
END_TEST

START_TEST(a_full_cluster_is_told_by_the_sync)
{
    make_store("s");
    int file = open_file("/data/stores/s/log/a", O_RDWR | O_CREAT);
    sim_cluster_fail(ground->sim, SIM_CLUSTER_CHANGE, 1, false, ENOSPC);
    ck_assert_int_eq(io->pwrite(io->self, file, "text", 4, 0), 4);
    FAILS(io->fdatasync(io->self, file), ENOSPC);
    MUST(io->close(io->self, file));
}
END_TEST

/* ---- what it costs --------------------------------------------------------------------------- */

static struct cluster whole; /* as it was */

static int get_and_lose(void *self, const char *object, enum cluster_kind kind, const char *const *names, size_t count,
                        char **ret_texts)
{
    int error = whole.get(self, object, kind, names, count, ret_texts);
    (void)lease_look(&ground->medium.lease, ESHUTDOWN);
    return error;
}

/* Who is told that it failed has nothing to close. */
START_TEST(what_is_opened_while_the_pool_is_lost_is_not_open)
{
    make_store("s");
    make_file("/data/stores/s/log/a", "one", true);
    int file = open_file("/data/stores/s/log/a", O_RDONLY);
    size_t open = ground->medium.descriptors.count;
    whole = ground->medium.cluster;
    ground->medium.cluster.get = get_and_lose;
    FAILS(io->openat(io->self, ROOT, "/data/stores", O_RDONLY | O_DIRECTORY, 0), ESHUTDOWN);
    FAILS(io->dup(io->self, file), ESHUTDOWN);
    ck_assert_uint_eq(ground->medium.descriptors.count, open);
    ground->medium.cluster.get = whole.get;
    MUST(io->close(io->self, file));
}
END_TEST

/* A commit into a segment that is prepared: no second change, although its time has become another one. */
START_TEST(a_commit_is_one_change)
{
    make_store("s");
    int file = open_file("/data/stores/s/log/a", O_RDWR | O_CREAT);
    ck_assert_int_eq(io_write_zeros(io, file, 0, 8 * PIECE), 0);
    ck_assert_int_eq(io_write_all(io, file, "header", 6, 0), 0);
    MUST(io->fdatasync(io->self, file));
    ck_assert_uint_eq(sim_cluster_objects(ground->sim, "file."), 1); /* zeros take nothing */
    uint64_t changes = sim_cluster_calls(ground->sim, SIM_CLUSTER_CHANGE);
    for (off_t i = 0; i < 5; i++) {
        ck_assert_int_eq(io_write_all(io, file, "record", 6, 100 * (i + 1)), 0);
        MUST(io->fdatasync(io->self, file));
    }
    ck_assert_uint_eq(sim_cluster_calls(ground->sim, SIM_CLUSTER_CHANGE), changes + 5);
    MUST(io->close(io->self, file));
}
END_TEST

/* The calls that a file of one piece takes from its name to its end. */
START_TEST(a_file_that_is_written_at_once_takes_few_calls)
{
    static char bytes[PIECE];
    struct sim_cluster *sim = ground->sim;
    make_store("s");
    int folder = open_file("/data/stores/s/blobs", O_RDONLY | O_DIRECTORY);
    uint64_t changes = sim_cluster_calls(sim, SIM_CLUSTER_CHANGE), gets = sim_cluster_calls(sim, SIM_CLUSTER_GET);
    int file = io->openat(io->self, folder, "1.blob", O_RDWR | O_CREAT | O_EXCL, 0600);
    MUST(file);
    ck_assert_int_eq(io_write_all(io, file, bytes, sizeof bytes, 0), 0);
    MUST(io->fdatasync(io->self, file));
    MUST(io->close(io->self, file));
    ck_assert_uint_eq(sim_cluster_calls(sim, SIM_CLUSTER_GET), gets);           /* nothing is asked */
    ck_assert_uint_eq(sim_cluster_calls(sim, SIM_CLUSTER_CHANGE), changes + 2); /* the name; the bytes with the head */
    FAILS(io->openat(io->self, folder, "1.blob", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
    changes = sim_cluster_calls(sim, SIM_CLUSTER_CHANGE);
    MUST(io->unlinkat(io->self, folder, "1.blob", 0));
    sim_medium_settle(ground);
    ck_assert_uint_eq(sim_cluster_calls(sim, SIM_CLUSTER_CHANGE), changes + 3); /* the name; the bytes; it is done */
    ck_assert_uint_eq(sim_cluster_objects(sim, "file."), 0);
    MUST(io->close(io->self, folder));
}
END_TEST

/* What its first bytes said of it is not what stays. */
START_TEST(a_file_that_goes_on_is_as_long_as_it_came)
{
    static char bytes[40 * PIECE], read[40 * PIECE];
    struct stat stat;
    make_store("s");
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i / 7);
    for (size_t first = 1; first <= PIECE; first += PIECE - 1)
        for (size_t size = first; size < sizeof bytes; size = size * 3 + 1) {
            int file = open_file("/data/stores/s/blobs/1.blob", O_RDWR | O_CREAT | O_EXCL);
            ck_assert_int_eq(io_write_all(io, file, bytes, first, 0), 0);
            ck_assert_int_eq(io_write_all(io, file, bytes + first, size - first, (off_t)first), 0);
            MUST(io->fdatasync(io->self, file));
            cut_and_restart(file);
            file = open_file("/data/stores/s/blobs/1.blob", O_RDONLY);
            MUST(io->fstat(io->self, file, &stat));
            ck_assert_int_eq(stat.st_size, (off_t)size);
            ck_assert_int_eq(io_read_all(io, file, read, size, 0), 0);
            ck_assert(memcmp(read, bytes, size) == 0);
            MUST(io->close(io->self, file));
            MUST(io->unlinkat(io->self, ROOT, "/data/stores/s/blobs/1.blob", 0));
            sim_medium_settle(ground);
            ck_assert_uint_eq(sim_cluster_objects(ground->sim, "file."), 0);
        }
}
END_TEST

/* Many uploads meet in no object: of 64 only a few in the same one. */
START_TEST(uploads_meet_in_no_object)
{
    char path[64];
    make_store("s");
    (void)sim_cluster_hottest(ground->sim, "");
    for (int i = 0; i < 64; i++) {
        (void)snprintf(path, sizeof path, "/data/stores/s/blobs/%016x.blob", (unsigned)i);
        make_file(path, "large", true);
    }
    ck_assert_uint_le(sim_cluster_hottest(ground->sim, ""), 16);
}
END_TEST

static struct sim_cluster *held;

static void *end_hold(void *arg)
{
    while (sim_cluster_calls(held, SIM_CLUSTER_CHANGE) < *(uint64_t *)arg)
        sched_yield();
    sim_cluster_hold(held, false);
    return NULL;
}

/* Nothing is done before the last of them has been asked for: so the first does not make the others wait. */
START_TEST(pieces_go_side_by_side)
{
    static char bytes[12 * PIECE];
    pthread_t thread;
    make_store("s");
    int file = open_file("/data/stores/s/blobs/1.blob", O_RDWR | O_CREAT);
    held = ground->sim;
    uint64_t asked = sim_cluster_calls(held, SIM_CLUSTER_CHANGE) + 12 + 1; /* and the head */
    sim_cluster_hold(held, true);
    ck_assert_int_eq(pthread_create(&thread, NULL, end_hold, &asked), 0);
    ck_assert_int_eq(io_write_all(io, file, bytes, sizeof bytes, 0), 0);
    MUST(io->fdatasync(io->self, file));
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    MUST(io->close(io->self, file));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        names_lead_to_what_was_made,
        a_listing_has_every_name_once,
        a_rename_takes_the_place_of_a_file,
        a_store_goes_to_the_trash_and_away,
        bytes_are_those_of_an_array,
        what_was_synced_outlives_the_process,
        a_file_that_was_never_synced_is_removed_whole,
        a_removal_that_was_cut_short_is_finished,
        bytes_behind_the_end_are_never_seen,
        a_file_lives_as_long_as_one_of_its_links,
        a_link_that_was_cut_short_is_whole_or_none,
        a_reader_keeps_a_file_that_is_removed,
        an_unknown_outcome_is_a_failed_sync,
        a_full_cluster_is_told_by_the_sync,
        what_is_opened_while_the_pool_is_lost_is_not_open,
        a_commit_is_one_change,
        a_file_that_is_written_at_once_takes_few_calls,
        a_file_that_goes_on_is_as_long_as_it_came,
        uploads_meet_in_no_object,
        pieces_go_side_by_side,
    };
    return UNIT_RUN_WITH("medium", setup, teardown, tests);
}
