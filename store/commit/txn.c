/* txn.c - one transaction: its outcome and its completion. */
#include "store/commit/txn.h"

void txn_fail(struct txn *txn, struct failure failure, size_t op)
{
    txn->failure = failure;
    txn->failed_op = op;
}

void txn_complete(struct txn *txn)
{
    bool failed = txn->failure.error != STORE_OK;
    struct store_result result = {
        .error = txn->failure.error,
        .os_error = txn->failure.os_error,
        .failed_op = failed ? txn->failed_op : SIZE_MAX,
        .overrun = txn->overrun,
        .end_offset = txn->end_offset,
        .receipts = failed ? NULL : txn->receipts,
        .receipt_count = failed ? 0 : txn->count,
    };
    txn->done(txn->arg, &result);
    txn->finish(txn);
}
