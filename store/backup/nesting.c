/* nesting.c - whether one folder lies in another. See nesting.h. */
#include "store/backup/nesting.h"

#include "store/backup/imprint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 4096 }; /* folders within each other: no path has more */

/* Opens a folder or, where it is not there, the nearest of those that it is to lie in; -1: none can be. */
static int open_nearest(const struct io *io, const char *path, bool *ret_there)
{
    char *part = strdup(path);
    int folder = part ? io->openat(io->self, AT_FDCWD, part, O_RDONLY | O_DIRECTORY, 0) : -1;
    *ret_there = folder >= 0;
    for (char *slash = part; part && folder < 0 && slash;) {
        slash = strrchr(part, '/');
        if (slash)
            *slash = '\0';
        folder = io->openat(io->self, AT_FDCWD, !slash ? "." : slash == part ? "/" : part, O_RDONLY | O_DIRECTORY, 0);
    }
    free(part);
    return folder;
}

/* Whether a folder lies in another one, or is it, but not by way of a third one (NULL: none). Takes the folder. */
static bool lies_in(const struct io *io, int folder, const struct imprint *outer, const struct imprint *but)
{
    struct imprint inner, above;
    bool found = false, ended = imprint_of(io, folder, &inner) != 0;
    for (unsigned depth = 0; !ended && depth < DEPTH_MAX; depth++) {
        found = imprint_same_file(&inner, outer);
        ended = found || (but && imprint_same_file(&inner, but));
        int next = ended ? -1 : io_open_above(io, folder);
        ended = ended || next < 0 || imprint_of(io, next, &above) != 0 || imprint_same_file(&above, &inner);
        inner = ended ? inner : above;
        io->close(io->self, folder);
        folder = next;
    }
    if (folder >= 0)
        io->close(io->self, folder);
    return found;
}

/* What a folder is known by, below one that is open; false where it is not there. */
static bool look(const struct io *io, int parent, const char *name, struct imprint *ret_imprint)
{
    int folder = io->openat(io->self, parent, name, O_RDONLY | O_DIRECTORY, 0);
    bool there = folder >= 0 && imprint_of(io, folder, ret_imprint) == 0;
    if (folder >= 0)
        io->close(io->self, folder);
    return there;
}

static bool lies_around(const struct io *io, int folder, int outer, const struct imprint *outer_imprint,
                        const char *but)
{
    struct imprint third;
    bool excepted = but && look(io, outer, but, &third);
    int inner = io->dup(io->self, folder);
    return inner >= 0 && lies_in(io, inner, outer_imprint, excepted ? &third : NULL);
}

int nesting_of(const struct io *io, int folder, const char *path, const char *but, enum nesting *ret_nesting,
               bool *ret_fresh)
{
    struct imprint imprint, nearest_imprint;
    bool there;
    int nearest = open_nearest(io, path, &there);
    *ret_fresh = nearest >= 0 && !there;
    *ret_nesting = NESTING_NONE;
    if (nearest < 0)
        return 0;
    int error = imprint_of(io, folder, &imprint);
    if (!error)
        error = imprint_of(io, nearest, &nearest_imprint);
    if (error) {
        io->close(io->self, nearest);
        return error;
    }
    bool same = there && imprint_same_file(&imprint, &nearest_imprint);
    bool around = there && !same && lies_around(io, folder, nearest, &nearest_imprint, but);
    bool within = lies_in(io, nearest, &imprint, NULL);
    *ret_nesting = same ? NESTING_SAME : around ? NESTING_AROUND : within ? NESTING_WITHIN : NESTING_NONE;
    return 0;
}
