/* followed.c - what a backup has followed of a server. See followed.h. */
#include "store/backup/followed.h"

#include "store/backup/tree.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

/* Whether there is a folder in its place, which is no link; an errno. *ret_odd: something else is there. */
static int look(const struct places *places, bool *ret_there, bool *ret_odd)
{
    int place = places->io->openat(places->io->self, places->drafts, BACKUP_SERVER, O_RDONLY | O_DIRECTORY, 0);
    int error = place < 0 ? errno : 0;
    if (place >= 0)
        places->io->close(places->io->self, place);
    *ret_there = place >= 0;
    *ret_odd = error == ELOOP || error == ENOTDIR;
    return error == ENOENT || *ret_odd ? 0 : error;
}

/* An errno. One that is no data folder tells nothing. */
static int open_data(const char *path, const struct io *reading, struct folder *ret_folder, bool *ret_there)
{
    struct failure failure = folder_open(ret_folder, reading, path, FOLDER_WATCH, NULL);
    *ret_there = !failure.error;
    if (failure.error == STORE_NO_MEMORY)
        return ENOMEM;
    return failure.error == STORE_IO && failure.os_error != ENOENT ? failure.os_error : 0;
}

int followed_open(const struct io *io, const char *path, const struct places *places, struct io *ret_reading,
                  struct folder *ret_folder, bool *ret_there)
{
    bool odd;
    char *folder;
    int error = look(places, ret_there, &odd);
    if (error || !*ret_there)
        return error;
    if (asprintf(&folder, "%s/" BACKUP_DRAFTS "/" BACKUP_SERVER, path) < 0)
        return ENOMEM;
    io_read_only_within(ret_reading, io);
    error = open_data(folder, ret_reading, ret_folder, ret_there);
    free(folder);
    return error;
}

int followed_is_proper(const struct places *places, bool *ret_proper)
{
    bool there, odd;
    int error = look(places, &there, &odd);
    *ret_proper = !odd;
    return error;
}

/* What is being removed: no store's draft begins so. */
static const char aside[] = "." BACKUP_SERVER;

int followed_clear(const struct places *places)
{
    return tree_remove(places->io, places->drafts, aside);
}

int followed_remove(const struct places *places)
{
    const struct io *io = places->io;
    int error = followed_clear(places);
    if (!error && io->renameat(io->self, places->drafts, BACKUP_SERVER, places->drafts, aside) < 0 && errno != ENOENT)
        error = errno;
    if (!error && io->fsync(io->self, places->drafts) < 0)
        error = errno;
    return error ? error : followed_clear(places);
}
