/* hold.c - keys that a copy between stores has to itself. hold.h tells why. */
#include "store/commit/hold.h"

#include <assert.h>

void holds_init(struct holds *holds, const struct lock *lock, uint64_t salt)
{
    *holds = (struct holds){.lock = lock};
    holds->last = &holds->parked;
    table_init(&holds->keys, salt);
}

void holds_free(struct holds *holds)
{
    table_free(&holds->keys);
}

static bool is_held(const struct holds *holds, const struct txn *txn, uint64_t key_hash)
{
    bool own = txn->hold == TXN_UNDER && txn->held == key_hash;
    return !own && table_get(&holds->keys, key_hash) != 0;
}

bool holds_block(const struct holds *holds, const struct txn *txn)
{
    assert(lock_is_mine(holds->lock));
    if (holds->keys.count == 0 || txn->upkeep)
        return false;
    bool held = txn->hold == TXN_TAKES && is_held(holds, txn, txn->held);
    for (size_t i = 0; i < txn->count && !held; i++) {
        const struct store_op *op = &txn->ops[i];
        bool relocates = op->kind == STORE_RENAME || op->kind == STORE_COPY;
        held = is_held(holds, txn, op->key.hash) || (relocates && is_held(holds, txn, op->target.hash));
    }
    return held;
}

void holds_park(struct holds *holds, struct txn *txn)
{
    assert(lock_is_mine(holds->lock));
    txn->next = NULL;
    *holds->last = txn;
    holds->last = &txn->next;
}

bool holds_add(struct holds *holds, uint64_t key_hash)
{
    assert(lock_is_mine(holds->lock));
    return table_set(&holds->keys, key_hash, 1);
}

void holds_release(struct holds *holds, uint64_t key_hash, struct txn **first, struct txn ***last)
{
    assert(lock_is_mine(holds->lock));
    table_remove(&holds->keys, key_hash);
    if (!holds->parked)
        return;
    *holds->last = *first;
    if (!*first)
        *last = holds->last;
    *first = holds->parked;
    holds->parked = NULL;
    holds->last = &holds->parked;
}
