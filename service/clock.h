/* clock.h - time that only goes forward, for what ends after a while. */
#ifndef CAIRN_CLOCK_H
#define CAIRN_CLOCK_H

#include <stdint.h>
#include <time.h>

/* As of the kernel's last tick, some milliseconds ago: that is what is read with each request, and a tick is enough. */
static inline int64_t clock_milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
