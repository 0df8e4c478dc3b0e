/* access_tree.h - the access file as the JSON that it is, for the commands that edit it.
 *
 * What a command does not know of stays in the file. It is judged as a server will judge it before it is changed and
 * after, put in the old one's place while nobody else edits it, and taken by a server within a second.
 *
 * Functions that fail tell why on stderr, in the name of the command. Thread: one at a time per struct.
 */
#ifndef CAIRN_ACCESS_TREE_H
#define CAIRN_ACCESS_TREE_H

#include "service/config.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* The flags that say where the file is, as they stand on the command line: for command_configure(). */
struct access_where {
    char *arguments[7];
    size_t count;
};

/* Takes --access, --data or --config at *arguments and moves on to its value. False for any other flag. */
bool access_where_read(struct access_where *where, const char *command, char *const **arguments);

/* Finds the file that they, the variables and the configuration name, and lets `act` edit it, whose exit status it
 * returns; that of a mistake in the configuration otherwise. */
int access_where_act(const struct access_where *where,
                     int (*act)(void *arg, const struct config *config, const char *path), void *arg);

struct access_tree {
    const char *command; /* its name; borrowed, as the path */
    const char *path;
    json_t *json; /* owned, as the text */
    char *text;
    bool fresh; /* there was no file */
    bool own;   /* the command has made it, and takes it away again when it would let nobody in */
};

/* The file as it is, where there is none an empty object. */
bool access_tree_read(struct access_tree *tree);

/* Makes sure that there is a folder for the file: a data folder may be made before the first start. That it was is
 * told, since the path may be mistyped. */
bool access_tree_place(const char *command, const struct config *config);

/* Reads the file, lets `change` change it, and writes it, if that returns true. `change` tells by itself why it does
 * not. */
bool access_tree_change(struct access_tree *tree, bool (*change)(void *arg), void *arg);

/* Prints what was added and nobody can ask for later. What nobody has read is taken out again: by `remove`, as `change`
 * above. */
bool access_tree_tell(struct access_tree *tree, const char *secret, bool (*remove)(void *arg), void *arg);

/* The list of that name in it, made if it is missing; borrowed. */
json_t *access_tree_list(const struct access_tree *tree, const char *name);

/* Where the item with that `name` stands in a list, or how many items there are. */
size_t access_tree_find(const json_t *list, const char *name);

void access_tree_free(struct access_tree *tree);

#endif
