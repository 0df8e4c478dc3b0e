/* test_onset.c - a log whose first segment a crash meets before its first group is on disk.
 *
 *   CAIRN_CUTS   power cuts, at least (130)
 */
#include "store/log/segment.h"
#include "tests/lib/fixture.h"
#include "tests/lib/prng.h"
#include "tests/lib/ticket.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

FIXTURE_OF_EACH_TEST

static const char segment[] = "/data/stores/s/log/0000000000000001.seg";
static const char reach[] = "/data/stores/s/reach";

enum { PAYLOAD = 500, SECTOR = 512, CUTS = 130, FAULT_SEEDS = 2, CALLS_MAX = 64 };

/* Of three the second stands behind the first sector, and the third in later ones. */
static const char *payload(char letter)
{
    static char text[PAYLOAD + 1];
    memset(text, letter, PAYLOAD);
    return text;
}

/* "x", "y" and "z" in one group, and in one transaction. */
static enum store_error put_at_once(const char *text)
{
    struct store_op ops[3];
    static const char *const keys[] = {"x", "y", "z"};
    for (size_t i = 0; i < 3; i++)
        ops[i] = (struct store_op){
            .kind = STORE_PUT, .key = store_key_of(keys[i], 1), .payload = text, .size = strlen(text)};
    struct ticket ticket;
    ticket_init(&ticket);
    enum store_error error = store_batch(fixture.store, ops, 3, 0, ticket_done, &ticket, NULL);
    if (!error)
        error = ticket_wait(&ticket);
    ticket_destroy(&ticket);
    return error;
}

static void expect_undamaged(void)
{
    ck_assert_msg(fixture_figures(&fixture).damaged_bytes == 0, "\"%s\"", fixture.logged);
}

static void expect_damaged(void)
{
    ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 0);
}

/* Each of the three is there, or none: which of the two. */
static bool find_three(const char *text)
{
    bool found = fixture_get_text(&fixture, "x", text) == STORE_OK;
    ck_assert_int_eq(fixture_get_text(&fixture, "y", text) == STORE_OK, found);
    ck_assert_int_eq(fixture_get_text(&fixture, "z", text) == STORE_OK, found);
    return found;
}

/* Opens the store in the dark to come; what then is open is closed again. */
static void open_until_cut(uint64_t call)
{
    struct store_detail detail;
    struct depot *depot;
    struct store *store;
    sim_disk_cut_after(fixture.disk, call);
    if (depot_open("/data", &fixture.options, &depot, &detail))
        return;
    if (depot_acquire(depot, "s", &store, &detail) == STORE_OK)
        depot_release(store);
    depot_close(depot);
}

/* ---- every cut -------------------------------------------------------------------------------- */

/* What a cut has left is whole, and good to go on with: also behind another cut, and one in the middle of a start.
 * Whether there was anything to tell of it. */
static bool go_on(uint64_t seed, bool acknowledged)
{
    static const char other[] = "another payload";
    if (seed % 3 == 0) {
        open_until_cut(seed % CALLS_MAX);
        fixture_cut(&fixture, seed + 1);
    }
    fixture_open(&fixture);
    bool told = fixture.warnings > 0, there = find_three(payload('p'));
    ck_assert(there || !acknowledged);
    expect_undamaged();
    fixture_must_put(&fixture, "other", other);
    fixture_stop(&fixture, seed % 2);
    fixture_open(&fixture);
    ck_assert_int_eq(find_three(payload('p')), there);
    fixture_must_hold(&fixture, "other", other);
    ck_assert_uint_eq(fixture_figures(&fixture).objects, there ? 4 : 1);
    expect_undamaged();
    return told;
}

START_TEST(a_cut_at_any_call_loses_nothing)
{
    unsigned told = 0, cuts = 0;
    for (uint64_t seed = 0; cuts < prng_environment("CAIRN_CUTS", CUTS); seed++) {
        bool acknowledged = false;
        for (uint64_t call = 0; !acknowledged; call++, cuts++) {
            fixture_renew(&fixture);
            sim_disk_cut_after(fixture.disk, call);
            acknowledged = put_at_once(payload('p')) == STORE_OK;
            fixture_cut(&fixture, seed * CALLS_MAX + call);
            told += go_on(seed, acknowledged);
        }
    }
    printf("onset: %u power cuts, %u of them left a first segment that is told of\n", cuts, told);
    fflush(stdout);
    ck_assert_uint_gt(told, 0);
}
END_TEST

/* The first group fails, or not; what comes behind it may be in the same segment, or in another, or be refused. */
START_TEST(a_failing_call_loses_nothing)
{
    bool met = true;
    for (uint64_t call = 1; met; call++) {
        for (uint64_t seed = 0; seed < FAULT_SEEDS; seed++) {
            fixture_renew(&fixture);
            sim_disk_fail(fixture.disk, SIM_ANY, call, false, EIO);
            bool first = put_at_once(payload('p')) == STORE_OK;
            met = sim_disk_faults_met(fixture.disk) > 0;
            sim_disk_heal(fixture.disk);
            bool second = seed % 3 > 0 && fixture_put_text(&fixture, "k", "v") == STORE_OK;
            fixture_stop(&fixture, seed % 2);
            fixture_open(&fixture);
            expect_undamaged();
            bool there = find_three(payload('p'));
            ck_assert(there || !first);
            ck_assert(!second || fixture_get_text(&fixture, "k", "v") == STORE_OK);
            fixture_must_put(&fixture, "other", "another payload");
            fixture_cut(&fixture, seed);
            fixture_open(&fixture);
            ck_assert_int_eq(find_three(payload('p')), there);
            fixture_must_hold(&fixture, "other", "another payload");
            expect_undamaged();
        }
    }
}
END_TEST

/* ---- a torn first group ------------------------------------------------------------------------ */

/* The first sector never came to the disk: of what it held, and what it began with. */
static void tear(void)
{
    static const char zeros[SECTOR];
    fixture_write_file(&fixture, segment, zeros, sizeof zeros, 0);
}

/* What stands behind the tear does not come back behind records that end just before it. */
START_TEST(a_torn_first_group_never_comes_back)
{
    for (unsigned clean = 0; clean < 2; clean++) {
        fixture_renew(&fixture);
        ck_assert_int_eq(put_at_once(payload('p')), STORE_OK);
        fixture_cut(&fixture, 1);
        tear();
        fixture_open(&fixture);
        ck_assert_uint_eq(fixture.warnings, 2); /* the header is written again, and the log goes on elsewhere */
        ck_assert_uint_eq(fixture_figures(&fixture).objects, 0);
        ck_assert_uint_eq(fixture_figures(&fixture).end_offset, 0);
        ck_assert_int_eq(fixture_put_text(&fixture, "a", payload('a')), STORE_OK); /* as long as the first of them */
        fixture_stop(&fixture, clean);
        fixture_open(&fixture);
        ck_assert_uint_eq(fixture_figures(&fixture).objects, 1);
        fixture_must_hold(&fixture, "a", payload('a'));
        ck_assert_uint_eq(fixture.warnings, 0);
        expect_undamaged();
    }
}
END_TEST

/* Of no length at all, and of every other that it may have come to. */
START_TEST(a_first_file_that_is_too_short_is_no_damage)
{
    static const size_t lengths[] = {0, 1, 63, 64, 200, SECTOR, 2 * SECTOR, 4096};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        fixture_renew(&fixture);
        ck_assert_int_eq(put_at_once(payload('p')), STORE_OK);
        fixture_cut(&fixture, 1);
        size_t size = fixture_file_size(&fixture, segment);
        fixture_resize_file(&fixture, segment, lengths[i]);
        fixture_open(&fixture);
        ck_assert_uint_gt(fixture.warnings, 0);
        ck_assert_uint_eq(fixture_file_size(&fixture, segment), size);
        ck_assert_int_eq(find_three(payload('p')), lengths[i] == 4096);
        expect_undamaged();
        fixture_must_put(&fixture, "other", "another payload");
        fixture_cut(&fixture, 2);
        fixture_open(&fixture);
        fixture_must_hold(&fixture, "other", "another payload");
        expect_undamaged();
    }
}
END_TEST

static void open_read_only(void)
{
    fixture.options.read_only = true;
    ck_assert_int_eq(depot_open("/data", &fixture.options, &fixture.depot, NULL), STORE_OK);
    ck_assert_int_eq(depot_acquire(fixture.depot, "s", &fixture.store, NULL), STORE_OK);
    fixture.options.read_only = false;
}

/* Nobody writes there: the store is empty, and the file stays as it is. */
START_TEST(a_folder_that_is_only_read_stays_as_it_is)
{
    static const size_t lengths[] = {0, 63, 64, SECTOR, 4096};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        fixture_renew(&fixture);
        ck_assert_int_eq(put_at_once(payload('p')), STORE_OK);
        fixture_cut(&fixture, 1);
        fixture_resize_file(&fixture, segment, lengths[i]);
        if (i % 2)
            tear();
        size_t size = fixture_file_size(&fixture, segment);
        open_read_only();
        ck_assert_int_eq(find_three(payload('p')), i == 4);
        expect_undamaged();
        fixture_close(&fixture);
        ck_assert_uint_eq(fixture_file_size(&fixture, segment), size);
        fixture_open(&fixture);
        expect_undamaged();
    }
}
END_TEST

/* ---- what is none ------------------------------------------------------------------------------ */

/* What stood in the first sector was on disk: records behind it say so, or the file beside the log. */
START_TEST(a_first_sector_that_was_on_disk_is_damage)
{
    for (unsigned way = 0; way < 3; way++) {
        fixture_renew(&fixture);
        ck_assert_int_eq(put_at_once(payload('p')), STORE_OK);
        if (way == 0)
            fixture_must_put(&fixture, "k", "in the next group");
        fixture_stop(&fixture, way > 0);
        tear();
        if (way == 2)
            fixture_flip(&fixture, reach, 20); /* what it has told cannot be read: that it was there can */
        fixture_open(&fixture);
        expect_damaged();
        if (way == 0)
            fixture_must_hold(&fixture, "k", "in the next group");
    }
}
END_TEST

/* It was written together with the record behind it, which is there. */
START_TEST(a_header_alone_is_damaged)
{
    static const char zeros[SEGMENT_HEADER];
    fixture_must_put(&fixture, "a", "the first payload");
    fixture_cut(&fixture, 1);
    fixture_write_file(&fixture, segment, zeros, sizeof zeros, 0);
    fixture_open(&fixture);
    expect_damaged();
    fixture_must_hold(&fixture, "a", "the first payload");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_cut_at_any_call_loses_nothing,
        a_failing_call_loses_nothing,
        a_torn_first_group_never_comes_back,
        a_first_file_that_is_too_short_is_no_damage,
        a_folder_that_is_only_read_stays_as_it_is,
        a_first_sector_that_was_on_disk_is_damage,
        a_header_alone_is_damaged,
    };
    return UNIT_RUN_WITH("onset", setup, teardown, tests);
}
