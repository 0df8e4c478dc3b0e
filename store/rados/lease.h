/* lease.h - who may write: one process to a tree, as long as it lives, and whoever comes after it has shut it out.
 *
 * A process has one session: an object with a lock that runs out unless it is renewed. The locks on trees do not run
 * out, and name the session. So thousands of stores cost one renewal, and what is shut out is what can be: a client of
 * the cluster, whole.
 *
 * Whoever wants a tree that another one has looks for the session of that. When its lock has run out the client is
 * fenced, and only when the cluster does nothing of it any more is the tree taken, and what was under way in it
 * finished. A client that is fenced, or has not renewed its own lock in time, has lost it for good: lease_check() is
 * ESHUTDOWN from then on.
 *
 * One that lives is asked by a row of its session, at which it looks four times a second.
 *
 * Thread: any.
 */
#ifndef CAIRN_LEASE_H
#define CAIRN_LEASE_H

#include "store/base/errand.h"
#include "store/base/table.h"
#include "store/disk/tenure.h"
#include "store/rados/cluster.h"

#include <stdatomic.h>

struct lease_options {
    unsigned seconds;
    const char *address; /* where this process serves; NULL: it does not say. Needed only to begin */
    int (*recover)(void *arg, uint64_t tree); /* finishes what was under way in a tree whose owner is gone; an errno */
    void (*lost)(void *arg, const char *sentence); /* called once, by whoever has found out. Must not block */
    void *arg;
};

struct lease {
    const struct cluster *cluster;
    struct lease_options options;
    char object[CLUSTER_OBJECT_MAX]; /* of the session */
    struct tenant own;               /* its session is the cookie of all locks */
    struct pool *pool;               /* a thread for each of the two: */
    struct errand keeper;            /* renews the session */
    struct errand surveyor;          /* asks what is free */
    atomic_int_fast64_t until;       /* nanoseconds of the monotonic clock */
    atomic_bool lost;
    atomic_uint_fast64_t free_bytes; /* of the pool, as the surveyor knows it */
    atomic_int free_error;
    int64_t renewal;  /* when the session is renewed next. Thread: the keeper's */
    struct lock lock; /* of what follows */
    pthread_cond_t taken;
    struct table trees;            /* by number: whether it has been taken */
    char fenced[CLUSTER_TEXT_MAX]; /* the session that was shut out last, by its cookie */
    tenure_asked *asked;           /* NULL: nobody wants to know */
    void *asked_arg;
};

/* Begins a session; an errno. Blocking. */
int lease_begin(struct lease *lease, const struct cluster *cluster, const struct lease_options *options);

/* Gives all trees back, unless it is lost, and ends the session. Blocking. */
void lease_end(struct lease *lease);

/* 0, or ESHUTDOWN: nothing that is done from now on may be told of. Does not block. */
int lease_check(struct lease *lease);

/* The same behind a call that came to this errno: one that was fenced is told as lost. */
int lease_look(struct lease *lease, int error);

/* Takes a tree, unless this process has it; an errno. EWOULDBLOCK: another process has it, and lives. Blocking: waits a
 * lease for who may have died just now. */
int lease_own(struct lease *lease, uint64_t tree);

/* The same without waiting: *ret_tenant is who has it; nobody, when it was given back just now. Blocking. */
int lease_try(struct lease *lease, uint64_t tree, struct tenant *ret_tenant);

/* Whether this process has it. Does not block. */
bool lease_has(struct lease *lease, uint64_t tree);

/* Gives it back. Nothing of it may be under way. Blocking. */
void lease_leave(struct lease *lease, uint64_t tree);

/* The tree has been removed. */
void lease_disown(struct lease *lease, uint64_t tree);

/* Nobody is told any more where this process serves. Blocking. */
void lease_retire(struct lease *lease);

/* What struct tenure (store/disk/tenure.h) says of them. */
int lease_lives(struct lease *lease, const char *session, bool *ret_lives);
int lease_ask(struct lease *lease, const char *session, const char *name);
void lease_attend(struct lease *lease, tenure_asked *asked, void *arg);

/* An errno. Does not block. */
int lease_free_bytes(struct lease *lease, uint64_t *ret_bytes);

#endif
