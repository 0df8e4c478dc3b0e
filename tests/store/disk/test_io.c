/* test_io.c - the table of file calls on the real system. */
#include "store/disk/io.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Not to be taken for a full disk. */
START_TEST(a_file_system_without_a_size_has_no_space_to_tell)
{
    uint64_t bytes = 1;
    int proc = io_posix.openat(NULL, AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY, 0);
    ck_assert_int_ge(proc, 0);
    ck_assert_int_eq(io_posix.free_bytes(NULL, proc, &bytes), -1);
    ck_assert_int_eq(errno, EOPNOTSUPP);
    ck_assert_uint_eq(bytes, 1);
    io_posix.close(NULL, proc);
}
END_TEST

START_TEST(another_tells)
{
    uint64_t bytes = 0;
    int here = io_posix.openat(NULL, AT_FDCWD, ".", O_RDONLY | O_DIRECTORY, 0);
    ck_assert_int_eq(io_posix.free_bytes(NULL, here, &bytes), 0);
    io_posix.close(NULL, here);
}
END_TEST

static size_t longest; /* write */

static ssize_t pwrite_short(void *self, int file, const void *bytes, size_t length, off_t position)
{
    longest = length > longest ? length : longest;
    return io_posix.pwrite(self, file, bytes, length > 1 ? length - 1 : length, position); /* and one byte is left */
}

/* The page cache gets little at once, and who sends messages gets all. */
START_TEST(what_goes_by_way_of_the_page_cache_goes_in_portions)
{
    enum { LENGTH = (1 << 20) + 12345, AT = 77 };
    static char bytes[LENGTH], read[LENGTH];
    char path[] = "/tmp/cairn-io-XXXXXX";
    struct io io = io_posix;
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    unlink(path);
    io.pwrite = pwrite_short;
    for (size_t i = 0; i < LENGTH; i++)
        bytes[i] = (char)(i * 31 / 7);
    for (int by_message = 0; by_message < 2; by_message++) {
        io.by_message = by_message;
        longest = 0;
        ck_assert_int_eq(ftruncate(file, 0), 0);
        ck_assert_int_eq(io_write_cached(&io, file, bytes, LENGTH, AT), 0);
        ck_assert_uint_eq(longest, by_message ? LENGTH : 128 << 10);
        ck_assert_int_eq(io_read_all(&io, file, read, LENGTH, AT), 0);
        ck_assert(memcmp(read, bytes, LENGTH) == 0);
    }
    ck_assert_int_eq(io_write_cached(&io, file, bytes, 0, 0), 0);
    close(file);
    ck_assert_int_eq(io_write_cached(&io, file, bytes, 1, 0), EBADF);
}
END_TEST

static off_t begun, awaited, furthest; /* ends of what the disk has begun with, and has; and how far apart they were */

static void begin_back(void *self, int file, off_t position, off_t length)
{
    ck_assert_int_eq(position, begun);
    begun += length;
    furthest = begun - awaited > furthest ? begun - awaited : furthest;
    io_posix.write_back(self, file, position, length);
}

static int wait_back(void *self, int file, off_t position, off_t length)
{
    ck_assert_int_eq(position, awaited);
    awaited += length;
    return io_posix.await_back(self, file, position, length);
}

/* Zeros are written ahead in the background, while commits want the disk to themselves. */
START_TEST(zeros_do_not_run_ahead_of_the_disk)
{
    enum { PORTION = 128 << 10, UNDER_WAY = 512 << 10, FROM = 5000, TO = (3 << 20) + 12345 };
    static char zeros[TO - FROM], read[TO - FROM];
    char path[] = "/var/tmp/cairn-io-XXXXXX";
    struct io io = io_posix;
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    unlink(path);
    io.write_back = begin_back;
    io.await_back = wait_back;
    begun = awaited = FROM;
    ck_assert_int_eq(io_write_zeros(&io, file, FROM, TO), 0);
    ck_assert_int_eq(begun, TO);
    ck_assert_int_eq(furthest, UNDER_WAY + PORTION); /* the one before it is awaited when it is begun with */
    ck_assert_int_eq(io_read_all(&io, file, read, TO - FROM, FROM), 0);
    ck_assert(memcmp(read, zeros, TO - FROM) == 0);
    close(file);
    ck_assert_int_eq(io_write_zeros(&io, file, 0, 1), EBADF);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_file_system_without_a_size_has_no_space_to_tell, another_tells,
                                  what_goes_by_way_of_the_page_cache_goes_in_portions,
                                  zeros_do_not_run_ahead_of_the_disk};
    return UNIT_RUN("io", tests);
}
