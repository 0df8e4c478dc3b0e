/* copy.h - an object under another key: in its store, or in another one.
 *
 * Thread: any.
 */
#ifndef CAIRN_COPY_H
#define CAIRN_COPY_H

#include "store/store.h"
#include "store/write/intake.h"

/* What store_copy() says, of the stores of these intakes. */
enum store_error copy_begin(const struct intake *source, const struct store_op *op, const struct intake *target,
                            bool move, store_done *done, void *arg);

#endif
