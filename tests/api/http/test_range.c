/* range.c: first and last bytes, suffixes, lists, and when a Range is ignored or refused. */
#include "api/http/range.h"
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>

static void expect(const char *value, uint64_t size, uint64_t first, uint64_t length)
{
    struct range_set set;
    ck_assert_msg(range_read(value, size, &set) == RANGE_FOUND, "%s", value);
    ck_assert_uint_eq(set.count, 1);
    ck_assert_uint_eq(set.ranges[0].first, first);
    ck_assert_uint_eq(set.ranges[0].length, length);
}

static void expect_result(const char *value, uint64_t size, enum range_result result)
{
    struct range_set set;
    ck_assert_msg(range_read(value, size, &set) == result, "%s of %llu", value, (unsigned long long)size);
}

START_TEST(a_range_names_its_first_and_last_byte)
{
    expect("bytes=0-0", 10, 0, 1);
    expect("bytes=0-9", 10, 0, 10);
    expect("bytes=3-5", 10, 3, 3);
    expect("bytes=9-9", 10, 9, 1);
    expect("Bytes= 3-5 ", 10, 3, 3);
}
END_TEST

START_TEST(an_open_end_is_the_end)
{
    expect("bytes=0-", 10, 0, 10);
    expect("bytes=9-", 10, 9, 1);
    expect("bytes=5-99", 10, 5, 5);
    expect("bytes=5-99999999999999999999999999", 10, 5, 5);
    expect("bytes=0-18446744073709551615", UINT64_MAX, 0, UINT64_MAX);
}
END_TEST

START_TEST(a_suffix_counts_from_the_end)
{
    expect("bytes=-1", 10, 9, 1);
    expect("bytes=-10", 10, 0, 10);
    expect("bytes=-11", 10, 0, 10);
    expect("bytes=-99999999999999999999999999", 10, 0, 10);
}
END_TEST

START_TEST(beyond_the_end_nothing_is_satisfied)
{
    expect_result("bytes=10-", 10, RANGE_UNSATISFIABLE);
    expect_result("bytes=10-20", 10, RANGE_UNSATISFIABLE);
    expect_result("bytes=-0", 10, RANGE_UNSATISFIABLE);
    expect_result("bytes=10-,20-30,-0", 10, RANGE_UNSATISFIABLE);
    expect_result("bytes=99999999999999999999999999-", 10, RANGE_UNSATISFIABLE);
}
END_TEST

START_TEST(of_an_empty_object_all_is_sent)
{
    const char *all[] = {"bytes=-5", "bytes=-1", "bytes=0-", "bytes=0-0", "bytes=0-9", "bytes=5-9,0-1", "bytes=x"};
    const char *none[] = {"bytes=-0", "bytes=1-", "bytes=5-9", "bytes=1-2,3-4"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        expect_result(all[i], 0, RANGE_IGNORED);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        expect_result(none[i], 0, RANGE_UNSATISFIABLE);
}
END_TEST

START_TEST(what_is_not_understood_is_ignored)
{
    const char *values[] = {"",          "bytes",     "bytes=",     "bytes= ",     "bytes=,",
                            "bytes:0-1", "lines=0-1", "0-1",        "bytes=a-b",   "bytes=1",
                            "bytes=-",   "bytes=--1", "bytes=5-3",  "bytes=1-2-3", "bytes=1-2;",
                            "bytes=1 2", "bytes=+1-", "bytes=1- 2", "bytes=0-1,x", "bytes=0x1-2"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        expect_result(values[i], 10, RANGE_IGNORED);
}
END_TEST

START_TEST(a_list_keeps_what_can_be_satisfied)
{
    struct range_set set;
    ck_assert_int_eq(range_read("bytes=0-1 ,, 50-60,\t-2", 10, &set), RANGE_FOUND);
    ck_assert_uint_eq(set.count, 2);
    ck_assert_uint_eq(set.ranges[0].first, 0);
    ck_assert_uint_eq(set.ranges[1].first, 8);
    ck_assert_uint_eq(set.ranges[1].length, 2);
}
END_TEST

START_TEST(more_bytes_than_the_object_has_are_not_worth_it)
{
    expect_result("bytes=0-4,5-9", 10, RANGE_FOUND);
    expect_result("bytes=0-,0-", 10, RANGE_IGNORED);
    expect_result("bytes=0-5,4-9", 10, RANGE_IGNORED);
    expect_result("bytes=0-18446744073709551615,0-18446744073709551615", UINT64_MAX, RANGE_IGNORED);
}
END_TEST

START_TEST(the_number_of_pieces_is_bounded)
{
    char value[8 * (RANGE_MAX + 1) + 8];
    size_t used = (size_t)sprintf(value, "bytes=0-0");
    for (int i = 1; i < RANGE_MAX; i++)
        used += (size_t)sprintf(value + used, ",%d-%d", i, i);
    expect_result(value, 1000, RANGE_FOUND);
    strcpy(value + used, ",99-99");
    expect_result(value, 1000, RANGE_IGNORED);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        a_range_names_its_first_and_last_byte, an_open_end_is_the_end,
        a_suffix_counts_from_the_end,          beyond_the_end_nothing_is_satisfied,
        of_an_empty_object_all_is_sent,        what_is_not_understood_is_ignored,
        a_list_keeps_what_can_be_satisfied,    more_bytes_than_the_object_has_are_not_worth_it,
        the_number_of_pieces_is_bounded,
    };
    return UNIT_RUN("range", tests);
}
