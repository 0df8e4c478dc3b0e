/* pending.c - marks by their names. See pending.h. */
#include "store/backup/pending.h"

#include "store/depot/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char prefix[] = ".pending."; /* no store's draft begins so */

enum { MARK_MAX = sizeof prefix + STORE_NAME_MAX };

/* The store of a mark, or NULL: it is none. */
static const char *store_of(const char *entry)
{
    size_t length = sizeof prefix - 1;
    return strncmp(entry, prefix, length) == 0 && store_name_valid(entry + length) ? entry + length : NULL;
}

static void name_mark(const char *name, char mark[MARK_MAX])
{
    (void)snprintf(mark, MARK_MAX, "%s%s", prefix, name);
}

/* Whether an entry is there; an errno. What has its name, and is something else, is none. */
static int find(const struct io *io, int folder, const char *entry, int flags, bool *ret_there)
{
    int file = io->openat(io->self, folder, entry, O_RDONLY | flags, 0);
    *ret_there = file >= 0;
    if (file < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : errno;
    io->close(io->self, file);
    return 0;
}

static int has_copy(const struct places *places, const char *name, bool *ret_has)
{
    return find(places->io, places->copies, name, O_DIRECTORY, ret_has);
}

static int make(const struct places *places, const char *name)
{
    char mark[MARK_MAX];
    name_mark(name, mark);
    int file = io_open_anew(places->io, places->drafts, mark, O_WRONLY);
    if (file < 0)
        return errno;
    places->io->close(places->io->self, file);
    return 0;
}

void pending_settle(const struct places *places, const char *name)
{
    char mark[MARK_MAX];
    name_mark(name, mark);
    places->io->unlinkat(places->io->self, places->drafts, mark, 0); /* else the copy tells that it is done */
}

static bool is_among(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* Takes back the notes of others; an errno. */
static int settle_others(const struct places *places, const char *const *names, size_t count)
{
    char *entries = places->io->list(places->io->self, places->drafts);
    if (!entries)
        return errno;
    for (const char *entry = entries; *entry; entry += strlen(entry) + 1) {
        const char *name = store_of(entry);
        if (name && !is_among(name, names, count))
            pending_settle(places, name);
    }
    free(entries);
    return 0;
}

int pending_expect(const struct places *places, const char *const *names, size_t count, bool all)
{
    const struct io *io = places->io;
    int error = all ? settle_others(places, names, count) : 0;
    for (size_t i = 0; i < count && !error; i++) {
        bool has;
        error = has_copy(places, names[i], &has);
        if (!error && !has)
            error = make(places, names[i]);
    }
    return !error && io->fsync(io->self, places->drafts) < 0 ? errno : error;
}

int pending_note(const struct places *places, const char *name)
{
    int error = make(places, name);
    return !error && places->io->fsync(places->io->self, places->drafts) < 0 ? errno : error;
}

int pending_is_noted(const struct places *places, const char *name, bool *ret_noted)
{
    char mark[MARK_MAX];
    name_mark(name, mark);
    return find(places->io, places->drafts, mark, O_NONBLOCK | O_NOFOLLOW, ret_noted);
}

int pending_each_entry(const struct places *places, void (*tell)(void *arg, const char *name), void *arg)
{
    char *entries = places->io->list(places->io->self, places->drafts);
    if (!entries)
        return errno;
    for (const char *entry = entries; *entry; entry += strlen(entry) + 1) {
        char old[STORE_NAME_MAX + 1];
        const char *name = places_read_old(entry, old) ? old : store_of(entry);
        if (name)
            tell(arg, name);
    }
    free(entries);
    return 0;
}

struct search {
    const struct places *places;
    void (*tell)(void *arg, const char *name);
    void *arg;
    int error;
};

static void tell_missing(void *arg, const char *name)
{
    struct search *search = arg;
    bool has = true;
    if (!search->error)
        search->error = has_copy(search->places, name, &has);
    if (!has && !search->error)
        search->tell(search->arg, name);
}

int pending_each(const struct places *places, void (*tell)(void *arg, const char *name), void *arg)
{
    struct search search = {.places = places, .tell = tell, .arg = arg};
    int error = pending_each_entry(places, tell_missing, &search);
    return error ? error : search.error;
}

void pending_withdraw(const struct places *places)
{
    char *entries = places->io->list(places->io->self, places->drafts);
    bool alone = entries;
    for (const char *entry = entries; alone && *entry; entry += strlen(entry) + 1)
        alone = store_of(entry);
    if (alone)
        (void)settle_others(places, NULL, 0);
    free(entries);
}
