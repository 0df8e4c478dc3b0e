/* quantile.c: counts in buckets, and what they tell of the most of many. */
#include "api/live/quantile.h"
#include "tests/lib/unit.h"

static const uint64_t bounds[] = {10, 20, 40};

static void expect(unsigned percent, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t value)
{
    const uint64_t counts[] = {a, b, c, d};
    ck_assert_uint_eq(quantile(bounds, counts, 4, percent), value);
}

START_TEST(of_nothing_nothing_is_known)
{
    expect(50, 0, 0, 0, 0, UINT64_MAX);
}
END_TEST

START_TEST(it_lies_in_the_bucket_in_which_enough_are_behind)
{
    expect(50, 1, 0, 0, 0, 10);
    expect(50, 0, 0, 1, 0, 40);
    expect(50, 1, 1, 0, 0, 10);
    expect(51, 1, 1, 0, 0, 20);
    expect(99, 99, 0, 1, 0, 10);
    expect(99, 98, 0, 2, 0, 30);
    expect(100, 99, 0, 1, 0, 40);
}
END_TEST

START_TEST(those_in_a_bucket_are_spread_evenly)
{
    expect(50, 0, 10, 0, 0, 15);
    expect(10, 0, 10, 0, 0, 11);
    expect(25, 0, 0, 20, 0, 25);
}
END_TEST

START_TEST(the_last_bucket_counts_as_its_lower_bound)
{
    expect(50, 0, 0, 0, 7, 40);
    expect(99, 1, 0, 0, 99, 40);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {of_nothing_nothing_is_known, it_lies_in_the_bucket_in_which_enough_are_behind,
                            those_in_a_bucket_are_spread_evenly, the_last_bucket_counts_as_its_lower_bound};
    return UNIT_RUN("quantile", tests);
}
