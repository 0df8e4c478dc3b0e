/* clock.c - the seconds of CPU that a process has used, threads that have ended included, to the nanosecond.
 *
 *   clock PID
 *
 * The kernel's ticks in /proc/PID/stat are of 10 ms, in which a page of a listing is lost.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int main(int count, char **arguments)
{
    if (count != 2)
        errx(2, "usage: clock PID");
    clockid_t clock;
    struct timespec time;
    int error = clock_getcpuclockid((pid_t)strtol(arguments[1], NULL, 10), &clock);
    if (error != 0)
        errx(1, "process %s: %s", arguments[1], strerror(error));
    if (clock_gettime(clock, &time) != 0)
        err(1, "process %s", arguments[1]);
    printf("%ld.%09ld\n", (long)time.tv_sec, time.tv_nsec);
    return 0;
}
