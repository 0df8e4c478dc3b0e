/* follower.c - brings stores up to those of a server by its change feed. follower.h tells how. */
#include "service/follower.h"

#include "service/clock.h"
#include "service/landmark.h"
#include "service/settling.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PATIENCE = 60, /* seconds, once the end of the feed was seen */
    STILL_MAX = 5, /* pages in a row that lead nowhere */
    ANEW_MAX = 3,  /* times that a store is begun anew */
};

/* ---- pages ----------------------------------------------------------------------------------- */

/* *ret_gone: the feed does not reach back so far, or is that of another log. What was asked for again in vain is not
 * asked for at once: something has to happen first, or a second to pass. */
static bool ask_page(struct pursuit *pursuit, json_t **ret_page, bool *ret_gone)
{
    const struct bookmark *bookmark = &pursuit->bookmark;
    char path[PURSUIT_PATH];
    (void)snprintf(path, sizeof path, "/v1/stores/%s/changes?since=%" PRIu64 "%s%s%s", pursuit->name, bookmark->next,
                   pursuit->in_vain ? "&wait=1" : "", bookmark->log[0] ? "&log=" : "", bookmark->log);
    int status = remote_json(pursuit->follower->remote, path, ret_page);
    *ret_gone = status == 410;
    return status == 200 || *ret_gone || pursuit_fail_answer(pursuit, "its changes", status);
}

/* Whether it is a page of a feed, and leads on: for ever asked for the same, one would never come to an end. */
static bool check_page(struct pursuit *pursuit, const json_t *page)
{
    uint64_t since = pursuit->bookmark.next, next = (uint64_t)json_integer_value(json_object_get(page, "next"));
    bool good = json_is_array(json_object_get(page, "changes")) && json_is_integer(json_object_get(page, "next")) &&
                json_is_integer(json_object_get(page, "end"));
    if (!good)
        return pursuit_fail(pursuit, "its feed cannot be understood: a page has no changes, next or end");
    bool still = next == since && next != (uint64_t)json_integer_value(json_object_get(page, "end"));
    pursuit->still = still ? pursuit->still + 1 : 0;
    if (next >= since && pursuit->still < STILL_MAX)
        return true;
    return pursuit_fail(pursuit,
                        "its feed does not go on: what is behind %" PRIu64 " ends at %" PRIu64
                        ", and that is not all. Does "
                        "something in front of the server keep its answers?",
                        since, next);
}

/* *ret_end: the feed ends with the page. Elsewhere the store is at no point: what compaction has moved is told of
 * further on. */
static bool take_page(struct pursuit *pursuit, const json_t *page, bool *ret_end)
{
    const json_t *changes = json_object_get(page, "changes");
    uint64_t end = (uint64_t)json_integer_value(json_object_get(page, "end"));
    if (!check_page(pursuit, page) || !settling_take(pursuit, changes))
        return false;
    if (json_array_size(changes) > 0) {
        json_decref(pursuit->latest);
        pursuit->latest = json_incref(json_object_get(page, "changes"));
    }
    pursuit->bookmark.next = (uint64_t)json_integer_value(json_object_get(page, "next"));
    *ret_end = pursuit->bookmark.next == end;
    bool stands = *ret_end && json_array_size(changes) == 0;
    bool good = !stands || json_object_size(pursuit->unsettled) == 0 || settling_ask_again(pursuit);
    pursuit->in_vain = stands && json_object_size(pursuit->unsettled) > 0;
    return good;
}

static bool write_bookmark(struct pursuit *pursuit)
{
    int error = bookmark_write(&pursuit->bookmark);
    return !error || pursuit_fail(pursuit, "how far it has come cannot be written down: %s", strerror(error));
}

/* The first page of a log of which the folder has nothing: what it gets is of that one, and what is deleted from here
 * on is told behind where the log ends now. */
static bool note_beginning(struct pursuit *pursuit, const char *log, uint64_t end)
{
    struct bookmark *bookmark = &pursuit->bookmark;
    if (bookmark->log[0] && bookmark->begun == end)
        return true;
    (void)snprintf(bookmark->log, sizeof bookmark->log, "%s", log);
    bookmark->begun = end;
    return write_bookmark(pursuit);
}

/* Whether the page is of the log that is followed. Read from its beginning, that tells of what there is, and perhaps
 * not of all that is no more: so what an earlier run has brought of it counts as long as all deletions since are
 * told. */
static bool is_same_log(struct pursuit *pursuit, const json_t *page, bool *ret_same)
{
    const struct bookmark *bookmark = &pursuit->bookmark;
    const char *log = json_string_value(json_object_get(page, "log"));
    uint64_t oldest = (uint64_t)json_integer_value(json_object_get(page, "oldest"));
    struct store_figures figures;
    if (!log)
        return pursuit_fail(pursuit, "its feed does not tell of which log it is: the server is too old");
    *ret_same = !bookmark->log[0] || strcmp(bookmark->log, log) == 0;
    if (!*ret_same || bookmark->next > 0)
        return true;
    store_figures(pursuit->store, &figures);
    if (figures.objects == 0)
        return note_beginning(pursuit, log, (uint64_t)json_integer_value(json_object_get(page, "end")));
    *ret_same = bookmark->begun > 0 && oldest <= bookmark->begun;
    return true;
}

/* What the folder has is of no use for another history. */
static bool refuse(struct pursuit *pursuit, bool *ret_gone)
{
    *ret_gone = pursuit->follower->replace;
    return pursuit_fail_as(
        pursuit, FOLLOWER_REFUSED,
        "its log does not have what was copied of it last: it was brought back from an older copy. The copy "
        "stays as it was; with --replace it is taken as it is");
}

/* What the log was known by of which something was read before; false: it is another one, or nothing was. *ret_place:
 * up to where. */
static bool is_known(const struct bookmark *bookmark, uint64_t *ret_place)
{
    *ret_place = bookmark->reached > 0 ? bookmark->reached : bookmark->next;
    return bookmark->log[0] && (bookmark->reached == 0 || strcmp(bookmark->log, bookmark->before) == 0);
}

/* Whether the log has what was read of it before. What was moved is told of again behind that place, unless all is read
 * anew: then it may have been deleted, and that be forgotten. */
static bool is_same_history(struct pursuit *pursuit, bool *ret_gone)
{
    const struct bookmark *bookmark = &pursuit->bookmark;
    enum landmark_found found;
    uint64_t place;
    pursuit_await(pursuit, NULL);
    if (!is_known(bookmark, &place))
        return true;
    int status = landmark_find(pursuit->follower->remote, pursuit->name, bookmark->log, place, bookmark->landmark,
                               &found);
    if (status != 200)
        return pursuit_fail_answer(pursuit, "its changes", status);
    if (found == LANDMARK_LOST)
        return refuse(pursuit, ret_gone);
    if (found == LANDMARK_MOVED && bookmark->reached == 0)
        pursuit_await(pursuit, bookmark->landmark);
    return found != LANDMARK_MOVED || bookmark->reached > 0 || pursuit->awaited ||
           pursuit_fail(pursuit, "memory is out");
}

/* What was read anew of a log that was known is at least as much, and the log the same still. Else it is of no use. */
static bool is_same_still(struct pursuit *pursuit, bool *ret_gone)
{
    struct bookmark *bookmark = &pursuit->bookmark;
    uint64_t place;
    if (pursuit->awaited)
        return refuse(pursuit, ret_gone);
    if (bookmark->reached == 0 || !is_known(bookmark, &place))
        return true;
    if (bookmark->next >= place ? is_same_history(pursuit, ret_gone) : refuse(pursuit, ret_gone))
        return true;
    bookmark_renew(bookmark);
    (void)bookmark_write(bookmark); /* else the next run finds the same */
    return false;
}

/* By what the log is known again. */
static bool remember(struct pursuit *pursuit)
{
    json_t *landmark;
    if (!pursuit->latest && pursuit->bookmark.reached == 0)
        return true;
    int status = landmark_choose(pursuit->follower->remote, pursuit->name, pursuit->latest, &landmark);
    if (status != 200)
        return pursuit_fail_answer(pursuit, "its last change", status);
    bookmark_arrive(&pursuit->bookmark, landmark);
    return true;
}

/* Until the store is at a point of the log. */
static bool pursue(struct pursuit *pursuit, bool *ret_gone)
{
    bool end = false;
    int64_t near = 0; /* milliseconds: since when the end of the feed was seen */
    while (!end || json_object_size(pursuit->unsettled) > 0) {
        json_t *page;
        bool same = true;
        if (near && clock_milliseconds() - near > PATIENCE * 1000)
            return pursuit_fail(pursuit,
                                "it changes faster than it can be followed: copy its folder, or try again when less "
                                "is written");
        if (!ask_page(pursuit, &page, ret_gone) || *ret_gone)
            return false;
        bool good = is_same_log(pursuit, page, &same);
        *ret_gone = good && !same;
        good = good && same && take_page(pursuit, page, &end);
        json_decref(page);
        if (!good)
            return false;
        if (end && !near)
            near = clock_milliseconds();
    }
    return true;
}

/* ---- one store ------------------------------------------------------------------------------- */

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
    return !error || pursuit_fail_store(pursuit, "its limits cannot be set", error);
}

/* What could not be had the last time is asked for again. */
static bool recall_damaged(struct pursuit *pursuit)
{
    json_t *change;
    size_t i;
    bool good = true;
    json_object_clear(pursuit->unsettled);
    json_object_clear(pursuit->damaged);
    json_array_foreach (pursuit->bookmark.damaged, i, change) {
        char *name = change_name(change);
        good = good && name && json_object_set_nocheck(pursuit->unsettled, name, change) == 0;
        free(name);
    }
    return good || pursuit_fail(pursuit, "memory is out");
}

/* What is there of a log that is not known is of no use: it goes. What the copy is known by stays. */
static bool begin_anew(struct pursuit *pursuit, enum store_error *ret_error)
{
    struct follower *follower = pursuit->follower;
    struct bookmark *bookmark = &pursuit->bookmark;
    const char *before = "";
    pursuit->end = FOLLOWER_OVER;
    if (!follower->anew(follower->arg, pursuit->name, &before))
        return false;
    if (strcmp(bookmark->before, before) != 0)
        bookmark_arrive(bookmark, NULL); /* it was of another one */
    (void)snprintf(bookmark->before, sizeof bookmark->before, "%s", before);
    if (!before[0])
        bookmark_remove(bookmark);
    else if (!write_bookmark(pursuit))
        return false;
    if (!follower->renewed(follower->arg, pursuit->name))
        return false;
    pursuit->end = FOLLOWER_FAILED;
    *ret_error = depot_delete(follower->depot, pursuit->name, true, NULL);
    return true;
}

static bool open_store(struct pursuit *pursuit)
{
    struct depot *depot = pursuit->follower->depot;
    bool created;
    enum store_error error = STORE_OK;
    if (pursuit->anew && pursuit->follower->replace)
        bookmark_forget(&pursuit->bookmark);
    else if (pursuit->anew)
        bookmark_renew(&pursuit->bookmark);
    else if (!bookmark_read(&pursuit->bookmark) && !pursuit->follower->replace)
        return pursuit_fail(pursuit,
                            "how far it was followed is damaged in the backup: %s/follow/%s. With --replace it is "
                            "copied anew",
                            pursuit->follower->folder, pursuit->name);
    if (!pursuit->bookmark.log[0] && !begin_anew(pursuit, &error))
        return false;
    if (!error || error == STORE_NO_STORE)
        error = depot_create(depot, pursuit->name, &created, NULL);
    if (!error)
        error = depot_acquire(depot, pursuit->name, &pursuit->store, NULL);
    if (error)
        return pursuit_fail_store(
            pursuit,
            "its copy in backup/server, below the backup, cannot be opened (to have all copied anew remove "
            "that folder, and run this once more with --replace)",
            error);
    if (created) /* with a bookmark, but without what it is about */
        pursuit->bookmark.next = 0;
    landings_begin(&pursuit->landings, pursuit->store, &pursuit->follower->done);
    return recall_damaged(pursuit) && set_limits(pursuit, NULL);
}

/* About how much there is to be had: the objects that the server has, without those that the folder has. */
static bool set_goal(struct pursuit *pursuit)
{
    struct follower *follower = pursuit->follower;
    struct store_figures figures;
    char path[PURSUIT_PATH];
    json_t *answer = NULL;
    (void)snprintf(path, sizeof path, "/v1/stores/%s", pursuit->name);
    int status = remote_json(follower->remote, path, &answer);
    if (status != 200)
        return pursuit_fail_answer(pursuit, "its figures", status);
    store_figures(pursuit->store, &figures);
    uint64_t bytes = (uint64_t)json_integer_value(json_object_get(answer, "live_bytes"));
    atomic_store(&follower->goal, bytes > figures.live_bytes ? bytes - figures.live_bytes : 0);
    json_decref(answer);
    return true;
}

/* Tells of what could not be had, and has it asked for again by the next run. */
static void tell_damaged(struct pursuit *pursuit)
{
    struct follower *follower = pursuit->follower;
    const char *name;
    json_t *change;
    json_array_clear(pursuit->bookmark.damaged);
    json_object_foreach (pursuit->damaged, name, change) {
        follower->damaged(follower->arg, pursuit->name, change);
        json_array_append(pursuit->bookmark.damaged, change);
    }
}

/* The folder has nothing of before, and so not what is damaged by now: but the copy may have it. */
static bool is_enough(struct pursuit *pursuit)
{
    size_t count = json_object_size(pursuit->damaged);
    if (!pursuit->anew || count == 0 || pursuit->follower->replace)
        return true;
    return pursuit_fail(
        pursuit,
        "its feed does not reach back to the last run, and %zu objects are damaged at the server: put them "
        "again or delete them there, or take it as it is with --replace",
        count);
}

/* What has come, of which the feed has perhaps had to be read anew. */
static void take_sums(struct pursuit *pursuit)
{
    const struct landings *landings = &pursuit->landings;
    struct follower_point *point = &pursuit->point;
    struct store_figures figures;
    store_figures(pursuit->store, &figures);
    point->offset = pursuit->bookmark.next;
    (void)snprintf(point->log, sizeof point->log, "%s", pursuit->bookmark.log);
    point->copied.objects += landings->all.objects;
    point->copied.bytes += landings->all.bytes;
    point->kept.objects = figures.objects - landings->there.objects;
    point->kept.bytes = figures.live_bytes - landings->there.bytes;
}

static bool follow(struct pursuit *pursuit, const json_t *limits, bool *ret_gone)
{
    *ret_gone = false;
    pursuit->end = FOLLOWER_FAILED;
    bool good = open_store(pursuit) && set_goal(pursuit) && is_same_history(pursuit, ret_gone) &&
                pursue(pursuit, ret_gone) && is_same_still(pursuit, ret_gone) && is_enough(pursuit) &&
                set_limits(pursuit, limits) && remember(pursuit);
    if (good)
        tell_damaged(pursuit);
    good = good && write_bookmark(pursuit);
    if (pursuit->store) {
        landings_end(&pursuit->landings);
        take_sums(pursuit);
    }
    depot_release(pursuit->store);
    pursuit->store = NULL;
    return good;
}

/* A log that has lost what was read of it answers as one that does not tell of it any more. */
static bool may_begin_anew(struct pursuit *pursuit)
{
    bool gone;
    return pursuit->follower->replace || is_same_history(pursuit, &gone);
}

enum follower_end follower_follow(struct follower *follower, const char *name, const json_t *limits,
                                  struct follower_point *ret_point)
{
    struct pursuit pursuit = {.follower = follower, .name = name, .unsettled = json_object(), .damaged = json_object()};
    bool gone;
    bookmark_init(&pursuit.bookmark, follower->bookmarks, name);
    bool good = follow(&pursuit, limits, &gone);
    for (unsigned tries = 0; !good && gone && tries < ANEW_MAX; tries++) {
        gone = may_begin_anew(&pursuit);
        pursuit.anew = true;
        pursuit.point = (struct follower_point){0}; /* what came before has gone */
        good = gone && follow(&pursuit, limits, &gone);
    }
    if (!good && gone)
        pursuit_fail(&pursuit,
                     "it is made anew all the time, or tells of its deletions for less time than it takes to read "
                     "its changes (--feed-retention)");
    *ret_point = pursuit.point;
    bookmark_free(&pursuit.bookmark);
    json_decref(pursuit.unsettled);
    json_decref(pursuit.damaged);
    json_decref(pursuit.latest);
    free(pursuit.awaited);
    return good ? FOLLOWER_ARRIVED : pursuit.end;
}

/* ---- the others ------------------------------------------------------------------------------ */

bool follower_log(const struct follower *follower, const char *name, bool before, char ret_log[BOOKMARK_LOG_SIZE])
{
    struct bookmark bookmark;
    bookmark_init(&bookmark, follower->bookmarks, name);
    bool told = bookmark_read(&bookmark);
    (void)snprintf(ret_log, BOOKMARK_LOG_SIZE, "%s", before || !bookmark.log[0] ? bookmark.before : bookmark.log);
    bookmark_free(&bookmark);
    return told;
}

enum follower_known follower_compare(struct follower *follower, const char *name, const char *log)
{
    char path[PURSUIT_PATH];
    json_t *page = NULL;
    (void)snprintf(path, sizeof path, "/v1/stores/%s/changes?since=0&limit=1", name);
    int status = remote_json(follower->remote, path, &page);
    const char *told = json_string_value(json_object_get(page, "log"));
    bool same = told && strcmp(told, log) == 0;
    json_decref(page);
    (void)snprintf(follower->error, sizeof follower->error, "%s", remote_error(follower->remote));
    if (status == 200)
        return same ? FOLLOWER_SAME : FOLLOWER_OTHER;
    return status == 404 ? FOLLOWER_GONE : status == 0 ? FOLLOWER_MUTE : FOLLOWER_HIDDEN;
}

bool follower_stands(struct follower *follower, const char *name, const char *log)
{
    struct bookmark bookmark;
    enum landmark_found found = LANDMARK_LOST;
    if (follower_compare(follower, name, log) != FOLLOWER_SAME)
        return false;
    bookmark_init(&bookmark, follower->bookmarks, name);
    bool told = bookmark_read(&bookmark) && strcmp(bookmark.log, log) == 0 &&
                landmark_find(follower->remote, name, log, bookmark.next, bookmark.landmark, &found) == 200;
    bookmark_free(&bookmark);
    return told && found != LANDMARK_LOST;
}

static int ask_store(struct follower *follower, const char *name)
{
    char path[PURSUIT_PATH];
    json_t *answer = NULL;
    (void)snprintf(path, sizeof path, "/v1/stores/%s", name);
    int status = remote_json(follower->remote, path, &answer);
    json_decref(answer);
    return status;
}

bool follower_shows(struct follower *follower, const char *name)
{
    return ask_store(follower, name) == 200;
}

bool follower_is_gone(struct follower *follower, const char *name)
{
    return ask_store(follower, name) == 404;
}

bool follower_remove(struct follower *follower, const char *name)
{
    struct bookmark bookmark;
    bookmark_init(&bookmark, follower->bookmarks, name);
    bookmark_remove(&bookmark);
    bookmark_free(&bookmark);
    enum store_error error = depot_delete(follower->depot, name, true, NULL);
    (void)snprintf(follower->error, sizeof follower->error, "the copy of store %s cannot be removed: %s", name,
                   store_error_text(error));
    return !error || error == STORE_NO_STORE;
}
