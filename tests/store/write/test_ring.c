/* test_ring.c - the buffers of an upload: what is filled comes out in order, and memory is what was touched. */
#include "store/write/ring.h"

#include "tests/lib/unit.h"

#include <check.h>
#include <signal.h>
#include <string.h>

enum { PIECE = 40000, ROUNDS = 40 };

static struct lock lock;
static struct ring ring;
static unsigned char next_in, next_out;

static void setup(void)
{
    next_in = next_out = 0;
    lock_init(&lock);
    ring = (struct ring){.lock = &lock};
    ck_assert(ring_map(&ring));
    lock_take(&lock);
}

static void teardown(void)
{
    lock_release(&lock);
    ring_unmap(&ring);
    lock_destroy(&lock);
}

/* Fills as much of a piece as the buffer takes; pushes a full one. */
static void fill_some(void)
{
    static unsigned char bytes[PIECE];
    size_t room = ring_room(&ring, PIECE);
    for (size_t i = 0; i < room; i++)
        bytes[i] = next_in++;
    ring_touch(&ring, ring_lacks(&ring, room));
    ring_append(&ring, bytes, room);
    if (ring_is_filled(&ring))
        ring_push(&ring);
}

/* Empties what lies in front; how many buffers. */
static unsigned empty_some(void)
{
    unsigned char *bytes;
    size_t length;
    unsigned count = ring_front(&ring, &bytes, &length);
    size_t same = 0;
    while (same < length && bytes[same] == next_out) {
        same++;
        next_out++;
    }
    ck_assert_uint_eq(same, length);
    ring_pop(&ring, count);
    return count;
}

START_TEST(what_goes_in_comes_out_in_order)
{
    unsigned most = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned wanted = 1 + round % RING_BUFFERS;
        while (ring.full < wanted)
            fill_some();
        while (ring.full > 0) {
            unsigned count = empty_some();
            most = count > most ? count : most;
        }
    }
    ck_assert_uint_eq(most, RING_BUFFERS);
    if (ring_is_begun(&ring)) {
        ring_push(&ring);
        empty_some();
    }
    ck_assert_uint_eq(next_in, next_out);
}
END_TEST

START_TEST(memory_is_touched_by_steps_and_given_back)
{
    ck_assert_uint_eq(ring_touched(&ring), 0);
    ck_assert_uint_eq(ring_lacks(&ring, 1), RING_STEP);
    ck_assert_uint_eq(ring_lacks(&ring, RING_STEP + 1), 2 * RING_STEP);
    ck_assert_uint_eq(ring_room_touched(&ring), 0);
    ring_touch(&ring, RING_STEP);
    ring_append(&ring, "abc", 3);
    ck_assert_uint_eq(ring_room_touched(&ring), RING_STEP - 3);
    ck_assert_uint_eq(ring_lacks(&ring, RING_STEP - 3), 0);
    ck_assert_uint_eq(ring_room(&ring, SIZE_MAX), RING_BUFFER - 3);
    ring_push(&ring);
    ring_relax(&ring); /* it is full: nothing is given back */
    ck_assert_uint_eq(ring_touched(&ring), RING_STEP);
    unsigned char *bytes;
    size_t length;
    ck_assert_uint_eq(ring_front(&ring, &bytes, &length), 1);
    ck_assert_uint_eq(length, 3);
    ck_assert_mem_eq(bytes, "abc", 3);
    ring_pop(&ring, 1);
    ck_assert_uint_eq(ring_touched(&ring), RING_STEP); /* it may be filled again */
    ring_relax(&ring);
    ck_assert_uint_eq(ring_touched(&ring), 0);
}
END_TEST

static void push_without_the_lock(void)
{
    lock_release(&lock);
    ring_push(&ring);
}

static void push_too_many(void)
{
    for (unsigned i = 0; i <= RING_BUFFERS; i++)
        ring_push(&ring);
}

static void append_what_nobody_paid_for(void)
{
    ring_append(&ring, "abc", 3);
}

START_TEST(who_breaks_a_rule_is_stopped)
{
    ck_assert_int_eq(unit_signal_of(push_without_the_lock), SIGABRT);
    ck_assert_int_eq(unit_signal_of(push_too_many), SIGABRT);
    ck_assert_int_eq(unit_signal_of(append_what_nobody_paid_for), SIGABRT);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_goes_in_comes_out_in_order,
        memory_is_touched_by_steps_and_given_back,
        who_breaks_a_rule_is_stopped,
    };
    return UNIT_RUN_WITH("ring", setup, teardown, tests);
}
