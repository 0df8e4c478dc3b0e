/* condition.c - whether a precondition holds for what is stored. */
#include "store/base/condition.h"

static bool listed(const struct store_digest *list, size_t count, const struct store_digest *digest)
{
    for (size_t i = 0; i < count; i++)
        if (store_digest_equal(&list[i], digest))
            return true;
    return false;
}

bool store_condition_asks(const struct store_condition *condition)
{
    return condition->exists || condition->absent || condition->match_listed || condition->dated ||
           condition->none_match_count > 0;
}

bool condition_holds(const struct store_condition *condition, const struct store_digest *digest, int64_t time)
{
    if (condition->exists && !digest)
        return false;
    if (condition->absent && digest)
        return false;
    if (condition->match_listed && !(digest && listed(condition->match, condition->match_count, digest)))
        return false;
    if (condition->dated && digest && time > condition->not_after)
        return false;
    return !(digest && listed(condition->none_match, condition->none_match_count, digest));
}
