/* Memory that many share: who gets what. */
#include "api/request/budget.h"
#include "tests/lib/unit.h"

enum { LIMIT = 1 << 20, SMALL = LIMIT / 1024, COMMON = LIMIT - LIMIT / 4 };

START_TEST(a_share_grows_and_shrinks)
{
    struct budget budget = {.limit = LIMIT};
    struct budget_share share = {0};
    ck_assert(budget_take(&budget, &share, 1000));
    ck_assert(budget_take(&budget, &share, 500)); /* it is that large already */
    ck_assert_uint_eq(share.bytes, 1000);
    ck_assert(budget_take(&budget, &share, 5000));
    ck_assert_uint_eq(atomic_load(&budget.used), 5000);
    budget_keep(&share, 6000);
    ck_assert_uint_eq(share.bytes, 5000);
    budget_keep(&share, 700);
    ck_assert_uint_eq(atomic_load(&budget.used), 700);
    budget_keep(&share, 0);
    ck_assert_uint_eq(atomic_load(&budget.used), 0);
}
END_TEST

START_TEST(nothing_is_given_back_by_who_has_nothing)
{
    struct budget_share share = {0};
    budget_keep(&share, 0);
    ck_assert_uint_eq(share.bytes, 0);
}
END_TEST

START_TEST(a_refusal_changes_nothing)
{
    struct budget budget = {.limit = LIMIT};
    struct budget_share first = {0}, second = {0};
    ck_assert(budget_take(&budget, &first, COMMON / 2));
    ck_assert(budget_take(&budget, &second, SMALL + 1));
    ck_assert(!budget_take(&budget, &second, COMMON / 2 + 1));
    ck_assert(!budget_take(&budget, &second, SIZE_MAX));
    ck_assert_uint_eq(second.bytes, SMALL + 1);
    ck_assert_uint_eq(atomic_load(&budget.used), COMMON / 2 + SMALL + 1);
    ck_assert(budget_take(&budget, &second, COMMON / 2));
}
END_TEST

START_TEST(a_quarter_is_kept_for_the_small)
{
    struct budget budget = {.limit = LIMIT};
    struct budget_share large = {0}, other = {0}, small[LIMIT / 4 / SMALL] = {0}, late = {0};
    ck_assert(budget_take(&budget, &other, 1));
    ck_assert(budget_take(&budget, &large, COMMON - 1));
    ck_assert(!budget_take(&budget, &other, SMALL + 1));
    for (size_t i = 0; i < sizeof small / sizeof *small; i++)
        ck_assert_msg(budget_take(&budget, &small[i], SMALL), "the small share %zu is refused", i);
    ck_assert(!budget_take(&budget, &late, 1));
}
END_TEST

START_TEST(who_is_alone_may_have_it_all)
{
    struct budget budget = {.limit = LIMIT};
    struct budget_share share = {0}, other = {0};
    ck_assert(budget_take(&budget, &share, 100));
    ck_assert(!budget_take(&budget, &share, LIMIT + 1));
    ck_assert(budget_take(&budget, &share, LIMIT));
    ck_assert(!budget_take(&budget, &other, 1));
}
END_TEST

START_TEST(what_is_there_already_counts_in_any_case)
{
    struct budget budget = {.limit = LIMIT};
    struct budget_share share = {0}, other = {0};
    ck_assert(budget_has(&budget, LIMIT) && !budget_has(&budget, LIMIT + 1));
    budget_add(&budget, &share, COMMON - 10);
    ck_assert(budget_has(&budget, SMALL) && !budget_has(&budget, SMALL + 1));
    budget_add(&budget, &share, 1000); /* it is that large already */
    budget_add(&budget, &other, LIMIT);
    ck_assert_uint_eq(atomic_load(&budget.used), COMMON - 10 + LIMIT);
    ck_assert(!budget_has(&budget, 1) && !budget_take(&budget, &share, COMMON));
    budget_keep(&other, 0);
    budget_keep(&share, 0);
    ck_assert_uint_eq(atomic_load(&budget.used), 0);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        a_share_grows_and_shrinks,    nothing_is_given_back_by_who_has_nothing,
        a_refusal_changes_nothing,    a_quarter_is_kept_for_the_small,
        who_is_alone_may_have_it_all, what_is_there_already_counts_in_any_case,
    };
    return UNIT_RUN("budget", tests);
}
