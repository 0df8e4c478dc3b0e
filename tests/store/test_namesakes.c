/* test_namesakes.c - keys with one 64-bit hash live side by side: in batches, under copies, through restarts,
 * compaction and damage. By their hash alone none of several is found. */
#include "store/log/record.h"
#include "store/log/segment.h"
#include "tests/lib/fixture.h"
#include "tests/lib/namesake.h"
#include "tests/lib/patience.h"
#include "tests/lib/prng.h"
#include "tests/lib/quiet.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEYS = 4, MANY = 5000, COLD = 700 };

static struct fixture fixture;
static struct ticket ticket;
static struct namesake sakes[KEYS];
static struct store_key keys[KEYS];
static struct store_key hash;

static void setup(void)
{
    fixture_start(&fixture, 1);
    fixture_set_first_segment(&fixture, 256 << 10);
    ticket_init(&ticket);
    for (unsigned i = 0; i < KEYS; i++) {
        sakes[i] = namesake_of(0, i);
        keys[i] = namesake_key(&sakes[i]);
    }
    hash = store_key_of_hash(keys[0].hash);
}

static void teardown(void)
{
    ticket_destroy(&ticket);
    fixture_end(&fixture);
}

static enum store_error run(const struct store_op *ops, size_t count)
{
    ticket_destroy(&ticket);
    ticket_init(&ticket);
    enum store_error error = store_batch(fixture.store, ops, count, 0, ticket_done, &ticket, NULL);
    return error ? error : ticket_wait(&ticket);
}

static struct store_op put_of(struct store_key key, const char *payload)
{
    return (struct store_op){.kind = STORE_PUT, .key = key, .payload = payload, .size = strlen(payload)};
}

static struct store_op delete_of(struct store_key key)
{
    return (struct store_op){.kind = STORE_DELETE, .key = key};
}

static struct store_op step_of(enum store_op_kind kind, struct store_key key, struct store_key target)
{
    return (struct store_op){.kind = kind, .key = key, .target = target};
}

static enum store_error put(struct store_key key, const char *payload)
{
    struct store_op op = put_of(key, payload);
    return run(&op, 1);
}

static enum store_error remove_key(struct store_key key)
{
    struct store_op op = delete_of(key);
    return run(&op, 1);
}

static enum store_error get(struct store_key key, const char *expected)
{
    struct object *object;
    enum store_error error = store_get(fixture.store, &key, STORE_GET_PAYLOAD, &object);
    if (error)
        return error;
    const struct object_info *info = object_info(object);
    ck_assert_uint_eq(info->size, strlen(expected));
    ck_assert_mem_eq(object_payload(object), expected, strlen(expected));
    if (key.bytes)
        ck_assert_mem_eq(info->key, key.bytes, key.length);
    object_release(object);
    return STORE_OK;
}

/* What each of the keys holds, NULL: nothing; and with that, what is found by the hash and what the figures say. */
static void expect(const char *first, const char *second, const char *third)
{
    const char *const texts[] = {first, second, third};
    const char *single = NULL;
    unsigned count = 0;
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_int_eq(get(keys[i], texts[i] ? texts[i] : ""), texts[i] ? STORE_OK : STORE_NO_OBJECT);
        count += texts[i] != NULL;
        single = texts[i] ? texts[i] : single;
    }
    ck_assert_uint_eq(fixture_figures(&fixture).objects, count);
    ck_assert_int_eq(get(hash, single ? single : ""), count == 0   ? STORE_NO_OBJECT
                                                      : count == 1 ? STORE_OK
                                                                   : STORE_COLLISION);
}

static void reopen(void)
{
    fixture_close(&fixture);
    fixture_open(&fixture);
}

START_TEST(they_have_one_hash)
{
    for (unsigned i = 1; i < KEYS; i++)
        ck_assert_uint_eq(keys[i].hash, keys[0].hash);
    struct namesake other = namesake_of(1, 0);
    ck_assert_uint_ne(namesake_key(&other).hash, keys[0].hash);
}
END_TEST

START_TEST(they_live_side_by_side)
{
    ck_assert_int_eq(put(keys[0], "one"), STORE_OK);
    expect("one", NULL, NULL);
    ck_assert_int_eq(put(keys[1], "two"), STORE_OK);
    ck_assert(!ticket.receipts[0].existed);
    expect("one", "two", NULL);
    ck_assert_int_eq(put(keys[2], "three"), STORE_OK);
    expect("one", "two", "three");
    ck_assert_int_eq(put(keys[1], "2"), STORE_OK);
    ck_assert(ticket.receipts[0].existed);
    expect("one", "2", "three");
    reopen();
    expect("one", "2", "three");
}
END_TEST

START_TEST(the_last_one_is_found_by_its_hash_again)
{
    for (unsigned last = 0; last < 3; last++) {
        static const char *const texts[] = {"one", "two", "three"};
        const char *left[3] = {0};
        left[last] = texts[last];
        for (unsigned i = 0; i < 3; i++)
            ck_assert_int_eq(put(keys[i], texts[i]), STORE_OK);
        for (unsigned i = 0; i < 3; i++)
            if (i != last)
                ck_assert_int_eq(remove_key(keys[i]), STORE_OK);
        expect(left[0], left[1], left[2]);
        reopen();
        expect(left[0], left[1], left[2]);
        ck_assert_int_eq(remove_key(hash), STORE_OK);
        ck_assert(ticket.receipts[0].existed);
        expect(NULL, NULL, NULL);
        reopen();
        expect(NULL, NULL, NULL);
    }
}
END_TEST

START_TEST(by_hash_alone_nothing_is_written_of_several)
{
    struct store_digest digest = store_digest_of("one", 3);
    ck_assert_int_eq(put(keys[0], "one"), STORE_OK);
    ck_assert_int_eq(put(hash, "uno"), STORE_OK);
    expect("uno", NULL, NULL);
    ck_assert_int_eq(put(keys[1], "two"), STORE_OK);
    uint64_t end = fixture_figures(&fixture).end_offset;
    struct store_condition absent = {.absent = true},
                           match = {.match_listed = true, .match = &digest, .match_count = 1};
    struct store_op conditional = put_of(hash, "x");
    conditional.condition = absent;
    ck_assert_int_eq(put(hash, "x"), STORE_COLLISION);
    ck_assert_int_eq(run(&conditional, 1), STORE_COLLISION);
    ck_assert_int_eq(remove_key(hash), STORE_COLLISION);
    ck_assert_int_eq(store_check(fixture.store, &hash, &absent), STORE_COLLISION);
    ck_assert_int_eq(store_check(fixture.store, &hash, &match), STORE_COLLISION);
    ck_assert_int_eq(store_check(fixture.store, &keys[2], &absent), STORE_OK);
    ck_assert_int_eq(store_check(fixture.store, &keys[0], &absent), STORE_CONDITION);
    ck_assert_uint_eq(fixture_figures(&fixture).end_offset, end);
    expect("uno", "two", NULL);
}
END_TEST

START_TEST(a_nameless_object_is_that_of_whoever_comes)
{
    ck_assert_int_eq(put(hash, "nameless"), STORE_OK);
    struct object *object;
    ck_assert_int_eq(store_get(fixture.store, &keys[1], 0, &object), STORE_OK);
    ck_assert_uint_eq(object_info(object)->key_length, 0);
    object_release(object);
    ck_assert_int_eq(put(keys[1], "two"), STORE_OK);
    ck_assert(ticket.receipts[0].existed);
    expect(NULL, "two", NULL);
    ck_assert_int_eq(put(keys[0], "one"), STORE_OK);
    ck_assert(!ticket.receipts[0].existed);
    expect("one", "two", NULL);
    reopen();
    expect("one", "two", NULL);
}
END_TEST

/* Each step sees what those before have left, although none of it is stored yet. */
START_TEST(steps_of_one_batch_tell_them_apart)
{
    struct store_op ops[] = {put_of(keys[0], "one"), put_of(keys[1], "two"),
                             put_of(keys[0], "uno"), delete_of(keys[1]),
                             put_of(hash, "eins"),   put_of(keys[2], "three"),
                             delete_of(keys[0]),     put_of(keys[0], "one"),
                             delete_of(keys[0]),     step_of(STORE_COPY, hash, keys[1])};
    ck_assert_int_eq(run(ops, 10), STORE_OK);
    ck_assert(!ticket.receipts[1].existed);
    ck_assert(ticket.receipts[2].existed);
    ck_assert(ticket.receipts[3].existed);
    ck_assert(ticket.receipts[4].existed);
    ck_assert(!ticket.receipts[5].existed);
    expect(NULL, "three", "three");
    reopen();
    expect(NULL, "three", "three");
    struct store_op both[] = {delete_of(keys[1]), put_of(keys[0], "one"), put_of(hash, "x")};
    ck_assert_int_eq(run(both, 3), STORE_COLLISION);
    ck_assert_uint_eq(ticket.failed_op, 2);
    expect(NULL, "three", "three");
    struct store_op last[] = {delete_of(keys[1]), delete_of(keys[2]), put_of(hash, "nameless"), put_of(keys[0], "one"),
                              put_of(keys[1], "two")};
    ck_assert_int_eq(run(last, 5), STORE_OK);
    expect("one", "two", NULL);
    reopen();
    expect("one", "two", NULL);
}
END_TEST

START_TEST(they_are_renamed_and_copied_to_each_other)
{
    struct store_op steps[] = {put_of(keys[0], "one"), step_of(STORE_RENAME, keys[0], keys[1])};
    ck_assert_int_eq(run(steps, 2), STORE_OK);
    expect(NULL, "one", NULL);
    struct store_op copy = step_of(STORE_COPY, hash, keys[2]);
    ck_assert_int_eq(run(&copy, 1), STORE_OK);
    expect(NULL, "one", "one");
    ck_assert_int_eq(run(&copy, 1), STORE_COLLISION);
    struct store_op onto_hash = step_of(STORE_RENAME, keys[1], hash);
    ck_assert_int_eq(run(&onto_hash, 1), STORE_COLLISION);
    struct store_op rename = step_of(STORE_RENAME, keys[2], keys[1]);
    ck_assert_int_eq(run(&rename, 1), STORE_OK);
    ck_assert(ticket.receipts[0].existed);
    expect(NULL, "one", NULL);
    ck_assert_int_eq(run(&onto_hash, 1), STORE_SAME);
    struct store_op same = step_of(STORE_COPY, hash, keys[1]);
    ck_assert_int_eq(run(&same, 1), STORE_SAME);
    reopen();
    expect(NULL, "one", NULL);
}
END_TEST

/* ---- any order of steps, beside a map -------------------------------------------------------- */

enum { BY_HASH = KEYS, NAMELESS = KEYS, NOTHING = KEYS + 1, SEVERAL = KEYS + 2, STEPS = 8 };

/* What each key holds, and, behind them, an object without a name; 0: nothing. */
struct map {
    unsigned held[KEYS + 1];
};

/* The object that a key, or the hash, stands for. */
static unsigned stands_for(const struct map *map, unsigned key)
{
    unsigned count = 0, single = map->held[NAMELESS] ? NAMELESS : NOTHING;
    for (unsigned i = 0; i < KEYS; i++) {
        count += map->held[i] != 0;
        single = map->held[i] ? i : single;
    }
    if (key == BY_HASH)
        return count > 1 ? SEVERAL : single;
    return map->held[key] ? key : count == 0 ? single : NOTHING;
}

static enum store_error map_put(struct map *map, unsigned key, unsigned value)
{
    unsigned object = stands_for(map, key);
    if (object == SEVERAL)
        return STORE_COLLISION;
    if (object != NOTHING)
        map->held[object] = 0;
    map->held[key == BY_HASH && object != NOTHING ? object : key] = value;
    return STORE_OK;
}

static enum store_error map_delete(struct map *map, unsigned key)
{
    unsigned object = stands_for(map, key);
    if (object == SEVERAL)
        return STORE_COLLISION;
    if (object != NOTHING)
        map->held[object] = 0;
    return STORE_OK;
}

static enum store_error map_carry(struct map *map, unsigned key, unsigned target, bool remove)
{
    unsigned object = stands_for(map, key);
    if (key == target)
        return STORE_SAME;
    if (object == SEVERAL)
        return STORE_COLLISION;
    if (object == NOTHING)
        return key == BY_HASH || target == BY_HASH ? STORE_SAME : STORE_NO_OBJECT;
    if (object == target || stands_for(map, target) == object)
        return STORE_SAME;
    unsigned value = map->held[object];
    enum store_error error = map_put(map, target, value);
    if (!error && remove)
        map->held[object] = 0;
    return error;
}

static struct store_key key_of(unsigned key)
{
    return key == BY_HASH ? hash : keys[key];
}

/* A step by chance, and on the map. */
static enum store_error add_step(struct prng *prng, struct map *map, struct store_op *ret_op, unsigned *payload)
{
    unsigned key = (unsigned)prng_below(prng, KEYS + 1), target = (unsigned)prng_below(prng, KEYS + 1);
    uint64_t chance = prng_below(prng, 8);
    if (chance < 3) {
        *ret_op = (struct store_op){.kind = STORE_PUT, .key = key_of(key), .payload = payload, .size = sizeof *payload};
        return map_put(map, key, *payload);
    }
    if (chance < 6) {
        *ret_op = delete_of(key_of(key));
        return map_delete(map, key);
    }
    *ret_op = step_of(chance == 6 ? STORE_RENAME : STORE_COPY, key_of(key), key_of(target));
    return map_carry(map, key, target, chance == 6);
}

static void expect_map(const struct map *map)
{
    unsigned objects = 0;
    for (unsigned key = 0; key <= KEYS; key++) {
        struct store_key asked = key_of(key);
        struct object *object = NULL;
        unsigned expected = stands_for(map, key);
        enum store_error error = store_get(fixture.store, &asked, STORE_GET_PAYLOAD, &object);
        objects += map->held[key] != 0;
        if (expected == NOTHING || expected == SEVERAL) {
            ck_assert_int_eq(error, expected == SEVERAL ? STORE_COLLISION : STORE_NO_OBJECT);
            continue;
        }
        ck_assert_int_eq(error, STORE_OK);
        ck_assert_mem_eq(object_payload(object), &map->held[expected], sizeof map->held[expected]);
        ck_assert_uint_eq(object_info(object)->key_length, expected == NAMELESS ? 0 : NAMESAKE_LENGTH);
        object_release(object);
    }
    ck_assert_uint_eq(fixture_figures(&fixture).objects, objects);
}

START_TEST(any_order_of_steps_comes_out_right)
{
    enum { BATCHES = 3000, RESTART = 50 };
    struct prng prng = prng_of(11);
    struct map map = {0};
    unsigned payloads[STEPS], values = 0, accepted = 0;
    for (unsigned batch = 0; batch < BATCHES; batch++) {
        struct store_op ops[STEPS];
        struct map after = map;
        size_t count = 1 + prng_below(&prng, STEPS), failed = SIZE_MAX;
        enum store_error expected = STORE_OK;
        for (size_t i = 0; i < count; i++) {
            payloads[i] = ++values;
            enum store_error error = add_step(&prng, &after, &ops[i], &payloads[i]);
            if (!expected && error)
                failed = i;
            expected = expected ? expected : error;
        }
        ck_assert_int_eq(run(ops, count), expected);
        ck_assert_uint_eq(ticket.failed_op, failed);
        map = expected ? map : after;
        accepted += expected == STORE_OK;
        if (batch % RESTART == 0)
            reopen();
        expect_map(&map);
    }
    ck_assert_uint_gt(accepted, BATCHES / 4);
}
END_TEST

/* ---- looking up ------------------------------------------------------------------------------ */

START_TEST(many_are_looked_up_at_once)
{
    ck_assert_int_eq(put(keys[0], "one"), STORE_OK);
    ck_assert_int_eq(put(keys[1], "two"), STORE_OK);
    const struct store_key asked[] = {keys[0], keys[1], keys[2], hash};
    struct object *objects[4];
    enum store_error errors[4];
    ck_assert_int_eq(store_get_many(fixture.store, asked, 4, STORE_GET_PAYLOAD, objects, errors), STORE_OK);
    ck_assert_int_eq(errors[0], STORE_OK);
    ck_assert_mem_eq(object_payload(objects[0]), "one", 3);
    ck_assert_int_eq(errors[1], STORE_OK);
    ck_assert_mem_eq(object_payload(objects[1]), "two", 3);
    ck_assert_int_eq(errors[2], STORE_NO_OBJECT);
    ck_assert_int_eq(errors[3], STORE_COLLISION);
    for (unsigned i = 0; i < 4; i++)
        object_release(objects[i]);
}
END_TEST

struct names {
    unsigned count;
    char last[NAMESAKE_LENGTH];
};

static bool add_name(void *arg, const struct store_list_item *item)
{
    struct names *names = arg;
    ck_assert_uint_eq(item->info->key_length, NAMESAKE_LENGTH);
    ck_assert(names->count == 0 || memcmp(names->last, item->info->key, NAMESAKE_LENGTH) < 0);
    memcpy(names->last, item->info->key, NAMESAKE_LENGTH);
    names->count++;
    return true;
}

static unsigned list(void)
{
    struct names names = {0};
    unsigned char cursor[STORE_CURSOR_MAX];
    struct store_list_query query = {.cursor = cursor, .limit = 700};
    do {
        ck_assert_int_eq(store_list(fixture.store, &query, add_name, &names, cursor, &query.cursor_length), STORE_OK);
    } while (query.cursor_length > 0);
    return names.count;
}

/* Seconds of a processor that this program has used: others on it make no difference. */
static double seconds_used(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

/* Thousands in one transaction, as somebody could bring them who means harm: each look-up is as short as ever. */
START_TEST(thousands_cost_no_more_than_others)
{
    static struct namesake many[MANY];
    struct store_op *ops = calloc(MANY, sizeof *ops);
    double took[2];
    for (unsigned family = 1; family <= 2; family++) {
        for (unsigned i = 0; i < MANY; i++) {
            many[i] = family == 1 ? namesake_of(i + 10, 0) : namesake_of(family, i);
            ops[i] = put_of(namesake_key(&many[i]), "x");
        }
        double begin = seconds_used();
        ck_assert_int_eq(run(ops, MANY), STORE_OK);
        ck_assert_int_eq(run(ops, MANY), STORE_OK);
        reopen();
        ck_assert_uint_eq(list(), family * MANY);
        for (unsigned i = 0; i < MANY; i++)
            ck_assert_int_eq(get(ops[i].key, "x"), STORE_OK);
        took[family - 1] = seconds_used() - begin;
    }
    ck_assert_msg(took[1] < 5 * took[0] + 0.5, "%g s, keys of different hashes %g s", took[1], took[0]);
    for (unsigned i = 0; i < MANY; i++)
        ops[i] = delete_of(ops[i].key);
    ck_assert_int_eq(run(ops, MANY), STORE_OK);
    ck_assert_uint_eq(fixture_figures(&fixture).objects, MANY);
    reopen();
    ck_assert_uint_eq(list(), MANY);
    free(ops);
}
END_TEST

static void wait_for_husk(unsigned number)
{
    WAIT_UNTIL(fixture_is_husk(&fixture, number));
    ck_assert(fixture_is_husk(&fixture, number));
}

/* Writes another key over and over: what was written before has gone through compaction then. All that was written
 * would take 2 MB and more. */
static void churn(void)
{
    enum { ROUNDS = 4000, KEPT = 1400 << 10 };
    static char payload[400];
    memset(payload, 'x', sizeof payload - 1);
    for (unsigned i = 0; i < ROUNDS; i++)
        ck_assert_int_eq(fixture_put_text(&fixture, "churn", payload), STORE_OK);
    ck_assert(quiet_comes());
    ck_assert_uint_le(fixture_figures(&fixture).disk_bytes, KEPT);
}

/* More than the first segment holds, and nothing of it ever dies. */
static void fill_with(const char *prefix)
{
    char name[16];
    static char payload[400];
    memset(payload, 'c', sizeof payload - 1);
    for (unsigned i = 0; i < COLD; i++) {
        snprintf(name, sizeof name, "%s%u", prefix, i);
        ck_assert_int_eq(fixture_put_text(&fixture, name, payload), STORE_OK);
    }
}

static void fill_with_cold(void)
{
    fill_with("cold");
}

/* Compaction moves what lives of them, and a tombstone as long as an older segment may hold its key, although another
 * key of the hash holds something. */
START_TEST(compaction_keeps_them_apart)
{
    ck_assert_int_eq(put(keys[0], "one"), STORE_OK);
    ck_assert_int_eq(put(keys[2], "three"), STORE_OK);
    for (unsigned round = 0; round < 6; round++) {
        const char *second = round % 2 ? "two" : NULL;
        ck_assert_int_eq(second ? put(keys[1], second) : remove_key(keys[1]), STORE_OK);
        churn();
        for (int start = 0; start < 2; start++) {
            ck_assert_int_eq(get(keys[0], "one"), STORE_OK);
            ck_assert_int_eq(get(keys[1], "two"), second ? STORE_OK : STORE_NO_OBJECT);
            ck_assert_int_eq(get(keys[2], "three"), STORE_OK);
            ck_assert_uint_eq(fixture_figures(&fixture).objects, second ? 4 : 3);
            reopen();
        }
    }
}
END_TEST

/* The record of a deleted key stays in a segment in which nothing else dies; its tombstone stands behind it, in one
 * that is compacted, while another key has the hash. */
START_TEST(a_tombstone_is_kept_beside_a_living_key_of_its_hash)
{
    ck_assert_int_eq(put(keys[0], "one"), STORE_OK);
    fill_with_cold();
    ck_assert_int_eq(put(keys[1], "two"), STORE_OK);
    ck_assert_int_eq(remove_key(keys[0]), STORE_OK);
    churn();
    for (int start = 0; start < 3; start++) {
        ck_assert_int_eq(get(keys[0], ""), STORE_NO_OBJECT);
        ck_assert_int_eq(get(keys[1], "two"), STORE_OK);
        ck_assert_int_eq(get(hash, "two"), STORE_OK);
        reopen();
    }
}
END_TEST

/* Tombstones of two keys are compacted while an object without a name has their hash: they do not end it, and it does
 * not stand for them. */
START_TEST(deleted_keys_stay_away_behind_a_nameless_object)
{
    ck_assert_int_eq(put(keys[0], "one"), STORE_OK);
    ck_assert_int_eq(put(keys[1], "two"), STORE_OK);
    fill_with_cold();
    ck_assert_int_eq(remove_key(keys[0]), STORE_OK);
    ck_assert_int_eq(remove_key(keys[1]), STORE_OK);
    ck_assert_int_eq(put(hash, "first"), STORE_OK);
    ck_assert_int_eq(put(hash, "nameless"), STORE_OK);
    churn();
    for (int start = 0; start < 3; start++) {
        ck_assert_int_eq(get(hash, "nameless"), STORE_OK);
        ck_assert_uint_eq(fixture_figures(&fixture).objects, COLD + 2);
        reopen();
    }
    ck_assert_int_eq(remove_key(hash), STORE_OK);
    churn();
    for (int start = 0; start < 3; start++) {
        ck_assert_int_eq(get(hash, ""), STORE_NO_OBJECT);
        ck_assert_uint_eq(fixture_figures(&fixture).objects, COLD + 1);
        reopen();
    }
}
END_TEST

/* Its record is in a cold segment; the key that took its place is gone, tombstone and all, when that is read again. */
START_TEST(a_nameless_object_that_was_replaced_stays_away)
{
    ck_assert_int_eq(put(hash, "nameless"), STORE_OK);
    fill_with_cold();
    ck_assert_int_eq(put(keys[0], "one"), STORE_OK);
    ck_assert_int_eq(put(keys[1], "two"), STORE_OK);
    ck_assert_int_eq(remove_key(keys[0]), STORE_OK);
    churn();
    for (int start = 0; start < 3; start++) {
        ck_assert_int_eq(get(keys[0], ""), STORE_NO_OBJECT);
        ck_assert_int_eq(get(hash, "two"), STORE_OK);
        ck_assert_uint_eq(fixture_figures(&fixture).objects, COLD + 2);
        reopen();
    }
}
END_TEST

/* Makes all segments that there are of version 2, with the store closed. */
static void age_segments(void)
{
    enum { SEGMENTS = 16 };
    for (unsigned number = 1; number <= SEGMENTS; number++) {
        char path[128];
        snprintf(path, sizeof path, "/data/stores/s/log/%016x.seg", number);
        if (fixture_exists(&fixture, path))
            fixture_age_header(&fixture, path, 2);
    }
}

/* Deletes what fill_with_cold() has put, from a number on. */
static void delete_cold(unsigned from)
{
    for (unsigned i = from; i < COLD; i++) {
        char name[16];
        snprintf(name, sizeof name, "cold%u", i);
        ck_assert_int_eq(fixture_delete(&fixture, name), STORE_OK);
    }
}

/* Before version 3 a record spoke of its hash: what it has ended stays away although nothing else says so, also when
 * the segment of that record is compacted in this version. */
START_TEST(records_of_older_segments_end_all_of_their_hash)
{
    ck_assert_int_eq(put(keys[0], "one"), STORE_OK);
    fill_with_cold();
    ck_assert_int_eq(put(keys[1], "two"), STORE_OK);
    fixture_close(&fixture);
    age_segments();
    fixture_open(&fixture);
    ck_assert_uint_eq(fixture_figures(&fixture).objects, COLD + 1);
    churn();
    delete_cold(COLD / 2); /* the segment with the second key is worth it, the first is not */
    churn();
    wait_for_husk(1);
    for (int start = 0; start < 3; start++) {
        ck_assert_int_eq(get(keys[0], ""), STORE_NO_OBJECT);
        ck_assert_int_eq(get(hash, "two"), STORE_OK);
        reopen();
    }
}
END_TEST

/* Who only knows version 2 would take two keys with one hash for one, so nothing is written on into such a segment. */
START_TEST(an_older_segment_is_not_written_on)
{
    char before[128];
    ck_assert_int_eq(put(keys[0], "one"), STORE_OK);
    fixture_close(&fixture);
    snprintf(before, sizeof before, "%s", fixture_segment(&fixture));
    fixture_age_header(&fixture, before, 2);
    fixture_open(&fixture);
    ck_assert_uint_eq(fixture.warnings, 0);
    ck_assert_int_eq(put(keys[1], "two"), STORE_OK);
    expect("one", "two", NULL);
    ck_assert_uint_eq(fixture_figures(&fixture).segments, 2);
    ck_assert_str_ne(fixture_segment(&fixture), before);
    reopen();
    ck_assert_int_eq(put(keys[2], "three"), STORE_OK);
    ck_assert_uint_eq(fixture_figures(&fixture).segments, 2);
    expect("one", "two", "three");
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
}
END_TEST

static const char first_segment[] = "/data/stores/s/log/0000000000000001.seg";
static const char second_segment[] = "/data/stores/s/log/0000000000000002.seg";
static const char third_segment[] = "/data/stores/s/log/0000000000000003.seg";

/* Two segments of version 2, the first of them with a record that stays damaged; what died in the second comes back
 * nevertheless, and in it what has ended a key in the first goes on ending it. */
static void check_older_behind_damage(bool head)
{
    ck_assert_int_eq(fixture_put_text(&fixture, "damaged", "a payload to damage"), STORE_OK);
    ck_assert_int_eq(put(keys[0], "one"), STORE_OK);
    fill_with_cold();
    ck_assert_int_eq(put(keys[1], "two"), STORE_OK);
    fixture_close(&fixture);
    age_segments();
    size_t payload = fixture_find(&fixture, first_segment, "a payload to damage", 19);
    fixture_flip(&fixture, first_segment, head ? payload - sizeof "damaged" - RECORD_HEADER + 40 : payload);
    fixture_open(&fixture);
    ck_assert_int_eq(fixture_get_text(&fixture, "damaged", ""), head ? STORE_NO_OBJECT : STORE_DAMAGED);
    delete_cold(COLD / 2);
    wait_for_husk(2);
    for (int start = 0; start < 3; start++) {
        ck_assert_int_eq(get(keys[0], ""), STORE_NO_OBJECT);
        ck_assert_int_eq(get(hash, "two"), STORE_OK);
        ck_assert_uint_eq(fixture_figures(&fixture).objects, COLD / 2 + (head ? 1 : 2));
        reopen();
    }
    ck_assert(!fixture_is_husk(&fixture, 1));
}

START_TEST(older_segments_are_compacted_behind_a_damaged_one)
{
    check_older_behind_damage(false);
    fixture_renew(&fixture);
    check_older_behind_damage(true);
}
END_TEST

/* The version of a segment is that of its neighbours when its header does not tell it. */
START_TEST(a_damaged_header_brings_nothing_back)
{
    for (int old = 0; old < 2; old++) {
        fixture_renew(&fixture);
        ck_assert_int_eq(put(keys[0], "one"), STORE_OK);
        fill_with_cold();
        ck_assert_int_eq(put(keys[1], "two"), STORE_OK);
        for (char prefix[] = "a"; !fixture_exists(&fixture, third_segment); prefix[0]++)
            fill_with(prefix);
        fixture_close(&fixture);
        if (old)
            age_segments();
        fixture_flip(&fixture, second_segment, SEGMENT_AT_BASE);
        fixture_open(&fixture);
        ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, SEGMENT_HEADER);
        ck_assert_int_eq(get(keys[0], "one"), old ? STORE_NO_OBJECT : STORE_OK);
        ck_assert_int_eq(get(keys[1], "two"), STORE_OK);
    }
}
END_TEST

/* Where they do not tell it either, what has ended stays away, and the log says what that may cost. */
START_TEST(a_header_that_nothing_tells_of_is_taken_for_an_older_one)
{
    ck_assert_int_eq(put(keys[0], "one"), STORE_OK);
    ck_assert_int_eq(put(keys[1], "two"), STORE_OK);
    fixture_close(&fixture);
    fixture_flip(&fixture, first_segment, SEGMENT_AT_BASE);
    for (int start = 0; start < 2; start++) {
        fixture_open(&fixture);
        ck_assert_int_eq(get(keys[0], ""), STORE_NO_OBJECT);
        ck_assert_int_eq(get(keys[1], "two"), STORE_OK);
        ck_assert_ptr_nonnull(strstr(fixture.logged, "is of version 2 or 3"));
        ck_assert_int_eq(put(keys[2], "three"), STORE_OK);
        ck_assert_str_ne(fixture_segment(&fixture), first_segment);
        fixture_close(&fixture);
    }
    fixture_open(&fixture);
    expect(NULL, "two", "three");
}
END_TEST

/* Two keys of one hash were in a segment that is missing when something is written by the hash. */
START_TEST(a_write_by_hash_ends_all_that_may_come_back)
{
    size_t size;
    ck_assert_int_eq(put(keys[0], "one"), STORE_OK);
    ck_assert_int_eq(put(keys[1], "two"), STORE_OK);
    fill_with_cold();
    fixture_close(&fixture);
    uint8_t *bytes = fixture_read_file(&fixture, first_segment, &size);
    fixture_remove(&fixture, first_segment);
    fixture_open(&fixture);
    ck_assert_int_eq(put(hash, "nameless"), STORE_OK);
    ck_assert_int_eq(put(keys[2], "three"), STORE_OK);
    fixture_close(&fixture);
    fixture_write_file(&fixture, first_segment, bytes, size, 0);
    free(bytes);
    fixture_open(&fixture);
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
    delete_cold(0);
    expect(NULL, NULL, "three");
    churn();
    reopen();
    ck_assert_int_eq(get(hash, "three"), STORE_OK);
    ck_assert_uint_eq(fixture_figures(&fixture).objects, 2);
}
END_TEST

/* The disk has changed a record under the open store: its key still tells that it is not that of another one of its
 * hash. */
START_TEST(a_damaged_object_is_not_taken_for_another_one)
{
    ck_assert_int_eq(put(keys[0], "one"), STORE_OK);
    fixture_flip(&fixture, first_segment, SEGMENT_HEADER + RECORD_AT_TIME);
    for (int other = 0; other < 2; other++) {
        ck_assert_int_eq(get(keys[0], ""), STORE_DAMAGED);
        ck_assert_int_eq(remove_key(keys[2]), STORE_OK);
        ck_assert(!ticket.receipts[0].existed);
        ck_assert_int_eq(get(keys[2], ""), STORE_NO_OBJECT);
        ck_assert_int_eq(get(keys[0], ""), STORE_DAMAGED);
        ck_assert_int_eq(put(keys[1], "two"), STORE_OK);
        ck_assert_int_eq(ticket.receipts[0].existed, other);
        ck_assert_int_eq(get(keys[1], "two"), STORE_OK);
        ck_assert_int_eq(get(hash, ""), STORE_COLLISION);
    }
    struct store_op ops[] = {put_of(keys[2], "three"), put_of(keys[0], "uno"), delete_of(keys[2])};
    ck_assert_int_eq(run(ops, 3), STORE_OK);
    ck_assert(ticket.receipts[1].existed);
    expect("uno", "two", NULL);
    reopen();
    expect("uno", "two", NULL);
}
END_TEST

/* When the key itself is what is damaged, nobody can tell whose it is. It is taken for what is asked for, but in the
 * log each key ends only its own. */
START_TEST(what_does_not_tell_its_key_is_only_put_aside)
{
    ck_assert_int_eq(put(keys[0], "one"), STORE_OK);
    fixture_flip(&fixture, first_segment, SEGMENT_HEADER + RECORD_HEADER + 20);
    ck_assert_int_eq(get(keys[1], ""), STORE_DAMAGED);
    ck_assert_int_eq(put(keys[1], "two"), STORE_OK);
    ck_assert(ticket.receipts[0].existed);
    ck_assert_int_eq(get(hash, "two"), STORE_OK);
    fixture_flip(&fixture, first_segment, SEGMENT_HEADER + RECORD_HEADER + 20);
    reopen();
    expect("one", "two", NULL);
    ck_assert_int_eq(remove_key(keys[1]), STORE_OK);
    fixture_flip(&fixture, first_segment, SEGMENT_HEADER + RECORD_HEADER + 20);
    ck_assert_int_eq(remove_key(hash), STORE_OK);
    ck_assert_int_eq(get(hash, ""), STORE_NO_OBJECT);
    fixture_flip(&fixture, first_segment, SEGMENT_HEADER + RECORD_HEADER + 20);
    reopen();
    expect(NULL, NULL, NULL);
}
END_TEST

/* Damage takes two tombstones from the log. That an object without a name was put behind them tells that they were
 * there; and so does a name of the nameless one that it has taken the place of. */
START_TEST(what_ended_is_told_by_what_came_behind_it)
{
    char path[128];
    uint64_t gone[2];
    ck_assert_int_eq(put(keys[0], "one"), STORE_OK);
    ck_assert_int_eq(put(keys[1], "two"), STORE_OK);
    for (unsigned i = 0; i < 2; i++) {
        gone[i] = fixture_figures(&fixture).end_offset;
        ck_assert_int_eq(remove_key(keys[i]), STORE_OK);
    }
    ck_assert_int_eq(put(hash, "first"), STORE_OK);
    ck_assert_int_eq(put(hash, "nameless"), STORE_OK);
    fixture_close(&fixture);
    snprintf(path, sizeof path, "%s", fixture_segment(&fixture));
    for (unsigned i = 0; i < 2; i++)
        fixture_flip(&fixture, path, SEGMENT_HEADER + gone[i] + RECORD_AT_TIME);
    for (int start = 0; start < 2; start++) {
        fixture_open(&fixture);
        ck_assert_int_eq(get(hash, "nameless"), STORE_OK);
        ck_assert_uint_eq(fixture_figures(&fixture).objects, 1);
        fixture_close(&fixture);
    }
    fixture_open(&fixture);
    ck_assert_int_eq(put(keys[1], "two"), STORE_OK);
    reopen();
    expect(NULL, "two", NULL);
}
END_TEST

START_TEST(a_verification_finds_them_well)
{
    static char large[5000];
    struct store_verification verification;
    memset(large, 'l', sizeof large);
    struct store_op ops[] = {put_of(keys[0], "one"),
                             {.kind = STORE_PUT, .key = keys[1], .payload = large, .size = sizeof large},
                             {.kind = STORE_PUT, .key = keys[2], .payload = large, .size = sizeof large}};
    ck_assert_int_eq(run(ops, 3), STORE_OK);
    ck_assert_int_eq(remove_key(keys[0]), STORE_OK);
    ck_assert_int_eq(store_verify(fixture.store, 0, NULL, NULL, &verification), STORE_OK);
    ck_assert_uint_eq(verification.flaws, 0);
    ck_assert_uint_eq(verification.blobs, 2);
    ck_assert_uint_eq(fixture_figures(&fixture).blobs, 2);
    ck_assert_uint_eq(fixture_figures(&fixture).live_bytes, 2 * sizeof large);
    ck_assert_int_eq(remove_key(keys[2]), STORE_OK);
    ck_assert_uint_eq(fixture_figures(&fixture).blobs, 1);
    ck_assert_uint_eq(fixture_figures(&fixture).live_bytes, sizeof large);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        they_have_one_hash,
        they_live_side_by_side,
        the_last_one_is_found_by_its_hash_again,
        by_hash_alone_nothing_is_written_of_several,
        a_nameless_object_is_that_of_whoever_comes,
        steps_of_one_batch_tell_them_apart,
        they_are_renamed_and_copied_to_each_other,
        any_order_of_steps_comes_out_right,
        many_are_looked_up_at_once,
        thousands_cost_no_more_than_others,
        compaction_keeps_them_apart,
        a_tombstone_is_kept_beside_a_living_key_of_its_hash,
        deleted_keys_stay_away_behind_a_nameless_object,
        a_nameless_object_that_was_replaced_stays_away,
        records_of_older_segments_end_all_of_their_hash,
        an_older_segment_is_not_written_on,
        older_segments_are_compacted_behind_a_damaged_one,
        a_damaged_header_brings_nothing_back,
        a_header_that_nothing_tells_of_is_taken_for_an_older_one,
        a_write_by_hash_ends_all_that_may_come_back,
        a_damaged_object_is_not_taken_for_another_one,
        what_does_not_tell_its_key_is_only_put_aside,
        what_ended_is_told_by_what_came_behind_it,
        a_verification_finds_them_well,
    };
    return UNIT_RUN_WITH("namesakes", setup, teardown, tests);
}
