/* copy.h - an object under another key: in its store, or in another one.
 *
 * Thread: any.
 */
#ifndef CAIRN_COPY_H
#define CAIRN_COPY_H

#include "store/commit/writer.h"
#include "store/store.h"

/* What store_copy() says, of the stores of these writers. */
enum store_error copy_begin(struct writer *source, const struct store_op *op, struct writer *target, bool move,
                            store_done *done, void *arg);

#endif
