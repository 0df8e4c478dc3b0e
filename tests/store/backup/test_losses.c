/* test_losses.c - what the source of a backup has lost, or has damaged, and the backup has: it stays there, and each
 * run tells of it.
 */
#include "tests/lib/fixture.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILLER_SIZE = 500, SEGMENTS_MAX = 8, SEGMENTS = 4 };

FIXTURE_OF_EACH_TEST

static unsigned objects; /* in the store */

static struct {
    struct backup_store store; /* what was told of it last */
    char name[64];             /* its name */
    size_t flaws;
    size_t kept;
    enum store_flaw_kind kind; /* of the last */
    char key[64];
} seen;

static void told(void *arg, const struct backup_store *store)
{
    (void)arg;
    seen.store = *store;
    snprintf(seen.name, sizeof seen.name, "%s", store->name);
}

static void flaw(void *arg, const char *store, const struct store_flaw *found, bool kept)
{
    (void)arg;
    ck_assert_str_eq(store, "s");
    seen.flaws++;
    seen.kept += kept;
    seen.kind = found->kind;
    snprintf(seen.key, sizeof seen.key, "%.*s", (int)found->key_length, found->key ? (const char *)found->key : "");
}

static enum store_error copy_from(const char *from, bool as_it_is)
{
    const struct backup_options options = {.io = fixture.io, .as_it_is = as_it_is, .told = told, .flaw = flaw};
    memset(&seen, 0, sizeof seen);
    enum store_error error = backup_make(from, "/copy", &options, NULL);
    ck_assert_uint_eq(seen.flaws, seen.store.flaws);
    return error ? error : seen.store.error;
}

/* A run that finds so many flaws, of which the copy has all. */
static void expect_kept(size_t flaws)
{
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
    ck_assert_uint_eq(seen.flaws, flaws);
    ck_assert_uint_eq(seen.kept, flaws);
}

static void expect_flaws(const char *folder, uint64_t flaws)
{
    struct depot_options options = fixture.options;
    struct depot *depot;
    struct store *store;
    struct store_verification verification;
    struct store_figures figures;
    options.read_only = true;
    ck_assert_int_eq(depot_open(folder, &options, &depot, NULL), STORE_OK);
    ck_assert_int_eq(depot_acquire(depot, "s", &store, NULL), STORE_OK);
    ck_assert_int_eq(store_verify(store, 0, NULL, NULL, &verification), STORE_OK);
    ck_assert(verification.complete);
    ck_assert_uint_eq(verification.flaws, flaws);
    store_figures(store, &figures);
    ck_assert_uint_eq(figures.objects, objects);
    depot_release(store);
    depot_close(depot);
}

/* ---- the source ------------------------------------------------------------------------------ */

static const char *segment_path(const char *folder, unsigned number)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/stores/s/log/%016x.seg", folder, number);
    return path;
}

static unsigned last_segment(void)
{
    unsigned number = SEGMENTS_MAX;
    while (number > 0 && !fixture_exists(&fixture, segment_path("/data", number)))
        number--;
    return number;
}

/* Several segments and two large objects; nobody has it open afterwards. */
static void fill(void)
{
    static char filler[FILLER_SIZE];
    fixture_must_upload(&fixture, "large");
    memset(filler, 'f', sizeof filler - 1);
    for (objects = 2; last_segment() < SEGMENTS; objects++) {
        char key[16];
        snprintf(key, sizeof key, "k%03u", objects);
        fixture_must_put(&fixture, key, filler);
    }
    fixture_must_upload(&fixture, "other");
    fixture_close(&fixture);
}

/* So that nobody takes the store for unchanged. */
static void write_more(void)
{
    fixture_open(&fixture);
    fixture_must_put(&fixture, "k002", "more");
    fixture_close(&fixture);
}

/* Changes bytes the way that whoever writes into a file does: its time is another one then. */
static void scribble(const char *path, size_t position)
{
    const struct io *io = fixture.io;
    fixture_flip(&fixture, path, position);
    int file = io->openat(io->self, AT_FDCWD, path, O_RDWR, 0);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(io->set_written(io->self, file, &(struct timespec){.tv_sec = 1}), 0);
    io->close(io->self, file);
}

static const char large_path[] = "/data/stores/s/blobs/0000000000000001.blob";

static void remove_large(void)
{
    fixture_remove(&fixture, large_path);
}

static void shorten_large(void)
{
    fixture_resize_file(&fixture, large_path, 17);
}

static void scribble_large(void)
{
    scribble(large_path, 99);
}

static void put_folder(void)
{
    fixture_remove(&fixture, large_path);
    ck_assert_int_eq(fixture.io->mkdirat(fixture.io->self, AT_FDCWD, large_path, 0700), 0);
}

static const struct {
    void (*act)(void);
    enum store_flaw_kind kind;
} harms[] = {{remove_large, STORE_FLAW_MISSING},
             {shorten_large, STORE_FLAW_BLOB},
             {put_folder, STORE_FLAW_MISSING},
             {scribble_large, STORE_FLAW_BLOB}};

/* ---- large objects --------------------------------------------------------------------------- */

/* Each run tells of it, whether something was written since or not. */
START_TEST(a_large_object_that_is_lost_stays_in_the_copy)
{
    fill();
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
    harms[_i].act();
    for (int i = 0; i < 4; i++) {
        if (i % 2)
            write_more();
        expect_kept(1);
        ck_assert_int_eq(seen.kind, harms[_i].kind);
        ck_assert_str_eq(seen.key, "large");
        expect_flaws("/copy", 0);
    }
}
END_TEST

START_TEST(one_that_the_copy_never_had_is_told_of)
{
    fill();
    harms[_i].act();
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
    ck_assert_uint_eq(seen.flaws, 1);
    ck_assert_uint_eq(seen.kept, 0);
    ck_assert_str_eq(seen.key, "large");
    expect_flaws("/copy", 1);
}
END_TEST

START_TEST(one_that_nobody_needs_any_more_is_no_flaw)
{
    fill();
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
    fixture_open(&fixture);
    ck_assert_int_eq(fixture_delete(&fixture, "large"), STORE_OK);
    while (fixture_exists(&fixture, large_path))
        continue;
    fixture_must_put(&fixture, "large", "small by now");
    fixture_close(&fixture);
    expect_kept(0);
    ck_assert(!fixture_exists(&fixture, "/copy/stores/s/blobs/0000000000000001.blob"));
    expect_flaws("/copy", 0);
}
END_TEST

/* A copy of it in its store has the same file. */
START_TEST(one_that_another_object_needs_is_a_flaw)
{
    fill();
    fixture_open(&fixture);
    fixture_must_copy(&fixture, "large", "k003");
    ck_assert_int_eq(fixture_delete(&fixture, "large"), STORE_OK);
    fixture_must_put(&fixture, "large", "small by now");
    fixture_close(&fixture);
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
    remove_large();
    expect_kept(1);
    ck_assert_str_eq(seen.key, "k003");
    expect_flaws("/copy", 0);
}
END_TEST

/* Who copies a folder without its times has not changed it. */
START_TEST(another_time_of_the_same_bytes_is_no_flaw)
{
    fill();
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
    scribble_large();
    scribble_large();
    expect_kept(0);
    expect_kept(0);
    ck_assert(seen.store.unchanged);
}
END_TEST

/* One that was brought back at the source. */
START_TEST(what_comes_back_is_taken)
{
    fill();
    remove_large();
    for (int i = 0; i < 2; i++) { /* it is told each time */
        ck_assert_int_eq(copy_from("/data", false), STORE_OK);
        ck_assert_uint_eq(seen.flaws, 1);
    }
    fixture_write_file(&fixture, large_path, fixture_large(), FIXTURE_LARGE, 0);
    expect_kept(0);
    expect_flaws("/copy", 0);
    expect_kept(0);
    ck_assert(seen.store.unchanged);
}
END_TEST

START_TEST(a_folder_that_is_missing_is_told)
{
    static const char *const parts[] = {"/data/stores/s/blobs", "/data/stores/s/log", "/data/stores/s/settings"};
    const struct io *io = fixture.io;
    fill();
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
    ck_assert_int_eq(io->renameat(io->self, AT_FDCWD, parts[_i], AT_FDCWD, "/moved"), 0);
    ck_assert_int_ne(copy_from("/data", false), STORE_OK);
    ck_assert_str_eq(seen.name, "s");
    expect_flaws("/copy", 0);
    ck_assert_int_eq(io->renameat(io->self, AT_FDCWD, "/moved", AT_FDCWD, parts[_i]), 0);
    expect_kept(0);
}
END_TEST

/* ---- the log --------------------------------------------------------------------------------- */

static void scribble_segment(void)
{
    scribble(segment_path("/data", 2), 64 + 1200);
}

static void scribble_header(void)
{
    scribble(segment_path("/data", 2), 24);
}

static void shorten_segment(void)
{
    fixture_resize_file(&fixture, segment_path("/data", 2), 64 + 1200);
}

static void empty_segment(void)
{
    fixture_resize_file(&fixture, segment_path("/data", 2), 0);
}

static void lose_segment(void)
{
    fixture_remove(&fixture, segment_path("/data", 2));
}

static void scribble_first(void)
{
    scribble(segment_path("/data", 1), 64 + 400);
}

static void (*const damages[])(void) = {scribble_segment, scribble_header, shorten_segment,
                                        empty_segment,    lose_segment,    scribble_first};

START_TEST(a_damaged_segment_does_not_take_the_place_of_a_whole_one)
{
    fill();
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
    damages[_i]();
    for (int i = 0; i < 3; i++) { /* it is told each time */
        ck_assert_int_eq(copy_from("/data", false), STORE_OK);
        ck_assert_uint_ge(seen.flaws, 1);
        ck_assert_uint_eq(seen.kept, seen.flaws);
        expect_flaws("/copy", 0);
    }
}
END_TEST

/* Runs that are cut short one after the other, each somewhere else: the copy is whole behind each. */
START_TEST(what_is_mended_is_whole_wherever_a_run_ends)
{
    enum { STRIDE = 23 };
    fill();
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
    scribble_segment();
    remove_large();
    uint64_t before = sim_disk_calls(fixture.disk, SIM_ANY);
    expect_kept(2);
    uint64_t calls = sim_disk_calls(fixture.disk, SIM_ANY) - before;
    for (uint64_t nth = 1; nth <= calls; nth += STRIDE) {
        if (_i == 0)
            sim_disk_fail(fixture.disk, SIM_ANY, nth, false, EIO);
        else
            sim_disk_cut_after(fixture.disk, nth);
        (void)copy_from("/data", false);
        if (_i == 0)
            sim_disk_heal(fixture.disk);
        else
            sim_disk_reboot(fixture.disk, nth);
        expect_flaws("/copy", 0);
    }
    ck_assert_int_eq(copy_from("/data", false), STORE_OK); /* a cut may have brought the large object back */
    ck_assert_uint_ge(seen.kept, 1);
    ck_assert_uint_eq(seen.kept, seen.flaws);
    expect_flaws("/copy", 0);
    ck_assert_uint_eq(sim_disk_open_files(fixture.disk), 0);
}
END_TEST

/* What was written since is in the copy as well. */
START_TEST(a_segment_that_was_damaged_while_it_grew_is_mended)
{
    fixture_must_put(&fixture, "old", "the payload of old");
    fill();
    fixture_open(&fixture);
    ck_assert_int_eq(fixture_delete(&fixture, "old"), STORE_OK);
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
    fixture_must_put(&fixture, "k002", "written since");
    fixture_stop(&fixture, true);
    const char *path = segment_path("/data", last_segment());
    scribble(path, fixture_find(&fixture, path, "other", 5)); /* of the record in front of the deletion */
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
    ck_assert_uint_ge(seen.flaws, 1);
    ck_assert_uint_eq(seen.kept, seen.flaws);
    expect_flaws("/copy", 0);
}
END_TEST

START_TEST(damage_of_what_the_copy_never_had_is_copied_and_told)
{
    fill();
    damages[_i]();
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
    ck_assert_uint_eq(seen.kept, 0);
    if (damages[_i] != lose_segment) /* a start tells of that, and a check of the copy */
        ck_assert_uint_ge(seen.flaws, 1);
}
END_TEST

START_TEST(as_it_is_takes_the_damage)
{
    fill();
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
    scribble_segment();
    remove_large();
    ck_assert_int_eq(copy_from("/data", true), STORE_OK);
    ck_assert_uint_ge(seen.flaws, 2);
    ck_assert_uint_eq(seen.kept, 0);
}
END_TEST

/* ---- the end of the log ------------------------------------------------------------------------ */

START_TEST(a_log_that_has_lost_its_end_does_not_take_the_place_of_its_copy)
{
    fill();
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
    const char *path = segment_path("/data", last_segment());
    if (_i == 0)
        fixture_remove(&fixture, path);
    else
        fixture_resize_file(&fixture, path, 64);
    ck_assert_int_eq(copy_from("/data", false), STORE_GONE);
    ck_assert_ptr_nonnull(strstr(seen.store.why, "--replace"));
    expect_flaws("/copy", 0);
    ck_assert_int_eq(copy_from("/data", true), STORE_OK);
}
END_TEST

/* Also when a start has not noticed it, and the log has gone on in another segment. */
START_TEST(what_goes_on_behind_a_lost_end_does_not_hide_it)
{
    static const char zeros[4000];
    fill();
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
    const char *path = segment_path("/data", last_segment());
    size_t from = fixture_find(&fixture, path, "other", 5) - 88;
    fixture_write_file(&fixture, path, zeros,
                       fixture_file_size(&fixture, path) - from < sizeof zeros
                           ? fixture_file_size(&fixture, path) - from
                           : sizeof zeros,
                       from);
    fixture_remove(&fixture, "/data/stores/s/reach");
    write_more();
    ck_assert_int_eq(copy_from("/data", false), STORE_GONE);
    expect_flaws("/copy", 0);
}
END_TEST

START_TEST(a_folder_that_was_brought_back_does_not_take_the_place_of_what_is_newer)
{
    const struct backup_options restore = {.io = fixture.io, .restore = true};
    fill();
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
    ck_assert_int_eq(backup_make("/copy", "/older", &restore, NULL), STORE_OK);
    write_more();
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
    ck_assert_int_eq(copy_from("/older", false), STORE_GONE);
    expect_flaws("/copy", 0);
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
}
END_TEST

/* ---- another source ---------------------------------------------------------------------------- */

START_TEST(another_source_does_not_take_the_place_of_the_one_that_was_copied)
{
    const struct backup_options options = {.io = fixture.io, .any_source = true};
    struct store_detail detail;
    struct depot *depot;
    bool created;
    fill();
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
    ck_assert_int_eq(depot_open("/anew", &fixture.options, &depot, NULL), STORE_OK);
    for (int i = 0; i < 2; i++) { /* without a store, and with one of that name */
        ck_assert_int_eq(backup_make("/anew", "/copy", &(struct backup_options){.io = fixture.io}, &detail),
                         STORE_FOREIGN);
        ck_assert_ptr_nonnull(strstr(detail.text, "is the backup of another source"));
        ck_assert_int_eq(depot_create(depot, "s", &created, NULL), STORE_OK);
    }
    expect_flaws("/copy", 0);
    ck_assert_int_eq(backup_make("/anew", "/copy", &options, NULL), STORE_OK);
    depot_close(depot);
}
END_TEST

START_TEST(one_within_the_other_is_refused)
{
    static const char *const targets[] = {"/data/copy", "/data/stores/../copy/deep", "/data", "/"};
    static const char *const words[] = {"lies in the folder", "lies in the folder", "is the folder",
                                        "in which the one"};
    struct store_detail detail;
    fill();
    const struct backup_options options = {.io = fixture.io, .restore = _i % 2};
    ck_assert_int_eq(backup_make("/data", targets[_i / 2], &options, &detail), STORE_FOREIGN);
    ck_assert_msg(strstr(detail.text, words[_i / 2]), "%s", detail.text);
    ck_assert(!fixture_exists(&fixture, "/data/copy"));
}
END_TEST

START_TEST(a_run_that_fails_leaves_no_folder)
{
    const struct backup_options options = {.io = fixture.io, .store = "nowhere", .restore = _i};
    fill();
    ck_assert_int_eq(backup_make("/data", "/copy", &options, NULL), STORE_NO_STORE);
    ck_assert(!fixture_exists(&fixture, "/copy"));
}
END_TEST

static void add(TCase *all, const TTest *test, size_t times)
{
    tcase_add_loop_test(all, test, 0, (int)times);
}

int main(void)
{
    enum { HARMS = sizeof harms / sizeof *harms, DAMAGES = sizeof damages / sizeof *damages };
    Suite *suite = suite_create("losses");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    add(all, a_large_object_that_is_lost_stays_in_the_copy, HARMS);
    add(all, one_that_the_copy_never_had_is_told_of, HARMS - 1); /* payloads are not compared on the way */
    add(all, one_that_nobody_needs_any_more_is_no_flaw, 1);
    add(all, one_that_another_object_needs_is_a_flaw, 1);
    add(all, another_time_of_the_same_bytes_is_no_flaw, 1);
    add(all, what_comes_back_is_taken, 1);
    add(all, a_folder_that_is_missing_is_told, 3);
    add(all, a_damaged_segment_does_not_take_the_place_of_a_whole_one, DAMAGES);
    add(all, what_is_mended_is_whole_wherever_a_run_ends, 2);
    add(all, a_segment_that_was_damaged_while_it_grew_is_mended, 1);
    add(all, damage_of_what_the_copy_never_had_is_copied_and_told, DAMAGES);
    add(all, as_it_is_takes_the_damage, 1);
    add(all, a_log_that_has_lost_its_end_does_not_take_the_place_of_its_copy, 2);
    add(all, what_goes_on_behind_a_lost_end_does_not_hide_it, 1);
    add(all, a_folder_that_was_brought_back_does_not_take_the_place_of_what_is_newer, 1);
    add(all, another_source_does_not_take_the_place_of_the_one_that_was_copied, 1);
    add(all, one_within_the_other_is_refused, 8);
    add(all, a_run_that_fails_leaves_no_folder, 2);
    suite_add_tcase(suite, all);
    return unit_conclude(suite);
}
