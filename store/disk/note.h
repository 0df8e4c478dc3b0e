/* note.h - a small text file that is there whole or not at all.
 *
 * Thread: one at a time per file.
 */
#ifndef CAIRN_NOTE_H
#define CAIRN_NOTE_H

#include "store/disk/io.h"

enum {
    NOTE_MAX = 512, /* bytes of the text, with the NUL at its end */
    NOTE_NAME_MAX = 64,
};

/* Writes the file `name` into the folder by way of a temporary one, and syncs it, but not the folder; an
 * errno. */
int note_write(const struct io *io, int folder, const char *name, const char *text, size_t length);

/* The name of that temporary one. */
void note_draft(const char *name, char ret_draft[NOTE_NAME_MAX]);

/* Reads what there is of the file, at most NOTE_MAX - 1 bytes, and ends it with NUL; an errno. Waits for nobody who may
 * write into a pipe of that name; of a folder it is EISDIR. `flags`: more of open()'s. */
int note_read(const struct io *io, int folder, const char *name, int flags, char ret_text[NOTE_MAX],
              size_t *ret_length);

#endif
