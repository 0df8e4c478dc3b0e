/* history.c - sizes come from a short list, so that records often have equal lengths; keys from all of the map. */
#include "tests/lib/history.h"

static unsigned pick_store(struct prng *prng)
{
    return (unsigned)prng_below(prng, MODEL_STORES);
}

/* A free key other than `but`; MODEL_KEYS when chance finds none. */
static unsigned pick_key(const struct model *model, struct prng *prng, unsigned store, unsigned but)
{
    for (int tries = 0; tries < 20; tries++) {
        unsigned key = (unsigned)prng_below(prng, MODEL_KEYS);
        if (key != but && model_key_free(model, store, key))
            return key;
    }
    return MODEL_KEYS;
}

static uint64_t small_size(struct prng *prng)
{
    static const uint64_t sizes[] = {0, 1, 8, 100, 100, 100, 200, MODEL_INLINE};
    return sizes[prng_below(prng, sizeof sizes / sizeof *sizes)];
}

static uint64_t large_size(struct prng *prng)
{
    static const uint64_t sizes[] = {MODEL_INLINE + 1, 2100, 4096, 5000, 20000};
    return prng_one_in(prng, 50) ? 200000 : sizes[prng_below(prng, sizeof sizes / sizeof *sizes)];
}

static void put(struct model *model, struct prng *prng)
{
    unsigned store = pick_store(prng);
    unsigned key = pick_key(model, prng, store, MODEL_KEYS);
    if (key == MODEL_KEYS)
        return;
    struct attempt *attempt = attempt_new(model, store);
    if (prng_one_in(prng, 4))
        attempt_condition(attempt, key, (enum attempt_condition)prng_below(prng, ATTEMPT_CONDITIONS));
    attempt_put(attempt, key, small_size(prng));
    attempt_submit(attempt);
}

static void delete (struct model *model, struct prng *prng)
{
    unsigned store = pick_store(prng);
    unsigned key = pick_key(model, prng, store, MODEL_KEYS);
    if (key == MODEL_KEYS)
        return;
    struct attempt *attempt = attempt_new(model, store);
    if (prng_one_in(prng, 8))
        attempt_condition(attempt, key, (enum attempt_condition)prng_below(prng, ATTEMPT_CONDITIONS));
    attempt_delete(attempt, key);
    attempt_submit(attempt);
}

static void add_step(struct attempt *attempt, struct prng *prng, unsigned key, unsigned other)
{
    bool keep_target = prng_one_in(prng, 4);
    switch (prng_below(prng, 6)) {
    case 0:
        attempt_delete(attempt, key);
        break;
    case 1:
        attempt_rename(attempt, key, other, keep_target);
        break;
    case 2:
        attempt_copy(attempt, key, other, keep_target);
        break;
    case 3:
        attempt_put(attempt, key, prng_one_in(prng, 4) ? 3000 : small_size(prng));
        break;
    default:
        attempt_put(attempt, key, small_size(prng));
        break;
    }
}

/* The steps share a few keys, so that later ones see earlier ones. */
static void batch(struct model *model, struct prng *prng)
{
    unsigned store = pick_store(prng);
    unsigned keys[3];
    for (unsigned i = 0; i < 3; i++) {
        keys[i] = pick_key(model, prng, store, MODEL_KEYS);
        if (keys[i] == MODEL_KEYS)
            return;
    }
    struct attempt *attempt = attempt_new(model, store);
    unsigned steps = 2 + (unsigned)prng_below(prng, ATTEMPT_STEPS - 2);
    for (unsigned i = 0; i < steps; i++)
        add_step(attempt, prng, keys[prng_below(prng, 3)], keys[prng_below(prng, 3)]);
    attempt_submit(attempt);
}

static void carry(struct model *model, struct prng *prng)
{
    unsigned store = pick_store(prng);
    unsigned key = pick_key(model, prng, store, MODEL_KEYS);
    unsigned target = pick_key(model, prng, store, prng_one_in(prng, 50) ? MODEL_KEYS : key);
    if (key == MODEL_KEYS || target == MODEL_KEYS)
        return;
    struct attempt *attempt = attempt_new(model, store);
    if (prng_one_in(prng, 2)) {
        attempt_rename(attempt, key, target, prng_one_in(prng, 3));
    } else {
        attempt_copy(attempt, key, target, prng_one_in(prng, 3));
    }
    attempt_submit(attempt);
}

static void between(struct model *model, struct prng *prng)
{
    unsigned store = pick_store(prng);
    unsigned key = pick_key(model, prng, store, MODEL_KEYS);
    unsigned target = pick_key(model, prng, (store + 1) % MODEL_STORES, MODEL_KEYS);
    if (key != MODEL_KEYS && target != MODEL_KEYS)
        attempt_between(model, store, key, target, prng_one_in(prng, 2));
}

static void upload(struct model *model, struct prng *prng)
{
    unsigned store = pick_store(prng);
    unsigned key = pick_key(model, prng, store, MODEL_KEYS);
    if (key == MODEL_KEYS)
        return;
    uint64_t size = prng_one_in(prng, 4) ? small_size(prng) : large_size(prng);
    enum upload_end end = prng_one_in(prng, 4) ? (enum upload_end)prng_below(prng, UPLOAD_ENDS) : UPLOAD_COMMIT;
    attempt_upload(model, store, key, size, prng_one_in(prng, 2), end);
}

static void work(struct model *model, struct prng *prng)
{
    uint64_t chance = prng_below(prng, 115);
    if (chance >= 100) {
        model_uploads_act(model, prng, pick_store(prng));
    } else if (chance < 35) {
        put(model, prng);
    } else if (chance < 50) {
        delete (model, prng);
    } else if (chance < 62) {
        batch(model, prng);
    } else if (chance < 74) {
        carry(model, prng);
    } else if (chance < 82) {
        between(model, prng);
    } else {
        upload(model, prng);
    }
}

/* Writes of equal length that meet in one group commit, because a sync is held until all are in. What a failed or
 * torn group leaves behind the end of the log may then line up with the records of the next one. */
void history_burst(struct model *model, struct prng *prng)
{
    unsigned store = pick_store(prng);
    unsigned count = 1 + (unsigned)prng_below(prng, 12);
    model->ground.hold(model->ground.self, true);
    for (unsigned i = 0; i < count; i++) {
        unsigned key = pick_key(model, prng, store, MODEL_KEYS);
        if (key == MODEL_KEYS)
            break;
        struct attempt *attempt = attempt_new(model, store);
        if (prng_one_in(prng, 6)) {
            attempt_delete(attempt, key);
        } else {
            attempt_put(attempt, key, 100);
        }
        attempt_submit(attempt);
    }
    model->ground.hold(model->ground.self, false);
}

void history_round(struct model *model, struct prng *prng, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        work(model, prng);
        if (prng_one_in(prng, 3))
            model_read(model, pick_store(prng), (unsigned)prng_below(prng, MODEL_KEYS));
        if (prng_one_in(prng, 15))
            model_list(model, pick_store(prng));
    }
}

static uint64_t count_segments(const struct model *model, unsigned store)
{
    struct store_figures figures;
    store_figures(model->stores[store], &figures);
    return figures.segments;
}

static void churn_round(struct model *model, struct prng *prng, unsigned store)
{
    for (unsigned i = 0; i < 12; i++) {
        unsigned key = (unsigned)prng_below(prng, MODEL_KEYS - 10); /* the last ones stay as they are */
        if (!model_key_free(model, store, key))
            continue;
        struct attempt *attempt = attempt_new(model, store);
        if (prng_one_in(prng, 10)) {
            attempt_delete(attempt, key);
        } else {
            attempt_put(attempt, key, MODEL_INLINE);
        }
        attempt_submit(attempt);
    }
    model_settle(model);
}

void history_churn(struct model *model, struct prng *prng, unsigned store)
{
    enum { ROUNDS_MAX = 60 }; /* more than fill the first segment, which is the largest */
    uint64_t segments = count_segments(model, store);
    if (segments == 0)
        segments = 1; /* an empty log has none, and its first is not another one */
    for (unsigned i = 0; i < ROUNDS_MAX && count_segments(model, store) <= segments; i++)
        churn_round(model, prng, store);
}

/* ---- the scenario ---------------------------------------------------------------------------- */

static void write_first(struct model *model)
{
    for (unsigned key = 0; key < 6; key++) {
        struct attempt *attempt = attempt_new(model, key % 2);
        attempt_put(attempt, key, 100);
        attempt_submit(attempt);
    }
    attempt_upload(model, 0, 10, 5000, true, UPLOAD_COMMIT);
    attempt_upload(model, 1, 11, 2500, false, UPLOAD_COMMIT);
    attempt_upload(model, 0, 12, 50, false, UPLOAD_COMMIT);
    model_settle(model);
}

static void change_several(struct model *model)
{
    struct attempt *attempt = attempt_new(model, 0);
    attempt_put(attempt, 20, 100);
    attempt_put(attempt, 21, 3000);
    attempt_rename(attempt, 10, 22, false);
    attempt_copy(attempt, 22, 23, false);
    attempt_delete(attempt, 2);
    attempt_submit(attempt);
    attempt = attempt_new(model, 1);
    attempt_put(attempt, 11, 100);
    attempt_put(attempt, MODEL_KEYS - 1, 100);
    attempt_submit(attempt);
    model_settle(model);
}

static void move_between(struct model *model)
{
    attempt_between(model, 0, 22, 30, true);
    attempt_between(model, 1, 1, 31, false);
    attempt_between(model, 0, 4, 32, true);
    attempt_upload(model, 0, 12, 3000, true, UPLOAD_ABORT);
    attempt_upload(model, 0, 13, 3000, true, UPLOAD_BAD_DIGEST);
    model_settle(model);
}

static void delete_some(struct model *model)
{
    static const unsigned keys[] = {0, 23, 31};
    for (unsigned i = 0; i < 3; i++) {
        struct attempt *attempt = attempt_new(model, 0);
        attempt_delete(attempt, keys[i]);
        attempt_submit(attempt);
    }
    attempt_upload(model, 1, 30, 4000, false, UPLOAD_COMMIT);
    model_settle(model);
}

/* A key whose earlier attempt is in doubt cannot be named again, so the parts of the scenario end where one is. */
static bool go_on(const struct model *model)
{
    return !model->in_doubt;
}

void history_recover(struct model *model, struct prng *prng)
{
    model->disturbed = false;
    if (prng_one_in(prng, 3)) {
        model_power_cut(model, prng_next(prng));
    } else {
        model_open(model, NULL);
    }
    model_verify(model);
    history_round(model, prng, 6);
    model_verify(model);
}

bool history_scenario(struct model *model)
{
    static void (*const parts[])(struct model *) = {write_first, change_several, move_between, delete_some};
    for (unsigned i = 0; i < sizeof parts / sizeof *parts && go_on(model); i++) {
        parts[i](model);
        model_list(model, i % MODEL_STORES);
    }
    model_close(model);
    if (model_open(model, NULL))
        return false;
    struct prng prng = prng_of(1);
    history_round(model, &prng, 12);
    model_verify(model);
    return true;
}
