/* writer.c - a store's writer: a queue and the one thread that changes the store. */
#include "store/commit/writer.h"

#include <assert.h>

void writer_init(struct writer *writer)
{
    writer->last = &writer->first;
    holds_init(&writer->holds, &writer->lock, writer->parts.index->salt);
    writer->waiting_last = &writer->waiting;
    lock_init(&writer->lock);
    pthread_cond_init(&writer->wake, NULL);
}

/* Takes all that is queued; NULL when the writer is to end. */
static struct txn *writer_take(struct writer *writer)
{
    lock_take(&writer->lock);
    while (!writer->first && !writer->ending) {
        writer->sleeping = true;
        lock_wait(&writer->lock, &writer->wake);
        writer->sleeping = false;
    }
    struct txn *taken = writer->first;
    writer->first = NULL;
    writer->last = &writer->first;
    lock_release(&writer->lock);
    return taken;
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
        pthread_cond_signal(&writer->wake);
    }
    lock_release(&writer->lock);
}

/* Adds the transaction to the group, or else commits that and begins another with it. */
static void write_one(struct writer *writer, struct txn *txn)
{
    struct group *group = writer->group;
    while (group_add(group, txn) == STORE_AGAIN)
        group_commit(group);
    if (txn->waits)
        wait_for_place(writer, txn);
    if (group_full(group))
        group_commit(group);
}

/* Commits the transactions, as one group where they fit into one. */
static void write_all(struct writer *writer, struct txn *txn)
{
    struct group *group = writer->group;
    while (txn) {
        struct txn *next = txn->next;
        if (writer_passes(writer, txn))
            write_one(writer, txn);
        txn = next;
    }
    group_commit(group);
}

static void *writer_thread(void *arg)
{
    struct writer *writer = arg;
    struct txn *taken;
    log_own(writer->parts.log);
    while ((taken = writer_take(writer)))
        write_all(writer, taken);
    group_mark(writer->group);
    return NULL;
}

/* Lock held. */
static bool writer_start(struct writer *writer)
{
    assert(lock_is_mine(&writer->lock));
    if (!writer->group)
        writer->group = group_new(&writer->parts);
    writer->started = writer->group && pthread_create(&writer->thread, NULL, writer_thread, writer) == 0;
    return writer->started;
}

void writer_submit(struct writer *writer, struct txn *txn)
{
    txn->next = NULL;
    lock_take(&writer->lock);
    bool runs = writer->started || writer_start(writer);
    if (runs) {
        *writer->last = txn;
        writer->last = &txn->next;
        if (writer->sleeping)
            pthread_cond_signal(&writer->wake);
    }
    lock_release(&writer->lock);
    if (runs)
        return;
    txn_fail(txn, failure_of(STORE_NO_MEMORY), SIZE_MAX);
    gate_complete(writer->parts.gate, txn);
}

void writer_release(struct writer *writer, uint64_t key_hash)
{
    lock_take(&writer->lock);
    holds_release(&writer->holds, key_hash, &writer->first, &writer->last);
    atomic_fetch_sub(&writer->held_count, 1);
    if (writer->sleeping && writer->first)
        pthread_cond_signal(&writer->wake);
    lock_release(&writer->lock);
}

void writer_free(struct writer *writer)
{
    lock_take(&writer->lock);
    writer->ending = true;
    pthread_cond_signal(&writer->wake);
    lock_release(&writer->lock);
    if (writer->started)
        pthread_join(writer->thread, NULL);
    group_free(writer->group);
    holds_free(&writer->holds);
    pthread_cond_destroy(&writer->wake);
    lock_destroy(&writer->lock);
}
