/* path.h - from a folder to what a path leads to: part by part, each a look at the cluster.
 *
 * A folder is known with all that it lies in, so that ".." takes none.
 *
 * All return an errno. Thread: any. Blocking.
 */
#ifndef CAIRN_PATH_H
#define CAIRN_PATH_H

#include "store/rados/tree.h"

enum { PATH_DEPTH_MAX = 12 };

/* A folder, and those above it; the root is the first. */
struct path {
    struct layout_folder folders[PATH_DEPTH_MAX];
    unsigned depth;
};

/* Where a path leads: a name in a folder, or, with an empty name, the folder. */
struct path_end {
    struct path folder;
    char name[LAYOUT_NAME_MAX];
    bool found; /* the name leads to something */
    struct layout_entry entry;
};

/* Whether a path begins with that name, whole. */
bool path_begins_at(const char *path, const char *name);

struct path path_root(void);
const struct layout_folder *path_folder(const struct path *path);

/* Goes into a folder whose entry was found. ELOOP: it is too deep. */
int path_enter(struct path *path, const struct layout_entry *entry);

/* All parts but the last have to lead to folders: ENOENT, ENOTDIR, ENAMETOOLONG. */
int path_find(const struct path *from, const char *text, const struct cluster *cluster, struct path_end *ret_end);

/* The same without a look at what the name leads to: as if to nothing. */
int path_find_place(const struct path *from, const char *text, const struct cluster *cluster, struct path_end *ret_end);

/* Looks again at what the name leads to. */
int path_find_again(struct path_end *end, const struct cluster *cluster);

#endif
