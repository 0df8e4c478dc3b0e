/* backup.c - copies a data folder that a server may have open, store by store.
 *
 * What is copied are the stores, and the file of the access control. The lock, the reserve and the trash are each
 * folder's own.
 */
#include "store/backup/access.h"
#include "store/backup/backup_site.h"
#include "store/backup/ending.h"
#include "store/backup/pending.h"
#include "store/backup/premises.h"
#include "store/backup/presence.h"
#include "store/backup/replica.h"
#include "store/backup/restored.h"
#include "store/base/error.h"
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRIES_MAX = 10 }; /* for a store in whose place another one has come */

/* The stores that the source is seen to have. It is asked twice, the second time when those of the first are done: what
 * was away for a moment, or has come since, is copied then. */
struct turn {
    char **names; /* in order */
    size_t count;
    bool *done; /* of each whether it has come, or its failure was told */
};

enum { TURNS = 2 };

struct backup {
    const struct backup_options *options;
    struct premises *premises;
    struct turn turns[TURNS];
    char failed[STORE_NAME_MAX + 1]; /* a store that was to be restored, and could not be; "": none */
    size_t failures;                 /* how many there are */
    bool partial;                    /* what was asked for has not been copied all: no copy is removed then */
    struct meter meter;
    struct replica_order order;
};

/* ---- the stores ------------------------------------------------------------------------------ */

#define CUT_SHORT "the run that was to make the first one was cut short, or failed"
static const char missing_sentence[] = "the backup has no copy of it: " CUT_SHORT;
static const char away_sentence[] =
    "its copy is put aside there: that backup is being renewed, or the run that renewed "
    "it was cut short; run this once more when that has ended, or when `cairnd check` of that backup has put it back";

static const char late_sentence[] = "it was made when the others were done, in the place of one that was removed: its "
                                    "copy stays as it was; run this once more";

/* One store that is asked for has to be there. What is odd about it is told when it is copied. */
static struct failure check_wanted(struct premises *premises, const char *name)
{
    enum presence presence;
    int error = presence_of(&premises->from, name, &presence);
    if (error == ELOOP || error == ENOTDIR || (!error && presence == PRESENCE_THERE))
        return failure_none();
    if (error)
        return premises_fail(premises, error, "cannot list the stores of", premises->from_path);
    if (presence == PRESENCE_GONE)
        return failure_detail(premises->detail, failure_of(STORE_NO_STORE), "there is no store '%.80s' in %s", name,
                              premises->from_path);
    if (presence == PRESENCE_AWAY)
        return failure_detail(premises->detail, failure_of(STORE_BUSY), "store %.80s of %s: %s", name,
                              premises->from_path, away_sentence);
    return failure_detail(premises->detail, failure_of(STORE_NO_STORE), "store %.80s: %s has no copy of it: " CUT_SHORT,
                          name, premises->from_path);
}

static bool is_asked_for(const struct backup *backup, const char *name)
{
    const struct backup_options *options = backup->options;
    return (!options->store || strcmp(options->store, name) == 0) &&
           (!options->wanted || options->wanted(options->arg, name));
}

static struct failure names_of(struct backup *backup, char ***ret_names, size_t *ret_count)
{
    struct premises *premises = backup->premises;
    int error = presence_names(&premises->from, ret_names, ret_count);
    if (error)
        return premises_fail(premises, error, "cannot list the stores of", premises->from_path);
    char **names = *ret_names;
    size_t count = 0;
    for (size_t i = 0; i < *ret_count; i++)
        if (is_asked_for(backup, names[i]))
            names[count++] = names[i];
    *ret_count = count;
    return failure_none();
}

/* Why a store could not be copied, as a sentence. */
static const char *why_of(struct failure failure, const struct store_detail *detail)
{
    if (detail->text[0])
        return detail->text;
    if (failure.error == STORE_DRAINING)
        return "told to stop: what was copied of it is kept for the next run";
    if (failure.error == STORE_BUSY)
        return "it changes faster than it can be copied: try again when less is written";
    if (failure.error == STORE_ELSEWHERE)
        return "another server has it: have that one hand it over, or copy it by the URL of that";
    if (failure.error == STORE_EXISTS)
        return "a store of that name is there already, and is not as this one is: it was left untouched";
    if (failure.error == STORE_FULL)
        return "no space is left on the disk of the copy: what was copied before is whole, and no store behind this "
               "one was tried; make space, and run this once more";
    if (failure.os_error == ELOOP || failure.os_error == ENOTDIR)
        return "it is no folder, or a part of it is none, and links are not followed";
    if (failure.os_error == ESPIPE || failure.os_error == EISDIR)
        return "its settings, reach or horizon, or that of its copy, is a pipe or a folder: remove what stands there";
    if (failure.error == STORE_IO && failure.os_error == ENOENT)
        return "a part of its folder is missing: what was copied of it stays";
    return failure_text(failure);
}

static struct failure halt(struct backup *backup)
{
    return failure_detail(backup->premises->detail, failure_of(STORE_DRAINING),
                          "told to stop before all was copied to %s: run this once more to go on",
                          backup->premises->to_path);
}

/* What was left out since it is another's is none of it. */
static void count_failure(struct backup *backup, const char *name, enum store_error error)
{
    if (!backup->options->restore || !error || error == STORE_EXISTS || error == STORE_ELSEWHERE)
        return;
    if (backup->failures++ == 0)
        (void)snprintf(backup->failed, sizeof backup->failed, "%s", name);
}

/* One that was removed while it was copied, or exchanged, as a backup is that is renewed, may be there again.
 * STORE_NO_STORE: *ret_presence tells why. */
static struct failure replicate(struct backup *backup, const char *name, struct backup_store *ret_told,
                                struct store_detail *ret_detail, enum presence *ret_presence)
{
    const struct replica_order *order = &backup->order;
    struct failure failure = failure_of(STORE_NO_STORE);
    *ret_presence = PRESENCE_THERE;
    for (unsigned tries = 0; failure.error == STORE_NO_STORE && *ret_presence == PRESENCE_THERE && tries < TRIES_MAX;
         tries++) {
        failure = meter_is_halted(&backup->meter) ? failure_of(STORE_DRAINING)
                                                  : replica_make(order, name, ret_told, ret_detail);
        int error = failure.error == STORE_NO_STORE ? presence_of(order->source, name, ret_presence) : 0;
        if (error)
            failure = failure_io(error);
    }
    if (failure.error != STORE_NO_STORE || *ret_presence != PRESENCE_THERE)
        return failure;
    return failure_detail(ret_detail, failure_of(STORE_BUSY),
                          "another one has taken its place each time that it was copied: try again when it stays");
}

/* Takes down, and tells, what became of a store. */
static void report(struct backup *backup, struct backup_store *told, struct failure failure, const char *why)
{
    count_failure(backup, told->name, failure.error);
    backup->partial = backup->partial || failure.error;
    told->error = failure.error;
    told->why = why;
    if (backup->options->told)
        backup->options->told(backup->options->arg, told);
}

/* A store that is not in its place, and is not gone either. */
static void report_away(struct backup *backup, const char *name, enum presence presence)
{
    struct backup_store told = {.name = name};
    bool lacking = presence == PRESENCE_LACKING;
    report(backup, &told, failure_of(lacking ? STORE_NO_STORE : STORE_BUSY),
           lacking ? missing_sentence : away_sentence);
}

/* One that is away is looked for in the next turn, and told in the last one: whether it is told. */
static bool pass_over(struct backup *backup, const char *name, enum presence presence, bool last)
{
    if (presence == PRESENCE_GONE)
        pending_settle(&backup->order.places, name);
    else if (last)
        report_away(backup, name, presence);
    return last && presence != PRESENCE_GONE;
}

/* *ret_done: it has come, or it is told why it has not. */
static struct failure copy_store(struct backup *backup, const char *name, bool last, bool *ret_done)
{
    struct backup_store told = {.name = name};
    struct store_detail detail = {0};
    enum presence presence;
    struct failure failure = replicate(backup, name, &told, &detail, &presence);
    *ret_done = failure.error != STORE_NO_STORE;
    if (failure.error == STORE_NO_STORE) {
        *ret_done = pass_over(backup, name, presence, last);
        return failure_none();
    }
    if (!failure.error)
        pending_settle(&backup->order.places, name);
    if (failure.os_error == ECANCELED)
        failure = failure_of(STORE_DRAINING);
    report(backup, &told, failure, failure.error ? why_of(failure, &detail) : "");
    if (failure.error == STORE_DRAINING)
        return halt(backup);
    if (failure.error != STORE_FULL && !store_error_is_shortage(failure.error, failure.os_error))
        return failure_none();
    return failure_detail(backup->premises->detail, failure, "store %s cannot be copied to %s: %s", name,
                          backup->premises->to_path, told.why);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_in(const struct turn *turn, const char *name, size_t *ret_at)
{
    char **found = turn->count > 0 ? bsearch(&name, turn->names, turn->count, sizeof name, compare_names) : NULL;
    *ret_at = found ? (size_t)(found - turn->names) : 0;
    return found != NULL;
}

/* Whether a store has come in this run, or its failure was told. */
static bool is_done(const struct backup *backup, const char *name)
{
    bool done = false;
    size_t at;
    for (size_t i = 0; i < TURNS && !done; i++)
        done = is_in(&backup->turns[i], name, &at) && backup->turns[i].done[at];
    return done;
}

/* One that is there, and of which nothing has come: the copy is not of it. */
static void report_late(struct backup *backup, const char *name, enum presence presence)
{
    struct backup_store told = {.name = name};
    if (presence == PRESENCE_AWAY || presence == PRESENCE_LACKING)
        report_away(backup, name, presence);
    else
        report(backup, &told, failure_of(STORE_BUSY), late_sentence);
}

/* Looks once more, behind all other questions: who was not seen may have been away for a moment, or was made anew. An
 * errno. */
static int look_again(struct backup *backup, const char *name, bool *ret_gone)
{
    enum presence presence = PRESENCE_GONE;
    int error = backup->options->gone ? 0 : presence_of(&backup->premises->from, name, &presence);
    *ret_gone = !error && presence == PRESENCE_GONE;
    if (!error && !*ret_gone && !is_done(backup, name))
        report_late(backup, name, presence);
    return error;
}

/* A copy is the last one, perhaps, as long as something has not been copied. */
static struct failure miss_store(struct backup *backup, const char *name)
{
    const struct backup_options *options = backup->options;
    struct premises *premises = backup->premises;
    bool goes = options->prune && !backup->partial, gone;
    struct failure failure = goes ? premises_check_kin(premises) : failure_none();
    if (failure.error)
        return failure;
    int error = look_again(backup, name, &gone);
    if (error)
        return premises_fail(premises, error, "cannot list the stores of", premises->from_path);
    if (!gone)
        return failure_none();
    error = goes ? places_remove(&backup->order.places, name) : 0;
    if (error)
        return premises_fail(premises, error, "cannot remove copies of stores from", premises->to_path);
    if (options->absent)
        options->absent(options->arg, name, goes ? BACKUP_REMOVED : options->prune ? BACKUP_SPARED : BACKUP_STAYS);
    return failure_none();
}

static bool is_gone(const struct backup *backup, const char *name, char *const *names, size_t count)
{
    const struct backup_options *options = backup->options;
    return options->gone ? options->gone(options->arg, name)
                         : !bsearch(&name, names, count, sizeof *names, compare_names);
}

/* Tells of copies whose stores both turns have not seen, and this list has. Before any copy goes: it does not, then. An
 * errno. */
static int tell_late(struct backup *backup, char *const *copies, size_t copies_count, char *const *names, size_t count)
{
    enum presence presence;
    int error = 0;
    for (size_t i = 0; i < copies_count && !error && !backup->options->gone; i++) {
        if (is_gone(backup, copies[i], names, count) || is_done(backup, copies[i]) || !is_asked_for(backup, copies[i]))
            continue;
        error = presence_of(&backup->premises->from, copies[i], &presence);
        if (!error)
            report_late(backup, copies[i], presence);
    }
    return error;
}

/* Tells of the copies of stores that the source has not any more, and removes them where that is wished. It is asked
 * anew: some were removed meanwhile. */
static struct failure miss_others(struct backup *backup)
{
    struct premises *premises = backup->premises;
    char **names, **copies;
    size_t count, copies_count;
    int error = presence_names(&premises->from, &names, &count);
    if (error)
        return premises_fail(premises, error, "cannot list the stores of", premises->from_path);
    error = folder_names(&premises->to, &copies, &copies_count);
    if (error) {
        free(names);
        return premises_fail(premises, error, "cannot list the stores of", premises->to_path);
    }
    error = tell_late(backup, copies, copies_count, names, count);
    struct failure failure = error
                                 ? premises_fail(premises, error, "cannot list the stores of", premises->from_path)
                                 : premises_check_from(premises); /* which nobody has locked: again, before any goes */
    for (size_t i = 0; i < copies_count && !failure.error; i++)
        if (is_gone(backup, copies[i], names, count))
            failure = miss_store(backup, copies[i]);
    free(names);
    free(copies);
    return failure;
}

/* Notes what a backup is to have: a run that is cut short leaves it without. What the source lacks is among it. */
static struct failure expect(struct backup *backup, const struct turn *turn, bool all)
{
    const struct backup_options *options = backup->options;
    struct premises *premises = backup->premises;
    if (options->restore || options->site)
        return failure_none();
    int error = premises_leave_server(premises);
    if (!error)
        error = pending_expect(&backup->order.places, (const char *const *)turn->names, turn->count, all);
    return error ? premises_fail(premises, error, "cannot note what is copied to", premises->to_path) : failure_none();
}

/* A store that the backup is to have, and has not. */
static void miss(void *arg, const char *name)
{
    struct backup *backup = arg;
    if (is_asked_for(backup, name))
        report_away(backup, name, PRESENCE_LACKING);
}

/* What is noted still where nothing has failed was not there when the stores were listed, and is by now. */
static struct failure miss_noted(struct backup *backup)
{
    const struct backup_options *options = backup->options;
    int error = options->restore || options->site ? 0 : pending_each(&backup->order.places, miss, backup);
    return error ? premises_fail(backup->premises, error, "cannot look at what is noted in", backup->premises->to_path)
                 : failure_none();
}

/* Leaves out what the turn before has done. */
static struct failure begin_turn(struct backup *backup, struct turn *turn, const struct turn *before)
{
    struct failure failure = names_of(backup, &turn->names, &turn->count);
    size_t count = 0, at;
    if (failure.error)
        return failure;
    for (size_t i = 0; i < turn->count; i++)
        if (!before || !is_in(before, turn->names[i], &at) || !before->done[at])
            turn->names[count++] = turn->names[i];
    turn->count = count;
    turn->done = calloc(count + 1, sizeof *turn->done);
    if (!turn->done)
        return failure_of(STORE_NO_MEMORY);
    return before && count == 0 ? failure_none() : expect(backup, turn, !before && !backup->options->store);
}

static struct failure take_turn(struct backup *backup, struct turn *turn, const struct turn *before)
{
    struct failure failure = begin_turn(backup, turn, before);
    for (size_t i = 0; i < turn->count && !failure.error; i++)
        replica_measure(&backup->order, turn->names[i]);
    for (size_t i = 0; i < turn->count && !failure.error; i++)
        failure = meter_is_halted(&backup->meter) ? halt(backup)
                                                  : copy_store(backup, turn->names[i], before, &turn->done[i]);
    return failure;
}

/* What is copied from a part of TO has been chosen already, by what is known of the server. */
static struct failure take_turns(struct backup *backup)
{
    const struct backup_options *options = backup->options;
    struct failure failure = options->store ? check_wanted(backup->premises, options->store) : failure_none();
    if (!failure.error)
        failure = take_turn(backup, &backup->turns[0], NULL);
    if (!failure.error && !options->site)
        failure = take_turn(backup, &backup->turns[1], &backup->turns[0]);
    return failure;
}

static struct failure copy_stores(struct backup *backup)
{
    struct failure failure = take_turns(backup);
    if (!failure.error && !backup->partial)
        failure = miss_noted(backup);
    if (!failure.error && !backup->options->store && !backup->options->beside)
        failure = miss_others(backup);
    for (size_t i = 0; i < TURNS; i++) {
        free(backup->turns[i].names);
        free(backup->turns[i].done);
    }
    return failure;
}

/* ---- what was restored already --------------------------------------------------------------- */

static void count_missing(void *arg, const char *name)
{
    struct backup *backup = arg;
    backup->failures += is_asked_for(backup, name);
}

/* What was cut short when all was there is told as it is then. */
static struct failure tell_restored(struct backup *backup, char *const *names, size_t count)
{
    const struct backup_options *options = backup->options;
    struct failure failure = premises_missing(backup->premises, count_missing, backup);
    bool same = backup->failures == 0;
    for (size_t i = 0; i < count && !failure.error && same; i++)
        failure = restored_look(backup->premises, names[i], &same);
    if (failure.error)
        return failure;
    if (!same)
        return premises_refuse_restored(backup->premises);
    for (size_t i = 0; i < count && options->told; i++)
        options->told(options->arg, &(struct backup_store){.name = names[i], .why = "", .unchanged = true});
    return failure_none();
}

static struct failure confirm_restored(struct backup *backup)
{
    char **names;
    size_t count;
    const char *wanted = backup->options->store;
    struct failure failure = wanted ? check_wanted(backup->premises, wanted) : failure_none();
    if (!failure.error)
        failure = names_of(backup, &names, &count);
    if (failure.error)
        return failure;
    failure = tell_restored(backup, names, count);
    free(names);
    return failure;
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* What is served is all that was asked for: who took a part for it might remove the last copy of the rest. */
static struct failure tell_failed(const struct backup *backup)
{
    struct premises *premises = backup->premises;
    const char *others = backup->failures > 1 ? " and others were" : " was",
               *which = backup->failures > 1 ? "them" : "it";
    const char *to = folder_word(premises->to_path);
    if (!premises_has_begun(premises))
        return failure_detail(
            premises->detail, failure_of(STORE_IO),
            "store %s%s not copied, nor was any other, and %s is as it was: mend %s, and run this once "
            "more",
            backup->failed, others, to, which);
    return failure_detail(premises->detail, failure_of(STORE_IO),
                          "store %s%s not copied, and %s is neither served nor copied so: mend %s, and run this once "
                          "more, with the same source. Or `cairnd %s --give-up %s`, where it is to be without",
                          backup->failed, others, to, which, premises->beside ? "transfer" : "restore", to);
}

/* Of what was brought there from elsewhere FROM is a part, by its path. */
static struct failure check_place(const struct backup *backup)
{
    const struct premises *premises = backup->premises;
    if (!backup->options->site || backup_is_there(backup->options->site))
        return failure_none();
    return failure_detail(premises->detail, failure_of(STORE_FOREIGN),
                          "%s was moved away while it was copied to, and no copy was put in its place: what has come "
                          "is where that folder is now, and is gone on with by the next run there",
                          premises->to_path);
}

/* Whether the copy of the access file goes with its source, as those of stores do. */
static bool takes_access_away(const struct backup *backup)
{
    const struct backup_options *options = backup->options;
    return options->prune && !options->store && !options->site && !backup->partial;
}

static struct failure copy_folder(struct backup *backup)
{
    struct premises *premises = backup->premises;
    struct failure failure = check_place(backup);
    if (failure.error)
        return failure;
    backup->order = (struct replica_order){
        .source = &premises->from,
        .places = {.io = premises->io, .copies = premises->to.stores, .drafts = premises->drafts},
        .options = backup->options,
        .meter = &backup->meter};
    failure = copy_stores(backup);
    if (!failure.error && backup->failures > 0)
        failure = tell_failed(backup);
    if (!failure.error && !backup->options->beside)
        failure = access_take(premises, takes_access_away(backup));
    return failure.error ? failure : ending_finish(premises);
}

enum store_error backup_make(const char *from, const char *to, const struct backup_options *options,
                             struct store_detail *ret_detail)
{
    const struct io *io = options->io ? options->io : &io_posix;
    struct premises premises = {.to_io = io, .to_path = to, .restore = options->restore, .beside = options->beside};
    struct backup backup = {.options = options,
                            .premises = options->site ? &options->site->premises : &premises,
                            .meter = {.advanced = options->advanced, .halted = options->halted, .arg = options->arg}};
    backup.premises->from_io = options->from_io ? options->from_io : io;
    backup.premises->from_path = from;
    backup.premises->store = options->restore ? options->store : NULL;
    backup.premises->any_source = options->any_source;
    backup.premises->part = options->site;
    backup.premises->detail = ret_detail;
    failure_detail(ret_detail, failure_none(), "%s", "");
    struct failure failure = premises_open(backup.premises);
    if (!failure.error) {
        failure = backup.premises->ended ? confirm_restored(&backup) : copy_folder(&backup);
        premises_close(backup.premises, failure.error != STORE_OK);
    }
    return failure_tell(failure);
}

/* ---- what is known of a folder, and done with it alone ----------------------------------------- */

enum store_error backup_missing(const char *folder, const struct io *io, void (*tell)(void *arg, const char *name),
                                void *arg, struct store_detail *ret_detail)
{
    struct premises premises = {.from_io = io ? io : &io_posix, .from_path = folder, .detail = ret_detail};
    failure_detail(ret_detail, failure_none(), "%s", "");
    struct failure failure = premises_open_from(&premises);
    if (!failure.error) {
        failure = premises_missing(&premises, tell, arg);
        premises_close_from(&premises);
    }
    return failure_tell(failure);
}

void backup_bring_back(const char *folder, const struct io *io)
{
    struct premises premises = {.from_io = io ? io : &io_posix, .from_path = folder, .restore = true};
    if (!premises_open_from(&premises).error)
        premises_close_from(&premises);
}

enum store_error backup_give_up(const char *folder, const struct io *io, struct store_detail *ret_detail)
{
    struct premises premises = {.to_io = io ? io : &io_posix, .to_path = folder, .detail = ret_detail};
    failure_detail(ret_detail, failure_none(), "%s", "");
    return failure_tell(ending_give_up(&premises));
}
