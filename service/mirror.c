/* mirror.c - a backup of a server that is asked over HTTP. See mirror.h. */
#include "service/mirror.h"

#include "service/bookmark.h"
#include "service/follower.h"
#include "service/interruption.h"
#include "service/progress.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct mirror {
    const struct copying *copying;
    struct account *account;
    struct follower follower;
    struct progress progress;
    struct backup_site *site; /* the backup's folder, locked for as long as the run is */
    char *folder;
    bool made;                    /* the backup's folder was not there before, ... */
    bool withdrawn;               /* ... and is not any more: nothing has come */
    bool empty;                   /* nothing was copied before, of whomever */
    json_t *points;               /* store -> the point of the server's log, and what came, as it is told */
    json_t *damaged;              /* store -> its changes whose objects could not be had */
    char name[PROGRESS_NAME_MAX]; /* of the store under way; for the progress, under its lock */
    char sentence[COPYING_SENTENCE];
};

static bool fail(struct mirror *mirror, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool fail(struct mirror *mirror, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(mirror->sentence, sizeof mirror->sentence, format, arguments);
    va_end(arguments);
    return false;
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

/* Its copy is not known by it until it has come. */
static bool note_anew(void *arg, const char *store)
{
    struct mirror *mirror = arg;
    struct store_detail detail = {0};
    return !backup_renew(mirror->site, store, &detail);
}

/* A store that could not be followed: its copy stays as it is. */
static void tell_failed(struct mirror *mirror, const char *name, enum store_error error)
{
    const struct backup_store told = {.name = name, .error = error, .why = mirror->follower.error};
    progress_pause(&mirror->progress);
    account_store(mirror->account, &told, NULL);
    progress_resume(&mirror->progress);
}

static json_t *point_json(const struct follower_point *point)
{
    return json_pack("{s:I,s:I,s:I,s:I,s:I}", "offset", (json_int_t)point->offset, "objects copied",
                     (json_int_t)point->copied.objects, "bytes copied", (json_int_t)point->copied.bytes, "objects kept",
                     (json_int_t)point->kept.objects, "bytes kept", (json_int_t)point->kept.bytes);
}

/* False: nothing more can be had of any store. */
static bool follow_store(struct mirror *mirror, const json_t *store)
{
    const char *name = json_string_value(json_object_get(store, "name"));
    struct follower_point point;
    begin_store(mirror, name);
    switch (follower_follow(&mirror->follower, name, json_object_get(store, "limits"), &point)) {
    case FOLLOWER_ARRIVED:
        return json_object_set_new(mirror->points, name, point_json(&point)) == 0 || fail(mirror, "memory is out");
    case FOLLOWER_GONE: /* it was removed meanwhile */
        return true;
    case FOLLOWER_REFUSED:
        tell_failed(mirror, name, STORE_GONE);
        return true;
    case FOLLOWER_FAILED:
        tell_failed(mirror, name, STORE_IO);
        return true;
    default:
        tell_failed(mirror, name, STORE_IO);
        return fail(mirror, "store %s: %s", name, mirror->follower.error);
    }
}

static bool follow_stores(struct mirror *mirror, const json_t *stores)
{
    const json_t *store;
    size_t i;
    bool good = true;
    progress_begin(&mirror->progress, STDERR_FILENO, mirror->copying->json, sample, mirror);
    json_array_foreach (stores, i, store)
        good = good && (!interruption_came() || fail(mirror, "%s", interruption_sentence)) &&
               follow_store(mirror, store);
    progress_end(&mirror->progress);
    return good;
}

/* ---- whose backup it is ------------------------------------------------------------------------ */

/* What the server's stores tell; a name is NULL where there is no such store. */
struct kin {
    bool same;                  /* one of them is one that was followed */
    const char *untold;         /* one for which that cannot be known here */
    const char *hidden;         /* one for which the server does not tell, ... */
    char why[COPYING_SENTENCE]; /* ... and why */
};

/* What was only followed tells nothing where other stores have been copied: it may be left of another server. */
static bool tells(const struct mirror *mirror, const char *name)
{
    char *path;
    if (mirror->empty || asprintf(&path, "%s/stores/%s", mirror->copying->to, name) < 0)
        return true;
    bool copied = access(path, F_OK) == 0;
    free(path);
    return copied;
}

/* Looks for a store of the server that was followed. */
static bool find_kin(struct mirror *mirror, const json_t *stores, struct kin *kin)
{
    const json_t *store;
    size_t i;
    json_array_foreach (stores, i, store) {
        const char *name = json_string_value(json_object_get(store, "name"));
        enum follower_known known;
        if (kin->same)
            break;
        if (!tells(mirror, name))
            continue;
        if (!follower_knows(&mirror->follower, name, &known))
            return fail(mirror, "%s does not answer: %s", mirror->copying->from, mirror->follower.error);
        kin->same = known == FOLLOWER_SAME;
        kin->untold = known == FOLLOWER_UNTOLD ? name : kin->untold;
        if (known == FOLLOWER_HIDDEN) {
            kin->hidden = name;
            (void)snprintf(kin->why, sizeof kin->why, "%s", mirror->follower.error);
        }
    }
    return true;
}

static bool has_name(const json_t *stores, const char *name)
{
    const json_t *store;
    size_t i;
    json_array_foreach (stores, i, store)
        if (strcmp(json_string_value(json_object_get(store, "name")), name) == 0)
            return true;
    return false;
}

/* Nobody says that it is another server where it shows nothing of what was copied: that may have been removed. */
static bool refuse_without(struct mirror *mirror, const char *name)
{
    const char *from = mirror->copying->from;
    if (follower_is_gone(&mirror->follower, name))
        return fail(
            mirror,
            "store %s was copied before, and is not at %s any more, nor is another one that was copied. Its copy "
            "stays, and nothing was touched. Is that the right server? Then --replace copies what it has now, "
            "and --prune --replace removes the copy as well",
            name, from);
    return fail(
        mirror,
        "store %s was copied before, and %s does not show it, or another one that was copied: who asks may see "
        "none of them (--token-file). Nothing was touched; name another folder or, where this is what you want, "
        "--replace",
        name, from);
}

static bool refuse_other(struct mirror *mirror, const char *name)
{
    return fail(mirror,
                "%s is the backup of another source: %s%s%s. It was left untouched: name another folder or, where this "
                "is what you want, --replace",
                mirror->copying->to, name ? "store " : "nothing was copied from ", name ? name : mirror->copying->from,
                name ? " is not the one that was copied, and there is no other one that was" : "");
}

/* None of the stores that were followed is the server's. */
static bool refuse_source(struct mirror *mirror, const json_t *stores, char *const *followed, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (has_name(stores, followed[i]))
            return refuse_other(mirror, followed[i]);
    return count > 0 ? refuse_without(mirror, followed[0]) : refuse_other(mirror, NULL);
}

static bool compare_stores(struct mirror *mirror, const json_t *stores, char *const *followed, size_t count)
{
    struct kin kin = {0};
    if (mirror->empty && count == 0)
        return true;
    if (!find_kin(mirror, stores, &kin))
        return false;
    if (!kin.same && kin.untold)
        return fail(mirror,
                    "the backup is damaged: %s/follow/%s, which tells how far store %s was followed, and of which "
                    "server. Nothing was touched; where %s is the one, --replace copies it anew",
                    mirror->folder, kin.untold, kin.untold, mirror->copying->from);
    if (!kin.same && kin.hidden)
        return fail(
            mirror,
            "whether %s is the server that was copied cannot be known: store %s does not let itself be followed "
            "by who asks (--token-file): %s Nothing was touched",
            mirror->copying->from, kin.hidden, kin.why);
    return kin.same || refuse_source(mirror, stores, followed, count);
}

/* Whether one of the stores that were followed is the server's; or none were, and the backup is empty. */
static bool check_source(struct mirror *mirror, const json_t *stores)
{
    char **followed;
    size_t count;
    if (mirror->copying->replace)
        return true;
    enum store_error error = depot_names(mirror->follower.depot, &followed, &count);
    if (error)
        return fail(mirror, "%s: %s", mirror->folder, store_error_text(error));
    bool good = compare_stores(mirror, stores, followed, count);
    free(followed);
    return good;
}

/* ---- stores that the server does not show ---------------------------------------------------------- */

/* What a token does not show may be there: only what the server says it has not is removed. */
static bool miss_store(struct mirror *mirror, const char *name)
{
    bool gone = follower_is_gone(&mirror->follower, name);
    if (!mirror->copying->prune || !gone) {
        account_absent(mirror->account, name, gone ? ACCOUNT_GONE : ACCOUNT_HIDDEN);
        return true;
    }
    return follower_remove(&mirror->follower, name) || fail(mirror, "%s", mirror->follower.error);
}

/* What is removed here is told of when its copy is, too. */
static bool miss_others(struct mirror *mirror, const json_t *stores)
{
    char **names;
    size_t count;
    bool good = true;
    enum store_error error = depot_names(mirror->follower.depot, &names, &count);
    if (error)
        return fail(mirror, "%s: %s", mirror->folder, store_error_text(error));
    for (size_t i = 0; i < count; i++)
        if (!has_name(stores, names[i]))
            good = good && miss_store(mirror, names[i]);
    free(names);
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
    return good || fail(mirror, "the server's list of stores cannot be understood");
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
           fail(mirror, "the server shows no store '%s': it has none, or who asks may not see it (--token-file)",
                wanted);
}

static bool list_stores(struct mirror *mirror, json_t *ret_stores)
{
    json_t *answer;
    if (remote_json(mirror->follower.remote, "/v1/stores", &answer) != 200)
        return fail(mirror, "%s: its stores cannot be listed: %s", mirror->copying->from,
                    remote_error(mirror->follower.remote));
    bool good = take_list(mirror, answer, ret_stores);
    json_decref(answer);
    return good;
}

/* The folder in which the server is followed, and that of the bookmarks in it. */
static bool make_folder(struct mirror *mirror)
{
    struct store_detail detail = {0};
    mirror->made = access(mirror->copying->to, F_OK) < 0 && errno == ENOENT;
    enum store_error error = backup_open(mirror->copying->to, NULL, mirror->copying->replace, &mirror->site,
                                         &mirror->empty, &detail);
    if (error)
        return fail(mirror, "%s", detail.text[0] ? detail.text : store_error_text(error));
    if (asprintf(&mirror->folder, "%s/" BACKUP_DRAFTS "/" BACKUP_SERVER, mirror->copying->to) < 0) {
        mirror->folder = NULL;
        return fail(mirror, "memory is out");
    }
    struct depot_options options = depot_options_default();
    options.io = backup_io(mirror->site);
    options.disk_reserve = 0;
    options.open_stores_limit = 1;
    options.keep_expired = true;
    mirror->follower.folder = mirror->folder;
    if (depot_open(mirror->folder, &options, &mirror->follower.depot, &detail))
        return fail(mirror, "%s", detail.text);
    int os_error = bookmark_make_folder(mirror->folder);
    return !os_error || fail(mirror, "%s/follow: %s", mirror->folder, strerror(os_error));
}

/* Which stores the backup is to have: what is cut short leaves it without, and it is to say so. */
static bool expect_stores(struct mirror *mirror, const json_t *stores)
{
    struct store_detail detail = {0};
    const json_t *store;
    size_t i;
    const char **names = calloc(json_array_size(stores) + 1, sizeof *names);
    if (!names)
        return fail(mirror, "memory is out");
    json_array_foreach (stores, i, store)
        names[i] = json_string_value(json_object_get(store, "name"));
    enum store_error error = backup_expect(mirror->site, names, json_array_size(stores), !mirror->copying->store,
                                           &detail);
    free(names);
    return !error || fail(mirror, "%s", detail.text);
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

static bool follow_all(struct mirror *mirror, const char *token)
{
    const char *sentence;
    json_t *stores = json_array(), *chosen = json_array();
    mirror->follower.remote = remote_open(mirror->copying->from, token, mirror->copying->ca_file, &sentence);
    if (!mirror->follower.remote)
        fail(mirror, "%s", sentence);
    bool good = mirror->follower.remote && list_stores(mirror, stores) && choose_stores(mirror, stores, chosen) &&
                make_folder(mirror) && check_source(mirror, stores) && expect_stores(mirror, chosen) &&
                follow_stores(mirror, chosen) && (mirror->copying->store || miss_others(mirror, stores));
    bool failed = !good || mirror->account->failed > 0 || mirror->account->refused > 0;
    mirror->withdrawn = failed && mirror->made && !holds_something(mirror);
    depot_close(mirror->follower.depot);
    if (mirror->withdrawn)
        backup_withdraw(mirror->site);
    remote_close(mirror->follower.remote);
    json_decref(chosen);
    json_decref(stores);
    return good;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static bool wanted(void *arg, const char *store)
{
    const struct mirror *mirror = arg;
    return json_object_get(mirror->points, store);
}

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
    copying.prune = copying.prune && followed;
    const struct copying_part part = {
        .from = mirror->folder,
        .site = mirror->site,
        .where = "what was copied to backup/server, and not the server,",
        .remedy = "what was copied to backup/server is damaged, and not the server: remove that folder, and run this "
                  "once more with --replace",
        .wanted = wanted,
        .tell_flaws = tell_flaws,
        .tell_sums = tell_sums,
        .arg = mirror};
    return copying_make(&copying, &part, mirror->account, sentence) || fail(mirror, "%s", sentence);
}

enum check_status mirror_run(const struct copying *copying, const char *token)
{
    struct account account;
    struct mirror mirror = {.copying = copying,
                            .account = &account,
                            .follower = {.replace = copying->replace, .damaged = keep_damaged, .anew = note_anew},
                            .points = json_object(),
                            .damaged = json_object()};
    mirror.follower.arg = &mirror;
    account_begin(&account, copying->command, copying->json, copying->from, copying->to);
    account.counts_objects = true;
    bool good = follow_all(&mirror, token);
    if (!mirror.withdrawn && (good || json_object_size(mirror.points) > 0))
        good = copy_all(&mirror, good) && good;
    backup_close(mirror.site);
    free(mirror.folder);
    json_decref(mirror.points);
    json_decref(mirror.damaged);
    return account_end(&account, good ? NULL : mirror.sentence);
}
