/* settling.c - compares what a folder has with what was told of it, and asks for what it has not. See settling.h. */
#include "service/settling.h"

#include "api/http/etag.h"
#include "service/change.h"
#include "service/interruption.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    IN_FLIGHT = 256, /* commits */
    TRIES_MAX = 5,   /* for an object, of a server that answers otherwise */
    MILLISECOND = 1000000,
};

/* ---- objects that cannot be had ---------------------------------------------------------------- */

/* Takes an object out of what is still to be settled. */
static bool leave_out(struct pursuit *pursuit, json_t *change)
{
    char *name = change_name(change);
    bool good = name && json_object_set_nocheck(pursuit->damaged, name, change) == 0;
    if (good && json_object_get(pursuit->unsettled, name) == change)
        json_object_del(pursuit->unsettled, name);
    free(name);
    return good || pursuit_fail(pursuit, "memory is out");
}

/* Waits until no more than so many are on their way; those whose bytes were not those that the server said are left
 * out. */
static bool wait_landed(struct pursuit *pursuit, size_t most)
{
    struct landings *landings = &pursuit->landings;
    enum store_error error = landings_wait(landings, most);
    bool good = !error || pursuit_fail_store(pursuit, "an object could not be stored", error);
    if (most > 0)
        return good;
    for (size_t i = 0; i < landings->wrong_count && good; i++)
        good = leave_out(pursuit, (json_t *)(uintptr_t)landings->wrong[i]);
    landings->wrong_count = 0;
    return good;
}

/* ---- what the folder has --------------------------------------------------------------------- */

enum held { HELD_NOTHING, HELD_OLDER, HELD_SAME, HELD_NEWER, HELD_UNKNOWN };

static enum held held_beside(struct store *store, const struct change *change)
{
    struct object *object;
    char etag[ETAG_SIZE];
    enum store_error error = store_get(store, &change->key, STORE_GET_EXPIRED, &object);
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

static void put_path(char path[PURSUIT_PATH], const char *store, const struct store_key *key)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    if (!key->bytes) {
        (void)snprintf(path, PURSUIT_PATH, "/v1/stores/%s/hashes/%016" PRIx64, store, key->hash);
        return;
    }
    char *at = path + snprintf(path, PURSUIT_PATH, "/v1/stores/%s/objects/", store);
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

/* One that is not there, although no deletion was told. That is told further on; but what has expired may be gone for
 * all who ask, and its deletion come late, or not at all. So where the feed still ends at the same place as it did when
 * it was missed before, it is gone at that point. */
static bool miss(struct pursuit *pursuit, const struct change *change, json_t *json, bool again, bool *ret_settled)
{
    const json_t *missed = json_object_get(json, "missed");
    *ret_settled = again && missed && (uint64_t)json_integer_value(missed) == pursuit->bookmark.next;
    if (again)
        json_object_set_new(json, "missed", json_integer((json_int_t)pursuit->bookmark.next));
    return held_beside(pursuit->store, change) == HELD_NOTHING || landings_delete(&pursuit->landings, &change->key) ||
           pursuit_fail(pursuit, "memory is out");
}

/* Whether the server that has the store answers at all: one that starts, or gets the store, is waited for. */
static bool is_alive(struct pursuit *pursuit)
{
    json_t *answer = NULL;
    char path[PURSUIT_PATH];
    (void)snprintf(path, sizeof path, "/v1/stores/%s", pursuit->name);
    int status = remote_json(pursuit->follower->remote, path, &answer);
    json_decref(answer);
    return status != 0 && !remote_is_passing(pursuit->follower->remote, status);
}

/* One that the server has, and does not give, although it answers. */
static bool miss_damaged(struct pursuit *pursuit, json_t *json, int status, const char *why)
{
    if (status == 0 && !is_alive(pursuit))
        return pursuit_fail_as(pursuit, FOLLOWER_OVER, "the server does not answer any more: %s", why);
    if (status != 0 && status != 500)
        return pursuit_fail(pursuit, "an object cannot be had: %s", why);
    return leave_out(pursuit, json);
}

/* *ret_landing is there only when the status is 200, or when it is 0 by the store's fault. */
static int ask_object(struct pursuit *pursuit, const struct change *change, const json_t *json,
                      struct landing **ret_landing)
{
    struct remote *remote = pursuit->follower->remote;
    char path[PURSUIT_PATH];
    put_path(path, pursuit->name, &change->key);
    for (unsigned tries = 1;; tries++) {
        *ret_landing = landing_new(&pursuit->landings, &change->key, json);
        if (!*ret_landing)
            return 0;
        const struct remote_reader reader = landing_reader(*ret_landing);
        int status = remote_read(remote, path, &reader);
        if (status == 200 || landing_error(*ret_landing))
            return status;
        landing_drop(*ret_landing);
        *ret_landing = NULL;
        if (tries == TRIES_MAX || !remote_is_passing(remote, status) || !is_alive(pursuit))
            return status;
    }
}

/* *ret_settled: it is that of the change. */
static bool fetch(struct pursuit *pursuit, const struct change *change, json_t *json, bool again, bool *ret_settled)
{
    struct landing *landing;
    *ret_settled = false;
    int status = ask_object(pursuit, change, json, &landing);
    if (status != 200 && interruption_came()) {
        if (landing)
            landing_drop(landing);
        return pursuit_fail_as(pursuit, FOLLOWER_OVER, "%s", interruption_sentence);
    }
    if (status == 200 && !landing_etag(landing)[0]) {
        landing_drop(landing);
        return pursuit_fail(pursuit,
                            "its objects come without the ETag by which a version is known: does something in front of "
                            "the server take it out?");
    }
    if (status == 200) {
        *ret_settled = settle_fetched(landing, change);
        return wait_landed(pursuit, IN_FLIGHT);
    }
    if (landing) {
        enum store_error error = landing_error(landing);
        landing_drop(landing);
        return pursuit_fail_store(pursuit, "an object could not be stored", error);
    }
    if (status == 404)
        return miss(pursuit, change, json, again, ret_settled);
    char why[sizeof pursuit->follower->error];
    (void)snprintf(why, sizeof why, "%s", remote_error(pursuit->follower->remote));
    return miss_damaged(pursuit, json, status, why);
}

/* ---- changes --------------------------------------------------------------------------------- */

/* Brings the folder closer to the last change of an object. `again`: also where what it has may be told of later. */
static bool settle(struct pursuit *pursuit, const char *name, json_t *json, bool again)
{
    struct change change;
    if (interruption_came())
        return pursuit_fail_as(pursuit, FOLLOWER_OVER, "%s", interruption_sentence);
    if (!change_read(json, &change))
        return pursuit_fail(pursuit, "its feed cannot be understood");
    enum held held = held_beside(pursuit->store, &change);
    bool settled = change.etag ? held == HELD_SAME : held == HELD_NOTHING;
    bool good = true;
    if (change.sweeps) {
        good = pursuit_fail(pursuit, "it was begun by an early version, or is damaged: copy its folder");
    } else if (!settled && !change.etag) {
        settled = landings_delete(&pursuit->landings, &change.key);
        good = settled || pursuit_fail(pursuit, "memory is out");
    } else if (!settled && (again || held != HELD_NEWER)) {
        good = fetch(pursuit, &change, json, again, &settled);
    }
    change_free(&change);
    if (settled)
        json_object_del(pursuit->unsettled, name);
    return good;
}

bool settling_take(struct pursuit *pursuit, const json_t *changes)
{
    bool good = true;
    size_t count = json_array_size(changes);
    for (size_t i = 0; i < count && good; i++) {
        json_t *change = json_array_get(changes, i);
        char *name = change_name(change);
        good = (name && json_object_set_nocheck(pursuit->unsettled, name, change) == 0) ||
               pursuit_fail(pursuit, "memory is out");
        if (good)
            json_object_del(pursuit->damaged, name);
        if (good && pursuit->awaited && strcmp(name, pursuit->awaited) == 0)
            pursuit_await(pursuit, NULL);
        free(name);
    }
    for (size_t i = 0; i < count && good; i++) {
        json_t *change = json_array_get(changes, i);
        char *name = change_name(change);
        if (name && json_object_get(pursuit->unsettled, name) == change)
            good = settle(pursuit, name, change, false);
        free(name);
    }
    return good && wait_landed(pursuit, 0);
}

bool settling_ask_again(struct pursuit *pursuit)
{
    const char *name;
    json_t *change;
    void *next;
    bool good = true;
    json_t *asked = json_copy(pursuit->unsettled); /* labels of what lands live as long */
    json_object_foreach_safe (asked, next, name, change)
        good = good && settle(pursuit, name, change, true);
    good = good && wait_landed(pursuit, 0);
    json_decref(asked);
    return good;
}
