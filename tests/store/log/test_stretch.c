/* test_stretch.c - what there is to read of a log's segments, by where the log ends. */
#include "store/log/stretch.h"

#include "tests/lib/unit.h"

#include <check.h>
#include <signal.h>

enum { SEGMENTS = 3, LENGTH = 1024, USED = 960 };

static struct shared_lock lock;
static struct log log_of_test;
static struct segment segments[SEGMENTS];
static struct segment *chain[SEGMENTS];

/* Three segments, each of which begins where the records of the one before end, but for the last: some bytes are
 * missing in front of it. */
static void setup(void)
{
    static const uint64_t bases[SEGMENTS] = {0, USED, 2 * USED + 128};
    shared_lock_init(&lock);
    log_of_test.chain = (struct chain){
        .lock = &lock, .segments = chain, .count = SEGMENTS, .slots = chain, .slot_count = SEGMENTS};
    for (uint32_t i = 0; i < SEGMENTS; i++) {
        segments[i] = (struct segment){
            .slot = i, .number = i + 1, .base = bases[i], .prepared = LENGTH, .used = SEGMENT_HEADER + USED};
        atomic_init(&segments[i].references, 1);
        chain[i] = &segments[i];
    }
    segments[SEGMENTS - 1].used = SEGMENT_HEADER; /* its writer's alone: nobody else looks at it */
}

static void teardown(void)
{
    shared_lock_destroy(&lock);
}

static bool pin(uint64_t number, uint64_t end, struct stretch *ret_stretch)
{
    shared_lock_share(&lock);
    bool found = stretch_pin(&log_of_test, number, end, ret_stretch);
    shared_lock_release(&lock);
    return found;
}

START_TEST(the_last_one_ends_where_the_log_does)
{
    struct stretch stretch;
    ck_assert(pin(1, 96, &stretch));
    ck_assert_ptr_eq(stretch.segment, &segments[0]);
    ck_assert_uint_eq(atomic_load(&segments[0].references), 2);
    ck_assert_uint_eq(stretch.records, SEGMENT_HEADER + 96);
    ck_assert_uint_eq(stretch.limit, SEGMENT_HEADER + 96);
    ck_assert(!stretch.sealed);
    stretch_release(&stretch);
    ck_assert_uint_eq(atomic_load(&segments[0].references), 1);
    ck_assert(!pin(2, 96, &stretch));
}
END_TEST

START_TEST(one_is_sealed_when_the_log_has_come_to_the_next)
{
    struct stretch stretch;
    ck_assert(pin(1, USED - 8, &stretch));
    ck_assert(!stretch.sealed);
    stretch_release(&stretch);
    ck_assert(pin(1, USED, &stretch));
    ck_assert(stretch.sealed);
    ck_assert_uint_eq(stretch.records, SEGMENT_HEADER + USED);
    stretch_release(&stretch);
    ck_assert(!pin(2, USED, &stretch)); /* begun, but nothing in it is known */
    ck_assert(!pin(SEGMENTS + 1, UINT64_MAX, &stretch));
}
END_TEST

START_TEST(what_is_missing_behind_one_is_in_its_limit)
{
    struct stretch stretch;
    ck_assert(pin(2, segments[2].base + 96, &stretch));
    ck_assert_uint_eq(stretch.records, SEGMENT_HEADER + USED);
    ck_assert_uint_eq(stretch.limit, SEGMENT_HEADER + USED + 128);
    stretch_release(&stretch);
    segments[2].joined = true; /* nothing is missing after all */
    ck_assert(pin(2, segments[2].base + 96, &stretch));
    ck_assert_uint_eq(stretch.limit, SEGMENT_HEADER + USED);
    stretch_release(&stretch);
}
END_TEST

static void ask_without_the_lock(void)
{
    (void)chain_is_sealed(&log_of_test.chain, &segments[0]);
}

static void ask_with_the_lock(void)
{
    shared_lock_share(&lock);
    ck_assert(chain_is_sealed(&log_of_test.chain, &segments[0]));
    ck_assert(!chain_is_sealed(&log_of_test.chain, &segments[SEGMENTS - 1]));
    ck_assert_ptr_eq(chain_last(&log_of_test.chain), &segments[SEGMENTS - 1]);
    shared_lock_release(&lock);
}

START_TEST(who_has_not_the_lock_is_stopped)
{
    ck_assert_int_eq(unit_signal_of(ask_without_the_lock), SIGABRT);
    ck_assert_int_eq(unit_signal_of(ask_with_the_lock), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_last_one_ends_where_the_log_does,
        one_is_sealed_when_the_log_has_come_to_the_next,
        what_is_missing_behind_one_is_in_its_limit,
        who_has_not_the_lock_is_stopped,
    };
    return UNIT_RUN_WITH("stretch", setup, teardown, tests);
}
