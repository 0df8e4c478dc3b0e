/* timestamp.c: points in time, written and read. */
#include "api/text/timestamp.h"
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Every other day of the years that there are, at another time of the day, as the C library has it. */
START_TEST(days_are_written_as_the_system_does)
{
    const int64_t first = INT64_MIN / 1000000000 + 1, end = INT64_MAX / 1000000000; /* 1677 to 2262 */
    for (int64_t seconds = first; seconds < end; seconds += 2 * 86400 + 61) {
        char text[TIMESTAMP_SIZE], expected[64];
        time_t time = (time_t)seconds;
        struct tm utc;
        gmtime_r(&time, &utc);
        snprintf(expected, sizeof expected, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900, utc.tm_mon + 1,
                 utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, (int)((seconds - first) % 1000));
        timestamp_write(text, seconds * 1000000000 + (seconds - first) % 1000 * 1000000);
        ck_assert_str_eq(text, expected);
    }
}
END_TEST

START_TEST(the_ends_of_time)
{
    char text[TIMESTAMP_SIZE];
    timestamp_write(text, 0);
    ck_assert_str_eq(text, "1970-01-01T00:00:00.000Z");
    timestamp_write(text, -1);
    ck_assert_str_eq(text, "1969-12-31T23:59:59.999Z");
    timestamp_write(text, INT64_MAX);
    ck_assert_str_eq(text, "2262-04-11T23:47:16.854Z");
    timestamp_write(text, INT64_C(1709164800) * 1000000000); /* of a leap year */
    ck_assert_str_eq(text, "2024-02-29T00:00:00.000Z");
}
END_TEST

START_TEST(what_is_written_is_read)
{
    char text[TIMESTAMP_SIZE];
    int64_t seconds;
    timestamp_write(text, 1794041377123000000);
    ck_assert_str_eq(text, "2026-11-07T08:49:37.123Z");
    ck_assert(timestamp_read(text, strlen(text), &seconds));
    ck_assert_int_eq(seconds, 1794041377);
}
END_TEST

START_TEST(several_ways_to_write_one_second)
{
    const char *texts[] = {"2027-01-01", "2027-01-01T00:00:00Z", "2027-01-01T00:00:00.999999Z",
                           "2027-01-01T01:30:00+01:30", "2026-12-31T23:00:00-01:00"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int64_t seconds;
        ck_assert_msg(timestamp_read(texts[i], strlen(texts[i]), &seconds), "%s", texts[i]);
        ck_assert_msg(seconds == 1798761600, "%s", texts[i]);
    }
}
END_TEST

START_TEST(what_is_no_time)
{
    const char *texts[] = {"",
                           "2027",
                           "2027-1-1",
                           "2027-00-01",
                           "2027-13-01",
                           "2027-01-00",
                           "2027-02-29",
                           "2027-01-01T",
                           "2027-01-01 00:00:00Z",
                           "2027-01-01T00:00:00",
                           "2027-01-01T24:00:00Z",
                           "2027-01-01T00:60:00Z",
                           "2027-01-01T00:00:60Z",
                           "2027-01-01T00:00:00.Z",
                           "2027-01-01T00:00:00+24:00",
                           "2027-01-01T00:00:00+0100",
                           "2027-01-01T00:00:00Zx"};
    int64_t seconds = 7;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        ck_assert_msg(!timestamp_read(texts[i], strlen(texts[i]), &seconds), "%s", texts[i]);
    ck_assert_int_eq(seconds, 7);
    ck_assert(timestamp_read("2028-02-29", 10, &seconds));
}
END_TEST

int main(void)
{
    const TTest *tests[] = {days_are_written_as_the_system_does, the_ends_of_time, what_is_written_is_read,
                            several_ways_to_write_one_second, what_is_no_time};
    return UNIT_RUN("timestamp", tests);
}
