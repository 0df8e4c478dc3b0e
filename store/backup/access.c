/* access.c - the copy of the file of the access control. See access.h. */
#include "store/backup/access.h"

#include "store/backup/imprint.h"
#include "store/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

/* Copies the open file by way of its draft; an errno. */
static int copy(const struct premises *premises, int from)
{
    const struct io *io = premises->io;
    int root = premises->to.root;
    struct imprint imprint;
    int error = imprint_of(&premises->reading, from, &imprint);
    if (!error && !imprint.file)
        error = EINVAL;
    int to = error ? -1 : io_open_anew(io, root, DEPOT_ACCESS_DRAFT, O_RDWR);
    if (to < 0)
        return error ? error : errno;
    error = io_copy_all(io, from, 0, to, 0, imprint.size);
    if (!error && io->fdatasync(io->self, to) < 0)
        error = errno;
    io->close(io->self, to);
    if (!error && io->renameat(io->self, root, DEPOT_ACCESS_DRAFT, root, DEPOT_ACCESS) < 0)
        error = errno;
    return error;
}

/* One that is there when all else has been restored has been put there to be kept. */
static bool is_kept(const struct premises *premises)
{
    const struct io *io = premises->io;
    int file = premises->restore ? io->openat(io->self, premises->to.root, DEPOT_ACCESS, O_RDONLY | O_NONBLOCK, 0) : -1;
    if (file >= 0)
        io->close(io->self, file);
    return premises->restore && (file >= 0 || errno != ENOENT);
}

/* The source has none: that of a backup goes where what has no source any more does. An errno. */
static int miss(const struct premises *premises, bool goes)
{
    const struct io *io = premises->io;
    return !goes || io->unlinkat(io->self, premises->to.root, DEPOT_ACCESS, 0) == 0 || errno == ENOENT ? 0 : errno;
}

struct failure access_take(const struct premises *premises, bool goes)
{
    const struct io *io = &premises->reading;
    if (is_kept(premises))
        return failure_none();
    int from = io->openat(io->self, premises->from.root, DEPOT_ACCESS, O_RDONLY | O_NONBLOCK, 0);
    int error = from >= 0 ? copy(premises, from) : errno == ENOENT ? miss(premises, goes) : errno;
    if (from >= 0)
        io->close(io->self, from);
    if (error == ELOOP || error == EINVAL)
        return failure_detail(premises->detail, failure_io(error), "%s/" DEPOT_ACCESS " is %s: it was not copied",
                              premises->from_path,
                              error == ELOOP ? "a symbolic link, and a link is not followed" : "no regular file");
    return error ? premises_fail(premises, error, "cannot copy the access file to", premises->to_path) : failure_none();
}
