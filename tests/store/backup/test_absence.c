/* test_absence.c - what cannot be seen is not gone: backups, restorations and transfers on a simulated disk, of which a
 * call fails that looks for something, and of a source whose stores go and come meanwhile.
 *
 *   CAIRN_CALLS=all   each call fails, with each error, and stores are away from each call to each; else some of them
 */
#include "tests/lib/fixture.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STRIDE = 29 };

FIXTURE_OF_EACH_TEST

static struct backup_store last; /* what was told last */
static size_t told_count;
static size_t failures;

static void told(void *arg, const struct backup_store *store)
{
    (void)arg;
    told_count++;
    failures += store->error != STORE_OK;
    last = *store;
}

/* ---- copies ---------------------------------------------------------------------------------- */

enum way { COPY, PRUNE, RESTORE, TRANSFER, WAYS };

static struct store_detail detail;

static enum store_error copy_with(const struct backup_options *options, const char *from, const char *to)
{
    last = (struct backup_store){0};
    told_count = failures = 0;
    return backup_make(from, to, options, &detail);
}

static enum store_error copy_by(const struct io *io, enum way way, const char *from, const char *to)
{
    const struct backup_options options = {.io = io,
                                           .prune = way == PRUNE,
                                           .restore = way == RESTORE || way == TRANSFER,
                                           .as_it_is = way == RESTORE || way == TRANSFER,
                                           .beside = way == TRANSFER,
                                           .told = told};
    return copy_with(&options, from, to);
}

static bool is_all(enum way way, const char *from, const char *to)
{
    enum store_error error = copy_by(fixture.io, way, from, to);
    return !error && failures == 0;
}

static void must_copy(enum way way, const char *from, const char *to)
{
    ck_assert_msg(is_all(way, from, to), "%s; %s", detail.text, last.why ? last.why : "");
}

static void count(void *arg, const char *name)
{
    (void)name;
    ++*(unsigned *)arg;
}

static unsigned missing(const char *folder)
{
    unsigned found = 0;
    ck_assert_int_eq(backup_missing(folder, fixture.io, count, &found, NULL), STORE_OK);
    return found;
}

/* Whether a folder has a store, whole, with this text in "a". */
static bool holds(const char *folder, const char *name, const char *text)
{
    struct depot_options options = fixture.options;
    struct depot *depot;
    struct store *store;
    struct store_verification verification;
    struct object *object;
    char bytes[64] = "";
    options.read_only = true;
    if (depot_open(folder, &options, &depot, NULL))
        return false;
    enum store_error error = depot_acquire(depot, name, &store, NULL);
    if (!error) {
        const struct store_key key = store_key_of("a", 1);
        ck_assert_int_eq(store_verify(store, 0, NULL, NULL, &verification), STORE_OK);
        ck_assert(verification.complete && verification.flaws == 0);
        error = store_get(store, &key, STORE_GET_PAYLOAD, &object);
        if (!error) {
            ck_assert_int_eq(object_read(object, 0, bytes, object_info(object)->size), STORE_OK);
            object_release(object);
        }
        depot_release(store);
    }
    depot_close(depot);
    return !error && strcmp(bytes, text) == 0;
}

static void move(const char *from, const char *to)
{
    const struct io *io = fixture.io;
    ck_assert_int_eq(io->renameat(io->self, AT_FDCWD, from, AT_FDCWD, to), 0);
    int root = io->openat(io->self, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0);
    ck_assert_int_ge(root, 0);
    io->close(io->self, root);
}

static void put(const char *name, const char *text)
{
    bool created;
    ck_assert_int_eq(depot_create(fixture.depot, name, &created, NULL), STORE_OK);
    if (fixture.store)
        depot_release(fixture.store);
    ck_assert_int_eq(depot_acquire(fixture.depot, name, &fixture.store, NULL), STORE_OK);
    fixture_must_put(&fixture, "a", text);
}

/* ---- stores that go and come ------------------------------------------------------------------- */

/* The fixture's table with something that is done before a segment is opened. */
static struct {
    struct io io;
    unsigned nth, seen;
    bool always; /* and before each behind it */
    void (*act)(void);
    bool acting;
} spy;

static int spying_openat(void *self, int folder, const char *path, int flags, mode_t mode)
{
    size_t length = strlen(path);
    if (!spy.acting && length > 4 && strcmp(path + length - 4, ".seg") == 0 && ++spy.seen >= spy.nth &&
        (spy.always || spy.seen == spy.nth)) {
        spy.acting = true;
        spy.act();
        spy.acting = false;
    }
    return fixture.io->openat(self, folder, path, flags, mode);
}

static const struct io *spy_before(unsigned nth, bool always, void (*act)(void))
{
    spy.io = *fixture.io;
    spy.io.openat = spying_openat;
    spy.nth = nth;
    spy.seen = 0;
    spy.always = always;
    spy.act = act;
    return &spy.io;
}

/* Its clients remove a store, and make one of that name. */
static void make_anew(void)
{
    bool created;
    depot_release(fixture.store);
    ck_assert_int_eq(depot_delete(fixture.depot, "s", true, NULL), STORE_OK);
    ck_assert_int_eq(depot_create(fixture.depot, "s", &created, NULL), STORE_OK);
    ck_assert_int_eq(depot_acquire(fixture.depot, "s", &fixture.store, NULL), STORE_OK);
    fixture_must_put(&fixture, "a", "anew");
}

START_TEST(a_store_that_is_made_anew_meanwhile_is_copied)
{
    for (unsigned nth = 1; nth <= 4; nth++) {
        fixture_renew(&fixture);
        fixture_must_put(&fixture, "a", "old");
        ck_assert_int_eq(copy_by(spy_before(nth, false, make_anew), COPY, "/data", "/copy"), STORE_OK);
        ck_assert_uint_eq(told_count, 1);
        ck_assert_uint_eq(failures, 0);
        ck_assert_uint_eq(missing("/copy"), 0);
        ck_assert_msg(holds("/copy", "s", "anew"), "opening %u", nth);
    }
}
END_TEST

/* A backup that is renewed exchanges its copies. */
static void renew(void)
{
    static unsigned times;
    char text[16];
    snprintf(text, sizeof text, "%u", ++times);
    const struct backup_options options = {.io = fixture.io};
    fixture_must_put(&fixture, "a", text);
    ck_assert_int_eq(backup_make("/data", "/mid", &options, NULL), STORE_OK);
}

START_TEST(a_backup_that_is_renewed_meanwhile_is_copied)
{
    for (unsigned nth = 1; nth <= 4; nth++) {
        fixture_renew(&fixture);
        renew();
        ck_assert_int_eq(copy_by(spy_before(nth, false, renew), PRUNE, "/mid", "/copy"), STORE_OK);
        ck_assert_uint_eq(told_count, 1);
        ck_assert_uint_eq(failures, 0);
        ck_assert_uint_eq(missing("/copy"), 0);
    }
}
END_TEST

/* What has not come is noted, and told. */
START_TEST(a_store_that_is_exchanged_each_time_is_told)
{
    fixture_must_put(&fixture, "a", "old");
    ck_assert_int_eq(copy_by(spy_before(1, true, make_anew), COPY, "/data", "/copy"), STORE_OK);
    ck_assert_uint_eq(told_count, 1);
    ck_assert_int_eq(last.error, STORE_BUSY);
    ck_assert_uint_eq(missing("/copy"), 1);
    ck_assert_int_eq(copy_by(fixture.io, RESTORE, "/copy", "/restored"), STORE_IO);
    must_copy(COPY, "/data", "/copy");
    ck_assert_uint_eq(missing("/copy"), 0);
}
END_TEST

/* Of a source from which "s" was removed before the run: before one call of it, it is there again, as another one. */
static struct {
    struct io io;
    unsigned calls, at;
    unsigned absent; /* how often it was told to be gone */
} return_of_s;

static void count_call(void)
{
    if (++return_of_s.calls == return_of_s.at)
        put("s", "anew");
}

static int counted_openat(void *self, int folder, const char *path, int flags, mode_t mode)
{
    count_call();
    return fixture.io->openat(self, folder, path, flags, mode);
}

static char *counted_list(void *self, int folder)
{
    count_call();
    return fixture.io->list(self, folder);
}

static void tell_absent(void *arg, const char *name, enum backup_absence absence)
{
    (void)arg;
    (void)absence;
    return_of_s.absent += strcmp(name, "s") == 0;
}

/* Whether it came back within the run. */
static bool run_beside_return(bool prune, unsigned at)
{
    const struct backup_options options = {
        .io = fixture.io, .from_io = &return_of_s.io, .prune = prune, .told = told, .absent = tell_absent};
    return_of_s.io = *fixture.io;
    return_of_s.io.openat = counted_openat;
    return_of_s.io.list = counted_list;
    return_of_s.calls = return_of_s.absent = 0;
    return_of_s.at = at;
    ck_assert_int_eq(copy_with(&options, "/data", "/copy"), STORE_OK);
    return return_of_s.calls >= at;
}

/* Whenever that is: it is copied, or told not to have come, or to be gone; and never in no word. */
START_TEST(a_store_that_comes_back_as_another_one_is_told)
{
    unsigned late = 0;
    bool back = true;
    for (unsigned at = 1; back; at++) {
        fixture_renew(&fixture);
        put("s", "old");
        put("t", "old");
        must_copy(COPY, "/data", "/copy");
        depot_release(fixture.store);
        fixture.store = NULL;
        ck_assert_int_eq(depot_delete(fixture.depot, "s", true, NULL), STORE_OK);
        back = run_beside_return(_i, at);
        ck_assert_msg(holds("/copy", "s", "anew") || failures > 0 || return_of_s.absent > 0, "call %u", at);
        ck_assert(holds("/copy", "s", "anew") || holds("/copy", "s", "old") || (_i && return_of_s.absent > 0));
        ck_assert_uint_le(failures + return_of_s.absent, 1);
        late += failures > 0;
    }
    ck_assert_uint_gt(late, 0);
}
END_TEST

static void lose_all(void)
{
    if (fixture_exists(&fixture, "/data/stores/s"))
        move("/data/stores/s", "/away");
}

/* Is there no store by the end that was copied, the folder may be another one by then. */
START_TEST(a_source_that_is_emptied_meanwhile_takes_no_copy)
{
    fixture_must_put(&fixture, "a", "old");
    must_copy(COPY, "/data", "/copy");
    fixture_must_put(&fixture, "a", "new");
    fixture_close(&fixture);
    ck_assert_int_eq(copy_by(spy_before(1, false, lose_all), PRUNE, "/data", "/copy"), STORE_FOREIGN);
    ck_assert_ptr_nonnull(strstr(detail.text, "has no store now that was copied"));
    ck_assert(holds("/copy", "s", "old"));
}
END_TEST

/* ---- stores that are away for a moment ------------------------------------------------------------ */

/* A backup of which copies change places where two folders cannot: before one call of who reads it "s" makes room, and
 * before a later one it is there again. Where `behind` is 0 it stays away. */
static struct {
    struct io io;
    unsigned calls;
    unsigned away, behind;
    const char *aside; /* where it is meanwhile */
    bool had;          /* /copy had a copy of it when it came back */
} window;

static void let_pass(void)
{
    window.calls++;
    if (window.calls == window.away)
        move("/mid/stores/s", window.aside);
    if (window.calls != window.behind)
        return;
    move(window.aside, "/mid/stores/s");
    window.had = fixture_exists(&fixture, "/copy/stores/s/log");
}

static int passing_openat(void *self, int folder, const char *path, int flags, mode_t mode)
{
    let_pass();
    return fixture.io->openat(self, folder, path, flags, mode);
}

static char *passing_list(void *self, int folder)
{
    let_pass();
    return fixture.io->list(self, folder);
}

static int passing_fstat(void *self, int file, struct stat *ret_status)
{
    let_pass();
    return fixture.io->fstat(self, file, ret_status);
}

/* A run; whether it says that all is there. */
static bool run_beside(enum way way, unsigned away, unsigned behind)
{
    window.aside = window.aside ? window.aside : "/mid/" BACKUP_DRAFTS "/s.old";
    window.had = false;
    window.io = *fixture.io;
    window.io.openat = passing_openat;
    window.io.list = passing_list;
    window.io.fstat = passing_fstat;
    window.calls = 0;
    window.away = away;
    window.behind = behind;
    const struct backup_options options = {
        .io = fixture.io, .from_io = &window.io, .prune = way == PRUNE, .told = told};
    enum store_error error = copy_with(&options, "/mid", "/copy");
    ck_assert_uint_eq(sim_disk_open_files(fixture.disk), 0);
    return !error && failures == 0;
}

/* /mid has "s" and "t"; /copy the same, older, or is not there. */
static void prepare_exchange(enum way way)
{
    fixture_renew(&fixture);
    put("t", "old");
    put("s", "old");
    must_copy(COPY, "/data", "/mid");
    if (way == PRUNE)
        must_copy(COPY, "/mid", "/copy");
    put("s", "new");
    must_copy(COPY, "/data", "/mid");
    fixture_close(&fixture);
}

static unsigned calls_beside(enum way way)
{
    prepare_exchange(way);
    ck_assert(run_beside(way, 0, 0));
    return window.calls;
}

static void expect_beside(enum way way, unsigned away, unsigned behind)
{
    prepare_exchange(way);
    bool all = run_beside(way, away, behind), is_new = holds("/copy", "s", "new");
    ck_assert_msg(!all || is_new, "%u to %u: it says that all is there", away, behind);
    ck_assert_msg(way != PRUNE || is_new || holds("/copy", "s", "old"), "%u to %u: a copy has gone", away, behind);
    ck_assert_msg(is_new || way == PRUNE || !fixture_exists(&fixture, "/copy/stores/t/log") || missing("/copy") > 0,
                  "%u to %u: nothing tells that it is missing", away, behind);
    ck_assert_msg(holds("/copy", "t", "old") || !all, "%u to %u: the other one is not there", away, behind);
}

/* Whenever that is, and however long: it is copied, or told; and no copy goes. */
START_TEST(a_copy_that_is_away_for_a_moment_is_not_gone)
{
    static const unsigned lengths[] = {1, 2, 3, 5, 8, 13, 34, 55, 144};
    enum { LENGTHS = sizeof lengths / sizeof *lengths };
    enum way way = _i ? PRUNE : COPY;
    bool wide = getenv("CAIRN_CALLS");
    unsigned calls = calls_beside(way);
    for (unsigned away = 1; away <= calls; away++) {
        if (!wide)
            expect_beside(way, away, away + lengths[away % LENGTHS]);
        for (unsigned behind = away + 1; behind <= calls && wide; behind++)
            expect_beside(way, away, behind);
    }
}
END_TEST

/* One that was removed, and made again before its copy has gone, keeps it. */
START_TEST(a_copy_stays_when_its_store_comes_back)
{
    unsigned kept = 0, calls = calls_beside(PRUNE);
    window.aside = "/away";
    for (unsigned behind = 2; behind <= calls; behind++) {
        prepare_exchange(PRUNE);
        (void)run_beside(PRUNE, 1, behind);
        bool has = fixture_exists(&fixture, "/copy/stores/s/log");
        ck_assert_msg(has || !window.had, "to %u", behind);
        kept += has;
    }
    ck_assert_uint_gt(kept, 0);
}
END_TEST

/* One that stays away is told by each run as long as it does, and noted: a run of its backup brings it back. */
START_TEST(a_copy_that_stays_away_is_told)
{
    unsigned calls = calls_beside(COPY);
    prepare_exchange(COPY);
    ck_assert(!run_beside(COPY, 1, 0));
    ck_assert_uint_eq(failures, 1);
    ck_assert_int_eq(last.error, STORE_BUSY);
    ck_assert_ptr_nonnull(strstr(last.why, "is being renewed"));
    ck_assert_uint_eq(missing("/copy"), 1);
    ck_assert(!is_all(PRUNE, "/mid", "/copy"));
    const struct backup_options one = {.io = fixture.io, .store = "s", .told = told};
    ck_assert_int_eq(copy_with(&one, "/mid", "/copy"), STORE_BUSY);
    ck_assert_ptr_nonnull(strstr(detail.text, "is being renewed"));
    must_copy(COPY, "/data", "/mid");
    must_copy(PRUNE, "/mid", "/copy");
    ck_assert_uint_eq(missing("/copy"), 0);
    ck_assert(holds("/copy", "s", "new"));
    for (unsigned away = 1; away <= calls; away += 7) {
        prepare_exchange(PRUNE);
        ck_assert(!run_beside(PRUNE, away, 0) || holds("/copy", "s", "new"));
        ck_assert(holds("/copy", "s", "new") || holds("/copy", "s", "old"));
    }
}
END_TEST

/* The only one is no sign of another source, either. */
START_TEST(a_source_whose_only_store_is_away_is_no_other_one)
{
    fixture_must_put(&fixture, "a", "old");
    must_copy(COPY, "/data", "/mid");
    must_copy(COPY, "/mid", "/copy");
    fixture_close(&fixture);
    ck_assert(!run_beside(PRUNE, 1, 0));
    ck_assert_ptr_nonnull(strstr(detail.text, "which is being renewed"));
    must_copy(COPY, "/data", "/mid");
    must_copy(PRUNE, "/mid", "/copy");
}
END_TEST

/* What has gone for good has. */
START_TEST(a_copy_that_was_pruned_is_gone)
{
    prepare_exchange(PRUNE);
    move("/data/stores/s", "/away");
    must_copy(PRUNE, "/data", "/mid");
    ck_assert(!fixture_exists(&fixture, "/mid/stores/s/log"));
    must_copy(PRUNE, "/mid", "/copy");
    ck_assert(!fixture_exists(&fixture, "/copy/stores/s/log"));
    ck_assert(holds("/copy", "t", "old"));
}
END_TEST

/* What has come while others were copied is copied, too. */
static void make_another(void)
{
    put("u", "late");
}

START_TEST(a_store_that_comes_meanwhile_is_copied)
{
    put("s", "old");
    ck_assert_int_eq(copy_by(spy_before(1, false, make_another), COPY, "/data", "/copy"), STORE_OK);
    ck_assert_uint_eq(told_count, 2);
    ck_assert_uint_eq(failures, 0);
    ck_assert(holds("/copy", "u", "late"));
    ck_assert_uint_eq(missing("/copy"), 0);
}
END_TEST

/* ---- copies that do not tell --------------------------------------------------------------------- */

static void blot(const char *path)
{
    fixture_write_file(&fixture, path, "?", 1, 0);
}

/* An empty folder is no source for them, as it is none for the others. */
START_TEST(a_copy_that_does_not_tell_is_not_pruned)
{
    fixture_must_put(&fixture, "a", "old");
    must_copy(COPY, "/data", "/copy");
    fixture_close(&fixture);
    move("/data/stores/s", "/away");
    ck_assert_int_eq(copy_by(fixture.io, PRUNE, "/data", "/copy"), STORE_FOREIGN);
    blot("/copy/stores/s/settings");
    ck_assert_int_eq(copy_by(fixture.io, PRUNE, "/data", "/copy"), STORE_FOREIGN);
    ck_assert(fixture_exists(&fixture, "/copy/stores/s/log"));
    fixture_remove(&fixture, "/copy/stores/s/settings");
    ck_assert_int_eq(copy_by(fixture.io, COPY, "/data", "/copy"), STORE_FOREIGN);
    ck_assert(fixture_exists(&fixture, "/copy/stores/s/log"));
}
END_TEST

static void expect_kept(void)
{
    const struct backup_options replace = {
        .io = fixture.io, .any_source = true, .as_it_is = true, .prune = true, .told = told};
    ck_assert_int_eq(copy_by(fixture.io, PRUNE, "/data", "/copy"), STORE_OK);
    ck_assert_int_eq(last.error, STORE_FOREIGN);
    ck_assert_int_eq(copy_with(&replace, "/data", "/copy"), STORE_OK);
    ck_assert_uint_eq(failures, 0);
    ck_assert(holds("/copy", "s", "anew"));
}

/* Nor does it give way to another store of that name. */
START_TEST(a_copy_that_does_not_tell_gives_way_to_no_other)
{
    fixture_must_put(&fixture, "a", "old");
    must_copy(COPY, "/data", "/copy");
    make_anew();
    blot("/copy/stores/s/settings");
    expect_kept();
    move("/copy/stores/s/blobs", "/away");
    expect_kept();
}
END_TEST

/* It is mended by the one that it is of. */
START_TEST(a_copy_that_does_not_tell_gives_way_to_its_own)
{
    fixture_must_put(&fixture, "a", "old");
    must_copy(COPY, "/data", "/copy");
    blot("/copy/stores/s/settings");
    must_copy(PRUNE, "/data", "/copy");
    ck_assert(holds("/copy", "s", "old"));
}
END_TEST

/* What TO has is left alone also where it is not whole. */
START_TEST(a_transfer_takes_the_place_of_nothing)
{
    fixture_must_put(&fixture, "a", "old");
    fixture_close(&fixture);
    must_copy(TRANSFER, "/data", "/other");
    move("/other/stores/s/blobs", "/away");
    ck_assert_int_eq(copy_by(fixture.io, TRANSFER, "/data", "/other"), STORE_OK);
    ck_assert_int_eq(last.error, STORE_EXISTS);
    ck_assert(!fixture_exists(&fixture, "/other/stores/s/blobs"));
}
END_TEST

/* ---- calls that fail --------------------------------------------------------------------------- */

/* A backup of a backup: of the one in the middle "u" was removed, and, where it is to lack something, "t" is noted as
 * missing, of which /copy has the last copy. */
static void prepare(bool lacks)
{
    const struct io *io = fixture.io;
    fixture_renew(&fixture);
    io = fixture.io;
    put("t", "old");
    put("u", "old");
    put("s", "old");
    must_copy(COPY, "/data", "/mid");
    must_copy(COPY, "/mid", "/copy");
    put("s", "new");
    must_copy(COPY, "/data", "/mid");
    fixture_close(&fixture);
    move("/mid/stores/u", "/away-u");
    if (!lacks)
        return;
    move("/mid/stores/t", "/away-t");
    int mark = io->openat(io->self, AT_FDCWD, "/mid/" BACKUP_DRAFTS "/.pending.t", O_WRONLY | O_CREAT, 0600);
    ck_assert_int_ge(mark, 0);
    io->close(io->self, mark);
}

static bool is_state(const char *folder, const char *name, bool lacks)
{
    return holds(folder, name, "new") || (lacks && holds(folder, name, "old"));
}

/* What was to be copied is, where the run says so; and no copy has gone in any case. */
static void expect(enum way way, bool lacks, bool all, const char *run)
{
    bool backup = way == COPY || way == PRUNE;
    const char *to = backup ? "/copy" : "/to";
    ck_assert_msg(!all || !lacks, "%s: it says that all is there", run);
    ck_assert_msg(!backup || (is_state(to, "s", !all) && holds(to, "t", "old")), "%s: a copy is not whole", run);
    ck_assert_msg(!backup || !lacks || holds(to, "u", "old"), "%s: a copy has gone", run);
    ck_assert_msg(!all || (holds(to, "s", "new") && holds(to, "t", "old")), "%s: it says that all is there", run);
    ck_assert_uint_eq(sim_disk_open_files(fixture.disk), 0);
    ck_assert_uint_eq(sim_disk_bad_uses(fixture.disk), 0);
    if (lacks)
        return;
    ck_assert_msg(is_all(way, "/mid", to), "%s: then %s; %s", run, detail.text, last.why ? last.why : "");
    ck_assert_msg(holds(to, "s", "new") && holds(to, "t", "old"), "%s: then not all is there", run);
}

static uint64_t calls_of(enum way way, bool lacks)
{
    prepare(lacks);
    uint64_t before = sim_disk_calls(fixture.disk, SIM_ANY);
    (void)is_all(way, "/mid", way == COPY || way == PRUNE ? "/copy" : "/to");
    return sim_disk_calls(fixture.disk, SIM_ANY) - before;
}

/* Each of them may be one that looks for something. */
START_TEST(a_call_that_fails_takes_no_copy_and_hides_no_lack)
{
    static const int errors[] = {EIO, EACCES, EMFILE, ENOMEM};
    enum way way = (enum way)(_i / 2);
    bool lacks = _i % 2;
    bool wide = getenv("CAIRN_CALLS");
    uint64_t calls = calls_of(way, lacks);
    const char *to = way == COPY || way == PRUNE ? "/copy" : "/to";
    for (uint64_t step = 0; step < calls * (wide ? 4 : 1); step += wide ? 1 : STRIDE) {
        char run[96];
        uint64_t nth = wide ? step / 4 + 1 : step + 1;
        int error = errors[wide ? step % 4 : step / STRIDE % 4];
        snprintf(run, sizeof run, "way %d, call %llu of %llu, error %d", (int)way, (unsigned long long)nth,
                 (unsigned long long)calls, error);
        prepare(lacks);
        sim_disk_fail(fixture.disk, SIM_ANY, nth, false, error);
        bool all = is_all(way, "/mid", to);
        sim_disk_heal(fixture.disk);
        expect(way, lacks, all, run);
    }
}
END_TEST

static bool halted_behind_one(void *arg)
{
    (void)arg;
    return told_count > 0;
}

/* What was begun with one source is gone on with by no other, whatever cannot be read of that. */
START_TEST(a_call_that_fails_mixes_no_sources)
{
    const struct backup_options cut = {
        .io = fixture.io, .restore = true, .as_it_is = true, .told = told, .halted = halted_behind_one};
    put("t", "old");
    put("s", "old");
    must_copy(COPY, "/data", "/mid");
    ck_assert_int_eq(copy_with(&cut, "/mid", "/to"), STORE_DRAINING);
    make_anew();
    fixture_close(&fixture);
    uint64_t met = sim_disk_faults_met(fixture.disk);
    for (uint64_t nth = 1; sim_disk_faults_met(fixture.disk) == met + nth - 1; nth++) {
        sim_disk_fail(fixture.disk, SIM_ANY, nth, false, nth % 2 ? EIO : EACCES);
        ck_assert(!is_all(RESTORE, "/data", "/to"));
        sim_disk_heal(fixture.disk);
    }
    ck_assert(is_all(RESTORE, "/mid", "/to"));
    ck_assert(holds("/to", "s", "old") && holds("/to", "t", "old"));
}
END_TEST

/* Who checks the folder is told, or told that it cannot be known. */
START_TEST(a_call_that_fails_hides_no_missing_store)
{
    prepare(true);
    for (uint64_t nth = 1, calls = 1; nth <= calls; nth++) {
        unsigned found = 0;
        uint64_t before = sim_disk_calls(fixture.disk, SIM_ANY);
        sim_disk_fail(fixture.disk, SIM_ANY, nth, false, nth % 2 ? EIO : EMFILE);
        enum store_error error = backup_missing("/mid", fixture.io, count, &found, &detail);
        calls = sim_disk_calls(fixture.disk, SIM_ANY) - before;
        sim_disk_heal(fixture.disk);
        ck_assert_msg(error || found == 1, "call %llu", (unsigned long long)nth);
        ck_assert(!error || error == STORE_NO_MEMORY || detail.text[0]);
        calls = error ? nth + 1 : calls;
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_store_that_is_made_anew_meanwhile_is_copied,
        a_backup_that_is_renewed_meanwhile_is_copied,
        a_store_that_is_exchanged_each_time_is_told,
        a_source_that_is_emptied_meanwhile_takes_no_copy,
        a_copy_stays_when_its_store_comes_back,
        a_copy_that_stays_away_is_told,
        a_source_whose_only_store_is_away_is_no_other_one,
        a_copy_that_was_pruned_is_gone,
        a_store_that_comes_meanwhile_is_copied,
        a_call_that_fails_mixes_no_sources,
        a_copy_that_does_not_tell_is_not_pruned,
        a_copy_that_does_not_tell_gives_way_to_no_other,
        a_copy_that_does_not_tell_gives_way_to_its_own,
        a_transfer_takes_the_place_of_nothing,
        a_call_that_fails_hides_no_missing_store,
    };
    Suite *suite = suite_create("absence");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(all, tests[i]);
    tcase_add_loop_test(all, a_store_that_comes_back_as_another_one_is_told, 0, 2);
    tcase_add_loop_test(all, a_copy_that_is_away_for_a_moment_is_not_gone, 0, 2);
    tcase_add_loop_test(all, a_call_that_fails_takes_no_copy_and_hides_no_lack, 0, 2 * WAYS);
    suite_add_tcase(suite, all);
    return unit_conclude(suite);
}
