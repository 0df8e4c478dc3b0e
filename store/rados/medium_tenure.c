/* medium_tenure.c - which process has which tree of a pool: the table of it (store/disk/tenure.h) on leases. */
#include "store/rados/medium.h"

#include <errno.h>

enum { TRIES = 16, SLACK = 1000 }; /* of patience: milliseconds */

/* The tree that begins in a folder, by its path from the root; an errno. */
static int find_tree(struct medium *medium, const char *path, uint64_t *ret_tree)
{
    struct path_end end;
    const struct path root = path_root();
    int error = path_find(&root, path, &medium->cluster, &end);
    if (error)
        return error;
    if (!end.found)
        return ENOENT;
    if (!end.entry.is_folder)
        return ENOTDIR;
    *ret_tree = end.entry.folder.tree;
    return 0;
}

/* Gives back what nothing leads to any more. Who takes the lock of an object that is gone makes it anew. */
static void give_up(struct medium *medium, uint64_t tree)
{
    const struct layout_folder folder = {.tree = tree, .fan = 1};
    lease_leave(&medium->lease, tree);
    if (!tree_check_empty(&medium->cluster, &folder))
        (void)tree_remove_objects(&medium->cluster, &folder);
}

/* Once: EAGAIN when the path leads to another tree by now. */
static int try_to_take(struct medium *medium, const char *path, struct tenant *ret_tenant)
{
    uint64_t tree, now;
    int error = find_tree(medium, path, &tree);
    if (error || lease_has(&medium->lease, tree))
        return error;
    error = lease_try(&medium->lease, tree, ret_tenant);
    if (error)
        return error;
    error = find_tree(medium, path, &now);
    if (!error && now == tree)
        return 0;
    give_up(medium, tree);
    return error ? error : EAGAIN;
}

static int check(void *self)
{
    struct medium *medium = self;
    return lease_check(&medium->lease);
}

static int take(void *self, const char *path, struct tenant *ret_tenant)
{
    struct medium *medium = self;
    int error = EAGAIN;
    for (unsigned i = 0; i < TRIES && error == EAGAIN; i++)
        error = try_to_take(medium, path, ret_tenant);
    return lease_look(&medium->lease, error);
}

/* What is being removed in it is this process's to finish. */
static void leave(void *self, const char *path)
{
    struct medium *medium = self;
    uint64_t tree;
    if (lease_look(&medium->lease, find_tree(medium, path, &tree)))
        return;
    removals_wait_in(&medium->removals, tree);
    lease_leave(&medium->lease, tree);
}

static int ask(void *self, const struct tenant *tenant, const char *name)
{
    struct medium *medium = self;
    return lease_look(&medium->lease, lease_ask(&medium->lease, tenant->session, name));
}

static int lives(void *self, const char *session, bool *ret_lives)
{
    struct medium *medium = self;
    return lease_look(&medium->lease, lease_lives(&medium->lease, session, ret_lives));
}

static void attend(void *self, tenure_asked *asked, void *arg)
{
    struct medium *medium = self;
    lease_attend(&medium->lease, asked, arg);
}

struct tenure medium_tenure(struct medium *medium, unsigned lease)
{
    return (struct tenure){.self = medium,
                           .own = &medium->lease.own,
                           .patience = lease * 1000 + SLACK,
                           .check = check,
                           .take = take,
                           .leave = leave,
                           .ask = ask,
                           .lives = lives,
                           .attend = attend};
}
