/* test_effort.c - which commits those who write much give way to. */
#include "store/commit/effort.h"
#include "store/internal.h"
#include "tests/lib/fixture.h"
#include "tests/lib/unit.h"

#include <check.h>

FIXTURE_OF_EACH_TEST

static uint64_t small, gone_on;

static bool is_pressing(void)
{
    return effort_small_since(fixture.store->services->effort, &small) > 0;
}

static bool goes_on(void)
{
    return effort_goes_on(fixture.store->services->effort, &gone_on);
}

START_TEST(small_writes_press)
{
    fixture_must_put(&fixture, "a", "one");
    ck_assert(is_pressing() && goes_on());
    ck_assert(!is_pressing() && !goes_on());
    fixture_must_put(&fixture, "a", "two");
    ck_assert(is_pressing() && goes_on());
    ck_assert_int_eq(fixture_delete(&fixture, "a"), STORE_OK);
    ck_assert(is_pressing() && goes_on());
}
END_TEST

/* Or uploads would give way to each other. */
START_TEST(the_end_of_an_upload_does_not)
{
    fixture_must_upload(&fixture, "large");
    ck_assert(goes_on());
    ck_assert(!is_pressing());
    fixture_must_copy(&fixture, "large", "again");
    ck_assert(goes_on());
    ck_assert(!is_pressing());
    ck_assert_int_eq(fixture_delete(&fixture, "large"), STORE_OK);
    ck_assert(is_pressing());
}
END_TEST

START_TEST(a_batch_that_brings_something_small_presses)
{
    fixture_put_batch(&fixture, "text");
    ck_assert(is_pressing());
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {small_writes_press, the_end_of_an_upload_does_not,
                                  a_batch_that_brings_something_small_presses};
    return UNIT_RUN_WITH("effort", setup, teardown, tests);
}
