/* commission.c - a transaction of the background, which waits for it. */
#include "store/upkeep/commission.h"

#include "store/base/clock.h"

enum { PATIENCE = 100 /* milliseconds between two looks whether a thread that commits has come to it */ };

void commission_init(struct commission *commission, struct writer *writer)
{
    *commission = (struct commission){.writer = writer};
    lock_init(&commission->lock);
    lock_condition_init(&commission->done);
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

/* Waits for a while; whether it has finished. */
static bool await(struct commission *commission)
{
    const struct timespec until = clock_timespec(clock_now(CLOCK_MONOTONIC) + PATIENCE * CLOCK_MILLISECOND);
    lock_take(&commission->lock);
    bool early = true;
    while (!commission->finished && early)
        early = lock_wait_until(&commission->lock, &commission->done, &until);
    bool finished = commission->finished;
    lock_release(&commission->lock);
    return finished;
}

/* Threads that commit may be at the end of the descriptors, and wait for a store to be closed. That waits for this
 * thread: so it does not wait for them. */
struct failure commission_carry_out(struct commission *commission, const struct txn *txn)
{
    commission->finished = false;
    commission->txn = *txn;
    commission->txn.upkeep = true;
    commission->txn.done = ignore;
    commission->txn.arg = commission;
    commission->txn.finish = finish;
    writer_submit(commission->writer, &commission->txn);
    while (!await(commission))
        errand_lend(&commission->writer->turn);
    return commission->failure;
}
