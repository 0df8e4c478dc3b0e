/* batch.h - a transaction given from memory.
 *
 * Thread: any.
 */
#ifndef CAIRN_BATCH_H
#define CAIRN_BATCH_H

#include "store/store.h"
#include "store/write/intake.h"

/* What store_batch() says, of the store of that intake. */
enum store_error batch_begin(const struct intake *intake, const struct store_op *ops, size_t count, unsigned flags,
                             store_done *done, void *arg, size_t *ret_failed_op);

#endif
