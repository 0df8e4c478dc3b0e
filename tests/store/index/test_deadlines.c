/* test_deadlines.c - when objects expire: which come first, and what is found again by a look at all objects. */
#include "store/index/deadlines.h"
#include "tests/lib/prng.h"
#include "tests/lib/unit.h"

#include <check.h>

enum { FEW = 1000, MANY = 300000 };

static struct deadlines deadlines;

static void setup(void)
{
    deadlines_init(&deadlines);
}

static void teardown(void)
{
    deadlines_free(&deadlines);
}

static void expect(int64_t first, int64_t rest)
{
    int64_t told_first, told_rest;
    bool any = deadlines_tell(&deadlines, &told_first, &told_rest);
    ck_assert_int_eq(told_first, first);
    ck_assert_int_eq(told_rest, rest);
    ck_assert_int_eq(any, first != DEADLINES_NEVER || rest != DEADLINES_NEVER);
}

START_TEST(they_come_in_their_order)
{
    struct prng prng = prng_of(1);
    bool known[FEW] = {false};
    uint64_t hash;
    for (unsigned i = 0; i < FEW; i++) {
        uint64_t second = 1 + prng_below(&prng, FEW - 1);
        known[second] = true;
        deadlines_add(&deadlines, (int64_t)second, second);
    }
    size_t taken = 0;
    for (int64_t second = 1; second < FEW; second++)
        while (deadlines_take(&deadlines, second, 1, &hash) == 1) {
            ck_assert_uint_eq(hash, (uint64_t)second); /* those in front have been taken */
            ck_assert(known[hash]);
            taken++;
        }
    ck_assert_uint_eq(taken, FEW);
    expect(DEADLINES_NEVER, DEADLINES_NEVER);
}
END_TEST

START_TEST(what_is_to_come_stays)
{
    uint64_t hashes[3];
    for (int64_t second = 10; second < 15; second++)
        deadlines_add(&deadlines, second, (uint64_t)second);
    ck_assert_uint_eq(deadlines_take(&deadlines, 9, 3, hashes), 0);
    ck_assert_uint_eq(deadlines_take(&deadlines, 14, 3, hashes), 3);
    ck_assert_uint_eq(hashes[0] + hashes[1] + hashes[2], 10 + 11 + 12);
    expect(13, DEADLINES_NEVER);
}
END_TEST

/* What is not kept lies behind the rest, and all in front of that is there. */
START_TEST(of_many_the_first_are_kept)
{
    static uint64_t hashes[MANY];
    struct prng prng = prng_of(2);
    static unsigned count[MANY + 1];
    int64_t first, rest;
    for (unsigned i = 0; i < MANY; i++) {
        uint64_t second = 1 + prng_below(&prng, MANY);
        count[second]++;
        deadlines_add(&deadlines, (int64_t)second, second);
    }
    ck_assert_uint_lt(deadlines.capacity * sizeof(struct deadline), (size_t)4 << 20);
    ck_assert(deadlines_tell(&deadlines, &first, &rest));
    ck_assert_int_lt(first, rest);
    ck_assert_int_lt(rest, MANY);
    size_t taken = deadlines_take(&deadlines, rest - 1, MANY, hashes);
    ck_assert_uint_gt(taken, MANY / 8);
    for (size_t i = 0; i < taken; i++)
        count[hashes[i]]--;
    for (int64_t second = 1; second < rest; second++)
        ck_assert_uint_eq(count[second], 0);
}
END_TEST

START_TEST(a_look_begins_with_nothing)
{
    deadlines_add(&deadlines, 5, 1);
    deadlines_lack(&deadlines, 7);
    deadlines_lack(&deadlines, 9);
    expect(5, 7);
    deadlines_add(&deadlines, 8, 2); /* the look will find it */
    deadlines_forget(&deadlines);
    expect(DEADLINES_NEVER, DEADLINES_NEVER);
    deadlines_add(&deadlines, 8, 2);
    expect(8, DEADLINES_NEVER);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {they_come_in_their_order, what_is_to_come_stays, of_many_the_first_are_kept,
                            a_look_begins_with_nothing};
    return UNIT_RUN_WITH("deadlines", setup, teardown, tests);
}
