/* removal.c - links that go, and come: a set of numbers beside the head, changed with a guard on what it was. */
#include "store/rados/removal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, TRIES = 16, LINKS_MAX = 256 };

struct removal {
    struct pool_job job;
    struct removal *next;           /* of the same file */
    struct removal *behind, **link; /* among those that are under way */
    struct removals *removals;
    struct layout_entry entry;
    char object[CLUSTER_OBJECT_MAX]; /* that has its row */
};

bool removals_init(struct removals *removals, const struct cluster *cluster, struct inodes *inodes)
{
    *removals = (struct removals){.cluster = cluster, .inodes = inodes, .pool = pool_new(THREADS)};
    lock_init(&removals->lock);
    pthread_cond_init(&removals->idle, NULL);
    return removals->pool != NULL;
}

void removals_free(struct removals *removals)
{
    if (removals->pool)
        pool_free(removals->pool);
    assert(!removals->under_way);
    pthread_cond_destroy(&removals->idle);
    lock_destroy(&removals->lock);
}

/* ---- the links of a file --------------------------------------------------------------------- */

/* What stands beside the bytes of a file. */
struct beside {
    struct layout_file file;
    bool there; /* its first piece is */
    char *links;
};

static int read_beside(const struct cluster *cluster, const char *object, struct beside *ret_beside)
{
    const char *const names[] = {layout_head, layout_links};
    char *texts[2] = {NULL, NULL};
    struct beside beside = {.file.pieces = LAYOUT_PIECES};
    int error = cluster->get(cluster->self, object, CLUSTER_ATTRIBUTES, names, 2, texts);
    beside.there = !error;
    if (!error && texts[0] && !layout_read_head(texts[0], &beside.file))
        error = EBADMSG;
    free(texts[0]);
    beside.links = texts[1];
    *ret_beside = beside;
    return error == ENOENT ? 0 : error;
}

/* Puts other links in the place of those that were read: ECANCELED when they are others by now. */
static int replace_links(const struct cluster *cluster, const char *object, const char *links, const char *replacement)
{
    const struct cluster_step steps[] = {
        cluster_text(CLUSTER_ATTRIBUTE_IS, layout_links, links ? links : ""),
        cluster_text(CLUSTER_SET_ATTRIBUTE, layout_links, replacement),
    };
    return cluster_change(cluster, object, steps, sizeof steps / sizeof *steps);
}

static bool is_dead(const struct beside *beside)
{
    return beside->links && strcmp(beside->links, layout_dead) == 0;
}

/* ---- removing -------------------------------------------------------------------------------- */

/* The first piece goes last, since it tells how many there are. */
static int remove_bytes(const struct cluster *cluster, uint64_t inode, uint64_t pieces)
{
    int error = inode_remove_pieces(cluster, inode, 1, pieces);
    return error ? error : inode_remove_pieces(cluster, inode, 0, 1);
}

/* Removes a file that is one piece with its last link: ECANCELED when its links are others by now. */
static int remove_whole(const struct cluster *cluster, const char *object, const char *links)
{
    const struct cluster_step steps[] = {cluster_text(CLUSTER_ATTRIBUTE_IS, layout_links, links ? links : ""),
                                         {.kind = CLUSTER_REMOVE}};
    int error = cluster_change(cluster, object, steps, sizeof steps / sizeof *steps);
    return error == ENOENT ? 0 : error;
}

/* Takes the link from those that are left; the last one goes with the bytes. An errno. */
static int take_link(const struct cluster *cluster, const struct layout_entry *entry, const char *object,
                     const struct beside *beside)
{
    char *left = layout_links_without(beside->links, entry->inode, entry->link);
    if (!left)
        return ENOMEM;
    bool last = !*left;
    int error = last && beside->file.pieces <= 1
                    ? remove_whole(cluster, object, beside->links)
                    : replace_links(cluster, object, beside->links, last ? layout_dead : left);
    if (!error && last && beside->file.pieces > 1)
        error = remove_bytes(cluster, entry->inode, beside->file.pieces);
    free(left);
    return error;
}

/* Once: ECANCELED when somebody has changed the links meanwhile. */
static int try_removing(const struct cluster *cluster, const struct layout_entry *entry)
{
    char object[CLUSTER_OBJECT_MAX];
    struct beside beside;
    layout_piece_object(entry->inode, 0, object);
    int error = read_beside(cluster, object, &beside);
    if (!error && beside.there && !is_dead(&beside))
        error = take_link(cluster, entry, object, &beside);
    else if (!error)
        error = remove_bytes(cluster, entry->inode, beside.file.pieces);
    free(beside.links);
    return error;
}

/* An errno. */
static int remove_link(const struct cluster *cluster, const struct layout_entry *entry)
{
    int error = ECANCELED;
    for (unsigned i = 0; i < TRIES && error == ECANCELED; i++)
        error = try_removing(cluster, entry);
    return error;
}

/* What fails stays written down, for whoever takes the tree next. Thread: the pool's. */
static void run(void *arg)
{
    struct removal *removal = arg;
    struct removals *removals = removal->removals;
    const struct layout_entry *entry = &removal->entry;
    int error = entry->is_folder ? tree_remove_objects(removals->cluster, &entry->folder)
                                 : remove_link(removals->cluster, entry);
    if (!error)
        (void)tree_conclude(removals->cluster, removal->object, entry);
    lock_take(&removals->lock);
    *removal->link = removal->behind;
    if (removal->behind)
        removal->behind->link = removal->link;
    pthread_cond_broadcast(&removals->idle);
    lock_release(&removals->lock);
    free(removal);
}

static void submit(struct removals *removals, struct removal *removal)
{
    lock_take(&removals->lock);
    removal->behind = removals->under_way;
    removal->link = &removals->under_way;
    if (removal->behind)
        removal->behind->link = &removal->behind;
    removals->under_way = removal;
    lock_release(&removals->lock);
    pool_submit(removals->pool, &removal->job);
}

void removals_take(struct removals *removals, const char *object, const struct layout_entry *entry)
{
    struct removal *removal = calloc(1, sizeof *removal);
    if (!removal)
        return;
    *removal = (struct removal){.job = {.run = run, .arg = removal}, .removals = removals, .entry = *entry};
    memcpy(removal->object, object, strlen(object) + 1);
    if (entry->is_folder || !inodes_defer(removals->inodes, entry->inode, removal, &removal->next))
        submit(removals, removal);
}

void removals_go_on(struct removals *removals, struct removal *removal)
{
    while (removal) {
        struct removal *next = removal->next;
        submit(removals, removal);
        removal = next;
    }
}

void removals_wait(struct removals *removals)
{
    lock_take(&removals->lock);
    while (removals->under_way)
        lock_wait(&removals->lock, &removals->idle);
    lock_release(&removals->lock);
}

/* Whether one of them has its row in an object whose name begins so. Lock held. */
static bool is_under_way(const struct removals *removals, const char *prefix)
{
    const struct removal *removal = removals->under_way;
    while (removal && strncmp(removal->object, prefix, strlen(prefix)) != 0)
        removal = removal->behind;
    return removal != NULL;
}

void removals_wait_in(struct removals *removals, uint64_t tree)
{
    char prefix[CLUSTER_OBJECT_MAX];
    layout_tree_object(tree, prefix); /* those of folders that are fanned out begin with it */
    lock_take(&removals->lock);
    while (is_under_way(removals, prefix))
        lock_wait(&removals->lock, &removals->idle);
    lock_release(&removals->lock);
}

/* ---- one link more --------------------------------------------------------------------------- */

/* Adds it to the links of its file, which may never have been written to; an errno. */
static int add_link(const struct cluster *cluster, const struct layout_entry *entry)
{
    const struct cluster_step create = {.kind = CLUSTER_CREATE};
    char object[CLUSTER_OBJECT_MAX];
    layout_piece_object(entry->inode, 0, object);
    int error = cluster_change(cluster, object, &create, 1);
    bool again = !error;
    for (unsigned i = 0; i < TRIES && again; i++) {
        struct beside beside;
        char *more = NULL;
        error = read_beside(cluster, object, &beside);
        if (!error && is_dead(&beside))
            error = ENOENT;
        if (!error && layout_links_count(beside.links) >= LINKS_MAX)
            error = EMLINK;
        if (!error) {
            more = layout_links_with(beside.links, entry->inode, entry->link);
            error = more ? replace_links(cluster, object, beside.links, more) : ENOMEM;
        }
        again = error == ECANCELED;
        free(more);
        free(beside.links);
    }
    return error;
}

/* Has a link removed that a name leads to, or was to. */
static void drop(struct removals *removals, const struct tree_name *name, const struct layout_entry *entry)
{
    char object[CLUSTER_OBJECT_MAX];
    layout_name_object(name->folder, name->name, object);
    removals_take(removals, object, entry);
}

/* The name has to lead there still: else the file may have been removed meanwhile, and what the link was added to is
 * nothing, and goes with the first link. An errno. */
static int check_source(struct removals *removals, const struct tree_name *from, const struct layout_entry *entry)
{
    struct layout_entry found;
    int error = tree_find(removals->cluster, from, &found);
    if (!error && (found.is_folder || found.inode != entry->inode || found.link != entry->link))
        error = ENOENT;
    if (error == ENOENT)
        drop(removals, from, entry);
    return error;
}

int removals_link(struct removals *removals, const struct tree_name *from, const struct layout_entry *entry,
                  const struct tree_name *to)
{
    const struct cluster *cluster = removals->cluster;
    struct layout_entry link = {.inode = entry->inode, .link = layout_number()};
    int error = tree_announce(cluster, to, &link);
    if (error)
        return error;
    error = add_link(cluster, &link);
    if (!error)
        error = check_source(removals, from, entry);
    if (!error)
        error = tree_add(cluster, to, &link);
    if (error)
        drop(removals, to, &link);
    return error;
}
