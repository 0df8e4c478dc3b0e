/* test_chain.c - the segments of a log in their order, and the slots that they give back. */
#include "store/log/chain.h"

#include "store/log/location.h"
#include "tests/lib/prng.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>

static struct shared_lock lock;
static struct handles handles;
static const struct handle_folder folder = {.handles = &handles};
static struct chain chain;

static void setup(void)
{
    shared_lock_init(&lock);
    chain_init(&chain, &lock);
    shared_lock_take(&lock);
}

static void teardown(void)
{
    shared_lock_release(&lock);
    chain_free(&chain);
    shared_lock_destroy(&lock);
}

static struct segment *segment_of(uint64_t number, bool husk)
{
    struct segment_header header = {.number = number, .husk = husk};
    struct segment *segment = segment_new(&folder, -1, &header, SEGMENT_HEADER);
    if (!segment)
        ck_abort_msg("no memory");
    return segment;
}

static struct segment *append(uint64_t number)
{
    struct segment *segment = segment_of(number, false);
    enum store_error error = chain_append(&chain, segment);
    if (error) /* asserting is slow, and there are many */
        ck_abort_msg("%s", store_error_text(error));
    return segment;
}

/* The husk of a number comes in the place of the segment. */
static struct segment *compact(uint64_t number)
{
    struct segment *segment = chain_from(&chain, number), *husk = segment_of(number, true);
    ck_assert_uint_eq(segment->number, number);
    chain_replace(&chain, husk);
    ck_assert_uint_eq(husk->slot, segment->slot);
    ck_assert(chain_has(&chain, husk) && !chain_has(&chain, segment));
    segment_release(segment);
    return husk;
}

static void absorb(uint64_t number)
{
    struct segment *husk = chain_from(&chain, number);
    chain_remove(&chain, husk);
    segment_release(husk);
}

/* Numbers rise along the chain, each segment is in its slot, and neighbours know each other. */
static void check_order(void)
{
    const struct segment *before = NULL;
    size_t oldest = chain.count;
    for (size_t at = 0; at < chain.count; at++) {
        const struct segment *segment = chain.segments[at];
        ck_assert(!before || before->number < segment->number);
        ck_assert_ptr_eq(chain_at(&chain, segment->slot), segment);
        ck_assert_ptr_eq(chain_from(&chain, segment->number), segment);
        ck_assert_ptr_eq(chain_before(&chain, segment), before);
        ck_assert(!before || chain_next(&chain, before) == segment);
        if (oldest == chain.count && !segment_is_husk(segment))
            oldest = at;
        ck_assert_int_eq(chain_is_oldest(&chain, segment), at <= oldest);
        before = segment;
    }
    ck_assert_uint_eq(chain.oldest, oldest);
    ck_assert_ptr_eq(chain_last(&chain), before);
}

START_TEST(a_slot_is_given_to_the_next_segment)
{
    for (uint64_t number = 1; number <= 4; number++)
        append(number * 10);
    compact(20);
    check_order();
    absorb(20);
    check_order();
    ck_assert_ptr_eq(chain_from(&chain, 11), chain_from(&chain, 30));
    ck_assert_uint_eq(append(50)->slot, 1);
    ck_assert_uint_eq(append(60)->slot, 4);
    check_order();
    ck_assert_ptr_null(chain_from(&chain, 61));
    ck_assert(chain_is_sealed(&chain, chain_from(&chain, 50)) && !chain_is_sealed(&chain, chain_from(&chain, 60)));
}
END_TEST

/* Whatever goes and comes, there are no more slots than there were segments at once. */
START_TEST(slots_are_as_many_as_segments_at_once)
{
    struct prng prng = prng_of(1);
    size_t most = 0;
    uint64_t number = 0;
    for (unsigned round = 0; round < 3000; round++) {
        uint64_t any = number ? 1 + prng_below(&prng, number) : 0;
        struct segment *segment = chain_from(&chain, any);
        if (!segment || prng_one_in(&prng, chain.count < 40 ? 2 : 4))
            append(number += 1 + prng_below(&prng, 3));
        else if (!segment_is_husk(segment))
            compact(segment->number);
        else
            absorb(segment->number);
        most = chain.count > most ? chain.count : most;
        check_order();
    }
    ck_assert_uint_gt(number, 1000);
    ck_assert_uint_eq(chain.slot_count, most);
    ck_assert_uint_lt(most, 200);
}
END_TEST

START_TEST(a_chain_ends_where_no_location_names_a_slot)
{
    for (uint64_t number = 1; number <= LOCATION_SEGMENTS_MAX; number++)
        append(number);
    struct segment *more = segment_of(LOCATION_SEGMENTS_MAX + 1, false);
    ck_assert(chain_is_full(&chain));
    ck_assert_int_eq(chain_append(&chain, more), STORE_TOO_LARGE);
    compact(7);
    absorb(7);
    ck_assert(!chain_is_full(&chain));
    ck_assert_int_eq(chain_append(&chain, more), STORE_OK);
    ck_assert_uint_eq(more->slot, 6);
}
END_TEST

static void remove_one_with_records(void)
{
    chain_remove(&chain, chain_last(&chain));
}

static void ask_for_the_last(void)
{
    (void)chain_last(&chain);
}

START_TEST(who_has_not_the_lock_or_takes_records_out_is_stopped)
{
    append(1);
    ck_assert_int_eq(unit_signal_of(remove_one_with_records), SIGABRT);
    ck_assert_int_eq(unit_signal_of(ask_for_the_last), 0);
    shared_lock_release(&lock);
    ck_assert_int_eq(unit_signal_of(ask_for_the_last), SIGABRT);
    shared_lock_take(&lock);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_slot_is_given_to_the_next_segment,
        slots_are_as_many_as_segments_at_once,
        a_chain_ends_where_no_location_names_a_slot,
        who_has_not_the_lock_or_takes_records_out_is_stopped,
    };
    return UNIT_RUN_WITH("chain", setup, teardown, tests);
}
