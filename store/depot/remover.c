/* remover.c - removing trees of files in the background, in turns with other work. remover.h tells why so. */
#include "store/depot/remover.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum {
    PORTION = 16,  /* names that are removed in one turn */
    REST = 20,     /* milliseconds, of a turn that leaves the disk to others */
    DEPTH_MAX = 8, /* LABEL/blobs/FILE, and some to spare for what others put there */
};

/* A folder that is being removed, or what may be one. */
struct remover_tree {
    struct remover_tree *next;       /* among those with names left */
    struct remover_tree *next_taken; /* among those that were asked for */
    struct remover_tree *above;
    int parent; /* the folder that it lies in */
    int folder; /* its own; -1: not opened yet */
    unsigned depth;
    unsigned holds; /* as long as it has names left, for each turn that has some of them, for each folder in it */
    char *names;
    const char *at; /* the first that is left; NULL: they are not known yet */
    void (*done)(void *arg, const char *name);
    void *arg;
    char name[];
};

/* Names of a tree, for one turn. */
struct portion {
    struct remover_tree *tree;
    const char *names[PORTION];
    size_t count;
};

static void turn_run(void *arg);

void remover_init(struct remover *remover, const struct io *io, const struct services *services)
{
    size_t threads = services->options->io_threads;
    *remover = (struct remover){.io = io,
                                .pool = services->pool,
                                .leftovers = services->leftovers,
                                .effort = services->effort,
                                .halt = services->halt};
    remover->turn_count = threads / 2 < REMOVER_TURNS_MAX ? threads / 2 : REMOVER_TURNS_MAX;
    if (remover->turn_count == 0)
        remover->turn_count = 1;
    for (size_t i = 0; i < remover->turn_count; i++) {
        struct remover_turn *turn = &remover->turns[i];
        turn->remover = remover;
        turn->job = (struct pool_job){.run = turn_run, .arg = turn};
    }
    lock_init(&remover->lock);
}

void remover_free(struct remover *remover)
{
    assert(!remover->trees && !remover->taken);
    lock_destroy(&remover->lock);
}

/* ---- trees ----------------------------------------------------------------------------------- */

static struct remover_tree *tree_new(int parent, const char *name, struct remover_tree *above)
{
    struct remover_tree *tree = calloc(1, sizeof *tree + strlen(name) + 1);
    if (!tree)
        return NULL;
    tree->parent = parent;
    tree->folder = -1;
    tree->above = above;
    tree->depth = above ? above->depth + 1 : 0;
    strcpy(tree->name, name);
    return tree;
}

/* Has turns for what there is to do. Lock held. */
static void ask_turns(struct remover *remover)
{
    assert(lock_is_mine(&remover->lock));
    for (size_t i = 0; i < remover->turn_count; i++) {
        struct remover_turn *turn = &remover->turns[i];
        if (!turn->under_way)
            pool_submit(remover->pool, &turn->job);
        turn->under_way = true;
    }
}

/* It has names left, or they are not known yet. Lock held. */
static void push(struct remover *remover, struct remover_tree *tree)
{
    assert(lock_is_mine(&remover->lock));
    tree->holds++;
    tree->next = remover->trees;
    remover->trees = tree;
    ask_turns(remover);
}

static void enlist(struct remover *remover, struct remover_tree *tree)
{
    assert(lock_is_mine(&remover->lock));
    tree->next_taken = remover->taken;
    remover->taken = tree;
}

static void strike(struct remover *remover, const struct remover_tree *tree)
{
    lock_take(&remover->lock);
    struct remover_tree **at = &remover->taken;
    while (*at != tree)
        at = &(*at)->next_taken;
    *at = tree->next_taken;
    lock_release(&remover->lock);
}

/* One hold less. A folder that nothing holds is empty, or cannot be emptied. */
static void let_go(struct remover *remover, struct remover_tree *tree)
{
    const struct io *io = remover->io;
    while (tree) {
        lock_take(&remover->lock);
        bool last = --tree->holds == 0;
        lock_release(&remover->lock);
        if (!last)
            return;
        if (tree->folder >= 0) {
            io->close(io->self, tree->folder);
            io->unlinkat(io->self, tree->parent, tree->name, AT_REMOVEDIR);
        }
        if (!tree->above)
            strike(remover, tree);
        if (tree->done)
            tree->done(tree->arg, tree->name);
        struct remover_tree *above = tree->above;
        free(tree->names);
        free(tree);
        tree = above;
    }
}

void remover_take(struct remover *remover, int parent, const char *name, void (*done)(void *arg, const char *name),
                  void *arg)
{
    struct remover_tree *tree = tree_new(parent, name, NULL);
    if (!tree)
        return;
    tree->done = done;
    tree->arg = arg;
    lock_take(&remover->lock);
    enlist(remover, tree);
    push(remover, tree);
    lock_release(&remover->lock);
}

bool remover_has(struct remover *remover, int parent, const char *name)
{
    bool has = false;
    lock_take(&remover->lock);
    for (const struct remover_tree *tree = remover->taken; tree && !has; tree = tree->next_taken)
        has = tree->parent == parent && strcmp(tree->name, name) == 0;
    lock_release(&remover->lock);
    return has;
}

/* ---- turns ----------------------------------------------------------------------------------- */

/* Takes some names of the first tree, and with its last ones the tree from among the others: its hold passes to the
 * turn. False when there is none. */
static bool take_portion(struct remover *remover, struct portion *ret_portion)
{
    lock_take(&remover->lock);
    struct remover_tree *tree = remover->trees;
    *ret_portion = (struct portion){.tree = tree};
    if (tree) {
        while (tree->at && *tree->at && ret_portion->count < PORTION) {
            ret_portion->names[ret_portion->count++] = tree->at;
            tree->at += strlen(tree->at) + 1;
        }
        if (tree->at && *tree->at)
            tree->holds++;
        else
            remover->trees = tree->next;
    }
    lock_release(&remover->lock);
    return tree != NULL;
}

/* What could not be unlinked may be a folder. */
static void take_folder(struct remover *remover, struct remover_tree *tree, const char *name)
{
    struct remover_tree *inner = tree->depth < DEPTH_MAX ? tree_new(tree->folder, name, tree) : NULL;
    if (!inner)
        return;
    lock_take(&remover->lock);
    tree->holds++;
    push(remover, inner);
    lock_release(&remover->lock);
}

/* Learns the names in a tree that nobody has looked at yet, unless it is a file, which is unlinked. */
static void tree_open(struct remover *remover, struct remover_tree *tree)
{
    const struct io *io = remover->io;
    if (leftovers_remove(remover->leftovers, tree->parent, tree->name) == 0)
        return;
    tree->folder = io->openat(io->self, tree->parent, tree->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    if (tree->folder < 0)
        return;
    tree->names = io->list(io->self, tree->folder);
    if (!tree->names)
        return;
    lock_take(&remover->lock);
    tree->at = tree->names;
    push(remover, tree);
    lock_release(&remover->lock);
}

/* Removes the names of a portion; nothing once the depot halts. */
static void remove_portion(struct remover *remover, const struct portion *portion)
{
    struct remover_tree *tree = portion->tree;
    if (atomic_load(remover->halt))
        return;
    if (!tree->names)
        tree_open(remover, tree);
    for (size_t i = 0; i < portion->count; i++) {
        int error = leftovers_remove(remover->leftovers, tree->folder, portion->names[i]);
        if (error && error != ENOENT)
            take_folder(remover, tree, portion->names[i]);
    }
}

/* The first turn goes on, whatever others do: each portion has its end. */
static void turn_again(struct remover_turn *turn)
{
    struct remover *remover = turn->remover;
    if (turn != remover->turns && effort_goes_on(remover->effort, &turn->synced))
        pool_submit_later(remover->pool, &turn->job, REST);
    else
        pool_submit(remover->pool, &turn->job);
}

/* Thread: the pool's. */
static void turn_run(void *arg)
{
    struct remover_turn *turn = arg;
    struct remover *remover = turn->remover;
    struct portion portion;
    assert(pool_is_current(remover->pool));
    if (take_portion(remover, &portion)) {
        remove_portion(remover, &portion);
        let_go(remover, portion.tree);
    }
    lock_take(&remover->lock);
    turn->under_way = remover->trees != NULL;
    if (turn->under_way)
        turn_again(turn);
    lock_release(&remover->lock);
}
