/* timestamp.h - points in time as JSON answers tell them (RFC 3339). Thread: any. */
#ifndef CAIRN_API_TIMESTAMP_H
#define CAIRN_API_TIMESTAMP_H

#include <stdint.h>

enum { TIMESTAMP_SIZE = 25 }; /* with the NUL */

/* `2026-11-06T08:49:37.123Z` from nanoseconds since 1970; a year without four digits becomes the epoch. */
void timestamp_write(char text[TIMESTAMP_SIZE], int64_t nanoseconds);

#endif
