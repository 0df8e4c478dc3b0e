/* timestamp.c - reckons with days since 1970, since gmtime() takes a lock of the whole process. See timestamp.h. */
#include "api/text/timestamp.h"
#include "api/text/decimal.h"

#include <string.h>
#include <time.h>

/* Writes the last so many digits of a number. */
static void put_digits(char *at, int64_t number, int digits)
{
    while (digits-- > 0) {
        at[digits] = (char)('0' + number % 10);
        number /= 10;
    }
}

/* The date of a day counted from 1970-01-01, not before the year 0. Years begin in March here, so that the odd day is
 * the last of one; 400 of them have as many days, always. */
static void put_date(char *at, int64_t day)
{
    enum { DAYS_400 = 146097, DAYS_100 = 36524, DAYS_4 = 1461, TO_1970 = 719468 /* from 0000-03-01 */ };
    day += TO_1970 + DAYS_400; /* none is below 0 */
    int64_t in_400 = day % DAYS_400;
    int64_t year = (in_400 - in_400 / (DAYS_4 - 1) + in_400 / DAYS_100 - in_400 / (DAYS_400 - 1)) / 365;
    int64_t in_year = in_400 - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * in_year + 2) / 153; /* from March */
    put_digits(at, year + 400 * (day / DAYS_400 - 1) + (month >= 10), 4);
    put_digits(at + 5, month < 10 ? month + 3 : month - 9, 2);
    put_digits(at + 8, in_year - (153 * month + 2) / 5 + 1, 2);
}

/* Without gmtime(), which takes a lock of the whole process. */
int64_t timestamp_write_second(char text[TIMESTAMP_SIZE], int64_t second)
{
    const int64_t day = 86400, first = -62167219200, end = 253402300800; /* the years 0 to 9999 */
    if (second < first || second >= end)
        second = 0;
    int64_t in_day = (second % day + day) % day;
    memcpy(text, "0000-00-00T00:00:00.000Z", TIMESTAMP_SIZE);
    put_date(text, (second - in_day) / day);
    put_digits(text + 11, in_day / 3600, 2);
    put_digits(text + 14, in_day / 60 % 60, 2);
    put_digits(text + 17, in_day % 60, 2);
    return second;
}

void timestamp_write(char text[TIMESTAMP_SIZE], int64_t nanoseconds)
{
    const int64_t second = 1000000000;
    int64_t part = (nanoseconds % second + second) % second;
    timestamp_write_second(text, (nanoseconds - part) / second);
    put_digits(text + 20, part / 1000000, 3);
}

void timestamp_field(struct jsontext *json, const char *name, int64_t nanoseconds)
{
    char text[TIMESTAMP_SIZE];
    if (nanoseconds != 0)
        timestamp_write(text, nanoseconds);
    jsontext_field(json, name, nanoseconds != 0 ? text : NULL);
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

bool timestamp_of_date(struct tm *utc, int64_t *ret_seconds)
{
    const struct tm given = *utc;
    time_t seconds = timegm(utc); /* which turns the 30th of February into one of March */
    if (utc->tm_mon != given.tm_mon || utc->tm_mday != given.tm_mday || utc->tm_hour != given.tm_hour ||
        utc->tm_min != given.tm_min || utc->tm_sec != given.tm_sec)
        return false;
    *ret_seconds = seconds;
    return true;
}

static int number_at(const char *text, size_t digits)
{
    return (int)decimal_read(text, digits).number;
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
    return read_offset(text + end, length - end, ret_offset);
}

bool timestamp_read(const char *text, size_t length, int64_t *ret_seconds)
{
    size_t day = strlen("0000-00-00");
    int64_t offset = 0;
    if (length < day || !has_shape(text, day, "0000-00-00"))
        return false;
    struct tm utc = {
        .tm_year = number_at(text, 4) - 1900, .tm_mon = number_at(text + 5, 2) - 1, .tm_mday = number_at(text + 8, 2)};
    if (length > day && (text[day] != 'T' || !read_clock(text + day + 1, length - day - 1, &utc, &offset)))
        return false;
    if (!timestamp_of_date(&utc, ret_seconds))
        return false;
    *ret_seconds -= offset;
    return true;
}
