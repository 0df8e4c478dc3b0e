/* model_limits.c - limits of a model's stores. */
#include "tests/lib/model_limits.h"

#include <stdlib.h>
#include <string.h>

enum { NARROW_BYTES = 6000, NARROW_OBJECTS = 8 };

struct model_total model_total(const struct model *model, unsigned store)
{
    struct model_total total = {0};
    for (unsigned key = 0; key < MODEL_KEYS; key++) {
        const struct value *now = &model->slots[store][key].now;
        total.objects += now->id != 0;
        total.bytes += now->id ? now->size : 0;
    }
    return total;
}

/* ---- setting them ------------------------------------------------------------------------------ */

static uint64_t higher_of(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* From here on the store may hold no more than this. */
static void set_ceiling(struct model *model, unsigned store)
{
    struct model_total total = model_total(model, store);
    const struct store_limits *limits = &model->limits[store];
    model->ceiling[store].bytes = limits->bytes.set ? higher_of(limits->bytes.most, total.bytes) : UINT64_MAX;
    model->ceiling[store].objects = limits->objects.set ? higher_of(limits->objects.most, total.objects) : UINT64_MAX;
}

static void set_limits(struct model *model, unsigned store, const struct store_limits *limits)
{
    struct store_detail detail = {0};
    enum store_error error = depot_set_limits(model->depot, store_name(model->stores[store]), &limits->bytes,
                                              &limits->objects, &detail);
    model->limits_in_doubt[store] = error != STORE_OK;
    if (error) {
        model->limits_wanted[store] = *limits;
        if (!model->disturbed || !model_disk_error(error))
            model_fail(model, "setting limits: %s: %s", store_error_text(error), detail.text);
        return;
    }
    model->limits[store] = *limits;
    set_ceiling(model, store);
}

/* A little less than there is, or more. */
static struct store_limit near(struct prng *prng, uint64_t total, uint64_t around)
{
    if (prng_one_in(prng, 3))
        return (struct store_limit){0};
    uint64_t most = total + prng_below(prng, around);
    uint64_t less = around / 4;
    return (struct store_limit){.set = true, .most = most > less ? most - less : 0};
}

void model_limit(struct model *model, struct prng *prng, unsigned store)
{
    model_settle(model);
    if (model->limits_in_doubt[store])
        return;
    struct model_total total = model_total(model, store);
    const struct store_limits limits = {.bytes = near(prng, total.bytes, NARROW_BYTES),
                                        .objects = near(prng, total.objects, NARROW_OBJECTS)};
    set_limits(model, store, &limits);
}

void model_lift_limits(struct model *model)
{
    const struct store_limits none = {0};
    model_settle(model);
    for (unsigned store = 0; store < MODEL_STORES; store++)
        set_limits(model, store, &none);
}

/* ---- what they do ------------------------------------------------------------------------------ */

static bool refuses(const struct store_limit *limit, uint64_t before, uint64_t after)
{
    return limit->set && after > before && after > limit->most;
}

/* Whether it is known what the store holds, and nothing else is under way; *ret_resting is then what uploads hold that
 * nobody works on. One that was dropped counts until it has been taken apart, and what it is spared of that others are
 * not: what is to be weighed is asked for behind that. */
static bool is_alone(const struct model *model, const struct attempt *attempt, uint64_t *ret_resting)
{
    struct store_figures before, figures;
    store_figures(model->stores[attempt->store], &before);
    store_figures(model->stores[attempt->store], &figures);
    *ret_resting = figures.unfinished_bytes;
    return !model->under_way && before.writes_in_flight == 0 && model_contents_known(model, attempt->store);
}

/* An upload is spared what the object holds whose place it takes, unless that cannot be read. */
enum attempt_quota model_weigh(const struct model *model, const struct attempt *attempt)
{
    const struct store_limits *limits = &model->limits[attempt->store];
    struct model_total before = model_total(model, attempt->store);
    struct model_total after = before;
    for (size_t i = 0; i < attempt->effect_count; i++) {
        const struct effect *effect = &attempt->effects[i];
        if (effect->store == attempt->store) {
            after.objects = after.objects + (effect->new.id != 0 ? 1 : 0) - (effect->old.id != 0 ? 1 : 0);
            after.bytes = after.bytes + effect->new.size - effect->old.size;
        }
    }
    after.bytes += attempt->announced_more;
    bool grows = after.objects > before.objects || after.bytes > before.bytes;
    bool limited = limits->bytes.set || limits->objects.set;
    if (!limited || (!grows && !attempt->upload))
        return ATTEMPT_FITS;
    uint64_t resting;
    if (!is_alone(model, attempt, &resting))
        return ATTEMPT_MAY_FIT;
    bool refused = refuses(&limits->bytes, before.bytes + resting, after.bytes + resting) ||
                   refuses(&limits->objects, before.objects, after.objects);
    if (refused)
        return ATTEMPT_OVERRUNS_ALONE;
    return attempt->upload && model->disturbed ? ATTEMPT_MAY_FIT : ATTEMPT_FITS_ALONE;
}

void model_meet(struct model *model)
{
    for (struct attempt *attempt = model->under_way; attempt; attempt = attempt->next)
        if (attempt->quota != ATTEMPT_FITS)
            attempt->quota = ATTEMPT_MAY_FIT;
}

/* ---- looking ----------------------------------------------------------------------------------- */

static bool limit_equal(const struct store_limit *a, const struct store_limit *b)
{
    return a->set == b->set && (!a->set || a->most == b->most);
}

static bool limits_equal(const struct store_limits *a, const struct store_limits *b)
{
    return limit_equal(&a->bytes, &b->bytes) && limit_equal(&a->objects, &b->objects);
}

static struct store_limits limits_now(const struct model *model, unsigned store)
{
    struct store_figures figures;
    store_figures(model->stores[store], &figures);
    return figures.limits;
}

void model_adopt_limits(struct model *model, unsigned store)
{
    struct store_limits now = limits_now(model, store);
    bool wanted = model->limits_in_doubt[store] && limits_equal(&now, &model->limits_wanted[store]);
    if (!wanted && !limits_equal(&now, &model->limits[store]))
        model_fail(model, "a store was opened with limits that nobody has set");
    model->limits[store] = now;
    model->limits_in_doubt[store] = false;
    set_ceiling(model, store);
}

void model_check_limits(struct model *model, unsigned store)
{
    struct store_limits now = limits_now(model, store);
    struct model_total total = model_total(model, store);
    const struct model_total *ceiling = &model->ceiling[store];
    if (!limits_equal(&now, &model->limits[store]))
        model_fail(model, "the limits of a store have changed");
    if (total.bytes > ceiling->bytes || total.objects > ceiling->objects) {
        model_fail(model, "a store holds %llu bytes in %llu objects: it may hold %llu in %llu",
                   (unsigned long long)total.bytes, (unsigned long long)total.objects,
                   (unsigned long long)ceiling->bytes, (unsigned long long)ceiling->objects);
    }
    set_ceiling(model, store);
}
