/* plan.h - deciding one transaction: what each of its ops changes, and whether it may.
 *
 * Nothing is written here: the decision is changes (changes.h), receipts, and the place that the records will need. By
 * the sum of its changes the store's quota lets it in (quota.h).
 *
 * Thread: the writer's.
 */
#ifndef CAIRN_PLAN_H
#define CAIRN_PLAN_H

#include "store/commit/changes.h"
#include "store/commit/txn.h"
#include "store/log/log.h"

/* Decides all ops in order, adds their changes and fills the receipts but for the offsets; `now` is the time of what
 * they write, in nanoseconds since 1970. On failure no change is left of them, *ret_need is not set, and *ret_op
 * names the one at fault, or is SIZE_MAX when it is their sum. Blocking. */
struct failure plan_txn(struct index *index, struct changes *changes, struct quota *quota, struct txn *txn, int64_t now,
                        struct log_need *ret_need, size_t *ret_op);

/* Takes the decision back: the changes from `first` on are those of the transaction. */
void plan_drop(struct changes *changes, struct quota *quota, struct txn *txn, size_t first);

#endif
