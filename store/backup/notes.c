/* notes.c - the text files of a store, on their way into its copy. See notes.h. */
#include "store/backup/notes.h"

#include "store/disk/settings.h"

#include <errno.h>
#include <string.h>

static const char *const names[] = {
    [NOTES_SETTINGS] = SETTINGS_OF_STORE, [NOTES_REACH] = "reach", [NOTES_HORIZON] = "horizon"};

int notes_read(struct notes *notes, const struct io *io, int folder, enum notes_which which)
{
    notes->of[which].length = 0;
    int error = note_read(io, folder, names[which], 0, notes->of[which].text, &notes->of[which].length);
    notes->of[which].there = !error;
    return error == ENOENT ? 0 : error;
}

int notes_write(const struct notes *notes, const struct io *io, int folder, enum notes_which which)
{
    if (notes->of[which].there)
        return note_write(io, folder, names[which], notes->of[which].text, notes->of[which].length);
    return io->unlinkat(io->self, folder, names[which], 0) < 0 && errno != ENOENT ? errno : 0;
}

bool notes_same(const struct notes *a, const struct notes *b, enum notes_which which)
{
    return a->of[which].there == b->of[which].there && a->of[which].length == b->of[which].length &&
           memcmp(a->of[which].text, b->of[which].text, a->of[which].length) == 0;
}
