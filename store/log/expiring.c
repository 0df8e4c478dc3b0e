/* expiring.c - the file that says that objects of a store may expire. */
#include "store/log/expiring.h"

#include <errno.h>
#include <fcntl.h>

static const char expiring_name[] = "expiring";

/* Opens it in a folder, and closes it again; an errno. */
static int touch(const struct io *io, int folder, int flags)
{
    int file = io->openat(io->self, folder, expiring_name, flags, 0600);
    if (file < 0)
        return errno;
    io->close(io->self, file);
    return 0;
}

bool expiring_is_told(const struct log *log)
{
    const struct io *io = log->io;
    int folder = io_open_above(io, log->folder);
    if (folder < 0)
        return true;
    int error = touch(io, folder, O_RDONLY);
    io->close(io->self, folder);
    return error != ENOENT;
}

/* Where it cannot be synced nobody is to take it for one that is on disk. */
static int make(const struct io *io, int folder)
{
    int error = touch(io, folder, O_WRONLY | O_CREAT | O_EXCL);
    if (error)
        return error == EEXIST ? 0 : error;
    error = io->fsync(io->self, folder) < 0 ? errno : 0;
    if (error)
        io->unlinkat(io->self, folder, expiring_name, 0);
    return error;
}

int expiring_tell(const struct log *log)
{
    const struct io *io = log->io;
    int folder = io_open_above(io, log->folder);
    if (folder < 0)
        return errno;
    int error = make(io, folder);
    io->close(io->self, folder);
    return error;
}

void expiring_untell(const struct log *log)
{
    const struct io *io = log->io;
    int folder = io_open_above(io, log->folder);
    if (folder < 0)
        return;
    io->unlinkat(io->self, folder, expiring_name, 0);
    io->close(io->self, folder);
}
