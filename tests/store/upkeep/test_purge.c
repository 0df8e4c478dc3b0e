/* test_purge.c - objects that expire: gone for everybody from their second on, then deleted, and never what has
 * replaced them. */
#include "tests/lib/fixture.h"
#include "tests/lib/namesake.h"
#include "tests/lib/patience.h"
#include "tests/lib/quiet.h"
#include "tests/lib/ticket.h"
#include "tests/lib/unit.h"
#include "tests/lib/wall_clock.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { HOUR = 3600, MANY = 700 };

static const char mark_path[] = "/data/stores/s/expiring";

FIXTURE_OF_EACH_TEST_WITH(256 << 10)

/* Commits one op; what its receipt says of the object that was there. */
static enum store_error commit(const struct store_op *op, bool *ret_existed)
{
    struct ticket ticket;
    ticket_init(&ticket);
    enum store_error error = store_batch(fixture.store, op, 1, 0, ticket_done, &ticket, NULL);
    if (!error)
        error = ticket_wait(&ticket);
    if (!error && ret_existed)
        *ret_existed = ticket.receipts[0].existed;
    ticket_destroy(&ticket);
    return error;
}

static struct store_key key_of(const char *text)
{
    return *text == '#' ? store_key_of_hash(store_key_of(text + 1, strlen(text) - 1).hash)
                        : store_key_of(text, strlen(text));
}

/* Puts an object that expires after so many seconds. */
static void put_expiring(struct store_key key, const void *payload, size_t size, int64_t seconds)
{
    unsigned char attributes[STORE_EXPIRY + 4];
    memcpy(attributes + STORE_EXPIRY, "more", 4);
    store_expiry_write(attributes, wall_clock_now() + seconds);
    struct store_op op = {.kind = STORE_PUT,
                          .key = key,
                          .payload = payload,
                          .size = size,
                          .attributes = attributes,
                          .attributes_length = sizeof attributes};
    ck_assert_int_eq(commit(&op, NULL), STORE_OK);
}

static void put_text(const char *key, const char *text, int64_t seconds)
{
    put_expiring(key_of(key), text, strlen(text), seconds);
}

static enum store_error check(const char *key, struct store_condition condition)
{
    struct store_key named = key_of(key);
    return store_check(fixture.store, &named, &condition);
}

static bool see(void *arg, const struct store_list_item *item)
{
    char *seen = arg;
    const char *bytes = item->info ? item->info->key : item->prefix;
    size_t length = item->info ? item->info->key_length : item->prefix_length;
    strcat(strncat(seen, bytes, length), " ");
    return true;
}

/* The keys of all objects, or what they begin with, a blank behind each. */
static void expect_listing(const char *delimiter, const char *wanted)
{
    char seen[256] = "";
    unsigned char cursor[STORE_CURSOR_MAX];
    struct store_list_query query = {
        .delimiter = delimiter, .delimiter_length = strlen(delimiter), .cursor = cursor, .limit = 100};
    ck_assert_int_eq(store_list(fixture.store, &query, see, seen, cursor, &query.cursor_length), STORE_OK);
    ck_assert_str_eq(seen, wanted);
}

/* What has expired is looked for at once when the store is opened. */
static void reopen(void)
{
    fixture_close(&fixture);
    fixture_open(&fixture);
}

static void expect_objects(uint64_t count)
{
    WAIT_UNTIL(fixture_figures(&fixture).objects == count);
    ck_assert_uint_eq(fixture_figures(&fixture).objects, count);
}

/* ---- from that second on ---------------------------------------------------------------------- */

START_TEST(nobody_sees_it_any_more)
{
    struct object *object;
    struct store_key key = key_of("a/k");
    put_text("a/k", "text", HOUR);
    fixture_must_hold(&fixture, "a/k", "text");
    ck_assert_int_eq(store_get(fixture.store, &key, 0, &object), STORE_OK);
    ck_assert_int_eq(object_info(object)->expires, store_expiry(object_info(object)->attributes, STORE_EXPIRY));
    ck_assert_int_ge(object_info(object)->expires, wall_clock_now() + HOUR - 60);
    object_release(object);
    expect_listing("", "a/k ");
    wall_clock_pass(HOUR);
    ck_assert_int_eq(fixture_get_text(&fixture, "a/k", "text"), STORE_NO_OBJECT);
    ck_assert_int_eq(fixture_get_text(&fixture, "#a/k", "text"), STORE_NO_OBJECT);
    ck_assert_int_eq(check("a/k", (struct store_condition){.exists = true}), STORE_CONDITION);
    ck_assert_int_eq(check("a/k", (struct store_condition){.absent = true}), STORE_OK);
    expect_listing("", "");
    expect_listing("/", "");
    ck_assert_uint_eq(fixture_figures(&fixture).objects, 1); /* nobody has woken the background */
}
END_TEST

START_TEST(of_several_the_others_are_seen)
{
    struct store_key keys[] = {key_of("a/1"), key_of("a/2"), key_of("b/1")};
    struct object *objects[3];
    enum store_error errors[3];
    put_text("a/1", "gone", HOUR);
    put_text("b/1", "gone", HOUR);
    put_text("a/2", "later", 2 * HOUR);
    fixture_must_put(&fixture, "c", "for ever");
    wall_clock_pass(HOUR);
    expect_listing("", "a/2 c ");
    expect_listing("/", "a/ c ");
    ck_assert_int_eq(store_get_many(fixture.store, keys, 3, 0, objects, errors), STORE_OK);
    ck_assert_int_eq(errors[0], STORE_NO_OBJECT);
    ck_assert_int_eq(errors[1], STORE_OK);
    ck_assert_int_eq(errors[2], STORE_NO_OBJECT);
    object_release(objects[1]);
}
END_TEST

/* What is not there can be neither moved nor copied, and is no target that exists. */
START_TEST(for_writes_it_is_not_there)
{
    bool existed = true;
    put_text("k", "old", HOUR);
    put_text("l", "old", HOUR);
    wall_clock_pass(HOUR);
    ck_assert_int_eq(fixture_rename(&fixture, "k", "m"), STORE_NO_OBJECT);
    ck_assert_int_eq(fixture_copy(&fixture, "k", "m"), STORE_NO_OBJECT);
    ck_assert_int_eq(
        commit(
            &(struct store_op){
                .kind = STORE_PUT, .key = key_of("k"), .condition = {.exists = true}, .payload = "x", .size = 1},
            NULL),
        STORE_CONDITION);
    ck_assert_int_eq(
        commit(
            &(struct store_op){
                .kind = STORE_PUT, .key = key_of("k"), .condition = {.absent = true}, .payload = "new", .size = 3},
            &existed),
        STORE_OK);
    ck_assert(!existed);
    ck_assert_int_eq(
        commit(&(struct store_op){.kind = STORE_COPY, .key = key_of("k"), .target = key_of("l"), .keep_target = true},
               &existed),
        STORE_OK);
    ck_assert(!existed);
    fixture_must_hold(&fixture, "l", "new");
    ck_assert_uint_eq(fixture_figures(&fixture).objects, 2);
}
END_TEST

START_TEST(a_delete_finds_nothing)
{
    bool existed = true;
    put_text("k", "old", HOUR);
    wall_clock_pass(HOUR);
    ck_assert_int_eq(commit(&(struct store_op){.kind = STORE_DELETE, .key = key_of("k")}, &existed), STORE_OK);
    ck_assert(!existed);
    ck_assert_uint_eq(fixture_figures(&fixture).objects, 0);
}
END_TEST

/* By the hash alone an object without a name is put, and not the one again that has gone. */
START_TEST(its_name_goes_with_it)
{
    struct object *object;
    struct store_key hash = key_of("#k");
    put_text("k", "old", HOUR);
    wall_clock_pass(HOUR);
    fixture_must_put(&fixture, "#k", "new");
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(store_get(fixture.store, &hash, 0, &object), STORE_OK);
        ck_assert_ptr_null(object_info(object)->key);
        object_release(object);
        ck_assert_uint_eq(fixture_figures(&fixture).objects, 1);
        reopen();
    }
}
END_TEST

START_TEST(it_goes_along_with_a_rename_and_a_copy)
{
    put_text("k", "text", HOUR);
    ck_assert_int_eq(fixture_rename(&fixture, "k", "l"), STORE_OK);
    ck_assert_int_eq(fixture_copy(&fixture, "l", "m"), STORE_OK);
    fixture_must_hold(&fixture, "m", "text");
    wall_clock_pass(HOUR);
    fixture_must_lack(&fixture, "l");
    fixture_must_lack(&fixture, "m");
    reopen();
    expect_objects(0);
}
END_TEST

/* ---- deleting --------------------------------------------------------------------------------- */

START_TEST(it_is_deleted_in_its_time)
{
    put_text("later", "text", HOUR);
    put_text("k", "text", 1); /* sooner than what the background waits for */
    expect_objects(1);
    fixture_must_lack(&fixture, "k");
    fixture_must_hold(&fixture, "later", "text");
}
END_TEST

struct told {
    unsigned puts, deletes;
};

static bool count_change(void *arg, const struct store_change *change)
{
    struct told *told = arg;
    told->puts += change->put;
    told->deletes += !change->put;
    return true;
}

START_TEST(who_follows_the_log_is_told)
{
    struct told told = {0};
    struct store_changes changes;
    struct store_changes_query query = {.limit = 100};
    put_text("k", "text", HOUR);
    put_text("l", "text", HOUR);
    wall_clock_pass(HOUR);
    reopen();
    expect_objects(0);
    ck_assert_int_eq(store_changes(fixture.store, &query, count_change, &told, &changes), STORE_OK);
    ck_assert_uint_eq(told.puts, 2);
    ck_assert_uint_eq(told.deletes, 2);
}
END_TEST

START_TEST(what_has_replaced_it_stays)
{
    put_text("replaced", "old", HOUR);
    put_text("again", "old", HOUR);
    put_text("later", "old", HOUR);
    fixture_must_put(&fixture, "replaced", "new");
    wall_clock_pass(HOUR);
    fixture_must_put(&fixture, "again", "new");
    put_text("later", "new", HOUR);
    put_text("gone", "old", 0);
    reopen();
    expect_objects(3);
    fixture_must_hold(&fixture, "replaced", "new");
    fixture_must_hold(&fixture, "again", "new");
    fixture_must_hold(&fixture, "later", "new");
}
END_TEST

START_TEST(the_file_of_a_large_payload_goes)
{
    put_expiring(key_of("k"), fixture_large(), FIXTURE_LARGE, HOUR);
    ck_assert_uint_eq(fixture_figures(&fixture).blobs, 1);
    wall_clock_pass(HOUR);
    reopen();
    expect_objects(0);
    WAIT_UNTIL(fixture_figures(&fixture).blobs == 0);
    ck_assert_uint_eq(fixture_figures(&fixture).blobs, 0);
}
END_TEST

/* By their hash they cannot be told apart. */
START_TEST(keys_of_one_hash_are_deleted_each_by_itself)
{
    struct namesake namesakes[3];
    for (unsigned i = 0; i < 3; i++) {
        namesakes[i] = namesake_of(0, i);
        put_expiring(namesake_key(&namesakes[i]), "text", 4, i == 1 ? 2 * HOUR : HOUR);
    }
    wall_clock_pass(HOUR);
    reopen();
    expect_objects(1);
    struct object *object;
    struct store_key key = namesake_key(&namesakes[1]);
    ck_assert_int_eq(store_get(fixture.store, &key, 0, &object), STORE_OK);
    object_release(object);
}
END_TEST

/* ---- starts ------------------------------------------------------------------------------------ */

static void put_many(void)
{
    char name[16], text[400];
    memset(text, 'x', sizeof text);
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "k%04u", i);
        if (i % 2)
            put_expiring(key_of(name), text, sizeof text, i % 3 ? HOUR : 2 * HOUR);
        else
            ck_assert_int_eq(fixture_put(&fixture, name, text, sizeof text), STORE_OK);
    }
}

static uint64_t many_left(unsigned hours)
{
    uint64_t left = MANY / 2;
    for (unsigned i = 1; i < MANY; i += 2)
        left += hours < (i % 3 ? 1 : 2);
    return left;
}

/* A start reads no records of segments that have a summary. */
START_TEST(they_are_found_behind_summaries)
{
    put_many();
    ck_assert_uint_gt(fixture_figures(&fixture).segments, 1);
    WAIT_UNTIL(fixture_exists(&fixture, mark_path));
    reopen();
    wall_clock_pass(HOUR);
    reopen();
    expect_objects(many_left(1));
    ck_assert(fixture_exists(&fixture, mark_path));
    wall_clock_pass(HOUR);
    reopen();
    expect_objects(many_left(2));
    bool told = true;
    for (unsigned tries = 0; told && tries < 20; tries++) { /* summaries may still tell of records that are dead */
        reopen();
        ck_assert(quiet_comes());
        told = fixture_exists(&fixture, mark_path);
    }
    ck_assert(!told); /* the look has found nothing */
}
END_TEST

START_TEST(without_any_nothing_is_looked_for)
{
    char text[400] = {1};
    for (unsigned i = 0; i < MANY; i++) {
        char name[16];
        snprintf(name, sizeof name, "k%04u", i);
        ck_assert_int_eq(fixture_put(&fixture, name, text, sizeof text), STORE_OK);
    }
    reopen();
    ck_assert(!fixture_exists(&fixture, mark_path));
}
END_TEST

/* ---- power cuts -------------------------------------------------------------------------------- */

static void expect_after_cut(uint64_t calls)
{
    struct object *object;
    struct store_key gone = key_of("gone");
    ck_assert_msg(store_get(fixture.store, &gone, 0, &object) == STORE_NO_OBJECT,
                  "back after a cut behind %" PRIu64 " calls", calls);
    fixture_must_hold(&fixture, "replaced", "new");
    fixture_must_hold(&fixture, "later", "new");
}

static void prepare(void)
{
    fixture_renew(&fixture);
    put_text("gone", "old", HOUR);
    put_text("replaced", "old", HOUR);
    put_text("later", "old", HOUR);
    fixture_must_put(&fixture, "replaced", "new");
    wall_clock_pass(HOUR);
    put_text("later", "new", HOUR);
    fixture_close(&fixture);
}

/* Opens the store, and waits until the background has deleted what has expired, or the power has gone after so many
 * calls: then true. */
static bool open_until_cut(uint64_t calls)
{
    uint64_t last = sim_disk_calls(fixture.disk, SIM_ANY) + calls;
    sim_disk_cut_after(fixture.disk, calls);
    if (depot_open("/data", &fixture.options, &fixture.depot, NULL) == STORE_OK &&
        depot_acquire(fixture.depot, "s", &fixture.store, NULL) == STORE_OK)
        WAIT_UNTIL(fixture_figures(&fixture).objects == 2 || sim_disk_calls(fixture.disk, SIM_ANY) == last);
    return sim_disk_calls(fixture.disk, SIM_ANY) == last;
}

START_TEST(a_power_cut_brings_nothing_back)
{
    bool cut = true;
    for (uint64_t calls = 0; cut && calls < 500; calls++) {
        prepare();
        cut = open_until_cut(calls);
        fixture_cut(&fixture, calls);
        fixture_open(&fixture);
        expect_after_cut(calls);
        expect_objects(2);
        expect_after_cut(calls);
    }
    ck_assert(!cut); /* all that there is has been cut in turn */
}
END_TEST

int main(void)
{
    const TTest *tests[] = {nobody_sees_it_any_more,
                            of_several_the_others_are_seen,
                            for_writes_it_is_not_there,
                            a_delete_finds_nothing,
                            its_name_goes_with_it,
                            it_goes_along_with_a_rename_and_a_copy,
                            it_is_deleted_in_its_time,
                            who_follows_the_log_is_told,
                            what_has_replaced_it_stays,
                            the_file_of_a_large_payload_goes,
                            keys_of_one_hash_are_deleted_each_by_itself,
                            they_are_found_behind_summaries,
                            without_any_nothing_is_looked_for,
                            a_power_cut_brings_nothing_back};
    return UNIT_RUN_WITH("purge", setup, teardown, tests);
}
