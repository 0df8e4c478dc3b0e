/* kinship.c - whether two data folders are of one origin. See kinship.h. */
#include "store/backup/kinship.h"

#include "store/backup/pending.h"
#include "store/disk/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

/* The salt of a store. *ret_there: something has that name, as far as can be seen, and may not tell. */
static bool read_salt(const struct folder *folder, const char *name, bool *ret_there, uint64_t *ret_salt)
{
    const struct io *io = folder->io;
    struct settings settings;
    int store = io->openat(io->self, folder->stores, name, O_RDONLY | O_DIRECTORY, 0);
    *ret_there = store >= 0 || errno != ENOENT;
    if (store < 0)
        return false;
    bool told = !settings_read(io, store, SETTINGS_OF_STORE, "store", &settings).error;
    io->close(io->self, store);
    *ret_salt = told ? settings.salt : 0;
    return told;
}

/* Of a store that the copy has. Where it is not there is seen without its settings; else it says nothing where one of
 * the two does not tell. */
enum kinship kinship_by(const struct folder *folder, const struct folder *copy, const char *name)
{
    uint64_t own, other;
    bool there, held;
    bool told = read_salt(folder, name, &there, &other);
    if (!there)
        return KINSHIP_GONE;
    if (!told || !read_salt(copy, name, &held, &own))
        return KINSHIP_OPEN;
    return own == other ? KINSHIP_SAME : KINSHIP_NONE;
}

/* One store in common tells, whatever the others; then one that is another. */
static bool tells_more(enum kinship kinship, enum kinship told)
{
    return kinship != KINSHIP_OPEN && told != KINSHIP_SAME &&
           (kinship == KINSHIP_SAME || told == KINSHIP_OPEN || (kinship == KINSHIP_NONE && told == KINSHIP_GONE));
}

int kinship_of(struct folder *folder, struct folder *copy, const struct places *coming, enum kinship *ret_kinship,
               char ret_store[KINSHIP_NAME])
{
    char **names;
    size_t count;
    int error = folder_names(copy, &names, &count);
    if (error)
        return error;
    *ret_kinship = KINSHIP_OPEN;
    ret_store[0] = '\0';
    for (size_t i = 0; i < count && *ret_kinship != KINSHIP_SAME && !error; i++) {
        bool mute = false;
        enum kinship kinship = kinship_by(folder, copy, names[i]);
        if (coming && kinship != KINSHIP_SAME) /* else what is noted has come already */
            error = pending_is_noted(coming, names[i], &mute);
        if (error || mute || !tells_more(kinship, *ret_kinship))
            continue;
        *ret_kinship = kinship;
        (void)snprintf(ret_store, KINSHIP_NAME, "%s", names[i]);
    }
    free(names);
    return error;
}

int kinship_of_all(struct folder *folder, struct folder *copy, const struct places *made, char ret_store[KINSHIP_NAME])
{
    char **names;
    size_t count;
    int error = folder_names(copy, &names, &count);
    if (error)
        return error;
    ret_store[0] = '\0';
    for (size_t i = 0; i < count && !ret_store[0] && !error; i++) {
        bool counts = true;
        if (made)
            error = places_is_own(made, names[i], &counts);
        enum kinship kinship = counts && !error ? kinship_by(folder, copy, names[i]) : KINSHIP_OPEN;
        if (kinship == KINSHIP_GONE || kinship == KINSHIP_NONE)
            (void)snprintf(ret_store, KINSHIP_NAME, "%s", names[i]);
    }
    free(names);
    return error;
}
