/* medium_names.c - the calls of a medium that find, make, move and remove names. */
#include "store/rados/medium_call.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

static int make_folder(struct medium *medium, const struct path_end *end)
{
    const struct tree_name name = medium_name(end);
    if (end->found)
        return EEXIST;
    const struct layout_entry entry = {.is_folder = true,
                                       .folder = layout_new_folder(name.folder, end->folder.depth, name.name)};
    return tree_add(&medium->cluster, &name, &entry);
}

static int medium_mkdirat(void *self, int folder, const char *path, mode_t mode)
{
    struct medium *medium = medium_of(self);
    struct path_end end;
    (void)mode;
    int error = medium_find_end_to_change(medium, folder, path, &end);
    if (!error)
        error = make_folder(medium, &end);
    return medium_tell_error(medium, error);
}

static int remove_file(struct medium *medium, const struct path_end *end)
{
    const struct tree_name name = medium_name(end);
    if (end->entry.is_folder)
        return EISDIR;
    int error = tree_take(&medium->cluster, &name, &end->entry);
    if (!error)
        medium_remove_taken(medium, &name, &end->entry);
    return error;
}

/* Nobody makes anything in a folder that somebody removes: the engine sees to that. */
static int remove_folder(struct medium *medium, const struct path_end *end)
{
    const struct tree_name name = medium_name(end);
    const struct layout_folder *folder = &end->entry.folder;
    if (!end->entry.is_folder)
        return ENOTDIR;
    int error = folder->tree == name.folder->tree ? 0 : lease_own(&medium->lease, folder->tree);
    removals_wait(&medium->removals);
    if (!error)
        error = tree_check_empty(&medium->cluster, folder);
    if (!error)
        error = tree_take(&medium->cluster, &name, &end->entry);
    if (error)
        return error;
    if (folder->tree != name.folder->tree)
        lease_disown(&medium->lease, folder->tree); /* its lock goes with its object */
    medium_remove_taken(medium, &name, &end->entry);
    return 0;
}

static int medium_unlinkat(void *self, int folder, const char *path, int flags)
{
    struct medium *medium = medium_of(self);
    int error = EAGAIN;
    for (unsigned i = 0; i < MEDIUM_TRIES && error == EAGAIN; i++) {
        struct path_end end;
        error = medium_find_end_to_change(medium, folder, path, &end);
        if (!error && !end.found)
            error = ENOENT;
        if (!error && !end.name[0])
            error = EBUSY;
        if (!error)
            error = flags & AT_REMOVEDIR ? remove_folder(medium, &end) : remove_file(medium, &end);
    }
    return medium_tell_error(medium, error);
}

/* The two ends of a rename or a link. An errno. */
static int find_both(struct medium *medium, int from_folder, const char *from, int to_folder, const char *to,
                     struct path_end ret_ends[2])
{
    int error = medium_find_end_to_change(medium, from_folder, from, &ret_ends[0]);
    if (!error && !ret_ends[0].found)
        error = ENOENT;
    if (!error)
        error = medium_find_end_to_change(medium, to_folder, to, &ret_ends[1]);
    if (!error && (!ret_ends[0].name[0] || !ret_ends[1].name[0]))
        error = EBUSY;
    return error;
}

static int move(struct medium *medium, const struct path_end ends[2])
{
    const struct tree_name from = medium_name(&ends[0]), to = medium_name(&ends[1]);
    const struct layout_entry *taken = ends[1].found ? &ends[1].entry : NULL;
    if (taken && (taken->is_folder || ends[0].entry.is_folder))
        return EEXIST;
    int error = tree_move(&medium->cluster, &from, &ends[0].entry, &to, taken);
    if (!error && taken)
        medium_remove_taken(medium, &to, taken);
    return error;
}

static int medium_renameat(void *self, int from_folder, const char *from, int to_folder, const char *to)
{
    struct medium *medium = medium_of(self);
    int error = EAGAIN;
    for (unsigned i = 0; i < MEDIUM_TRIES && error == EAGAIN; i++) {
        struct path_end ends[2];
        error = find_both(medium, from_folder, from, to_folder, to, ends);
        if (!error)
            error = move(medium, ends);
    }
    return medium_tell_error(medium, error);
}

static int medium_linkat(void *self, int from_folder, const char *from, int to_folder, const char *to)
{
    struct medium *medium = medium_of(self);
    struct path_end ends[2];
    int error = find_both(medium, from_folder, from, to_folder, to, ends);
    if (!error && ends[0].entry.is_folder)
        error = EPERM;
    if (!error && ends[1].found)
        error = EEXIST;
    if (!error) {
        const struct tree_name source = medium_name(&ends[0]), target = medium_name(&ends[1]);
        error = removals_link(&medium->removals, &source, &ends[0].entry, &target);
    }
    return medium_tell_error(medium, error);
}

static int medium_exchange(void *self, int from_folder, const char *from, int to_folder, const char *to)
{
    (void)from_folder, (void)from, (void)to_folder, (void)to;
    return medium_tell_error(medium_of(self), EINVAL);
}

static char *medium_list(void *self, int folder)
{
    struct medium *medium = medium_of(self);
    struct path path;
    char *names = NULL;
    int error = medium_find_folder(medium, folder, &path);
    if (!error)
        error = tree_list(&medium->cluster, path_folder(&path), &names);
    if (medium_tell_error(medium, error) == 0)
        return names;
    free(error ? NULL : names);
    return NULL;
}

/* ---- the table ------------------------------------------------------------------------------- */

void medium_fill_names(struct io *io)
{
    io->mkdirat = medium_mkdirat;
    io->unlinkat = medium_unlinkat;
    io->renameat = medium_renameat;
    io->linkat = medium_linkat;
    io->exchange = medium_exchange;
    io->list = medium_list;
}
