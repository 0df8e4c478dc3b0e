/* condition.h - whether a precondition holds for what is stored.
 *
 * Thread: any.
 */
#ifndef CAIRN_STORE_CONDITION_H
#define CAIRN_STORE_CONDITION_H

#include "store/store.h"

/* `digest` is the stored payload's, NULL when nothing is stored; `time` is when it was written. */
bool condition_holds(const struct store_condition *condition, const struct store_digest *digest, int64_t time);

#endif
