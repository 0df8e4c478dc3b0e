/* intent.c - what is under way in a data folder. See intent.h. */
#include "store/depot/intent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char all_mark[] = ".all", only_mark[] = ".only.", beside_mark[] = ".beside";
static const char some_mark[] = ".some"; /* never on disk: nobody knows what for */

/* No store's name begins so, and no draft's. */
static void name_mark(const struct intent *intent, char mark[INTENT_MAX])
{
    const char *first = intent->beside ? beside_mark : intent->store ? only_mark : all_mark;
    const char *between = intent->beside && intent->store ? "." : "";
    (void)snprintf(mark, INTENT_MAX, "%s%s%s", first, between, intent->store ? intent->store : "");
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool ends_with(const char *text, const char *with)
{
    size_t length = strlen(text), end = strlen(with);
    return length >= end && strcmp(text + length - end, with) == 0;
}

static bool is_mark(const char *name)
{
    return strcmp(name, all_mark) == 0 || begins(name, only_mark) || begins(name, beside_mark);
}

/* ---- looking --------------------------------------------------------------------------------- */

/* The widest mark among the names. Without one it was for all; a transfer notes which stores it has made. */
static void find_mark(struct folder *folder, const char *names, char ret_mark[INTENT_MAX])
{
    bool beside = false;
    for (const char *name = names; *name; name += strlen(name) + 1) {
        beside = beside || ends_with(name, ".own");
        if (is_mark(name) && (!ret_mark[0] || strlen(name) < strlen(ret_mark)))
            (void)snprintf(ret_mark, INTENT_MAX, "%s", name);
    }
    if (!ret_mark[0] && (*names || folder_is_used(folder)))
        (void)snprintf(ret_mark, INTENT_MAX, "%s", beside ? beside_mark : *names ? all_mark : some_mark);
}

int intent_look(struct folder *folder, char ret_mark[INTENT_MAX])
{
    const struct io *io = folder->io;
    ret_mark[0] = '\0';
    int drafts = io->openat(io->self, folder->root, FOLDER_RESTORE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    if (drafts < 0) /* what is no folder is nobody's */
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : errno;
    char *names = io->list(io->self, drafts);
    int error = names ? 0 : errno;
    io->close(io->self, drafts);
    if (names)
        find_mark(folder, names, ret_mark);
    free(names);
    return error;
}

/* A mark in words: "a restoration of all stores". */
static void say(const char *mark, char *ret_words, size_t size)
{
    if (strcmp(mark, some_mark) == 0) {
        (void)snprintf(ret_words, size, "a restoration or a transfer");
        return;
    }
    bool beside = begins(mark, beside_mark);
    const char *rest = mark + strlen(beside ? beside_mark : begins(mark, only_mark) ? only_mark : all_mark);
    const char *store = rest + (*rest == '.');
    const char *what = beside ? "a transfer" : "a restoration";
    if (*store)
        (void)snprintf(ret_words, size, "%s of store %s alone", what, store);
    else
        (void)snprintf(ret_words, size, "%s of all stores", what);
}

struct failure intent_refuse(struct store_detail *detail, const char *path, const char *mark, const char *why)
{
    char words[INTENT_MAX + 64];
    say(mark, words, sizeof words);
    return failure_detail(
        detail, failure_of(STORE_FOREIGN),
        "%.160s holds the beginning of %s%s: the command that began it ends it, with the same source. "
        "Or `cairnd %s --give-up %.160s`: the stores that are there stay, whole, and others are "
        "missing",
        path, words, why, begins(mark, beside_mark) ? "transfer" : "restore", path);
}

/* ---- taking it down -------------------------------------------------------------------------- */

/* Who asks for all ends what was begun with one store. */
bool intent_ends(const struct intent *intent, const char *mark)
{
    char own[INTENT_MAX];
    name_mark(intent, own);
    if (strcmp(mark, some_mark) == 0)
        return intent->beside || !intent->store;
    return strcmp(mark, own) == 0 || (!intent->store && begins(mark, intent->beside ? beside_mark : only_mark));
}

static int make(const struct io *io, int drafts, const char *mark)
{
    int file = io_open_anew(io, drafts, mark, O_WRONLY);
    if (file < 0)
        return errno;
    int error = io->fsync(io->self, file) < 0 ? errno : 0;
    io->close(io->self, file);
    return !error && io->fsync(io->self, drafts) < 0 ? errno : error;
}

int intent_take(const struct io *io, int drafts, const struct intent *intent, bool *ret_made)
{
    char own[INTENT_MAX];
    bool there = false;
    char *names = io->list(io->self, drafts);
    *ret_made = false;
    if (!names)
        return errno;
    name_mark(intent, own);
    for (const char *name = names; *name; name += strlen(name) + 1)
        there = there || strcmp(name, own) == 0;
    free(names);
    *ret_made = !there;
    return there ? 0 : make(io, drafts, own);
}

int intent_drop(const struct io *io, int drafts, const struct intent *intent, bool *ret_begun)
{
    char own[INTENT_MAX];
    char *names = io->list(io->self, drafts);
    if (!names)
        return errno;
    *ret_begun = false;
    for (const char *name = names; *name; name += strlen(name) + 1)
        *ret_begun = *ret_begun || *name != '.';
    free(names);
    name_mark(intent, own);
    return *ret_begun || io->unlinkat(io->self, drafts, own, 0) == 0 || errno == ENOENT ? 0 : errno;
}
