/* numbers.h - objects whose keys are numbers of five digits, many of them at a time.
 *
 * Thread: one.
 */
#ifndef CAIRN_TESTS_NUMBERS_H
#define CAIRN_TESTS_NUMBERS_H

#include "store/store.h"

#include <stdbool.h>

/* Puts or deletes each `step`th key between two, in batches, and takes down in `there` which ones are there. */
void numbers_change(struct store *store, enum store_op_kind kind, unsigned from, unsigned to, unsigned step,
                    bool *there);

/* The test fails unless a listing in pages has just the keys in front of `end` that are there. */
void numbers_expect(struct store *store, const bool *there, unsigned end);

#endif
