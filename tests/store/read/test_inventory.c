/* test_inventory.c - what is known of the runs survives a start, where the log is the one of which it was known. */
#include "store/internal.h"
#include "store/log/tidemark.h"
#include "tests/lib/fixture.h"
#include "tests/lib/numbers.h"
#include "tests/lib/pages.h"
#include "tests/lib/prng.h"
#include "tests/lib/quiet.h"
#include "tests/lib/saved.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* Each segment has keys from everywhere, and there are too few tombstones in sealed ones for anything to be compacted.
 * PART of them are worth an inventory. */
enum { KEYS = 40000, STRIDE = 7, PART = 15000, BRANCH = 1000, SEGMENT = 2 << 20, TURNS = 4 };

static const char path[] = "/data/stores/s/log/inventory";

static struct fixture fixture;
static bool there[KEYS];

static void change(enum store_op_kind kind, unsigned from, unsigned to, unsigned step)
{
    numbers_change(fixture.store, kind, from, to, step, there);
}

static void begin(uint64_t segment)
{
    fixture_start(&fixture, 1);
    fixture.options.segment_size = segment;
    fixture_set_first_segment(&fixture, segment);
    memset(there, 0, sizeof there);
    for (unsigned first = 0; first < STRIDE; first++)
        change(STORE_PUT, first, KEYS, STRIDE);
}

static void setup(void)
{
    begin(SEGMENT);
}

static void teardown(void)
{
    fixture_end(&fixture);
}

static void reopen(void)
{
    fixture_close(&fixture);
    fixture_open(&fixture);
}

static void expect_all(void)
{
    numbers_expect(fixture.store, there, KEYS);
}

/* Has the background do all that there is to do, also where it would wait for more of the log. */
static void work_in_background(void)
{
    ck_assert(quiet_comes());
    catalog_tidy(&fixture.store->catalog);
    ck_assert(quiet_comes());
}

/* The background has written down what it knows. */
static void await_inventory(void)
{
    work_in_background();
    ck_assert(fixture_exists(&fixture, path));
}

/* Deletes PART keys, from one on, and more until all that the background knows of it is written down; how many. */
static unsigned delete_from(unsigned from)
{
    unsigned to = from;
    do {
        change(STORE_DELETE, to, to + PART, 1);
        to += PART;
        work_in_background();
    } while (fixture.store->binder.learnt > 0 && to + PART <= KEYS);
    ck_assert(fixture_exists(&fixture, path));
    return to - from;
}

/* Asks for the first page. */
static void expect_first(unsigned first)
{
    static struct page page;
    page = (struct page){0};
    ck_assert_int_eq(page_list(fixture.store, &page, "", "", 10), STORE_OK);
    ck_assert_uint_eq(strtoul(page.text, NULL, 10), first);
}

/* When it was written. */
static struct timespec written(void)
{
    struct stat status;
    int file = fixture.io->openat(fixture.io->self, AT_FDCWD, path, O_RDONLY, 0);
    ck_assert_int_eq(fixture.io->fstat(fixture.io->self, file, &status), 0);
    fixture.io->close(fixture.io->self, file);
    return status.st_mtim;
}

/* Whether after a start no more has to be learnt than what is too little to be written down. */
static bool start_knows(unsigned gone)
{
    const struct timespec before = written();
    reopen();
    expect_first(gone);
    ck_assert(quiet_comes());
    const struct timespec after = written();
    return before.tv_sec == after.tv_sec && before.tv_nsec == after.tv_nsec;
}

/* At most two starts have the binder merge runs: what is new has to learn, and is written down. */
static void expect_known(unsigned gone)
{
    bool known = false;
    for (int turn = 0; turn < TURNS && !known; turn++)
        known = start_knows(gone);
    ck_assert(known);
    expect_all();
}

/* How many bytes of the last segment are in runs, and how many runs that are: what the inventory has is one. */
static size_t runs_of_last(uint64_t *ret_covered)
{
    struct catalog *catalog = &fixture.store->catalog;
    lock_take(&catalog->lock);
    const struct shelf *last = &catalog->shelves[catalog->count - 1];
    size_t count = last->filed ? 0 : last->count;
    *ret_covered = catalog->inventoried.number == last->last ? catalog->inventoried.covered : 0;
    lock_release(&catalog->lock);
    return count;
}

/* ---- what it is for -------------------------------------------------------------------------- */

START_TEST(what_was_learnt_is_known_after_a_start)
{
    expect_known(delete_from(0));
}
END_TEST

/* A run that was made since is taught. */
START_TEST(what_comes_behind_it_is_learnt_as_ever)
{
    (void)delete_from(0);
    reopen();
    change(STORE_PUT, 0, PART, 2);
    expect_all();
    expect_known(delete_from(0));
}
END_TEST

/* Where it has gone all is learnt again, and written down. */
START_TEST(a_missing_one_is_made_again)
{
    unsigned gone = delete_from(0);
    fixture_close(&fixture);
    fixture_remove(&fixture, path);
    fixture_open(&fixture);
    expect_first(gone);
    await_inventory();
    expect_known(gone);
}
END_TEST

/* What a start has seen of the last segment need not be read once more to know it again: all but a last piece. */
static void expect_tidemark(void)
{
    const struct segment *segment = fixture.store->log.active;
    unsigned char *piece = malloc(TIDEMARK_PIECE);
    uint64_t known, digest = 0, at = tidemark_find(segment->tidemark, segment->used, &known);
    ck_assert_uint_gt(at + TIDEMARK_PIECE, segment->used - SEGMENT_HEADER);
    ck_assert_uint_gt(at, 0);
    for (uint64_t from = 0; from < at; from += TIDEMARK_PIECE) {
        ck_assert_int_eq(segment_read(segment, piece, TIDEMARK_PIECE, from), 0);
        digest = XXH3_64bits_withSeed(piece, TIDEMARK_PIECE, fixture.store->salt ^ digest);
    }
    ck_assert_uint_eq(known, digest);
    free(piece);
}

/* Pages while the log grows: most of the last segment is in it. */
START_TEST(the_last_segment_is_not_sorted_again)
{
    uint64_t covered;
    teardown();
    begin(8 * SEGMENT);
    for (int start = 0; start < 2; start++) {
        expect_all();
        ck_assert(quiet_comes());
        (void)runs_of_last(&covered);
        ck_assert_uint_gt(covered, 2 << 20);
        reopen();
        expect_tidemark();
        expect_all();
        ck_assert_uint_le(runs_of_last(&covered), 2);
        ck_assert_uint_gt(covered, 2 << 20);
    }
}
END_TEST

/* ---- what happens to the file ---------------------------------------------------------------- */

START_TEST(a_damaged_one_is_made_again)
{
    enum { ROUNDS = 6 };
    (void)delete_from(0);
    for (unsigned round = 0; round < ROUNDS; round++) {
        size_t size = fixture_file_size(&fixture, path);
        const size_t positions[ROUNDS] = {3, 7, 30, 70, size / 2, size - 1};
        fixture_close(&fixture);
        fixture_flip(&fixture, path, positions[round]);
        fixture_open(&fixture);
        expect_all();
        await_inventory();
        expect_all();
    }
}
END_TEST

START_TEST(a_cut_one_is_made_again)
{
    (void)delete_from(0);
    for (unsigned share = 0; share < 3; share++) {
        fixture_close(&fixture);
        fixture_resize_file(&fixture, path, fixture_file_size(&fixture, path) * share / 3);
        fixture_open(&fixture);
        expect_all();
        await_inventory();
    }
}
END_TEST

/* What comes behind it is made one run with what is in it, before any page looks into it. */
START_TEST(a_damaged_one_keeps_no_page_away_when_the_log_goes_on)
{
    teardown();
    begin(8 * SEGMENT);
    expect_all();
    await_inventory();
    fixture_close(&fixture);
    fixture_flip(&fixture, path, fixture_file_size(&fixture, path) / 4);
    fixture_open(&fixture);
    change(STORE_DELETE, 0, PART, 1);
    expect_all();
    await_inventory();
    expect_all();
}
END_TEST

/* ---- another log ----------------------------------------------------------------------------- */

/* Begins two histories in one segment. What is in log/ is saved. */
static size_t begin_histories(struct saved ret_files[SAVED_MAX], bool *ret_there)
{
    teardown();
    begin(8 * SEGMENT);
    change(STORE_DELETE, KEYS - 2 * BRANCH, KEYS, 1);
    expect_all();
    ck_assert(quiet_comes());
    fixture_close(&fixture);
    memcpy(ret_there, there, sizeof there);
    return saved_take(&fixture, "", ret_files);
}

/* Goes on in the one: some keys come, and many go, as many as in the other. */
static void go_on(unsigned coming, unsigned going)
{
    fixture_open(&fixture);
    change(STORE_PUT, coming, coming + BRANCH, 1);
    (void)delete_from(going);
    fixture_close(&fixture);
}

/* Goes back to where they begin. */
static void go_back(const struct saved *files, size_t count, const bool *before)
{
    saved_remove_others(&fixture, files, count);
    fixture_remove(&fixture, "/data/stores/s/reach");
    saved_put_back(&fixture, files, count);
    memcpy(there, before, sizeof there);
}

/* What is known of one history hides nothing of the other, which has the same lengths. */
START_TEST(one_of_another_history_is_not_believed)
{
    static struct saved files[SAVED_MAX], known[SAVED_MAX];
    static bool before[KEYS];
    size_t count = begin_histories(files, before);
    go_on(KEYS - 2 * BRANCH, 0);
    ck_assert_uint_eq(saved_take(&fixture, "inventory", known), 1);
    go_back(files, count, before);
    go_on(KEYS - BRANCH, KEYS / 2);
    saved_put_back(&fixture, known, 1);
    fixture_open(&fixture);
    expect_all();
}
END_TEST

/* It knows of deletions that the log of an older day does not have. */
START_TEST(one_of_a_longer_log_is_not_believed)
{
    static struct saved files[SAVED_MAX], known[SAVED_MAX];
    static bool before[KEYS];
    size_t count = begin_histories(files, before);
    go_on(KEYS - 2 * BRANCH, 0);
    ck_assert_uint_eq(saved_take(&fixture, "inventory", known), 1);
    go_back(files, count, before);
    saved_put_back(&fixture, known, 1);
    fixture_open(&fixture);
    expect_all();
}
END_TEST

/* ---- what the disk does ---------------------------------------------------------------------- */

START_TEST(calls_that_fail_keep_no_page_away)
{
    static const enum sim_call calls[] = {SIM_OPENAT, SIM_DUP, SIM_PREAD, SIM_PWRITE, SIM_FDATASYNC, SIM_RENAMEAT};
    (void)delete_from(0);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        fixture_close(&fixture);
        if (fixture_exists(&fixture, path))
            fixture_remove(&fixture, path);
        fixture_open(&fixture);
        sim_disk_fail(fixture.disk, calls[i], 1 + i, false, EIO);
        ck_assert(quiet_comes());
        sim_disk_heal(fixture.disk);
        expect_all();
    }
}
END_TEST

/* While it is written, and while a page reads it. */
START_TEST(a_power_cut_at_any_call_loses_no_page)
{
    static struct page page;
    (void)delete_from(0);
    for (unsigned calls = 1; calls < 100; calls += calls < 40 ? 9 : 23) {
        fixture_close(&fixture);
        if (calls % 2 == 0 && fixture_exists(&fixture, path))
            fixture_remove(&fixture, path);
        fixture_open(&fixture);
        sim_disk_cut_after(fixture.disk, calls);
        page = (struct page){0};
        (void)page_list(fixture.store, &page, "", "", 10); /* it has the binder begin */
        ck_assert(quiet_comes());
        fixture_cut(&fixture, calls);
        fixture_open(&fixture);
        expect_all();
    }
}
END_TEST

/* ---- anything ---------------------------------------------------------------------------------- */

/* Ranges that come and go, in order and in none, over starts of both kinds. */
START_TEST(listings_are_right_over_starts)
{
    enum { ROUNDS = 8 };
    struct prng prng = prng_of(11);
    for (unsigned round = 0; round < ROUNDS; round++) {
        enum store_op_kind kind = prng_one_in(&prng, 2) ? STORE_DELETE : STORE_PUT;
        unsigned from = (unsigned)prng_below(&prng, KEYS), step = 1 + (unsigned)prng_below(&prng, 3);
        change(kind, from, from + (unsigned)prng_below(&prng, KEYS - from + 1), step);
        if (prng_one_in(&prng, 2))
            ck_assert(quiet_comes());
        if (prng_one_in(&prng, 3))
            expect_all();
        fixture_stop(&fixture, prng_one_in(&prng, 2));
        fixture_open(&fixture);
        expect_all();
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_was_learnt_is_known_after_a_start,
        what_comes_behind_it_is_learnt_as_ever,
        the_last_segment_is_not_sorted_again,
        a_missing_one_is_made_again,
        a_damaged_one_is_made_again,
        a_cut_one_is_made_again,
        a_damaged_one_keeps_no_page_away_when_the_log_goes_on,
        one_of_another_history_is_not_believed,
        one_of_a_longer_log_is_not_believed,
        calls_that_fail_keep_no_page_away,
        a_power_cut_at_any_call_loses_no_page,
        listings_are_right_over_starts,
    };
    return UNIT_RUN_WITH("inventory", setup, teardown, tests);
}
