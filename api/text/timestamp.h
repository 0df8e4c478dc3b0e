/* timestamp.h - points in time as JSON tells them (RFC 3339). Thread: any. */
#ifndef CAIRN_API_TIMESTAMP_H
#define CAIRN_API_TIMESTAMP_H

#include "api/text/jsontext.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum { TIMESTAMP_SIZE = 25 }; /* with the NUL */

/* `2026-11-06T08:49:37.123Z` from nanoseconds since 1970. */
void timestamp_write(char text[TIMESTAMP_SIZE], int64_t nanoseconds);

/* A point in time with its name, 0 as null: it has not come. */
void timestamp_field(struct jsontext *json, const char *name, int64_t nanoseconds);

/* `2026-11-06T08:49:37.000Z` from seconds since 1970, and the second that was written: that of the epoch for one of a
 * year without four digits. */
int64_t timestamp_write_second(char text[TIMESTAMP_SIZE], int64_t second);

/* Seconds since 1970 of a date and time in UTC, whose weekday is filled in; false where there is none such. 2027 has no
 * 29th of February, and no minute a 61st second: time is counted without leap seconds. */
bool timestamp_of_date(struct tm *utc, int64_t *ret_seconds);

/* Reads `2026-11-06T08:49:37Z`, also with parts of a second, which do not count, or an offset such as +01:00 instead of
 * the Z; a day alone is its first second in UTC. False for anything else; seconds since 1970. */
bool timestamp_read(const char *text, size_t length, int64_t *ret_seconds);

#endif
