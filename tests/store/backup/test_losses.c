/* test_losses.c - what the source of a backup has lost, or has damaged: what the backup has of it stays there, and each
 * run tells of it. And the other way round.
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
    char why[512];
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
    snprintf(seen.why, sizeof seen.why, "%s", store->why ? store->why : "");
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

static void scribble_settings(void)
{
    scribble("/data/stores/s/settings", 30);
}

START_TEST(a_store_whose_settings_are_damaged_is_refused)
{
    fill();
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
    scribble_settings();
    ck_assert_int_eq(copy_from("/data", false), STORE_DAMAGED);
    ck_assert_ptr_nonnull(strstr(seen.why, "its file settings"));
    expect_flaws("/copy", 0);
    scribble_settings();
    expect_kept(0);
}
END_TEST

static void scribble_first(void)
{
    scribble(segment_path("/data", 1), 64 + 400);
}

static void (*const damages[])(void) = {scribble_segment, scribble_header, shorten_segment,
                                        empty_segment,    lose_segment,    scribble_first};

static bool is_refused(enum store_error error)
{
    return error == STORE_DAMAGED || error == STORE_GONE;
}

START_TEST(a_damaged_store_does_not_take_the_place_of_a_whole_one)
{
    fill();
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
    damages[_i]();
    for (int i = 0; i < 3; i++) { /* it is told each time */
        ck_assert_int_eq(copy_from("/data", false), STORE_DAMAGED);
        ck_assert_uint_ge(seen.flaws, 1);
        ck_assert_uint_ge(seen.kept, 1);
        ck_assert_ptr_nonnull(
            strstr(seen.why, damages[_i] == scribble_first ? "0000000000000001.seg" : "0000000000000002.seg"));
        ck_assert_ptr_nonnull(strstr(seen.why, "put that file of the copy in the place"));
        expect_flaws("/copy", 0);
    }
}
END_TEST

/* What is refused has been read: it is not copied again, and what has been mended since is. */
START_TEST(a_segment_of_the_copy_mends_the_source)
{
    size_t size;
    fill();
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
    damages[_i]();
    ck_assert_int_eq(copy_from("/data", false), STORE_DAMAGED);
    unsigned number = damages[_i] == scribble_first ? 1 : 2;
    uint8_t *bytes = fixture_read_file(&fixture, segment_path("/copy", number), &size);
    fixture_write_file(&fixture, segment_path("/data", number), bytes, size, 0);
    free(bytes);
    write_more();
    expect_kept(0);
    expect_flaws("/copy", 0);
}
END_TEST

enum { PARTS = 8 };

/* Runs that are cut short one after the other, each a call further on, in one of the parts of a run: the copy is whole
 * behind each. `damaged`: the store is refused in the end; else only a large object is lost. */
static void cut_runs_short(bool damaged, bool by_power, unsigned part)
{
    fill();
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
    remove_large();
    write_more();
    if (damaged)
        scribble_segment();
    uint64_t before = sim_disk_calls(fixture.disk, SIM_ANY);
    ck_assert_int_eq(is_refused(copy_from("/data", false)), damaged);
    uint64_t calls = sim_disk_calls(fixture.disk, SIM_ANY) - before;
    for (uint64_t nth = 1 + calls * part / PARTS; nth <= calls * (part + 1) / PARTS; nth++) {
        if (by_power)
            sim_disk_cut_after(fixture.disk, nth);
        else
            sim_disk_fail(fixture.disk, SIM_ANY, nth, false, EIO);
        enum store_error error = copy_from("/data", false);
        ck_assert(error || !damaged);
        if (by_power)
            sim_disk_reboot(fixture.disk, nth);
        else
            sim_disk_heal(fixture.disk);
        expect_flaws("/copy", 0);
    }
    ck_assert_int_eq(is_refused(copy_from("/data", false)), damaged);
    ck_assert_uint_ge(seen.flaws, damaged); /* a cut may have brought the large object back */
    expect_flaws("/copy", 0);
    ck_assert_uint_eq(sim_disk_open_files(fixture.disk), 0);
}

START_TEST(what_is_kept_is_whole_wherever_a_run_ends)
{
    cut_runs_short(_i % 2, _i / 2 % 2, (unsigned)_i / 4);
}
END_TEST

START_TEST(a_segment_that_was_damaged_while_it_grew_is_refused)
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
    ck_assert_int_eq(copy_from("/data", false), STORE_DAMAGED);
    ck_assert_uint_eq(seen.flaws, 1);
    ck_assert_uint_eq(seen.kept, 1);
    ck_assert_ptr_nonnull(strstr(seen.why, "`cairnd check` tells")); /* what the copy has of it has not all of it */
    expect_flaws("/copy", 0);
}
END_TEST

/* Behind what is damaged others of its group may stand, and only then those that say that it was on disk. */
START_TEST(damage_within_a_transaction_is_not_the_end)
{
    fixture_must_put(&fixture, "a", "in front");
    fixture_put_batch(&fixture, " of the batch");
    fixture_must_put(&fixture, "b", "behind");
    fixture_stop(&fixture, _i);
    const char *path = segment_path("/data", 1);
    scribble(path, fixture_find(&fixture, path, "x of the batch", 14) - 50);
    ck_assert_int_eq(copy_from("/data", false), STORE_DAMAGED);
    ck_assert_uint_eq(seen.flaws, 1);
}
END_TEST

/* A segment that is missing is as damaged as any other, also in a store of which there is no copy. */
START_TEST(damage_of_what_the_copy_never_had_is_refused)
{
    fill();
    damages[_i]();
    ck_assert_int_eq(copy_from("/data", false), STORE_DAMAGED);
    ck_assert_uint_ge(seen.flaws, 1);
    ck_assert_uint_eq(seen.kept, 0);
    ck_assert(!fixture_exists(&fixture, "/copy/stores/s"));
}
END_TEST

/* From then on the damage is known: it is told by each run, and keeps nothing from being copied. */
START_TEST(as_it_is_takes_the_damage)
{
    fill();
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
    damages[_i]();
    remove_large();
    ck_assert_int_eq(copy_from("/data", true), STORE_OK);
    ck_assert_uint_ge(seen.flaws, 2);
    ck_assert_uint_eq(seen.kept, 0);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(copy_from("/data", false), STORE_OK);
        ck_assert(!seen.store.unchanged);
        ck_assert_uint_ge(seen.flaws, 2);
        if (i == 1)
            write_more();
    }
    scribble(segment_path("/data", 3), 64 + 400); /* other damage is not known */
    ck_assert_int_eq(copy_from("/data", false), STORE_DAMAGED);
}
END_TEST

/* What a restoration is made of is taken as it is: it may be all that there is. */
START_TEST(a_damaged_backup_is_restored_as_it_is)
{
    const struct backup_options restore = {
        .io = fixture.io, .restore = true, .as_it_is = true, .told = told, .flaw = flaw};
    fill();
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
    fixture_resize_file(&fixture, segment_path("/copy", 2), 64 + 1200);
    memset(&seen, 0, sizeof seen);
    ck_assert_int_eq(backup_make("/copy", "/restored", &restore, NULL), STORE_OK);
    ck_assert_int_eq(seen.store.error, STORE_OK);
    ck_assert_uint_ge(seen.flaws, 1);
    ck_assert(fixture_exists(&fixture, "/restored/stores/s/log/0000000000000002.seg"));
}
END_TEST

/* ---- damage of the copy ------------------------------------------------------------------------- */

static void rot(const char *path, size_t position)
{
    fixture_flip(&fixture, path, position);
}

static void rot_segment(void)
{
    rot(segment_path("/copy", 2), 64 + 1200);
}

static void rot_header(void)
{
    rot(segment_path("/copy", 2), 24);
}

static void rot_last(void)
{
    rot(segment_path("/copy", last_segment()), 64 + 30);
}

static void rot_large(void)
{
    rot("/copy/stores/s/blobs/0000000000000001.blob", 99);
}

static void lose_last(void)
{
    fixture_remove(&fixture, segment_path("/copy", last_segment()));
}

static void rot_settings(void)
{
    rot("/copy/stores/s/settings", 30);
}

static void (*const rots[])(void) = {rot_segment, rot_header, rot_last, rot_large, lose_last, rot_settings};

/* Compared byte for byte, a copy gets from the source what it has otherwise. */
START_TEST(a_damaged_copy_is_mended_by_its_source)
{
    const struct backup_options compare = {.io = fixture.io, .compare = true, .told = told, .flaw = flaw};
    fill();
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
    rots[_i]();
    memset(&seen, 0, sizeof seen);
    ck_assert_int_eq(backup_make("/data", "/copy", &compare, NULL), STORE_OK);
    ck_assert_int_eq(seen.store.error, STORE_OK);
    ck_assert_uint_eq(seen.flaws, 0);
    ck_assert(!seen.store.replaced);
    expect_flaws("/copy", 0);
    expect_kept(0);
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
    ck_assert(is_refused(copy_from("/data", false)));
    ck_assert_ptr_nonnull(strstr(seen.why, "--replace"));
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

static void lose_new(void)
{
    fixture_must_put(&fixture, "lost", "only in the first");
}

static void lose_newer(void)
{
    fixture_must_put(&fixture, "k002", "newer in the first");
}

static void lose_deletion(void)
{
    ck_assert_int_eq(fixture_delete(&fixture, "k002"), STORE_OK);
}

static void (*const losses[])(void) = {lose_new, lose_newer, lose_deletion};

static void rename_folder(const char *from, const char *to)
{
    ck_assert_int_eq(fixture.io->renameat(fixture.io->self, AT_FDCWD, from, AT_FDCWD, to), 0);
}

/* Goes on until compaction has taken a segment, and all that was in it has been moved. */
static void go_on(unsigned number)
{
    static char filler[FILLER_SIZE];
    memset(filler, 'g', sizeof filler - 1);
    fixture_open(&fixture);
    for (int i = 0; i < 2000 && !fixture_is_husk(&fixture, number); i++)
        fixture_must_put(&fixture, "filler", filler);
    ck_assert(fixture_is_husk(&fixture, number));
    fixture_close(&fixture);
}

/* What was written there tells of it, wherever it stands by now. */
START_TEST(a_folder_that_was_brought_back_is_noticed_though_compaction_took_the_end)
{
    const struct backup_options restore = {.io = fixture.io, .restore = true, .as_it_is = true};
    fill();
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
    ck_assert_int_eq(backup_make("/copy", "/older", &restore, NULL), STORE_OK);
    fixture_open(&fixture);
    losses[_i]();
    fixture_close(&fixture);
    ck_assert_int_eq(copy_from("/data", false), STORE_OK);
    unsigned number = last_segment();
    rename_folder("/data", "/first");
    rename_folder("/older", "/data");
    go_on(number);
    ck_assert_int_eq(copy_from("/data", false), STORE_GONE);
    rename_folder("/data", "/older");
    rename_folder("/first", "/data");
    go_on(number);
    expect_kept(0);
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
        ck_assert_msg(strstr(detail.text, i == 0 ? "store s was copied before, and is not in /anew any more"
                                                 : "is the backup of another source: store s of /anew"),
                      "%s", detail.text);
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
    enum { ROTS = sizeof rots / sizeof *rots, LOSSES = sizeof losses / sizeof *losses };
    Suite *suite = suite_create("losses");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    add(all, a_large_object_that_is_lost_stays_in_the_copy, HARMS);
    add(all, one_that_the_copy_never_had_is_told_of, HARMS);
    add(all, one_that_nobody_needs_any_more_is_no_flaw, 1);
    add(all, one_that_another_object_needs_is_a_flaw, 1);
    add(all, another_time_of_the_same_bytes_is_no_flaw, 1);
    add(all, what_comes_back_is_taken, 1);
    add(all, a_folder_that_is_missing_is_told, 3);
    add(all, a_damaged_store_does_not_take_the_place_of_a_whole_one, DAMAGES);
    add(all, a_segment_of_the_copy_mends_the_source, DAMAGES);
    add(all, a_store_whose_settings_are_damaged_is_refused, 1);
    add(all, what_is_kept_is_whole_wherever_a_run_ends, 4 * PARTS);
    add(all, a_segment_that_was_damaged_while_it_grew_is_refused, 1);
    add(all, damage_within_a_transaction_is_not_the_end, 2);
    add(all, damage_of_what_the_copy_never_had_is_refused, DAMAGES);
    add(all, as_it_is_takes_the_damage, DAMAGES);
    add(all, a_damaged_backup_is_restored_as_it_is, 1);
    add(all, a_damaged_copy_is_mended_by_its_source, ROTS);
    add(all, a_log_that_has_lost_its_end_does_not_take_the_place_of_its_copy, 2);
    add(all, what_goes_on_behind_a_lost_end_does_not_hide_it, 1);
    add(all, a_folder_that_was_brought_back_does_not_take_the_place_of_what_is_newer, 1);
    add(all, a_folder_that_was_brought_back_is_noticed_though_compaction_took_the_end, LOSSES);
    add(all, another_source_does_not_take_the_place_of_the_one_that_was_copied, 1);
    add(all, one_within_the_other_is_refused, 8);
    add(all, a_run_that_fails_leaves_no_folder, 2);
    suite_add_tcase(suite, all);
    return unit_conclude(suite);
}
