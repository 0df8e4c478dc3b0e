/* test_io.c - the table of file calls on the real system. */
#include "store/disk/io.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>

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

int main(void)
{
    const TTest *const tests[] = {a_file_system_without_a_size_has_no_space_to_tell, another_tells};
    return UNIT_RUN("io", tests);
}
