/* nesting.c - whether one folder lies in another. See nesting.h. */
#include "store/backup/nesting.h"

#include "store/backup/imprint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 4096 }; /* folders within each other: no path has more */

/* Opens a folder or, where it is not there, the nearest of those that it is to lie in; an errno. *ret_folder is -1
 * where none can be. */
static int open_nearest(const struct io *io, const char *path, int *ret_folder, bool *ret_there)
{
    char *part = strdup(path);
    if (!part)
        return ENOMEM;
    int folder = io->openat(io->self, AT_FDCWD, part, O_RDONLY | O_DIRECTORY, 0);
    int error = folder < 0 && errno != ENOENT ? errno : 0;
    *ret_there = folder >= 0;
    for (char *slash = part; folder < 0 && slash && !error;) {
        slash = strrchr(part, '/');
        if (slash)
            *slash = '\0';
        folder = io->openat(io->self, AT_FDCWD, !slash ? "." : slash == part ? "/" : part, O_RDONLY | O_DIRECTORY, 0);
        error = folder < 0 && errno != ENOENT && errno != EACCES ? errno : 0;
    }
    free(part);
    *ret_folder = folder;
    return error;
}

/* Takes the folder: the one that it lies in, or -1 where there is none, or none that may be opened. An errno. */
static int ascend(const struct io *io, int *folder, struct imprint *inner)
{
    struct imprint above = {0};
    int next = io_open_above(io, *folder);
    int error = next < 0 && errno != EACCES ? errno : 0;
    io->close(io->self, *folder);
    *folder = next;
    if (next >= 0)
        error = imprint_of(io, next, &above);
    if (next >= 0 && (error || imprint_same_file(&above, inner))) {
        io->close(io->self, next);
        *folder = -1;
    }
    *inner = above;
    return error;
}

/* Whether a folder lies in another one, or is it, but not by way of a third one (NULL: none). Takes the folder. An
 * errno. */
static int lies_in(const struct io *io, int folder, const struct imprint *outer, const struct imprint *but,
                   bool *ret_found)
{
    struct imprint inner;
    int error = imprint_of(io, folder, &inner);
    *ret_found = false;
    for (unsigned depth = 0; !error && folder >= 0 && depth < DEPTH_MAX; depth++) {
        *ret_found = imprint_same_file(&inner, outer);
        if (*ret_found || (but && imprint_same_file(&inner, but)))
            break;
        error = ascend(io, &folder, &inner);
    }
    if (folder >= 0)
        io->close(io->self, folder);
    return error;
}

/* What a folder is known by, below one that is open; an errno. *ret_there: it is. */
static int look(const struct io *io, int parent, const char *name, struct imprint *ret_imprint, bool *ret_there)
{
    int folder = io->openat(io->self, parent, name, O_RDONLY | O_DIRECTORY, 0);
    *ret_there = folder >= 0;
    if (folder < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : errno;
    int error = imprint_of(io, folder, ret_imprint);
    io->close(io->self, folder);
    return error;
}

/* Whether one that is open lies in another. An errno. */
static int lies_around(const struct io *io, int folder, int outer, const struct imprint *outer_imprint, const char *but,
                       bool *ret_around)
{
    struct imprint third;
    bool excepted = false;
    *ret_around = false;
    int error = but ? look(io, outer, but, &third, &excepted) : 0;
    int inner = error ? -1 : io->dup(io->self, folder);
    if (inner < 0)
        return error ? error : errno;
    return lies_in(io, inner, outer_imprint, excepted ? &third : NULL, ret_around);
}

/* How an open folder lies to the nearest one, which is taken. An errno. */
static int judge(const struct io *io, int folder, int nearest, bool there, const char *but, enum nesting *ret_nesting)
{
    struct imprint imprint, nearest_imprint;
    bool around = false, within = false;
    int error = imprint_of(io, folder, &imprint);
    if (!error)
        error = imprint_of(io, nearest, &nearest_imprint);
    bool same = !error && there && imprint_same_file(&imprint, &nearest_imprint);
    if (!error && there && !same)
        error = lies_around(io, folder, nearest, &nearest_imprint, but, &around);
    if (error) {
        io->close(io->self, nearest);
        return error;
    }
    error = lies_in(io, nearest, &imprint, NULL, &within);
    *ret_nesting = same ? NESTING_SAME : around ? NESTING_AROUND : within ? NESTING_WITHIN : NESTING_NONE;
    return error;
}

int nesting_of(const struct io *io, int folder, const char *path, const char *but, enum nesting *ret_nesting,
               bool *ret_fresh)
{
    bool there;
    int nearest;
    *ret_nesting = NESTING_NONE;
    *ret_fresh = false;
    int error = open_nearest(io, path, &nearest, &there);
    if (error || nearest < 0)
        return error;
    *ret_fresh = !there;
    return judge(io, folder, nearest, there, but, ret_nesting);
}
