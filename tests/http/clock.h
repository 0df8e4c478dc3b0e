/* clock.h - time for tests: seconds as a double, from a clock that never jumps. Thread: any.
 *
 * On a busy machine seconds mean nothing. So what is to happen is waited for with CLOCK_PATIENCE, which is far beyond
 * all that was ever seen, and only there so that what never happens is a failure and no hang.
 */
#ifndef CAIRN_TESTS_HTTP_CLOCK_H
#define CAIRN_TESTS_HTTP_CLOCK_H

#include <stdbool.h>
#include <time.h>

#define CLOCK_PATIENCE 60.0

static inline double clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static inline void clock_sleep(double seconds)
{
    struct timespec pause = {.tv_sec = (time_t)seconds};
    pause.tv_nsec = (long)((seconds - (double)pause.tv_sec) * 1e9);
    nanosleep(&pause, NULL);
}

/* Polls until the expression holds or the seconds are over; its value is whether it holds. */
#define clock_until(seconds, expression)                                                                               \
    __extension__({                                                                                                    \
        double clock_deadline = clock_now() + (seconds);                                                               \
        bool clock_holds;                                                                                              \
        while (!(clock_holds = (expression)) && clock_now() < clock_deadline) {                                        \
            clock_sleep(0.01);                                                                                         \
        }                                                                                                              \
        clock_holds;                                                                                                   \
    })

#endif
