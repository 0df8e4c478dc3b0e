/* intent.c - what is under way in a data folder. See intent.h. */
#include "store/depot/intent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char all_mark[] = ".all", only_mark[] = ".only.", beside_mark[] = ".beside";
static const char lost_mark[] = ".lost"; /* never on disk: nobody knows what for */

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

bool intent_is_mark(const char *name)
{
    return strcmp(name, all_mark) == 0 || begins(name, only_mark) || begins(name, beside_mark);
}

/* ---- looking --------------------------------------------------------------------------------- */

/* The widest mark among the names; "": there is none. */
static void find_mark(const char *names, char ret_mark[INTENT_MAX])
{
    ret_mark[0] = '\0';
    for (const char *name = names; *name; name += strlen(name) + 1)
        if (intent_is_mark(name) && (!ret_mark[0] || strlen(name) < strlen(ret_mark)))
            (void)snprintf(ret_mark, INTENT_MAX, "%s", name);
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
        find_mark(names, ret_mark);
    if (names && *names && !ret_mark[0])
        (void)snprintf(ret_mark, INTENT_MAX, "%s", lost_mark);
    free(names);
    return error;
}

/* A mark in words: "a restoration of all stores". */
static void say(const char *mark, char *ret_words, size_t size)
{
    bool beside = begins(mark, beside_mark);
    const char *rest = mark + strlen(beside ? beside_mark : begins(mark, only_mark) ? only_mark : all_mark);
    const char *store = rest + (*rest == '.');
    const char *what = beside ? "a transfer" : "a restoration";
    if (*store)
        (void)snprintf(ret_words, size, "%s of store %s alone", what, store);
    else
        (void)snprintf(ret_words, size, "%s of all stores", what);
}

static struct failure refuse_lost(struct store_detail *detail, const char *path, const char *why)
{
    return failure_detail(detail, failure_of(STORE_FOREIGN),
                          "%s holds the beginning of a restoration or a transfer%s: what it was begun for cannot be "
                          "told, and nothing goes on with it. `cairnd restore --give-up %s` ends it, and the stores "
                          "that are there stay as they are",
                          folder_word(path), why, folder_word(path));
}

struct failure intent_refuse(struct store_detail *detail, const char *path, const char *mark, const char *why)
{
    char words[INTENT_MAX + 64];
    if (strcmp(mark, lost_mark) == 0)
        return refuse_lost(detail, path, why);
    say(mark, words, sizeof words);
    return failure_detail(detail, failure_of(STORE_FOREIGN),
                          "%s holds the beginning of %s%s: the command that began it ends it, with the same source. "
                          "Or `cairnd %s --give-up %s`: the stores that are there stay, whole, and others are missing",
                          folder_word(path), words, why, begins(mark, beside_mark) ? "transfer" : "restore",
                          folder_word(path));
}

/* ---- taking it down -------------------------------------------------------------------------- */

/* Who asks for all ends what was begun with one store. */
bool intent_ends(const struct intent *intent, const char *mark)
{
    char own[INTENT_MAX];
    name_mark(intent, own);
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

int intent_drop(const struct io *io, int drafts, const struct intent *intent)
{
    char own[INTENT_MAX];
    name_mark(intent, own);
    return io->unlinkat(io->self, drafts, own, 0) < 0 && errno != ENOENT ? errno : 0;
}

int intent_end(const struct io *io, int drafts)
{
    char widest[INTENT_MAX];
    char *names = io->list(io->self, drafts);
    int error = names ? 0 : errno;
    if (names)
        find_mark(names, widest);
    for (const char *name = names; name && *name && !error; name += strlen(name) + 1)
        if (intent_is_mark(name) && strcmp(name, widest) != 0 && io->unlinkat(io->self, drafts, name, 0) < 0)
            error = errno;
    free(names);
    if (!error && widest[0] && io->unlinkat(io->self, drafts, widest, 0) < 0)
        error = errno;
    return error;
}
