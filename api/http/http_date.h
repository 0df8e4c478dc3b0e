/* http_date.h - the dates of HTTP (RFC 9110, section 5.6.7), in seconds since 1970. Thread: any. */
#ifndef CAIRN_API_HTTP_DATE_H
#define CAIRN_API_HTTP_DATE_H

#include <stdbool.h>
#include <stdint.h>

enum { HTTP_DATE_SIZE = 30 }; /* with the NUL */

/* `Sun, 06 Nov 1994 08:49:37 GMT`; a date whose year does not have four digits becomes the epoch. */
void http_date_write(char text[HTTP_DATE_SIZE], int64_t seconds);

/* Reads the three forms a recipient must know; false for anything else, and for a date that does not exist. */
bool http_date_read(const char *text, int64_t *ret_seconds);

#endif
