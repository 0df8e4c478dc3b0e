/* tree.c - removing a folder with all it holds. See tree.h. */
#include "store/backup/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 8 }; /* NAME/blobs/FILE, and some to spare for what others put there */

static int remove_at(const struct io *io, int parent, const char *name, unsigned depth)
{
    if (io->unlinkat(io->self, parent, name, 0) == 0 || errno == ENOENT)
        return 0;
    int error = errno;
    int folder = io->openat(io->self, parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    if (folder < 0 || depth == DEPTH_MAX) {
        if (folder >= 0)
            io->close(io->self, folder);
        return error;
    }
    char *names = io->list(io->self, folder);
    error = names ? 0 : errno;
    for (const char *inner = names; inner && *inner && !error; inner += strlen(inner) + 1)
        error = remove_at(io, folder, inner, depth + 1);
    free(names);
    io->close(io->self, folder);
    if (!error && io->unlinkat(io->self, parent, name, AT_REMOVEDIR) < 0)
        error = errno;
    return error;
}

int tree_remove(const struct io *io, int parent, const char *name)
{
    return remove_at(io, parent, name, 0);
}
