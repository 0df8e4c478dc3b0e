/* clock.h - what time it is, in nanoseconds.
 *
 * Thread: any.
 */
#ifndef CAIRN_CLOCK_H
#define CAIRN_CLOCK_H

#include <stdint.h>
#include <time.h>

enum { CLOCK_MILLISECOND = 1000000, CLOCK_SECOND = 1000 * CLOCK_MILLISECOND };

static inline int64_t clock_now(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * CLOCK_SECOND + time.tv_nsec;
}

/* The same as the system has it. */
static inline struct timespec clock_timespec(int64_t time)
{
    return (struct timespec){.tv_sec = time / CLOCK_SECOND, .tv_nsec = time % CLOCK_SECOND};
}

#endif
