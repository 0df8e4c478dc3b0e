/* http_date.c: the three forms of dates, and what is none. */
#include "api/http/http_date.h"
#include "tests/lib/unit.h"

#include <string.h>
#include <time.h>

START_TEST(known_dates_are_written)
{
    char text[HTTP_DATE_SIZE];
    http_date_write(text, 784111777);
    ck_assert_str_eq(text, "Sun, 06 Nov 1994 08:49:37 GMT");
    http_date_write(text, 0);
    ck_assert_str_eq(text, "Thu, 01 Jan 1970 00:00:00 GMT");
    http_date_write(text, 1709210096);
    ck_assert_str_eq(text, "Thu, 29 Feb 2024 12:34:56 GMT");
    http_date_write(text, -1);
    ck_assert_str_eq(text, "Wed, 31 Dec 1969 23:59:59 GMT");
    http_date_write(text, 253402300799);
    ck_assert_str_eq(text, "Fri, 31 Dec 9999 23:59:59 GMT");
    http_date_write(text, INT64_MAX);
    ck_assert_str_eq(text, "Thu, 01 Jan 1970 00:00:00 GMT");
}
END_TEST

START_TEST(the_three_forms_are_read)
{
    const char *texts[] = {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                           "Sun Nov  6 08:49:37 1994"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int64_t seconds;
        ck_assert_msg(http_date_read(texts[i], &seconds), "%s", texts[i]);
        ck_assert_int_eq(seconds, 784111777);
    }
}
END_TEST

/* The first of February in so many years. */
static struct tm february_in(int years)
{
    struct tm tm;
    time_t now = time(NULL);
    gmtime_r(&now, &tm);
    tm = (struct tm){.tm_year = tm.tm_year + years, .tm_mon = 1, .tm_mday = 1};
    timegm(&tm); /* for the day of the week */
    return tm;
}

static void expect_two_digits(struct tm meant)
{
    char text[64];
    int64_t seconds;
    strftime(text, sizeof text, "%A, %d-%b-%y %H:%M:%S GMT", &meant);
    ck_assert_msg(http_date_read(text, &seconds), "%s", text);
    ck_assert_msg(seconds == timegm(&meant), "%s: %lld", text, (long long)seconds);
}

/* RFC 9110, section 5.6.7. */
START_TEST(a_year_of_two_digits_is_at_most_50_years_ahead)
{
    for (int years = 1; years < 50; years++) {
        expect_two_digits(february_in(years));
        expect_two_digits(february_in(-years));
    }
}
END_TEST

START_TEST(what_is_written_is_read_again)
{
    for (int64_t seconds = -2000000000; seconds < 200000000000; seconds += 98765432) {
        char text[HTTP_DATE_SIZE];
        int64_t read;
        http_date_write(text, seconds);
        ck_assert_msg(http_date_read(text, &read), "%s", text);
        ck_assert_int_eq(read, seconds);
    }
}
END_TEST

START_TEST(what_is_no_date)
{
    const char *texts[] = {"",
                           "0",
                           "yesterday",
                           "Sun, 06 Nov 1994 08:49:37",
                           "Sun, 06 Nov 1994 08:49:37 GMT x",
                           "Sun, 32 Nov 1994 08:49:37 GMT",
                           "1994-11-06T08:49:37Z",
                           "\"etag\""};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int64_t seconds;
        ck_assert_msg(!http_date_read(texts[i], &seconds), "%s", texts[i]);
    }
}
END_TEST

/* 29 February, the 31st of a month of 30 days, another weekday, in each form. */
START_TEST(what_does_not_exist)
{
    const char *texts[] = {
        "Mon, 29 Feb 2027 11:02:14 GMT",  "Mon, 01 Mar 2027 11:02:60 GMT",    "Tue, 01 Mar 2027 11:02:14 GMT",
        "Thu, 31 Dec 2026 23:59:60 GMT",  "Fri, 31 Apr 2027 00:00:00 GMT",    "Sun, 00 Nov 1994 08:49:37 GMT",
        "Monday, 29-Feb-27 11:02:14 GMT", "Saturday, 06-Nov-94 08:49:37 GMT", "Mon Feb 29 11:02:14 2027",
        "Sun Nov  6 08:49:60 1994",       "Sat Nov  6 08:49:37 1994",         "Sun, 06 Nov 1994 24:00:00 GMT"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int64_t seconds = 7;
        ck_assert_msg(!http_date_read(texts[i], &seconds), "%s", texts[i]);
        ck_assert_int_eq(seconds, 7);
    }
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        known_dates_are_written,       the_three_forms_are_read, a_year_of_two_digits_is_at_most_50_years_ahead,
        what_is_written_is_read_again, what_is_no_date,          what_does_not_exist};
    return UNIT_RUN("http_date", tests);
}
