/* home.c - a folder that is open, and the path that led to it. See home.h. */
#include "store/disk/home.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int home_open(struct home *ret_home, const struct io *io, const struct home *above, const char *name)
{
    size_t size = strlen(above->path) + 1 + strlen(name) + 1;
    char *path = malloc(size);
    if (!path)
        return ENOMEM;
    int folder = io->openat(io->self, above->open, name, O_RDONLY | O_DIRECTORY, 0);
    if (folder < 0) {
        int error = errno;
        free(path);
        return error;
    }
    (void)snprintf(path, size, "%s/%s", above->path, name);
    *ret_home = (struct home){.open = folder, .path = path};
    return 0;
}

void home_close(struct home *home, const struct io *io)
{
    io->close(io->self, home->open);
    free(home->path);
}

bool home_is_found(const struct home *home, const struct io *io)
{
    return io_leads_to(io, AT_FDCWD, home->path, home->open);
}

bool home_leads_to(const struct home *home, const struct io *io, const char *name, int file)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/%s", home->path, name);
    return length >= (int)sizeof path || io_leads_to(io, AT_FDCWD, path, file); /* too long to be told */
}
