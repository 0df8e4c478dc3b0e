/* test_quota.c - what is let in: transactions by their sum, uploads byte by byte. */
#include "store/commit/quota.h"
#include "tests/lib/unit.h"

#include <check.h>

static struct quota quota;
static struct store_overrun overrun;

static void setup(void)
{
    quota_init(&quota);
}

static void teardown(void)
{
    quota_free(&quota);
}

static void begin(uint64_t limit_bytes, uint64_t limit_objects, uint64_t bytes, uint64_t objects)
{
    const struct store_limits limits = {.bytes = {true, limit_bytes}, .objects = {true, limit_objects}};
    quota_begin(&quota, &limits, objects, bytes);
}

static bool admit(int64_t objects, int64_t bytes, struct quota_share *share)
{
    return quota_admit(&quota, &(struct quota_growth){.objects = objects, .bytes = bytes}, share, &overrun);
}

static bool arrive(struct quota_share *share, uint64_t arrived)
{
    return quota_arrive(&quota, share, arrived, &overrun);
}

static uint64_t unfinished(void)
{
    struct store_limits limits;
    uint64_t bytes;
    quota_tell(&quota, &limits, &bytes);
    return bytes;
}

START_TEST(without_limits_all_comes_in)
{
    struct quota_share share = {0};
    ck_assert(admit(1000000, INT64_MAX / 4, NULL));
    ck_assert(arrive(&share, UINT64_MAX / 4));
    ck_assert(quota_agrees(&quota, 1000000, INT64_MAX / 4));
}
END_TEST

START_TEST(a_limit_may_be_reached_and_not_passed)
{
    begin(100, 10, 60, 9);
    ck_assert(!admit(1, 41, NULL));
    ck_assert(!overrun.of_objects);
    ck_assert_uint_eq(overrun.limit, 100);
    ck_assert_uint_eq(overrun.used, 60);
    ck_assert_uint_eq(overrun.added, 41);
    ck_assert(admit(1, 40, NULL));
    ck_assert(!admit(1, 0, NULL));
    ck_assert(overrun.of_objects);
    ck_assert_uint_eq(overrun.limit, 10);
    ck_assert_uint_eq(overrun.used, 10);
    ck_assert_uint_eq(overrun.added, 1);
    ck_assert(quota_agrees(&quota, 10, 100));
}
END_TEST

START_TEST(what_adds_nothing_passes_also_over_the_limit)
{
    begin(100, 10, 200, 20);
    ck_assert(admit(0, 0, NULL));
    ck_assert(admit(-1, -50, NULL));
    ck_assert(admit(0, -50, NULL));
    ck_assert(!admit(0, 1, NULL));
    ck_assert(!admit(1, -1, NULL));
    ck_assert(!admit(-1, 1, NULL));
    ck_assert(quota_agrees(&quota, 19, 100));
}
END_TEST

START_TEST(what_is_taken_back_leaves_its_place)
{
    struct quota_share share = {0};
    const struct quota_growth growth = {.objects = 1, .bytes = 30};
    begin(100, 10, 60, 1);
    ck_assert(arrive(&share, 30));
    ck_assert(quota_admit(&quota, &growth, &share, &overrun));
    ck_assert_uint_eq(unfinished(), 0);
    ck_assert(!admit(1, 11, NULL));
    quota_retract(&quota, &growth, &share);
    ck_assert(quota_agrees(&quota, 1, 60));
    ck_assert_uint_eq(unfinished(), 30);
    ck_assert(!admit(1, 11, NULL)); /* the upload still has its bytes */
    quota_leave(&quota, &share);
    ck_assert(admit(1, 40, NULL));
}
END_TEST

START_TEST(uploads_count_with_what_has_arrived)
{
    struct quota_share first = {0}, second = {0};
    begin(100, 10, 40, 1);
    ck_assert(arrive(&first, 30));
    ck_assert(arrive(&second, 30));
    ck_assert_uint_eq(unfinished(), 60);
    ck_assert(!admit(1, 1, NULL));
    ck_assert_uint_eq(overrun.used, 100);
    ck_assert(!arrive(&second, 31)); /* now it has nothing, and the first can go on */
    ck_assert_uint_eq(second.arrived, 0);
    ck_assert_uint_eq(unfinished(), 30);
    ck_assert(arrive(&first, 60));
    ck_assert(admit(1, 60, &first));
    ck_assert_uint_eq(unfinished(), 0);
    ck_assert(quota_agrees(&quota, 2, 100));
}
END_TEST

START_TEST(an_upload_is_spared_what_it_replaces)
{
    struct quota_share share = {0};
    begin(100, 10, 100, 2);
    ck_assert(!arrive(&share, 1));
    share.replaced = 70;
    ck_assert(arrive(&share, 70));
    ck_assert_uint_eq(unfinished(), 0);
    ck_assert(!arrive(&share, 71));
    ck_assert(arrive(&share, 60));
    ck_assert(admit(0, -10, &share));
    ck_assert(quota_agrees(&quota, 2, 90));
}
END_TEST

START_TEST(all_together_are_spared_no_more_than_is_there)
{
    struct quota_share shares[3] = {{.replaced = 100}, {.replaced = 100}, {.replaced = 100}};
    begin(100, 10, 100, 1);
    ck_assert(arrive(&shares[0], 60));
    ck_assert(arrive(&shares[1], 40));
    ck_assert(!arrive(&shares[2], 1));
    ck_assert(admit(-1, -100, NULL)); /* what they would have replaced has gone: now they take its place */
    ck_assert_uint_eq(unfinished(), 100);
    ck_assert(!arrive(&shares[2], 1));
    ck_assert(admit(1, 60, &shares[0]));
    ck_assert(admit(0, -20, &shares[1]));
    ck_assert_uint_eq(unfinished(), 0);
}
END_TEST

START_TEST(what_was_there_before_counts_whatever_becomes_of_the_rest)
{
    struct quota_share resting = {0}, share = {0};
    begin(100, 10, 50, 1);
    ck_assert(arrive(&resting, 40));
    quota_pass(&quota, &resting, 0, &share, 40);
    ck_assert_uint_eq(unfinished(), 40);
    ck_assert(arrive(&share, 50));
    ck_assert(!arrive(&share, 51));
    ck_assert_uint_eq(unfinished(), 40);
    ck_assert(!admit(1, 11, NULL));
    quota_pass(&quota, &resting, 45, &share, 0);
    quota_leave(&quota, &share);
    ck_assert_uint_eq(unfinished(), 45);
}
END_TEST

START_TEST(what_is_kept_is_never_given_up)
{
    struct quota_share resting = {0}, share = {.keeps = true};
    begin(100, 10, 50, 1);
    quota_pass(&quota, &resting, 0, &share, 10);
    ck_assert(arrive(&share, 45));
    ck_assert(!arrive(&share, 51)); /* 45 will stay on the disk */
    ck_assert_uint_eq(unfinished(), 45);
    ck_assert(!admit(1, 6, NULL));
    quota_leave(&quota, &share); /* its commit was refused, and it has not come to rest */
    ck_assert_uint_eq(unfinished(), 45);
    ck_assert(!admit(1, 6, NULL));
    quota_pass(&quota, &resting, 45, &share, 0);
    quota_leave(&quota, &share);
    ck_assert_uint_eq(unfinished(), 45);
    ck_assert(admit(1, 5, NULL));
}
END_TEST

START_TEST(a_limit_that_is_lowered_holds_for_what_comes)
{
    struct quota_share share = {0};
    begin(100, 10, 10, 1);
    ck_assert(arrive(&share, 60));
    quota_set_limits(&quota, &(struct store_limits){.bytes = {true, 50}});
    ck_assert(!admit(1, 60, &share));
    ck_assert_uint_eq(unfinished(), 60); /* until it is told */
    quota_leave(&quota, &share);
    ck_assert(admit(11, 40, NULL));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        without_limits_all_comes_in,
        a_limit_may_be_reached_and_not_passed,
        what_adds_nothing_passes_also_over_the_limit,
        what_is_taken_back_leaves_its_place,
        uploads_count_with_what_has_arrived,
        an_upload_is_spared_what_it_replaces,
        all_together_are_spared_no_more_than_is_there,
        what_was_there_before_counts_whatever_becomes_of_the_rest,
        what_is_kept_is_never_given_up,
        a_limit_that_is_lowered_holds_for_what_comes,
    };
    return UNIT_RUN_WITH("quota", setup, teardown, tests);
}
