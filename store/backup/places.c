/* places.c - where the copies of stores are, and where they are made. See places.h. */
#include "store/backup/places.h"

#include "store/backup/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char new_ending[] = ".new", old_ending[] = ".old", own_ending[] = ".own";

void places_draft(const char *name, char ret_draft[PLACES_DRAFT_MAX])
{
    (void)snprintf(ret_draft, PLACES_DRAFT_MAX, "%s%s", name, new_ending);
}

static void name_old(const char *name, char ret_old[PLACES_DRAFT_MAX])
{
    (void)snprintf(ret_old, PLACES_DRAFT_MAX, "%s%s", name, old_ending);
}

/* The store of an entry that ends so. */
static bool read_entry(const char *entry, const char *ending, char ret_name[STORE_NAME_MAX + 1])
{
    size_t length = strlen(entry), end = strlen(ending);
    if (length <= end || length - end > STORE_NAME_MAX || strcmp(entry + length - end, ending) != 0)
        return false;
    (void)snprintf(ret_name, STORE_NAME_MAX + 1, "%.*s", (int)(length - end), entry);
    return store_name_valid(ret_name);
}

bool places_read_old(const char *entry, char ret_name[STORE_NAME_MAX + 1])
{
    return read_entry(entry, old_ending, ret_name);
}

bool places_is_entry(const char *entry)
{
    char name[STORE_NAME_MAX + 1];
    return read_entry(entry, new_ending, name) || read_entry(entry, old_ending, name) ||
           read_entry(entry, own_ending, name);
}

static int sync_both(const struct places *places)
{
    const struct io *io = places->io;
    return io->fsync(io->self, places->copies) < 0 || io->fsync(io->self, places->drafts) < 0 ? errno : 0;
}

/* Moves the copy that there is out of the way; an errno, 0 also where there is none. */
static int put_aside(const struct places *places, const char *name)
{
    char old[PLACES_DRAFT_MAX];
    name_old(name, old);
    int error = tree_remove(places->io, places->drafts, old);
    if (!error && places->io->renameat(places->io->self, places->copies, name, places->drafts, old) < 0)
        error = errno;
    return error == ENOENT ? 0 : error;
}

/* Where the file system cannot exchange two folders, a kill between the two renames leaves both among the drafts: the
 * next run brings the old one back (places_recover()). An errno. */
static int exchange(const struct places *places, const char *name, const char *draft)
{
    const struct io *io = places->io;
    if (io->exchange(io->self, places->drafts, draft, places->copies, name) == 0)
        return 0;
    if (errno != ENOENT && errno != EINVAL && errno != ENOSYS)
        return errno;
    int error = put_aside(places, name);
    if (!error && io->renameat(io->self, places->drafts, draft, places->copies, name) < 0)
        error = errno;
    return error;
}

int places_clear(const struct places *places, const char *name)
{
    char draft[PLACES_DRAFT_MAX], old[PLACES_DRAFT_MAX];
    places_draft(name, draft);
    name_old(name, old);
    int error = tree_remove(places->io, places->drafts, draft);
    return error ? error : tree_remove(places->io, places->drafts, old);
}

int places_change(const struct places *places, const char *name)
{
    char draft[PLACES_DRAFT_MAX];
    places_draft(name, draft);
    int error = exchange(places, name, draft);
    if (!error)
        error = sync_both(places);
    return error ? error : places_clear(places, name);
}

/* An errno. */
static int bring_back(const struct places *places, const char *old, const char *name)
{
    const struct io *io = places->io;
    int copy = io->openat(io->self, places->copies, name, O_RDONLY | O_DIRECTORY, 0);
    if (copy >= 0)
        io->close(io->self, copy);
    if (copy >= 0 || errno != ENOENT)
        return copy >= 0 ? 0 : errno;
    if (io->renameat(io->self, places->drafts, old, places->copies, name) < 0)
        return errno;
    return sync_both(places);
}

int places_recover(const struct places *places)
{
    char store[STORE_NAME_MAX + 1];
    char *names = places->io->list(places->io->self, places->drafts);
    int error = names ? 0 : errno;
    for (const char *name = names; name && *name && !error; name += strlen(name) + 1)
        if (places_read_old(name, store))
            error = bring_back(places, name, store);
    free(names);
    return error;
}

int places_own(const struct places *places, const char *name)
{
    const struct io *io = places->io;
    char own[PLACES_DRAFT_MAX];
    (void)snprintf(own, sizeof own, "%s%s", name, own_ending);
    int mark = io->openat(io->self, places->drafts, own, O_WRONLY | O_CREAT | O_NOFOLLOW, 0600);
    if (mark < 0)
        return errno;
    int error = io->fsync(io->self, mark) < 0 || io->fsync(io->self, places->drafts) < 0 ? errno : 0;
    io->close(io->self, mark);
    return error;
}

/* Whether there is that entry among the drafts; an errno. */
static int find(const struct places *places, const char *entry, int flags, bool *ret_there)
{
    const struct io *io = places->io;
    int file = io->openat(io->self, places->drafts, entry, O_RDONLY | flags, 0);
    *ret_there = file >= 0;
    if (file < 0)
        return errno == ENOENT || errno == ELOOP || (flags && errno == ENOTDIR) ? 0 : errno;
    io->close(io->self, file);
    return 0;
}

int places_is_own(const struct places *places, const char *name, bool *ret_own)
{
    char own[PLACES_DRAFT_MAX];
    (void)snprintf(own, sizeof own, "%s%s", name, own_ending);
    return find(places, own, 0, ret_own);
}

int places_has_old(const struct places *places, const char *name, bool *ret_there)
{
    char old[PLACES_DRAFT_MAX];
    name_old(name, old);
    return find(places, old, O_DIRECTORY, ret_there);
}

int places_remove(const struct places *places, const char *name)
{
    int error = put_aside(places, name);
    if (!error)
        error = sync_both(places);
    return error ? error : places_clear(places, name);
}
