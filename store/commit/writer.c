/* writer.c - a store's writer: a queue, and the one thread at a time that changes the store. */
#include "store/commit/writer.h"

#include "store/base/clock.h"

#include <assert.h>

enum { LOOK = 100 }; /* milliseconds between two looks whether a writer that has been stopped may go on */

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

/* Whether it goes on while others rest: what the background brings, for whose sake they do, and a copy between stores
 * from its holds on, which others may wait for in a store that does not rest (hold.h). */
static bool goes_on(const struct txn *txn)
{
    return txn->upkeep || txn->hold == TXN_TAKES || txn->hold == TXN_UNDER;
}

/* Takes only what goes on in a rest. */
static struct txn *writer_take_going_on(struct writer *writer)
{
    struct txn *taken = NULL, **last = &taken;
    lock_take(&writer->lock);
    struct txn **at = &writer->first;
    while (*at) {
        struct txn *txn = *at;
        if (goes_on(txn)) {
            *at = txn->next;
            *last = txn;
            last = &txn->next;
        } else {
            at = &txn->next;
        }
    }
    *last = NULL;
    writer->last = at;
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

/* Milliseconds that are left of the rest in front of the next group; 0: nothing. Nobody waits for compaction where that
 * is about to end, or has no place to write to. */
static int rest_of(const struct writer *writer)
{
    const struct gate *gate = writer->parts.gate;
    int rest = arrears_rest(writer->parts.arrears);
    if (rest == 0 || !gate_lets_in(gate) || gate_has_failed(gate) || space_is_full(writer->space))
        return 0;
    if (rest == ARREARS_STOP)
        return LOOK;
    int64_t passed = (clock_now(CLOCK_MONOTONIC) - writer->rested) / CLOCK_MILLISECOND;
    return passed < rest ? (int)(rest - passed) : 0;
}

static void commit(struct writer *writer, struct group *group)
{
    group_commit(group);
    if (writer->others && arrears_rest(writer->parts.arrears) != 0)
        writer->rested = clock_now(CLOCK_MONOTONIC);
    writer->others = false;
}

/* Adds the transaction to the group, or else commits that and begins another with it. */
static void write_one(struct writer *writer, struct group *group, struct txn *txn)
{
    bool rests = !goes_on(txn);
    while (group_add(group, txn) == STORE_AGAIN)
        commit(writer, group);
    writer->others = writer->others || rests;
    if (txn->waits)
        wait_for_place(writer, txn);
    if (group_full(group))
        commit(writer, group);
}

/* Puts transactions in front of all that are queued. */
static void put_back(struct writer *writer, struct txn *txn)
{
    struct txn **last = &txn->next;
    while (*last)
        last = &(*last)->next;
    lock_take(&writer->lock);
    *last = writer->first;
    if (!writer->first)
        writer->last = last;
    writer->first = txn;
    lock_release(&writer->lock);
}

/* Commits the transactions, as one group where they fit into one, until there is to be a rest; true: what was left has
 * been put back. */
static bool write_all(struct writer *writer, struct group *group, struct txn *txn)
{
    while (txn && (goes_on(txn) || rest_of(writer) == 0)) {
        struct txn *next = txn->next;
        if (writer_passes(writer, txn))
            write_one(writer, group, txn);
        txn = next;
    }
    commit(writer, group);
    if (txn)
        put_back(writer, txn);
    return txn != NULL;
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

/* Whether anybody is left, who rests. */
static bool has_queued(struct writer *writer)
{
    lock_take(&writer->lock);
    bool queued = writer->first;
    lock_release(&writer->lock);
    return queued;
}

/* Thread: one that commits, or that of whoever submits. */
static int writer_turn(void *arg)
{
    struct writer *writer = arg;
    bool rests = rest_of(writer) > 0;
    struct group *group = groups_take(writer->groups);
    if (!group) {
        refuse_all(writer);
        return ERRAND_DONE;
    }
    group_enter(group, &writer->parts);
    bool left = write_all(writer, group, rests ? writer_take_going_on(writer) : writer_take(writer));
    group_leave(group);
    groups_give(writer->groups, group);
    return (left || rests) && has_queued(writer) ? rest_of(writer) : ERRAND_DONE;
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
    bool first = queue(writer, txn);
    if (goes_on(txn))
        errand_wake(&writer->turn);
    else if (first)
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

bool writer_rests(const struct writer *writer)
{
    return arrears_rest(writer->parts.arrears) != 0;
}

void writer_go_on(struct writer *writer)
{
    lock_take(&writer->lock);
    if (writer->first)
        errand_wake(&writer->turn);
    lock_release(&writer->lock);
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
