#include "api/text/timestamp.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void timestamp_write(char text[TIMESTAMP_SIZE], int64_t nanoseconds)
{
    const int64_t second = 1000000000;
    const int64_t first = -62167219200, end = 253402300800; /* the years 0 to 9999 */
    int64_t part = (nanoseconds % second + second) % second;
    time_t seconds = (time_t)((nanoseconds - part) / second);
    struct tm utc;
    if (seconds < first || seconds >= end)
        seconds = 0;
    gmtime_r(&seconds, &utc);
    char whole[TIMESTAMP_SIZE];
    strftime(whole, sizeof whole, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text, TIMESTAMP_SIZE, "%.19s.%03uZ", whole, (unsigned)(part / 1000000) % 1000);
}

/* Whether a text has the shape of a pattern, in which a 0 stands for any digit. */
static bool has_shape(const char *text, size_t length, const char *pattern)
{
    if (length != strlen(pattern))
        return false;
    for (size_t i = 0; i < length; i++)
        if (pattern[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != pattern[i])
            return false;
    return true;
}

static int number_at(const char *text, int digits)
{
    int number = 0;
    while (digits-- > 0)
        number = 10 * number + (*text++ - '0');
    return number;
}

/* `Z`, `+01:00` or `-01:00`, in seconds. */
static bool read_offset(const char *text, size_t length, int64_t *ret_offset)
{
    bool east = has_shape(text, length, "+00:00");
    if (has_shape(text, length, "Z")) {
        *ret_offset = 0;
        return true;
    }
    if (!east && !has_shape(text, length, "-00:00"))
        return false;
    int hours = number_at(text + 1, 2), minutes = number_at(text + 4, 2);
    *ret_offset = (east ? 1 : -1) * (3600 * hours + 60 * minutes);
    return hours <= 23 && minutes <= 59;
}

/* The time of a day behind its T. */
static bool read_clock(const char *text, size_t length, struct tm *utc, int64_t *ret_offset)
{
    size_t whole = strlen("00:00:00"), end = whole;
    if (length < whole || !has_shape(text, whole, "00:00:00"))
        return false;
    *utc = (struct tm){.tm_year = utc->tm_year,
                       .tm_mon = utc->tm_mon,
                       .tm_mday = utc->tm_mday,
                       .tm_hour = number_at(text, 2),
                       .tm_min = number_at(text + 3, 2),
                       .tm_sec = number_at(text + 6, 2)};
    if (end < length && text[end] == '.') {
        size_t digits = strspn(text + end + 1, "0123456789");
        if (digits == 0)
            return false;
        end += 1 + digits;
    }
    return utc->tm_hour <= 23 && utc->tm_min <= 59 && utc->tm_sec <= 59 &&
           read_offset(text + end, length - end, ret_offset);
}

bool timestamp_read(const char *text, size_t length, int64_t *ret_seconds)
{
    size_t day = strlen("0000-00-00");
    int64_t offset = 0;
    if (length < day || !has_shape(text, day, "0000-00-00"))
        return false;
    struct tm utc = {
        .tm_year = number_at(text, 4) - 1900, .tm_mon = number_at(text + 5, 2) - 1, .tm_mday = number_at(text + 8, 2)};
    int month = utc.tm_mon, date = utc.tm_mday;
    if (length > day && (text[day] != 'T' || !read_clock(text + day + 1, length - day - 1, &utc, &offset)))
        return false;
    time_t seconds = timegm(&utc); /* which turns the 30th of February into one of March */
    if (utc.tm_mon != month || utc.tm_mday != date)
        return false;
    *ret_seconds = seconds - offset;
    return true;
}
