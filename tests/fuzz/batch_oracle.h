/* batch_oracle.h - what must hold of the operations that were read from a batch, whatever its format.
 *
 * Thread: one.
 */
#ifndef CAIRN_TESTS_FUZZ_BATCH_ORACLE_H
#define CAIRN_TESTS_FUZZ_BATCH_ORACLE_H

#include "api/batch/entries.h"

#include <stdbool.h>
#include <stddef.h>

/* A body of `size` bytes was read with this outcome: every operation is one that the engine takes and borrows only from
 * the body, or a sentence says what is wrong. */
void batch_oracle_assert(const struct entries *entries, bool read, const char *body, size_t size);

#endif
