/* expiry.c - when an object is to expire. See expiry.h. */
#include "api/http/expiry.h"

#include "api/http/http_date.h"
#include "api/http/octet.h"
#include "api/text/decimal.h"

#include <string.h>
#include <time.h>

enum { DATE_MAX = 64 }; /* bytes of a date are fewer */

static const int64_t last_second = 253402300799; /* of the year 9999 */

static bool read_date(const char *text, size_t length, int64_t *ret_second)
{
    char date[DATE_MAX];
    if (length >= sizeof date)
        return false;
    memcpy(date, text, length);
    date[length] = '\0';
    return strlen(date) == length && http_date_read(date, ret_second);
}

bool expiry_read(const char *text, size_t length, struct expiry *ret_expiry)
{
    uint64_t seconds;
    struct expiry expiry = {.given = true, .from_now = true};
    octet_trim(&text, &length);
    if (decimal_parse(text, length, (uint64_t)last_second, &seconds)) {
        expiry.seconds = (int64_t)seconds;
        *ret_expiry = expiry;
        return true;
    }
    expiry.from_now = false;
    if (!read_date(text, length, &expiry.seconds) || expiry.seconds < 1)
        return false;
    *ret_expiry = expiry;
    return true;
}

/* The first second that has not begun yet, or begins right now. */
static int64_t next_second(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec + (now.tv_nsec > 0);
}

bool expiry_has_passed(const char *text, size_t length)
{
    int64_t second;
    octet_trim(&text, &length);
    return read_date(text, length, &second) && second < next_second();
}

bool expiry_is_ahead(const struct expiry *expiry)
{
    int64_t now = next_second();
    return expiry->from_now ? expiry->seconds > 0 && expiry->seconds <= last_second - now : expiry->seconds >= now;
}

int64_t expiry_second(const struct expiry *expiry)
{
    if (!expiry->from_now)
        return expiry->seconds;
    int64_t now = next_second();
    return expiry->seconds < last_second - now ? now + expiry->seconds : last_second;
}
