/* wall_clock.c - the time of day, as the test wants it. */
#include "tests/lib/wall_clock.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <time.h>

typedef int clock_function(clockid_t clock, struct timespec *ret_time);

static _Atomic(clock_function *) next;
static atomic_int_fast64_t passed;

int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
    clock_function *call = atomic_load_explicit(&next, memory_order_relaxed);
    if (!call) {
        call = (clock_function *)dlsym(RTLD_NEXT, "clock_gettime");
        atomic_store_explicit(&next, call, memory_order_relaxed);
    }
    int result = call(clock, ret_time);
    if (result == 0 && clock == CLOCK_REALTIME)
        ret_time->tv_sec += atomic_load(&passed);
    return result;
}

int64_t wall_clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

void wall_clock_pass(int64_t seconds)
{
    atomic_fetch_add(&passed, seconds);
}
