/* provenance.c - which server it is that a backup is made of. See provenance.h. */
#include "service/provenance.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool fail(struct provenance *provenance, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool fail(struct provenance *provenance, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(provenance->error, sizeof provenance->error, format, arguments);
    va_end(arguments);
    return false;
}

/* ---- what is known ----------------------------------------------------------------------------- */

/* What the server's stores tell; a name is NULL where there is no such store. */
struct kin {
    bool same;                   /* one of them is one that was followed */
    const char *untold;          /* one for which that cannot be known here */
    const char *hidden;          /* one for which the server does not tell, ... */
    char why[FOLLOWER_SENTENCE]; /* ... and why */
};

static const char *name_of(const json_t *store)
{
    return json_string_value(json_object_get(store, "name"));
}

bool provenance_lists(const json_t *stores, const char *name)
{
    const json_t *store;
    size_t i;
    json_array_foreach (stores, i, store)
        if (strcmp(name_of(store), name) == 0)
            return true;
    return false;
}

const char *provenance_log(const struct provenance *provenance, const char *name)
{
    const char *log = json_string_value(json_object_get(provenance->known, name));
    return log ? log : "";
}

/* What was only followed tells nothing where other stores have been copied: it may be left of another server. */
static bool tells(const struct provenance *provenance, const char *name)
{
    char *path;
    if (provenance->empty || asprintf(&path, "%s/stores/%s", provenance->to, name) < 0)
        return true;
    bool lacks = access(path, F_OK) < 0 && errno == ENOENT;
    free(path);
    return !lacks;
}

/* Takes down by which log a store's copy is known: one that is followed anew, and has not come to its place since, by
 * that of before. False: whether it is cannot be known. */
static bool learn(struct provenance *provenance, const char *name, struct kin *kin)
{
    char log[BOOKMARK_LOG_SIZE];
    struct store_detail detail;
    bool renewed = false;
    if (!provenance->empty && backup_is_renewed(provenance->site, name, &renewed, &detail))
        return fail(provenance, "%s", detail.text);
    if (!tells(provenance, name))
        return true;
    if (!follower_log(provenance->follower, name, renewed, log))
        kin->untold = name;
    else if (log[0])
        json_object_set_new(provenance->known, name, json_string(log));
    return true;
}

/* ---- whether it is the server ------------------------------------------------------------------- */

/* False: it does not answer. */
static bool ask(struct provenance *provenance, const char *name, const char *log, struct kin *kin)
{
    switch (follower_compare(provenance->follower, name, log)) {
    case FOLLOWER_SAME:
        (void)snprintf(provenance->witness, sizeof provenance->witness, "%s", name);
        kin->same = true;
        return true;
    case FOLLOWER_HIDDEN:
        kin->hidden = name;
        (void)snprintf(kin->why, sizeof kin->why, "%s", provenance->follower->error);
        return true;
    case FOLLOWER_MUTE:
        return fail(provenance, "%s does not answer: %s", provenance->from, provenance->follower->error);
    default:
        return true;
    }
}

/* Looks for a store of the server that is known; one that has told so before is asked first. */
static bool find_kin(struct provenance *provenance, struct kin *kin)
{
    const char *name;
    json_t *log;
    kin->same = false;
    if (provenance->witness[0] &&
        !ask(provenance, provenance->witness, provenance_log(provenance, provenance->witness), kin))
        return false;
    json_object_foreach (provenance->known, name, log)
        if (!kin->same && !ask(provenance, name, json_string_value(log), kin))
            return false;
    return true;
}

/* Nobody says that it is another server where it shows nothing of what was copied: that may have been removed. */
static bool refuse_without(struct provenance *provenance, const char *name)
{
    const char *from = provenance->from;
    if (follower_is_gone(provenance->follower, name))
        return fail(
            provenance,
            "store %s was copied before, and is not at %s any more, nor is another one that was copied. Its copy "
            "stays, and nothing was touched. Is that the right server? Then --replace copies what it has now, "
            "and --prune --replace removes the copy as well",
            name, from);
    return fail(
        provenance,
        "store %s was copied before, and %s does not show it, or another one that was copied: who asks may see "
        "none of them (--token-file). Nothing was touched; name another folder or, where this is what you want, "
        "--replace",
        name, from);
}

static bool refuse_other(struct provenance *provenance, const char *name)
{
    return fail(provenance,
                "%s is the backup of another source: %s%s%s. It was left untouched: name another folder or, where this "
                "is what you want, --replace",
                provenance->to, name ? "store " : "nothing was copied from ", name ? name : provenance->from,
                name ? " is not the one that was copied, and there is no other one that was" : "");
}

/* None of the stores that were followed is the server's. */
static bool refuse_source(struct provenance *provenance, const json_t *stores, char *const *followed, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (provenance_lists(stores, followed[i]))
            return refuse_other(provenance, followed[i]);
    return count > 0 ? refuse_without(provenance, followed[0]) : refuse_other(provenance, NULL);
}

static bool judge(struct provenance *provenance, const json_t *stores, char *const *followed, size_t count,
                  const struct kin *kin)
{
    if (!kin->same && kin->untold)
        return fail(provenance,
                    "the backup is damaged: %s/follow/%s, which tells how far store %s was followed, and of which "
                    "server. Nothing was touched; where %s is the one, --replace copies it anew",
                    provenance->follower->folder, kin->untold, kin->untold, provenance->from);
    if (!kin->same && kin->hidden)
        return fail(
            provenance,
            "whether %s is the server that was copied cannot be known: store %s does not let itself be followed "
            "by who asks (--token-file): %s Nothing was touched",
            provenance->from, kin->hidden, kin->why);
    return kin->same || refuse_source(provenance, stores, followed, count);
}

/* What was followed of another server does not make that one the source of the folder from now on, beside this one:
 * the copies stay. */
static bool drop_others(struct provenance *provenance, const json_t *chosen, char *const *followed, size_t count)
{
    bool good = true;
    for (size_t i = 0; i < count && good; i++) {
        good = provenance_lists(chosen, followed[i]) || follower_remove(provenance->follower, followed[i]);
        if (!good)
            fail(provenance, "%s", provenance->follower->error);
    }
    return good;
}

/* Puts those to the front of which something was followed, and tells how many these are: of one that was only begun
 * nothing is known. */
static size_t put_known_first(struct provenance *provenance, char **followed, size_t count)
{
    size_t known = 0;
    for (size_t i = 0; i < count; i++) {
        char log[BOOKMARK_LOG_SIZE], *name = followed[i];
        if (follower_log(provenance->follower, name, false, log) && !log[0])
            continue;
        followed[i] = followed[known];
        followed[known++] = name;
    }
    return known;
}

static bool begin(struct provenance *provenance, const json_t *stores, const json_t *chosen, char **followed,
                  size_t count)
{
    struct kin kin = {0};
    const json_t *store;
    size_t i, known = put_known_first(provenance, followed, count);
    if (provenance->empty && known == 0)
        return true;
    bool good = true;
    json_array_foreach (stores, i, store)
        good = good && learn(provenance, name_of(store), &kin);
    if (!good || !find_kin(provenance, &kin))
        return false;
    if (provenance->any)
        return kin.same || kin.untold || kin.hidden || drop_others(provenance, chosen, followed, count);
    return judge(provenance, stores, followed, known, &kin);
}

bool provenance_begin(struct provenance *provenance, const json_t *stores, const json_t *chosen)
{
    char **followed;
    size_t count;
    provenance->known = json_object();
    enum store_error error = depot_names(provenance->follower->depot, &followed, &count);
    if (error)
        return fail(provenance, "%s: %s", provenance->follower->folder, store_error_text(error));
    bool good = begin(provenance, stores, chosen, followed, count);
    free(followed);
    return good;
}

void provenance_end(struct provenance *provenance)
{
    json_decref(provenance->known);
}

bool provenance_is_same(struct provenance *provenance)
{
    struct kin kin = {0};
    if (provenance->any || json_object_size(provenance->known) == 0)
        return true;
    if (!find_kin(provenance, &kin))
        return false;
    return kin.same || fail(provenance,
                            "%s has become another server in the middle of the run: it has none of the stores any "
                            "more that were copied before. No copy gives way to what it has: run this once more when "
                            "it is the right one again",
                            provenance->from);
}
