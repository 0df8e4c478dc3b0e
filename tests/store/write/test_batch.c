/* test_batch.c - what the steps of a transaction mean, alone and one behind the other. */
#include "tests/lib/fixture.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Two keys with one XXH3-64: f1 and f2 are differences of the algorithm's secret words, which cancel out. */
static const char first_key[] = "\xB9\x39\x42\xEA\x7B\x73\x82\x67\x32\x55\x90\x0C\x3F\xBF\x54\xAE";
static const char second_key[] = "\xB8\x3B\x41\xEE\x7E\x75\x85\x6F\x3A\x52\x96\x09\x3B\xBC\x56\xAF";

static struct fixture fixture;
static struct ticket ticket;

static void setup(void)
{
    fixture_start(&fixture, 1);
    ticket_init(&ticket);
}

static void teardown(void)
{
    ticket_destroy(&ticket);
    fixture_end(&fixture);
}

static struct store_key key_of(const char *text)
{
    return store_key_of(text, strlen(text));
}

static struct store_op put_of(const char *key, const char *payload)
{
    return (struct store_op){.kind = STORE_PUT, .key = key_of(key), .payload = payload, .size = strlen(payload)};
}

static struct store_op step_of(enum store_op_kind kind, const char *key, const char *target)
{
    return (struct store_op){.kind = kind, .key = key_of(key), .target = key_of(target)};
}

static enum store_error run(const struct store_op *ops, size_t count, unsigned flags)
{
    ticket_destroy(&ticket);
    ticket_init(&ticket);
    size_t failed_op;
    enum store_error error = store_batch(fixture.store, ops, count, flags, ticket_done, &ticket, &failed_op);
    if (!error)
        return ticket_wait(&ticket);
    ticket.failed_op = failed_op;
    return error;
}

static void expect(const char *key, const char *text)
{
    ck_assert_int_eq(fixture_get_text(&fixture, key, text), STORE_OK);
}

static void expect_absent(const char *key)
{
    ck_assert_int_eq(fixture_get_text(&fixture, key, ""), STORE_NO_OBJECT);
}

START_TEST(the_vectors_of_the_key_hash)
{
    ck_assert_uint_eq(store_key_of("", 0).hash, 0x2d06800538d394c2u);
    ck_assert_uint_eq(key_of("alice").hash, 0x4da10dd61a0116b0u);
    ck_assert_uint_eq(key_of("bob").hash, 0x1403c0c40f49b8e5u);
    ck_assert_uint_eq(key_of("carol").hash, 0xe2fdb994ad3fcba4u);
    ck_assert_uint_eq(key_of("test_key").hash, 0xe0614cc5ecbeed92u);
}
END_TEST

START_TEST(later_steps_see_earlier_ones)
{
    struct store_op ops[] = {put_of("a", "1"), step_of(STORE_COPY, "a", "b"), step_of(STORE_RENAME, "a", "c"),
                             put_of("a", "2"), step_of(STORE_DELETE, "b", "")};
    ck_assert_int_eq(run(ops, 5, 0), STORE_OK);
    expect("a", "2");
    expect("c", "1");
    expect_absent("b");
    ck_assert_uint_eq(fixture_figures(&fixture).objects, 2);
}
END_TEST

START_TEST(the_last_of_two_puts_wins)
{
    struct store_op ops[] = {put_of("a", "1"), put_of("a", "2")};
    ck_assert_int_eq(run(ops, 2, 0), STORE_OK);
    expect("a", "2");
    fixture_close(&fixture);
    fixture_open(&fixture);
    expect("a", "2");
}
END_TEST

START_TEST(one_step_at_fault_undoes_all)
{
    struct store_op ops[] = {put_of("a", "1"), step_of(STORE_RENAME, "nothing", "b"), put_of("c", "1")};
    uint64_t end = fixture_figures(&fixture).end_offset;
    ck_assert_int_eq(run(ops, 3, 0), STORE_NO_OBJECT);
    ck_assert_uint_eq(ticket.failed_op, 1);
    expect_absent("a");
    expect_absent("c");
    ck_assert_uint_eq(fixture_figures(&fixture).end_offset, end);
}
END_TEST

START_TEST(empty_and_nul_payloads_need_their_switch)
{
    struct store_op empty = put_of("a", "");
    struct store_op nul = {.kind = STORE_PUT, .key = key_of("b"), .payload = "", .size = 1};
    ck_assert_int_eq(run(&empty, 1, STORE_ALLOW_NUL), STORE_EMPTY);
    ck_assert_int_eq(run(&nul, 1, STORE_ALLOW_EMPTY), STORE_NUL);
    ck_assert_int_eq(run(&empty, 1, STORE_ALLOW_EMPTY), STORE_OK);
    ck_assert_int_eq(run(&nul, 1, STORE_ALLOW_NUL), STORE_OK);
    ck_assert_int_eq(fixture_get(&fixture, "b", "", 1), STORE_OK);
}
END_TEST

START_TEST(renaming_and_copying_to_itself_is_an_error)
{
    struct store_op put = put_of("a", "1");
    struct store_op rename = step_of(STORE_RENAME, "a", "a");
    struct store_op copy = {.kind = STORE_COPY, .key = key_of("a"), .target = store_key_of_hash(key_of("a").hash)};
    ck_assert_int_eq(run(&put, 1, 0), STORE_OK);
    ck_assert_int_eq(run(&rename, 1, 0), STORE_SAME);
    ck_assert_int_eq(run(&copy, 1, 0), STORE_SAME);
}
END_TEST

START_TEST(a_target_can_be_kept)
{
    struct store_op puts[] = {put_of("a", "1"), put_of("b", "2")};
    struct store_op rename = step_of(STORE_RENAME, "a", "b");
    rename.keep_target = true;
    ck_assert_int_eq(run(puts, 2, 0), STORE_OK);
    ck_assert_int_eq(run(&rename, 1, 0), STORE_EXISTS);
    rename.keep_target = false;
    ck_assert_int_eq(run(&rename, 1, 0), STORE_OK);
    ck_assert(ticket.receipts[0].existed);
    expect("b", "1");
    expect_absent("a");
}
END_TEST

START_TEST(deleting_what_is_not_there_writes_nothing)
{
    struct store_op op = step_of(STORE_DELETE, "a", "");
    uint64_t end = fixture_figures(&fixture).end_offset;
    ck_assert_int_eq(run(&op, 1, 0), STORE_OK);
    ck_assert(!ticket.receipts[0].existed);
    ck_assert_uint_eq(ticket.receipts[0].offset, end);
    ck_assert_uint_eq(fixture_figures(&fixture).end_offset, end);
}
END_TEST

START_TEST(a_name_and_its_hash_are_one_object)
{
    struct store_op named = put_of("a", "1");
    struct store_op hashed = {.kind = STORE_PUT, .key = store_key_of_hash(key_of("a").hash), .payload = "2", .size = 1};
    struct store_op gone = {.kind = STORE_DELETE, .key = hashed.key};
    struct object *object;
    ck_assert_int_eq(run(&named, 1, 0), STORE_OK);
    ck_assert_int_eq(run(&hashed, 1, 0), STORE_OK);
    ck_assert(ticket.receipts[0].existed);
    expect("a", "2");
    ck_assert_int_eq(store_get(fixture.store, &hashed.key, 0, &object), STORE_OK);
    ck_assert_uint_eq(object_info(object)->key_length, 1);
    object_release(object);
    ck_assert_int_eq(run(&gone, 1, 0), STORE_OK);
    expect_absent("a");
}
END_TEST

START_TEST(two_keys_with_one_hash_never_alias)
{
    struct store_op first = {.kind = STORE_PUT, .key = store_key_of(first_key, 16), .payload = "1", .size = 1};
    struct store_op second = {.kind = STORE_PUT, .key = store_key_of(second_key, 16), .payload = "2", .size = 1};
    struct store_op remove = {.kind = STORE_DELETE, .key = second.key};
    struct object *object;
    ck_assert_uint_eq(first.key.hash, second.key.hash);
    ck_assert_int_eq(run(&first, 1, 0), STORE_OK);
    ck_assert_int_eq(store_get(fixture.store, &second.key, 0, &object), STORE_NO_OBJECT);
    ck_assert_int_eq(run(&remove, 1, 0), STORE_OK);
    ck_assert(!ticket.receipts[0].existed);
    ck_assert_int_eq(run(&second, 1, 0), STORE_OK);
    ck_assert(!ticket.receipts[0].existed);
    ck_assert_int_eq(run(&remove, 1, 0), STORE_OK);
    ck_assert(ticket.receipts[0].existed);
    ck_assert_int_eq(store_get(fixture.store, &first.key, 0, &object), STORE_OK);
    object_release(object);
}
END_TEST

START_TEST(conditions_are_decided_in_order)
{
    struct store_digest one = store_digest_of("1", 1);
    struct store_op ops[] = {put_of("a", "1"), put_of("a", "2"), put_of("a", "3")};
    ops[0].condition = (struct store_condition){.absent = true};
    ops[1].condition = (struct store_condition){.match_listed = true, .match = &one, .match_count = 1};
    ops[2].condition = ops[1].condition;
    ck_assert_int_eq(run(ops, 3, 0), STORE_CONDITION);
    ck_assert_uint_eq(ticket.failed_op, 2);
    ck_assert_int_eq(run(ops, 2, 0), STORE_OK);
    expect("a", "2");
    ck_assert_int_eq(run(ops, 1, 0), STORE_CONDITION);
}
END_TEST

START_TEST(a_payload_over_the_inline_limit_becomes_a_file)
{
    static char large[5000];
    memset(large, 'L', sizeof large);
    struct store_op ops[] = {put_of("small", "s"),
                             {.kind = STORE_PUT, .key = key_of("large"), .payload = large, .size = sizeof large}};
    ck_assert_int_eq(run(ops, 2, 0), STORE_OK);
    ck_assert_uint_eq(fixture_figures(&fixture).blobs, 1);
    ck_assert_int_eq(fixture_get(&fixture, "large", large, sizeof large), STORE_OK);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_vectors_of_the_key_hash,
        later_steps_see_earlier_ones,
        the_last_of_two_puts_wins,
        one_step_at_fault_undoes_all,
        empty_and_nul_payloads_need_their_switch,
        renaming_and_copying_to_itself_is_an_error,
        a_target_can_be_kept,
        deleting_what_is_not_there_writes_nothing,
        a_name_and_its_hash_are_one_object,
        two_keys_with_one_hash_never_alias,
        conditions_are_decided_in_order,
        a_payload_over_the_inline_limit_becomes_a_file,
    };
    return UNIT_RUN_WITH("batch", setup, teardown, tests);
}
