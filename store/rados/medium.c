/* medium.c - a medium from its beginning to its end, and the locks of its trees. */
#include "store/rados/medium_call.h"

#include <errno.h>
#include <stdlib.h>

enum { AHEAD = 16 }; /* pieces that are read ahead, for all readers together */

/* ---- locks ----------------------------------------------------------------------------------- */

static void finish_next(void *arg, const char *object, const struct layout_entry *entry)
{
    struct medium *medium = arg;
    removals_take(&medium->removals, object, entry);
}

/* Finishes what was under way in a tree. In that of the root others may be at it: what is removed twice is gone. */
static int recover(void *arg, uint64_t tree)
{
    struct medium *medium = arg;
    return tree_each_under_way(&medium->cluster, tree, finish_next, medium);
}

/* A folder is locked until the tenure gives it back; a file has none of its own. */
static int medium_lock(void *self, int file)
{
    struct medium *medium = medium_of(self);
    struct descriptor descriptor;
    int error = descriptors_find(&medium->descriptors, file, &descriptor) ? 0 : EBADF;
    uint64_t tree = error || descriptor.inode ? 0 : path_folder(&descriptor.path)->tree;
    if (!error && !descriptor.inode)
        error = lease_own(&medium->lease, tree);
    if (!error && !descriptor.inode && tree == 0)
        error = recover(medium, 0);
    return medium_tell_error(medium, error);
}

static int medium_free_bytes(void *self, int file, uint64_t *ret_bytes)
{
    struct medium *medium = medium_of(self);
    (void)file;
    return medium_tell_error(medium, lease_free_bytes(&medium->lease, ret_bytes));
}

/* ---- beginning and end ----------------------------------------------------------------------- */

static const struct io table = {
    .holes = true,
    .forced = true,
    .own_numbers = true,
    .far = true,
    .by_message = true,
    .lock = medium_lock,
    .free_bytes = medium_free_bytes,
};

static void tell_lost(void *arg, const char *sentence)
{
    struct medium *medium = arg;
    medium->lost(medium->lost_arg, sentence);
}

static void free_parts(struct medium *medium)
{
    removals_free(&medium->removals);
    descriptors_free(&medium->descriptors);
    inodes_free(&medium->inodes);
    aheads_free(&medium->aheads);
    cache_free(&medium->cache);
}

int medium_begin(struct medium *medium, const struct cluster *cluster, const struct medium_use *use)
{
    const struct lease_options options = {
        .seconds = use->lease, .address = use->address, .recover = recover, .lost = tell_lost, .arg = medium};
    const uint64_t piece = use->piece ? use->piece : LAYOUT_PIECE;
    *medium = (struct medium){
        .io = table, .cluster = *cluster, .name = use->name, .lost = use->lost, .lost_arg = use->arg};
    medium_fill_files(&medium->io);
    medium_fill_names(&medium->io);
    medium->io.self = medium;
    medium->tenure = medium_tenure(medium, use->lease);
    medium->io.tenure = &medium->tenure;
    joint_init(&medium->beside[false], &medium->io, medium->name, false);
    joint_init(&medium->beside[true], &medium->io, medium->name, true);
    if (!cache_init(&medium->cache, &medium->cluster, piece, use->cache))
        return ENOMEM;
    if (!aheads_init(&medium->aheads, &medium->cluster, piece, AHEAD)) {
        cache_free(&medium->cache);
        return ENOMEM;
    }
    inodes_init(&medium->inodes, &medium->cluster, piece, &medium->cache);
    descriptors_init(&medium->descriptors);
    int error = removals_init(&medium->removals, &medium->cluster, &medium->inodes) ? 0 : ENOMEM;
    if (!error)
        error = lease_begin(&medium->lease, &medium->cluster, &options);
    if (error)
        free_parts(medium);
    return error;
}

void medium_end(struct medium *medium)
{
    removals_wait(&medium->removals);
    lease_end(&medium->lease);
    free_parts(medium);
    medium->cluster.close(medium->cluster.self);
}
