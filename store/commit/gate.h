/* gate.h - a store's gate: which writes it lets in, and how many are inside.
 *
 * A write enters with the bytes of memory that it takes, and leaves when its outcome is known. Whether the store may
 * hold what it brings is the quota's to say, later (quota.h). The gate is shut while the store is being closed or
 * removed. A store whose sync has failed takes no writes any more; one that has been removed lets even those fail that
 * are inside.
 *
 * The last one out tells those who wait for the store to be idle: nobody has to look again and again.
 *
 * Thread: any, unless it says otherwise.
 */
#ifndef CAIRN_GATE_H
#define CAIRN_GATE_H

#include "store/base/lock.h"
#include "store/base/services.h"
#include "store/commit/quota.h"
#include "store/commit/txn.h"
#include "store/disk/blobs.h"

#include <pthread.h>
#include <stdatomic.h>

struct gate {
    const struct services *services; /* borrowed, like the next */
    struct quota *quota;             /* the store's, like the next */
    struct blobs *blobs;
    atomic_uint_fast64_t ops;   /* inside */
    atomic_uint_fast64_t bytes; /* what they take */
    atomic_bool shut;
    atomic_bool failed;
    atomic_bool removed;

    struct lock lock; /* taken by the last one out */
    pthread_cond_t idle;
    void (*vacated)(void *arg); /* called by the last one out, once; NULL: nobody wants to know */
    void *vacated_arg;
};

void gate_init(struct gate *gate, const struct services *services, struct quota *quota, struct blobs *blobs);
void gate_free(struct gate *gate);

/* Lets a write in: STORE_BUSY, STORE_DRAINING, STORE_FAILED. */
enum store_error gate_enter(struct gate *gate, uint64_t bytes);

/* The same for a write that is part of what began long ago (STORE_BEGUN): it is not refused for being too many, nor
 * since the depot drains. */
enum store_error gate_enter_begun(struct gate *gate, uint64_t bytes);

/* The same for what an accepted write brings along: never refused. */
void gate_enter_always(struct gate *gate, uint64_t bytes);

/* Lets it out. The store may be gone when this returns, unless something else keeps it. */
void gate_leave(struct gate *gate, uint64_t bytes);

/* Takes up `bytes` of memory more for a write inside that has `taken`; false: others have it. */
bool gate_take(struct gate *gate, uint64_t taken, uint64_t bytes);
void gate_return(struct gate *gate, uint64_t bytes);

/* Whether a write that has nothing could take so much now. */
bool gate_has(const struct gate *gate, uint64_t bytes);

/* Whether so much is taken up that who can do with less should. */
bool gate_is_pressed(const struct gate *gate);

/* The outcome of a transaction is known: discards the blobs of a failed one, ends the share of an upload, lets it out
 * if it has come in, calls its done. */
void gate_complete(struct gate *gate, struct txn *txn);

/* ---- nobody inside --------------------------------------------------------------------------- */

/* Whether nobody is inside. Without a reference to the store, that stays so. */
bool gate_is_idle(struct gate *gate);

/* Waits for it. Blocking. */
void gate_wait_idle(struct gate *gate);

/* Calls `vacated(arg)`, which must not block, when nobody is inside: now, or by the last one out. At most one may
 * want to know. */
void gate_when_idle(struct gate *gate, void (*vacated)(void *arg), void *arg);

/* ---- who may come in ------------------------------------------------------------------------- */

/* Nobody comes in from here on, until it is opened again. Who has seen it open is inside already. */
void gate_shut(struct gate *gate);
void gate_open(struct gate *gate);
bool gate_is_shut(const struct gate *gate);

/* Whether anything new may come in: it is not shut, and the depot is not draining. */
bool gate_lets_in(const struct gate *gate);

/* A sync has failed: nobody knows what is on disk, and there are no writes until the store is opened anew. True the
 * first time. */
bool gate_fail(struct gate *gate);
bool gate_has_failed(const struct gate *gate);

/* The store's folder is gone from the depot: what is still inside fails. */
void gate_remove(struct gate *gate);
bool gate_is_removed(const struct gate *gate);

#endif
