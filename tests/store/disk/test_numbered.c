/* test_numbered.c - the names of files that are named by a number: what is one and what only looks like one. */
#include "store/disk/numbered.h"

#include "tests/lib/unit.h"

#include <check.h>

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

int main(void)
{
    const TTest *const tests[] = {a_name_tells_its_number, what_is_written_otherwise_is_none};
    return UNIT_RUN("numbered", tests);
}
