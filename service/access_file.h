/* access_file.h - the access file on disk: read whole, replaced whole or not at all.
 *
 * An edit holds a lock on the draft that takes the file's place at its end, so that of two edits at a time the second
 * one begins with what the first has written. A draft that a dead process left is used again.
 *
 *     if (access_edit_begin(&edit, path, reason)) {
 *         text = access_file_read(path, &length, reason);
 *         ...
 *         access_edit_end(&edit, text, length, reason);     // NULL: it stays as it is
 *     }
 *
 * Functions that fail leave a sentence in `reason`. Thread: any, one at a time per struct.
 */
#ifndef CAIRN_ACCESS_FILE_H
#define CAIRN_ACCESS_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

enum { ACCESS_REASON_MAX = 512, ACCESS_FILE_MAX = 16 << 20 /* bytes */ };

/* What tells one state of the file from another. All zero: nothing has that name. */
struct access_state {
    int error; /* errno: something is in the way, and nobody knows whether there is a file */
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
};

/* Looks at the file, which costs one call. */
struct access_state access_state_of(const char *path);
bool access_state_same(const struct access_state *a, const struct access_state *b);
/* Whether nothing has that name, for sure. A link that leads nowhere is something. */
bool access_state_is_none(const struct access_state *state);

/* All of it; the caller frees it. NULL on failure. */
char *access_file_read(const char *path, size_t *ret_length, char reason[ACCESS_REASON_MAX]);

struct access_edit {
    char path[PATH_MAX]; /* of the file itself, where it is a link */
    char draft[PATH_MAX + sizeof ".new"];
    int file; /* the draft, locked */
};

/* Waits while somebody else edits it. The folder has to be there, the file not. */
bool access_edit_begin(struct access_edit *edit, const char *path, char reason[ACCESS_REASON_MAX]);

/* Puts the text in the file's place and makes it durable: for its owner's eyes only, who stays who it was, and of a new
 * file is its folder's. */
bool access_edit_end(struct access_edit *edit, const char *text, size_t length, char reason[ACCESS_REASON_MAX]);

#endif
