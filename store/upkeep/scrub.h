/* scrub.h - the verifications of a store: does every byte still have its digest?
 *
 * At most one runs at a time, on the caller's thread or on one of its own; writers and readers go on meanwhile.
 * What one does is in pass.h; here is what is known about the one that runs, or about the last one.
 */
#ifndef CAIRN_SCRUB_H
#define CAIRN_SCRUB_H

#include "store/base/lock.h"
#include "store/base/notice.h"
#include "store/commit/gate.h"
#include "store/index/index.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>

struct scrub {
    struct index *index; /* the store's, like the next */
    const struct log *log;
    struct blobs *blobs;
    const struct gate *gate;
    const struct notice *notice;
    const atomic_uint_fast64_t *rewrites; /* of its compaction: compact.h */
    struct errand *summaries;             /* asked when one has to be made again */

    struct lock lock; /* guards all but `stop`, which changes under it */
    struct store_verification verification;
    struct store_verification before; /* what was known when the running one was claimed */
    bool threaded;                    /* the thread is to be joined */
    pthread_t thread;
    uint64_t bytes_per_second; /* the thread's */
    pthread_cond_t stopping;   /* a pass that rests is to end */
    atomic_bool stop;
};

/* Sets up the rest of a scrub that has its parts. */
void scrub_init(struct scrub *scrub);
void scrub_free(struct scrub *scrub);

/* What store_verify(), store_verify_start() and store_verification() say. */
enum store_error scrub_verify(struct scrub *scrub, uint64_t bytes_per_second,
                              void (*flaw)(void *arg, const struct store_flaw *flaw), void *arg,
                              struct store_verification *ret_verification);
enum store_error scrub_start(struct scrub *scrub, uint64_t bytes_per_second);
void scrub_verification(struct scrub *scrub, struct store_verification *ret_verification);

/* Whether a verification runs: the store is then in use. */
bool scrub_running(struct scrub *scrub);

/* Flaws that the running verification or the last one has found. */
uint64_t scrub_flaws(struct scrub *scrub);

/* Rests until a time of the monotonic clock, or until the verifications are to end. Thread: the one that
 * makes a pass. */
void scrub_rest(struct scrub *scrub, const struct timespec *until);

/* Has the verification under way end soon, and each that begins later. Does not block. */
void scrub_cancel(struct scrub *scrub);

/* The same, and waits for the one in the background. */
void scrub_stop(struct scrub *scrub);

#endif
