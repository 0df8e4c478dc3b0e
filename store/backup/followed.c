/* followed.c - what a backup has followed of a server. See followed.h. */
#include "store/backup/followed.h"

#include "store/backup/tree.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

/* Opens the folder itself, through no link; a file descriptor, or -1 with errno. */
static int open_place(const struct places *places)
{
    return places->io->openat(places->io->self, places->drafts, BACKUP_SERVER, O_RDONLY | O_DIRECTORY, 0);
}

bool followed_open(const struct io *io, const char *path, const struct places *places, struct io *ret_reading,
                   struct folder *ret_folder)
{
    struct store_detail detail;
    char *folder = NULL;
    int place = open_place(places);
    if (place < 0)
        return false;
    places->io->close(places->io->self, place);
    if (asprintf(&folder, "%s/" BACKUP_DRAFTS "/" BACKUP_SERVER, path) < 0)
        return false;
    io_read_only_within(ret_reading, io);
    bool open = !folder_open(ret_folder, ret_reading, folder, FOLDER_WATCH, &detail).error;
    free(folder);
    return open;
}

bool followed_is_proper(const struct places *places)
{
    int place = open_place(places);
    if (place >= 0)
        places->io->close(places->io->self, place);
    return place >= 0 || errno == ENOENT;
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
