/* ending.c - the end of what is under way in a folder. See ending.h. */
#include "store/backup/ending.h"

#include "store/backup/places.h"
#include "store/backup/tree.h"
#include "store/depot/intent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* Early ones noted there that an access file had come. */
static const char access_mark[] = ".access";

/* What is not cairn's is not removed, nor is anything beside it. */
static struct failure check_ours(struct premises *premises, const char *names)
{
    const char *name = names;
    while (*name && (intent_is_mark(name) || places_is_entry(name) || strcmp(name, access_mark) == 0))
        name += strlen(name) + 1;
    if (!*name)
        return failure_none();
    return failure_detail(premises->detail, failure_of(STORE_FOREIGN),
                          "%s/" FOLDER_RESTORE " holds '%.80s', which is none of cairn's: move it away, and run this "
                          "once more",
                          folder_word(premises->to_path), name);
}

/* At each moment what is under way is as it was, or it has ended: what was in the making goes, then the marks, and then
 * their folder, which says nothing without. An errno. */
static int remove_drafts(struct premises *premises, const char *names)
{
    const struct io *io = premises->io;
    int error = 0;
    for (const char *name = names; *name && !error; name += strlen(name) + 1)
        if (!intent_is_mark(name))
            error = tree_remove(io, premises->drafts, name);
    if (!error && io->fsync(io->self, premises->drafts) < 0)
        error = errno;
    if (!error)
        error = intent_end(io, premises->drafts);
    if (!error && io->fsync(io->self, premises->drafts) < 0)
        error = errno;
    if (!error && io->unlinkat(io->self, premises->to.root, FOLDER_RESTORE, AT_REMOVEDIR) < 0)
        error = errno;
    return !error && io->fsync(io->self, premises->to.root) < 0 ? errno : error;
}

static struct failure end_restoration(struct premises *premises, const char *what)
{
    char *names = premises->io->list(premises->io->self, premises->drafts);
    if (!names)
        return premises_fail(premises, errno, what, premises->to_path);
    struct failure failure = check_ours(premises, names);
    int error = failure.error ? 0 : remove_drafts(premises, names);
    free(names);
    return error ? premises_fail(premises, error, what, premises->to_path) : failure;
}

/* With TO open. */
static struct failure give_up(struct premises *premises)
{
    static const char what[] = "cannot give up what was begun in";
    const struct io *io = premises->io;
    char mark[INTENT_MAX];
    int error = intent_look(&premises->to, mark);
    if (!error && !mark[0])
        return failure_detail(premises->detail, failure_of(STORE_FOREIGN),
                              "%s holds no beginning of a restoration or a transfer", premises->to_path);
    if (!error)
        premises->drafts = io->openat(io->self, premises->to.root, FOLDER_RESTORE, O_RDONLY | O_DIRECTORY, 0);
    if (!error && premises->drafts < 0)
        error = errno;
    if (error)
        return premises_fail(premises, error, what, premises->to_path);
    struct failure failure = premises_recover(premises);
    return failure.error ? failure : end_restoration(premises, what);
}

struct failure ending_give_up(struct premises *premises)
{
    struct failure failure = premises_open_folder(premises, FOLDER_READ);
    if (failure.error)
        return failure;
    failure = give_up(premises);
    premises_close_to(premises);
    return failure;
}

struct failure ending_finish(struct premises *premises)
{
    const struct io *io = premises->io;
    if (premises->restore)
        return end_restoration(premises, "cannot finish");
    if (io->fsync(io->self, premises->to.root) < 0)
        return premises_fail(premises, errno, "cannot finish", premises->to_path);
    return failure_none();
}
