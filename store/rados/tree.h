/* tree.h - names: what a folder's name leads to, and how that changes.
 *
 * Each change is one of one object, with guards on what it has found: so it happens all or not at all, and is durable
 * when the call returns. Nothing is kept in memory.
 *
 * All return an errno. Thread: any. Blocking.
 */
#ifndef CAIRN_TREE_H
#define CAIRN_TREE_H

#include "store/rados/cluster.h"
#include "store/rados/layout.h"

/* A name in a folder; both are borrowed. */
struct tree_name {
    const struct layout_folder *folder;
    const char *name;
};

/* ENOENT, ENAMETOOLONG. */
int tree_find(const struct cluster *cluster, const struct tree_name *name, struct layout_entry *ret_entry);

/* EEXIST. What is under way with the entry in the same object has come to its end with it. */
int tree_add(const struct cluster *cluster, const struct tree_name *name, const struct layout_entry *entry);

/* The name goes, and from then on the removal of what it led to is under way: tree_conclude(). EAGAIN: it does not lead
 * there any more. */
int tree_take(const struct cluster *cluster, const struct tree_name *name, const struct layout_entry *entry);

/* Both at once, with what the two have been found to lead to. A file that `to` led to is taken; NULL: there was none.
 * EXDEV: the two are in different objects; EAGAIN. */
int tree_move(const struct cluster *cluster, const struct tree_name *from, const struct layout_entry *entry,
              const struct tree_name *to, const struct layout_entry *taken);

/* What is under way with an entry is written down, where the name is or is to be; it has ended. */
int tree_announce(const struct cluster *cluster, const struct tree_name *name, const struct layout_entry *entry);
int tree_conclude(const struct cluster *cluster, const char *object, const struct layout_entry *entry);

/* The names in a folder, each ended by NUL, the list by an empty name; the caller frees it. */
int tree_list(const struct cluster *cluster, const struct layout_folder *folder, char **ret_names);

/* ENOTEMPTY: there are names in the folder; EBUSY: something is under way in its objects, if it has some. */
int tree_check_empty(const struct cluster *cluster, const struct layout_folder *folder);

/* Whether a folder has objects, and does not stand in those of others; removes them. */
bool tree_has_objects(const struct layout_folder *folder);
int tree_remove_objects(const struct cluster *cluster, const struct layout_folder *folder);

/* Tells everything that is under way in a tree, with the object where that is written. */
int tree_each_under_way(const struct cluster *cluster, uint64_t tree,
                        void (*tell)(void *arg, const char *object, const struct layout_entry *entry), void *arg);

#endif
