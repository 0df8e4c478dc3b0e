/* test_numbered.c - files that are named by a number: what is such a name and what only looks like one, and what the
 * reading of a header tells. */
#include "store/disk/numbered.h"

#include "tests/lib/sim_disk.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>

START_TEST(a_name_tells_its_number)
{
    static const uint64_t numbers[] = {0, 1, 0xabcdef, UINT64_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char name[NUMBERED_NAME_MAX];
        uint64_t number = 7;
        numbered_name(numbers[i], ".seg", name);
        ck_assert(numbered_read(name, ".seg", &number));
        ck_assert_uint_eq(number, numbers[i]);
    }
    char name[NUMBERED_NAME_MAX];
    numbered_name(0xabcdef, ".keys", name);
    ck_assert_str_eq(name, "0000000000abcdef.keys");
}
END_TEST

START_TEST(what_is_written_otherwise_is_none)
{
    static const char *const names[] = {"",
                                        ".seg",
                                        "1.seg",
                                        "0000000000ABCDEF.seg",
                                        "0x00000000abcdef.seg",
                                        " 000000000abcdef.seg",
                                        "-000000000abcdef.seg",
                                        "00000000000abcdef.seg",
                                        "0000000000abcdef",
                                        "0000000000abcdef.blob",
                                        "0000000000abcdef.seg ",
                                        "0000000000abcdef.segs",
                                        "1ffffffffffffffff.seg",
                                        "000000000000000g.seg"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        uint64_t number = 7;
        ck_assert_msg(!numbered_read(names[i], ".seg", &number), "%s", names[i]);
        ck_assert_uint_eq(number, 7);
    }
}
END_TEST

/* A file that is too short for the header is damaged; a disk that does not answer says nothing of the file. */
START_TEST(a_header_is_there_or_missing_or_cannot_be_read)
{
    struct sim_disk *disk = sim_disk_new(1);
    const struct io *io = sim_disk_io(disk);
    char bytes[4] = "";
    uint64_t rest;
    int file = io->openat(io->self, AT_FDCWD, "/0000000000000007.sum", O_RDWR | O_CREAT, 0600);
    ck_assert_int_eq(io_write_all(io, file, "headtail!", 9, 0), 0);
    ck_assert_int_eq(numbered_read_header(io, file, 0, bytes, 4, &rest).error, STORE_OK);
    ck_assert_mem_eq(bytes, "head", 4);
    ck_assert_uint_eq(rest, 5);
    ck_assert_int_eq(numbered_read_header(io, file, 4, bytes, 4, &rest).error, STORE_OK);
    ck_assert_mem_eq(bytes, "tail", 4);
    ck_assert_uint_eq(rest, 1);
    ck_assert_int_eq(numbered_read_header(io, file, 6, bytes, 4, &rest).error, STORE_DAMAGED);
    ck_assert_int_eq(numbered_read_header(io, file, 10, bytes, 4, &rest).error, STORE_DAMAGED);
    for (int i = 0; i < 2; i++) {
        sim_disk_fail(disk, i ? SIM_PREAD : SIM_FSTAT, 1, false, EIO);
        ck_assert_int_eq(numbered_read_header(io, file, 0, bytes, 4, &rest).error, STORE_IO);
    }
    io->close(io->self, file);
    sim_disk_free(disk);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_name_tells_its_number, what_is_written_otherwise_is_none,
                                  a_header_is_there_or_missing_or_cannot_be_read};
    return UNIT_RUN("numbered", tests);
}
