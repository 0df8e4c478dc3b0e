/* mirror.c - a backup of a server that is asked over HTTP. See mirror.h. */
#include "service/mirror_internal.h"

#include "service/bookmark.h"
#include "service/interruption.h"
#include "service/sight.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- what is told -------------------------------------------------------------------------------- */

bool mirror_fail(struct mirror *mirror, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(mirror->sentence, sizeof mirror->sentence, format, arguments);
    va_end(arguments);
    return false;
}

bool mirror_has_failed(const struct mirror *mirror)
{
    return mirror->account->failed > 0 || mirror->account->refused > 0;
}

void mirror_tell_failed(struct mirror *mirror, const char *name, enum store_error error, const char *why)
{
    const struct backup_store told = {.name = name, .error = error, .why = why};
    account_store(mirror->account, &told, NULL);
}

/* ---- following ------------------------------------------------------------------------------- */

static void sample(void *arg, struct progress_figures *ret_figures)
{
    struct mirror *mirror = arg;
    (void)snprintf(ret_figures->name, sizeof ret_figures->name, "%s", mirror->name);
    ret_figures->done = atomic_load(&mirror->follower.done);
    ret_figures->total = atomic_load(&mirror->follower.goal);
    if (ret_figures->total < ret_figures->done)
        ret_figures->total = ret_figures->done;
}

static void begin_store(struct mirror *mirror, const char *name)
{
    progress_pause(&mirror->progress);
    (void)snprintf(mirror->name, sizeof mirror->name, "%s", name);
    atomic_store(&mirror->follower.done, 0);
    atomic_store(&mirror->follower.goal, 0);
    progress_resume(&mirror->progress);
}

/* It is told of with its store. */
static void keep_damaged(void *arg, const char *store, json_t *change)
{
    const struct mirror *mirror = arg;
    if (!json_object_get(mirror->damaged, store))
        json_object_set_new(mirror->damaged, store, json_array());
    json_array_append(json_object_get(mirror->damaged, store), change);
}

/* A copy gives way only to what the same server has. */
static bool judge_anew(void *arg, const char *store, const char **ret_before)
{
    struct mirror *mirror = arg;
    struct follower *follower = &mirror->follower;
    *ret_before = provenance_log(&mirror->provenance, store);
    bool same = provenance_is_same(&mirror->provenance);
    if (!same)
        (void)snprintf(follower->error, sizeof follower->error, "%s", mirror->provenance.error);
    return same;
}

/* Its copy is not known by what is followed now until that has come. */
static bool note_anew(void *arg, const char *store)
{
    struct mirror *mirror = arg;
    struct follower *follower = &mirror->follower;
    struct store_detail detail = {0};
    bool noted = !backup_renew(mirror->site, store, &detail);
    if (!noted)
        (void)snprintf(follower->error, sizeof follower->error, "%s", detail.text);
    return noted;
}

/* A store that could not be followed: its copy stays as it is. */
static void tell_end(struct mirror *mirror, const char *name, enum store_error error)
{
    progress_pause(&mirror->progress);
    mirror_tell_failed(mirror, name, error, mirror->follower.error);
    progress_resume(&mirror->progress);
}

static json_t *point_json(const struct follower_point *point)
{
    return json_pack("{s:s,s:I,s:I,s:I,s:I,s:I}", "log", point->log, "offset", (json_int_t)point->offset,
                     "objects copied", (json_int_t)point->copied.objects, "bytes copied",
                     (json_int_t)point->copied.bytes, "objects kept", (json_int_t)point->kept.objects, "bytes kept",
                     (json_int_t)point->kept.bytes);
}

/* False: nothing more can be had of any store. */
static bool follow_store(struct mirror *mirror, const json_t *store)
{
    const char *name = json_string_value(json_object_get(store, "name"));
    struct follower_point point;
    begin_store(mirror, name);
    switch (follower_follow(&mirror->follower, name, json_object_get(store, "limits"), &point)) {
    case FOLLOWER_ARRIVED:
        return json_object_set_new(mirror->points, name, point_json(&point)) == 0 ||
               mirror_fail(mirror, "memory is out");
    case FOLLOWER_LOST: /* was it removed meanwhile? */
        return json_array_append_new(mirror->lost, json_string(name)) == 0 || mirror_fail(mirror, "memory is out");
    case FOLLOWER_REFUSED:
        tell_end(mirror, name, STORE_GONE);
        return true;
    case FOLLOWER_FAILED:
        tell_end(mirror, name, STORE_IO);
        return true;
    default:
        tell_end(mirror, name, STORE_IO);
        return mirror_fail(mirror, "store %s: %s", name, mirror->follower.error);
    }
}

static bool follow_stores(struct mirror *mirror, const json_t *stores)
{
    const json_t *store;
    size_t i;
    bool good = true;
    progress_begin(&mirror->progress, STDERR_FILENO, mirror->copying->json, sample, mirror);
    json_array_foreach (stores, i, store)
        good = good && (!interruption_came() || mirror_fail(mirror, "%s", interruption_sentence)) &&
               follow_store(mirror, store);
    progress_end(&mirror->progress);
    return good;
}

/* ---- the server ------------------------------------------------------------------------------ */

/* Takes the stores out of an answer that nobody has asked for. */
static bool take_list(struct mirror *mirror, const json_t *answer, json_t *ret_stores)
{
    const json_t *stores = json_object_get(answer, "stores");
    json_t *store;
    size_t i;
    bool good = json_is_array(stores);
    json_array_foreach (stores, i, store) {
        const char *name = json_string_value(json_object_get(store, "name"));
        good = good && name && store_name_valid(name);
        if (good)
            json_array_append(ret_stores, store);
    }
    return good || mirror_fail(mirror, "the server's list of stores cannot be understood");
}

/* Those of the server's stores that are to be copied. */
static bool choose_stores(struct mirror *mirror, const json_t *stores, json_t *ret_chosen)
{
    const char *wanted = mirror->copying->store;
    json_t *store;
    size_t i;
    json_array_foreach (stores, i, store)
        if (!wanted || strcmp(wanted, json_string_value(json_object_get(store, "name"))) == 0)
            json_array_append(ret_chosen, store);
    return !wanted || json_array_size(ret_chosen) > 0 ||
           mirror_fail(mirror, "the server shows no store '%s': it has none, or who asks may not see it (--token-file)",
                       wanted);
}

static bool list_stores(struct mirror *mirror, json_t *ret_stores)
{
    json_t *answer;
    if (remote_json(mirror->follower.remote, "/v1/stores", &answer) != 200)
        return mirror_fail(mirror, "%s: its stores cannot be listed: %s", mirror->copying->from,
                           remote_error(mirror->follower.remote));
    bool good = take_list(mirror, answer, ret_stores);
    json_decref(answer);
    return good;
}

/* To who does not see all, what is hidden is as what is gone: who removes copies has to see all. */
static bool check_sight(struct mirror *mirror)
{
    enum sight sight = mirror->copying->prune ? sight_of(mirror->follower.remote) : SIGHT_ALL;
    if (sight == SIGHT_UNKNOWN)
        return mirror_fail(mirror, "--prune: whether who asks %s may see all of its stores cannot be known: %s",
                           mirror->copying->from, remote_error(mirror->follower.remote));
    return sight == SIGHT_ALL ||
           mirror_fail(mirror,
                       "--prune removes what the server has not any more, and who asks may not read and list all of "
                       "its stores (--token-file): nothing was touched. Without --prune what is shown is copied");
}

/* The folder in which the server is followed, and that of the bookmarks in it. */
static bool make_folder(struct mirror *mirror)
{
    struct store_detail detail = {0};
    mirror->made = access(mirror->copying->to, F_OK) < 0 && errno == ENOENT;
    enum store_error error = backup_open(mirror->copying->to, NULL, mirror->copying->replace, &mirror->site,
                                         &mirror->provenance.empty, &detail);
    if (error)
        return mirror_fail(mirror, "%s", detail.text[0] ? detail.text : store_error_text(error));
    if (asprintf(&mirror->folder, "%s/" BACKUP_DRAFTS "/" BACKUP_SERVER, mirror->copying->to) < 0) {
        mirror->folder = NULL;
        return mirror_fail(mirror, "memory is out");
    }
    struct depot_options options = depot_options_default();
    options.io = backup_io(mirror->site);
    options.disk_reserve = 0;
    options.open_stores_limit = 1;
    options.keep_expired = true;
    mirror->follower.folder = mirror->folder;
    mirror->provenance.site = mirror->site;
    error = depot_open(mirror->folder, &options, &mirror->follower.depot, &detail);
    if (error == STORE_FOREIGN)
        return mirror_fail(
            mirror,
            "%s, what was copied of the server, is no whole data folder. Remove it, and run this once more with "
            "--replace: the copies in %s stay until what is copied anew takes their places",
            mirror->folder, mirror->copying->to);
    if (error)
        return mirror_fail(mirror, "%s", detail.text);
    int os_error = bookmark_open_folder(mirror->folder, &mirror->follower.bookmarks);
    if (os_error)
        return mirror_fail(mirror, "%s/follow: %s", mirror->folder, strerror(os_error));
    return backup_is_there(mirror->site) || mirror_fail(mirror, "%s was moved away meanwhile", mirror->copying->to);
}

/* Which stores the backup is to have: what is cut short leaves it without, and it is to say so. */
static bool expect_stores(struct mirror *mirror, const json_t *stores)
{
    struct store_detail detail = {0};
    const json_t *store;
    size_t i;
    const char **names = calloc(json_array_size(stores) + 1, sizeof *names);
    if (!names)
        return mirror_fail(mirror, "memory is out");
    json_array_foreach (stores, i, store)
        names[i] = json_string_value(json_object_get(store, "name"));
    enum store_error error = backup_expect(mirror->site, names, json_array_size(stores), &detail);
    free(names);
    return !error || mirror_fail(mirror, "%s", detail.text);
}

static bool has_objects(struct mirror *mirror, const char *name)
{
    struct depot *depot = mirror->follower.depot;
    struct store *store;
    struct store_figures figures;
    if (depot_acquire(depot, name, &store, NULL))
        return true;
    store_figures(store, &figures);
    depot_release(store);
    return figures.objects > 0;
}

/* Whether what has come is worth to be kept for the next run. */
static bool holds_something(struct mirror *mirror)
{
    char **names;
    size_t count;
    bool something = json_object_size(mirror->points) > 0;
    if (!mirror->follower.depot)
        return something;
    if (depot_names(mirror->follower.depot, &names, &count))
        return true;
    for (size_t i = 0; i < count && !something; i++)
        something = has_objects(mirror, names[i]);
    free(names);
    return something;
}

/* ---- all of them ---------------------------------------------------------------------------------- */

/* What becomes of its stores is known when the server lists them once more. */
static bool list_again(struct mirror *mirror)
{
    mirror->listed = json_array();
    if (list_stores(mirror, mirror->listed))
        return true;
    json_decref(mirror->listed);
    mirror->listed = NULL;
    return false;
}

/* What the server had not listed before has come to it since, or another one had answered. */
static bool follow_new(struct mirror *mirror, const json_t *before)
{
    json_t *new = json_array(), *store;
    size_t i;
    json_array_foreach (mirror->listed, i, store)
        if (!mirror->copying->store && !provenance_lists(before, json_string_value(json_object_get(store, "name"))))
            json_array_append(new, store);
    bool good = json_array_size(new) == 0 || (expect_stores(mirror, new) && follow_stores(mirror, new));
    json_decref(new);
    return good;
}

/* `followed`: all that the server had listed before was asked for. */
static bool settle(struct mirror *mirror, const json_t *before, bool followed)
{
    bool all = followed && list_again(mirror) && follow_new(mirror, before);
    mirror_confirm_points(mirror);
    return all && mirror_confirm_rest(mirror);
}

/* Whether it is the server that was copied before. */
static bool check_source(struct mirror *mirror, const json_t *stores, const json_t *chosen)
{
    return provenance_begin(&mirror->provenance, stores, chosen) || mirror_fail(mirror, "%s", mirror->provenance.error);
}

static bool open_remote(struct mirror *mirror, const char *token)
{
    const char *sentence;
    mirror->follower.remote = remote_open(mirror->copying->from, token, mirror->copying->ca_file, &sentence);
    return mirror->follower.remote || mirror_fail(mirror, "%s", sentence);
}

static bool follow_all(struct mirror *mirror, const char *token)
{
    json_t *stores = json_array(), *chosen = json_array();
    bool good = open_remote(mirror, token) && check_sight(mirror) && list_stores(mirror, stores) &&
                choose_stores(mirror, stores, chosen) && make_folder(mirror) && check_source(mirror, stores, chosen) &&
                expect_stores(mirror, chosen) && settle(mirror, stores, follow_stores(mirror, chosen));
    bool failed = !good || mirror_has_failed(mirror);
    mirror->withdrawn = failed && mirror->made && !holds_something(mirror);
    depot_close(mirror->follower.depot);
    if (mirror->withdrawn && mirror->site)
        backup_withdraw(mirror->site);
    json_decref(chosen);
    json_decref(stores);
    return good;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static uint64_t figure_of(const json_t *point, const char *name)
{
    return (uint64_t)json_integer_value(json_object_get(point, name));
}

static void tell_sums(void *arg, const char *store, struct backup_store *told)
{
    const struct mirror *mirror = arg;
    const json_t *point = json_object_get(mirror->points, store);
    told->end_offset = figure_of(point, "offset");
    told->files_copied = figure_of(point, "objects copied");
    told->bytes_copied = figure_of(point, "bytes copied");
    told->files_kept = figure_of(point, "objects kept");
    told->bytes_kept = figure_of(point, "bytes kept");
}

static void tell_flaws(void *arg, const char *store)
{
    const struct mirror *mirror = arg;
    const json_t *json;
    size_t i;
    json_array_foreach (json_object_get(mirror->damaged, store), i, json) {
        struct change change;
        if (!change_read(json, &change))
            continue;
        const struct store_flaw flaw = {.kind = STORE_FLAW_PAYLOAD,
                                        .offset = change.offset,
                                        .length = change.size,
                                        .key = change.key.bytes,
                                        .key_length = change.key.length,
                                        .key_hash = change.key.hash,
                                        .live = true};
        account_flaw(mirror->account, store, "the source", &flaw, false);
        change_free(&change);
    }
}

/* What has come to a point is copied, also when the rest could not be followed. */
static bool copy_all(struct mirror *mirror, bool followed)
{
    char sentence[COPYING_SENTENCE];
    struct copying copying = *mirror->copying;
    copying.prune = copying.prune && followed && !mirror_has_failed(mirror);
    const struct copying_part part = {
        .from = mirror->folder,
        .site = mirror->site,
        .where = "what was copied to backup/server, and not the server,",
        .remedy = "what was copied to backup/server is damaged, and not the server: remove that folder, and run this "
                  "once more with --replace",
        .remedy_gone = "its copy has what backup/server, below the backup, has not: the backup was served, where what "
                       "has expired is removed, or that folder is damaged, and the server is not. --replace makes "
                       "the copy what the server has; remove that folder before, to have all copied anew",
        .wanted = mirror_has,
        .gone = mirror_misses,
        .tell_flaws = tell_flaws,
        .tell_sums = tell_sums,
        .arg = mirror};
    return copying_make(&copying, &part, mirror->account, sentence) || mirror_fail(mirror, "%s", sentence);
}

enum check_status mirror_run(const struct copying *copying, const char *token)
{
    struct account account;
    struct mirror mirror = {.copying = copying,
                            .account = &account,
                            .follower = {.bookmarks = -1,
                                         .replace = copying->replace,
                                         .damaged = keep_damaged,
                                         .anew = judge_anew,
                                         .renewed = note_anew},
                            .points = json_object(),
                            .lost = json_array(),
                            .damaged = json_object()};
    mirror.follower.arg = &mirror;
    mirror.provenance = (struct provenance){
        .follower = &mirror.follower, .from = copying->from, .to = copying->to, .any = copying->replace};
    account_begin(&account, copying->command, copying->json, copying->from, copying->to);
    account.counts_objects = true;
    bool good = follow_all(&mirror, token);
    if (!mirror.withdrawn && (good || json_object_size(mirror.points) > 0))
        good = copy_all(&mirror, good) && good;
    if (copying->prune && mirror.site && !mirror.pruned && (!good || mirror_has_failed(&mirror)))
        account_unpruned(&account);
    backup_close(mirror.site);
    remote_close(mirror.follower.remote);
    provenance_end(&mirror.provenance);
    if (mirror.follower.bookmarks >= 0)
        close(mirror.follower.bookmarks);
    free(mirror.folder);
    json_decref(mirror.points);
    json_decref(mirror.damaged);
    json_decref(mirror.lost);
    json_decref(mirror.listed);
    return account_end(&account, good ? NULL : mirror.sentence);
}
