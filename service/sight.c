/* sight.c - whether who asks sees all. See sight.h. */
#include "service/sight.h"

#include <string.h>

static bool is_everything(const char *pattern)
{
    return pattern[0] && strspn(pattern, "*") == strlen(pattern);
}

static bool names_all_stores(const json_t *patterns)
{
    const json_t *pattern;
    size_t i;
    json_array_foreach (patterns, i, pattern)
        if (json_is_string(pattern) && is_everything(json_string_value(pattern)))
            return true;
    return false;
}

static bool has_right(const json_t *rights, const char *wanted)
{
    const json_t *right;
    size_t i;
    json_array_foreach (rights, i, right)
        if (json_is_string(right) && strcmp(json_string_value(right), wanted) == 0)
            return true;
    return false;
}

/* Whether one of the grants of who asks gives a right on all stores, whatever their keys begin with. */
static bool is_granted(const json_t *access, const char *right)
{
    const json_t *grant;
    size_t i;
    json_array_foreach (json_object_get(access, "grants"), i, grant) {
        const char *prefix = json_string_value(json_object_get(grant, "prefix"));
        if (prefix && !prefix[0] && names_all_stores(json_object_get(grant, "stores")) &&
            has_right(json_object_get(grant, "rights"), right))
            return true;
    }
    return false;
}

enum sight sight_of(struct remote *remote)
{
    json_t *access = NULL;
    if (remote_json(remote, "/v1/access", &access) != 200)
        return SIGHT_UNKNOWN;
    bool all = is_granted(access, "read") && is_granted(access, "list");
    json_decref(access);
    return all ? SIGHT_ALL : SIGHT_PART;
}
