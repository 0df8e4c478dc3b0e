/* test_descriptors.c - a store of many files within few descriptors: it is written to, read, listed, compacted,
 * verified and opened again, and where none is to be had nothing is damaged by that.
 */
#include "store/internal.h"
#include "store/log/cursor.h"
#include "store/log/stretch.h"
#include "store/read/run.h"
#include "tests/lib/background.h"
#include "tests/lib/findings.h"
#include "tests/lib/fixture.h"
#include "tests/lib/pages.h"
#include "tests/lib/quiet.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    IDLE_FILES = 3,
    FEW = IDLE_FILES + 16, /* the folder's and the store's own, and those that something has for a moment */
    SEGMENT = 256 << 10,
    SEGMENTS = 30,
    SIZE = 10000,
    KEYS = SEGMENTS * 26, /* of which no more find place in a segment */
    NAME = 16,
    ALL = 1000,
    LONG = 1000 * TICKET_PATIENCE
};

static struct fixture fixture;

static void setup(void)
{
    fixture_start(&fixture, 1);
    fixture_close(&fixture);
    fixture.options.inline_limit = SIZE;
    fixture.options.segment_size = SEGMENT;
    fixture.options.first_segment = SEGMENT;
    fixture.options.idle_files_limit = IDLE_FILES;
    fixture_open(&fixture);
}

static void teardown(void)
{
    fixture_end(&fixture);
}

static const char *payload_of(unsigned key, unsigned version)
{
    static char payload[SIZE];
    memset(payload, 'a' + (int)(version % 26), SIZE);
    (void)snprintf(payload, SIZE, "%u.%u", key, version);
    return payload;
}

static const char *name_of(unsigned key)
{
    static char name[NAME];
    (void)snprintf(name, sizeof name, "k%04u", key);
    return name;
}

static void put(unsigned key, unsigned version)
{
    ck_assert_int_eq(fixture_put(&fixture, name_of(key), payload_of(key, version), SIZE), STORE_OK);
}

static void expect(unsigned key, unsigned version)
{
    ck_assert_int_eq(fixture_get(&fixture, name_of(key), payload_of(key, version), SIZE), STORE_OK);
}

static void fill(void)
{
    for (unsigned key = 0; key < KEYS; key++)
        put(key, 0);
    ck_assert_uint_ge(fixture_figures(&fixture).segments, SEGMENTS);
}

/* From one segment to another one each time. */
static void expect_all(unsigned version)
{
    for (unsigned i = 0; i < KEYS; i++)
        expect(i * 37 % KEYS, version);
}

static void expect_few(void)
{
    ck_assert(quiet_comes());
    ck_assert_uint_le(sim_disk_open_files(fixture.disk), FEW);
}

static void expect_listing(void)
{
    static char wanted[KEYS * NAME];
    size_t length = 0;
    for (unsigned key = 0; key < KEYS; key++)
        length += (size_t)snprintf(wanted + length, sizeof wanted - length, "%s ", name_of(key));
    ck_assert_str_eq(pages_all(fixture.store, "", "", 100), wanted);
}

static void close_idle_files(void)
{
    (void)handles_close(fixture.store->services->handles, ALL);
}

static void note_compacted(void *arg, enum store_error error, const struct store_compaction *compaction)
{
    (void)compaction;
    ticket_done(arg, &(struct store_result){.error = error});
}

static void compact(void)
{
    struct ticket ticket;
    ticket_init(&ticket);
    ck_assert_int_eq(store_compact(fixture.store, LONG, note_compacted, &ticket), STORE_OK);
    ck_assert_int_eq(ticket_wait(&ticket), STORE_OK);
    ticket_destroy(&ticket);
}

/* ---- few are enough -------------------------------------------------------------------------- */

START_TEST(any_number_of_segments_takes_few)
{
    fill();
    expect_few();
    expect_all(0);
    expect_few();
    expect_listing();
    expect_few();
    (void)findings_none(&fixture);
    expect_few();
}
END_TEST

START_TEST(it_opens_within_few)
{
    fill();
    for (int clean = 0; clean < 2; clean++) {
        expect_listing(); /* and so there are files of keys */
        ck_assert(quiet_comes());
        fixture_stop(&fixture, clean);
        fixture_open(&fixture);
        expect_few();
        expect_all(0);
        expect_listing();
        expect_few();
    }
}
END_TEST

/* Summaries are there, or are not. */
START_TEST(it_opens_within_few_without_summaries)
{
    fill();
    ck_assert(quiet_comes());
    fixture_close(&fixture);
    for (unsigned number = 1; number <= SEGMENTS; number++) {
        char path[64];
        (void)snprintf(path, sizeof path, "/data/stores/s/log/%016x.sum", number);
        if (fixture_exists(&fixture, path))
            fixture_remove(&fixture, path);
    }
    fixture_open(&fixture);
    expect_few();
    expect_all(0);
}
END_TEST

START_TEST(it_is_compacted_within_few)
{
    fill();
    expect_listing();
    for (unsigned key = 0; key < KEYS; key++)
        put(key, 1);
    compact();
    ck_assert_uint_lt(fixture_figures(&fixture).segments, 2 * SEGMENTS);
    expect_few();
    expect_all(1);
    expect_listing();
    (void)findings_none(&fixture);
    expect_few();
}
END_TEST

/* ---- what is read meanwhile ------------------------------------------------------------------ */

static void expect_records(const struct stretch *stretch)
{
    struct cursor cursor;
    struct record record;
    enum cursor_found found;
    unsigned records = 0;
    ck_assert(cursor_init(&cursor, fixture.io, fixture.store->salt));
    cursor_begin(&cursor, stretch->segment, stretch->records);
    for (uint64_t position = SEGMENT_HEADER; position < stretch->records; position += record_length(&record)) {
        ck_assert_int_eq(cursor_look(&cursor, position, true, &record, &found), 0);
        ck_assert_int_eq(found, CURSOR_WHOLE);
        records++;
    }
    ck_assert_uint_gt(records, 1);
    cursor_free(&cursor);
}

/* Whoever has a reference reads what it was, although its file was closed when it went, and its name leads to a
 * husk. */
START_TEST(what_is_compacted_is_read_by_who_came_before)
{
    struct stretch stretch;
    struct index *index = &fixture.store->index;
    fill();
    index_lock_shared(index);
    ck_assert(stretch_pin(&fixture.store->log, 2, index->end_offset, &stretch));
    index_unlock(index);
    ck_assert(quiet_comes());
    close_idle_files();
    for (unsigned key = 0; key < KEYS; key++)
        put(key, 1);
    compact();
    ck_assert(fixture_is_husk(&fixture, 2) || !fixture_exists(&fixture, "/data/stores/s/log/0000000000000002.seg"));
    close_idle_files();
    expect_records(&stretch);
    stretch_release(&stretch);
}
END_TEST

static size_t files_of_runs(void)
{
    char path[NAME * 4];
    size_t count = 0;
    for (unsigned number = 0; number < ALL; number++) {
        (void)snprintf(path, sizeof path, "/data/stores/s/log/%016x.keys", number);
        count += fixture_exists(&fixture, path);
    }
    return count;
}

static size_t shelves_in_files(void)
{
    struct catalog *catalog = &fixture.store->catalog;
    size_t filed = 0;
    lock_take(&catalog->lock);
    for (size_t at = 0; at < catalog->count; at++)
        filed += catalog->shelves[at].filed;
    lock_release(&catalog->lock);
    return filed;
}

/* The same of runs, when others are made of them: their files go behind them, and are not kept open for that long. */
START_TEST(a_page_is_made_of_runs_that_were_merged)
{
    struct run **runs;
    size_t count, files = 0;
    fill();
    ck_assert_int_eq(catalog_runs(&fixture.store->catalog, &runs, &count).error, STORE_OK);
    expect_few();
    ck_assert_uint_gt(count, 2 * shelves_in_files());
    ck_assert_uint_gt(files_of_runs(), count - 2);
    for (unsigned key = 0; key < KEYS; key++)
        put(key, 1);
    compact();
    expect_listing();
    ck_assert(quiet_comes());
    close_idle_files();
    for (size_t i = 0; i < count; i++) {
        if (run_last_source(runs[i]).stamp != RUN_NO_STAMP) {
            ck_assert_int_eq(run_prove(runs[i]).error, STORE_OK);
            files++;
        }
        run_release(runs[i]);
    }
    ck_assert_uint_gt(files, 0);
    free(runs);
    expect_listing();
    expect_few();
    ck_assert_uint_eq(files_of_runs(), shelves_in_files());
}
END_TEST

/* ---- none ------------------------------------------------------------------------------------ */

static void take_all(void)
{
    close_idle_files();
    sim_disk_fail(fixture.disk, SIM_OPENAT, 1, true, EMFILE);
}

START_TEST(where_there_is_none_reads_fail_and_damage_nothing)
{
    struct object *object;
    struct page page = {0};
    const struct store_key key = store_key_of("k0100", 5);
    fill();
    expect_listing();
    ck_assert(background_settles(fixture.store));
    uint64_t named = sim_disk_calls(fixture.disk, SIM_RENAMEAT);
    take_all();
    ck_assert_int_eq(store_get(fixture.store, &key, STORE_GET_PAYLOAD, &object), STORE_IO);
    ck_assert_int_eq(errno, EMFILE);
    ck_assert_int_eq(page_list(fixture.store, &page, "", "", 100), STORE_IO);
    ck_assert_int_eq(errno, EMFILE);
    ck_assert_int_eq(fixture_put(&fixture, "k0100", payload_of(100, 1), SIZE), STORE_IO); /* it reads what was there */
    sim_disk_heal(fixture.disk);
    expect_all(0);
    expect_listing();
    ck_assert_uint_eq(sim_disk_calls(fixture.disk, SIM_RENAMEAT), named); /* no file of keys was made anew */
    (void)findings_none(&fixture);
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
}
END_TEST

START_TEST(where_there_is_none_what_runs_in_the_background_comes_again)
{
    fill();
    for (unsigned key = 0; key < KEYS; key += 2)
        ck_assert_int_eq(fixture_delete(&fixture, name_of(key)), STORE_OK);
    ck_assert(quiet_comes());
    take_all();
    compact();
    struct store_verification verification = {0};
    (void)store_verify(fixture.store, 0, NULL, NULL, &verification);
    ck_assert_uint_eq(verification.flaws, 0);
    sim_disk_heal(fixture.disk);
    uint64_t before = fixture_figures(&fixture).dead_bytes;
    compact();
    ck_assert_uint_lt(fixture_figures(&fixture).dead_bytes, before);
    for (unsigned key = 1; key < KEYS; key += 2)
        expect(key, 0);
    (void)findings_none(&fixture);
}
END_TEST

/* At each file of the first page after a start: what was known stays. */
START_TEST(where_there_is_none_for_a_page_its_runs_stay)
{
    enum store_error error = STORE_IO;
    fill();
    expect_listing();
    ck_assert(background_settles(fixture.store));
    for (unsigned nth = 1; error; nth++) {
        struct page page = {0};
        fixture_close(&fixture);
        fixture_open(&fixture);
        ck_assert(background_settles(fixture.store));
        close_idle_files();
        uint64_t named = sim_disk_calls(fixture.disk, SIM_RENAMEAT);
        sim_disk_fail(fixture.disk, SIM_OPENAT, nth, false, EMFILE);
        error = page_list(fixture.store, &page, "", "", 100);
        ck_assert(error == STORE_OK || error == STORE_IO);
        sim_disk_heal(fixture.disk);
        expect_listing();
        ck_assert(background_settles(fixture.store));
        ck_assert_uint_eq(sim_disk_calls(fixture.disk, SIM_RENAMEAT), named);
    }
}
END_TEST

/* A file system that has met an error gives what it has, and takes nothing. */
START_TEST(what_has_become_read_only_is_read)
{
    struct store_verification verification = {0};
    fill();
    expect_listing();
    ck_assert(background_settles(fixture.store));
    for (int opened = 0; opened < 2; opened++) {
        close_idle_files();
        sim_disk_set_read_only(fixture.disk, true);
        expect_all(0);
        expect_listing();
        ck_assert_int_eq(store_verify(fixture.store, 0, NULL, NULL, &verification), STORE_OK);
        ck_assert(verification.complete);
        ck_assert_uint_eq(verification.flaws, 0);
        sim_disk_set_read_only(fixture.disk, false);
        fixture_close(&fixture); /* and those that a start has found */
        fixture_open(&fixture);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        any_number_of_segments_takes_few,
        it_opens_within_few,
        it_opens_within_few_without_summaries,
        it_is_compacted_within_few,
        what_is_compacted_is_read_by_who_came_before,
        a_page_is_made_of_runs_that_were_merged,
        where_there_is_none_reads_fail_and_damage_nothing,
        where_there_is_none_what_runs_in_the_background_comes_again,
        where_there_is_none_for_a_page_its_runs_stay,
        what_has_become_read_only_is_read,
    };
    return UNIT_RUN_WITH("descriptors", setup, teardown, tests);
}
