/* lease.c - who may write. lease.h tells the rules. */
#include "store/rados/lease.h"

#include "store/base/clock.h"
#include "store/rados/layout.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BEAT = 1000,
    LOOK = 250,
    SLACK = 1000,  /* all milliseconds */
    WISHES = 1000, /* that are heard at once */
    TRIES = 8
};

/* What the table has of a tree: that it is being taken or given back, or, when it is this process's, its number and
 * one. */
#define ON_THE_MOVE UINT64_MAX

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

/* It counts from when it was asked for. One that has run out stays so, although its lock may be had again: others may
 * have found it without, and are about to take the trees. An errno. */
static int renew(struct lease *lease)
{
    int64_t until = now() + (int64_t)lease->options.seconds * CLOCK_SECOND;
    int error = lease->cluster->lock(lease->cluster->self, lease->object, lease->own.session, lease->options.seconds);
    if (!error)
        error = lease_check(lease);
    if (!error)
        atomic_store(&lease->until, until);
    return error;
}

/* What is not answered in time is as it was. */
static void ask_free(struct lease *lease)
{
    uint64_t bytes = 0;
    int error = lease->cluster->free_bytes(lease->cluster->self, &bytes);
    if (error == ETIMEDOUT)
        return;
    atomic_store(&lease->free_bytes, bytes);
    atomic_store(&lease->free_error, error);
}

/* The monitors tell it, who may be away for long: nothing else waits for them. Thread: the surveyor's. */
static int survey(void *arg)
{
    struct lease *lease = arg;
    ask_free(lease);
    return atomic_load(&lease->lost) ? ERRAND_DONE : BEAT;
}

int lease_free_bytes(struct lease *lease, uint64_t *ret_bytes)
{
    *ret_bytes = atomic_load(&lease->free_bytes);
    return atomic_load(&lease->free_error);
}

/* Once a second, or more often where the lease is short; an errno. */
static int renew_in_time(struct lease *lease)
{
    int third = (int)lease->options.seconds * BEAT / 3;
    if (now() < lease->renewal)
        return 0;
    lease->renewal = now() + (int64_t)(third < BEAT ? third : BEAT) * CLOCK_MILLISECOND;
    int error = renew(lease);
    if (error == EBUSY)
        lose(lease, "the session's lock is another's: it has run out, and the stores may be served elsewhere");
    return error;
}

static void tell_asked(struct lease *lease, const char *name, const struct tenant *heir)
{
    lock_take(&lease->lock);
    if (lease->asked)
        lease->asked(lease->asked_arg, name, heir);
    lock_release(&lease->lock);
}

/* Tells the wishes that others have written into the session, and strikes them out. An errno. */
static int hear(struct lease *lease)
{
    char *rows = NULL;
    bool more;
    int error = lease->cluster->list(lease->cluster->self, lease->object, layout_wishes, "", WISHES, &rows, &more);
    for (const char *row = error ? "" : rows; *row && !error; row = cluster_next_row(row)) {
        const struct cluster_step steps[] = {{.kind = CLUSTER_EXISTS}, {.kind = CLUSTER_REMOVE_ROW, .name = row}};
        struct tenant heir;
        if (layout_read_tenant(row + strlen(row) + 1, &heir))
            tell_asked(lease, row + strlen(layout_wishes), &heir);
        error = cluster_change(lease->cluster, lease->object, steps, sizeof steps / sizeof *steps);
    }
    free(rows);
    return error;
}

/* Thread: the keeper's. */
static int keep(void *arg)
{
    struct lease *lease = arg;
    int error = renew_in_time(lease);
    if (!error)
        error = hear(lease);
    return lease_look(lease, error) == ESHUTDOWN ? ERRAND_DONE : LOOK;
}

int lease_begin(struct lease *lease, const struct cluster *cluster, const struct lease_options *options)
{
    uint64_t session = layout_number();
    memset(lease, 0, sizeof *lease);
    lease->cluster = cluster;
    lease->options = *options;
    (void)snprintf(lease->own.session, sizeof lease->own.session, "%016" PRIx64, session);
    (void)snprintf(lease->own.address, sizeof lease->own.address, "%s", options->address ? options->address : "");
    layout_session_object(lease->own.session, lease->object);
    const struct cluster_step steps[] = {{.kind = CLUSTER_CREATE}, /* on a full cluster a lock makes no object */
                                         cluster_text(CLUSTER_SET_ATTRIBUTE, layout_address, lease->own.address)};
    int error = cluster_change(cluster, lease->object, steps, sizeof steps / sizeof *steps);
    atomic_store(&lease->until, now() + (int64_t)options->seconds * CLOCK_SECOND);
    if (!error)
        error = renew(lease);
    if (error)
        return error;
    lease->pool = pool_new(2);
    if (!lease->pool)
        return ENOMEM;
    ask_free(lease);
    table_init(&lease->trees, session);
    lock_init(&lease->lock);
    lock_condition_init(&lease->taken);
    errand_init(&lease->keeper, lease->pool, keep, lease, NULL);
    errand_init(&lease->surveyor, lease->pool, survey, lease, NULL);
    (void)errand_ask(&lease->keeper);
    (void)errand_ask(&lease->surveyor);
    return 0;
}

void lease_retire(struct lease *lease)
{
    const struct cluster_step steps[] = {{.kind = CLUSTER_EXISTS},
                                         cluster_text(CLUSTER_SET_ATTRIBUTE, layout_address, "")};
    int error = cluster_change(lease->cluster, lease->object, steps, sizeof steps / sizeof *steps);
    (void)lease_look(lease, error);
}

/* ---- the end --------------------------------------------------------------------------------- */

static void give_back(void *arg, uint64_t taken)
{
    struct lease *lease = arg;
    char object[CLUSTER_OBJECT_MAX];
    assert(taken != ON_THE_MOVE);
    layout_tree_object(taken - 1, object);
    (void)lease->cluster->unlock(lease->cluster->self, object, lease->own.session);
}

void lease_end(struct lease *lease)
{
    const struct cluster_step remove = {.kind = CLUSTER_REMOVE};
    (void)errand_end(&lease->surveyor);
    (void)errand_end(&lease->keeper);
    pool_free(lease->pool);
    errand_free(&lease->keeper);
    errand_free(&lease->surveyor);
    if (!lease_check(lease)) {
        table_each(&lease->trees, give_back, lease);
        (void)cluster_change(lease->cluster, lease->object, &remove, 1);
    }
    table_free(&lease->trees);
    pthread_cond_destroy(&lease->taken);
    lock_destroy(&lease->lock);
}

/* ---- trees ----------------------------------------------------------------------------------- */

/* Lock held, and let go meanwhile. */
static void await_move(struct lease *lease, uint64_t tree)
{
    assert(lock_is_mine(&lease->lock));
    while (table_get(&lease->trees, tree) == ON_THE_MOVE)
        lock_wait(&lease->lock, &lease->taken);
}

/* Whether the owner's session is over; an errno. */
static int is_dead(const struct lease *lease, const struct cluster_owner *owner, bool *ret_dead)
{
    struct cluster_owner of_session;
    char object[CLUSTER_OBJECT_MAX];
    *ret_dead = false;
    if (strlen(owner->cookie) != strlen(lease->own.session))
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

/* Takes the lock of an owner who is dead; an errno. What was under way is finished while the lock is still the dead
 * one's: so whoever comes after one that has not come to the end of this finishes it, too. Two may be at it at once,
 * and one of them even behind the lock's new owner: what is finished twice is finished. */
static int take_over(struct lease *lease, uint64_t tree, const char *object, const struct cluster_owner *owner)
{
    const struct cluster *cluster = lease->cluster;
    int error = shut_out(lease, owner);
    if (!error)
        error = lease->options.recover(lease->options.arg, tree);
    if (!error)
        error = cluster->break_lock(cluster->self, object, owner);
    if (!error || error == ENOENT)
        error = cluster->lock(cluster->self, object, lease->own.session, 0);
    return error;
}

/* By the lock of its object, once: EBUSY while the one who has it lives. */
static int try_to_lock(struct lease *lease, uint64_t tree, const char *object, struct cluster_owner *ret_owner)
{
    const struct cluster *cluster = lease->cluster;
    bool dead = false;
    int error = cluster->lock(cluster->self, object, lease->own.session, 0);
    if (error != EBUSY)
        return error;
    error = cluster->owner(cluster->self, object, ret_owner);
    if (error == ENOENT) {
        *ret_owner = (struct cluster_owner){0};
        return EBUSY; /* given back just now */
    }
    if (!error)
        error = is_dead(lease, ret_owner, &dead);
    if (error)
        return error;
    return dead ? take_over(lease, tree, object, ret_owner) : EBUSY;
}

/* The same, and where it did not come off nobody has to wait for this process, which may have the lock all the same. */
static int try_to_take(struct lease *lease, uint64_t tree, struct cluster_owner *ret_owner)
{
    char object[CLUSTER_OBJECT_MAX];
    layout_tree_object(tree, object);
    int error = try_to_lock(lease, tree, object, ret_owner);
    if (error && error != EBUSY && !lease_check(lease))
        (void)lease->cluster->unlock(lease->cluster->self, object, lease->own.session);
    return error;
}

/* Once, or where it was given back just now once more. Lock held, and let go meanwhile. */
static int take_now(struct lease *lease, uint64_t tree, struct cluster_owner *ret_owner)
{
    int error = EBUSY;
    lock_release(&lease->lock);
    for (unsigned i = 0; i < TRIES && error == EBUSY && !*ret_owner->cookie; i++)
        error = try_to_take(lease, tree, ret_owner);
    lock_take(&lease->lock);
    return error == EBUSY ? EWOULDBLOCK : error;
}

/* Looks again and again, for as long as a lease lasts. Lock held, and let go meanwhile. */
static int take_in_time(struct lease *lease, uint64_t tree, struct cluster_owner *ret_owner)
{
    int64_t end = now() + (int64_t)lease->options.seconds * CLOCK_SECOND + (int64_t)SLACK * CLOCK_MILLISECOND;
    int error = EBUSY;
    while (error == EBUSY) {
        lock_release(&lease->lock);
        error = try_to_take(lease, tree, ret_owner);
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

/* Takes a tree in one of the two ways, unless this process has it. */
static int own(struct lease *lease, uint64_t tree,
               int (*take)(struct lease *lease, uint64_t tree, struct cluster_owner *ret_owner),
               struct cluster_owner *ret_owner)
{
    int error = 0;
    *ret_owner = (struct cluster_owner){0};
    lock_take(&lease->lock);
    await_move(lease, tree);
    if (!table_get(&lease->trees, tree)) {
        bool reserved = table_reserve(&lease->trees, tree);
        if (reserved)
            table_put(&lease->trees, tree, ON_THE_MOVE);
        table_reservations_end(&lease->trees);
        error = reserved ? take(lease, tree, ret_owner) : ENOMEM;
        if (!error)
            table_put(&lease->trees, tree, tree + 1);
        else if (reserved)
            table_remove(&lease->trees, tree);
        pthread_cond_broadcast(&lease->taken);
    }
    lock_release(&lease->lock);
    return error;
}

int lease_own(struct lease *lease, uint64_t tree)
{
    struct cluster_owner owner;
    return own(lease, tree, take_in_time, &owner);
}

/* What is known of who has a lock. An errno. */
static int find_tenant(const struct lease *lease, const struct cluster_owner *owner, struct tenant *ret_tenant)
{
    struct tenant tenant = {0};
    char object[CLUSTER_OBJECT_MAX], *address = NULL;
    int error = 0;
    if (strlen(owner->cookie) == strlen(lease->own.session)) {
        (void)snprintf(tenant.session, sizeof tenant.session, "%.16s", owner->cookie);
        layout_session_object(tenant.session, object);
        error = cluster_get(lease->cluster, object, CLUSTER_ATTRIBUTES, layout_address, &address);
        (void)snprintf(tenant.address, sizeof tenant.address, "%s", address ? address : "");
        free(address);
    }
    *ret_tenant = tenant;
    return error;
}

int lease_try(struct lease *lease, uint64_t tree, struct tenant *ret_tenant)
{
    struct cluster_owner owner;
    int error = own(lease, tree, take_now, &owner);
    if (error != EWOULDBLOCK)
        return error;
    int unknown = find_tenant(lease, &owner, ret_tenant);
    return unknown ? unknown : error;
}

bool lease_has(struct lease *lease, uint64_t tree)
{
    lock_take(&lease->lock);
    bool has = table_get(&lease->trees, tree) == tree + 1;
    lock_release(&lease->lock);
    return has;
}

void lease_leave(struct lease *lease, uint64_t tree)
{
    char object[CLUSTER_OBJECT_MAX];
    lock_take(&lease->lock);
    await_move(lease, tree);
    bool had = table_get(&lease->trees, tree) != 0;
    if (had)
        table_put(&lease->trees, tree, ON_THE_MOVE);
    lock_release(&lease->lock);
    if (!had)
        return;
    layout_tree_object(tree, object);
    if (!lease_check(lease))
        (void)lease_look(lease, lease->cluster->unlock(lease->cluster->self, object, lease->own.session));
    lock_take(&lease->lock);
    table_remove(&lease->trees, tree);
    pthread_cond_broadcast(&lease->taken);
    lock_release(&lease->lock);
}

void lease_disown(struct lease *lease, uint64_t tree)
{
    lock_take(&lease->lock);
    table_remove(&lease->trees, tree);
    lock_release(&lease->lock);
}

/* ---- other sessions -------------------------------------------------------------------------- */

int lease_lives(struct lease *lease, const char *session, bool *ret_lives)
{
    struct cluster_owner owner;
    char object[CLUSTER_OBJECT_MAX];
    layout_session_object(session, object);
    int error = lease->cluster->owner(lease->cluster->self, object, &owner);
    if (error && error != ENOENT)
        return error;
    *ret_lives = !error;
    return 0;
}

int lease_ask(struct lease *lease, const char *session, const char *name)
{
    char object[CLUSTER_OBJECT_MAX], row[LAYOUT_ROW_MAX], text[LAYOUT_TENANT_MAX];
    layout_session_object(session, object);
    (void)snprintf(row, sizeof row, "%s%s", layout_wishes, name);
    layout_tenant_text(&lease->own, text);
    const struct cluster_step steps[] = {{.kind = CLUSTER_EXISTS}, cluster_text(CLUSTER_SET_ROW, row, text)};
    int error = cluster_change(lease->cluster, object, steps, sizeof steps / sizeof *steps);
    return error == ENOENT ? 0 : error; /* its process has ended */
}

void lease_attend(struct lease *lease, tenure_asked *asked, void *arg)
{
    lock_take(&lease->lock);
    lease->asked = asked;
    lease->asked_arg = arg;
    lock_release(&lease->lock);
}
