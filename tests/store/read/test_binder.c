/* test_binder.c - many runs become few, whatever happens meanwhile, and listings show what there is. */
#include "tests/lib/fixture.h"
#include "tests/lib/pages.h"
#include "tests/lib/prng.h"
#include "tests/lib/quiet.h"
#include "tests/lib/saved.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEGMENTS = 8, KEYS = 8009, STRIDE = 1009, TEXT = 32, SIZE = 300, SEGMENT = 64 << 10, FEW = 100, TURNS = 20 };

static struct fixture fixture;

static bool there[KEYS];
static unsigned next; /* how many were put: each segment has keys from everywhere */

static void setup(void)
{
    fixture_start(&fixture, 1);
    fixture_close(&fixture);
    fixture.options.segment_size = SEGMENT;
    fixture.options.first_segment = SEGMENT;
    fixture_open(&fixture);
    memset(there, 0, sizeof there);
    next = 0;
}

static void teardown(void)
{
    fixture_end(&fixture);
}

static const char *key_of(unsigned number)
{
    static char key[TEXT];
    (void)snprintf(key, sizeof key, "k%04u", number);
    return key;
}

static void put_next(void)
{
    static char payload[SIZE];
    unsigned number = next++ * STRIDE % KEYS;
    ck_assert_msg(next < KEYS, "%u puts made %llu segments", next,
                  (unsigned long long)fixture_figures(&fixture).segments);
    ck_assert_int_eq(fixture_put(&fixture, key_of(number), payload, sizeof payload), STORE_OK);
    there[number] = true;
}

static void delete (unsigned number)
{
    if (there[number])
        ck_assert_int_eq(fixture_delete(&fixture, key_of(number)), STORE_OK);
    there[number] = false;
}

static void fill(unsigned segments)
{
    while (fixture_figures(&fixture).segments <= segments)
        put_next();
}

/* What a listing must be. */
static const char *expected(void)
{
    static char text[1 << 16];
    size_t length = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < KEYS; i++)
        if (there[i])
            length += (size_t)snprintf(text + length, sizeof text - length, "%s ", key_of(i));
    return text;
}

/* Tells where they begin to differ: all of both would be too long for a message. */
static void expect_listing(void)
{
    const char *seen = pages_all(fixture.store, "", "", 100), *right = expected();
    size_t at = 0;
    while (seen[at] && seen[at] == right[at])
        at++;
    ck_assert_msg(seen[at] == right[at], "at %zu: \"%.40s\" and not \"%.40s\"", at, seen + at, right + at);
}

/* ---- the files ------------------------------------------------------------------------------- */

static char merged[64]; /* the path of the last of them */

/* How many files of keys there are. */
static unsigned count_files(void)
{
    unsigned count = 0;
    int folder = fixture.io->openat(fixture.io->self, AT_FDCWD, "/data/stores/s/log", O_RDONLY | O_DIRECTORY, 0);
    char *names = fixture.io->list(fixture.io->self, folder);
    fixture.io->close(fixture.io->self, folder);
    for (const char *name = names; *name; name += strlen(name) + 1) {
        if (!strstr(name, ".keys"))
            continue;
        (void)snprintf(merged, sizeof merged, "/data/stores/s/log/%s", name);
        count++;
    }
    free(names);
    return count;
}

static void fill_and_bind(void)
{
    fill(SEGMENTS);
    expect_listing();
    ck_assert(quiet_comes());
}

static void reopen(void)
{
    fixture_close(&fixture);
    fixture_open(&fixture);
}

static uint64_t reads_of_a_page(void)
{
    static struct page page;
    ck_assert(quiet_comes()); /* what goes on in the background reads, too */
    uint64_t before = sim_disk_calls(fixture.disk, SIM_PREAD);
    page = (struct page){0};
    ck_assert_int_eq(page_list(fixture.store, &page, "k2000", "", 10), STORE_OK);
    return sim_disk_calls(fixture.disk, SIM_PREAD) - before;
}

START_TEST(many_segments_become_few_runs)
{
    fill_and_bind();
    ck_assert_uint_eq(count_files(), 1);
    ck_assert_uint_le(reads_of_a_page(), 2);
    expect_listing();
    reopen();
    expect_listing();
    ck_assert(quiet_comes());
    ck_assert_uint_eq(count_files(), 1);
    ck_assert_uint_le(reads_of_a_page(), 2);
}
END_TEST

/* Each new segment comes to few others, however many there have been. */
START_TEST(runs_stay_few_while_segments_come)
{
    fill_and_bind();
    for (unsigned segments = SEGMENTS + 1; segments <= SEGMENTS + 5; segments++) {
        fill(segments);
        expect_listing();
        ck_assert(quiet_comes());
        ck_assert_uint_le(count_files(), 4);
    }
    ck_assert_uint_le(reads_of_a_page(), 5);
    expect_listing();
}
END_TEST

/* What has ended them must be in a sealed segment: so a run follows from its sources. */
START_TEST(dead_entries_are_taken_out)
{
    fill_and_bind();
    count_files();
    uint64_t size = fixture_file_size(&fixture, merged), objects = fixture_figures(&fixture).objects;
    for (unsigned i = 0; i < KEYS; i += 3)
        delete (i);
    fill((unsigned)fixture_figures(&fixture).segments);
    for (int turn = 0; turn < 2 || (turn < TURNS && count_files() > 1); turn++) { /* compaction may come in between */
        expect_listing();
        ck_assert(quiet_comes());
    }
    ck_assert_uint_eq(count_files(), 1);
    /* An object takes about as much of it as before; with the dead ones it would be half as much again. */
    size = size * fixture_figures(&fixture).objects / objects;
    ck_assert_uint_lt(fixture_file_size(&fixture, merged), size * 6 / 5);
    reopen();
    expect_listing();
}
END_TEST

/* ---- what happens to a file ------------------------------------------------------------------ */

/* In the header, in blocks, in what stands behind them; while the store is open, in blocks: nothing else is read. */
START_TEST(a_damaged_run_is_made_again)
{
    enum { CLOSED = 6, ROUNDS = 8 };
    fill_and_bind();
    for (unsigned round = 0; round < ROUNDS; round++) {
        ck_assert_uint_ge(count_files(), 1);
        size_t size = fixture_file_size(&fixture, merged);
        const size_t positions[] = {3, 60, 100, size / 2, size - 40, size - 1};
        if (round < CLOSED)
            fixture_close(&fixture);
        fixture_flip(&fixture, merged, positions[round < CLOSED ? round : round - CLOSED + 2]);
        if (round < CLOSED)
            fixture_open(&fixture);
        expect_listing();
        ck_assert(quiet_comes());
        expect_listing();
    }
    struct store_verification verification;
    ck_assert_int_eq(store_verify(fixture.store, 0, NULL, NULL, &verification), STORE_OK);
    ck_assert_uint_eq(verification.flaws, 0);
}
END_TEST

START_TEST(a_cut_run_is_made_again)
{
    fill_and_bind();
    for (unsigned share = 0; share < 4; share++) {
        ck_assert_uint_ge(count_files(), 1);
        fixture_close(&fixture);
        fixture_resize_file(&fixture, merged, fixture_file_size(&fixture, merged) * share / 4);
        fixture_open(&fixture);
        expect_listing();
        ck_assert(quiet_comes());
    }
}
END_TEST

/* A crash between the naming of a run and the end of those that it was made of. */
START_TEST(what_was_merged_already_goes)
{
    static const char path[] = "/data/stores/s/log/0000000000000003.keys";
    size_t size;
    fill(3);
    expect_listing();
    uint8_t *bytes = fixture_read_file(&fixture, path, &size);
    fill(SEGMENTS);
    expect_listing();
    ck_assert(quiet_comes());
    ck_assert(!fixture_exists(&fixture, path));
    fixture_close(&fixture);
    int file = fixture.io->openat(fixture.io->self, AT_FDCWD, path, O_WRONLY | O_CREAT, 0600);
    fixture.io->close(fixture.io->self, file);
    fixture_write_file(&fixture, path, bytes, size, 0);
    free(bytes);
    fixture_open(&fixture);
    expect_listing();
    ck_assert(!fixture_exists(&fixture, path));
}
END_TEST

/* The run knows of deletions that the log of an older day does not have. */
START_TEST(a_run_of_a_longer_log_is_not_believed)
{
    static bool before[KEYS];
    static char last[64];
    size_t size;
    fill_and_bind();
    strcpy(last, fixture_segment(&fixture));
    fixture_close(&fixture);
    uint8_t *bytes = fixture_read_file(&fixture, last, &size);
    fixture_open(&fixture);
    memcpy(before, there, sizeof there);
    for (unsigned i = 0; i < KEYS; i += FEW) /* so few that nothing is compacted */
        delete (i);
    fill((unsigned)fixture_figures(&fixture).segments);
    expect_listing();
    ck_assert(quiet_comes()); /* now it lacks what was deleted */
    fixture_close(&fixture);
    ck_assert(count_files() > 0);
    while (strcmp(fixture_segment(&fixture), last) != 0)
        fixture_remove(&fixture, fixture_segment(&fixture));
    fixture_remove(&fixture, "/data/stores/s/reach");
    fixture_write_file(&fixture, last, bytes, size, 0);
    fixture_resize_file(&fixture, last, size);
    free(bytes);
    memcpy(there, before, sizeof there);
    for (int start = 0; start < 2; start++) {
        fixture_open(&fixture);
        expect_listing();
        fixture_close(&fixture);
    }
    fixture_open(&fixture);
}
END_TEST

/* ---- two histories --------------------------------------------------------------------------- */

enum { BRANCH = 700 };

/* A history: the same lengths, whatever the letter. */
static void go_on(const char *letter)
{
    static char payload[SIZE];
    char key[TEXT];
    for (unsigned i = 0; i < BRANCH; i++) {
        (void)snprintf(key, sizeof key, "%s%04u", letter, i);
        ck_assert_int_eq(fixture_put(&fixture, key, payload, sizeof payload), STORE_OK);
    }
}

/* A copy of a folder goes on in two ways: the runs of the one beside the segments of the other, which have the same
 * names and may have the same lengths. */
START_TEST(a_run_of_another_history_is_not_believed)
{
    static struct saved segments[SAVED_MAX], keys[SAVED_MAX];
    fill(2);
    fixture_close(&fixture);
    size_t count = saved_take(&fixture, ".seg", segments);
    fixture_open(&fixture);
    go_on("a");
    (void)pages_all(fixture.store, "", "", 100);
    ck_assert(quiet_comes());
    fixture_close(&fixture);
    size_t key_count = saved_take(&fixture, ".keys", keys);
    ck_assert_uint_gt(key_count, 0);
    saved_remove_others(&fixture, segments, 0);
    fixture_remove(&fixture, "/data/stores/s/reach");
    saved_put_back(&fixture, segments, count);
    fixture_open(&fixture);
    go_on("b");
    fixture_close(&fixture);
    saved_put_back(&fixture, keys, key_count);
    fixture_open(&fixture);
    ck_assert_uint_eq(fixture_figures(&fixture).objects, next + BRANCH);
    ck_assert_ptr_null(strstr(pages_all(fixture.store, "", "", 100), "a0"));
    const char *listed = pages_all(fixture.store, "b", "", 100);
    for (unsigned i = 0; i < BRANCH; i++) {
        char key[TEXT];
        (void)snprintf(key, sizeof key, "b%04u ", i);
        ck_assert_msg(strstr(listed, key), "%s is missing", key);
    }
}
END_TEST

/* ---- what the disk does ---------------------------------------------------------------------- */

START_TEST(a_full_disk_keeps_no_page_away)
{
    fill(SEGMENTS);
    sim_disk_set_free(fixture.disk, 0);
    expect_listing();
    ck_assert(quiet_comes());
    expect_listing();
    sim_disk_set_free(fixture.disk, UINT64_MAX);
    expect_listing();
    reopen();
    expect_listing();
}
END_TEST

START_TEST(calls_that_fail_keep_no_page_away)
{
    static const enum sim_call calls[] = {SIM_PWRITE, SIM_FDATASYNC, SIM_RENAMEAT, SIM_UNLINKAT};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        teardown();
        setup();
        fill(SEGMENTS);
        sim_disk_fail(fixture.disk, calls[i], 1 + i, true, EIO);
        expect_listing();
        ck_assert(quiet_comes());
        expect_listing();
        sim_disk_heal(fixture.disk);
        reopen();
        expect_listing();
    }
}
END_TEST

START_TEST(a_power_cut_at_any_call_loses_no_page)
{
    static struct page page;
    fill(SEGMENTS);
    for (unsigned calls = 1; calls < 240; calls += calls < 60 ? 7 : 19) {
        sim_disk_cut_after(fixture.disk, calls);
        page = (struct page){0};
        (void)page_list(fixture.store, &page, "", "", 10); /* it has the binder begin */
        ck_assert(quiet_comes());
        fixture_cut(&fixture, calls);
        fixture_open(&fixture);
        expect_listing();
        fixture_close(&fixture);
        if (calls % 2 == 0 && count_files() > 0)
            fixture_remove(&fixture, merged);
        fixture_open(&fixture);
    }
}
END_TEST

/* ---- while everything changes ---------------------------------------------------------------- */

static atomic_bool paged; /* the pager has come to its end */

/* Overwrites and deletes all odd keys, again and again: segments are sealed, compacted and merged meanwhile. */
static void *churn(void *arg)
{
    static char payload[SIZE];
    struct prng prng = prng_of(3);
    (void)arg;
    while (!atomic_load(&paged)) {
        unsigned number = (unsigned)prng_below(&prng, KEYS / 2) * 2 + 1;
        enum store_error error = prng_one_in(&prng, 3) ? fixture_delete(&fixture, key_of(number))
                                                       : fixture_put(&fixture, key_of(number), payload, sizeof payload);
        ck_assert_int_eq(error, STORE_OK);
    }
    return NULL;
}

/* Whether each even key is on the pages just once, and all are in order. */
static void expect_even(char *text)
{
    unsigned even = 0;
    int before = -1;
    for (const char *key = strtok(text, " "); key; key = strtok(NULL, " ")) {
        int number = atoi(key + 1);
        ck_assert_int_gt(number, before);
        even += number % 2 == 0;
        before = number;
    }
    ck_assert_uint_eq(even, KEYS / 2 + 1);
}

START_TEST(pages_have_what_stands_all_the_time)
{
    enum { ROUNDS = 25 };
    static struct page page;
    static char payload[SIZE];
    pthread_t thread;
    for (unsigned i = 0; i < KEYS; i += 2) {
        unsigned number = i * STRIDE % (KEYS + 1) / 2 * 2; /* even ones, in no order */
        ck_assert_int_eq(fixture_put(&fixture, key_of(number), payload, sizeof payload), STORE_OK);
    }
    for (unsigned i = 0; i < KEYS; i += 2)
        ck_assert_int_eq(fixture_put(&fixture, key_of(i), payload, 10), STORE_OK);
    atomic_store(&paged, false);
    ck_assert_int_eq(pthread_create(&thread, NULL, churn, NULL), 0);
    for (unsigned round = 0; round < ROUNDS; round++) {
        page = (struct page){0};
        do {
            ck_assert_int_eq(page_list(fixture.store, &page, "", "", 50 + round * 20), STORE_OK);
        } while (page.cursor_length > 0);
        expect_even(page.text);
    }
    atomic_store(&paged, true);
    pthread_join(thread, NULL);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        many_segments_become_few_runs,
        runs_stay_few_while_segments_come,
        dead_entries_are_taken_out,
        a_damaged_run_is_made_again,
        a_cut_run_is_made_again,
        what_was_merged_already_goes,
        a_run_of_a_longer_log_is_not_believed,
        a_run_of_another_history_is_not_believed,
        a_full_disk_keeps_no_page_away,
        calls_that_fail_keep_no_page_away,
        a_power_cut_at_any_call_loses_no_page,
        pages_have_what_stands_all_the_time,
    };
    return UNIT_RUN_WITH("binder", setup, teardown, tests);
}
