/* kinship.c - whether two data folders are of one origin. See kinship.h. */
#include "store/backup/kinship.h"

#include "store/disk/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

/* The salt of a store; false where it is not there, or does not tell. */
static bool read_salt(const struct folder *folder, const char *name, uint64_t *ret_salt)
{
    const struct io *io = folder->io;
    struct settings settings;
    int store = io->openat(io->self, folder->stores, name, O_RDONLY | O_DIRECTORY, 0);
    if (store < 0)
        return false;
    bool told = !settings_read(io, store, SETTINGS_OF_STORE, "store", &settings).error;
    io->close(io->self, store);
    *ret_salt = told ? settings.salt : 0;
    return told;
}

int kinship_of(struct folder *folder, struct folder *copy, enum kinship *ret_kinship)
{
    char **names;
    size_t count;
    int error = folder_names(copy, &names, &count);
    if (error)
        return error;
    *ret_kinship = KINSHIP_OPEN;
    for (size_t i = 0; i < count && *ret_kinship != KINSHIP_SAME; i++) {
        uint64_t own, other;
        if (!read_salt(copy, names[i], &own))
            continue;
        bool same = read_salt(folder, names[i], &other) && other == own;
        *ret_kinship = same ? KINSHIP_SAME : KINSHIP_NONE;
    }
    free(names);
    return 0;
}
