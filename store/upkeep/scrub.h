/* scrub.h - the verifications of a store: does every byte still have its digest?
 *
 * At most one runs at a time, on the caller's thread or on one of its own; writers and readers go on meanwhile.
 * What one does is in pass.h; here is what is known about the one that runs, or about the last one.
 */
#ifndef CAIRN_SCRUB_H
#define CAIRN_SCRUB_H

#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>

struct scrub {
    pthread_mutex_t lock; /* guards all but `stop` */
    struct store_verification verification;
    struct store_verification before; /* what was known when the running one was claimed */
    bool threaded;                    /* the thread is to be joined */
    pthread_t thread;
    uint64_t bytes_per_second; /* the thread's */
    atomic_bool stop;
};

void scrub_init(struct scrub *scrub);
void scrub_free(struct scrub *scrub);

/* Whether a verification runs: the store is then in use. */
bool scrub_running(struct store *store);

/* Flaws that the running verification or the last one has found. */
uint64_t scrub_flaws(struct store *store);

/* Ends a verification in the background and waits for it. */
void scrub_stop(struct store *store);

#endif
