/* ticket.h - one write under way: its `done` keeps the result, and a test waits for it.
 *
 *       ticket_init(&ticket);
 *       store_batch(store, &op, 1, 0, ticket_done, &ticket, NULL);
 *       error = ticket_wait(&ticket);
 *       ticket_destroy(&ticket);
 */
#ifndef CAIRN_TESTS_TICKET_H
#define CAIRN_TESTS_TICKET_H

#include "store/store.h"

#include <pthread.h>

enum { TICKET_RECEIPTS = 16, TICKET_PATIENCE = 60 /* seconds until a write counts as lost */ };

struct ticket {
    pthread_mutex_t lock;
    pthread_cond_t called;
    unsigned calls; /* of ticket_done */
    enum store_error error;
    int os_error;
    size_t failed_op;
    struct store_overrun overrun;
    uint64_t end_offset;
    size_t receipt_count;                           /* may be more than are kept */
    struct store_receipt receipts[TICKET_RECEIPTS]; /* their keys are gone: NULL */
};

void ticket_init(struct ticket *ticket);
void ticket_destroy(struct ticket *ticket);

/* The store_done to hand out with the ticket as its argument. Thread: any. */
void ticket_done(void *arg, const struct store_result *result);

/* Gives ops in and waits for what becomes of them; *ret_receipt (NULL is allowed): the first one's. */
enum store_error ticket_batch(struct store *store, const struct store_op *ops, size_t count,
                              struct store_receipt *ret_receipt);

/* Ends the program with a sentence when no result comes in TICKET_PATIENCE seconds, or a second one has come. */
enum store_error ticket_wait(struct ticket *ticket);

#endif
