/* test_foreign.c - folders that somebody has put into a store, under names that are the store's own: they cost no write
 * and no start.
 */
#include "tests/lib/findings.h"
#include "tests/lib/fixture.h"
#include "tests/lib/quiet.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

FIXTURE_OF_EACH_TEST

enum { SIZE = 700, ROUNDS = 1500 };

static const char *const names[] = {"log/spare",         "log/next", "log/husk",  "log/summary", "log/inventory",
                                    "log/inventory.new", "reach",    "reach.new", "horizon",     "horizon.new"};

/* With a folder in it: one that is empty may be lost. */
static void make_folder(const char *name)
{
    const struct io *io = fixture.io;
    char path[128], within[160];
    (void)snprintf(path, sizeof path, "/data/stores/s/%s", name);
    (void)snprintf(within, sizeof within, "%s/mine", path);
    if (io->mkdirat(io->self, AT_FDCWD, path, 0700) < 0)
        ck_assert_int_eq(errno, EEXIST); /* the file of that name is there already */
    else
        ck_assert_int_eq(io->mkdirat(io->self, AT_FDCWD, within, 0700), 0);
}

static void make_folders(void)
{
    char name[64];
    const char *newest = strrchr(fixture_segment(&fixture), '/') + 1;
    unsigned long long number = strtoull(newest, NULL, 16);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        make_folder(names[i]);
    for (unsigned i = 1; i <= 3; i++) {
        static const char *const formats[] = {"log/%016llx.seg", "log/%016llx.sum", "log/%016llx.keys.new",
                                              "blobs/%016llx.blob"};
        for (size_t at = 0; at < sizeof formats / sizeof *formats; at++) {
            (void)snprintf(name, sizeof name, formats[at], number + i);
            make_folder(name);
        }
    }
}

/* So much that segments are begun, sealed and compacted. */
static void write_much(void)
{
    char payload[SIZE];
    memset(payload, 'p', sizeof payload);
    for (unsigned round = 0; round < ROUNDS; round++)
        ck_assert_int_eq(fixture_put(&fixture, round % 3 ? "a" : "b", payload, sizeof payload), STORE_OK);
    ck_assert_int_eq(fixture_delete(&fixture, "b"), STORE_OK);
    for (unsigned i = 0; i < 5; i++)
        fixture_must_upload(&fixture, "large");
    ck_assert(quiet_comes());
}

START_TEST(folders_that_come_while_it_is_open_cost_no_write)
{
    fixture_must_put(&fixture, "kept", "text");
    make_folders();
    write_much();
    findings_none(&fixture);
    fixture_close(&fixture);
    fixture_open(&fixture);
    fixture_must_hold(&fixture, "kept", "text");
    fixture_must_lack(&fixture, "b");
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
    ck_assert(fixture_exists(&fixture, "/data/stores/s/log/spare.aside-1/mine"));
}
END_TEST

START_TEST(folders_that_are_there_at_the_start_cost_no_write)
{
    fixture_must_put(&fixture, "kept", "text");
    fixture_close(&fixture);
    make_folders();
    fixture_open(&fixture);
    fixture_must_hold(&fixture, "kept", "text");
    write_much();
    fixture_close(&fixture);
    fixture_open(&fixture);
    fixture_must_hold(&fixture, "kept", "text");
    fixture_must_lack(&fixture, "b");
}
END_TEST

int main(void)
{
    const TTest *tests[] = {folders_that_come_while_it_is_open_cost_no_write,
                            folders_that_are_there_at_the_start_cost_no_write};
    return UNIT_RUN_WITH("foreign", setup, teardown, tests);
}
