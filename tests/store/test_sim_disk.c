/* test_sim_disk.c - the simulated disk is what the power and fault tests stand on: its own rules come first. */
#include "tests/lib/prng.h"
#include "tests/lib/sim_disk.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SEEDS = 200 };

static struct sim_disk *disk;
static const struct io *io;

static void setup(void)
{
    disk = sim_disk_new(1);
    io = sim_disk_io(disk);
}

static void teardown(void)
{
    sim_disk_free(disk);
}

/* A new disk for the next seed of a loop. */
static void renew(uint64_t seed)
{
    teardown();
    disk = sim_disk_new(seed);
    io = sim_disk_io(disk);
}

static int open_at(const char *path, int flags)
{
    return io->openat(io->self, AT_FDCWD, path, flags, 0644);
}

static int create(const char *path)
{
    int file = open_at(path, O_RDWR | O_CREAT | O_EXCL);
    ck_assert_int_ge(file, 0);
    return file;
}

static void close_file(int file)
{
    ck_assert_int_eq(io->close(io->self, file), 0);
}

static void write_at(int file, const char *text, off_t position)
{
    ck_assert_int_eq(io->pwrite(io->self, file, text, strlen(text), position), (int)strlen(text));
}

static void sync_file(int file)
{
    ck_assert_int_eq(io->fdatasync(io->self, file), 0);
}

static void sync_folder(const char *path)
{
    int folder = open_at(path, O_RDONLY | O_DIRECTORY);
    ck_assert_int_ge(folder, 0);
    ck_assert_int_eq(io->fsync(io->self, folder), 0);
    close_file(folder);
}

static bool exists(const char *path)
{
    int file = open_at(path, O_RDONLY);
    if (file >= 0)
        close_file(file);
    return file >= 0;
}

static size_t size_of(int file)
{
    struct stat stat;
    ck_assert_int_eq(io->fstat(io->self, file, &stat), 0);
    return (size_t)stat.st_size;
}

/* The whole file as a string; "-" when there is none. */
static const char *content(const char *path)
{
    static char text[8192];
    int file = open_at(path, O_RDONLY);
    if (file < 0)
        return "-";
    ssize_t length = io->pread(io->self, file, text, sizeof text - 1, 0);
    ck_assert_int_ge(length, 0);
    text[length] = 0;
    close_file(file);
    return text;
}

static void assert_errno(int result, int error)
{
    int seen = errno;
    ck_assert_int_eq(result, -1);
    ck_assert_int_eq(seen, error);
}

/* ---- calls ----------------------------------------------------------------------------------- */

START_TEST(files_behave)
{
    assert_errno(open_at("/f", O_RDWR), ENOENT);
    int file = create("/f");
    ck_assert_int_gt(file, 65535);
    assert_errno(open_at("/f", O_RDWR | O_CREAT | O_EXCL), EEXIST);
    assert_errno(open_at("/f", O_RDONLY | O_DIRECTORY), ENOTDIR);
    write_at(file, "hello", 0);
    write_at(file, "!", 7);
    char bytes[16];
    ck_assert_int_eq(io->pread(io->self, file, bytes, sizeof bytes, 0), 8);
    ck_assert_mem_eq(bytes, "hello\0\0!", 8);
    ck_assert_int_eq(io->pread(io->self, file, bytes, sizeof bytes, 8), 0);
    ck_assert_int_eq(io->ftruncate(io->self, file, 2), 0);
    ck_assert_int_eq(io->ftruncate(io->self, file, 4), 0);
    ck_assert_int_eq(io->pread(io->self, file, bytes, sizeof bytes, 0), 4);
    ck_assert_mem_eq(bytes, "he\0\0", 4);
    close_file(open_at("/f", O_RDWR | O_TRUNC));
    ck_assert_uint_eq(size_of(file), 0);
    close_file(file);
    ck_assert_uint_eq(sim_disk_open_files(disk), 0);
}
END_TEST

START_TEST(access_modes_bind)
{
    close_file(create("/f"));
    int reader = open_at("/f", O_RDONLY);
    int writer = open_at("/f", O_WRONLY);
    char byte;
    assert_errno((int)io->pwrite(io->self, reader, "x", 1, 0), EBADF);
    assert_errno((int)io->pread(io->self, writer, &byte, 1, 0), EBADF);
    assert_errno(open_at("/f", O_RDWR | O_APPEND), EINVAL);
    assert_errno(open_at("/", O_RDWR | O_TMPFILE), EINVAL);
    assert_errno(open_at("/", O_RDWR), EISDIR);
    close_file(reader);
    close_file(writer);
}
END_TEST

START_TEST(a_closed_descriptor_is_dead)
{
    int file = create("/f");
    close_file(file);
    assert_errno(io->close(io->self, file), EBADF);
    assert_errno(io->fdatasync(io->self, file), EBADF);
    ck_assert_uint_eq(sim_disk_bad_uses(disk), 2);
    int next = open_at("/f", O_RDONLY);
    ck_assert_int_ne(next, file);
    close_file(next);
}
END_TEST

START_TEST(folders_behave)
{
    ck_assert_int_eq(io->mkdirat(io->self, AT_FDCWD, "/a", 0755), 0);
    assert_errno(io->mkdirat(io->self, AT_FDCWD, "/a", 0755), EEXIST);
    assert_errno(io->mkdirat(io->self, AT_FDCWD, "/x/y", 0755), ENOENT);
    int folder = open_at("/a", O_RDONLY | O_DIRECTORY);
    ck_assert_int_eq(io->mkdirat(io->self, folder, "b", 0755), 0);
    int file = io->openat(io->self, folder, "./b//f", O_RDWR | O_CREAT, 0600);
    ck_assert_int_ge(file, 0);
    ck_assert(exists("/a/b/../../a/b/f"));
    ck_assert(exists("/../a/b/f"));
    assert_errno(io->openat(io->self, folder, "b/f/g", O_RDWR | O_CREAT, 0600), ENOTDIR);
    assert_errno(io->unlinkat(io->self, folder, "b", 0), EISDIR);
    assert_errno(io->unlinkat(io->self, folder, "b", AT_REMOVEDIR), ENOTEMPTY);
    ck_assert_int_eq(io->unlinkat(io->self, folder, "b/f", 0), 0);
    ck_assert_int_eq(io->unlinkat(io->self, folder, "b", AT_REMOVEDIR), 0);
    assert_errno(io->unlinkat(io->self, folder, "b", AT_REMOVEDIR), ENOENT);
    close_file(file);
    close_file(folder);
    ck_assert_uint_eq(sim_disk_nodes(disk), 2);
}
END_TEST

START_TEST(a_list_holds_every_name)
{
    close_file(create("/one"));
    close_file(create("/two"));
    int folder = open_at("/", O_RDONLY | O_DIRECTORY);
    char *names = io->list(io->self, folder);
    ck_assert_ptr_nonnull(names);
    ck_assert_mem_eq(names, "one\0two\0", 9);
    free(names);
    close_file(folder);
}
END_TEST

START_TEST(an_unlinked_file_lives_while_open)
{
    int file = create("/f");
    write_at(file, "still", 0);
    ck_assert_int_eq(io->unlinkat(io->self, AT_FDCWD, "/f", 0), 0);
    char bytes[5];
    ck_assert_int_eq(io->pread(io->self, file, bytes, 5, 0), 5);
    ck_assert_mem_eq(bytes, "still", 5);
    ck_assert_uint_eq(sim_disk_nodes(disk), 2);
    close_file(file);
    ck_assert_uint_eq(sim_disk_nodes(disk), 1);
}
END_TEST

START_TEST(links_and_renames_behave)
{
    int file = create("/f");
    write_at(file, "x", 0);
    ck_assert_int_eq(io->linkat(io->self, AT_FDCWD, "/f", AT_FDCWD, "/g"), 0);
    assert_errno(io->linkat(io->self, AT_FDCWD, "/f", AT_FDCWD, "/g"), EEXIST);
    struct stat stat;
    ck_assert_int_eq(io->fstat(io->self, file, &stat), 0);
    ck_assert_int_eq((int)stat.st_nlink, 2);
    ck_assert_int_eq(io->renameat(io->self, AT_FDCWD, "/f", AT_FDCWD, "/g"), 0);
    ck_assert_msg(exists("/f"), "renaming one name of a file to another of it does nothing");
    close_file(create("/h"));
    ck_assert_int_eq(io->renameat(io->self, AT_FDCWD, "/f", AT_FDCWD, "/h"), 0);
    ck_assert_str_eq(content("/h"), "x");
    ck_assert_str_eq(content("/f"), "-");
    assert_errno(io->renameat(io->self, AT_FDCWD, "/f", AT_FDCWD, "/i"), ENOENT);
    close_file(file);
}
END_TEST

START_TEST(a_lock_excludes_until_closed)
{
    int first = create("/lock");
    int second = open_at("/lock", O_RDWR);
    ck_assert_int_eq(io->lock(io->self, first), 0);
    ck_assert_int_eq(io->lock(io->self, first), 0);
    assert_errno(io->lock(io->self, second), EWOULDBLOCK);
    close_file(first);
    ck_assert_int_eq(io->lock(io->self, second), 0);
    close_file(second);
}
END_TEST

START_TEST(copies_stop_at_the_end_of_the_source)
{
    int from = create("/from");
    int to = create("/to");
    write_at(from, "abcdef", 0);
    ck_assert_int_eq(io->copy_range(io->self, from, 2, to, 1, 100), 4);
    ck_assert_int_eq(io->copy_range(io->self, from, 6, to, 5, 100), 0);
    char bytes[8];
    ck_assert_int_eq(io->pread(io->self, to, bytes, sizeof bytes, 0), 5);
    ck_assert_mem_eq(bytes, "\0cdef", 5);
    close_file(from);
    close_file(to);
}
END_TEST

START_TEST(direct_files_want_alignment)
{
    close_file(create("/f"));
    sim_disk_refuse_direct(disk, true);
    assert_errno(open_at("/f", O_RDWR | O_DIRECT), EINVAL);
    sim_disk_refuse_direct(disk, false);
    int file = open_at("/f", O_RDWR | O_DIRECT);
    char *bytes = aligned_alloc(512, 1024);
    memset(bytes, 'x', 1024);
    ck_assert_int_eq(io->pwrite(io->self, file, bytes, 1024, 512), 1024);
    assert_errno((int)io->pwrite(io->self, file, bytes, 1000, 0), EINVAL);
    assert_errno((int)io->pwrite(io->self, file, bytes + 1, 512, 0), EINVAL);
    assert_errno((int)io->pread(io->self, file, bytes, 512, 100), EINVAL);
    free(bytes);
    close_file(file);
}
END_TEST

/* ---- power ----------------------------------------------------------------------------------- */

START_TEST(in_the_dark_nothing_works)
{
    int file = create("/f");
    sync_folder("/");
    sim_disk_cut(disk);
    char byte = 'x';
    assert_errno((int)io->pwrite(io->self, file, &byte, 1, 0), EIO);
    assert_errno((int)io->pread(io->self, file, &byte, 1, 0), EIO);
    assert_errno(io->fdatasync(io->self, file), EIO);
    assert_errno(open_at("/f", O_RDONLY), EIO);
    assert_errno(io->close(io->self, file), EIO);
    ck_assert_uint_eq(sim_disk_bad_uses(disk), 0);
    sim_disk_reboot(disk, 1);
    assert_errno(io->close(io->self, file), EBADF);
    ck_assert_str_eq(content("/f"), "");
    ck_assert_uint_eq(sim_disk_open_files(disk), 0);
}
END_TEST

START_TEST(a_planned_cut_comes_in_time)
{
    uint64_t before = sim_disk_calls(disk, SIM_ANY);
    sim_disk_cut_after(disk, 2);
    int file = create("/f");
    write_at(file, "x", 0);
    assert_errno((int)io->pwrite(io->self, file, "y", 1, 1), EIO);
    ck_assert_uint_eq(sim_disk_calls(disk, SIM_ANY) - before, 2);
}
END_TEST

START_TEST(what_was_synced_stays)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        renew(seed);
        int file = create("/f");
        write_at(file, "synced", 0);
        sync_file(file);
        sync_folder("/");
        write_at(file, "SYN", 0);
        sim_disk_reboot(disk, seed);
        const char *text = content("/f");
        ck_assert_uint_eq(strlen(text), 6);
        ck_assert_str_eq(text + 3, "ced");
    }
}
END_TEST

/* Over many seeds each outcome must come up, or the sweep would test less than it says. */
START_TEST(an_unsynced_write_is_kept_dropped_or_torn)
{
    unsigned kept = 0, dropped = 0, torn = 0, zeros = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        renew(seed);
        int file = create("/f");
        sync_folder("/");
        write_at(file, "abcdefgh", 0);
        sim_disk_reboot(disk, seed);
        const char *text = content("/f");
        file = open_at("/f", O_RDONLY);
        size_t size = size_of(file);
        ck_assert_uint_le(size, 8);
        ck_assert_int_eq(strncmp(text, "abcdefgh", strlen(text)), 0);
        kept += strlen(text) == 8;
        dropped += size == 0;
        torn += size > 0 && size < 8;
        zeros += strlen(text) < size;
    }
    ck_assert_msg(kept > 0 && dropped > 0 && torn > 0 && zeros > 0, "kept %u, dropped %u, torn %u, zero-filled %u",
                  kept, dropped, torn, zeros);
}
END_TEST

START_TEST(sectors_have_their_own_fate)
{
    char bytes[2048];
    memset(bytes, 'x', sizeof bytes);
    unsigned holes = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        renew(seed);
        int file = create("/f");
        sync_folder("/");
        ck_assert_int_eq(io->pwrite(io->self, file, bytes, sizeof bytes, 0), 2048);
        sim_disk_reboot(disk, seed);
        file = open_at("/f", O_RDONLY);
        char left[2048] = {0};
        io->pread(io->self, file, left, sizeof left, 0);
        const char *gap = memchr(left, 0, 1536);
        holes += gap && memchr(gap, 'x', (size_t)(left + 2048 - gap));
    }
    ck_assert_uint_gt(holes, 0);
}
END_TEST

START_TEST(writes_may_overtake_each_other)
{
    unsigned overtaken = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        renew(seed);
        int file = create("/f");
        write_at(file, "..", 0);
        sync_file(file);
        sync_folder("/");
        write_at(file, "1", 0);
        write_at(file, "2", 1);
        sim_disk_reboot(disk, seed);
        overtaken += strcmp(content("/f"), ".2") == 0;
    }
    ck_assert_uint_gt(overtaken, 0);
}
END_TEST

START_TEST(a_change_of_length_may_be_lost)
{
    unsigned cut = 0, whole = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        renew(seed);
        int file = create("/f");
        write_at(file, "abcdef", 0);
        sync_file(file);
        sync_folder("/");
        ck_assert_int_eq(io->ftruncate(io->self, file, 2), 0);
        sim_disk_reboot(disk, seed);
        const char *text = content("/f");
        ck_assert_int_eq(strncmp(text, "abcdef", strlen(text)), 0);
        ck_assert_uint_ge(strlen(text), 2);
        cut += strlen(text) == 2;
        whole += strlen(text) == 6;
    }
    ck_assert_msg(cut > 0 && whole > 0, "cut %u, whole %u", cut, whole);
}
END_TEST

START_TEST(an_entry_needs_the_sync_of_its_folder)
{
    unsigned kept = 0, dropped = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        renew(seed);
        int file = create("/f");
        write_at(file, "x", 0);
        sync_file(file);
        sim_disk_reboot(disk, seed);
        const char *text = content("/f");
        kept += strcmp(text, "x") == 0;
        dropped += strcmp(text, "-") == 0;
    }
    ck_assert_uint_eq(kept + dropped, SEEDS);
    ck_assert_msg(kept > 0 && dropped > 0, "kept %u, dropped %u", kept, dropped);
}
END_TEST

START_TEST(a_rename_is_old_or_new)
{
    unsigned old = 0, new = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        renew(seed);
        ck_assert_int_eq(io->mkdirat(io->self, AT_FDCWD, "/a", 0755), 0);
        ck_assert_int_eq(io->mkdirat(io->self, AT_FDCWD, "/b", 0755), 0);
        int file = create("/a/f");
        write_at(file, "new", 0);
        sync_file(file);
        file = create("/b/f");
        write_at(file, "old", 0);
        sync_file(file);
        sync_folder("/a");
        sync_folder("/b");
        sync_folder("/");
        ck_assert_int_eq(io->renameat(io->self, AT_FDCWD, "/a/f", AT_FDCWD, "/b/f"), 0);
        ck_assert_str_eq(content("/b/f"), "new");
        sim_disk_reboot(disk, seed);
        bool done = strcmp(content("/b/f"), "new") == 0;
        ck_assert_str_eq(content("/b/f"), done ? "new" : "old");
        ck_assert_str_eq(content("/a/f"), done ? "-" : "new");
        new += done;
        old += !done;
    }
    ck_assert_msg(old > 0 && new > 0, "old %u, new %u", old, new);
}
END_TEST

START_TEST(an_exchange_is_old_or_new)
{
    unsigned old = 0, new = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        renew(seed);
        ck_assert_int_eq(io->mkdirat(io->self, AT_FDCWD, "/a", 0755), 0);
        ck_assert_int_eq(io->mkdirat(io->self, AT_FDCWD, "/b", 0755), 0);
        assert_errno(io->exchange(io->self, AT_FDCWD, "/a", AT_FDCWD, "/c"), ENOENT);
        int file = create("/a/f");
        write_at(file, "from a", 0);
        sync_file(file);
        sync_folder("/a");
        sync_folder("/");
        ck_assert_int_eq(io->exchange(io->self, AT_FDCWD, "/a", AT_FDCWD, "/b"), 0);
        ck_assert_str_eq(content("/b/f"), "from a");
        ck_assert_str_eq(content("/a/f"), "-");
        sim_disk_reboot(disk, seed);
        bool done = strcmp(content("/b/f"), "from a") == 0;
        ck_assert_str_eq(content(done ? "/b/f" : "/a/f"), "from a");
        ck_assert_str_eq(content(done ? "/a/f" : "/b/f"), "-");
        new += done;
        old += !done;
    }
    ck_assert_msg(old > 0 && new > 0, "old %u, new %u", old, new);
}
END_TEST

START_TEST(a_synced_rename_stays)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        renew(seed);
        ck_assert_int_eq(io->mkdirat(io->self, AT_FDCWD, "/a", 0755), 0);
        sync_folder("/");
        int file = create("/tmp");
        write_at(file, "x", 0);
        sync_file(file);
        ck_assert_int_eq(io->renameat(io->self, AT_FDCWD, "/tmp", AT_FDCWD, "/a/f"), 0);
        sync_folder("/a");
        sim_disk_reboot(disk, seed);
        ck_assert_str_eq(content("/a/f"), "x");
        ck_assert_str_eq(content("/tmp"), "-");
    }
}
END_TEST

START_TEST(an_unlinked_entry_may_come_back)
{
    unsigned back = 0, gone = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        renew(seed);
        int file = create("/f");
        write_at(file, "x", 0);
        sync_file(file);
        sync_folder("/");
        close_file(file);
        ck_assert_int_eq(io->unlinkat(io->self, AT_FDCWD, "/f", 0), 0);
        sim_disk_reboot(disk, seed);
        back += strcmp(content("/f"), "x") == 0;
        gone += strcmp(content("/f"), "-") == 0;
    }
    ck_assert_uint_eq(back + gone, SEEDS);
    ck_assert_msg(back > 0 && gone > 0, "back %u, gone %u", back, gone);
}
END_TEST

START_TEST(a_folder_that_is_lost_takes_its_files_along)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        renew(seed);
        ck_assert_int_eq(io->mkdirat(io->self, AT_FDCWD, "/a", 0755), 0);
        ck_assert_int_eq(io->mkdirat(io->self, AT_FDCWD, "/a/b", 0755), 0);
        int file = create("/a/b/f");
        sync_file(file);
        sync_folder("/a/b");
        sync_folder("/a");
        sim_disk_reboot(disk, seed);
        ck_assert_uint_eq(sim_disk_nodes(disk), exists("/a") ? 4 : 1);
    }
}
END_TEST

/* ---- faults ---------------------------------------------------------------------------------- */

START_TEST(the_nth_call_fails_once)
{
    int file = create("/f");
    sim_disk_fail(disk, SIM_PWRITE, 2, false, EIO);
    write_at(file, "x", 0);
    assert_errno((int)io->pwrite(io->self, file, "y", 1, 1), EIO);
    write_at(file, "z", 1);
    ck_assert_str_eq(content("/f"), "xz");
    ck_assert_uint_eq(sim_disk_faults_met(disk), 1);
    close_file(file);
}
END_TEST

START_TEST(a_lasting_fault_ends_when_healed)
{
    sim_disk_fail(disk, SIM_ANY, 1, true, EMFILE);
    for (int i = 0; i < 3; i++)
        assert_errno(open_at("/f", O_RDWR | O_CREAT), EMFILE);
    sim_disk_heal(disk);
    close_file(create("/f"));
    ck_assert_uint_eq(sim_disk_faults_met(disk), 3);
}
END_TEST

START_TEST(a_failing_close_closes)
{
    int file = create("/f");
    sim_disk_fail(disk, SIM_CLOSE, 1, false, EIO);
    assert_errno(io->close(io->self, file), EIO);
    ck_assert_uint_eq(sim_disk_open_files(disk), 0);
}
END_TEST

START_TEST(a_failed_sync_loses_writes_for_good)
{
    unsigned lost = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        renew(seed);
        int file = create("/f");
        sync_folder("/");
        write_at(file, "gone", 0);
        sim_disk_fail(disk, SIM_FDATASYNC, 1, false, EIO);
        assert_errno(io->fdatasync(io->self, file), EIO);
        ck_assert_str_eq(content("/f"), "gone");
        sync_file(file);
        sim_disk_reboot(disk, seed);
        lost += strcmp(content("/f"), "gone") != 0;
    }
    ck_assert_uint_gt(lost, 0);
}
END_TEST

START_TEST(a_full_disk_takes_what_fits)
{
    int file = create("/f");
    write_at(file, "abcd", 0);
    sim_disk_set_free(disk, 2);
    ck_assert_int_eq(io->pwrite(io->self, file, "efgh", 4, 4), 2);
    assert_errno((int)io->pwrite(io->self, file, "gh", 2, 6), ENOSPC);
    write_at(file, "ABCD", 0);
    uint64_t left;
    ck_assert_int_eq(io->free_bytes(io->self, file, &left), 0);
    ck_assert_uint_eq(left, 0);
    ck_assert_int_eq(io->ftruncate(io->self, file, 3), 0);
    ck_assert_int_eq(io->free_bytes(io->self, file, &left), 0);
    ck_assert_uint_eq(left, 3);
    sim_disk_set_free(disk, UINT64_MAX);
    write_at(file, "a long text", 0);
    close_file(file);
}
END_TEST

/* Blocks of a file are nobody else's, whether something was written to them or not. */
START_TEST(what_is_allocated_is_taken)
{
    uint64_t bytes;
    struct stat status;
    int file = create("/file");
    sim_disk_set_free(disk, 100);
    ck_assert_int_eq(io->allocate(io->self, file, 0, 60), 0);
    ck_assert_int_eq(io->free_bytes(io->self, file, &bytes), 0);
    ck_assert_uint_eq(bytes, 40);
    ck_assert_int_eq(io->fstat(io->self, file, &status), 0);
    ck_assert_int_eq(status.st_size, 60);
    ck_assert_int_eq(io->allocate(io->self, file, 60, 60), -1);
    ck_assert_int_eq(errno, ENOSPC);
    ck_assert_int_eq(io->ftruncate(io->self, file, 10), 0);
    ck_assert_int_eq(io->free_bytes(io->self, file, &bytes), 0);
    ck_assert_uint_eq(bytes, 90);
    close_file(file);
}
END_TEST

START_TEST(transfers_may_be_short_or_interrupted)
{
    int file = create("/f");
    sim_disk_set_short(disk, 2);
    sim_disk_set_interrupts(disk, 3);
    unsigned short_writes = 0, interrupts = 0;
    for (int i = 0; i < 100; i++) {
        ssize_t written = io->pwrite(io->self, file, "abcdef", 6, 0);
        ck_assert(written > 0 || (written == -1 && errno == EINTR));
        short_writes += written > 0 && written < 6;
        interrupts += written < 0;
    }
    ck_assert_uint_gt(short_writes, 10);
    ck_assert_uint_gt(interrupts, 10);
    ck_assert_int_eq(io_write_all(io, file, "whole", 5, 0), 0);
    char bytes[5];
    ck_assert_int_eq(io_read_all(io, file, bytes, 5, 0), 0);
    ck_assert_mem_eq(bytes, "whole", 5);
}
END_TEST

START_TEST(cold_reads_do_not_wait)
{
    int file = create("/f");
    write_at(file, "x", 0);
    char byte;
    sim_disk_set_cold(disk, true);
    assert_errno((int)io->pread_nowait(io->self, file, &byte, 1, 0), EAGAIN);
    ck_assert_int_eq(io->pread(io->self, file, &byte, 1, 0), 1);
    sim_disk_set_cold(disk, false);
    ck_assert_int_eq(io->pread_nowait(io->self, file, &byte, 1, 0), 1);
    close_file(file);
}
END_TEST

static void *sync_in_thread(void *file)
{
    return (void *)(intptr_t)io->fdatasync(io->self, *(int *)file);
}

static void wait_until_held(void)
{
    while (sim_disk_held(disk) == 0)
        usleep(100);
}

/* One held sync with a write before it and one behind it; true when the cut lost the later one. */
static bool held_sync_loses_the_later_write(uint64_t seed)
{
    renew(seed);
    int file = create("/f");
    sync_folder("/");
    write_at(file, "before", 0);
    sim_disk_hold_syncs(disk, true);
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, sync_in_thread, &file), 0);
    wait_until_held();
    write_at(file, "-after", 6);
    sim_disk_hold_syncs(disk, false);
    void *result;
    pthread_join(thread, &result);
    ck_assert_ptr_null(result);
    sim_disk_reboot(disk, seed);
    ck_assert_int_eq(strncmp(content("/f"), "before", 6), 0);
    return strcmp(content("/f"), "before-after") != 0;
}

START_TEST(a_held_sync_covers_only_what_came_before)
{
    unsigned lost = 0;
    for (uint64_t seed = 0; seed < 20; seed++)
        lost += held_sync_loses_the_later_write(seed);
    ck_assert_uint_gt(lost, 0);
}
END_TEST

START_TEST(a_cut_ends_a_held_sync)
{
    int file = create("/f");
    sim_disk_hold_syncs(disk, true);
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, sync_in_thread, &file), 0);
    wait_until_held();
    sim_disk_cut(disk);
    void *result;
    pthread_join(thread, &result);
    ck_assert_int_eq((int)(intptr_t)result, -1);
}
END_TEST

START_TEST(one_seed_one_outcome)
{
    char first[8192];
    for (int round = 0; round < 2; round++) {
        renew(1);
        int file = create("/f");
        for (int i = 0; i < 20; i++)
            write_at(file, "abcdefghijkl", i * 10);
        sync_folder("/");
        sim_disk_reboot(disk, 12345);
        if (round == 0)
            strcpy(first, content("/f"));
        ck_assert_str_eq(content("/f"), first);
    }
}
END_TEST

static TCase *calls_case(void)
{
    TCase *calls = tcase_create("calls");
    tcase_add_checked_fixture(calls, setup, teardown);
    tcase_add_test(calls, files_behave);
    tcase_add_test(calls, access_modes_bind);
    tcase_add_test(calls, a_closed_descriptor_is_dead);
    tcase_add_test(calls, folders_behave);
    tcase_add_test(calls, a_list_holds_every_name);
    tcase_add_test(calls, an_unlinked_file_lives_while_open);
    tcase_add_test(calls, links_and_renames_behave);
    tcase_add_test(calls, a_lock_excludes_until_closed);
    tcase_add_test(calls, copies_stop_at_the_end_of_the_source);
    tcase_add_test(calls, direct_files_want_alignment);
    return calls;
}

static TCase *power_case(void)
{
    TCase *power = tcase_create("power");
    tcase_add_checked_fixture(power, setup, teardown);
    tcase_add_test(power, in_the_dark_nothing_works);
    tcase_add_test(power, a_planned_cut_comes_in_time);
    tcase_add_test(power, what_was_synced_stays);
    tcase_add_test(power, an_unsynced_write_is_kept_dropped_or_torn);
    tcase_add_test(power, sectors_have_their_own_fate);
    tcase_add_test(power, writes_may_overtake_each_other);
    tcase_add_test(power, a_change_of_length_may_be_lost);
    tcase_add_test(power, an_entry_needs_the_sync_of_its_folder);
    tcase_add_test(power, a_rename_is_old_or_new);
    tcase_add_test(power, an_exchange_is_old_or_new);
    tcase_add_test(power, a_synced_rename_stays);
    tcase_add_test(power, an_unlinked_entry_may_come_back);
    tcase_add_test(power, a_folder_that_is_lost_takes_its_files_along);
    tcase_add_test(power, one_seed_one_outcome);
    return power;
}

static TCase *faults_case(void)
{
    TCase *faults = tcase_create("faults");
    tcase_add_checked_fixture(faults, setup, teardown);
    tcase_add_test(faults, the_nth_call_fails_once);
    tcase_add_test(faults, a_lasting_fault_ends_when_healed);
    tcase_add_test(faults, a_failing_close_closes);
    tcase_add_test(faults, a_failed_sync_loses_writes_for_good);
    tcase_add_test(faults, a_full_disk_takes_what_fits);
    tcase_add_test(faults, what_is_allocated_is_taken);
    tcase_add_test(faults, transfers_may_be_short_or_interrupted);
    tcase_add_test(faults, cold_reads_do_not_wait);
    tcase_add_test(faults, a_held_sync_covers_only_what_came_before);
    tcase_add_test(faults, a_cut_ends_a_held_sync);
    return faults;
}

int main(void)
{
    Suite *suite = suite_create("sim_disk");
    suite_add_tcase(suite, calls_case());
    suite_add_tcase(suite, power_case());
    suite_add_tcase(suite, faults_case());
    return unit_conclude(suite);
}
