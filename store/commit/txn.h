/* txn.h - one transaction on its way to the writer: what the caller asked, and what became of it.
 *
 * Thread: one at a time: who makes it, then the writer, until it is completed.
 */
#ifndef CAIRN_TXN_H
#define CAIRN_TXN_H

#include "store/base/error.h"
#include "store/commit/quota.h"

/* What the engine knows of one op beside what the caller said. */
struct txn_step {
    struct store_digest digest; /* put: of the payload */
    uint64_t blob;              /* put: the file that holds the payload, 0: it is inline in the op */
    int64_t time;               /* of the record, 0: now; of a rewrite that which it has */

    /* Compaction: the record is written again, if it still is what its key leads to. */
    bool rewrite;
    uint64_t rewritten_from; /* put: its packed location; 0: a tombstone, or */
    uint64_t sweeps_to;      /* a sweep: up to where it ends what has its hash */
};

/* What a transaction has to do with held keys: see hold.h. */
enum txn_hold {
    TXN_FREE,
    TXN_TAKES,  /* it has no ops: `held` is its own from its completion on */
    TXN_UNDER,  /* it belongs to the one who holds `held` */
    TXN_ENTERS, /* it has no ops, and waits as a put would where the store rests for compaction */
};

struct txn {
    struct txn *next;           /* in the writer's queue, then among the completed */
    const struct store_op *ops; /* borrowed until done */
    struct txn_step *steps;     /* one per op; belongs to whoever `finish` frees */
    struct store_receipt *receipts;
    size_t count;
    unsigned flags;            /* enum store_batch_flags */
    bool upkeep;               /* the background's: its records have nothing to do with each other */
    bool expires;              /* the background's: its ops delete those objects whose time is over */
    bool seals;                /* compaction: it has no ops, and seals the active segment where that is worth it */
    uint64_t ahead;            /* compaction: bytes that will come behind it, at most */
    uint64_t charge;           /* bytes it was admitted with */
    struct quota_share *share; /* an upload's; NULL: it is none */
    enum txn_hold hold;
    uint64_t held; /* a key hash */
    store_done *done;
    void *arg;
    void (*finish)(struct txn *txn); /* after done: frees what the transaction lived in */

    /* The writer's: a delete that found no place on a full disk waits for compaction, and then, at last, does not. */
    bool waits;
    bool last_try;

    /* The outcome, the writer's. */
    struct failure failure;
    size_t failed_op;
    struct store_overrun overrun; /* of STORE_QUOTA */
    uint64_t end_offset;
    bool in_doubt; /* failed, but its records may be on disk: a crash could still make them count */
};

/* Sets the outcome of a failure. `op` is SIZE_MAX when no op is at fault. */
void txn_fail(struct txn *txn, struct failure failure, size_t op);

/* Calls done with the outcome, then finish. The transaction is gone afterwards. */
void txn_complete(struct txn *txn);

#endif
