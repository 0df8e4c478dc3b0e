/* mirror_verdict.c - what becomes of the stores of a mirror when all have been followed: of what has come, of what has
 * not, and of copies of what the server has not any more. See mirror_internal.h.
 *
 * What the server says then counts only where it is believed: when it is the one that was followed, and still has what
 * came of it.
 */
#include "service/mirror_internal.h"

#include "service/clock.h"
#include "service/interruption.h"
#include "service/sight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BELIEVED_MIN = 1000 /* milliseconds */ };

static const char made_anew[] = "it was made anew, or shown again, when the server had listed its stores for the last "
                                "time: run this once more";

/* ---- whether the server is believed ---------------------------------------------------------------- */

static const char *log_of(const json_t *point)
{
    return json_string_value(json_object_get(point, "log"));
}

/* Whether what has come of a store was followed on from what its copy has. */
static bool goes_on(const struct mirror *mirror, const char *name, const json_t *point)
{
    return strcmp(provenance_log(&mirror->provenance, name), log_of(point)) == 0;
}

/* Whether the server has one of the stores still that have come. */
static bool has_any(struct mirror *mirror)
{
    const char *name;
    json_t *point;
    json_object_foreach (mirror->points, name, point)
        if (follower_compare(&mirror->follower, name, log_of(point)) == FOLLOWER_SAME)
            return true;
    return false;
}

/* Whether it has all of them, as they came: one that was brought back from an older copy meanwhile has some of before,
 * and of what was made since it knows nothing. */
static bool has_all(struct mirror *mirror)
{
    const char *name;
    json_t *point;
    json_object_foreach (mirror->points, name, point)
        if (!follower_stands(&mirror->follower, name, log_of(point)))
            return false;
    return true;
}

/* Whether what the server says that it has not is said by the one that was followed. That takes requests for each store
 * that has come, so it holds for as long as they took, and a second at least: of many stores that are gone not each has
 * all others asked for. */
static bool is_believed(struct mirror *mirror)
{
    int64_t begun = clock_milliseconds();
    bool known = !mirror->provenance.any && json_object_size(mirror->provenance.known) > 0;
    if (begun < mirror->believed_until)
        return true;
    if (!(known ? provenance_is_same(&mirror->provenance) : has_any(mirror)) || !has_all(mirror))
        return false;
    int64_t took = clock_milliseconds() - begun;
    mirror->believed_until = begun + took + (took > BELIEVED_MIN ? took : BELIEVED_MIN);
    return true;
}

/* ---- what has come, and what has not ---------------------------------------------------------------- */

/* Why what has come of a store does not take the place of a copy that is known by another log, or by none; NULL: it
 * does, since the server has it still. A first run keeps it also where nobody answers any more. */
static const char *refuse_point(struct mirror *mirror, const char *name, const json_t *point)
{
    enum follower_known known = interruption_came() ? FOLLOWER_MUTE
                                                    : follower_compare(&mirror->follower, name, log_of(point));
    switch (known) {
    case FOLLOWER_SAME:
        return NULL;
    case FOLLOWER_OTHER:
        return "another store has its name by now: it was made anew meanwhile, or another server answers. Run this "
               "once more";
    case FOLLOWER_GONE:
        return "it had come, and the server says that it has it not any more: it was removed meanwhile, or another "
               "server answers. Run this once more";
    default:
        return mirror->provenance.empty
                   ? NULL
                   : "it was copied anew, and whether the server has it still cannot be known: what "
                     "has come is kept for the next run";
    }
}

/* What was begun anew takes the place of a copy only where it is the same server's, and there still. */
void mirror_confirm_points(struct mirror *mirror)
{
    const char *name;
    json_t *point;
    void *next;
    int same = -1; /* it is asked when it has to be known */
    json_object_foreach_safe (mirror->points, next, name, point) {
        if (goes_on(mirror, name, point))
            continue;
        if (same < 0)
            same = provenance_is_same(&mirror->provenance);
        const char *why = same ? refuse_point(mirror, name, point) : mirror->provenance.error;
        if (!why)
            continue;
        mirror_tell_failed(mirror, name, STORE_IO, why);
        json_object_del(mirror->points, name);
    }
}

/* A store that is not in a new list either is gone, if who says so is believed, and lost no more; all else that did not
 * come has to be told. */
static void confirm_lost(struct mirror *mirror)
{
    for (size_t i = json_array_size(mirror->lost); i-- > 0;) {
        const char *store = json_string_value(json_array_get(mirror->lost, i));
        if (provenance_lists(mirror->listed, store))
            mirror_tell_failed(
                mirror, store, STORE_IO,
                "the server lists it, and says that it has no such store (404): does something in front of "
                "the server answer for it?");
        else if (!is_believed(mirror))
            mirror_tell_failed(
                mirror, store, STORE_IO,
                "the server listed it, and has neither it nor another one any more by which the server is "
                "known: does another one answer?");
        else
            json_array_remove(mirror->lost, i);
    }
}

static bool is_lost(const struct mirror *mirror, const char *name)
{
    const json_t *lost;
    size_t i;
    json_array_foreach (mirror->lost, i, lost)
        if (strcmp(json_string_value(lost), name) == 0)
            return true;
    return false;
}

/* What is noted as missing is so until it has come, or the server says that it has it not any more. */
static void settle_missing(void *arg, const char *name)
{
    struct mirror *mirror = arg;
    if (provenance_lists(mirror->listed, name))
        return;
    if (follower_is_gone(&mirror->follower, name) && is_believed(mirror))
        backup_forget(mirror->site, name);
    else if (!is_lost(mirror, name)) /* which is told of */
        mirror_tell_failed(
            mirror, name, STORE_IO,
            follower_shows(&mirror->follower, name)
                ? made_anew
                : "the backup has no copy of it, and the server does not show it to who asks (--token-file)");
}

static bool confirm_missing(struct mirror *mirror)
{
    struct store_detail detail;
    enum store_error error = backup_missing(mirror->copying->to, NULL, settle_missing, mirror, &detail);
    return !error || mirror_fail(mirror, "%s", detail.text[0] ? detail.text : store_error_text(error));
}

/* ---- copies of what it has not any more ---------------------------------------------------------- */

/* Whether the copy of a store may go: all else has come, and the server says now that it has it not. */
static bool may_go(struct mirror *mirror, const char *name)
{
    bool any = mirror->provenance.any && json_object_size(mirror->points) == 0; /* it has none by which it is known */
    return mirror->copying->prune && !mirror_has_failed(mirror) && sight_of(mirror->follower.remote) == SIGHT_ALL &&
           follower_is_gone(&mirror->follower, name) && (any || is_believed(mirror));
}

/* What was followed of stores whose copies go, too. */
static bool prune_followed(struct mirror *mirror)
{
    char **names;
    size_t count;
    bool good = true;
    enum store_error error = mirror->copying->prune ? depot_names(mirror->follower.depot, &names, &count) : STORE_OK;
    if (error)
        return mirror_fail(mirror, "%s: %s", mirror->folder, store_error_text(error));
    if (!mirror->copying->prune)
        return true;
    for (size_t i = 0; i < count && good; i++)
        good = provenance_lists(mirror->listed, names[i]) || !may_go(mirror, names[i]) ||
               follower_remove(&mirror->follower, names[i]) || mirror_fail(mirror, "%s", mirror->follower.error);
    free(names);
    return good;
}

bool mirror_has(void *arg, const char *store)
{
    const struct mirror *mirror = arg;
    return json_object_get(mirror->points, store);
}

/* Why the copy of a store that the server does not list stays. */
static enum account_absence why_it_stays(struct mirror *mirror, const char *store)
{
    if (!follower_is_gone(&mirror->follower, store))
        return ACCOUNT_HIDDEN;
    if (!mirror->copying->prune)
        return ACCOUNT_GONE;
    return mirror_has_failed(mirror) ? ACCOUNT_SPARED : ACCOUNT_UNSURE;
}

/* What is not there any more is told of here, but for what goes: that is told when it has gone. */
bool mirror_misses(void *arg, const char *store)
{
    struct mirror *mirror = arg;
    if (!mirror->listed || mirror->copying->store || provenance_lists(mirror->listed, store) || mirror_has(arg, store))
        return false;
    bool goes = may_go(mirror, store);
    mirror->pruned = mirror->pruned || goes;
    if (!goes && follower_shows(&mirror->follower, store))
        mirror_tell_failed(mirror, store, STORE_IO, made_anew);
    else if (!goes)
        account_absent(mirror->account, store, why_it_stays(mirror, store));
    return goes;
}

bool mirror_confirm_rest(struct mirror *mirror)
{
    confirm_lost(mirror);
    return mirror->copying->store || (confirm_missing(mirror) && prune_followed(mirror));
}
