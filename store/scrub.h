/* scrub.h - the verification of a store: does every byte still have its digest?
 *
 * The log is read segment by segment up to where it ended at the start, dead records too, since recovery reads
 * them; after each put that is still live and has a blob, the blob is read. Writers and readers go on
 * meanwhile. The pace is kept by sleeping when ahead.
 */
#ifndef CAIRN_SCRUB_H
#define CAIRN_SCRUB_H

#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>

struct scrub {
    pthread_mutex_t lock; /* guards the verification and `threaded` */
    struct store_verification verification;
    bool threaded; /* the thread is to be joined */
    pthread_t thread;
    uint64_t bytes_per_second; /* the thread's */
    atomic_bool stop;
};

void scrub_init(struct scrub *scrub);
void scrub_free(struct scrub *scrub);

/* Ends a verification in the background and waits for it. */
void scrub_stop(struct store *store);

#endif
