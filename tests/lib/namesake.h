/* namesake.h - keys that have one 64-bit hash, as many as a test wants.
 *
 * Thread: any.
 */
#ifndef CAIRN_TESTS_NAMESAKE_H
#define CAIRN_TESTS_NAMESAKE_H

#include "store/store.h"

enum { NAMESAKE_LENGTH = 32 };

/* The bytes of a member of a family; all members have the same XXH3-64 (seed 0). */
struct namesake {
    char bytes[NAMESAKE_LENGTH];
};

struct namesake namesake_of(unsigned family, unsigned member);

/* Borrows its bytes. */
struct store_key namesake_key(const struct namesake *namesake);

#endif
