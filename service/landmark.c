/* landmark.c - the change by which a server's log is known again. See landmark.h. */
#include "service/landmark.h"

#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = STORE_NAME_MAX + 96 };

static uint64_t number_of(const json_t *json, const char *member)
{
    return (uint64_t)json_integer_value(json_object_get(json, member));
}

static int ask(struct remote *remote, const char *store, uint64_t since, json_t **ret_page)
{
    char path[PATH_SIZE];
    *ret_page = NULL;
    (void)snprintf(path, sizeof path, "/v1/stores/%s/changes?since=%" PRIu64 "&limit=1", store, since);
    return remote_json(remote, path, ret_page);
}

/* Whether two lines of a feed, of one offset, tell of one change. */
static bool is_same(const json_t *a, const json_t *b)
{
    static const char *const members[] = {"op", "key", "key_base64", "key_hash", "size", "etag", "modified"};
    bool same = true;
    for (size_t i = 0; i < sizeof members / sizeof *members && same; i++) {
        json_t *one = json_object_get(a, members[i]), *other = json_object_get(b, members[i]);
        same = (!one && !other) || json_equal(one, other);
    }
    return same;
}

/* A place that the feed does not have is an answer; what says nothing of it is none. */
static int known(int status)
{
    return status == 410 ? 200 : status;
}

static int is_told(struct remote *remote, const char *store, const json_t *change, bool *ret_told)
{
    json_t *page;
    uint64_t offset = number_of(change, "offset");
    int status = ask(remote, store, offset, &page);
    const json_t *first = json_array_get(json_object_get(page, "changes"), 0);
    *ret_told = status == 200 && number_of(first, "offset") == offset && is_same(first, change);
    json_decref(page);
    return known(status);
}

int landmark_choose(struct remote *remote, const char *store, const json_t *changes, json_t **ret_landmark)
{
    size_t count = json_array_size(changes);
    int status = 200;
    *ret_landmark = NULL;
    for (size_t tries = 0; count > 0 && tries < 2 && status == 200 && !*ret_landmark; tries++) {
        json_t *change = json_array_get(changes, tries == 0 ? count - 1 : 0);
        bool told;
        status = is_told(remote, store, change, &told);
        *ret_landmark = told ? json_incref(change) : NULL;
    }
    return status;
}

/* At a place where the feed does not begin: whether it is behind all deletions that may be forgotten, and so was none
 * of this log. One that was made anew is another log. */
static int is_no_place(struct remote *remote, const char *store, const char *log, uint64_t place, bool *ret_none)
{
    json_t *page;
    int status = ask(remote, store, 0, &page);
    const char *other = json_string_value(json_object_get(page, "log"));
    *ret_none = status == 200 && other && strcmp(other, log) == 0 && number_of(page, "oldest") <= place;
    json_decref(page);
    return known(status);
}

static int find_at(struct remote *remote, const char *store, const char *log, uint64_t place, const json_t *change,
                   enum landmark_found *ret_found)
{
    json_t *page;
    int status = ask(remote, store, place, &page);
    const char *other = json_string_value(json_object_get(page, "log"));
    const json_t *first = json_array_get(json_object_get(page, "changes"), 0);
    bool same_log = status == 200 && other && strcmp(other, log) == 0;
    bool stands = first && number_of(first, "offset") == place;
    bool lost = change && same_log && stands && !is_same(first, change);
    bool moved = change && same_log && !stands;
    json_decref(page);
    if (status == 410)
        status = is_no_place(remote, store, log, place, &lost);
    *ret_found = moved ? LANDMARK_MOVED : lost ? LANDMARK_LOST : LANDMARK_THERE;
    return status;
}

int landmark_find(struct remote *remote, const char *store, const char *log, uint64_t next, const json_t *change,
                  enum landmark_found *ret_found)
{
    int status = find_at(remote, store, log, next, NULL, ret_found);
    if (status != 200 || *ret_found == LANDMARK_LOST || !change)
        return status;
    return find_at(remote, store, log, number_of(change, "offset"), change, ret_found);
}
