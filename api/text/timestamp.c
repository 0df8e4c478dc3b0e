#include "api/text/timestamp.h"

#include <stdio.h>
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
