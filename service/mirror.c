/* mirror.c - a backup of a server that is asked over HTTP. See mirror.h. */
#include "service/mirror.h"

#include "service/follower.h"
#include "service/progress.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct mirror {
    const struct copying *copying;
    struct follower follower;
    struct progress progress;
    char *folder;
    json_t *offsets;              /* store -> the point of the server's log */
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
}

static void begin_store(struct mirror *mirror, const char *name)
{
    progress_pause(&mirror->progress);
    (void)snprintf(mirror->name, sizeof mirror->name, "%s", name);
    atomic_store(&mirror->follower.done, 0);
    atomic_store(&mirror->follower.goal, 0);
    progress_resume(&mirror->progress);
}

static bool follow_store(struct mirror *mirror, const json_t *store)
{
    const char *name = json_string_value(json_object_get(store, "name"));
    uint64_t offset;
    if (!name || !store_name_valid(name))
        return fail(mirror, "the server's list of stores cannot be understood");
    if (mirror->copying->store && strcmp(mirror->copying->store, name) != 0)
        return true;
    begin_store(mirror, name);
    if (!follower_follow(&mirror->follower, name, json_object_get(store, "limits"), &offset))
        return fail(mirror, "%s", mirror->follower.error);
    return json_object_set_new(mirror->offsets, name, json_integer((json_int_t)offset)) == 0;
}

static bool follow_stores(struct mirror *mirror, const json_t *stores)
{
    const json_t *store;
    size_t i;
    bool good = true;
    progress_begin(&mirror->progress, STDERR_FILENO, mirror->copying->json, sample, mirror);
    json_array_foreach (stores, i, store)
        good = good && follow_store(mirror, store);
    progress_end(&mirror->progress);
    if (good && mirror->copying->store && json_object_size(mirror->offsets) == 0)
        return fail(mirror, "the server has no store '%s'", mirror->copying->store);
    if (good && mirror->copying->prune && !follower_remove_others(&mirror->follower, stores))
        return fail(mirror, "%s", mirror->follower.error);
    return good;
}

static bool follow_server(struct mirror *mirror)
{
    json_t *answer;
    if (remote_json(mirror->follower.remote, "/v1/stores", &answer) != 200)
        return fail(mirror, "%s: its stores cannot be listed: %s", mirror->copying->from,
                    remote_error(mirror->follower.remote));
    const json_t *stores = json_object_get(answer, "stores");
    bool good = json_is_array(stores) || fail(mirror, "the server's list of stores cannot be understood");
    good = good && follow_stores(mirror, stores);
    json_decref(answer);
    return good;
}

/* ---- the folder ------------------------------------------------------------------------------ */

/* The folder in which the server is followed, and that of the notes in it. */
static bool make_folder(struct mirror *mirror)
{
    char *notes;
    struct store_detail detail = {0};
    bool empty;
    if (backup_prepare(mirror->copying->to, NULL, &empty, &detail))
        return fail(mirror, "%s", detail.text);
    if (asprintf(&mirror->folder, "%s/" BACKUP_DRAFTS "/server", mirror->copying->to) < 0) {
        mirror->folder = NULL;
        return fail(mirror, "memory is out");
    }
    struct depot_options options = depot_options_default();
    options.disk_reserve = 0;
    options.open_stores_limit = 1;
    mirror->follower.folder = mirror->folder;
    if (depot_open(mirror->folder, &options, &mirror->follower.depot, &detail))
        return fail(mirror, "%s", detail.text);
    if (asprintf(&notes, "%s/follow", mirror->folder) < 0)
        return fail(mirror, "memory is out");
    bool made = mkdir(notes, 0700) == 0 || errno == EEXIST;
    free(notes);
    return made || fail(mirror, "%s/follow: %s", mirror->folder, strerror(errno));
}

static bool follow_all(struct mirror *mirror, const char *token)
{
    const char *sentence;
    mirror->follower.remote = remote_open(mirror->copying->from, token, &sentence);
    if (!mirror->follower.remote)
        return fail(mirror, "%s", sentence);
    bool good = make_folder(mirror) && follow_server(mirror);
    depot_close(mirror->follower.depot);
    remote_close(mirror->follower.remote);
    return good;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static uint64_t offset_of(void *arg, const char *store)
{
    const struct mirror *mirror = arg;
    return (uint64_t)json_integer_value(json_object_get(mirror->offsets, store));
}

static bool wanted(void *arg, const char *store)
{
    const struct mirror *mirror = arg;
    return json_object_get(mirror->offsets, store);
}

enum check_status mirror_run(const struct copying *copying, const char *token)
{
    struct mirror mirror = {.copying = copying, .offsets = json_object()};
    struct account account;
    account_begin(&account, copying->command, copying->json, copying->from, copying->to);
    bool good = follow_all(&mirror, token);
    if (good) {
        const struct copying_part part = {
            .from = mirror.folder, .wanted = wanted, .offset_of = offset_of, .arg = &mirror};
        good = copying_make(copying, &part, &account, mirror.sentence);
    }
    free(mirror.folder);
    json_decref(mirror.offsets);
    return account_end(&account, good ? NULL : mirror.sentence);
}
