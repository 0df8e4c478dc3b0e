/* path.c - from a folder to what a path leads to. */
#include "store/rados/path.h"

#include <errno.h>
#include <string.h>

bool path_begins_at(const char *path, const char *name)
{
    size_t length = strlen(name);
    return strncmp(path, name, length) == 0 && (!path[length] || path[length] == '/');
}

struct path path_root(void)
{
    return (struct path){.folders = {{.fan = 1}}, .depth = 1};
}

const struct layout_folder *path_folder(const struct path *path)
{
    return &path->folders[path->depth - 1];
}

int path_enter(struct path *path, const struct layout_entry *entry)
{
    if (path->depth == PATH_DEPTH_MAX)
        return ELOOP;
    path->folders[path->depth++] = entry->folder;
    return 0;
}

int path_find_again(struct path_end *end, const struct cluster *cluster)
{
    const struct tree_name name = {path_folder(&end->folder), end->name};
    int error = tree_find(cluster, &name, &end->entry);
    end->found = !error;
    return error == ENOENT ? 0 : error;
}

/* Takes the next part of a path into end->name; false: there is none. */
static bool next_part(const char **text, struct path_end *end, int *ret_error)
{
    *text += strspn(*text, "/");
    size_t length = strcspn(*text, "/");
    *ret_error = length < sizeof end->name ? 0 : ENAMETOOLONG;
    if (length == 0 || *ret_error)
        return false;
    memcpy(end->name, *text, length);
    end->name[length] = '\0';
    *text += length;
    return true;
}

/* What is done about the last part of a path, which stays a name. */
enum last { LAST_LOOK, LAST_LEAVE };

/* Goes where the part leads. */
static int go(struct path_end *end, const char *rest, enum last last, const struct cluster *cluster)
{
    bool stays = rest[strspn(rest, "/")] == '\0';
    if (strcmp(end->name, ".") == 0 || strcmp(end->name, "..") == 0) {
        if (end->name[1] && end->folder.depth > 1)
            end->folder.depth--;
        end->name[0] = '\0';
        return 0;
    }
    if (stays && last == LAST_LEAVE) {
        end->found = false;
        return 0;
    }
    int error = path_find_again(end, cluster);
    if (error || stays)
        return error;
    if (!end->found)
        return ENOENT;
    if (!end->entry.is_folder)
        return ENOTDIR;
    end->name[0] = '\0';
    return path_enter(&end->folder, &end->entry);
}

static int find(const struct path *from, const char *text, enum last last, const struct cluster *cluster,
                struct path_end *ret_end)
{
    int error = 0;
    *ret_end = (struct path_end){.folder = *text == '/' ? path_root() : *from};
    while (!error && next_part(&text, ret_end, &error))
        error = go(ret_end, text, last, cluster);
    if (!error && !ret_end->name[0]) {
        ret_end->found = true;
        ret_end->entry = (struct layout_entry){.is_folder = true, .folder = *path_folder(&ret_end->folder)};
    }
    return error;
}

int path_find(const struct path *from, const char *text, const struct cluster *cluster, struct path_end *ret_end)
{
    return find(from, text, LAST_LOOK, cluster, ret_end);
}

int path_find_place(const struct path *from, const char *text, const struct cluster *cluster, struct path_end *ret_end)
{
    return find(from, text, LAST_LEAVE, cluster, ret_end);
}
