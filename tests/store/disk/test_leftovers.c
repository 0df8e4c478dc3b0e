/* test_leftovers.c - files whose names are gone, on the real system. */
#include "store/disk/leftovers.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    SLICE = 2 << 20,
    SIZE = 9 * SLICE + 12345,
    PATIENCE = 10000, /* milliseconds */
};

static char folder_path[] = "/var/tmp/cairn-leftovers-XXXXXX";
static int folder;
static struct io io;
static struct pool *pool;
static struct leftovers leftovers;
static unsigned char *content;
static atomic_uint cuts, syncs;
static atomic_bool loose; /* nobody counts the syncs */
static atomic_int folder_error;
static off_t last_size, size_before;
static bool steady;
static bool able; /* the file system tells who has a file open: overlayfs does not */

static int spying_ftruncate(void *self, int file, off_t length)
{
    ck_assert_int_eq(length % SLICE, 0); /* or bytes that are on their way to a socket are cleared */
    ck_assert(atomic_load(&loose) || atomic_load(&syncs) == atomic_load(&cuts));
    last_size = length;
    atomic_fetch_add(&cuts, 1);
    return io_posix.ftruncate(self, file, length);
}

/* A slice takes its time by its size, or by the sync. */
static int spying_fdatasync(void *self, int file)
{
    atomic_fetch_add(&syncs, 1);
    usleep(steady ? 10000 : (useconds_t)((size_before - last_size) / (SLICE / 5000)));
    size_before = last_size;
    return io_posix.fdatasync(self, file);
}

static int failing_fsync(void *self, int file)
{
    errno = atomic_load(&folder_error);
    return errno ? -1 : io_posix.fsync(self, file);
}

static void setup(void)
{
    strcpy(folder_path + strlen(folder_path) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder_path));
    folder = open(folder_path, O_RDONLY | O_DIRECTORY);
    io = io_posix;
    io.ftruncate = spying_ftruncate;
    io.fdatasync = spying_fdatasync;
    io.fsync = failing_fsync;
    atomic_store(&cuts, 0);
    atomic_store(&syncs, 0);
    atomic_store(&loose, false);
    atomic_store(&folder_error, 0);
    last_size = size_before = SIZE;
    steady = false;
    int file = openat(folder, "probe", O_WRONLY | O_CREAT | O_EXCL, 0600);
    ck_assert_int_eq(unlinkat(folder, "probe", 0), 0);
    able = io_posix.is_alone(NULL, file) == 1;
    close(file);
    pool = pool_new(1);
    leftovers_init(&leftovers, &io, pool);
    content = malloc(SIZE);
    for (size_t i = 0; i < SIZE; i++)
        content[i] = (unsigned char)(i * 31 / 7);
}

static void teardown(void)
{
    leftovers_end(&leftovers);
    pool_free(pool);
    leftovers_free(&leftovers);
    close(folder);
    ck_assert_int_eq(rmdir(folder_path), 0);
    free(content);
}

static void make(const char *name, size_t size)
{
    int file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    ck_assert_int_eq(io_write_all(&io_posix, file, content, size, 0), 0);
    close(file);
}

static int reader_of(const char *name)
{
    int file = openat(folder, name, O_RDONLY);
    ck_assert_int_ge(file, 0);
    return file;
}

static void expect_whole(int file, size_t size)
{
    unsigned char *read = malloc(size);
    ck_assert_int_eq(io_read_all(&io_posix, file, read, size, 0), 0);
    ck_assert(memcmp(read, content, size) == 0);
    free(read);
}

static bool is_there(const char *name)
{
    return faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool is_cut(unsigned times)
{
    for (unsigned waited = 0; waited < PATIENCE && able && atomic_load(&cuts) < times; waited += 10)
        usleep(10000);
    return able ? atomic_load(&cuts) >= times : atomic_load(&cuts) == 0;
}

START_TEST(a_large_file_goes_by_slices)
{
    make("large", SIZE);
    ck_assert_int_eq(leftovers_remove(&leftovers, folder, "large"), 0);
    ck_assert(!is_there("large"));
    ck_assert(is_cut(2));
    ck_assert_uint_eq(atomic_load(&syncs), atomic_load(&cuts));
    if (able)
        ck_assert_int_le(last_size, 4 * SLICE); /* which goes when it is closed */
}
END_TEST

static unsigned cuts_of(off_t size)
{
    int file = openat(folder, "sparse", O_WRONLY | O_CREAT | O_EXCL, 0600);
    ck_assert_int_eq(ftruncate(file, size), 0);
    close(file);
    atomic_store(&cuts, 0);
    atomic_store(&syncs, 0);
    last_size = size_before = size;
    ck_assert_int_eq(leftovers_remove(&leftovers, folder, "sparse"), 0);
    return atomic_load(&cuts);
}

/* Else the syncs alone would be what others wait for. */
START_TEST(where_the_sync_takes_the_time_there_are_few)
{
    enum { LARGE = 64 * SLICE };
    unsigned by_size = cuts_of(LARGE);
    ck_assert_uint_ge(by_size, able ? 10 : 0);
    steady = true;
    unsigned by_sync = cuts_of(LARGE);
    ck_assert_uint_le(by_sync, 9);
}
END_TEST

START_TEST(a_small_one_goes_at_once)
{
    make("small", SLICE);
    ck_assert_int_eq(leftovers_remove(&leftovers, folder, "small"), 0);
    ck_assert(!is_there("small"));
    ck_assert_uint_eq(atomic_load(&cuts), 0);
}
END_TEST

/* By whoever it is open: it is another open file in any case. */
START_TEST(who_has_it_open_has_all_of_it_until_he_closes_it)
{
    make("read", SIZE);
    int reader = reader_of("read");
    ck_assert_int_eq(leftovers_remove(&leftovers, folder, "read"), 0);
    ck_assert(!is_there("read"));
    usleep(600000); /* two looks */
    ck_assert_uint_eq(atomic_load(&cuts), 0);
    expect_whole(reader, SIZE);
    close(reader);
    ck_assert(is_cut(1));
}
END_TEST

START_TEST(who_writes_to_it_has_it_too)
{
    make("written", SIZE);
    int writer = openat(folder, "written", O_RDWR);
    ck_assert_int_eq(leftovers_remove(&leftovers, folder, "written"), 0);
    usleep(300000);
    expect_whole(writer, SIZE);
    close(writer);
    ck_assert(is_cut(1));
}
END_TEST

START_TEST(a_mapping_is_kept_whole)
{
    make("mapped", SIZE);
    int reader = reader_of("mapped");
    unsigned char *mapped = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, reader, 0);
    ck_assert_ptr_ne(mapped, MAP_FAILED);
    close(reader);
    ck_assert_int_eq(leftovers_remove(&leftovers, folder, "mapped"), 0);
    usleep(300000);
    ck_assert(memcmp(mapped, content, SIZE) == 0);
    munmap(mapped, SIZE);
    ck_assert(is_cut(1));
}
END_TEST

START_TEST(one_with_another_name_stays_as_it_is)
{
    make("one", SIZE);
    ck_assert_int_eq(linkat(folder, "one", folder, "other", 0), 0);
    ck_assert_int_eq(leftovers_remove(&leftovers, folder, "one"), 0);
    ck_assert_uint_eq(atomic_load(&cuts), 0);
    int reader = reader_of("other");
    expect_whole(reader, SIZE);
    close(reader);
    ck_assert_int_eq(unlinkat(folder, "other", 0), 0);
}
END_TEST

/* After a crash the name would lead to what is left of it. */
START_TEST(a_name_that_may_be_on_disk_keeps_it_whole)
{
    make("doubtful", SIZE);
    atomic_store(&folder_error, EIO);
    ck_assert_int_eq(leftovers_remove(&leftovers, folder, "doubtful"), 0);
    ck_assert_uint_eq(atomic_load(&cuts), 0);
}
END_TEST

static int closes;

static int spying_close(void *self, int file)
{
    closes++;
    return io_posix.close(self, file);
}

static int unable(void *self, int file)
{
    (void)self;
    (void)file;
    errno = EINVAL;
    return -1;
}

/* Or it would be kept for good, and its space with it. */
START_TEST(where_that_cannot_be_told_nothing_is_kept)
{
    io.is_alone = unable;
    io.close = spying_close;
    closes = 0;
    make("read", SIZE);
    int reader = reader_of("read");
    ck_assert_int_eq(leftovers_remove(&leftovers, folder, "read"), 0);
    ck_assert_int_eq(closes, 1);
    ck_assert_uint_eq(atomic_load(&cuts), 0);
    expect_whole(reader, SIZE);
    close(reader);
}
END_TEST

START_TEST(of_too_many_each_reader_has_his_all_the_same)
{
    enum { READERS = LEFTOVERS_MAX + 6 };
    int readers[READERS];
    char name[16];
    for (int i = 0; i < READERS; i++) {
        (void)snprintf(name, sizeof name, "%d", i);
        make(name, SLICE + 1);
        readers[i] = reader_of(name);
        ck_assert_int_eq(leftovers_remove(&leftovers, folder, name), 0);
    }
    ck_assert_uint_eq(atomic_load(&cuts), 0);
    for (int i = 0; i < READERS; i++) {
        expect_whole(readers[i], SLICE + 1);
        close(readers[i]);
    }
    ck_assert(is_cut(LEFTOVERS_MAX));
}
END_TEST

START_TEST(at_the_end_nobody_is_waited_for)
{
    make("read", SIZE);
    int reader = reader_of("read");
    ck_assert_int_eq(leftovers_remove(&leftovers, folder, "read"), 0);
    leftovers_end(&leftovers);
    expect_whole(reader, SIZE);
    make("later", SIZE);
    int other = reader_of("later");
    ck_assert_int_eq(leftovers_remove(&leftovers, folder, "later"), 0);
    expect_whole(other, SIZE);
    close(other);
    close(reader);
    ck_assert_uint_eq(atomic_load(&cuts), 0);
}
END_TEST

static uint64_t free_now;

static int little_free(void *self, int file, uint64_t *ret_bytes)
{
    (void)self;
    (void)file;
    *ret_bytes = free_now;
    return 0;
}

/* Somebody may wait for it. */
START_TEST(where_space_is_short_it_comes_at_once)
{
    io.free_bytes = little_free;
    free_now = 3 * (uint64_t)SIZE;
    make("large", SIZE);
    ck_assert_int_eq(leftovers_remove(&leftovers, folder, "large"), 0);
    ck_assert_uint_eq(atomic_load(&cuts), 0);
    free_now = 5 * (uint64_t)SIZE;
    make("large", SIZE);
    ck_assert_int_eq(leftovers_remove(&leftovers, folder, "large"), 0);
    ck_assert(is_cut(1));
}
END_TEST

static int little_free_once(void *self, int file, uint64_t *ret_bytes)
{
    int result = little_free(self, file, ret_bytes);
    free_now = UINT64_MAX;
    return result;
}

/* Its name may be on disk still: who was in a hurry has not synced the folder. */
START_TEST(space_that_comes_just_then_changes_nothing)
{
    io.free_bytes = little_free_once;
    free_now = 0;
    make("large", SIZE);
    ck_assert_int_eq(leftovers_remove(&leftovers, folder, "large"), 0);
    ck_assert_uint_eq(atomic_load(&cuts), 0);
}
END_TEST

/* Each has it open, and neither is alone: one of them has to go. */
START_TEST(two_names_that_go_at_once_are_one_file)
{
    make("one", SIZE);
    ck_assert_int_eq(linkat(folder, "one", folder, "two", 0), 0);
    int one = leftovers_open(&leftovers, folder, "one"), two = leftovers_open(&leftovers, folder, "two");
    ck_assert_int_eq(unlinkat(folder, "one", 0), 0);
    ck_assert_int_eq(unlinkat(folder, "two", 0), 0);
    leftovers_take(&leftovers, folder, one);
    leftovers_take(&leftovers, folder, two);
    ck_assert(is_cut(1));
    for (unsigned waited = 0; waited < PATIENCE && fcntl(one, F_GETFD) != -1; waited += 10)
        usleep(10000);
    ck_assert_int_eq(fcntl(one, F_GETFD), -1);
    ck_assert_int_eq(fcntl(two, F_GETFD), -1);
}
END_TEST

static atomic_int at_work;

static int lonely_ftruncate(void *self, int file, off_t length)
{
    ck_assert_int_eq(atomic_fetch_add(&at_work, 1), 0);
    usleep(5000);
    int result = spying_ftruncate(self, file, length);
    atomic_fetch_sub(&at_work, 1);
    return result;
}

static void *remove_one(void *name)
{
    ck_assert_int_eq(leftovers_remove(&leftovers, folder, name), 0);
    return NULL;
}

/* The pool's threads have more to do. */
START_TEST(one_at_a_time_is_cut)
{
    static char names[][2] = {"a", "b", "c", "d"};
    enum { COUNT = sizeof names / sizeof *names };
    pthread_t threads[COUNT];
    io.ftruncate = lonely_ftruncate;
    io.fdatasync = io_posix.fdatasync;
    atomic_store(&loose, true);
    for (size_t i = 0; i < COUNT; i++)
        make(names[i], SLICE + 1);
    for (size_t i = 0; i < COUNT; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, remove_one, names[i]), 0);
    for (size_t i = 0; i < COUNT; i++)
        pthread_join(threads[i], NULL);
    ck_assert(is_cut(COUNT));
}
END_TEST

/* He had found the name before it went. The signal that tells of him ends nobody. */
START_TEST(who_comes_late_finds_nothing)
{
    char path[32];
    if (!able)
        return;
    make("late", 1);
    int file = openat(folder, "late", O_WRONLY);
    ck_assert_int_eq(unlinkat(folder, "late", 0), 0);
    ck_assert_int_eq(io_posix.is_alone(NULL, file), 1);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    ck_assert_int_eq(open(path, O_RDONLY | O_NONBLOCK), -1);
    ck_assert_int_eq(errno, EWOULDBLOCK);
    ck_assert_int_eq(ftruncate(file, 0), 0);
    close(file);
}
END_TEST

START_TEST(who_ends_does_not_wait_for_slices)
{
    make("large", SIZE);
    leftovers_hurry(&leftovers);
    ck_assert_int_eq(leftovers_remove(&leftovers, folder, "large"), 0);
    ck_assert(!is_there("large"));
    ck_assert_uint_eq(atomic_load(&cuts), 0);
}
END_TEST

START_TEST(what_another_file_takes_the_name_of_is_taken_by_two_steps)
{
    make("name", SIZE);
    make("draft", 1);
    int old = leftovers_open(&leftovers, folder, "name");
    ck_assert_int_ge(old, 0);
    ck_assert_int_eq(renameat(folder, "draft", folder, "name"), 0);
    leftovers_take(&leftovers, folder, old);
    ck_assert(is_cut(1));
    int reader = reader_of("name");
    expect_whole(reader, 1);
    close(reader);
    ck_assert_int_eq(unlinkat(folder, "name", 0), 0);
}
END_TEST

START_TEST(what_is_no_file_is_told_as_unlinking_tells_it)
{
    ck_assert_int_eq(leftovers_remove(&leftovers, folder, "none"), ENOENT);
    ck_assert_int_eq(mkdirat(folder, "folder", 0700), 0);
    ck_assert_int_eq(leftovers_remove(&leftovers, folder, "folder"), EISDIR);
    ck_assert_int_eq(unlinkat(folder, "folder", AT_REMOVEDIR), 0);
    ck_assert_int_eq(mkfifoat(folder, "pipe", 0600), 0); /* not waited for */
    ck_assert_int_eq(leftovers_remove(&leftovers, folder, "pipe"), 0);
    leftovers_take(&leftovers, folder, -1);
}
END_TEST

START_TEST(a_link_goes_and_not_what_it_leads_to)
{
    make("target", SIZE);
    ck_assert_int_eq(symlinkat("target", folder, "link"), 0);
    ck_assert_int_eq(leftovers_remove(&leftovers, folder, "link"), 0);
    ck_assert(!is_there("link"));
    ck_assert(is_there("target"));
    ck_assert_uint_eq(atomic_load(&cuts), 0);
    ck_assert_int_eq(unlinkat(folder, "target", 0), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_large_file_goes_by_slices,
        where_the_sync_takes_the_time_there_are_few,
        a_small_one_goes_at_once,
        who_has_it_open_has_all_of_it_until_he_closes_it,
        who_writes_to_it_has_it_too,
        a_mapping_is_kept_whole,
        one_with_another_name_stays_as_it_is,
        a_name_that_may_be_on_disk_keeps_it_whole,
        where_that_cannot_be_told_nothing_is_kept,
        of_too_many_each_reader_has_his_all_the_same,
        at_the_end_nobody_is_waited_for,
        where_space_is_short_it_comes_at_once,
        space_that_comes_just_then_changes_nothing,
        two_names_that_go_at_once_are_one_file,
        one_at_a_time_is_cut,
        who_comes_late_finds_nothing,
        who_ends_does_not_wait_for_slices,
        what_another_file_takes_the_name_of_is_taken_by_two_steps,
        what_is_no_file_is_told_as_unlinking_tells_it,
        a_link_goes_and_not_what_it_leads_to,
    };
    return UNIT_RUN_WITH("leftovers", setup, teardown, tests);
}
