/* test_arrears.c - how long writers wait for compaction that is behind. */
#include "store/index/arrears.h"
#include "tests/lib/unit.h"

#include <check.h>

enum { MIB = 1 << 20 };

/* With small segments the margin is 16 MiB, with others four of them. */
START_TEST(nobody_waits_up_to_the_margin_and_nobody_writes_beyond_two)
{
    static const struct {
        uint64_t overdue, tolerated, segment;
        int rest;
    } cases[] = {
        {0, 0, MIB, 0},
        {16 * MIB, 0, MIB, 0},
        {16 * MIB + 1, 0, MIB, 1},
        {24 * MIB, 0, MIB, 25},
        {32 * MIB, 0, MIB, 50},
        {32 * MIB + 1, 0, MIB, ARREARS_STOP},
        {128 * MIB, 0, 32 * MIB, 0},
        {192 * MIB, 0, 32 * MIB, 25},
        {256 * MIB + 1, 0, 32 * MIB, ARREARS_STOP},
        {1000 * (uint64_t)MIB, 1000 * (uint64_t)MIB, MIB, 0},
        {1016 * (uint64_t)MIB, 1000 * (uint64_t)MIB, MIB, 0},
        {1024 * (uint64_t)MIB, 1000 * (uint64_t)MIB, MIB, 25},
        {1000 * (uint64_t)MIB, UINT64_MAX, MIB, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_int_eq(arrears_rest_for(cases[i].overdue, cases[i].tolerated, cases[i].segment), cases[i].rest);
}
END_TEST

START_TEST(the_more_is_overdue_the_longer_is_the_rest)
{
    int before = 0;
    for (uint64_t overdue = 0; overdue <= 32 * MIB; overdue += 64 << 10) {
        int rest = arrears_rest_for(overdue, 0, MIB);
        ck_assert_int_ge(rest, before);
        before = rest;
    }
}
END_TEST

int main(void)
{
    const TTest *tests[] = {nobody_waits_up_to_the_margin_and_nobody_writes_beyond_two,
                            the_more_is_overdue_the_longer_is_the_rest};
    return UNIT_RUN("arrears", tests);
}
