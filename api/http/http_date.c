#include "api/http/http_date.h"

#include <string.h>
#include <time.h>

static void write_number(char *text, int number, int digits)
{
    while (digits-- > 0) {
        text[digits] = (char)('0' + number % 10);
        number /= 10;
    }
}

/* Written by hand because every GET sends one and strftime() takes longer than the look-up. */
void http_date_write(char text[HTTP_DATE_SIZE], int64_t seconds)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm tm;
    time_t time = (time_t)seconds;
    if (!gmtime_r(&time, &tm) || tm.tm_year < -900 || tm.tm_year > 8099)
        gmtime_r(&(time_t){0}, &tm);
    memcpy(text, "Sun, 06 Nov 1994 08:49:37 GMT", HTTP_DATE_SIZE);
    memcpy(text, days + 3 * tm.tm_wday, 3);
    memcpy(text + 8, months + 3 * tm.tm_mon, 3);
    write_number(text + 5, tm.tm_mday, 2);
    write_number(text + 12, tm.tm_year + 1900, 4);
    write_number(text + 17, tm.tm_hour, 2);
    write_number(text + 20, tm.tm_min, 2);
    write_number(text + 23, tm.tm_sec, 2);
}

/* Puts a year of which only the last two digits are known into this century, or into the last one when it would be more
 * than 50 years ahead. */
static int64_t read_century(struct tm *tm)
{
    struct tm today;
    time_t now = time(NULL);
    gmtime_r(&now, &today);
    tm->tm_year = today.tm_year / 100 * 100 + tm->tm_year % 100;
    today.tm_year += 50;
    if (timegm(tm) > timegm(&today))
        tm->tm_year -= 100;
    return timegm(tm);
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
        if (end && *end == '\0') {
            *ret_seconds = i == RFC_850 ? read_century(&tm) : timegm(&tm);
            return true;
        }
    }
    return false;
}
