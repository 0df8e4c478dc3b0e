/* precondition.c: entity tags, weak and strong, lists of them, and what is none. */
#include "api/http/precondition.h"
#include "tests/lib/unit.h"

#include <string.h>

#define A "\"000102030405060708090a0b0c0d0e0f\""
#define B "\"ffffffffffffffffffffffffffffffff\""

static const struct store_digest digest_a = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};

static struct precondition match(const char *value)
{
    struct precondition precondition = {0};
    ck_assert_msg(precondition_match(&precondition, value) == PRECONDITION_OK, "%s", value);
    return precondition;
}

START_TEST(a_star_asks_for_any_or_for_none)
{
    struct precondition precondition = match("*");
    ck_assert(precondition.condition.exists && !precondition.condition.match_listed);
    ck_assert_int_eq(precondition_none_match(&precondition, "*"), PRECONDITION_OK);
    ck_assert(precondition.condition.absent);
    ck_assert(precondition_any(&precondition));
    precondition_free(&precondition);
    ck_assert(!precondition_any(&precondition));
}
END_TEST

START_TEST(a_tag_is_a_digest)
{
    struct precondition precondition = match(A);
    ck_assert(precondition.condition.match_listed);
    ck_assert_uint_eq(precondition.condition.match_count, 1);
    ck_assert(store_digest_equal(&precondition.condition.match[0], &digest_a));
    precondition_free(&precondition);
}
END_TEST

START_TEST(a_list_keeps_its_order)
{
    const char *values[] = {A ", " B, A "," B, " " A "\t,\t" B " ", ",," A ",," B ",", A ", \"x\", " B};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct precondition precondition = match(values[i]);
        ck_assert_uint_eq(precondition.condition.match_count, 2);
        ck_assert(store_digest_equal(&precondition.condition.match[0], &digest_a));
        ck_assert_uint_eq(precondition.condition.match[1].bytes[15], 0xff);
        precondition_free(&precondition);
    }
}
END_TEST

/* It has to be asked for all the same: an empty list of possible digests never matches. */
START_TEST(a_tag_of_another_make_matches_nothing)
{
    const char *values[] = {"\"\"",
                            "\"x\"",
                            "\"000102030405060708090A0B0C0D0E0F\"",
                            "\"000102030405060708090a0b0c0d0e0\"",
                            "\"000102030405060708090a0b0c0d0e0f0\"",
                            "\"a,b\""};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct precondition precondition = match(values[i]);
        ck_assert(precondition.condition.match_listed && precondition_any(&precondition));
        ck_assert_uint_eq(precondition.condition.match_count, 0);
        precondition_free(&precondition);
    }
}
END_TEST

START_TEST(a_weak_tag_matches_only_in_if_none_match)
{
    struct precondition precondition = match("W/" A);
    ck_assert_uint_eq(precondition.condition.match_count, 0);
    ck_assert_int_eq(precondition_none_match(&precondition, "W/" A), PRECONDITION_OK);
    ck_assert_uint_eq(precondition.condition.none_match_count, 1);
    ck_assert(store_digest_equal(&precondition.condition.none_match[0], &digest_a));
    precondition_free(&precondition);
}
END_TEST

START_TEST(what_is_no_list_is_malformed)
{
    const char *values[] = {"",    " ",       ",",     "x",        "\"",        "\"x",   "x\"", "**",
                            "*,*", "* , " A,  A ", *", A " " B,    A "x",       "w/" A,  "W/",  "W/ " A,
                            "'x'", "\"a b\"", A ",x",  "\"a\tb\"", "\"a\x7f\"", "\"a\"b"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct precondition precondition = {0};
        ck_assert_msg(precondition_match(&precondition, values[i]) == PRECONDITION_MALFORMED, "%s", values[i]);
        precondition_free(&precondition);
        ck_assert_msg(precondition_none_match(&precondition, values[i]) == PRECONDITION_MALFORMED, "%s", values[i]);
        precondition_free(&precondition);
    }
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        a_star_asks_for_any_or_for_none,
        a_tag_is_a_digest,
        a_list_keeps_its_order,
        a_tag_of_another_make_matches_nothing,
        a_weak_tag_matches_only_in_if_none_match,
        what_is_no_list_is_malformed,
    };
    return UNIT_RUN("precondition", tests);
}
