/* expiry.c: what says when an object expires, and what does not. */
#include "api/http/expiry.h"
#include "tests/lib/unit.h"
#include "tests/lib/wall_clock.h"

#include <string.h>

static const int64_t last = 253402300799; /* the last second of the year 9999 */

static bool reads(const char *text, struct expiry *ret_expiry)
{
    return expiry_read(text, strlen(text), ret_expiry);
}

START_TEST(seconds_count_from_now)
{
    struct expiry expiry;
    ck_assert(reads(" 60\t", &expiry));
    ck_assert(expiry_is_ahead(&expiry));
    int64_t before = wall_clock_now(), second = expiry_second(&expiry);
    ck_assert_int_ge(second, before + 60);
    ck_assert_int_le(second, wall_clock_now() + 61);
    wall_clock_pass(1000);
    ck_assert_int_ge(expiry_second(&expiry), second + 1000);
    ck_assert(reads("0", &expiry));
    ck_assert(!expiry_is_ahead(&expiry));
}
END_TEST

START_TEST(dates_are_what_they_say)
{
    const char *const texts[] = {"Wed, 01 Dec 2094 16:00:00 GMT", "Wed Dec  1 16:00:00 2094"};
    struct expiry expiry;
    for (size_t i = 0; i < 2; i++) {
        ck_assert_msg(reads(texts[i], &expiry), "%s", texts[i]);
        ck_assert_int_eq(expiry_second(&expiry), 3942057600);
        ck_assert(expiry_is_ahead(&expiry));
    }
    ck_assert(reads("Sun, 06 Nov 1994 08:49:37 GMT", &expiry));
    ck_assert(!expiry_is_ahead(&expiry));
}
END_TEST

START_TEST(no_time_lies_behind_the_year_9999)
{
    struct expiry expiry;
    ck_assert(reads("Fri, 31 Dec 9999 23:59:59 GMT", &expiry));
    ck_assert_int_eq(expiry_second(&expiry), last);
    ck_assert(expiry_is_ahead(&expiry));
    ck_assert(reads("253402300799", &expiry));
    ck_assert(!expiry_is_ahead(&expiry));
    ck_assert_int_eq(expiry_second(&expiry), last);
    ck_assert(!reads("253402300800", &expiry));
    ck_assert(!reads("18446744073709551617", &expiry));
}
END_TEST

START_TEST(all_else_is_none)
{
    const char *const texts[] = {"",
                                 " ",
                                 "-1",
                                 "+1",
                                 "1.5",
                                 "0x10",
                                 "1 2",
                                 "1s",
                                 "tomorrow",
                                 "2094-12-01T16:00:00Z",
                                 "Wed, 01 Dec 2094 16:00:00",
                                 "Thu, 01 Jan 1970 00:00:00 GMT",
                                 "Thu, 01 Dec 1904 16:00:00 GMT"};
    struct expiry expiry;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        ck_assert_msg(!reads(texts[i], &expiry), "%s", texts[i]);
    ck_assert(!expiry_read("Wed, 01 Dec 2094 16:00:00 GMT\0", 30, &expiry));
}
END_TEST

static bool has_passed(const char *text)
{
    return expiry_has_passed(text, strlen(text));
}

START_TEST(dates_before_now_have_passed)
{
    ck_assert(has_passed("Thu, 01 Jan 1970 00:00:00 GMT"));
    ck_assert(has_passed("Thu, 01 Dec 1904 16:00:00 GMT"));
    ck_assert(has_passed(" Thu, 01 Jan 1970 00:00:01 GMT "));
    ck_assert(!has_passed("Wed, 01 Dec 2094 16:00:00 GMT"));
    ck_assert(!has_passed("0"));
    ck_assert(!has_passed("yesterday"));
}
END_TEST

int main(void)
{
    const TTest *tests[] = {seconds_count_from_now, dates_are_what_they_say, no_time_lies_behind_the_year_9999,
                            all_else_is_none, dates_before_now_have_passed};
    return UNIT_RUN("expiry", tests);
}
