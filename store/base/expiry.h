/* expiry.h - when an object expires: what the beginning of its attributes says.
 *
 *      0  1, 10, 8, 0     by which it is known
 *      4  seconds since 1970, 8 bytes, little-endian
 *
 * Thread: any.
 */
#ifndef CAIRN_STORE_EXPIRY_H
#define CAIRN_STORE_EXPIRY_H

#include "store/base/clock.h"
#include "store/store.h"

/* Before all times: nothing has expired yet. */
#define EXPIRY_NOTHING_YET INT64_MIN

/* Whether what expires at a second has done so, `now` nanoseconds since 1970; 0 never does. */
static inline bool expiry_is_over(int64_t expires, int64_t now)
{
    return expires != 0 && expires <= now / CLOCK_SECOND;
}

#endif
