/* test_creation.c - making an upload beside what becomes of its store. */
#include "tests/lib/carrier.h"
#include "tests/lib/unit.h"

#include <string.h>
#include <sys/types.h>

FIXTURE_OF_EACH_TEST

static struct io table;
static bool anew; /* another store of the name is made as soon as the first one has gone */

static void take_away(void)
{
    struct store_detail detail;
    bool created;
    ck_assert_int_eq(depot_delete(fixture.depot, "s", true, &detail), STORE_OK);
    if (anew)
        ck_assert_int_eq(depot_create(fixture.depot, "s", &created, &detail), STORE_OK);
}

/* Whoever makes the first upload makes the folder of uploads: just then the store is removed. */
static int remove_and_make(void *self, int folder, const char *name, mode_t mode)
{
    if (strcmp(name, "uploads") == 0)
        take_away();
    return fixture.io->mkdirat(self, folder, name, mode);
}

static void begin(void)
{
    fixture_close(&fixture);
    table = *fixture.io;
    table.mkdirat = remove_and_make;
    fixture.options.io = &table;
    fixture_open(&fixture);
}

static void must_be_gone(void)
{
    uint64_t id;
    begin();
    ck_assert_int_eq(carrier_create(&fixture, "k", CARRIER_SIZE, &id), STORE_NO_STORE);
    fixture.options.io = fixture.io;
    carrier_reopen(&fixture);
    ck_assert_uint_eq(carrier_files(&fixture, ""), 0);
}

START_TEST(whoever_makes_one_in_a_store_that_goes_is_told_that_it_is_gone)
{
    must_be_gone();
}
END_TEST

START_TEST(none_is_made_in_the_next_store_of_the_name)
{
    anew = true;
    must_be_gone();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        whoever_makes_one_in_a_store_that_goes_is_told_that_it_is_gone,
        none_is_made_in_the_next_store_of_the_name,
    };
    return UNIT_RUN_WITH("creation", setup, teardown, tests);
}
