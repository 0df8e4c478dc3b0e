/* ticket.c - see ticket.h. */
#include "tests/lib/ticket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void ticket_init(struct ticket *ticket)
{
    *ticket = (struct ticket){.error = STORE_OK};
    pthread_mutex_init(&ticket->lock, NULL);
    pthread_cond_init(&ticket->called, NULL);
}

void ticket_destroy(struct ticket *ticket)
{
    pthread_cond_destroy(&ticket->called);
    pthread_mutex_destroy(&ticket->lock);
}

static void keep(struct ticket *ticket, const struct store_result *result)
{
    ticket->error = result->error;
    ticket->os_error = result->os_error;
    ticket->failed_op = result->failed_op;
    ticket->overrun = result->overrun;
    ticket->end_offset = result->end_offset;
    ticket->receipt_count = result->error ? 0 : result->receipt_count;
    for (size_t i = 0; i < ticket->receipt_count && i < TICKET_RECEIPTS; i++) {
        ticket->receipts[i] = result->receipts[i];
        ticket->receipts[i].key = NULL;
    }
}

void ticket_done(void *arg, const struct store_result *result)
{
    struct ticket *ticket = arg;
    pthread_mutex_lock(&ticket->lock);
    keep(ticket, result);
    ticket->calls++;
    pthread_cond_signal(&ticket->called);
    pthread_mutex_unlock(&ticket->lock);
}

enum store_error ticket_wait(struct ticket *ticket)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += TICKET_PATIENCE;
    int error = 0;
    pthread_mutex_lock(&ticket->lock);
    while (ticket->calls == 0 && error == 0)
        error = pthread_cond_timedwait(&ticket->called, &ticket->lock, &until);
    unsigned calls = ticket->calls;
    enum store_error result = ticket->error;
    pthread_mutex_unlock(&ticket->lock);
    if (calls != 1) {
        fprintf(stderr, "a write was answered %u times instead of once within %d s\n", calls, TICKET_PATIENCE);
        abort();
    }
    return result;
}

enum store_error ticket_batch(struct store *store, const struct store_op *ops, size_t count,
                              struct store_receipt *ret_receipt)
{
    struct ticket ticket;
    ticket_init(&ticket);
    enum store_error error = store_batch(store, ops, count, 0, ticket_done, &ticket, NULL);
    if (!error)
        error = ticket_wait(&ticket);
    if (!error && ret_receipt)
        *ret_receipt = ticket.receipts[0];
    ticket_destroy(&ticket);
    return error;
}
