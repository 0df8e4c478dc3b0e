/* expiry.h - when an object is to expire, as its sender says it: `Cairn-Expires: 3600` is in an hour, or it is a date.
 *
 * Seconds count from when the object is there, so that a slow upload does not use them up. They are rounded up, so that
 * an object never lives for less.
 *
 * Thread: any.
 */
#ifndef CAIRN_API_EXPIRY_H
#define CAIRN_API_EXPIRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct expiry {
    bool given;
    bool from_now;
    int64_t seconds; /* from now, or since 1970 */
};

/* What a value has to be, for messages. */
#define EXPIRY_RULE                                                                                                    \
    "it has to be a number of seconds from now or an HTTP date such as Sat, 06 Nov 2094 08:49:37 GMT, in the future "  \
    "and before the year 10000"

/* Reads a value; false: it is neither digits nor one of the dates that HTTP knows. */
bool expiry_read(const char *text, size_t length, struct expiry *ret_expiry);

/* Whether a value is a date that has passed, the first second of 1970 and those before it included. */
bool expiry_has_passed(const char *text, size_t length);

/* Whether it is in the future, and not too far in it. */
bool expiry_is_ahead(const struct expiry *expiry);

/* The second since 1970 at which an object expires that is there now. */
int64_t expiry_second(const struct expiry *expiry);

#endif
