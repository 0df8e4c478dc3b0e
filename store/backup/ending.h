/* ending.h - where the log of the copy that there is ends, beside that of the source: what a source has lost at its end
 * leaves no hole, and something else may have come to its place since.
 *
 * Thread: one.
 */
#ifndef CAIRN_ENDING_H
#define CAIRN_ENDING_H

#include "store/backup/stage.h"

/* The number of the last segment of the copy; 0: there is none. An errno. Blocking. */
int ending_find(const struct stage *stage, uint64_t *ret_number);

/* Whether the copy's segment of that number is in the draft as well, as far as it goes: there its records end at a
 * position. True also where that cannot be known. Blocking. */
struct failure ending_compare(const struct stage *stage, uint64_t salt, uint64_t number, uint64_t position,
                              bool *ret_same);

#endif
