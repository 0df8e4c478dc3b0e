/* layout.h - how the objects of a pool are called, and what their texts say.
 *
 *   session.COOKIE                a lock that runs out: a process that lives; where it serves, as an attribute
 *   tree.T                        names, as rows; who has its lock owns the tree
 *   tree.T.FOLDER.SHARD           the same of a folder that is fanned out
 *   file.INODE.PIECE              4 MiB of a file; the first one has its head and its links, as attributes
 *
 *   e/FOLDER/NAME                 a row: "f INODE LINK", or "d TREE FOLDER FAN"
 *   o/f/INODE/LINK                a row: this link of the file is being removed, or made; it has no text
 *   o/d/TREE/FOLDER/FAN           a row: the objects of a folder are being removed
 *   w/STORE                       a row of a session: "COOKIE ADDRESS": that session asks for the store
 *
 *   address                       an attribute of a session
 *   head                          an attribute: "SIZE SECONDS NANOSECONDS PIECES"; PIECES: so many may exist
 *   links                         an attribute: "LINK LINK ...", or "dead"; without it there is only the first link,
 *                                 whose number is that of the inode
 *
 * All numbers but those of a head are random, of 64 bits and hexadecimal; but the root is folder 0 of tree 0, and the
 * first folder of each other tree is its folder 0.
 *
 * A folder two levels below the root, which is a store, begins a tree. So what stores do meets in no object, and one
 * that is moved between two folders of the root is so at once.
 *
 * Thread: any.
 */
#ifndef CAIRN_LAYOUT_H
#define CAIRN_LAYOUT_H

#include "store/disk/tenure.h"
#include "store/rados/cluster.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum {
    LAYOUT_PIECE = 4 << 20,
    LAYOUT_PIECES = 16, /* that may exist of a file without a head */
    LAYOUT_FAN = 16,    /* shards of a folder to which every upload adds a name */
    LAYOUT_NAME_MAX = 256,
    LAYOUT_ROW_MAX = LAYOUT_NAME_MAX + 24,
    LAYOUT_TEXT_MAX = 80,
    LAYOUT_TENANT_MAX = TENURE_SESSION_MAX + STORE_ADDRESS_MAX
};

extern const char layout_head[], layout_links[], layout_dead[], layout_address[];

/* A folder, wherever its name stands. */
struct layout_folder {
    uint64_t tree;
    uint64_t folder;
    unsigned fan; /* shards; 1: its rows are in the tree's object */
};

/* What a name leads to. */
struct layout_entry {
    bool is_folder;
    struct layout_folder folder;
    uint64_t inode;
    uint64_t link;
};

/* What is known of a file beside its bytes. */
struct layout_file {
    uint64_t size;
    struct timespec written;
    uint64_t pieces;
};

/* A number for something new. */
uint64_t layout_number(void);

/* What a folder of that name has to be, in another one at that depth: the root's is 1. */
struct layout_folder layout_new_folder(const struct layout_folder *parent, unsigned depth, const char *name);
bool layout_same_folder(const struct layout_folder *a, const struct layout_folder *b);

/* ---- objects --------------------------------------------------------------------------------- */

void layout_session_object(const char *cookie, char ret_object[CLUSTER_OBJECT_MAX]);
void layout_tree_object(uint64_t tree, char ret_object[CLUSTER_OBJECT_MAX]);
void layout_shard_object(const struct layout_folder *folder, unsigned shard, char ret_object[CLUSTER_OBJECT_MAX]);
void layout_piece_object(uint64_t inode, uint64_t piece, char ret_object[CLUSTER_OBJECT_MAX]);

/* The object that has a folder's row of that name. */
void layout_name_object(const struct layout_folder *folder, const char *name, char ret_object[CLUSTER_OBJECT_MAX]);

/* ---- rows ------------------------------------------------------------------------------------ */

/* In front of the name in every row of a folder; of all rows of what is under way. */
void layout_prefix(const struct layout_folder *folder, char ret_prefix[LAYOUT_ROW_MAX]);
extern const char layout_under_way[];

/* The same of those of a session that say which stores it is asked for. */
extern const char layout_wishes[];

/* False: the name is too long. */
bool layout_name_row(const struct layout_folder *folder, const char *name, char ret_row[LAYOUT_ROW_MAX]);
void layout_under_way_row(const struct layout_entry *entry, char ret_row[LAYOUT_ROW_MAX]);
bool layout_read_under_way(const char *row, struct layout_entry *ret_entry);

/* ---- texts ----------------------------------------------------------------------------------- */

void layout_entry_text(const struct layout_entry *entry, char ret_text[LAYOUT_TEXT_MAX]);
bool layout_read_entry(const char *text, struct layout_entry *ret_entry);
void layout_head_text(const struct layout_file *file, char ret_text[LAYOUT_TEXT_MAX]);
bool layout_read_head(const char *text, struct layout_file *ret_file);

void layout_tenant_text(const struct tenant *tenant, char ret_text[LAYOUT_TENANT_MAX]);
bool layout_read_tenant(const char *text, struct tenant *ret_tenant);

/* Links as a text, with one more, or without one: to be freed; "" when none is left. NULL: memory is out. */
char *layout_links_with(const char *links, uint64_t inode, uint64_t link);
char *layout_links_without(const char *links, uint64_t inode, uint64_t link);
size_t layout_links_count(const char *links);

#endif
