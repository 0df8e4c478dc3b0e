/* test_agenda.c - what is to come comes in the order of its times, whatever was taken out before. */
#include "store/base/agenda.h"
#include "tests/lib/prng.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <stdbool.h>
#include <stddef.h>

enum { ENTRIES = 300, STEPS = 200000 };

static struct agenda agenda;
static struct agenda_entry entries[ENTRIES];
static bool entered[ENTRIES];

static void setup(void)
{
    agenda = (struct agenda){0};
    for (size_t i = 0; i < ENTRIES; i++)
        entered[i] = false;
}

static void teardown(void)
{
}

START_TEST(times_come_in_their_order)
{
    static const int64_t times[] = {5, 1, 4, 1, 9, 2};
    static const int64_t sorted[] = {1, 1, 2, 4, 5, 9};
    ck_assert_ptr_null(agenda.first);
    for (size_t i = 0; i < 6; i++)
        agenda_add(&agenda, &entries[i], times[i]);
    for (size_t i = 0; i < 6; i++) {
        ck_assert_int_eq(agenda.first->due, sorted[i]);
        agenda_remove(&agenda, agenda.first);
    }
    ck_assert_ptr_null(agenda.first);
}
END_TEST

static void expect_first(void)
{
    const struct agenda_entry *first = NULL;
    for (size_t i = 0; i < ENTRIES; i++)
        if (entered[i] && (!first || entries[i].due < first->due))
            first = &entries[i];
    ck_assert((first == NULL) == (agenda.first == NULL));
    ck_assert(!first || agenda.first->due == first->due);
    ck_assert(!first || entered[agenda.first - entries]);
}

/* Any of them is entered, or taken out from wherever it stands. */
START_TEST(a_long_history_is_that_of_a_plain_array)
{
    struct prng prng = prng_of(7);
    for (unsigned step = 0; step < STEPS; step++) {
        size_t at = (size_t)prng_below(&prng, ENTRIES);
        if (prng_one_in(&prng, 3) && agenda.first)
            at = (size_t)(agenda.first - entries);
        if (entered[at])
            agenda_remove(&agenda, &entries[at]);
        else
            agenda_add(&agenda, &entries[at], (int64_t)prng_below(&prng, 100));
        entered[at] = !entered[at];
        if (step % 16 == 0)
            expect_first();
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {times_come_in_their_order, a_long_history_is_that_of_a_plain_array};
    return UNIT_RUN_WITH("agenda", setup, teardown, tests);
}
