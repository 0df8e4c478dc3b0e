/* shifted_clock.c - loaded in front of libc, lets a real server see another time of day: $SHIFTED_CLOCK seconds later.
 *
 * As with the kernel's the clock of time() stands still between two ticks: for $LATE_TICK seconds. Thread: any.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static time_t seconds_in(const char *variable)
{
    const char *seconds = getenv(variable);
    return seconds ? atol(seconds) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
    __typeof__(&clock_gettime) next = (__typeof__(&clock_gettime))dlsym(RTLD_NEXT, "clock_gettime");
    int result = next(clock, ret_time);
    if (result == 0 && clock == CLOCK_REALTIME)
        ret_time->tv_sec += seconds_in("SHIFTED_CLOCK");
    return result;
}

time_t time(time_t *ret_time)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    now.tv_sec -= seconds_in("LATE_TICK");
    if (ret_time)
        *ret_time = now.tv_sec;
    return now.tv_sec;
}
