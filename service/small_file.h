/* small_file.h - a file that belongs into memory as a whole: a secret, a certificate, who may do what.
 *
 * Its path is what somebody wrote into an option. So what it names may be anything, a pipe or a device too: nothing is
 * waited for, and no more is read than such a file can have.
 */
#ifndef CAIRN_SMALL_FILE_H
#define CAIRN_SMALL_FILE_H

#include <stddef.h>
#include <stdio.h>

/* All of it, with a NUL behind; the caller frees it. NULL and errno: EFBIG when there is more than `limit` bytes.
 * Thread: any. */
char *small_file_read(const char *path, size_t limit, size_t *ret_length);

/* A file that is made anew for writing, with the mode 0600, in the place of what stands there: a pipe is not waited
 * for, and no link followed. fclose() it; NULL and errno. Thread: any. */
FILE *small_file_draft(const char *path);

/* The same of a name in a folder that is open, wherever that is by now; of a link nothing is read. */
char *small_file_read_at(int folder, const char *name, size_t limit, size_t *ret_length);
FILE *small_file_draft_at(int folder, const char *name);

#endif
