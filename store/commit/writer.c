/* writer.c - a store's writer: a queue and the one thread that changes the store. */
#include "store/commit/writer.h"

#include "store/commit/group.h"
#include "store/internal.h"

bool writer_init(struct writer *writer, uint64_t salt)
{
    *writer = (struct writer){0};
    writer->last = &writer->first;
    holds_init(&writer->holds, salt);
    writer->waiting_last = &writer->waiting;
    return pthread_mutex_init(&writer->lock, NULL) == 0 && pthread_cond_init(&writer->wake, NULL) == 0;
}

/* Takes all that is queued; NULL when the writer is to end. */
static struct txn *writer_take(struct writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    while (!writer->first && !writer->ending) {
        writer->sleeping = true;
        pthread_cond_wait(&writer->wake, &writer->lock);
        writer->sleeping = false;
    }
    struct txn *taken = writer->first;
    writer->first = NULL;
    writer->last = &writer->first;
    pthread_mutex_unlock(&writer->lock);
    return taken;
}

/* Whether the transaction's turn has come; else it is parked. Looked at under the lock, so that no release slips by;
 * only this thread takes holds, so without any there is nothing to look at. */
static bool writer_passes(struct writer *writer, struct txn *txn)
{
    if (txn->hold != TXN_TAKES && atomic_load(&writer->held_count) == 0)
        return true;
    pthread_mutex_lock(&writer->lock);
    bool blocked = holds_block(&writer->holds, txn);
    if (blocked)
        holds_park(&writer->holds, txn);
    else if (txn->hold == TXN_TAKES && holds_add(&writer->holds, txn->held))
        atomic_fetch_add(&writer->held_count, 1);
    else if (txn->hold == TXN_TAKES)
        txn_fail(txn, STORE_NO_MEMORY, 0, SIZE_MAX);
    pthread_mutex_unlock(&writer->lock);
    return !blocked;
}

/* Puts a delete aside and asks for compaction. */
static void wait_for_place(struct store *store, struct txn *txn)
{
    struct writer *writer = &store->writer;
    txn->next = NULL;
    txn->waits = false;
    pthread_mutex_lock(&writer->lock);
    *writer->waiting_last = txn;
    writer->waiting_last = &txn->next;
    space_wait_begins(store->services->space);
    pthread_mutex_unlock(&writer->lock);
    if (!errand_ask(&store->compact.errand))
        writer_retry(store, true); /* the store is being closed: nothing will come back */
    space_want(store->services->space);
}

void writer_retry(struct store *store, bool last)
{
    struct writer *writer = &store->writer;
    size_t count = 0;
    pthread_mutex_lock(&writer->lock);
    for (struct txn *txn = writer->waiting; txn; txn = txn->next, count++)
        txn->last_try = last;
    if (count > 0) {
        *writer->waiting_last = writer->first;
        if (!writer->first)
            writer->last = writer->waiting_last;
        writer->first = writer->waiting;
        writer->waiting = NULL;
        writer->waiting_last = &writer->waiting;
        space_waits_end(store->services->space, count);
        pthread_cond_signal(&writer->wake);
    }
    pthread_mutex_unlock(&writer->lock);
}

/* Adds the transaction to the group, or else commits that and begins another with it. */
static void write_one(struct store *store, struct txn *txn)
{
    struct group *group = store->writer.group;
    while (group_add(group, txn) == STORE_AGAIN)
        group_commit(group);
    if (txn->waits)
        wait_for_place(store, txn);
    if (group_full(group))
        group_commit(group);
}

/* Commits the transactions, as one group where they fit into one. */
static void write_all(struct store *store, struct txn *txn)
{
    struct group *group = store->writer.group;
    while (txn) {
        struct txn *next = txn->next;
        if (writer_passes(&store->writer, txn))
            write_one(store, txn);
        txn = next;
    }
    group_commit(group);
}

static void *writer_thread(void *arg)
{
    struct store *store = arg;
    struct txn *taken;
    while ((taken = writer_take(&store->writer)))
        write_all(store, taken);
    group_mark(store->writer.group);
    return NULL;
}

/* Lock held. */
static bool writer_start(struct store *store)
{
    struct writer *writer = &store->writer;
    if (!writer->group)
        writer->group = group_new(store);
    writer->started = writer->group && pthread_create(&writer->thread, NULL, writer_thread, store) == 0;
    return writer->started;
}

void writer_submit(struct store *store, struct txn *txn)
{
    struct writer *writer = &store->writer;
    txn->next = NULL;
    pthread_mutex_lock(&writer->lock);
    bool runs = writer->started || writer_start(store);
    if (runs) {
        *writer->last = txn;
        writer->last = &txn->next;
        if (writer->sleeping)
            pthread_cond_signal(&writer->wake);
    }
    pthread_mutex_unlock(&writer->lock);
    if (runs)
        return;
    txn_fail(txn, STORE_NO_MEMORY, 0, SIZE_MAX);
    gate_complete(&store->gate, txn);
}

void writer_release(struct store *store, uint64_t key_hash)
{
    struct writer *writer = &store->writer;
    pthread_mutex_lock(&writer->lock);
    holds_release(&writer->holds, key_hash, &writer->first, &writer->last);
    atomic_fetch_sub(&writer->held_count, 1);
    if (writer->sleeping && writer->first)
        pthread_cond_signal(&writer->wake);
    pthread_mutex_unlock(&writer->lock);
}

void writer_free(struct store *store)
{
    struct writer *writer = &store->writer;
    pthread_mutex_lock(&writer->lock);
    writer->ending = true;
    pthread_cond_signal(&writer->wake);
    pthread_mutex_unlock(&writer->lock);
    if (writer->started)
        pthread_join(writer->thread, NULL);
    group_free(writer->group);
    holds_free(&writer->holds);
    pthread_cond_destroy(&writer->wake);
    pthread_mutex_destroy(&writer->lock);
}
