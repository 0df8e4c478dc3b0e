/* http_date.c - writes one form without gmtime(), and reads all three that HTTP knows. See http_date.h. */
#include "api/http/http_date.h"

#include "api/text/timestamp.h"

#include <string.h>
#include <time.h>

/* Every answer with an object has one. So it is put together from the other way to write a time, which takes no lock as
 * gmtime() does. */
void http_date_write(char text[HTTP_DATE_SIZE], int64_t seconds)
{
    static const char days[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const int64_t week = 7 * 86400;
    char stamp[TIMESTAMP_SIZE]; /* 2026-11-06T08:49:37.000Z */
    int64_t in_week = (timestamp_write_second(stamp, seconds) % week + week) % week;
    int month = 10 * (stamp[5] - '0') + stamp[6] - '1';
    memcpy(text, "Thu, 01 Jan 1970 00:00:00 GMT", HTTP_DATE_SIZE);
    memcpy(text, days + 3 * (in_week / 86400), 3);
    memcpy(text + 5, stamp + 8, 2);
    memcpy(text + 8, months + 3 * month, 3);
    memcpy(text + 12, stamp, 4);
    memcpy(text + 17, stamp + 11, 8);
}

/* Puts a year of which only the last two digits are known into this century, or into the last one when it would be more
 * than 50 years ahead. */
static void find_century(struct tm *tm)
{
    struct tm today;
    time_t now = time(NULL);
    gmtime_r(&now, &today);
    tm->tm_year = today.tm_year / 100 * 100 + tm->tm_year % 100;
    today.tm_year += 50;
    struct tm found = *tm;
    if (timegm(&found) > timegm(&today))
        tm->tm_year -= 100;
}

/* What a date says of its weekday has to be so, as with all else of it. */
static bool read_date(struct tm *tm, int64_t *ret_seconds)
{
    int weekday = tm->tm_wday;
    int64_t seconds;
    if (!timestamp_of_date(tm, &seconds) || tm->tm_wday != weekday)
        return false;
    *ret_seconds = seconds;
    return true;
}

bool http_date_read(const char *text, int64_t *ret_seconds)
{
    enum { RFC_850 = 1 };
    static const char *const forms[] = {
        "%a, %d %b %Y %H:%M:%S GMT",                                     /* the one to send */
        [RFC_850] = "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y", /* asctime() */
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct tm tm = {0};
        const char *end = strptime(text, forms[i], &tm);
        if (!end || *end != '\0')
            continue;
        if (i == RFC_850)
            find_century(&tm);
        return read_date(&tm, ret_seconds);
    }
    return false;
}
