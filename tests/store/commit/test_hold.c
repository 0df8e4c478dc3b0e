/* test_hold.c - keys that a copy has to itself: who is kept off by them, and who comes next. */
#include "store/commit/hold.h"
#include "tests/lib/unit.h"

#include <check.h>

enum { HELD = 7, OTHER = 8 };

static struct lock lock;
static struct holds holds;

static void setup(void)
{
    lock_init(&lock);
    lock_take(&lock);
    holds_init(&holds, &lock, 42);
    ck_assert(holds_add(&holds, HELD));
}

static void teardown(void)
{
    holds_free(&holds);
    lock_release(&lock);
    lock_destroy(&lock);
}

/* Whether a transaction of one op is kept off. */
static bool blocks(enum store_op_kind kind, uint64_t key, uint64_t target)
{
    const struct store_op op = {.kind = kind, .key = store_key_of_hash(key), .target = store_key_of_hash(target)};
    const struct txn txn = {.ops = &op, .count = 1};
    return holds_block(&holds, &txn);
}

START_TEST(whoever_names_a_held_key_is_kept_off)
{
    ck_assert(blocks(STORE_PUT, HELD, 0));
    ck_assert(blocks(STORE_DELETE, HELD, 0));
    ck_assert(blocks(STORE_RENAME, HELD, OTHER));
    ck_assert(blocks(STORE_RENAME, OTHER, HELD));
    ck_assert(blocks(STORE_COPY, OTHER, HELD));
    ck_assert(!blocks(STORE_PUT, OTHER, HELD)); /* a put has no target */
    ck_assert(!blocks(STORE_RENAME, OTHER, OTHER + 1));
}
END_TEST

START_TEST(any_of_many_ops_is_enough)
{
    const struct store_op ops[] = {
        {.kind = STORE_PUT, .key = store_key_of_hash(OTHER)},
        {.kind = STORE_PUT, .key = store_key_of_hash(OTHER + 1)},
        {.kind = STORE_DELETE, .key = store_key_of_hash(HELD)},
    };
    const struct txn txn = {.ops = ops, .count = 3};
    const struct txn part = {.ops = ops, .count = 2};
    ck_assert(holds_block(&holds, &txn));
    ck_assert(!holds_block(&holds, &part));
}
END_TEST

START_TEST(the_one_who_holds_it_passes)
{
    const struct store_op op = {.kind = STORE_PUT, .key = store_key_of_hash(HELD)};
    struct txn txn = {.ops = &op, .count = 1, .hold = TXN_UNDER, .held = HELD};
    ck_assert(!holds_block(&holds, &txn));
    txn.held = OTHER; /* it holds another one */
    ck_assert(holds_block(&holds, &txn));
}
END_TEST

START_TEST(two_do_not_hold_one_key)
{
    const struct txn again = {.hold = TXN_TAKES, .held = HELD};
    const struct txn other = {.hold = TXN_TAKES, .held = OTHER};
    ck_assert(holds_block(&holds, &again));
    ck_assert(!holds_block(&holds, &other));
}
END_TEST

START_TEST(compaction_moves_records_past_a_hold)
{
    const struct store_op op = {.kind = STORE_PUT, .key = store_key_of_hash(HELD)};
    const struct txn txn = {.ops = &op, .count = 1, .upkeep = true};
    ck_assert(!holds_block(&holds, &txn));
}
END_TEST

START_TEST(what_was_parked_comes_in_front_in_its_order)
{
    struct txn parked[2] = {{.held = 1}, {.held = 2}};
    struct txn queued = {.held = 3};
    struct txn later = {.held = 4};
    struct txn *first = &queued;
    struct txn **last = &queued.next;
    holds_park(&holds, &parked[0]);
    holds_park(&holds, &parked[1]);
    holds_release(&holds, HELD, &first, &last);
    *last = &later;
    last = &later.next;
    const struct txn *at = first;
    for (uint64_t place = 1; place <= 4; place++, at = at->next)
        ck_assert_uint_eq(at->held, place);
    ck_assert_ptr_null(at);
    ck_assert(!blocks(STORE_PUT, HELD, 0));
}
END_TEST

START_TEST(an_empty_queue_ends_with_what_was_parked)
{
    struct txn parked = {.held = 1};
    struct txn later = {.held = 2};
    struct txn *first = NULL;
    struct txn **last = &first;
    holds_park(&holds, &parked);
    holds_release(&holds, HELD, &first, &last);
    *last = &later;
    ck_assert_ptr_eq(first, &parked);
    ck_assert_ptr_eq(parked.next, &later);
}
END_TEST

START_TEST(a_release_without_anybody_waiting_leaves_the_queue_alone)
{
    struct txn queued = {.held = 1};
    struct txn *first = &queued;
    struct txn **last = &queued.next;
    holds_release(&holds, HELD, &first, &last);
    ck_assert_ptr_eq(first, &queued);
    ck_assert_ptr_eq(last, &queued.next);
    ck_assert(holds_add(&holds, HELD)); /* and it can be held again */
    ck_assert(blocks(STORE_PUT, HELD, 0));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        whoever_names_a_held_key_is_kept_off,
        any_of_many_ops_is_enough,
        the_one_who_holds_it_passes,
        two_do_not_hold_one_key,
        compaction_moves_records_past_a_hold,
        what_was_parked_comes_in_front_in_its_order,
        an_empty_queue_ends_with_what_was_parked,
        a_release_without_anybody_waiting_leaves_the_queue_alone,
    };
    return UNIT_RUN_WITH("hold", setup, teardown, tests);
}
