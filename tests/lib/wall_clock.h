/* wall_clock.h - the time of day, as the test wants it: the engine sees the same one. Other clocks go on as they do.
 *
 * A program that is linked with this calls it in place of libc.
 *
 * Thread: any.
 */
#ifndef CAIRN_TESTS_WALL_CLOCK_H
#define CAIRN_TESTS_WALL_CLOCK_H

#include <stdint.h>

/* Seconds since 1970. */
int64_t wall_clock_now(void);

/* So many seconds pass, or come again where they are negative. */
void wall_clock_pass(int64_t seconds);

#endif
