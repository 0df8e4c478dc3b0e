/* conditional.c: the order in which a read's preconditions count, and If-Range. */
#include "api/http/conditional.h"
#include "tests/lib/unit.h"

#define ETAG    "\"000102030405060708090a0b0c0d0e0f\""
#define OTHER   "\"ffffffffffffffffffffffffffffffff\""
#define BEFORE  "Sun, 06 Nov 1994 08:49:36 GMT"
#define EXACTLY "Sun, 06 Nov 1994 08:49:37 GMT"
#define AFTER   "Sun, 06 Nov 1994 08:49:38 GMT"

static const struct object_info info = {
    .digest = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}},
    .modified = 784111777999999999, /* EXACTLY, and nearly a second */
};

static enum conditional decide(const char *match, const char *none_match, const char *modified, const char *unmodified)
{
    struct fields fields = {0};
    struct precondition precondition = {0};
    fields.values[FIELD_IF_MATCH] = match;
    fields.values[FIELD_IF_NONE_MATCH] = none_match;
    fields.values[FIELD_IF_MODIFIED_SINCE] = modified;
    fields.values[FIELD_IF_UNMODIFIED_SINCE] = unmodified;
    if (match)
        ck_assert_int_eq(precondition_match(&precondition, match), PRECONDITION_OK);
    if (none_match)
        ck_assert_int_eq(precondition_none_match(&precondition, none_match), PRECONDITION_OK);
    enum conditional verdict = conditional_decide(&fields, &precondition, &info);
    precondition_free(&precondition);
    return verdict;
}

START_TEST(without_conditions_it_is_sent)
{
    ck_assert_int_eq(decide(NULL, NULL, NULL, NULL), CONDITIONAL_SEND);
}
END_TEST

START_TEST(if_match_names_the_version_or_any)
{
    ck_assert_int_eq(decide(ETAG, NULL, NULL, NULL), CONDITIONAL_SEND);
    ck_assert_int_eq(decide("*", NULL, NULL, NULL), CONDITIONAL_SEND);
    ck_assert_int_eq(decide(OTHER, NULL, NULL, NULL), CONDITIONAL_FAILED);
    ck_assert_int_eq(decide("W/" ETAG, NULL, NULL, NULL), CONDITIONAL_FAILED);
    ck_assert_int_eq(decide("\"x\"", NULL, NULL, NULL), CONDITIONAL_FAILED);
}
END_TEST

START_TEST(if_none_match_names_what_the_client_has)
{
    ck_assert_int_eq(decide(NULL, ETAG, NULL, NULL), CONDITIONAL_UNCHANGED);
    ck_assert_int_eq(decide(NULL, "W/" ETAG, NULL, NULL), CONDITIONAL_UNCHANGED);
    ck_assert_int_eq(decide(NULL, "*", NULL, NULL), CONDITIONAL_UNCHANGED);
    ck_assert_int_eq(decide(NULL, OTHER, NULL, NULL), CONDITIONAL_SEND);
}
END_TEST

START_TEST(dates_count_in_whole_seconds)
{
    ck_assert_int_eq(decide(NULL, NULL, BEFORE, NULL), CONDITIONAL_SEND);
    ck_assert_int_eq(decide(NULL, NULL, EXACTLY, NULL), CONDITIONAL_UNCHANGED);
    ck_assert_int_eq(decide(NULL, NULL, AFTER, NULL), CONDITIONAL_UNCHANGED);
    ck_assert_int_eq(decide(NULL, NULL, NULL, BEFORE), CONDITIONAL_FAILED);
    ck_assert_int_eq(decide(NULL, NULL, NULL, EXACTLY), CONDITIONAL_SEND);
    ck_assert_int_eq(decide(NULL, NULL, NULL, AFTER), CONDITIONAL_SEND);
}
END_TEST

START_TEST(a_malformed_date_is_ignored)
{
    ck_assert_int_eq(decide(NULL, NULL, "yesterday", NULL), CONDITIONAL_SEND);
    ck_assert_int_eq(decide(NULL, NULL, NULL, "yesterday"), CONDITIONAL_SEND);
}
END_TEST

START_TEST(tags_overrule_dates)
{
    ck_assert_int_eq(decide(ETAG, NULL, NULL, BEFORE), CONDITIONAL_SEND);
    ck_assert_int_eq(decide(NULL, OTHER, AFTER, NULL), CONDITIONAL_SEND);
}
END_TEST

START_TEST(failure_comes_before_unchanged)
{
    ck_assert_int_eq(decide(OTHER, ETAG, NULL, NULL), CONDITIONAL_FAILED);
    ck_assert_int_eq(decide(ETAG, ETAG, NULL, NULL), CONDITIONAL_UNCHANGED);
    ck_assert_int_eq(decide(NULL, ETAG, NULL, BEFORE), CONDITIONAL_FAILED);
}
END_TEST

START_TEST(if_range_wants_exactly_this_version)
{
    ck_assert(conditional_range(NULL, &info));
    ck_assert(conditional_range(ETAG, &info));
    ck_assert(!conditional_range(ETAG "x", &info));
    ck_assert(!conditional_range("W/" ETAG, &info));
    ck_assert(!conditional_range(OTHER, &info));
    ck_assert(!conditional_range(EXACTLY, &info));
    ck_assert(!conditional_range("", &info));
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        without_conditions_it_is_sent,  if_match_names_the_version_or_any,   if_none_match_names_what_the_client_has,
        dates_count_in_whole_seconds,   a_malformed_date_is_ignored,         tags_overrule_dates,
        failure_comes_before_unchanged, if_range_wants_exactly_this_version,
    };
    return UNIT_RUN("conditional", tests);
}
