/* admission.c - how much a depot takes in at once. */
#include "store/base/admission.h"

void admission_init(struct admission *admission, const struct depot_options *options)
{
    *admission = (struct admission){.bytes_limit = options->depot_bytes_limit, .uploads_limit = options->uploads_limit};
}

void admission_drain(struct admission *admission)
{
    atomic_store(&admission->draining, true);
}

bool admission_is_draining(const struct admission *admission)
{
    return atomic_load(&admission->draining);
}

/* Counted first and looked at second, so that of two that race for the last bytes none slips by. */
enum store_error admission_take(struct admission *admission, uint64_t bytes)
{
    if (atomic_load_explicit(&admission->draining, memory_order_relaxed))
        return STORE_DRAINING;
    uint64_t held = atomic_fetch_add(&admission->bytes, bytes);
    if (held + bytes <= admission->bytes_limit)
        return STORE_OK;
    atomic_fetch_sub(&admission->bytes, bytes);
    return STORE_BUSY;
}

void admission_take_always(struct admission *admission, uint64_t bytes)
{
    atomic_fetch_add(&admission->bytes, bytes);
}

void admission_return(struct admission *admission, uint64_t bytes)
{
    atomic_fetch_sub(&admission->bytes, bytes);
}

bool admission_take_upload(struct admission *admission)
{
    if (atomic_fetch_add(&admission->uploads, 1) < admission->uploads_limit)
        return true;
    atomic_fetch_sub(&admission->uploads, 1);
    return false;
}

void admission_return_upload(struct admission *admission)
{
    atomic_fetch_sub(&admission->uploads, 1);
}
