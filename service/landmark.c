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

static bool is_told(struct remote *remote, const char *store, const json_t *change)
{
    json_t *page;
    uint64_t offset = number_of(change, "offset");
    int status = ask(remote, store, offset, &page);
    const json_t *first = json_array_get(json_object_get(page, "changes"), 0);
    bool told = status == 200 && number_of(first, "offset") == offset && is_same(first, change);
    json_decref(page);
    return told;
}

json_t *landmark_choose(struct remote *remote, const char *store, const json_t *changes)
{
    size_t count = json_array_size(changes);
    if (count == 0)
        return NULL;
    json_t *last = json_array_get(changes, count - 1), *first = json_array_get(changes, 0);
    return is_told(remote, store, last) ? json_incref(last) : is_told(remote, store, first) ? json_incref(first) : NULL;
}

/* At a place where the feed does not begin: whether it is behind all deletions that may be forgotten, and so was none
 * of this log. One that was made anew is another log. */
static bool is_no_place(struct remote *remote, const char *store, const char *log, uint64_t place)
{
    json_t *page;
    int status = ask(remote, store, 0, &page);
    const char *other = json_string_value(json_object_get(page, "log"));
    bool none = status == 200 && other && strcmp(other, log) == 0 && number_of(page, "oldest") <= place;
    json_decref(page);
    return none;
}

static enum landmark_found find_at(struct remote *remote, const char *store, const char *log, uint64_t place,
                                   const json_t *change)
{
    json_t *page;
    int status = ask(remote, store, place, &page);
    const char *other = json_string_value(json_object_get(page, "log"));
    const json_t *first = json_array_get(json_object_get(page, "changes"), 0);
    bool same_log = status == 200 && other && strcmp(other, log) == 0;
    bool stands = first && number_of(first, "offset") == place;
    enum landmark_found found = LANDMARK_THERE;
    if (change && same_log && !stands)
        found = LANDMARK_MOVED;
    else if ((change && same_log && !is_same(first, change)) ||
             (status == 410 && is_no_place(remote, store, log, place)))
        found = LANDMARK_LOST;
    json_decref(page);
    return found;
}

enum landmark_found landmark_find(struct remote *remote, const char *store, const char *log, uint64_t next,
                                  const json_t *change)
{
    enum landmark_found found = find_at(remote, store, log, next, NULL);
    return found == LANDMARK_LOST || !change ? found : find_at(remote, store, log, number_of(change, "offset"), change);
}
