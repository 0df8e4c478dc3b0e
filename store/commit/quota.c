/* quota.c - what a store may hold, and what it does hold. quota.h tells the story. */
#include "store/commit/quota.h"

#include <assert.h>

void quota_init(struct quota *quota)
{
    *quota = (struct quota){0};
    lock_init(&quota->lock);
}

void quota_free(struct quota *quota)
{
    lock_destroy(&quota->lock);
}

void quota_begin(struct quota *quota, const struct store_limits *limits, uint64_t objects, uint64_t bytes)
{
    lock_take(&quota->lock);
    quota->limits = *limits;
    quota->objects = objects;
    quota->bytes = bytes;
    lock_release(&quota->lock);
}

void quota_set_limits(struct quota *quota, const struct store_limits *limits)
{
    lock_take(&quota->lock);
    quota->limits = *limits;
    lock_release(&quota->lock);
}

/* ---- counting; the lock is held ---------------------------------------------------------------- */

static uint64_t less_of(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* What unfinished uploads add to a store that holds so many bytes. */
static uint64_t unfinished(const struct quota *quota, uint64_t bytes)
{
    assert(lock_is_mine(&quota->lock));
    return quota->arrived - less_of(quota->spared, bytes);
}

static void share_in(struct quota *quota, struct quota_share *share)
{
    assert(lock_is_mine(&quota->lock) && !share->counts);
    quota->arrived += share->arrived;
    quota->spared += less_of(share->arrived, share->replaced);
    share->counts = true;
}

static void share_out(struct quota *quota, struct quota_share *share)
{
    assert(lock_is_mine(&quota->lock));
    if (!share->counts)
        return;
    quota->arrived -= share->arrived;
    quota->spared -= less_of(share->arrived, share->replaced);
    share->counts = false;
}

/* What is kept stays, without a moment in which it does not count. */
static void fall_back(struct quota *quota, struct quota_share *share)
{
    share_out(quota, share);
    share->arrived = share->kept;
    if (share->kept > 0)
        share_in(quota, share);
}

static void grow(struct quota *quota, int64_t objects, int64_t bytes)
{
    assert(lock_is_mine(&quota->lock));
    quota->objects += (uint64_t)objects;
    quota->bytes += (uint64_t)bytes;
}

/* Whether what grows from `used` by `added` passes no limit. */
static bool within(const struct store_limit *limit, uint64_t used, int64_t added)
{
    return !limit->set || added <= 0 || used + (uint64_t)added <= limit->most;
}

static bool fits(const struct quota *quota, const struct quota_growth *growth, struct store_overrun *ret_overrun)
{
    uint64_t after = quota->bytes + (uint64_t)growth->bytes;
    uint64_t used = after + unfinished(quota, after) - (uint64_t)growth->bytes;
    bool objects_fit = within(&quota->limits.objects, quota->objects, growth->objects);
    if (objects_fit && within(&quota->limits.bytes, used, growth->bytes))
        return true;
    if (objects_fit)
        *ret_overrun = (struct store_overrun){
            .limit = quota->limits.bytes.most, .used = used, .added = (uint64_t)growth->bytes};
    else
        *ret_overrun = (struct store_overrun){.of_objects = true,
                                              .limit = quota->limits.objects.most,
                                              .used = quota->objects,
                                              .added = (uint64_t)growth->objects};
    return false;
}

/* ---- what is known of it ----------------------------------------------------------------------- */

void quota_tell(struct quota *quota, struct store_limits *ret_limits, uint64_t *ret_unfinished)
{
    lock_take(&quota->lock);
    *ret_limits = quota->limits;
    *ret_unfinished = unfinished(quota, quota->bytes);
    lock_release(&quota->lock);
}

bool quota_agrees(struct quota *quota, uint64_t objects, uint64_t bytes)
{
    lock_take(&quota->lock);
    bool agrees = quota->objects == objects && quota->bytes == bytes;
    lock_release(&quota->lock);
    return agrees;
}

/* ---- transactions ------------------------------------------------------------------------------ */

bool quota_admit(struct quota *quota, const struct quota_growth *growth, struct quota_share *share,
                 struct store_overrun *ret_overrun)
{
    lock_take(&quota->lock);
    bool counted = share && share->counts;
    if (counted)
        share_out(quota, share);
    bool admitted = fits(quota, growth, ret_overrun);
    if (admitted)
        grow(quota, growth->objects, growth->bytes);
    else if (counted)
        share_in(quota, share);
    lock_release(&quota->lock);
    return admitted;
}

void quota_retract(struct quota *quota, const struct quota_growth *growth, struct quota_share *share)
{
    lock_take(&quota->lock);
    grow(quota, -growth->objects, -growth->bytes);
    if (share)
        share_in(quota, share);
    lock_release(&quota->lock);
}

/* ---- uploads ----------------------------------------------------------------------------------- */

bool quota_foresees(struct quota *quota, const struct quota_growth *growth, struct store_overrun *ret_overrun)
{
    lock_take(&quota->lock);
    bool would = fits(quota, growth, ret_overrun);
    lock_release(&quota->lock);
    return would;
}

bool quota_arrive(struct quota *quota, struct quota_share *share, uint64_t arrived, struct store_overrun *ret_overrun)
{
    lock_take(&quota->lock);
    share_out(quota, share);
    uint64_t before = quota->bytes + unfinished(quota, quota->bytes);
    share->arrived = arrived;
    share_in(quota, share);
    uint64_t after = quota->bytes + unfinished(quota, quota->bytes);
    bool arrives = within(&quota->limits.bytes, before, (int64_t)(after - before));
    if (!arrives) {
        *ret_overrun = (struct store_overrun){
            .limit = quota->limits.bytes.most, .used = before, .added = after - before};
        fall_back(quota, share);
    } else if (share->keeps) {
        share->kept = arrived;
    }
    lock_release(&quota->lock);
    return arrives;
}

static void set(struct quota *quota, struct quota_share *share, uint64_t arrived)
{
    share_out(quota, share);
    share->arrived = arrived;
    share_in(quota, share);
}

void quota_rest(struct quota *quota, struct quota_share *share, uint64_t arrived)
{
    lock_take(&quota->lock);
    set(quota, share, arrived);
    lock_release(&quota->lock);
}

void quota_pass(struct quota *quota, struct quota_share *one, uint64_t of_one, struct quota_share *other,
                uint64_t of_other)
{
    lock_take(&quota->lock);
    set(quota, one, of_one);
    set(quota, other, of_other);
    other->kept = of_other;
    lock_release(&quota->lock);
}

void quota_leave(struct quota *quota, struct quota_share *share)
{
    if (!share->counts) /* as mostly: the writer has let it in */
        return;
    lock_take(&quota->lock);
    fall_back(quota, share);
    lock_release(&quota->lock);
}
