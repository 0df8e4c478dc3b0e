/* notes.h - the text files of a store, on their way into its copy.
 *
 * Thread: one.
 */
#ifndef CAIRN_NOTES_H
#define CAIRN_NOTES_H

#include "store/disk/note.h"

#include <stdbool.h>

enum notes_which { NOTES_SETTINGS, NOTES_REACH, NOTES_HORIZON, NOTES_COUNT };

struct notes {
    struct {
        bool there;
        size_t length;
        char text[NOTE_MAX];
    } of[NOTES_COUNT];
};

/* Reads one of a store's folder, which may lack it; an errno. Blocking. */
int notes_read(struct notes *notes, const struct io *io, int folder, enum notes_which which);

/* Brings one to a folder, or removes it there; an errno. Blocking. */
int notes_write(const struct notes *notes, const struct io *io, int folder, enum notes_which which);

bool notes_same(const struct notes *a, const struct notes *b, enum notes_which which);

#endif
