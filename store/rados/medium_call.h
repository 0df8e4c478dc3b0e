/* medium_call.h - what the calls of a medium have in common: what they are asked about, and what they answer.
 *
 * Each call asks whether the lease still holds, does its work, and asks again: what is done may be told of only then.
 * The table of calls is filled by kind: files (medium_files.c) and names (medium_names.c).
 *
 * Thread: any. Blocking.
 */
#ifndef CAIRN_MEDIUM_CALL_H
#define CAIRN_MEDIUM_CALL_H

#include "store/rados/medium.h"
#include "store/rados/tree.h"

enum { MEDIUM_TRIES = 64 }; /* of what somebody else's change has made vain (EAGAIN) */

/* The calls that open, read and write files, and those that find, make, move and remove names. */
void medium_fill_files(struct io *io);
void medium_fill_names(struct io *io);

/* ---- what they are asked about --------------------------------------------------------------- */

/* The medium that a call is given. */
static inline struct medium *medium_of(void *self)
{
    return self;
}

/* What is open under a number, which has to be a file; EISDIR, and it is told, too. An errno. */
int medium_find_descriptor(struct medium *medium, int file, struct descriptor *ret_descriptor);

/* The file that is open under a number; borrowed. An errno. */
int medium_find_file(struct medium *medium, int file, bool to_write, struct inode **ret_inode);

/* The folder that is open under a number, or from which paths begin without one (AT_FDCWD); an errno. */
int medium_find_folder(struct medium *medium, int folder, struct path *ret_path);

/* Where a path leads from there; an errno. */
int medium_find_end(struct medium *medium, int folder, const char *path, struct path_end *ret_end);

/* The same of what is to be changed there: the process has to own the tree, but that of the root, which is everybody's.
 * What was found before it did may be another one's last word. An errno. */
int medium_find_end_to_change(struct medium *medium, int folder, const char *path, struct path_end *ret_end);

/* The same without a look at the name, as if it led to nothing: for who adds it, and is told if it is there. */
int medium_find_place(struct medium *medium, int folder, const char *path, struct path_end *ret_end);

/* The name that a path ends in; borrows the end. */
struct tree_name medium_name(const struct path_end *end);

/* Has what a name led to removed. */
void medium_remove_taken(struct medium *medium, const struct tree_name *name, const struct layout_entry *taken);

/* ---- what they answer ------------------------------------------------------------------------ */

/* Returns `result`, or -1 with errno set when there is an error, or the lease does not hold any more. */
ssize_t medium_tell(struct medium *medium, int error, ssize_t result);

/* The same, where the result is 0. */
int medium_tell_error(struct medium *medium, int error);

#endif
