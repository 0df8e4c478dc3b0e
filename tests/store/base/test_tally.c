/* tally.c: each value is in the first bucket that it fits into, and in the sum. */
#include "store/base/tally.h"
#include "tests/lib/unit.h"

static const uint64_t bounds[STORE_TALLY_BOUNDS] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048};

START_TEST(values_up_to_a_bound_are_in_its_bucket)
{
    struct tally tally;
    struct store_tally read;
    const uint64_t values[] = {0, 1, 2, 3, 4, 5, 2048, 2049, UINT32_MAX};
    tally_init(&tally, bounds);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        tally_count(&tally, values[i]);
    tally_read(&tally, &read);
    const uint64_t expected[STORE_TALLY_BOUNDS + 1] = {2, 1, 2, 1, [11] = 1, [12] = 2};
    for (size_t i = 0; i <= STORE_TALLY_BOUNDS; i++)
        ck_assert_msg(read.buckets[i] == expected[i], "bucket %zu", i);
    ck_assert_uint_eq(read.sum, 15 + 2048 + 2049 + (uint64_t)UINT32_MAX);
    ck_assert_ptr_eq(read.bounds, bounds);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {values_up_to_a_bound_are_in_its_bucket};
    return UNIT_RUN("tally", tests);
}
