/* timestamp.c: points in time as they are written. */
#include "api/text/timestamp.h"
#include "tests/lib/unit.h"

#include <stdio.h>
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

int main(void)
{
    const TTest *tests[] = {days_are_written_as_the_system_does, the_ends_of_time};
    return UNIT_RUN("timestamp", tests);
}
