/* conditional.c - first what makes a read fail, then what makes it a 304. See conditional.h. */
#include "api/http/conditional.h"

#include "api/http/etag.h"
#include "api/http/http_date.h"

#include <string.h>

static bool among(const struct store_digest *digest, const struct store_digest *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (store_digest_equal(digest, &list[i]))
            return true;
    return false;
}

/* Whether the object is newer than the date in a field; a date that is absent or malformed says `unknown`. */
static bool newer_than(const char *date, const struct object_info *info, bool unknown)
{
    int64_t seconds;
    if (!date || !http_date_read(date, &seconds))
        return unknown;
    return info->modified / 1000000000 > seconds;
}

static bool fails(const struct fields *fields, const struct store_condition *condition, const struct object_info *info)
{
    if (!fields->values[FIELD_IF_MATCH])
        return newer_than(fields->values[FIELD_IF_UNMODIFIED_SINCE], info, false);
    return condition->match_listed && !among(&info->digest, condition->match, condition->match_count);
}

static bool is_unchanged(const struct fields *fields, const struct store_condition *condition,
                         const struct object_info *info)
{
    if (!fields->values[FIELD_IF_NONE_MATCH])
        return !newer_than(fields->values[FIELD_IF_MODIFIED_SINCE], info, true);
    return condition->absent || among(&info->digest, condition->none_match, condition->none_match_count);
}

enum conditional conditional_decide(const struct fields *fields, const struct precondition *precondition,
                                    const struct object_info *info)
{
    if (fails(fields, &precondition->condition, info))
        return CONDITIONAL_FAILED;
    return is_unchanged(fields, &precondition->condition, info) ? CONDITIONAL_UNCHANGED : CONDITIONAL_SEND;
}

bool conditional_range(const char *if_range, const struct object_info *info)
{
    char etag[ETAG_SIZE];
    if (!if_range)
        return true;
    etag_write(etag, &info->digest);
    return strcmp(if_range, etag) == 0;
}
