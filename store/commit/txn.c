/* txn.c - one transaction: its outcome and its completion. */
#include "store/commit/txn.h"

void txn_fail(struct txn *txn, enum store_error error, int os_error, size_t op)
{
    txn->error = error;
    txn->os_error = os_error;
    txn->failed_op = op;
}

void txn_complete(struct txn *txn)
{
    struct store_result result = {
        .error = txn->error,
        .os_error = txn->os_error,
        .failed_op = txn->error ? txn->failed_op : SIZE_MAX,
        .end_offset = txn->end_offset,
        .receipts = txn->error ? NULL : txn->receipts,
        .receipt_count = txn->error ? 0 : txn->count,
    };
    txn->done(txn->arg, &result);
    txn->finish(txn);
}
