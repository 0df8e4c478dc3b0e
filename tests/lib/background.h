/* background.h - waiting until a store has nothing left to do in the background.
 *
 *     ck_assert(background_settles(fixture.store));
 *
 * quiet_comes() tells that nothing goes on just now. But what is to be done while little is written looks again after a
 * while, and on a busy machine it takes long to find its time: a test that counts what is done behind it wants more.
 *
 * Thread: the only one of the test's own.
 */
#ifndef CAIRN_TESTS_BACKGROUND_H
#define CAIRN_TESTS_BACKGROUND_H

#include "store/store.h"

#include <stdbool.h>

/* Returns when all that the next page could want has been made; false: that never comes. What expires and the scrub go
 * on at their times. */
bool background_settles(struct store *store);

#endif
