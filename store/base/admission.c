/* admission.c - how much a depot takes in at once. */
#include "store/base/admission.h"

enum {
    LITTLE = 4096, /* who has no more than the limit by this has little */
    KEPT = 4       /* the limit by this is kept for them */
};

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

bool admission_fits(uint64_t limit, uint64_t others, uint64_t bytes)
{
    bool all = bytes <= limit / LITTLE || others == 0;
    uint64_t most = all ? limit : limit - limit / KEPT;
    return others <= most && bytes <= most - others;
}

bool admission_is_pressed(const struct admission *admission)
{
    return atomic_load_explicit(&admission->bytes, memory_order_relaxed) > admission->bytes_limit / 2;
}

/* Counted first and looked at second, so that of two that race for the last bytes none slips by. */
bool admission_take(struct admission *admission, uint64_t taken, uint64_t bytes)
{
    uint64_t others = atomic_fetch_add(&admission->bytes, bytes) - taken;
    if (admission_fits(admission->bytes_limit, others, taken + bytes))
        return true;
    atomic_fetch_sub(&admission->bytes, bytes);
    return false;
}

void admission_take_always(struct admission *admission, uint64_t bytes)
{
    atomic_fetch_add(&admission->bytes, bytes);
}

void admission_return(struct admission *admission, uint64_t bytes)
{
    atomic_fetch_sub(&admission->bytes, bytes);
}

bool admission_has(const struct admission *admission, uint64_t bytes)
{
    return admission_fits(admission->bytes_limit, atomic_load(&admission->bytes), bytes);
}

bool admission_take_upload(struct admission *admission)
{
    if (atomic_fetch_add(&admission->uploads, 1) < admission->uploads_limit)
        return true;
    atomic_fetch_sub(&admission->uploads, 1);
    return false;
}

bool admission_has_upload(const struct admission *admission)
{
    return atomic_load(&admission->uploads) < admission->uploads_limit;
}

void admission_return_upload(struct admission *admission)
{
    atomic_fetch_sub(&admission->uploads, 1);
}
