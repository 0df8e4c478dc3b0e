/* test_edition.c - who gets a text of now, and who the last one. */
#include "api/request/edition.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const int64_t MILLISECOND = 1000000, SECOND = 1000 * MILLISECOND;

static struct editions editions;
static struct budget budget;
static int made;

static void setup(void)
{
    editions_init(&editions);
    budget = (struct budget){.limit = 1000};
    made = 0;
}

static void teardown(void)
{
    editions_free(&editions);
    ck_assert_uint_eq(atomic_load(&budget.used), 0);
}

/* Asks for a text that takes so long to make. */
static struct edition *ask(int64_t took, int64_t now)
{
    struct edition *edition = editions_share(&editions, now);
    if (edition)
        return edition;
    made++;
    return editions_add(&editions, &budget, strdup("text"), strlen("text"), took, now);
}

START_TEST(who_asks_now_and_then_gets_a_text_of_now)
{
    for (int64_t now = 0; now < 100 * SECOND; now += SECOND)
        edition_release(ask(50 * MILLISECOND, now));
    ck_assert_int_eq(made, 100);
}
END_TEST

/* Each takes a millisecond: 200 at once, and of the time a tenth. */
START_TEST(who_asks_all_the_time_shares)
{
    for (int64_t now = 0; now < 10 * SECOND; now += MILLISECOND)
        edition_release(ask(MILLISECOND, now));
    ck_assert_int_ge(made, 1000);
    ck_assert_int_le(made, 1000 + 201);
    int before = made;
    edition_release(ask(MILLISECOND, 20 * SECOND));
    ck_assert_int_eq(made, before + 1);
}
END_TEST

START_TEST(a_text_lives_as_long_as_it_is_read)
{
    struct edition *read = ask(SECOND, 0), *shared = ask(SECOND, 1);
    ck_assert_ptr_eq(read, shared);
    edition_release(read);
    edition_release(ask(SECOND, 100 * SECOND));
    ck_assert_int_eq(made, 2);
    ck_assert_mem_eq(shared->text, "text", shared->length);
    ck_assert_uint_eq(atomic_load(&budget.used), 2 * strlen("text"));
    edition_release(shared);
    ck_assert_uint_eq(atomic_load(&budget.used), strlen("text"));
}
END_TEST

START_TEST(a_text_that_has_no_place_is_none)
{
    budget.limit = 3;
    ck_assert_ptr_null(ask(MILLISECOND, 0));
    ck_assert_uint_eq(atomic_load(&budget.used), 0);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        who_asks_now_and_then_gets_a_text_of_now,
        who_asks_all_the_time_shares,
        a_text_lives_as_long_as_it_is_read,
        a_text_that_has_no_place_is_none,
    };
    return UNIT_RUN_WITH("edition", setup, teardown, tests);
}
