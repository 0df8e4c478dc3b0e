/* follower.c - brings stores up to those of a server by its change feed. follower.h tells how. */
#include "service/follower.h"

#include "api/http/etag.h"
#include "api/text/naming.h"
#include "api/text/timestamp.h"
#include "service/landing.h"
#include "service/small_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PAGES_MAX = 2000, /* once the end of the feed was seen */
    IN_FLIGHT = 256,  /* commits */
    PATH_SIZE = 3 * STORE_KEY_MAX + STORE_NAME_MAX + 64,
    NOTE_MAX = 256,
    LOG_SIZE = 32,
    MILLISECOND = 1000000,
};

/* One store that is followed. */
struct pursuit {
    struct follower *follower;
    const char *name;
    struct store *store;
    uint64_t next;
    char log[LOG_SIZE]; /* which log that is a place of, as the feed's pages tell it; "": that is not known */
    json_t *unsettled;  /* name of an object -> its last change, which the folder does not have just so */

    struct landings landings;
};

static bool fail(struct follower *follower, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool fail(struct follower *follower, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(follower->error, sizeof follower->error, format, arguments);
    va_end(arguments);
    return false;
}

static bool fail_store(struct pursuit *pursuit, const char *what, enum store_error error)
{
    return fail(pursuit->follower, "store %s: %s: %s", pursuit->name, what, store_error_text(error));
}

/* Waits until no more than so many are on their way; false when one of them has failed. */
static bool wait_landed(struct pursuit *pursuit, size_t most)
{
    enum store_error error = landings_wait(&pursuit->landings, most);
    return !error || fail_store(pursuit, "an object could not be stored", error);
}

/* ---- changes --------------------------------------------------------------------------------- */

/* What a change says. Borrowed from its JSON, but for the key. */
struct change {
    struct store_key key;
    char *key_copy;   /* where base64 is decoded */
    const char *etag; /* NULL: it is deleted */
    int64_t modified; /* nanoseconds since 1970, to the millisecond */
    bool sweeps;      /* it ends others as well */
};

/* The point in time that timestamp_write() has written. */
static bool read_time(const char *text, int64_t *ret_time)
{
    int64_t seconds;
    if (!text || !timestamp_read(text, strlen(text), &seconds))
        return false;
    const char *part = strchr(text, '.');
    *ret_time = (seconds * 1000 + (part ? strtol(part + 1, NULL, 10) : 0)) * MILLISECOND;
    return true;
}

/* The key of a change: its text, its base64, or, where it has no name, its hash. *ret_copy: free it. */
static bool read_key(const json_t *json, struct store_key *ret_key, char **ret_copy)
{
    static const char *const members[] = {"key", "key_base64", "key_hash"};
    struct naming naming = {0};
    *ret_copy = NULL;
    for (size_t i = 0; i < NAMINGS; i++) {
        const json_t *value = json_object_get(json, members[i]);
        size_t length = json_string_length(value);
        if (!json_is_string(value))
            continue;
        *ret_copy = malloc(length + 1);
        if (!*ret_copy)
            return false;
        memcpy(*ret_copy, json_string_value(value), length + 1);
        naming.texts[i] = (struct text){.bytes = *ret_copy, .length = length};
        return naming_key(&naming, ret_key) == NULL;
    }
    return false;
}

static bool read_change(const json_t *json, struct change *ret_change)
{
    const char *op = json_string_value(json_object_get(json, "op"));
    struct change change = {0};
    change.etag = op && strcmp(op, "put") == 0 ? json_string_value(json_object_get(json, "etag")) : NULL;
    change.sweeps = json_is_integer(json_object_get(json, "ends"));
    bool whole = op && (change.etag || strcmp(op, "delete") == 0) &&
                 read_time(json_string_value(json_object_get(json, "modified")), &change.modified) &&
                 read_key(json, &change.key, &change.key_copy);
    *ret_change = change;
    if (!whole)
        free(change.key_copy);
    return whole;
}

/* ---- what the folder has --------------------------------------------------------------------- */

enum held { HELD_NOTHING, HELD_OLDER, HELD_SAME, HELD_NEWER, HELD_UNKNOWN };

static enum held held_beside(struct pursuit *pursuit, const struct change *change)
{
    struct object *object;
    char etag[ETAG_SIZE];
    enum store_error error = store_get(pursuit->store, &change->key, 0, &object);
    if (error)
        return error == STORE_NO_OBJECT ? HELD_NOTHING : HELD_UNKNOWN;
    const struct object_info *info = object_info(object);
    etag_write(etag, &info->digest);
    bool same = change->etag && strcmp(etag, change->etag) == 0 && info->modified == change->modified;
    bool newer = info->modified > change->modified;
    object_release(object);
    return same ? HELD_SAME : newer ? HELD_NEWER : HELD_OLDER;
}

/* ---- asking for objects ------------------------------------------------------------------------ */

static void put_path(char path[PATH_SIZE], const char *store, const struct store_key *key)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    if (!key->bytes) {
        (void)snprintf(path, PATH_SIZE, "/v1/stores/%s/hashes/%016" PRIx64, store, key->hash);
        return;
    }
    char *at = path + snprintf(path, PATH_SIZE, "/v1/stores/%s/objects/", store);
    const unsigned char *bytes = key->bytes;
    for (size_t i = 0; i < key->length; i++)
        if (bytes[i] && strchr(plain, bytes[i]))
            *at++ = (char)bytes[i];
        else
            at += snprintf(at, 4, "%%%02X", bytes[i]);
    *at = '\0';
}

/* What came is taken for the version of the change where bytes and second are those: then it gets its millisecond. */
static bool settle_fetched(struct landing *landing, const struct change *change)
{
    bool same = strcmp(landing_etag(landing), change->etag) == 0 &&
                landing_modified(landing) / MILLISECOND / 1000 == change->modified / MILLISECOND / 1000;
    landing_commit(landing, same ? change->modified : landing_modified(landing));
    return same;
}

static bool delete_object(struct pursuit *pursuit, const struct store_key *key)
{
    return landings_delete(&pursuit->landings, key) || fail(pursuit->follower, "memory is out");
}

/* *ret_settled: it is that of the change. */
static bool fetch(struct pursuit *pursuit, const struct change *change, bool *ret_settled)
{
    char path[PATH_SIZE];
    struct landing *landing = landing_new(&pursuit->landings, &change->key);
    if (!landing)
        return fail(pursuit->follower, "memory is out");
    const struct remote_reader reader = landing_reader(landing);
    put_path(path, pursuit->name, &change->key);
    *ret_settled = false;
    int status = remote_read(pursuit->follower->remote, path, &reader);
    if (status == 200) {
        *ret_settled = settle_fetched(landing, change);
        return wait_landed(pursuit, IN_FLIGHT);
    }
    landing_drop(landing);
    if (status == 404) /* its deletion is told further on */
        return held_beside(pursuit, change) == HELD_NOTHING || delete_object(pursuit, &change->key);
    return fail(pursuit->follower, "store %s: an object cannot be had: %s", pursuit->name,
                remote_error(pursuit->follower->remote));
}

/* ---- pages ----------------------------------------------------------------------------------- */

/* The name of an object among the unsettled: free() it. NUL is two bytes in it, which are no text (as in Java). */
static char *object_name(const json_t *change)
{
    static const char *const members[] = {"key", "key_base64", "key_hash"};
    size_t which = 0;
    while (which < NAMINGS - 1 && !json_is_string(json_object_get(change, members[which])))
        which++;
    const json_t *value = json_object_get(change, members[which]);
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);
    char *name = malloc(2 * length + 2), *at = name;
    if (!name)
        return NULL;
    *at++ = "kbh"[which];
    for (size_t i = 0; i < length; i++)
        if (text[i]) {
            *at++ = text[i];
        } else {
            *at++ = '\xC0';
            *at++ = '\x80';
        }
    *at = '\0';
    return name;
}

/* Brings the folder closer to the last change of an object. `again`: also where what it has may be told of later. */
static bool settle(struct pursuit *pursuit, const char *name, const json_t *json, bool again)
{
    struct change change;
    if (!read_change(json, &change))
        return fail(pursuit->follower, "store %s: its feed cannot be understood", pursuit->name);
    enum held held = held_beside(pursuit, &change);
    bool settled = change.etag ? held == HELD_SAME : held == HELD_NOTHING;
    bool good = true;
    if (change.sweeps) {
        good = fail(pursuit->follower, "store %s: it was begun by an early version, or is damaged: copy its folder",
                    pursuit->name);
    } else if (!settled && !change.etag) {
        settled = good = delete_object(pursuit, &change.key);
    } else if (!settled && (again || held != HELD_NEWER)) {
        good = fetch(pursuit, &change, &settled);
    }
    free(change.key_copy);
    if (settled)
        json_object_del(pursuit->unsettled, name);
    return good;
}

/* Several changes of one object on a page count as the last. */
static bool take_changes(struct pursuit *pursuit, const json_t *changes)
{
    bool good = true;
    size_t count = json_array_size(changes);
    for (size_t i = 0; i < count && good; i++) {
        json_t *change = json_array_get(changes, i);
        char *name = object_name(change);
        good = name && json_object_set_nocheck(pursuit->unsettled, name, change) == 0;
        free(name);
    }
    for (size_t i = 0; i < count && good; i++) {
        json_t *change = json_array_get(changes, i);
        char *name = object_name(change);
        if (name && json_object_get(pursuit->unsettled, name) == change)
            good = settle(pursuit, name, change, false);
        free(name);
    }
    return good && wait_landed(pursuit, 0);
}

/* At the end of the feed: what is still not as it was told is asked for anew. */
static bool ask_again(struct pursuit *pursuit)
{
    const char *name;
    json_t *change;
    void *next;
    bool good = true;
    json_object_foreach_safe (pursuit->unsettled, next, name, change)
        good = good && settle(pursuit, name, change, true);
    return good && wait_landed(pursuit, 0);
}

/* ---- notes ----------------------------------------------------------------------------------- */

static void note_path(const struct pursuit *pursuit, const char *ending, char path[PATH_SIZE])
{
    (void)snprintf(path, PATH_SIZE, "%s/follow/%s%s", pursuit->follower->folder, pursuit->name, ending);
}

static void forget_place(struct pursuit *pursuit)
{
    pursuit->next = 0;
    pursuit->log[0] = '\0';
}

/* A store that was made anew under the same name has another log. */
static void read_note(struct pursuit *pursuit)
{
    char path[PATH_SIZE];
    size_t length;
    note_path(pursuit, "", path);
    char *text = small_file_read(path, NOTE_MAX, &length);
    if (!text || sscanf(text, "next %" SCNu64 "\nlog %31[0-9a-f]", &pursuit->next, pursuit->log) != 2)
        forget_place(pursuit);
    free(text);
}

/* On disk when it returns: all in front of it is. */
static bool write_note(struct pursuit *pursuit)
{
    char path[PATH_SIZE], draft[PATH_SIZE];
    note_path(pursuit, "", path);
    note_path(pursuit, ".new.", draft);
    FILE *file = fopen(draft, "we");
    bool good = file && fprintf(file, "next %" PRIu64 "\nlog %s\n", pursuit->next, pursuit->log) > 0 &&
                fflush(file) == 0 && fdatasync(fileno(file)) == 0;
    if (file && fclose(file) != 0)
        good = false;
    good = good && rename(draft, path) == 0;
    return good || fail(pursuit->follower, "%s cannot be written: %s", path, strerror(errno));
}

static void remove_note(const struct pursuit *pursuit)
{
    char path[PATH_SIZE];
    note_path(pursuit, "", path);
    unlink(path);
}

/* ---- one store ------------------------------------------------------------------------------- */

/* *ret_gone: the feed does not reach back so far. */
static bool ask_page(struct pursuit *pursuit, json_t **ret_page, bool *ret_gone)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "/v1/stores/%s/changes?since=%" PRIu64 "%s%s", pursuit->name, pursuit->next,
                   pursuit->log[0] ? "&log=" : "", pursuit->log);
    int status = remote_json(pursuit->follower->remote, path, ret_page);
    *ret_gone = status == 410;
    return status == 200 || *ret_gone ||
           fail(pursuit->follower, "store %s: its changes cannot be had: %s", pursuit->name,
                remote_error(pursuit->follower->remote));
}

/* *ret_end: the feed ends with the page. Elsewhere the store is at no point: what compaction has moved is told of
 * further on. */
static bool take_page(struct pursuit *pursuit, const json_t *page, bool *ret_end)
{
    const json_t *changes = json_object_get(page, "changes");
    uint64_t end = (uint64_t)json_integer_value(json_object_get(page, "end"));
    if (!take_changes(pursuit, changes))
        return false;
    pursuit->next = (uint64_t)json_integer_value(json_object_get(page, "next"));
    *ret_end = pursuit->next == end;
    atomic_store(&pursuit->follower->goal, end);
    atomic_store(&pursuit->follower->done, pursuit->next);
    bool stands = *ret_end && json_array_size(changes) == 0;
    return !stands || json_object_size(pursuit->unsettled) == 0 || ask_again(pursuit);
}

/* Whether the page is of the log that is followed. Of which one that is stands in the note from the first page on: what
 * is in the folder is of that one. */
static bool is_same_log(struct pursuit *pursuit, const json_t *page, bool *ret_same)
{
    const char *log = json_string_value(json_object_get(page, "log"));
    if (!log)
        return fail(pursuit->follower, "store %s: its feed does not tell of which log it is: the server is too old",
                    pursuit->name);
    *ret_same = !pursuit->log[0] || strcmp(pursuit->log, log) == 0;
    if (pursuit->log[0])
        return true;
    (void)snprintf(pursuit->log, sizeof pursuit->log, "%s", log);
    return write_note(pursuit);
}

/* Until the store is at a point of the log. */
static bool pursue(struct pursuit *pursuit, bool *ret_gone)
{
    bool end = false, near = false;
    for (unsigned pages = 0; !end || json_object_size(pursuit->unsettled) > 0; pages += near) {
        json_t *page;
        if (pages == PAGES_MAX)
            return fail(pursuit->follower,
                        "store %s changes faster than it can be followed: copy its folder, or try again when less is "
                        "written",
                        pursuit->name);
        bool same = true;
        if (!ask_page(pursuit, &page, ret_gone) || *ret_gone)
            return false;
        bool good = is_same_log(pursuit, page, &same);
        *ret_gone = good && !same;
        good = good && same && take_page(pursuit, page, &end);
        json_decref(page);
        near = near || end;
        if (!good)
            return false;
    }
    return true;
}

static struct store_limit read_limit(const json_t *limits, const char *name)
{
    const json_t *value = json_object_get(limits, name);
    return (struct store_limit){.set = json_is_integer(value), .most = (uint64_t)json_integer_value(value)};
}

/* Limits are put aside while it is followed: what is newer than they are may be in it. */
static bool set_limits(struct pursuit *pursuit, const json_t *limits)
{
    const struct store_limit bytes = read_limit(limits, "bytes"), objects = read_limit(limits, "objects");
    enum store_error error = depot_set_limits(pursuit->follower->depot, pursuit->name, &bytes, &objects, NULL);
    return !error || fail_store(pursuit, "its limits cannot be set", error);
}

/* What is there of a log that is not known is of no use. */
static bool open_store(struct pursuit *pursuit, bool anew)
{
    struct depot *depot = pursuit->follower->depot;
    bool created;
    enum store_error error = STORE_OK;
    forget_place(pursuit);
    if (!anew)
        read_note(pursuit);
    if (!pursuit->log[0]) {
        remove_note(pursuit);
        error = depot_delete(depot, pursuit->name, true, NULL);
    }
    if (!error || error == STORE_NO_STORE)
        error = depot_create(depot, pursuit->name, &created, NULL);
    if (!error)
        error = depot_acquire(depot, pursuit->name, &pursuit->store, NULL);
    if (error)
        return fail_store(pursuit, "its copy cannot be opened", error);
    if (created)
        pursuit->next = 0;
    json_object_clear(pursuit->unsettled);
    landings_begin(&pursuit->landings, pursuit->store);
    return set_limits(pursuit, NULL);
}

static bool follow(struct pursuit *pursuit, const json_t *limits, bool anew, bool *ret_gone)
{
    *ret_gone = false;
    bool good = open_store(pursuit, anew) && pursue(pursuit, ret_gone) && set_limits(pursuit, limits) &&
                write_note(pursuit);
    if (pursuit->store)
        landings_end(&pursuit->landings);
    depot_release(pursuit->store);
    pursuit->store = NULL;
    return good;
}

bool follower_follow(struct follower *follower, const char *name, const json_t *limits, uint64_t *ret_offset)
{
    struct pursuit pursuit = {.follower = follower, .name = name, .unsettled = json_object()};
    bool gone;
    bool good = follow(&pursuit, limits, false, &gone);
    if (!good && gone)
        good = follow(&pursuit, limits, true, &gone);
    if (!good && gone)
        fail(follower, "store %s: its feed does not begin at 0", name);
    *ret_offset = pursuit.next;
    json_decref(pursuit.unsettled);
    return good;
}

/* ---- the others ------------------------------------------------------------------------------ */

static bool has_name(const json_t *stores, const char *name)
{
    const json_t *store;
    size_t i;
    json_array_foreach (stores, i, store) {
        const char *known = json_string_value(json_object_get(store, "name"));
        if (known && strcmp(known, name) == 0)
            return true;
    }
    return false;
}

bool follower_remove_others(struct follower *follower, const json_t *stores)
{
    char **names;
    size_t count;
    enum store_error error = depot_names(follower->depot, &names, &count);
    if (error)
        return fail(follower, "the stores that were copied cannot be listed: %s", store_error_text(error));
    for (size_t i = 0; i < count && !error; i++)
        if (!has_name(stores, names[i])) {
            const struct pursuit pursuit = {.follower = follower, .name = names[i]};
            remove_note(&pursuit);
            error = depot_delete(follower->depot, names[i], true, NULL);
        }
    free(names);
    return !error || fail(follower, "the copy of a store cannot be removed: %s", store_error_text(error));
}
