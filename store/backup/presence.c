/* presence.c - looks that are repeated until nothing has moved between them. See presence.h.
 *
 * What has moved is known by the time of the last change of the folder of the stores. Within a tick of the clock that
 * may be the same one: so the place is looked at twice as well, and only a store that was exchanged twice within a tick
 * would not be seen.
 */
#include "store/backup/presence.h"

#include "store/backup/imprint.h"
#include "store/backup/pending.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { LOOKS_MAX = 100 };

int presence_open(const struct folder *source, struct places *ret_places)
{
    const struct io *io = source->io;
    int drafts = io->openat(io->self, source->root, BACKUP_DRAFTS, O_RDONLY | O_DIRECTORY, 0);
    *ret_places = (struct places){.io = io, .copies = source->stores, .drafts = drafts};
    return drafts < 0 && errno != ENOENT ? errno : 0;
}

static void close_places(const struct places *places)
{
    places->io->close(places->io->self, places->drafts);
}

/* ---- one store ------------------------------------------------------------------------------- */

int presence_is_there(struct folder *source, const char *name, bool *ret_there)
{
    const struct io *io = source->io;
    bool held = false;
    int folder = io->openat(io->self, source->stores, name, O_RDONLY | O_DIRECTORY, 0);
    int error = folder < 0 && errno != ENOENT ? errno : 0;
    if (folder >= 0) {
        io->close(io->self, folder);
        error = trash_learn(&source->trash);
        if (!error)
            error = trash_has_held(&source->trash, name, &held);
    }
    *ret_there = folder >= 0 && !held;
    return error;
}

/* What stands in the place of one that is not there; an errno. */
static int look_aside(const struct places *places, const char *name, enum presence *ret_presence)
{
    bool old, noted = false;
    int error = places_has_old(places, name, &old);
    if (!error && !old)
        error = pending_is_noted(places, name, &noted);
    *ret_presence = old ? PRESENCE_AWAY : noted ? PRESENCE_LACKING : PRESENCE_GONE;
    return error;
}

/* Looks once; an errno. *ret_same: nothing has moved meanwhile. */
static int look(struct folder *source, const struct places *places, const char *name, enum presence *ret_presence,
                bool *ret_same)
{
    struct imprint before, behind;
    bool there = false;
    int error = imprint_of(source->io, source->stores, &before);
    if (!error)
        error = presence_is_there(source, name, &there);
    if (!error && !there)
        error = look_aside(places, name, ret_presence);
    if (!error && !there)
        error = presence_is_there(source, name, &there);
    if (!error)
        error = imprint_of(source->io, source->stores, &behind);
    if (error)
        return error;
    if (there)
        *ret_presence = PRESENCE_THERE;
    *ret_same = there || imprint_same_bytes(&before, &behind);
    return 0;
}

int presence_of(struct folder *source, const char *name, enum presence *ret_presence)
{
    struct places places;
    bool there = false, same = false;
    int error = presence_open(source, &places);
    if (error)
        return error;
    if (places.drafts < 0) {
        error = presence_is_there(source, name, &there);
        *ret_presence = there ? PRESENCE_THERE : PRESENCE_GONE;
        return error;
    }
    for (unsigned i = 0; i < LOOKS_MAX && !error && !same; i++)
        error = look(source, &places, name, ret_presence, &same);
    if (!error && !same)
        *ret_presence = PRESENCE_AWAY;
    close_places(&places);
    return error;
}

/* ---- all of them ------------------------------------------------------------------------------- */

/* Names that were seen, each as often as it was. */
struct roll {
    char **names;
    size_t count;
    size_t capacity;
    int error;
};

static void add(void *arg, const char *name)
{
    struct roll *roll = arg;
    if (!roll->error && roll->count == roll->capacity) {
        size_t capacity = roll->capacity ? 2 * roll->capacity : 64;
        char **names = realloc(roll->names, capacity * sizeof *names);
        roll->error = names ? 0 : ENOMEM;
        roll->names = names ? names : roll->names;
        roll->capacity = names ? capacity : roll->capacity;
    }
    if (roll->error)
        return;
    roll->names[roll->count] = strdup(name);
    roll->error = roll->names[roll->count] ? 0 : ENOMEM;
    roll->count += !roll->error;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Each once, in order. */
static void sort(struct roll *roll)
{
    size_t count = 0;
    if (roll->count > 0)
        qsort(roll->names, roll->count, sizeof *roll->names, compare);
    for (size_t i = 0; i < roll->count; i++)
        if (count > 0 && strcmp(roll->names[count - 1], roll->names[i]) == 0)
            free(roll->names[i]);
        else
            roll->names[count++] = roll->names[i];
    roll->count = count;
}

static void free_roll(struct roll *roll)
{
    for (size_t i = 0; i < roll->count; i++)
        free(roll->names[i]);
    free(roll->names);
}

static int add_stores(struct folder *source, struct roll *roll)
{
    char **names;
    size_t count;
    int error = folder_names(source, &names, &count);
    if (error)
        return error;
    for (size_t i = 0; i < count; i++)
        add(roll, names[i]);
    free(names);
    return roll->error;
}

/* Lists once; an errno. *ret_same: nothing has moved meanwhile. */
static int list(struct folder *source, const struct places *places, struct roll *roll, bool *ret_same)
{
    struct imprint before, behind;
    int error = imprint_of(source->io, source->stores, &before);
    if (!error)
        error = add_stores(source, roll);
    if (!error)
        error = pending_each_entry(places, add, roll);
    if (!error)
        error = roll->error ? roll->error : add_stores(source, roll);
    if (!error)
        error = imprint_of(source->io, source->stores, &behind);
    if (!error) {
        *ret_same = imprint_same_bytes(&before, &behind);
        sort(roll);
    }
    return error;
}

/* One block of memory; an errno. */
static int pack(const struct roll *roll, char ***ret_names, size_t *ret_count)
{
    size_t text = 0;
    for (size_t i = 0; i < roll->count; i++)
        text += strlen(roll->names[i]) + 1;
    char **names = malloc((roll->count + 1) * sizeof *names + text);
    if (!names)
        return ENOMEM;
    char *end = (char *)(names + roll->count + 1);
    for (size_t i = 0; i < roll->count; i++) {
        size_t size = strlen(roll->names[i]) + 1;
        names[i] = memcpy(end, roll->names[i], size);
        end += size;
    }
    names[roll->count] = NULL;
    *ret_names = names;
    *ret_count = roll->count;
    return 0;
}

int presence_names(struct folder *source, char ***ret_names, size_t *ret_count)
{
    struct places places;
    struct roll roll = {0};
    bool same = false;
    int error = presence_open(source, &places);
    if (error)
        return error;
    if (places.drafts < 0)
        return folder_names(source, ret_names, ret_count);
    for (unsigned i = 0; i < LOOKS_MAX && !error && !same; i++)
        error = list(source, &places, &roll, &same);
    close_places(&places);
    if (!error)
        error = pack(&roll, ret_names, ret_count);
    free_roll(&roll);
    return error;
}
