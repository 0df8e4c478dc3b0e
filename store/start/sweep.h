/* sweep.h - what a sweep ends: all objects of its hash whose records stand in front of a place, whatever their names.
 *
 * Thread: the one that opens the store.
 */
#ifndef CAIRN_SWEEP_H
#define CAIRN_SWEEP_H

#include "store/index/index.h"
#include "store/start/recall.h"

/* Books the end of all that a change sweeps away. Blocking. */
struct failure sweep(struct index *index, const struct log *log, struct recall *recall,
                     const struct index_change *change);

#endif
