/* commission.h - a transaction that the background gives to a store's writer, and waits for.
 *
 * Thread: the depot's upkeep.
 */
#ifndef CAIRN_COMMISSION_H
#define CAIRN_COMMISSION_H

#include "store/base/lock.h"
#include "store/commit/writer.h"

#include <pthread.h>

struct commission {
    struct writer *writer; /* the store's */
    struct txn txn;
    struct lock lock;
    pthread_cond_t done;
    bool finished;
    struct failure failure;
};

void commission_init(struct commission *commission, struct writer *writer);
void commission_free(struct commission *commission);

/* Has the writer see to a transaction, which is copied, and waits for it. Blocking. */
struct failure commission_carry_out(struct commission *commission, const struct txn *txn);

#endif
