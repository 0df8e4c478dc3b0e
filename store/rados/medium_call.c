/* medium_call.c - what the calls of a medium have in common. See medium_call.h. */
#include "store/rados/medium_call.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

ssize_t medium_tell(struct medium *medium, int error, ssize_t result)
{
    error = lease_look(&medium->lease, error);
    if (!error)
        return result;
    errno = error;
    return -1;
}

int medium_tell_error(struct medium *medium, int error)
{
    return (int)medium_tell(medium, error, 0);
}

int medium_find_descriptor(struct medium *medium, int file, struct descriptor *ret_descriptor)
{
    int lost = lease_check(&medium->lease);
    if (lost)
        return lost;
    if (!descriptors_find(&medium->descriptors, file, ret_descriptor))
        return EBADF;
    return ret_descriptor->inode ? 0 : EISDIR;
}

int medium_find_file(struct medium *medium, int file, bool to_write, struct inode **ret_inode)
{
    struct descriptor descriptor;
    int error = medium_find_descriptor(medium, file, &descriptor);
    if (error)
        return error;
    *ret_inode = descriptor.inode;
    return to_write && !descriptor.may_write ? EBADF : 0;
}

int medium_find_folder(struct medium *medium, int folder, struct path *ret_path)
{
    struct descriptor descriptor;
    *ret_path = path_root();
    if (folder == AT_FDCWD)
        return 0;
    if (!descriptors_find(&medium->descriptors, folder, &descriptor))
        return EBADF;
    *ret_path = descriptor.path;
    return descriptor.inode ? ENOTDIR : 0;
}

typedef int find_path(const struct path *from, const char *text, const struct cluster *cluster,
                      struct path_end *ret_end);

static int find_end(struct medium *medium, int folder, const char *path, find_path *find, struct path_end *ret_end)
{
    struct path from;
    int error = lease_check(&medium->lease);
    if (!error)
        error = medium_find_folder(medium, folder, &from);
    if (error)
        return error;
    if (folder == AT_FDCWD && path_begins_at(path, medium->name))
        path += strlen(medium->name);
    return find(&from, path, &medium->cluster, ret_end);
}

static int find_end_to_change(struct medium *medium, int folder, const char *path, find_path *find,
                              struct path_end *ret_end)
{
    int error = find_end(medium, folder, path, find, ret_end);
    uint64_t tree = error ? 0 : path_folder(&ret_end->folder)->tree;
    if (tree == 0 || lease_has(&medium->lease, tree))
        return error;
    error = lease_own(&medium->lease, tree);
    return error ? error : find_end(medium, folder, path, find, ret_end);
}

int medium_find_end(struct medium *medium, int folder, const char *path, struct path_end *ret_end)
{
    return find_end(medium, folder, path, path_find, ret_end);
}

int medium_find_end_to_change(struct medium *medium, int folder, const char *path, struct path_end *ret_end)
{
    return find_end_to_change(medium, folder, path, path_find, ret_end);
}

int medium_find_place(struct medium *medium, int folder, const char *path, struct path_end *ret_end)
{
    return find_end_to_change(medium, folder, path, path_find_place, ret_end);
}

struct tree_name medium_name(const struct path_end *end)
{
    return (struct tree_name){path_folder(&end->folder), end->name};
}

void medium_remove_taken(struct medium *medium, const struct tree_name *name, const struct layout_entry *taken)
{
    char object[CLUSTER_OBJECT_MAX];
    layout_name_object(name->folder, name->name, object);
    removals_take(&medium->removals, object, taken);
}
