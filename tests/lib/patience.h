/* patience.h - waiting for what happens in the background, of which nobody can say when it ends.
 *
 *     WAIT_UNTIL(fixture_is_husk(&fixture, 1));
 *     ck_assert(fixture_is_husk(&fixture, 1));
 *
 * On a busy machine, or under a sanitizer, seconds mean nothing. So the bound is far beyond all that was ever seen, and
 * only there so that what never happens is a failure and no hang.
 */
#ifndef CAIRN_TESTS_PATIENCE_H
#define CAIRN_TESTS_PATIENCE_H

#include <unistd.h>

enum { PATIENCE_TRIES = 100000 }; /* of a millisecond and what the look takes */

/* Looks again each millisecond until the condition holds, which may have effects. */
#define WAIT_UNTIL(condition)                                                                                          \
    for (unsigned patience_tries = 0; patience_tries < PATIENCE_TRIES && !(condition); patience_tries++)               \
    usleep(1000)

#endif
