/* intake.c - what is foreseen of a write before it comes. See intake.h. */
#include "store/write/intake.h"

uint64_t intake_bytes_replaced(const struct intake *intake, const struct store_key *key)
{
    struct object *object;
    if (object_get(intake->reader, key, STORE_GET_EXPIRED, &object).error)
        return 0;
    uint64_t bytes = object_info(object)->size;
    object_release(object);
    return bytes;
}

/* That takes a read only where it would not fit beside the object whose place it takes. */
bool intake_foresees(const struct intake *intake, const struct store_key *key, bool new, uint64_t size,
                     struct store_overrun *ret_overrun)
{
    struct quota *quota = intake->quota;
    struct quota_growth growth = {.objects = new, .bytes = size == STORE_SIZE_UNKNOWN ? 0 : (int64_t)size};
    if (quota_foresees(quota, &growth, ret_overrun))
        return true;
    if (!key)
        return false;
    growth.bytes -= (int64_t)intake_bytes_replaced(intake, key);
    return quota_foresees(quota, &growth, ret_overrun);
}
