/* lease.c - who may write. lease.h tells the rules. */
#include "store/rados/lease.h"

#include "store/base/clock.h"
#include "store/rados/layout.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { BEAT = 1000, LOOK = 250, SLACK = 1000 }; /* milliseconds */

/* What the table has of a tree: that it is being taken, or, when it has been, its number and one. */
#define BEING_TAKEN UINT64_MAX

static int64_t now(void)
{
    return clock_now(CLOCK_MONOTONIC);
}

/* ---- the session ----------------------------------------------------------------------------- */

static void lose(struct lease *lease, const char *sentence)
{
    if (!atomic_exchange(&lease->lost, true))
        lease->options.lost(lease->options.arg, sentence);
}

int lease_check(struct lease *lease)
{
    if (!atomic_load(&lease->lost) && now() >= atomic_load(&lease->until))
        lose(lease, "the cluster has not answered for as long as the lease lasts: another server may have the stores");
    return atomic_load(&lease->lost) ? ESHUTDOWN : 0;
}

int lease_look(struct lease *lease, int error)
{
    if (error == ESHUTDOWN)
        lose(lease, "another server has taken over the stores: the cluster has shut this one out");
    int lost = lease_check(lease);
    return lost ? lost : error;
}

/* It counts from when it was asked for. An errno. */
static int renew(struct lease *lease)
{
    int64_t until = now() + (int64_t)lease->options.seconds * CLOCK_SECOND;
    int error = lease->cluster->lock(lease->cluster->self, lease->object, lease->cookie, lease->options.seconds);
    if (!error)
        atomic_store(&lease->until, until);
    return error;
}

static void ask_free(struct lease *lease)
{
    uint64_t bytes = 0;
    int error = lease->cluster->free_bytes(lease->cluster->self, &bytes);
    atomic_store(&lease->free_bytes, bytes);
    atomic_store(&lease->free_error, error);
}

int lease_free_bytes(struct lease *lease, uint64_t *ret_bytes)
{
    *ret_bytes = atomic_load(&lease->free_bytes);
    return atomic_load(&lease->free_error);
}

/* Once a second, or more often where the lease is short. Thread: the keeper's. */
static int keep(void *arg)
{
    struct lease *lease = arg;
    int third = (int)lease->options.seconds * BEAT / 3;
    int error = renew(lease);
    if (error == EBUSY)
        lose(lease, "the session's lock is another's: it has run out, and the stores may be served elsewhere");
    if (lease_look(lease, error) == ESHUTDOWN)
        return ERRAND_DONE;
    ask_free(lease);
    return third < BEAT ? third : BEAT;
}

int lease_begin(struct lease *lease, const struct cluster *cluster, const struct lease_options *options)
{
    const struct cluster_step create = {.kind = CLUSTER_CREATE};
    uint64_t session = layout_number();
    memset(lease, 0, sizeof *lease);
    lease->cluster = cluster;
    lease->options = *options;
    (void)snprintf(lease->cookie, sizeof lease->cookie, "%016" PRIx64, session);
    layout_session_object(lease->cookie, lease->object);
    int error = cluster_change(cluster, lease->object, &create, 1); /* on a full cluster a lock makes no object */
    if (!error)
        error = renew(lease);
    if (error)
        return error;
    lease->pool = pool_new(1);
    if (!lease->pool)
        return ENOMEM;
    ask_free(lease);
    table_init(&lease->trees, session);
    lock_init(&lease->lock);
    lock_condition_init(&lease->taken);
    errand_init(&lease->keeper, lease->pool, keep, lease, NULL);
    (void)errand_ask(&lease->keeper);
    return 0;
}

/* ---- the end --------------------------------------------------------------------------------- */

static void give_back(void *arg, uint64_t taken)
{
    struct lease *lease = arg;
    char object[CLUSTER_OBJECT_MAX];
    assert(taken != BEING_TAKEN);
    layout_tree_object(taken - 1, object);
    (void)lease->cluster->unlock(lease->cluster->self, object, lease->cookie);
}

void lease_end(struct lease *lease)
{
    const struct cluster_step remove = {.kind = CLUSTER_REMOVE};
    (void)errand_end(&lease->keeper);
    pool_free(lease->pool);
    errand_free(&lease->keeper);
    if (!lease_check(lease)) {
        table_each(&lease->trees, give_back, lease);
        (void)cluster_change(lease->cluster, lease->object, &remove, 1);
    }
    table_free(&lease->trees);
    pthread_cond_destroy(&lease->taken);
    lock_destroy(&lease->lock);
}

/* ---- trees ----------------------------------------------------------------------------------- */

/* Whether the owner's session is over; an errno. */
static int is_dead(const struct lease *lease, const struct cluster_owner *owner, bool *ret_dead)
{
    struct cluster_owner of_session;
    char object[CLUSTER_OBJECT_MAX];
    *ret_dead = false;
    if (strlen(owner->cookie) != strlen(lease->cookie))
        return 0; /* somebody else's lock */
    layout_session_object(owner->cookie, object);
    int error = lease->cluster->owner(lease->cluster->self, object, &of_session);
    *ret_dead = error == ENOENT;
    return error == ENOENT ? 0 : error;
}

/* Shuts a client out whose session is over, once; an errno. */
static int shut_out(struct lease *lease, const struct cluster_owner *owner)
{
    const struct cluster_step remove = {.kind = CLUSTER_REMOVE};
    char object[CLUSTER_OBJECT_MAX];
    lock_take(&lease->lock);
    bool done = strcmp(lease->fenced, owner->cookie) == 0;
    lock_release(&lease->lock);
    int error = done ? 0 : lease->cluster->fence(lease->cluster->self, owner);
    if (done || error)
        return error;
    layout_session_object(owner->cookie, object);
    (void)cluster_change(lease->cluster, object, &remove, 1); /* without it too the session is over */
    lock_take(&lease->lock);
    memcpy(lease->fenced, owner->cookie, sizeof lease->fenced);
    lock_release(&lease->lock);
    return 0;
}

/* Takes the lock of an owner who is dead; an errno. */
static int take_over(struct lease *lease, uint64_t tree, const char *object, const struct cluster_owner *owner)
{
    const struct cluster *cluster = lease->cluster;
    int error = shut_out(lease, owner);
    if (!error)
        error = cluster->break_lock(cluster->self, object, owner);
    if (!error || error == ENOENT)
        error = cluster->lock(cluster->self, object, lease->cookie, 0);
    return error ? error : lease->options.recover(lease->options.arg, tree);
}

/* Once: EBUSY while the one who has it lives. */
static int try_to_take(struct lease *lease, uint64_t tree)
{
    const struct cluster *cluster = lease->cluster;
    struct cluster_owner owner;
    char object[CLUSTER_OBJECT_MAX];
    bool dead = false;
    layout_tree_object(tree, object);
    int error = cluster->lock(cluster->self, object, lease->cookie, 0);
    if (error != EBUSY)
        return error;
    error = cluster->owner(cluster->self, object, &owner);
    if (error == ENOENT)
        return EBUSY; /* given back just now */
    if (!error)
        error = is_dead(lease, &owner, &dead);
    if (error)
        return error;
    return dead ? take_over(lease, tree, object, &owner) : EBUSY;
}

/* Looks again and again, for as long as a lease lasts. Lock held, and let go meanwhile. */
static int take(struct lease *lease, uint64_t tree)
{
    int64_t end = now() + (int64_t)lease->options.seconds * CLOCK_SECOND + (int64_t)SLACK * CLOCK_MILLISECOND;
    int error = EBUSY;
    while (error == EBUSY) {
        lock_release(&lease->lock);
        error = try_to_take(lease, tree);
        lock_take(&lease->lock);
        if (error != EBUSY)
            break;
        if (now() >= end || lease_check(lease))
            return EWOULDBLOCK;
        const struct timespec next = clock_timespec(now() + (int64_t)LOOK * CLOCK_MILLISECOND);
        (void)lock_wait_until(&lease->lock, &lease->taken, &next);
    }
    return error;
}

int lease_own(struct lease *lease, uint64_t tree)
{
    int error = 0;
    lock_take(&lease->lock);
    while (table_get(&lease->trees, tree) == BEING_TAKEN)
        lock_wait(&lease->lock, &lease->taken);
    if (!table_get(&lease->trees, tree)) {
        bool reserved = table_reserve(&lease->trees, tree);
        if (reserved)
            table_put(&lease->trees, tree, BEING_TAKEN);
        table_reservations_end(&lease->trees);
        error = reserved ? take(lease, tree) : ENOMEM;
        if (!error)
            table_put(&lease->trees, tree, tree + 1);
        else if (reserved)
            table_remove(&lease->trees, tree);
        pthread_cond_broadcast(&lease->taken);
    }
    lock_release(&lease->lock);
    return error;
}

void lease_disown(struct lease *lease, uint64_t tree)
{
    lock_take(&lease->lock);
    table_remove(&lease->trees, tree);
    lock_release(&lease->lock);
}
