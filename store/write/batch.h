/* batch.h - a transaction given from memory.
 *
 * Thread: any.
 */
#ifndef CAIRN_BATCH_H
#define CAIRN_BATCH_H

#include "store/commit/writer.h"
#include "store/store.h"

/* What store_batch() says. */
enum store_error batch_begin(struct writer *writer, const struct store_op *ops, size_t count, unsigned flags,
                             store_done *done, void *arg, size_t *ret_failed_op);

#endif
