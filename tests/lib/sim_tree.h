/* sim_tree.h - the folders and files of a simulated disk: the names seen now, the names on disk, the changes between.
 *
 * Thread: one at a time; the disk's lock sees to it.
 */
#ifndef CAIRN_TESTS_SIM_TREE_H
#define CAIRN_TESTS_SIM_TREE_H

#include "tests/lib/prng.h"
#include "tests/lib/sim_file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_entry {
    char *name;
    struct sim_node *node;
};

struct sim_entries {
    struct sim_entry *at;
    size_t count;
    size_t capacity;
};

/* A file or a folder. It lives while a name, a name on disk, an undecided change or a descriptor needs it. */
struct sim_node {
    struct sim_node *next;
    struct sim_node *previous;
    uint64_t number;
    bool folder;
    unsigned mode;
    size_t links;         /* names now */
    size_t durable_links; /* names on disk */
    size_t changes;       /* undecided changes that speak of it */
    size_t opens;         /* descriptors: the disk counts them by sim_tree_pin() */
    bool locked;
    uint64_t written; /* when it was written to last */
    struct sim_file file;
    struct sim_entries now;
    struct sim_entries durable;
};

struct sim_change; /* an unsynced change of one entry, or of two: a rename, an exchange */

struct sim_tree {
    struct sim_node *root;
    struct sim_node *nodes;
    size_t count;
    uint64_t numbers;
    struct sim_change *first; /* oldest first */
    struct sim_change *last;
    size_t changes;
};

/* Where a path leads. */
struct sim_place {
    struct sim_node *folder; /* that holds or would hold the last part; NULL when the path is the start itself */
    char name[256];          /* the last part */
    struct sim_node *node;   /* what is there, or NULL */
};

void sim_tree_init(struct sim_tree *tree);
void sim_tree_free(struct sim_tree *tree);

/* All return 0 or an errno, and behave like the system calls. */
int sim_tree_find(const struct sim_tree *tree, struct sim_node *start, const char *path, struct sim_place *ret_place);
int sim_tree_create(struct sim_tree *tree, const struct sim_place *place, bool folder, unsigned mode,
                    struct sim_node **ret_node);
int sim_tree_link(struct sim_tree *tree, struct sim_node *node, const struct sim_place *to);
int sim_tree_unlink(struct sim_tree *tree, const struct sim_place *place, bool folder);
int sim_tree_rename(struct sim_tree *tree, const struct sim_place *from, const struct sim_place *to);
int sim_tree_exchange(struct sim_tree *tree, const struct sim_place *from, const struct sim_place *to);

/* A descriptor keeps an unlinked node alive. */
void sim_tree_pin(struct sim_node *node);
void sim_tree_unpin(struct sim_tree *tree, struct sim_node *node);

/* Brings a folder's entries to the disk. */
void sim_tree_sync(struct sim_tree *tree, struct sim_node *folder);

/* A power cut: decides what becomes of all that was not synced, and forgets what was open. */
void sim_tree_cut(struct sim_tree *tree, struct prng *prng);

/* Bytes of space taken. */
uint64_t sim_tree_used(const struct sim_tree *tree);

#endif
