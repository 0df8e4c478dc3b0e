/* model.c - the map, what is in doubt, and the comparisons. */
#include "tests/lib/model.h"

#include "tests/lib/model_limits.h"
#include "tests/lib/namesake.h"
#include "tests/lib/patience.h"
#include "tests/lib/summaries.h"
#include "tests/lib/wall_clock.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { VERIFY_EVERY = 4, HOUR = 3600 };

static const char *const store_names[MODEL_STORES] = {"alpha", "beta"};

void model_fail(const struct model *model, const char *format, ...)
{
    va_list list;
    fprintf(stderr, "%s%sseed %llu, operation %llu: ", model->scene, *model->scene ? ", " : "",
            (unsigned long long)model->seed, (unsigned long long)model->operations);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    abort();
}

bool model_disk_error(enum store_error error)
{
    return error == STORE_IO || error == STORE_FULL || error == STORE_FAILED || error == STORE_NO_MEMORY ||
           error == STORE_DAMAGED;
}

struct depot_options model_options(const struct io *io)
{
    struct depot_options options = depot_options_default();
    options.io = io;
    options.inline_limit = 512;
    options.segment_size = 32 << 10;
    options.idle_files_limit = 2;  /* so that files are closed and opened again all the time */
    options.shortage_patience = 0; /* where descriptors are out here, none come free */
    options.object_limit = 1 << 20;
    options.disk_reserve = 0;
    options.io_threads = 2;
    return options;
}

struct model *model_new(struct sim_disk *disk, uint64_t seed)
{
    const struct ground ground = ground_of_disk(disk);
    struct model *model = model_new_on(&ground, seed);
    model->disk = disk;
    return model;
}

struct model *model_new_on(const struct ground *ground, uint64_t seed)
{
    struct model *model = calloc(1, sizeof *model);
    if (!model)
        abort();
    model->ground = *ground;
    model->seed = seed;
    model->whims = prng_of(seed);
    model->hour = wall_clock_now() + HOUR / 2; /* no test takes so long */
    model->options = model_options(ground->io);
    model->options.upload_expiry = MODEL_UPLOAD_HOURS * HOUR;
    model->options.inline_limit = MODEL_INLINE;
    if (seed / 2 % 2 == 0) /* else it is the usual one, which the first records fill */
        model->options.first_segment = MODEL_FIRST;
    model->options.disk_reserve = seed % 2 ? MODEL_RESERVE : 0;
    return model;
}

void model_free(struct model *model)
{
    if (!model)
        return;
    model_close(model);
    while (model->in_doubt) {
        struct attempt *attempt = model->in_doubt;
        model->in_doubt = attempt->next;
        attempt_free(attempt);
    }
    model_uploads_free(model);
    free(model);
}

/* ---- keys ------------------------------------------------------------------------------------ */

enum { NAMESAKES_END = MODEL_KEYS - MODEL_HASHES, NAMESAKES_BEGIN = NAMESAKES_END - MODEL_NAMESAKES };

static char key_bytes[MODEL_KEYS][STORE_KEY_MAX];
static pthread_once_t keys_made = PTHREAD_ONCE_INIT;

static bool is_namesake(unsigned key)
{
    return key >= NAMESAKES_BEGIN && key < NAMESAKES_END;
}

static unsigned family_of(unsigned key)
{
    return (key - NAMESAKES_BEGIN) / MODEL_FAMILY;
}

static void make_keys(void)
{
    for (unsigned key = 0; key < MODEL_KEYS; key++) {
        snprintf(key_bytes[key], sizeof key_bytes[key], "%c%02ukey", 'A' + (int)key, key);
        key_bytes[key][3] = 0;
        if (is_namesake(key)) {
            struct namesake namesake = namesake_of(family_of(key), key);
            memcpy(key_bytes[key], namesake.bytes, NAMESAKE_LENGTH);
        }
    }
}

/* Most keys have one length, so that records of equal payloads are of equal length and old ones left behind the
 * end of the log may line up with new ones. */
struct store_key model_key(unsigned key)
{
    pthread_once(&keys_made, make_keys);
    if (key >= MODEL_KEYS - MODEL_HASHES)
        return store_key_of_hash(0x0101010101010101u * (key + 1));
    size_t length = key == 0 ? STORE_KEY_MAX : key == 1 ? 1 : is_namesake(key) ? NAMESAKE_LENGTH : 6;
    return store_key_of(key_bytes[key], length);
}

bool model_key_free(const struct model *model, unsigned store, unsigned key)
{
    return !model->slots[store][key].attempt;
}

/* Of three one expires within two hours. */
struct value model_new_value(struct model *model, uint64_t size)
{
    struct value value = {.id = ++model->ids, .size = size};
    if (value.id % 3 == 0)
        value.expires = model->hour + (value.id % 2 ? HOUR : 0);
    return value;
}

/* ---- reading --------------------------------------------------------------------------------- */

enum seen { SEEN_NOTHING, SEEN_OLD, SEEN_NEW, SEEN_ERROR };

static bool object_is(const struct value *value, const struct object *object, int *ret_errno)
{
    return value->id != 0 && value_is(value, object, ret_errno);
}

/* By their hash a single one of a family is found, but none of several. What is under way may change that meanwhile. */
static void look_for_family(struct model *model, unsigned store, unsigned key)
{
    struct store_key hashed = store_key_of_hash(model_key(key).hash);
    unsigned first = NAMESAKES_BEGIN + family_of(key) * MODEL_FAMILY;
    unsigned count = 0;
    for (unsigned member = first; member < first + MODEL_FAMILY; member++) {
        if (model->slots[store][member].attempt || model->ghosts[store])
            return;
        count += model->slots[store][member].now.id != 0;
    }
    struct object *object;
    enum store_error expected = count == 0 ? STORE_NO_OBJECT : count == 1 ? STORE_OK : STORE_COLLISION;
    enum store_error error = store_get(model->stores[store], &hashed, 0, &object);
    if (error == STORE_OK)
        object_release(object);
    if (error != expected && !(model->disturbed && model_disk_error(error))) {
        model_fail(model, "reading %s by the hash of key %u, which %u keys have: %s", store_names[store], key, count,
                   store_error_text(error));
    }
}

static enum store_error get(struct model *model, unsigned store, unsigned key, struct object **ret_object)
{
    struct store_key named = model_key(key);
    struct store_key hashed = store_key_of_hash(named.hash);
    bool by_hash = model->reads++ % 4 == 0;
    if (by_hash && is_namesake(key)) {
        look_for_family(model, store, key);
        by_hash = false;
    }
    enum store_error error = store_get(model->stores[store], by_hash ? &hashed : &named, STORE_GET_PAYLOAD, ret_object);
    if (error && error != STORE_NO_OBJECT && !(model->disturbed && model_disk_error(error)))
        model_fail(model, "reading key %u of %s: %s", key, store_names[store], store_error_text(error));
    return error;
}

static enum seen compare(struct model *model, struct object *object, const struct value *old, const struct value *new)
{
    int os_error = 0;
    if (object_is(old, object, &os_error))
        return SEEN_OLD;
    /* A blob's descriptor can be taken only once, but a value of another size is told apart before. */
    if (os_error == 0 && object_is(new, object, &os_error))
        return SEEN_NEW;
    return os_error && model->disturbed ? SEEN_ERROR : SEEN_NOTHING;
}

/* Which of the two values a key has. Anything else ends the program. */
static enum seen look(struct model *model, unsigned store, unsigned key, const struct value *old,
                      const struct value *new)
{
    struct object *object;
    enum store_error error = get(model, store, key, &object);
    if (error == STORE_NO_OBJECT) {
        if (old->id != 0 && new->id != 0) {
            model_fail(model, "key %u of %s is gone: it must hold value %llu or %llu", key, store_names[store],
                       (unsigned long long)old->id, (unsigned long long)new->id);
        }
        return old->id == 0 ? SEEN_OLD : SEEN_NEW;
    }
    if (error)
        return SEEN_ERROR;
    enum seen seen = compare(model, object, old, new);
    if (seen == SEEN_NOTHING) {
        const struct object_info *info = object_info(object);
        uint64_t id = 0;
        memcpy(&id, info->attributes, info->attributes_length < sizeof id ? info->attributes_length : sizeof id);
        model_fail(
            model,
            "key %u of %s holds value %llu of %llu bytes at %llu: it must be %llu (%llu bytes) or %llu (%llu bytes)",
            key, store_names[store], (unsigned long long)id, (unsigned long long)info->size,
            (unsigned long long)info->offset, (unsigned long long)old->id, (unsigned long long)old->size,
            (unsigned long long)new->id, (unsigned long long)new->size);
    }
    object_release(object);
    return seen;
}

static const struct effect *find_effect(const struct attempt *attempt, unsigned store, unsigned key)
{
    const struct effect *effect = attempt->effects;
    while (effect->store != store || effect->key != key)
        effect++;
    return effect;
}

/* What failed is not seen before a restart, but the target of a transfer that could not be looked at since. */
static bool may_be_seen(const struct model *model, const struct attempt *attempt, const struct effect *effect)
{
    for (const struct attempt *other = model->in_doubt; other; other = other->next)
        if (other == attempt)
            return attempt->half_open && effect == &attempt->effects[0];
    return attempt->expected == STORE_OK;
}

void model_read(struct model *model, unsigned store, unsigned key)
{
    const struct slot *slot = &model->slots[store][key];
    const struct value *other = &slot->now;
    const struct effect *effect = slot->attempt ? find_effect(slot->attempt, store, key) : NULL;
    if (effect && may_be_seen(model, slot->attempt, effect))
        other = &effect->new;
    look(model, store, key, &slot->now, other);
}

/* ---- settling -------------------------------------------------------------------------------- */

static void apply(struct model *model, const struct attempt *attempt)
{
    for (size_t i = 0; i < attempt->effect_count; i++) {
        const struct effect *effect = &attempt->effects[i];
        model->slots[effect->store][effect->key].now = effect->new;
    }
}

/* A commit that succeeded has taken the place of what failed before it in the same store. */
static void end_doubts(struct model *model, unsigned store)
{
    if (model->doubt_round[store] < model->round)
        model->doubt_round[store] = 0;
    struct attempt **place = &model->in_doubt;
    while (*place) {
        struct attempt *attempt = *place;
        if (attempt->store == store && attempt->effects[0].store == store && !attempt->transfer &&
            attempt->round < model->round) {
            *place = attempt->next;
            model_uploads_decide(model, attempt, false);
            attempt_free(attempt);
        } else {
            place = &attempt->next;
        }
    }
}

/* A transfer that failed may have got as far as the target. */
static void book_half(struct model *model, struct attempt *attempt)
{
    struct effect *copied = &attempt->effects[0];
    enum seen seen = look(model, copied->store, copied->key, &copied->old, &copied->new);
    attempt->half_open = seen == SEEN_ERROR;
    if (seen == SEEN_NEW)
        model->slots[copied->store][copied->key].now = copied->old = copied->new;
}

static void book(struct model *model, struct attempt *attempt, uint64_t floor[MODEL_STORES])
{
    if (attempt->ended == STORE_OK) {
        model->acknowledged++;
        apply(model, attempt);
        if (attempt->ticket.end_offset > floor[attempt->store]) {
            floor[attempt->store] = attempt->ticket.end_offset;
            end_doubts(model, attempt->store);
        }
    }
    model->failed += attempt->ended != attempt->expected;
    if (attempt_in_doubt(attempt)) {
        for (size_t i = 0; i < attempt->effect_count; i++)
            model->doubt_round[attempt->effects[i].store] = model->round;
        if (attempt->transfer)
            book_half(model, attempt);
        attempt->next = model->in_doubt;
        model->in_doubt = attempt;
    } else {
        model_uploads_book(model, attempt);
        attempt_free(attempt);
    }
}

void model_settle(struct model *model)
{
    uint64_t floor[MODEL_STORES];
    memcpy(floor, model->floor, sizeof floor);
    while (model->under_way) {
        struct attempt *attempt = model->under_way;
        attempt_settle(attempt);
        model->under_way = attempt->next;
        book(model, attempt, floor);
    }
    memcpy(model->floor, floor, sizeof floor);
    model->round++;
}

/* ---- time ------------------------------------------------------------------------------------ */

static void expire(struct model *model, unsigned store, struct value *value)
{
    if (value->expires == 0 || value->expires > wall_clock_now())
        return;
    *value = (struct value){0};
    model->ghosts[store] = true;
}

void model_pass_hour(struct model *model)
{
    model_settle(model);
    wall_clock_pass(HOUR);
    model->hour += HOUR;
    for (unsigned store = 0; store < MODEL_STORES; store++)
        for (unsigned key = 0; key < MODEL_KEYS; key++)
            expire(model, store, &model->slots[store][key].now);
    for (struct attempt *attempt = model->in_doubt; attempt; attempt = attempt->next)
        for (size_t i = 0; i < attempt->effect_count; i++) {
            struct effect *effect = &attempt->effects[i];
            expire(model, effect->store, &effect->old);
            expire(model, effect->store, &effect->new);
        }
}

/* ---- doubts after a restart ------------------------------------------------------------------ */

static const char *seen_name(enum seen seen)
{
    return seen == SEEN_NEW ? "is there" : "is not";
}

static void check_together(const struct model *model, const struct attempt *attempt, const enum seen *seen)
{
    for (size_t i = 1; i < attempt->effect_count; i++) {
        bool copied_only = attempt->transfer && seen[0] == SEEN_NEW;
        if (seen[i] != seen[0] && !copied_only) {
            model_fail(
                model,
                "a write of %zu steps came true by halves: its effect on key %u of %s %s, that on key %u of %s %s",
                attempt->step_count, attempt->effects[0].key, store_names[attempt->effects[0].store],
                seen_name(seen[0]), attempt->effects[i].key, store_names[attempt->effects[i].store],
                seen_name(seen[i]));
        }
    }
}

/* False when a read failed. */
static bool decide(struct model *model, const struct attempt *attempt)
{
    enum seen seen[2 * ATTEMPT_STEPS];
    struct effect changes[2 * ATTEMPT_STEPS];
    struct attempt changing = *attempt;
    changing.effect_count = 0;
    for (size_t i = 0; i < attempt->effect_count; i++) {
        const struct effect *effect = &attempt->effects[i];
        enum seen one = look(model, effect->store, effect->key, &effect->old, &effect->new);
        if (one == SEEN_ERROR)
            return false;
        if (!value_equal(&effect->old, &effect->new)) {
            seen[changing.effect_count] = one;
            changes[changing.effect_count++] = *effect;
        }
    }
    memcpy(changing.effects, changes, sizeof changes);
    check_together(model, &changing, seen);
    for (size_t i = 0; i < changing.effect_count; i++)
        if (seen[i] == SEEN_NEW)
            model->slots[changes[i].store][changes[i].key].now = changes[i].new;
    model_uploads_decide(model, attempt, changing.effect_count > 0 && seen[0] == SEEN_NEW);
    return true;
}

static bool decide_doubts(struct model *model)
{
    while (model->in_doubt) {
        struct attempt *attempt = model->in_doubt;
        if (!decide(model, attempt))
            return false;
        model->in_doubt = attempt->next;
        model->doubts++;
        attempt_free(attempt);
    }
    return true;
}

/* ---- opening and closing --------------------------------------------------------------------- */

static enum store_error open_stores(struct model *model, struct store_detail *ret_detail)
{
    for (unsigned i = 0; i < MODEL_STORES; i++) {
        bool created;
        enum store_error error = depot_create(model->depot, store_names[i], &created, ret_detail);
        if (!error)
            error = depot_acquire(model->depot, store_names[i], &model->stores[i], ret_detail);
        if (error)
            return error;
    }
    if (!decide_doubts(model))
        return STORE_IO;
    for (unsigned i = 0; i < MODEL_STORES; i++)
        model_adopt_limits(model, i);
    return STORE_OK;
}

static void close_depot(struct model *model)
{
    for (unsigned i = 0; i < MODEL_STORES; i++) {
        depot_release(model->stores[i]);
        model->stores[i] = NULL;
    }
    depot_close(model->depot);
    model->depot = NULL;
}

enum store_error model_open(struct model *model, struct store_detail *ret_detail)
{
    struct store_detail detail = {0};
    memset(model->doubt_round, 0, sizeof model->doubt_round);
    enum store_error error = depot_open("/data", &model->options, &model->depot, &detail);
    if (!error) {
        error = open_stores(model, &detail);
        if (error)
            close_depot(model);
    }
    if (error && !model->disturbed)
        model_fail(model, "opening: %s: %s", store_error_text(error), detail.text);
    if (ret_detail)
        *ret_detail = detail;
    return error;
}

static void check_descriptors(const struct model *model)
{
    size_t left = model->ground.open_files(model->ground.self);
    if (left > 0)
        model_fail(model, "%zu descriptors are open after depot_close()", left);
    uint64_t bad = model->ground.bad_uses(model->ground.self);
    if (bad > 0)
        model_fail(model, "%llu times a descriptor was used that was not open", (unsigned long long)bad);
}

static void settle_and_close(struct model *model)
{
    if (model->depot) {
        model_settle(model);
        close_depot(model);
    }
}

/* Summaries are never trusted over the log: whatever becomes of them, nobody notices. */
static void spoil_summaries(struct model *model)
{
    for (unsigned i = 0; i < MODEL_STORES; i++) {
        char folder[64];
        (void)snprintf(folder, sizeof folder, "/data/stores/%s/log", store_names[i]);
        summaries_spoil_some(model->options.io, folder, &model->whims);
    }
}

void model_close(struct model *model)
{
    settle_and_close(model);
    if (!model->disturbed)
        spoil_summaries(model);
    check_descriptors(model);
}

void model_power_cut(struct model *model, uint64_t seed)
{
    bool disturbed = model->disturbed;
    model->disturbed = true;
    model->ground.cut(model->ground.self);
    settle_and_close(model);
    model->ground.reboot(model->ground.self, seed);
    model_uploads_cut(model);
    model->disturbed = false;
    spoil_summaries(model);
    model_open(model, NULL);
    model->disturbed = disturbed;
}

/* ---- verifying ------------------------------------------------------------------------------- */

static void check_count(const struct model *model, unsigned store, const char *name, uint64_t seen, uint64_t wanted)
{
    if (seen != wanted) {
        model_fail(model, "the figures of %s say %s %llu: it must be %llu", store_names[store], name,
                   (unsigned long long)seen, (unsigned long long)wanted);
    }
}

/* The same of what counts those that have expired until they are deleted. */
static void check_total(const struct model *model, unsigned store, const char *name, uint64_t seen, uint64_t wanted)
{
    if (!model->ghosts[store] || seen < wanted)
        check_count(model, store, name, seen, wanted);
}

bool model_contents_known(const struct model *model, unsigned store)
{
    const struct attempt *attempt = model->in_doubt;
    while (attempt && !(attempt->half_open && attempt->store == store))
        attempt = attempt->next;
    return !attempt;
}

static void check_figures(struct model *model, unsigned store, const struct store_figures *figures)
{
    uint64_t unfinished;
    struct model_total total = model_total(model, store);
    if (model_contents_known(model, store)) {
        check_total(model, store, "objects", figures->objects, total.objects);
        check_total(model, store, "live_bytes", figures->live_bytes, total.bytes);
        model_check_limits(model, store);
    }
    if (model_uploads_verify(model, store, &unfinished)) {
        struct store_figures now;
        store_figures(model->stores[store], &now); /* some may have expired */
        check_count(model, store, "unfinished_bytes", now.unfinished_bytes, unfinished);
    }
    check_count(model, store, "writes_in_flight", figures->writes_in_flight, 0);
    check_count(model, store, "bytes_in_flight", figures->bytes_in_flight, 0);
    if (figures->end_offset < model->floor[store]) {
        model_fail(model, "the log of %s ends at %llu, before the acknowledged %llu", store_names[store],
                   (unsigned long long)figures->end_offset, (unsigned long long)model->floor[store]);
    }
    if (!model->disturbed) {
        check_count(model, store, "damaged_bytes", figures->damaged_bytes, 0);
        check_count(model, store, "failed", figures->failed, 0);
    }
}

static uint64_t count_files(const struct model *model, const char *path)
{
    const struct io *io = model->options.io;
    int folder = io->openat(io->self, AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
    char *names = folder < 0 ? NULL : io->list(io->self, folder);
    if (!names)
        model_fail(model, "%s cannot be listed", path);
    uint64_t count = 0;
    for (const char *name = names; *name; name += strlen(name) + 1)
        count++;
    free(names);
    io->close(io->self, folder);
    return count;
}

static uint64_t large_objects(const struct model *model, unsigned store)
{
    uint64_t count = 0;
    for (unsigned key = 0; key < MODEL_KEYS; key++) {
        const struct value *now = &model->slots[store][key].now;
        count += now->id && now->size > model->options.inline_limit;
    }
    return count;
}

/* No blob file without an object. Files are removed behind the acknowledgement, so patience is in order. */
static void check_blobs(struct model *model, unsigned store)
{
    char path[64];
    snprintf(path, sizeof path, "/data/stores/%s/blobs", store_names[store]);
    uint64_t files = 0;
    struct store_figures figures;
    for (int tries = 0; tries < PATIENCE_TRIES; tries++) {
        store_figures(model->stores[store], &figures);
        files = count_files(model, path);
        bool all_needed = files == figures.blobs || (files > figures.blobs && model->doubt_round[store] > 0);
        if (all_needed && (model->ghosts[store] || figures.blobs <= large_objects(model, store)))
            return;
        usleep(1000);
    }
    model_fail(model, "%s has %llu blob files, its figures say %llu, and it holds %llu large objects",
               store_names[store], (unsigned long long)files, (unsigned long long)figures.blobs,
               (unsigned long long)large_objects(model, store));
}

/* An upload that was dropped gives its memory back behind the caller's back. */
static void wait_idle(struct model *model, unsigned store, struct store_figures *ret_figures)
{
    for (int tries = 0; tries < PATIENCE_TRIES; tries++) {
        store_figures(model->stores[store], ret_figures);
        if (ret_figures->bytes_in_flight == 0 && ret_figures->writes_in_flight == 0)
            return;
        usleep(1000);
    }
}

void model_await_purge(struct model *model)
{
    for (unsigned store = 0; store < MODEL_STORES; store++) {
        struct model_total total = model_total(model, store);
        struct store_figures figures;
        WAIT_UNTIL((store_figures(model->stores[store], &figures), figures.objects == total.objects));
        model->ghosts[store] = false;
        check_count(model, store, "objects", figures.objects, total.objects);
        check_count(model, store, "live_bytes", figures.live_bytes, total.bytes);
    }
}

/* ---- listing --------------------------------------------------------------------------------- */

struct page {
    const struct model *model;
    unsigned store;
    bool seen[MODEL_KEYS];
    unsigned count;
    unsigned last; /* the key that was shown last */
};

static unsigned key_number(const struct page *page, const struct object_info *info)
{
    for (unsigned key = 0; key < MODEL_KEYS; key++) {
        struct store_key known = model_key(key);
        if (known.hash == info->key_hash && known.length == info->key_length &&
            (!known.bytes || memcmp(known.bytes, info->key, known.length) == 0)) {
            return key;
        }
    }
    model_fail(page->model, "the listing of %s shows a key that nobody wrote", store_names[page->store]);
}

/* Keys known by their hash come first, then the others in bytewise order. */
static bool in_order(unsigned first, unsigned second)
{
    struct store_key a = model_key(first), b = model_key(second);
    if (!a.bytes || !b.bytes)
        return !a.bytes && (b.bytes || a.hash < b.hash);
    int order = memcmp(a.bytes, b.bytes, a.length < b.length ? a.length : b.length);
    return order < 0 || (order == 0 && a.length < b.length);
}

static bool see_item(void *arg, const struct store_list_item *item)
{
    struct page *page = arg;
    unsigned key = key_number(page, item->info);
    const struct slot *slot = &page->model->slots[page->store][key];
    if (page->seen[key] || (page->count > 0 && !in_order(page->last, key))) {
        model_fail(page->model, "the listing of %s shows key %u twice or behind key %u", store_names[page->store], key,
                   page->last);
    }
    if (!slot->attempt && (slot->now.id == 0 || item->info->size != slot->now.size)) {
        model_fail(page->model, "the listing of %s shows key %u with %llu bytes: it must be %llu bytes of value %llu",
                   store_names[page->store], key, (unsigned long long)item->info->size,
                   (unsigned long long)slot->now.size, (unsigned long long)slot->now.id);
    }
    page->seen[key] = true;
    page->last = key;
    page->count++;
    return true;
}

/* False when a page failed, as it may on a broken disk. */
static bool list_pages(struct model *model, struct page *page)
{
    unsigned char cursor[STORE_CURSOR_MAX];
    struct store_list_query query = {.cursor = cursor, .limit = 1 + model->operations % 20};
    do {
        enum store_error error = store_list(model->stores[page->store], &query, see_item, page, cursor,
                                            &query.cursor_length);
        if (error && model->disturbed && model_disk_error(error))
            return false;
        if (error)
            model_fail(model, "listing %s: %s", store_names[page->store], store_error_text(error));
    } while (query.cursor_length > 0);
    return true;
}

void model_list(struct model *model, unsigned store)
{
    struct page page = {.model = model, .store = store};
    if (!list_pages(model, &page))
        return;
    for (unsigned key = 0; key < MODEL_KEYS; key++) {
        const struct slot *slot = &model->slots[store][key];
        if (slot->now.id != 0 && !slot->attempt && !page.seen[key])
            model_fail(model, "the listing of %s does not show key %u", store_names[store], key);
    }
}

/* Nothing that cuts and failures leave behind is damage to the engine's own eyes. */
static void check_flawless(struct model *model, unsigned store)
{
    struct store_verification verification = {0};
    enum store_error error = store_verify(model->stores[store], 0, NULL, NULL, &verification);
    if (error || !verification.complete || verification.flaws > 0) {
        model_fail(model, "verifying %s: %s, %s, %llu flaws", store_names[store], store_error_text(error),
                   verification.complete ? "complete" : "not complete", (unsigned long long)verification.flaws);
    }
}

static void verify_store(struct model *model, unsigned store)
{
    struct store_figures figures;
    for (unsigned key = 0; key < MODEL_KEYS; key++)
        model_read(model, store, key);
    wait_idle(model, store, &figures);
    check_figures(model, store, &figures);
    if (!model->disturbed)
        check_blobs(model, store);
    if (!model->disturbed && model->looks % VERIFY_EVERY == 1) {
        check_flawless(model, store);
        model_list(model, store);
    }
}

static void check_health(struct model *model)
{
    struct store_detail detail = {0};
    if (!model->disturbed && !depot_healthy(model->depot, &detail))
        model_fail(model, "the depot is not healthy: %s", detail.text);
}

void model_verify(struct model *model)
{
    model_settle(model);
    check_health(model);
    model->looks++;
    for (unsigned store = 0; store < MODEL_STORES; store++)
        verify_store(model, store);
}
