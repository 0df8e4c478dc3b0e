/* intent.c - what a restoration, or a transfer, was begun for. See intent.h. */
#include "store/backup/intent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char all_mark[] = ".all", only_mark[] = ".only.", beside_mark[] = ".beside";

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

/* Who asks for all ends what was begun with one store. */
static bool allows(const struct intent *intent, const char *own, const char *mark)
{
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

int intent_take(const struct io *io, int drafts, const struct intent *intent, bool *ret_made,
                char ret_other[INTENT_MAX])
{
    char own[INTENT_MAX];
    bool there = false, told = false;
    char *names = io->list(io->self, drafts);
    if (!names)
        return errno;
    name_mark(intent, own);
    ret_other[0] = '\0';
    for (const char *name = names; *name; name += strlen(name) + 1) {
        if (strcmp(name, all_mark) != 0 && !begins(name, only_mark) && !begins(name, beside_mark))
            continue;
        told = true;
        there = there || strcmp(name, own) == 0;
        if (!allows(intent, own, name) && (!ret_other[0] || strlen(name) < strlen(ret_other))) /* the widest */
            (void)snprintf(ret_other, INTENT_MAX, "%s", name);
    }
    free(names);
    if (!told && intent->late && intent->store)
        (void)snprintf(ret_other, INTENT_MAX, "%s", intent->beside ? beside_mark : all_mark);
    *ret_made = !there && !ret_other[0];
    return *ret_made ? make(io, drafts, own) : 0;
}

void intent_words(const char *mark, char *ret_words, size_t size)
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
    return *ret_begun || io->unlinkat(io->self, drafts, own, 0) == 0 ? 0 : errno;
}
