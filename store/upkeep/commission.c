/* commission.c - a transaction of the background, which waits for it. */
#include "store/upkeep/commission.h"

void commission_init(struct commission *commission, struct writer *writer)
{
    *commission = (struct commission){.writer = writer};
    lock_init(&commission->lock);
    pthread_cond_init(&commission->done, NULL);
}

void commission_free(struct commission *commission)
{
    pthread_cond_destroy(&commission->done);
    lock_destroy(&commission->lock);
}

/* What became of it is told when it has finished: then nobody looks at its ops any more. */
static void ignore(void *arg, const struct store_result *result)
{
    (void)arg;
    (void)result;
}

/* Thread: the writer's. */
static void finish(struct txn *txn)
{
    struct commission *commission = txn->arg;
    log_assert_own(commission->writer->parts.log);
    lock_take(&commission->lock);
    commission->failure = txn->failure;
    commission->finished = true;
    pthread_cond_signal(&commission->done);
    lock_release(&commission->lock);
}

struct failure commission_carry_out(struct commission *commission, const struct txn *txn)
{
    commission->finished = false;
    commission->txn = *txn;
    commission->txn.upkeep = true;
    commission->txn.done = ignore;
    commission->txn.arg = commission;
    commission->txn.finish = finish;
    writer_submit(commission->writer, &commission->txn);
    lock_take(&commission->lock);
    while (!commission->finished)
        lock_wait(&commission->lock, &commission->done);
    lock_release(&commission->lock);
    return commission->failure;
}
