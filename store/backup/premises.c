/* premises.c - the two data folders of a backup. See premises.h. */
#include "store/backup/premises.h"

#include "store/backup/followed.h"
#include "store/backup/kinship.h"
#include "store/backup/nesting.h"
#include "store/backup/pending.h"
#include "store/backup/presence.h"
#include "store/backup/tree.h"
#include "store/depot/intent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct failure premises_fail(const struct premises *premises, int os_error, const char *what, const char *path)
{
    return failure_detail(premises->detail, failure_of_errno(os_error), "%s %s: %s", what, path, strerror(os_error));
}

/* Which stores of a folder that is open are only still being removed; on failure it is closed. */
static struct failure learn_trash(const struct premises *premises, struct folder *folder, const char *path)
{
    int error = trash_learn(&folder->trash);
    if (!error)
        return failure_none();
    folder_close(folder);
    return premises_fail(premises, error, "cannot list the trash of", path);
}

static struct failure refuse(const struct premises *premises, const char *sentence)
{
    return failure_detail(premises->detail, failure_of(STORE_FOREIGN), "%s %s", premises->to_path, sentence);
}

/* ---- one within the other ---------------------------------------------------------------------- */

/* A copy within what it is a copy of would be copied with it, and the other way round it would be overwritten. What
 * lies in the backup's own folder of drafts may be copied to it: there a server is followed. */
static struct failure check_apart(struct premises *premises)
{
    const char *but = premises->part ? BACKUP_DRAFTS : NULL;
    enum nesting nesting;
    int error = nesting_of(&premises->reading, premises->from.root, premises->to_path, but, &nesting, &premises->fresh);
    if (error)
        return premises_fail(premises, error, "cannot look at", premises->to_path);
    if (nesting == NESTING_SAME)
        return refuse(premises, "is the folder that is to be copied");
    if (nesting == NESTING_AROUND)
        return refuse(premises, "is a folder in which the one lies that is to be copied: name another folder");
    return nesting == NESTING_WITHIN ? refuse(premises, "lies in the folder that is to be copied: name another folder")
                                     : failure_none();
}

/* ---- to where -------------------------------------------------------------------------------- */

static struct places places_of(const struct premises *premises)
{
    return (struct places){premises->io, premises->to.stores, premises->drafts};
}

static const char *drafts_name(const struct premises *premises)
{
    return premises->restore ? FOLDER_RESTORE : BACKUP_DRAFTS;
}

struct failure premises_refuse_restored(const struct premises *premises)
{
    return refuse(premises, "holds what was restored already, or has gone on since: it was left untouched; `cairnd "
                            "check` compares its bytes, and to restore once more name another folder");
}

/* A data folder with stores in it that is no backup is somebody's, and stays as it is. Where it has what is to be
 * restored, nothing is to be done. */
static struct failure judge_stores(struct premises *premises, bool backup)
{
    enum kinship kinship = KINSHIP_NONE;
    char store[KINSHIP_NAME];
    if (!premises->restore)
        return refuse(premises, "holds data, and is no backup: it was left untouched, name another folder");
    bool same = !kinship_of(&premises->from, &premises->to, NULL, &kinship, store) && kinship == KINSHIP_SAME;
    premises->ended = same && !backup;
    return premises->ended ? failure_none()
           : same          ? premises_refuse_restored(premises)
                           : refuse(premises, "holds data: it was left untouched, name another folder");
}

/* Whether there is a backup's folder of drafts; an errno. */
static int is_backup(const struct premises *premises, bool *ret_there)
{
    const struct io *io = premises->io;
    int folder = io->openat(io->self, premises->to.root, BACKUP_DRAFTS, O_RDONLY | O_DIRECTORY, 0);
    int error = folder < 0 && errno != ENOENT ? errno : 0;
    if (folder >= 0)
        io->close(io->self, folder);
    *ret_there = folder >= 0;
    return error;
}

/* Which of the two a folder is has to be known: the other one's stores would take the place of what it has. */
static struct failure refuse_backup(struct premises *premises, bool begun)
{
    if (!begun)
        return refuse(premises, "holds the beginning of a backup: name another folder or, where nothing is to come of "
                                "it, remove its folder '" BACKUP_DRAFTS "'");
    return refuse(premises, "holds the beginning of a restoration, and is a backup as well: remove its folder "
                            "'" BACKUP_DRAFTS "' if it is to be restored, or '" FOLDER_RESTORE "' if what it has is "
                            "the backup");
}

static struct intent intent_of(const struct premises *premises)
{
    return (struct intent){.store = premises->store, .beside = premises->beside};
}

/* What TO is, and what is under way in it: nothing has been changed yet. */
static struct failure check_to(struct premises *premises)
{
    const struct intent intent = intent_of(premises);
    char mark[INTENT_MAX];
    bool backup = false;
    int error = intent_look(&premises->to, mark);
    if (!error)
        error = is_backup(premises, &backup);
    if (error)
        return premises_fail(premises, error, "cannot open the parts of", premises->to_path);
    if (mark[0] && (!premises->restore || !intent_ends(&intent, mark)))
        return intent_refuse(premises->detail, premises->to_path, mark, ", and was left untouched");
    bool begun = premises->restore ? premises->beside || mark[0] : backup;
    if (!begun && folder_is_used(&premises->to))
        return judge_stores(premises, backup);
    return premises->restore && !premises->beside && backup ? refuse_backup(premises, mark[0]) : failure_none();
}

static struct failure open_drafts(struct premises *premises)
{
    struct folder *to = &premises->to;
    const struct io *io = premises->io;
    const char *name = drafts_name(premises);
    premises->made = io->mkdirat(io->self, to->root, name, 0700) == 0;
    if (premises->made || errno == EEXIST)
        premises->drafts = io->openat(io->self, to->root, name, O_RDONLY | O_DIRECTORY, 0);
    if (premises->drafts >= 0 && io->fsync(io->self, to->root) == 0)
        return failure_none();
    int error = errno;
    if (premises->made)
        io->unlinkat(io->self, to->root, name, AT_REMOVEDIR);
    return premises_fail(premises, error, "cannot make the parts of", premises->to_path);
}

void premises_close_to(struct premises *premises)
{
    if (premises->drafts >= 0)
        premises->io->close(premises->io->self, premises->drafts);
    folder_close(&premises->to);
}

struct failure premises_open_folder(struct premises *premises, enum folder_use use)
{
    premises->drafts = -1;
    io_within(&premises->within, premises->to_io);
    premises->io = &premises->within;
    struct failure failure = folder_open(&premises->to, premises->io, premises->to_path, use, premises->detail);
    return failure.error ? failure : learn_trash(premises, &premises->to, premises->to_path);
}

struct failure premises_recover(struct premises *premises)
{
    const struct places places = places_of(premises);
    int error = places_recover(&places);
    return error ? premises_fail(premises, error, "cannot bring copies back in", premises->to_path) : failure_none();
}

static struct failure open_to(struct premises *premises)
{
    struct failure failure = premises_open_folder(premises, FOLDER_SERVE);
    if (failure.error)
        return failure;
    failure = check_to(premises);
    if (!failure.error && !premises->ended)
        failure = open_drafts(premises);
    if (!failure.error && !premises->ended)
        failure = premises_recover(premises);
    if (failure.error)
        premises_close_to(premises);
    return failure;
}

/* ---- the backup of a server ---------------------------------------------------------------------- */

/* What was followed is what was copied, but for stores that are followed anew and have not come to TO since. */
static struct failure check_server(struct premises *premises)
{
    const struct places places = places_of(premises);
    enum kinship kinship = KINSHIP_OPEN;
    char store[KINSHIP_NAME];
    struct io reading;
    struct folder server;
    bool proper, there = false;
    int error = followed_is_proper(&places, &proper);
    if (!error && !proper)
        return refuse(premises, "cannot follow a server: its '" BACKUP_DRAFTS "/" BACKUP_SERVER "' is no folder that "
                                "can be opened, and links are not followed; remove it");
    if (!error && !premises->any_source)
        error = followed_open(premises->to_io, premises->to_path, &places, &reading, &server, &there);
    if (there) {
        error = kinship_of(&server, &premises->to, &places, &kinship, store);
        folder_close(&server);
    }
    if (error)
        return premises_fail(premises, error, "cannot look at what was copied to", premises->to_path);
    if (kinship != KINSHIP_GONE && kinship != KINSHIP_NONE)
        return failure_none();
    return failure_detail(
        premises->detail, failure_of(STORE_FOREIGN),
        "%s is the backup of another source by now: its store %s was not copied from a server, and no "
        "other one was. It was left untouched: name another folder or, where this is what you want, "
        "--replace",
        premises->to_path, store);
}

struct failure premises_open_to(struct premises *premises, bool *ret_empty)
{
    struct failure failure = open_to(premises);
    if (failure.error)
        return failure;
    failure = check_server(premises);
    if (failure.error)
        premises_close_to(premises);
    else
        *ret_empty = !folder_is_used(&premises->to);
    return failure;
}

int premises_is_renewed(const struct premises *premises, const char *name, bool *ret_renewed)
{
    const struct places places = places_of(premises);
    struct io reading;
    struct folder server;
    bool there;
    int error = pending_is_noted(&places, name, ret_renewed);
    if (error || !*ret_renewed)
        return error;
    error = followed_open(premises->to_io, premises->to_path, &places, &reading, &server, &there);
    if (error || !there)
        return error;
    *ret_renewed = kinship_by(&server, &premises->to, name) != KINSHIP_SAME;
    folder_close(&server);
    return 0;
}

int premises_leave_server(struct premises *premises)
{
    const struct places places = places_of(premises);
    return followed_remove(&places);
}

/* ---- both ------------------------------------------------------------------------------------ */

/* The folder is the wrong one, perhaps an empty one where a volume is not mounted; or the stores were removed. */
static struct failure refuse_gone(const struct premises *premises, const char *store)
{
    return failure_detail(premises->detail, failure_of(STORE_FOREIGN),
                          "store %s was copied before, and is not in %s any more, nor is another one that was copied. "
                          "Its copy stays, and nothing was touched. Is that the right folder, with its volume? Then "
                          "--replace copies what it has now, and --prune --replace removes the copy as well",
                          store, premises->from_path);
}

/* A backup that is being renewed is the right one, whatever it is without for a moment. */
static struct failure check_gone(struct premises *premises, const char *store)
{
    enum presence presence;
    int error = presence_of(&premises->from, store, &presence);
    if (error)
        return premises_fail(premises, error, "cannot list the stores of", premises->from_path);
    if (presence == PRESENCE_GONE || presence == PRESENCE_LACKING)
        return refuse_gone(premises, store);
    return failure_detail(premises->detail, failure_of(STORE_BUSY),
                          "store %s is put aside in %s, which is being renewed, or the run that renewed it was cut "
                          "short: run this once more when that has ended, or when `cairnd check` of that backup has "
                          "put it back",
                          store, premises->from_path);
}

static struct failure refuse_other(const struct premises *premises, const char *store)
{
    return failure_detail(
        premises->detail, failure_of(STORE_FOREIGN),
        "%s is the backup of another source: store %s of %s is not the one that was copied, and it "
        "has no other one that was. It was left untouched: name another folder or, where this is what "
        "you want, --replace",
        premises->to_path, store, premises->from_path);
}

/* Where nothing has come to its place that tells, what was followed of a server does. */
static int find_kinship(struct premises *premises, enum kinship *ret_kinship, char ret_store[KINSHIP_NAME])
{
    const struct places places = places_of(premises);
    struct io reading;
    struct folder server;
    bool there;
    int error = kinship_of(&premises->from, &premises->to, NULL, ret_kinship, ret_store);
    if (error || *ret_kinship != KINSHIP_OPEN)
        return error;
    error = followed_open(premises->to_io, premises->to_path, &places, &reading, &server, &there);
    if (error || !there)
        return error;
    error = kinship_of(&premises->from, &server, NULL, ret_kinship, ret_store);
    folder_close(&server);
    return error;
}

/* A source that has none of the stores that the backup is of is another one, or was made anew. */
static struct failure check_kinship(struct premises *premises)
{
    enum kinship kinship = KINSHIP_OPEN;
    char store[KINSHIP_NAME];
    int error = premises->any_source || premises->part ? 0 : find_kinship(premises, &kinship, store);
    if (error)
        return premises_fail(premises, error, "cannot list the stores of", premises->to_path);
    if (kinship == KINSHIP_GONE)
        return check_gone(premises, store);
    return kinship == KINSHIP_NONE ? refuse_other(premises, store) : failure_none();
}

struct failure premises_check_kin(struct premises *premises)
{
    enum kinship kinship = KINSHIP_SAME;
    char store[KINSHIP_NAME];
    bool counts = !premises->any_source && !premises->part;
    int error = counts ? kinship_of(&premises->from, &premises->to, NULL, &kinship, store) : 0;
    if (error)
        return premises_fail(premises, error, "cannot list the stores of", premises->to_path);
    if (kinship == KINSHIP_SAME)
        return failure_none();
    return failure_detail(premises->detail, failure_of(STORE_FOREIGN),
                          "%s has no store now that was copied: is it the right folder still, with its volume? No copy "
                          "was removed; run this once more, or, where this is what you want, with --prune --replace",
                          premises->from_path);
}

/* What was cut short is ended with the source that it was begun with: all that it has brought is of that one. */
static struct failure check_begun(struct premises *premises)
{
    const struct places places = places_of(premises);
    char store[KINSHIP_NAME];
    int error = kinship_of_all(&premises->from, &premises->to, premises->beside ? &places : NULL, store);
    if (error)
        return premises_fail(premises, error, "cannot list the stores of", premises->to_path);
    if (!store[0])
        return failure_none();
    const char *command = premises->beside ? "transfer" : "restore";
    return failure_detail(premises->detail, failure_of(STORE_FOREIGN),
                          "%s holds the beginning of another %s: its store %s is not one of this source, or was made "
                          "anew there. It was left untouched: end it with the source that it was begun with, or "
                          "`cairnd %s --give-up %s`",
                          folder_word(premises->to_path), premises->beside ? "transfer" : "restoration", store, command,
                          folder_word(premises->to_path));
}

/* Takes down what is begun here, if it is. */
static struct failure begin(struct premises *premises)
{
    const struct intent intent = intent_of(premises);
    struct failure failure = check_begun(premises);
    if (failure.error)
        return failure;
    int error = intent_take(premises->io, premises->drafts, &intent, &premises->marked);
    return error ? premises_fail(premises, error, "cannot make the parts of", premises->to_path) : failure_none();
}

/* What is in a folder that was restored in part may be taken for all that there is by nobody. */
struct failure premises_check_from(struct premises *premises)
{
    char mark[INTENT_MAX];
    int error = intent_look(&premises->from, mark);
    if (error)
        return premises_fail(premises, error, "cannot look into", premises->from_path);
    return mark[0] ? intent_refuse(premises->detail, premises->from_path, mark,
                                   ", and is not copied before that has "
                                   "ended")
                   : failure_none();
}

/* ---- from where, if that is a backup ------------------------------------------------------------ */

static struct failure fail_missing(const struct premises *premises, int error)
{
    return error ? premises_fail(premises, error, "whether a copy is missing cannot be known in", premises->from_path)
                 : failure_none();
}

struct failure premises_missing(const struct premises *premises, void (*tell)(void *arg, const char *name), void *arg)
{
    struct places places;
    int error = presence_open(&premises->from, &places);
    if (places.drafts < 0)
        return fail_missing(premises, error);
    error = pending_each(&places, tell, arg);
    places.io->close(places.io->self, places.drafts);
    return fail_missing(premises, error);
}

/* FROM is locked, so that nobody renews it: what made room there makes way for nothing any more. Where that cannot be
 * written, or several may have it open, it stays aside, and is told so. */
static void bring_back(struct premises *premises)
{
    struct places places;
    struct io writing;
    if (premises->from_io->tenure)
        return;
    (void)presence_open(&premises->from, &places);
    if (places.drafts < 0)
        return;
    io_within(&writing, premises->from_io);
    places.io = &writing;
    (void)places_recover(&places);
    writing.close(writing.self, places.drafts);
}

struct failure premises_open_from(struct premises *premises)
{
    enum folder_use use = premises->restore ? FOLDER_READ : FOLDER_WATCH;
    io_read_only_within(&premises->reading, premises->from_io);
    struct failure failure = folder_open(&premises->from, &premises->reading, premises->from_path, use,
                                         premises->detail);
    if (!failure.error && use == FOLDER_READ)
        bring_back(premises);
    return failure.error ? failure : learn_trash(premises, &premises->from, premises->from_path);
}

struct failure premises_open(struct premises *premises)
{
    struct failure failure = premises_open_from(premises);
    if (failure.error)
        return failure;
    failure = premises_check_from(premises);
    if (!failure.error)
        failure = check_apart(premises);
    if (!failure.error && !premises->part)
        failure = open_to(premises);
    if (failure.error) {
        folder_close(&premises->from);
        return failure;
    }
    failure = premises->ended ? failure_none() : premises->restore ? begin(premises) : check_kinship(premises);
    if (failure.error)
        premises_close(premises, true);
    return failure;
}

bool premises_has_begun(struct premises *premises)
{
    if (!premises->marked || (!premises->beside && folder_is_used(&premises->to)))
        return true;
    char *names = premises->io->list(premises->io->self, premises->drafts);
    bool begun = !names;
    for (const char *name = names; name && *name && !begun; name += strlen(name) + 1)
        begun = places_is_entry(name);
    free(names);
    return begun;
}

/* Takes back what this run has noted, where nothing has come of it: what was there before is as it was. */
static void unmark(struct premises *premises)
{
    const struct io *io = premises->io;
    const struct intent intent = intent_of(premises);
    if (premises->marked && (premises_has_begun(premises) || intent_drop(io, premises->drafts, &intent)))
        return;
    io->unlinkat(io->self, premises->to.root, FOLDER_RESTORE, AT_REMOVEDIR);
}

/* Removes the folder that was made, if nothing is in it but what makes a data folder. */
static void remove_made(struct premises *premises)
{
    static const char *const files[] = {DEPOT_ACCESS, "lock", FOLDER_MARKER};
    const struct io *io = premises->io;
    int root = premises->to.root;
    const struct places places = places_of(premises);
    if (folder_is_used(&premises->to))
        return;
    pending_withdraw(&places);
    if ((io->unlinkat(io->self, root, drafts_name(premises), AT_REMOVEDIR) < 0 && errno != ENOENT) ||
        io->unlinkat(io->self, root, "stores", AT_REMOVEDIR) < 0)
        return;
    io->unlinkat(io->self, root, "trash", AT_REMOVEDIR);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        io->unlinkat(io->self, root, files[i], 0);
    io->unlinkat(io->self, AT_FDCWD, premises->to_path, AT_REMOVEDIR);
}

void premises_withdraw(struct premises *premises)
{
    if (!folder_is_used(&premises->to) && !tree_remove(premises->io, premises->to.root, drafts_name(premises)))
        remove_made(premises);
}

void premises_close_from(struct premises *premises)
{
    folder_close(&premises->from);
}

void premises_close(struct premises *premises, bool failed)
{
    if (failed && premises->restore)
        unmark(premises);
    if (failed && premises->fresh)
        remove_made(premises);
    if (!premises->part)
        premises_close_to(premises);
    folder_close(&premises->from);
}
