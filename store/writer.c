/* writer.c - a store's writer: a queue and the one thread that changes the store. */
#include "store/writer.h"

#include "store/group.h"
#include "store/internal.h"

bool writer_init(struct writer *writer)
{
    *writer = (struct writer){0};
    writer->last = &writer->first;
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

/* Commits the transactions, as one group where they fit into one. */
static void write_all(struct group *group, struct txn *txn)
{
    while (txn) {
        struct txn *next = txn->next;
        if (group_add(group, txn) == STORE_AGAIN) {
            group_commit(group);
            continue;
        }
        if (group_full(group))
            group_commit(group);
        txn = next;
    }
    group_commit(group);
}

static void *writer_thread(void *arg)
{
    struct store *store = arg;
    struct txn *taken;
    while ((taken = writer_take(&store->writer)))
        write_all(store->writer.group, taken);
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
    store_complete(store, txn);
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
    pthread_cond_destroy(&writer->wake);
    pthread_mutex_destroy(&writer->lock);
}
