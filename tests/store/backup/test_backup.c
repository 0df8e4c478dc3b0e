/* test_backup.c - copies of a data folder on a simulated disk: with every call that fails, every cut of the power, and
 * what happens to the source in between.
 *
 *   CAIRN_CALLS=all   each call fails, and the power is cut at each; else at some of them
 *   CAIRN_SEED          which, and what the cuts leave (1)
 */
#include "tests/lib/findings.h"
#include "tests/lib/prng.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STRIDE = 11, FILLERS = 40, FILLER_SIZE = 900 };

FIXTURE_OF_EACH_TEST

static struct backup_store last; /* what was told of the store "s" */
static size_t told_count;

static void told(void *arg, const struct backup_store *store)
{
    (void)arg;
    told_count++;
    last = *store;
}

/* ---- copies ---------------------------------------------------------------------------------- */

static enum store_error copy_by(const struct io *io, const char *from, const char *to, bool restore)
{
    const struct backup_options options = {.io = io, .restore = restore, .told = told};
    struct store_detail detail;
    last = (struct backup_store){0};
    enum store_error error = backup_make(from, to, &options, &detail);
    ck_assert_msg(!error || detail.text[0] || error == STORE_NO_MEMORY, "error %d says nothing", (int)error);
    return error ? error : last.error;
}

static enum store_error copy(void)
{
    return copy_by(fixture.io, "/data", "/copy", false);
}

/* Opens a copy as `cairnd check` does; NULL: it is not there. It must be whole. */
static struct store *open_copy(const char *folder, struct depot **ret_depot)
{
    struct depot_options options = fixture.options;
    struct store *store = NULL;
    struct store_verification verification;
    options.read_only = true;
    enum store_error error = depot_open(folder, &options, ret_depot, NULL);
    if (error == STORE_FOREIGN || error == STORE_IO) { /* no more of it than a folder, if that */
        *ret_depot = NULL;
        return NULL;
    }
    ck_assert_int_eq(error, STORE_OK);
    error = depot_acquire(*ret_depot, "s", &store, NULL);
    if (error == STORE_NO_STORE)
        return NULL;
    ck_assert_int_eq(error, STORE_OK);
    ck_assert_int_eq(store_verify(store, 0, NULL, NULL, &verification), STORE_OK);
    ck_assert(verification.complete);
    ck_assert_uint_eq(verification.flaws, 0);
    return store;
}

static void close_copy(struct store *store, struct depot *depot)
{
    depot_release(store);
    depot_close(depot);
}

/* ---- states ---------------------------------------------------------------------------------- */

static const char *const keys[] = {"a", "b", "x", "y", "z", "stays", "large", "other", "last"};
enum { KEYS = sizeof keys / sizeof *keys };

/* What the source holds, and then something else in all its places. */
static void fill(void)
{
    fixture_must_put(&fixture, "a", "old");
    fixture_must_put(&fixture, "b", "old");
    fixture_put_batch(&fixture, "old");
    fixture_must_upload(&fixture, "stays");
    fixture_must_upload(&fixture, "large");
}

static void change(void)
{
    static char filler[FILLER_SIZE];
    fixture_must_put(&fixture, "a", "new");
    ck_assert_int_eq(fixture_delete(&fixture, "b"), STORE_OK);
    ck_assert_int_eq(fixture_delete(&fixture, "large"), STORE_OK);
    fixture_must_upload(&fixture, "other");
    memset(filler, 'f', sizeof filler - 1);
    for (int i = 0; i < FILLERS; i++)
        fixture_must_put(&fixture, "filler", filler);
    fixture_put_batch(&fixture, "new");
    fixture_must_put(&fixture, "last", "new");
}

static bool holds(struct store *store, const char *key, const char *text)
{
    struct object *object;
    struct store_key asked = store_key_of(key, strlen(key));
    enum store_error error = store_get(store, &asked, STORE_GET_PAYLOAD, &object);
    ck_assert_msg(!error || error == STORE_NO_OBJECT, "%s: %s", key, store_error_text(error));
    if (error)
        return !text;
    char bytes[FIXTURE_LARGE];
    uint64_t size = object_info(object)->size;
    ck_assert_uint_le(size, sizeof bytes);
    ck_assert_int_eq(object_read(object, 0, bytes, size), STORE_OK);
    object_release(object);
    if (text && strcmp(text, "large") == 0)
        return size == FIXTURE_LARGE && memcmp(bytes, fixture_large(), size) == 0;
    return text && size == strlen(text) && memcmp(bytes, text, size) == 0;
}

static bool is_state(struct store *store, const char *const texts[KEYS])
{
    bool all = true;
    for (size_t i = 0; i < KEYS; i++)
        all = all && holds(store, keys[i], texts[i]);
    return all;
}

static bool is_old(struct store *store)
{
    static const char *const texts[] = {"old", "old", "old", "old", "old", "large", "large", NULL, NULL};
    return is_state(store, texts);
}

static bool is_new(struct store *store)
{
    static const char *const texts[] = {"new", NULL, "new", "new", "new", "large", NULL, "large", "new"};
    return is_state(store, texts);
}

static void expect_new(const char *folder)
{
    struct depot *depot;
    struct store *store = open_copy(folder, &depot);
    ck_assert_ptr_nonnull(store);
    ck_assert(is_new(store));
    close_copy(store, depot);
}

/* A source that has changed since it was copied, or, without `copied`, never was; nobody has it open. */
static void prepare(bool copied)
{
    fixture_renew(&fixture);
    fill();
    fixture_close(&fixture);
    if (copied)
        ck_assert_int_eq(copy(), STORE_OK);
    fixture_open(&fixture);
    change();
    fixture_close(&fixture);
}

/* After a run that may have failed: the old copy or the new one, and the next run makes the new one. */
static void expect_recovery(bool copied, const char *what, uint64_t nth)
{
    struct depot *depot;
    struct store *store = open_copy("/copy", &depot);
    ck_assert_msg(store || !copied, "%s %llu: the copy is gone", what, (unsigned long long)nth);
    if (store)
        ck_assert_msg(is_new(store) || (copied && is_old(store)), "%s %llu: it is neither the old copy nor the new one",
                      what, (unsigned long long)nth);
    close_copy(store, depot);
    ck_assert_int_eq(copy(), STORE_OK);
    expect_new("/copy");
    ck_assert_uint_eq(sim_disk_open_files(fixture.disk), 0);
    ck_assert_uint_eq(sim_disk_bad_uses(fixture.disk), 0);
}

/* ---- failures -------------------------------------------------------------------------------- */

static uint64_t calls_of_a_run(bool copied)
{
    prepare(copied);
    uint64_t before = sim_disk_calls(fixture.disk, SIM_ANY);
    ck_assert_int_eq(copy(), STORE_OK);
    return sim_disk_calls(fixture.disk, SIM_ANY) - before;
}

static uint64_t seed(void)
{
    const char *text = getenv("CAIRN_SEED");
    return text ? strtoull(text, NULL, 10) : 1;
}

static uint64_t stride(void)
{
    return getenv("CAIRN_CALLS") ? 1 : STRIDE;
}

static void sweep_faults(bool copied, bool forever, int error)
{
    uint64_t calls = calls_of_a_run(copied);
    for (uint64_t nth = 1 + seed() % stride(); nth <= calls; nth += stride()) {
        prepare(copied);
        sim_disk_fail(fixture.disk, SIM_ANY, nth, forever, error);
        (void)copy();
        sim_disk_heal(fixture.disk);
        expect_recovery(copied, forever ? "everything fails from call" : "call", nth);
    }
}

START_TEST(a_call_that_fails_does_no_harm)
{
    sweep_faults(true, false, EIO);
    sweep_faults(false, false, EIO);
}
END_TEST

START_TEST(a_disk_that_fails_or_is_full_does_no_harm)
{
    sweep_faults(true, true, EIO);
    sweep_faults(true, true, ENOSPC);
}
END_TEST

START_TEST(a_full_disk_is_told)
{
    prepare(true);
    sim_disk_set_free(fixture.disk, 2000);
    ck_assert_int_eq(copy(), STORE_FULL);
    ck_assert_ptr_nonnull(strstr(last.why, "the disk of the copy"));
    sim_disk_set_free(fixture.disk, UINT64_MAX);
    expect_recovery(true, "a full disk", 0);
}
END_TEST

/* A file system that cannot exchange folders, or link files, or copy by itself. */
START_TEST(what_a_file_system_cannot_is_done_otherwise)
{
    static const struct {
        enum sim_call call;
        int error;
    } lacks[] = {{SIM_EXCHANGE, EINVAL}, {SIM_LINKAT, EPERM}, {SIM_COPY_RANGE, EXDEV}};
    for (size_t i = 0; i < sizeof lacks / sizeof *lacks; i++) {
        prepare(true);
        sim_disk_fail(fixture.disk, lacks[i].call, 1, true, lacks[i].error);
        ck_assert_int_eq(copy(), STORE_OK);
        ck_assert_msg(sim_disk_faults_met(fixture.disk) > 0, "%s is not called", sim_call_name(lacks[i].call));
        expect_new("/copy");
        sim_disk_heal(fixture.disk);
    }
}
END_TEST

static void sweep_cuts(bool copied)
{
    uint64_t calls = calls_of_a_run(copied);
    for (uint64_t nth = seed() % stride(); nth <= calls; nth += stride()) {
        prepare(copied);
        sim_disk_cut_after(fixture.disk, nth);
        (void)copy();
        sim_disk_reboot(fixture.disk, seed() + nth);
        expect_recovery(copied, "a cut after call", nth);
    }
}

START_TEST(a_power_cut_leaves_the_old_copy_or_the_new_one)
{
    sweep_cuts(true);
    sweep_cuts(false);
}
END_TEST

/* What has been acknowledged: the copy is on disk when the run has ended. */
START_TEST(a_copy_survives_the_power_cut_behind_it)
{
    for (uint64_t cut = 1; cut <= 8; cut++) {
        prepare(cut % 2 == 0);
        ck_assert_int_eq(copy(), STORE_OK);
        sim_disk_reboot(fixture.disk, seed() + cut);
        expect_new("/copy");
    }
}
END_TEST

/* ---- what happens meanwhile -------------------------------------------------------------------- */

/* The fixture's table with something that is done before a call. */
static struct {
    struct io io;
    const struct io *base;
    const char *at; /* before a file is opened whose name ends so */
    unsigned left;  /* such openings until then */
    void (*act)(void);
} spy;

static int spying_openat(void *self, int folder, const char *path, int flags, mode_t mode)
{
    size_t length = strlen(path), wanted = strlen(spy.at);
    if (spy.left > 0 && length >= wanted && strcmp(path + length - wanted, spy.at) == 0 && --spy.left == 0)
        spy.act();
    return spy.base->openat(self, folder, path, flags, mode);
}

static const struct io *spy_before(unsigned nth, const char *at, void (*act)(void))
{
    spy.base = fixture.io;
    spy.io = *fixture.io;
    spy.io.openat = spying_openat;
    spy.at = at;
    spy.left = nth;
    spy.act = act;
    return &spy.io;
}

static void delete_large(void)
{
    ck_assert_int_eq(fixture_delete(&fixture, "large"), STORE_OK);
    while (fixture_exists(&fixture, "/data/stores/s/blobs/0000000000000002.blob"))
        continue;
}

START_TEST(a_blob_that_goes_meanwhile_moves_the_end)
{
    struct depot *depot;
    fill();
    ck_assert_int_eq(copy_by(spy_before(2, ".blob", delete_large), "/data", "/copy", false), STORE_OK);
    ck_assert_uint_eq(last.rounds, 2);
    ck_assert_uint_eq(last.end_offset, fixture_figures(&fixture).end_offset);
    struct store *store = open_copy("/copy", &depot);
    ck_assert(holds(store, "large", NULL) && holds(store, "a", "old"));
    close_copy(store, depot);
}
END_TEST

/* Overwrites until a segment has been compacted. */
static void compact(void)
{
    change();
    for (int i = 0; !fixture_is_husk(&fixture, 1); i++)
        fixture_must_put(&fixture, "filler", i % 2 ? "1" : "2");
}

START_TEST(a_segment_that_is_compacted_meanwhile_is_no_loss)
{
    static const unsigned openings[] = {1, 2, 3, 4, 5};
    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++) {
        fixture_renew(&fixture);
        fill();
        ck_assert_int_eq(copy_by(spy_before(openings[i], ".seg", compact), "/data", "/copy", false), STORE_OK);
        struct depot *depot;
        struct store *store = open_copy("/copy", &depot);
        ck_assert_msg(is_new(store) || is_old(store), "opening %u", openings[i]);
        close_copy(store, depot);
    }
}
END_TEST

static void remove_store(void)
{
    depot_release(fixture.store);
    fixture.store = NULL;
    ck_assert_int_eq(depot_delete(fixture.depot, "s", true, NULL), STORE_OK);
}

START_TEST(a_store_that_is_removed_meanwhile_is_not_copied)
{
    struct depot *depot;
    fill();
    told_count = 0;
    ck_assert_int_eq(copy_by(spy_before(2, ".seg", remove_store), "/data", "/copy", false), STORE_OK);
    ck_assert_uint_eq(told_count, 0);
    ck_assert_ptr_null(open_copy("/copy", &depot));
    depot_close(depot);
}
END_TEST

/* ---- the end of the log ------------------------------------------------------------------------ */

/* A transaction that was not written to its end: neither it nor a part of it is copied. */
START_TEST(a_torn_transaction_is_not_copied)
{
    struct depot *depot;
    fixture_must_put(&fixture, "a", "whole");
    uint64_t end = fixture_figures(&fixture).end_offset;
    fixture_put_batch(&fixture, "torn");
    fixture_stop(&fixture, false);
    const char *segment = fixture_segment(&fixture);
    fixture_flip(&fixture, segment, fixture_find_text(&fixture, "ztorn"));
    ck_assert_int_eq(copy(), STORE_OK);
    ck_assert_uint_eq(last.end_offset, end);
    ck_assert_uint_eq(last.flaws, 0);
    struct store *store = open_copy("/copy", &depot);
    ck_assert(holds(store, "a", "whole") && holds(store, "x", NULL) && holds(store, "z", NULL));
    close_copy(store, depot);
}
END_TEST

/* Damage in front of what is known to have been on disk is refused, or copied as it is. */
START_TEST(damage_is_copied_as_it_is)
{
    struct depot *depot;
    struct depot_options options = fixture.options;
    struct store *store;
    fixture_put_three(&fixture);
    uint64_t end = fixture_figures(&fixture).end_offset;
    fixture_stop(&fixture, false);
    fixture_flip(&fixture, fixture_segment(&fixture), fixture_find_text(&fixture, "the first payload"));
    ck_assert_int_eq(copy(), STORE_DAMAGED);
    const struct backup_options options_as_it_is = {.io = fixture.io, .as_it_is = true, .told = told};
    ck_assert_int_eq(backup_make("/data", "/copy", &options_as_it_is, NULL), STORE_OK);
    ck_assert_int_eq(last.error, STORE_OK);
    ck_assert_uint_eq(last.flaws, 1);
    ck_assert_uint_eq(last.end_offset, end);
    options.read_only = true;
    ck_assert_int_eq(depot_open("/copy", &options, &depot, NULL), STORE_OK);
    ck_assert_int_eq(depot_acquire(depot, "s", &store, NULL), STORE_OK);
    ck_assert(holds(store, "c", "the third payload"));
    struct object *object;
    struct store_key key = store_key_of("a", 1);
    ck_assert_int_eq(store_get(store, &key, STORE_GET_PAYLOAD, &object), STORE_DAMAGED);
    close_copy(store, depot);
}
END_TEST

static struct timespec written(const char *path)
{
    struct stat status;
    const struct io *io = fixture.io;
    int file = io->openat(io->self, AT_FDCWD, path, O_RDONLY, 0);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(io->fstat(io->self, file, &status), 0);
    io->close(io->self, file);
    return status.st_mtim;
}

/* The source may be written to again within the tick of the clock in which it was copied. So the copy of a segment that
 * is not sealed has no time that it might come to have. */
START_TEST(the_copy_of_the_last_segment_is_older_than_it)
{
    const struct io *io = fixture.io;
    struct timespec now;
    fixture_must_put(&fixture, "a", "old");
    clock_gettime(CLOCK_REALTIME, &now);
    int file = io->openat(io->self, AT_FDCWD, fixture_segment(&fixture), O_RDWR, 0);
    ck_assert_int_eq(io->set_written(io->self, file, &now), 0);
    io->close(io->self, file);
    ck_assert_int_eq(copy(), STORE_OK);
    struct timespec source = written("/data/stores/s/log/0000000000000001.seg");
    struct timespec copied = written("/copy/stores/s/log/0000000000000001.seg");
    ck_assert(copied.tv_sec < source.tv_sec || (copied.tv_sec == source.tv_sec && copied.tv_nsec < source.tv_nsec));
}
END_TEST

/* A restored folder can be written to, and is no backup. */
START_TEST(a_restored_store_goes_on)
{
    struct depot *depot;
    struct store *store;
    prepare(false);
    ck_assert_int_eq(copy(), STORE_OK);
    ck_assert_int_eq(copy_by(fixture.io, "/copy", "/restored", true), STORE_OK);
    ck_assert(!fixture_exists(&fixture, "/restored/restore"));
    expect_new("/restored");
    ck_assert_int_eq(copy_by(fixture.io, "/data", "/restored", false), STORE_FOREIGN);
    ck_assert_int_eq(depot_open("/restored", &fixture.options, &depot, NULL), STORE_OK);
    ck_assert_int_eq(depot_acquire(depot, "s", &store, NULL), STORE_OK);
    ck_assert(is_new(store));
    depot_release(store);
    depot_close(depot);
}
END_TEST

/* ---- one that is cut short --------------------------------------------------------------------- */

static bool halted_behind_one(void *arg)
{
    (void)arg;
    return told_count > 0;
}

static void count(void *arg, const char *name)
{
    ck_assert_str_eq(name, "t");
    ++*(unsigned *)arg;
}

static unsigned missing(const char *folder)
{
    unsigned found = 0;
    ck_assert_int_eq(backup_missing(folder, fixture.io, count, &found, NULL), STORE_OK);
    return found;
}

/* What is there can be restored, and nobody takes it for all. */
START_TEST(a_first_run_that_is_cut_short_is_not_taken_for_all)
{
    const struct backup_options cut = {.io = fixture.io, .told = told, .halted = halted_behind_one};
    struct store_detail detail;
    struct depot *depot;
    bool created;
    fill();
    change();
    ck_assert_int_eq(depot_create(fixture.depot, "t", &created, &detail), STORE_OK);
    told_count = 0;
    ck_assert_int_eq(backup_make("/data", "/copy", &cut, &detail), STORE_DRAINING);
    ck_assert_uint_eq(missing("/copy"), 1);
    told_count = 0;
    ck_assert_int_eq(copy_by(fixture.io, "/copy", "/restored", true), STORE_IO);
    ck_assert_uint_eq(told_count, 2);
    ck_assert_int_eq(last.error, STORE_NO_STORE); /* of "t" */
    ck_assert_int_eq(backup_give_up("/restored", fixture.io, &detail), STORE_OK);
    expect_new("/restored");
    ck_assert_int_eq(copy(), STORE_OK);
    ck_assert_uint_eq(missing("/copy"), 0);
    ck_assert_int_eq(copy_by(fixture.io, "/copy", "/again", true), STORE_OK);
    struct store *store = open_copy("/again", &depot);
    close_copy(store, depot);
    ck_assert_int_eq(depot_delete(fixture.depot, "t", true, &detail), STORE_OK); /* before a run has come to it */
    told_count = 0;
    ck_assert_int_eq(backup_make("/data", "/other", &cut, &detail), STORE_OK);
    ck_assert_uint_eq(missing("/other"), 0);
}
END_TEST

/* A restoration that was cut short when one store had come: of two. */
static void begin_restoration(const char *to)
{
    const struct backup_options cut = {.io = fixture.io, .restore = true, .told = told, .halted = halted_behind_one};
    struct store_detail detail;
    told_count = 0;
    ck_assert_int_eq(backup_make("/copy", to, &cut, &detail), STORE_DRAINING);
}

/* Whether a folder is opened; else what is under way there is told to be a restoration. */
static bool opens(const char *folder)
{
    struct depot_options options = fixture.options;
    struct depot *depot;
    struct store_detail detail;
    options.read_only = true;
    enum store_error error = depot_open(folder, &options, &depot, &detail);
    ck_assert_msg(!error || strstr(detail.text, "holds the beginning of a restoration of all stores"), "%s",
                  detail.text);
    if (!error)
        depot_close(depot);
    return !error;
}

/* Each end of a restoration, wherever the power fails in it: it is under way as it was, or it has ended, and nobody
 * takes it for another one, or for a part of one. */
START_TEST(what_is_under_way_is_told_to_the_end)
{
    struct store_detail detail;
    bool created;
    for (uint64_t nth = 1, ended = 0; ended < 2; nth++) {
        prepare(false);
        fixture_open(&fixture);
        ck_assert_int_eq(depot_create(fixture.depot, "t", &created, &detail), STORE_OK);
        fixture_close(&fixture);
        ck_assert_int_eq(copy(), STORE_OK);
        begin_restoration("/restored");
        ck_assert(!opens("/restored"));
        uint64_t before = sim_disk_calls(fixture.disk, SIM_ANY);
        sim_disk_cut_after(fixture.disk, nth);
        enum store_error error = backup_give_up("/restored", fixture.io, &detail);
        ended += !error && sim_disk_calls(fixture.disk, SIM_ANY) - before < nth;
        sim_disk_reboot(fixture.disk, seed() + nth);
        if (!opens("/restored")) {
            ck_assert_int_ne(error, STORE_OK);
            ck_assert_int_eq(copy_by(fixture.io, "/copy", "/restored", true), STORE_OK);
        } else {
            ck_assert_int_eq(copy_by(fixture.io, "/copy", "/restored", true), STORE_FOREIGN);
        }
        expect_new("/restored");
    }
}
END_TEST

static void expect_s(void *arg, const char *name)
{
    ck_assert_str_eq(name, "s");
    ++*(unsigned *)arg;
}

/* Where two folders cannot change places, power that fails between the two renames leaves the copy among the drafts. */
START_TEST(a_copy_that_made_room_is_brought_back)
{
    unsigned found = 0;
    prepare(false);
    const struct io *io = fixture.io;
    ck_assert_int_eq(copy(), STORE_OK);
    ck_assert_int_eq(io->renameat(io->self, AT_FDCWD, "/copy/stores/s", AT_FDCWD, "/copy/" BACKUP_DRAFTS "/s.old"), 0);
    ck_assert_int_eq(backup_missing("/copy", io, expect_s, &found, NULL), STORE_OK);
    ck_assert_uint_eq(found, 1);
    ck_assert_int_eq(io->renameat(io->self, AT_FDCWD, "/data/stores/s", AT_FDCWD, "/data/stores/other"), 0);
    ck_assert_int_eq(copy(), STORE_FOREIGN); /* it is the only one: it stays */
    expect_new("/copy");
}
END_TEST

static void put_aside(void)
{
    const struct io *io = fixture.io;
    ck_assert_int_eq(io->renameat(io->self, AT_FDCWD, "/copy/stores/s", AT_FDCWD, "/copy/" BACKUP_DRAFTS "/s.old"), 0);
}

/* The same where the source is lost: who restores the backup, or checks it, has the copy. */
START_TEST(a_copy_that_made_room_is_restored)
{
    struct backup_options options = {.restore = true, .as_it_is = true, .told = told};
    struct store_detail detail;
    prepare(false);
    ck_assert_int_eq(copy(), STORE_OK);
    put_aside();
    options.io = fixture.io;
    ck_assert_int_eq(backup_make("/copy", "/restored", &options, &detail), STORE_OK);
    expect_new("/restored");
    put_aside();
    options.beside = true;
    ck_assert_int_eq(backup_make("/copy", "/other", &options, &detail), STORE_OK);
    expect_new("/other");
    put_aside();
    backup_bring_back("/copy", fixture.io);
    ck_assert_uint_eq(missing("/copy"), 0);
    expect_new("/copy");
}
END_TEST

/* Whoever has the folder is about to put the new one in its place. */
START_TEST(a_copy_that_makes_room_stays_aside)
{
    struct backup_site *site;
    struct store_detail detail;
    unsigned found = 0;
    bool empty;
    prepare(false);
    ck_assert_int_eq(copy(), STORE_OK);
    ck_assert_int_eq(backup_open("/copy", fixture.io, true, &site, &empty, &detail), STORE_OK);
    put_aside();
    backup_bring_back("/copy", fixture.io);
    ck_assert_int_eq(backup_missing("/copy", fixture.io, expect_s, &found, NULL), STORE_OK);
    ck_assert_uint_eq(found, 1);
    backup_close(site);
}
END_TEST

/* ---- one of a server ---------------------------------------------------------------------------- */

/* Makes the store anew in the folder where a server is followed. */
static void follow_anew(void)
{
    struct depot *depot;
    bool created;
    ck_assert_int_eq(depot_open("/copy/" BACKUP_DRAFTS "/" BACKUP_SERVER, &fixture.options, &depot, NULL), STORE_OK);
    enum store_error error = depot_delete(depot, "s", true, NULL);
    ck_assert(error == STORE_OK || error == STORE_NO_STORE);
    ck_assert_int_eq(depot_create(depot, "s", &created, NULL), STORE_OK);
    depot_close(depot);
}

static enum store_error open_site(struct backup_site **ret_site)
{
    bool empty;
    struct store_detail detail;
    *ret_site = NULL;
    return backup_open("/copy", fixture.io, false, ret_site, &empty, &detail);
}

static enum store_error copy_followed(struct backup_site *site)
{
    const struct backup_options options = {.io = fixture.io, .site = site, .told = told};
    struct store_detail detail;
    return backup_make("/copy/" BACKUP_DRAFTS "/" BACKUP_SERVER, "/copy", &options, &detail);
}

/* A store that is followed anew has another log: its copy is the backup's still if that was noted, until it has come,
 * and else it is another's. */
START_TEST(what_is_followed_anew_is_the_same_backup)
{
    struct backup_site *site;
    struct store_detail detail;
    ck_assert_int_eq(open_site(&site), STORE_OK);
    follow_anew();
    ck_assert_int_eq(copy_followed(site), STORE_OK);
    ck_assert_int_eq(backup_renew(site, "s", &detail), STORE_OK);
    follow_anew();
    backup_close(site);
    ck_assert_int_eq(open_site(&site), STORE_OK);
    ck_assert_int_eq(copy_followed(site), STORE_OK);
    follow_anew();
    backup_close(site);
    ck_assert_int_eq(open_site(&site), STORE_FOREIGN);
    ck_assert_ptr_null(site);
}
END_TEST

static bool is_renewed(struct backup_site *site)
{
    bool renewed;
    struct store_detail detail;
    ck_assert_int_eq(backup_is_renewed(site, "s", &renewed, &detail), STORE_OK);
    return renewed;
}

/* A run that was cut short behind the exchange leaves the note of a copy that is in its place: that is the copy of what
 * is followed, and tells whose backup it is, until that is followed anew. */
START_TEST(a_note_beside_its_copy_makes_no_other_backup)
{
    static const char *const names[] = {"s"};
    struct backup_site *site;
    struct store_detail detail;
    ck_assert_int_eq(open_site(&site), STORE_OK);
    follow_anew();
    ck_assert_int_eq(backup_expect(site, names, 1, &detail), STORE_OK);
    ck_assert(is_renewed(site));
    ck_assert_int_eq(copy_followed(site), STORE_OK);
    ck_assert(!is_renewed(site));
    ck_assert_int_eq(backup_renew(site, "s", &detail), STORE_OK);
    ck_assert(!is_renewed(site));
    backup_close(site);
    ck_assert_int_eq(open_site(&site), STORE_OK);
    ck_assert(!is_renewed(site));
    follow_anew();
    ck_assert(is_renewed(site));
    backup_close(site);
}
END_TEST

/* It is nobody else's for as long as it is open, and a folder's from the first run on that copies one there. */
START_TEST(a_folder_is_the_backup_of_one_source)
{
    const struct backup_options any = {.io = fixture.io, .any_source = true, .told = told};
    struct backup_site *site;
    struct store_detail detail;
    ck_assert_int_eq(open_site(&site), STORE_OK);
    follow_anew();
    ck_assert_int_eq(copy(), STORE_LOCKED);
    backup_close(site);
    ck_assert_int_eq(copy(), STORE_FOREIGN);
    ck_assert(fixture_exists(&fixture, "/copy/" BACKUP_DRAFTS "/" BACKUP_SERVER));
    ck_assert_int_eq(backup_make("/data", "/copy", &any, &detail), STORE_OK);
    ck_assert(!fixture_exists(&fixture, "/copy/" BACKUP_DRAFTS "/" BACKUP_SERVER));
    ck_assert_int_eq(copy(), STORE_OK);
}
END_TEST

static unsigned asked; /* whether to come to an end */

static bool halted(void *arg)
{
    const unsigned *at = arg;
    return ++asked >= *at;
}

/* Wherever it is asked, the copy is the one that there was, or the new one; and the next run makes it. */
START_TEST(one_that_is_told_to_stop_is_taken_up)
{
    struct backup_options options = {.io = fixture.io, .told = told, .halted = halted};
    enum store_error error = STORE_DRAINING;
    fill();
    ck_assert_int_eq(copy(), STORE_OK);
    change();
    for (unsigned at = 1; error; at++) {
        struct store_detail detail;
        asked = 0;
        options.arg = &at;
        error = backup_make("/data", "/copy", &options, &detail);
        ck_assert(error == STORE_OK || error == STORE_DRAINING);
        ck_assert_msg(!error || strstr(detail.text, "told to stop"), "%s", detail.text);
        if (error) {
            struct depot *depot;
            struct store *store = open_copy("/copy", &depot);
            ck_assert(is_old(store));
            close_copy(store, depot);
        }
        ck_assert_uint_gt(asked, 0);
    }
    expect_new("/copy");
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        a_first_run_that_is_cut_short_is_not_taken_for_all,
        a_call_that_fails_does_no_harm,
        a_disk_that_fails_or_is_full_does_no_harm,
        a_full_disk_is_told,
        what_a_file_system_cannot_is_done_otherwise,
        a_power_cut_leaves_the_old_copy_or_the_new_one,
        a_copy_survives_the_power_cut_behind_it,
        a_blob_that_goes_meanwhile_moves_the_end,
        a_segment_that_is_compacted_meanwhile_is_no_loss,
        a_store_that_is_removed_meanwhile_is_not_copied,
        a_torn_transaction_is_not_copied,
        damage_is_copied_as_it_is,
        the_copy_of_the_last_segment_is_older_than_it,
        a_restored_store_goes_on,
        one_that_is_told_to_stop_is_taken_up,
        what_is_under_way_is_told_to_the_end,
        a_copy_that_made_room_is_brought_back,
        a_copy_that_made_room_is_restored,
        a_copy_that_makes_room_stays_aside,
        what_is_followed_anew_is_the_same_backup,
        a_note_beside_its_copy_makes_no_other_backup,
        a_folder_is_the_backup_of_one_source,
    };
    return UNIT_RUN_WITH("backup", setup, teardown, tests);
}
