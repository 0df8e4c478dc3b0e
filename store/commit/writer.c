/* writer.c - a store's writer: a queue, and the one thread at a time that changes the store. */
#include "store/commit/writer.h"

#include <assert.h>

/* Takes all that is queued. */
static struct txn *writer_take(struct writer *writer)
{
    lock_take(&writer->lock);
    struct txn *taken = writer->first;
    writer->first = NULL;
    writer->last = &writer->first;
    lock_release(&writer->lock);
    return taken;
}

/* Sees to it that what is queued has its turn: asked for when the queue is not empty any more. Under the lock: a turn
 * that takes the last of it may be the end of the store. */
static void writer_wake(struct writer *writer)
{
    assert(lock_is_mine(&writer->lock) && writer->first);
    (void)errand_ask(&writer->turn);
}

/* Whether the transaction's turn has come; else it is parked. Looked at under the lock, so that no release slips by;
 * only this thread takes holds, so without any there is nothing to look at. */
static bool writer_passes(struct writer *writer, struct txn *txn)
{
    log_assert_own(writer->parts.log);
    if (txn->hold != TXN_TAKES && atomic_load(&writer->held_count) == 0)
        return true;
    lock_take(&writer->lock);
    bool blocked = holds_block(&writer->holds, txn);
    if (blocked)
        holds_park(&writer->holds, txn);
    else if (txn->hold == TXN_TAKES && holds_add(&writer->holds, txn->held))
        atomic_fetch_add(&writer->held_count, 1);
    else if (txn->hold == TXN_TAKES)
        txn_fail(txn, failure_of(STORE_NO_MEMORY), SIZE_MAX);
    lock_release(&writer->lock);
    return !blocked;
}

/* Puts a delete aside and asks for compaction. */
static void wait_for_place(struct writer *writer, struct txn *txn)
{
    log_assert_own(writer->parts.log);
    txn->next = NULL;
    txn->waits = false;
    lock_take(&writer->lock);
    *writer->waiting_last = txn;
    writer->waiting_last = &txn->next;
    space_wait_begins(writer->space);
    lock_release(&writer->lock);
    if (!errand_ask(writer->parts.compaction))
        writer_retry(writer, true); /* the store is being closed: nothing will come back */
    space_want(writer->space);
}

void writer_retry(struct writer *writer, bool last)
{
    size_t count = 0;
    lock_take(&writer->lock);
    for (struct txn *txn = writer->waiting; txn; txn = txn->next, count++)
        txn->last_try = last;
    if (count > 0) {
        *writer->waiting_last = writer->first;
        if (!writer->first)
            writer->last = writer->waiting_last;
        writer->first = writer->waiting;
        writer->waiting = NULL;
        writer->waiting_last = &writer->waiting;
        space_waits_end(writer->space, count);
        writer_wake(writer);
    }
    lock_release(&writer->lock);
}

/* ---- a turn ---------------------------------------------------------------------------------- */

/* Adds the transaction to the group, or else commits that and begins another with it. */
static void write_one(struct writer *writer, struct group *group, struct txn *txn)
{
    while (group_add(group, txn) == STORE_AGAIN)
        group_commit(group);
    if (txn->waits)
        wait_for_place(writer, txn);
    if (group_full(group))
        group_commit(group);
}

/* Commits the transactions, as one group where they fit into one. */
static void write_all(struct writer *writer, struct group *group, struct txn *txn)
{
    while (txn) {
        struct txn *next = txn->next;
        if (writer_passes(writer, txn))
            write_one(writer, group, txn);
        txn = next;
    }
    group_commit(group);
}

/* Without memory for a group nothing can be written. */
static void refuse_all(struct writer *writer)
{
    log_own(writer->parts.log, NULL);
    struct txn *txn = writer_take(writer);
    while (txn) {
        struct txn *next = txn->next;
        txn_fail(txn, failure_of(STORE_NO_MEMORY), SIZE_MAX);
        gate_complete(writer->parts.gate, txn);
        txn = next;
    }
    log_disown(writer->parts.log);
}

/* Thread: one that commits, or that of whoever submits. */
static int writer_turn(void *arg)
{
    struct writer *writer = arg;
    struct group *group = groups_take(writer->groups);
    if (!group) {
        refuse_all(writer);
        return ERRAND_DONE;
    }
    group_enter(group, &writer->parts);
    write_all(writer, group, writer_take(writer));
    group_leave(group);
    groups_give(writer->groups, group);
    return ERRAND_DONE;
}

void writer_init(struct writer *writer, struct pool *pool)
{
    writer->last = &writer->first;
    writer->waiting_last = &writer->waiting;
    lock_init(&writer->lock);
    holds_init(&writer->holds, &writer->lock, writer->parts.index->salt);
    errand_init(&writer->turn, pool, writer_turn, writer, NULL);
}

/* ---- the queue ------------------------------------------------------------------------------- */

/* Whether it is the only one there. Lock held. */
static bool queue(struct writer *writer, struct txn *txn)
{
    assert(lock_is_mine(&writer->lock));
    bool empty = !writer->first;
    txn->next = NULL;
    *writer->last = txn;
    writer->last = &txn->next;
    return empty;
}

void writer_submit(struct writer *writer, struct txn *txn)
{
    lock_take(&writer->lock);
    if (queue(writer, txn))
        writer_wake(writer);
    lock_release(&writer->lock);
}

/* A turn that is under way takes what is queued when it begins; behind that it has to come again. */
void writer_submit_here(struct writer *writer, struct txn *txn)
{
    lock_take(&writer->lock);
    bool first = queue(writer, txn), here = first && errand_take(&writer->turn);
    if (first && !here)
        writer_wake(writer);
    lock_release(&writer->lock);
    if (here)
        errand_run(&writer->turn);
}

void writer_release(struct writer *writer, uint64_t key_hash)
{
    lock_take(&writer->lock);
    bool empty = !writer->first;
    holds_release(&writer->holds, key_hash, &writer->first, &writer->last);
    atomic_fetch_sub(&writer->held_count, 1);
    if (empty && writer->first)
        writer_wake(writer);
    lock_release(&writer->lock);
}

/* ---- the end --------------------------------------------------------------------------------- */

void writer_conclude(struct writer *writer, bool mark)
{
    struct log *log = writer->parts.log;
    (void)errand_end(&writer->turn);
    assert(!writer->first && !writer->waiting);
    if (!log->begun)
        return;
    log_conclude(log);
    struct group *group = mark ? groups_take(writer->groups) : NULL;
    if (group) {
        group_enter(group, &writer->parts);
        group_mark(group);
        group_leave(group);
        groups_give(writer->groups, group);
    }
}

void writer_free(struct writer *writer)
{
    errand_free(&writer->turn);
    holds_free(&writer->holds);
    lock_destroy(&writer->lock);
}
