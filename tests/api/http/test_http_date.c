/* http_date.c: the three forms of dates, and what is none. */
#include "api/http/http_date.h"
#include "tests/lib/unit.h"

#include <string.h>

START_TEST(known_dates_are_written)
{
    char text[HTTP_DATE_SIZE];
    http_date_write(text, 784111777);
    ck_assert_str_eq(text, "Sun, 06 Nov 1994 08:49:37 GMT");
    http_date_write(text, 0);
    ck_assert_str_eq(text, "Thu, 01 Jan 1970 00:00:00 GMT");
    http_date_write(text, 1709210096);
    ck_assert_str_eq(text, "Thu, 29 Feb 2024 12:34:56 GMT");
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

int main(void)
{
    const TTest *tests[] = {known_dates_are_written, the_three_forms_are_read, what_is_written_is_read_again,
                            what_is_no_date};
    return UNIT_RUN("http_date", tests);
}
