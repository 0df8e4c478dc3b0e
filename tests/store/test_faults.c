/* test_faults.c - what a failing disk does to a running store: behaviours one by one, then a sweep.
 *
 * The sweep: every single call of a scenario fails, once or from then on, with every error that fits.
 *
 * For each kind of call (and for any kind), N = 1, 2, 3 and so on: the Nth such call fails, until the scenario no
 * longer meets the fault. Whatever happens, the engine answers every write, says errors that a disk can cause, never
 * shows what it did not acknowledge, leaks no descriptor; and when the fault has ended and the depot is opened again,
 * everything acknowledged is there and work goes on.
 *
 *   CAIRN_SEED   of the disk and of the work behind the fault (1)
 */
#include "tests/lib/fixture.h"
#include "tests/lib/history.h"
#include "tests/lib/model.h"
#include "tests/lib/patience.h"
#include "tests/lib/prng.h"
#include "tests/lib/sim_disk.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fault {
    enum sim_call call;
    int error;
};

static const struct fault faults[] = {
    {SIM_OPENAT, EIO},    {SIM_OPENAT, EMFILE},    {SIM_OPENAT, ENOSPC},       {SIM_CLOSE, EIO},
    {SIM_PREAD, EIO},     {SIM_PREAD_NOWAIT, EIO}, {SIM_PREAD_NOWAIT, EAGAIN}, {SIM_PWRITE, EIO},
    {SIM_PWRITE, ENOSPC}, {SIM_FDATASYNC, EIO},    {SIM_FDATASYNC, ENOSPC},    {SIM_FSYNC, EIO},
    {SIM_FSYNC, ENOSPC},  {SIM_WRITE_BACK, EIO},   {SIM_AWAIT_BACK, EIO},      {SIM_AWAIT_BACK, ENOSPC},
    {SIM_FTRUNCATE, EIO}, {SIM_ALLOCATE, EIO},     {SIM_ALLOCATE, ENOSPC},     {SIM_ALLOCATE, EOPNOTSUPP},
    {SIM_FSTAT, EIO},     {SIM_MKDIRAT, EIO},      {SIM_MKDIRAT, ENOSPC},      {SIM_UNLINKAT, EIO},
    {SIM_RENAMEAT, EIO},  {SIM_RENAMEAT, ENOSPC},  {SIM_LINKAT, EIO},          {SIM_LINKAT, EMLINK},
    {SIM_LINKAT, EXDEV},  {SIM_COPY_RANGE, EIO},   {SIM_COPY_RANGE, EINVAL},   {SIM_LOCK, EIO},
    {SIM_LIST, EIO},      {SIM_LIST, EMFILE},      {SIM_FREE_BYTES, EIO},      {SIM_ANY, EIO},
    {SIM_ANY, ENOSPC},    {SIM_ANY, ENOMEM},
};

static uint64_t first_seed;
static uint64_t runs;

/* An error at opening must name itself. */
static bool open_disturbed(struct model *model)
{
    struct store_detail detail;
    enum store_error error = model_open(model, &detail);
    if (error && !model_disk_error(error))
        model_fail(model, "opening: \"%s\" is not what a broken disk causes", store_error_text(error));
    if (error && detail.text[0] == 0)
        model_fail(model, "opening: \"%s\" comes without a sentence", store_error_text(error));
    return error == STORE_OK;
}

static void meet(struct model *model, const struct fault *fault, uint64_t nth, bool forever)
{
    model->disturbed = true;
    sim_disk_fail(model->disk, fault->call, nth, forever, fault->error);
    if (open_disturbed(model) && history_scenario(model))
        model_verify(model);
    model_close(model);
}

/* Returns whether the fault was met. */
static bool run(const struct fault *fault, uint64_t nth, bool forever)
{
    struct sim_disk *disk = sim_disk_new(first_seed + nth);
    struct model *model = model_new(disk, first_seed);
    struct prng prng = prng_of(prng_seed(first_seed, nth));
    snprintf(model->scene, sizeof model->scene, "%s %llu fails %s with errno %d", sim_call_name(fault->call),
             (unsigned long long)nth, forever ? "for ever" : "once", fault->error);
    meet(model, fault, nth, forever);
    bool met = sim_disk_faults_met(disk) > 0;
    sim_disk_heal(model->disk);
    history_recover(model, &prng);
    model_free(model);
    sim_disk_free(disk);
    runs++;
    return met;
}

static void sweep(const struct fault *fault, bool forever)
{
    uint64_t nth = 1;
    while (run(fault, nth, forever))
        nth++;
}

START_TEST(a_call_that_fails)
{
    first_seed = prng_environment("CAIRN_SEED", 1);
    const struct fault *fault = &faults[_i];
    sweep(fault, false);
    sweep(fault, true);
    printf("faults: %s with \"%s\", once and for ever: %llu runs\n", sim_call_name(fault->call),
           strerrorname_np(fault->error), (unsigned long long)runs);
    fflush(stdout);
}
END_TEST

/* A call that is interrupted is simply made again: nobody notices. */
START_TEST(interrupts_and_short_transfers_go_unnoticed)
{
    for (uint64_t part = 0; part < 20; part++) {
        struct sim_disk *disk = sim_disk_new(part);
        struct model *model = model_new(disk, part);
        sim_disk_set_short(disk, 2);
        sim_disk_set_interrupts(disk, 3);
        model_open(model, NULL);
        ck_assert(history_scenario(model));
        model_free(model);
        sim_disk_free(disk);
    }
}
END_TEST

/* ---- one behaviour each ---------------------------------------------------------------------- */

FIXTURE_OF_EACH_TEST

static void assert_holds(const char *key, const char *text)
{
    enum store_error error = fixture_get_text(&fixture, key, text);
    ck_assert_msg(error == STORE_OK, "%s: %s", key, store_error_text(error));
}

static void put(const char *key, const char *text)
{
    ck_assert_int_eq(fixture_put_text(&fixture, key, text), STORE_OK);
}

static void reopen(void)
{
    fixture_close(&fixture);
    fixture_open(&fixture);
}

START_TEST(a_failed_sync_is_sticky)
{
    struct store_detail detail;
    put("a", "one");
    ck_assert(depot_healthy(fixture.depot, &detail));
    sim_disk_fail(fixture.disk, SIM_FDATASYNC, 1, false, EIO);
    ck_assert_int_eq(fixture_put_text(&fixture, "b", "two"), STORE_FAILED);
    ck_assert_uint_eq(sim_disk_faults_met(fixture.disk), 1);
    ck_assert_int_eq(fixture_put_text(&fixture, "b", "two"), STORE_FAILED);
    ck_assert_int_eq(fixture_delete(&fixture, "a"), STORE_FAILED);
    ck_assert_int_eq(fixture_rename(&fixture, "a", "c"), STORE_FAILED);
    ck_assert_int_eq(fixture_upload(&fixture, "d", "four", 4), STORE_FAILED);
    assert_holds("a", "one");
    ck_assert_int_eq(fixture_get_text(&fixture, "b", "two"), STORE_NO_OBJECT);
    ck_assert(fixture_figures(&fixture).failed);
    ck_assert_uint_eq(fixture_figures(&fixture).objects, 1);
    ck_assert(!depot_healthy(fixture.depot, &detail));
    ck_assert_msg(strstr(detail.text, "s") && strlen(detail.text) > 10, "\"%s\"", detail.text);
    ck_assert_uint_gt(fixture.warnings, 0);
    reopen();
    ck_assert(depot_healthy(fixture.depot, &detail));
    put("b", "another two");
    assert_holds("a", "one");
    assert_holds("b", "another two");
}
END_TEST

/* A put whose sync fails; when `writes_too`, the engine cannot even take back what it has written. */
static void fail_put(bool writes_too)
{
    sim_disk_fail(fixture.disk, SIM_FDATASYNC, 1, false, EIO);
    if (writes_too)
        sim_disk_fail(fixture.disk, SIM_PWRITE, 2, true, EIO);
    ck_assert_int_eq(fixture_put_text(&fixture, "b", "two"), STORE_FAILED);
    fixture_close(&fixture);
    sim_disk_heal(fixture.disk);
    fixture_open(&fixture);
}

/* After a failed sync Linux takes the lost pages for clean: what a restart shows must be written anew. */
START_TEST(what_is_seen_after_a_failed_sync_survives_a_cut)
{
    unsigned shown = 0;
    for (uint64_t cut = 0; cut < 80; cut++) {
        fixture_end(&fixture);
        fixture_start(&fixture, cut);
        put("a", "one");
        if (cut % 2) { /* then the log ends with a mark before the failure */
            reopen();
        }
        fail_put(cut % 4 < 2);
        enum store_error seen = fixture_get_text(&fixture, "b", "two");
        shown += seen == STORE_OK;
        fixture_cut(&fixture, cut);
        fixture_open(&fixture);
        ck_assert_int_eq(fixture_get_text(&fixture, "b", "two"), seen);
        assert_holds("a", "one");
        ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
    }
    ck_assert_uint_gt(shown, 0);
}
END_TEST

/* The log begins another segment, but whether its name is on disk nobody knows: the next start makes sure. */
START_TEST(a_segment_whose_name_was_not_synced_is_safe_after_a_restart)
{
    static char large[300000]; /* does not fit into the first segment */
    for (uint64_t cut = 0; cut < 20; cut++) {
        fixture_end(&fixture);
        fixture_start(&fixture, cut);
        fixture.options.inline_limit = sizeof large;
        put("a", "one");
        reopen();
        sim_disk_fail(fixture.disk, SIM_FSYNC, 1, false, EIO);
        ck_assert_int_eq(fixture_put(&fixture, "large", large, sizeof large), STORE_FAILED);
        reopen();
        put("b", "two");
        fixture_cut(&fixture, cut);
        fixture_open(&fixture);
        assert_holds("a", "one");
        assert_holds("b", "two");
    }
}
END_TEST

enum { QUEUED = 10 };

static const char *const queue_keys[QUEUED] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

/* While a sync lasts nothing of it is seen, and what arrives meanwhile becomes one group. */
START_TEST(visible_means_durable)
{
    struct fixture_put puts[QUEUED];
    put("a", "one");
    uint64_t commits = fixture_figures(&fixture).commits;
    sim_disk_hold_syncs(fixture.disk, true);
    fixture_begin_put(&fixture, &puts[0], queue_keys[0], "text");
    fixture_wait_held(&fixture);
    for (int i = 1; i < QUEUED; i++)
        fixture_begin_put(&fixture, &puts[i], queue_keys[i], "text");
    for (int i = 0; i < QUEUED; i++)
        ck_assert_int_eq(fixture_get_text(&fixture, queue_keys[i], "text"), STORE_NO_OBJECT);
    assert_holds("a", "one");
    ck_assert_uint_eq(fixture_figures(&fixture).writes_in_flight, QUEUED);
    sim_disk_hold_syncs(fixture.disk, false);
    for (int i = 0; i < QUEUED; i++) {
        ck_assert_int_eq(fixture_end_put(&puts[i]), STORE_OK);
        assert_holds(queue_keys[i], "text");
    }
    ck_assert_uint_eq(fixture_figures(&fixture).commits - commits, 2);
}
END_TEST

/* Commits one put, and while its sync lasts lets a group of others gather whose write then fails. */
static void fail_group(void)
{
    struct fixture_put puts[QUEUED];
    put("a", "one"); /* there is a segment now */
    sim_disk_hold_syncs(fixture.disk, true);
    fixture_begin_put(&fixture, &puts[0], queue_keys[0], "text");
    fixture_wait_held(&fixture);
    for (int i = 1; i < QUEUED; i++)
        fixture_begin_put(&fixture, &puts[i], queue_keys[i], "text");
    sim_disk_fail(fixture.disk, SIM_PWRITE, 1, false, EIO);
    sim_disk_hold_syncs(fixture.disk, false);
    for (int i = 0; i < QUEUED; i++)
        ck_assert_int_eq(fixture_end_put(&puts[i]), i == 0 ? STORE_OK : STORE_IO);
}

static void assert_group_is_gone(void)
{
    assert_holds(queue_keys[0], "text");
    for (int i = 1; i < QUEUED; i++)
        ck_assert_int_eq(fixture_get_text(&fixture, queue_keys[i], "text"), STORE_NO_OBJECT);
}

/* The failed write has often put whole records onto the disk. The next commit is shorter, so that what is left
 * behind it lines up with its end. */
START_TEST(what_a_failed_write_leaves_never_counts)
{
    for (uint64_t seed = 0; seed < 50; seed++) {
        fixture_end(&fixture);
        fixture_start(&fixture, seed);
        fail_group();
        assert_group_is_gone();
        put("z", "text");
        assert_group_is_gone();
        fixture_cut(&fixture, seed);
        fixture_open(&fixture);
        assert_group_is_gone();
        assert_holds("z", "text");
        ck_assert_uint_eq(fixture_figures(&fixture).objects, 3);
        ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
    }
}
END_TEST

enum { FILL = 400, FILL_KEYS = 2000 };

static char fill_payload[FILL];

/* Puts until the disk is full; returns how many fitted. */
static unsigned fill(void)
{
    char key[16];
    for (unsigned i = 0; i < FILL_KEYS; i++) {
        snprintf(key, sizeof key, "%u", i);
        enum store_error error = fixture_put(&fixture, key, fill_payload, FILL);
        if (error) {
            ck_assert_int_eq(error, STORE_FULL);
            return i;
        }
    }
    ck_abort_msg("the disk does not get full");
}

static void assert_filled(unsigned from, unsigned to)
{
    char key[16];
    for (unsigned i = from; i < to; i++) {
        snprintf(key, sizeof key, "%u", i);
        ck_assert_int_eq(fixture_get(&fixture, key, fill_payload, FILL), STORE_OK);
    }
}

static void delete_filled(unsigned count)
{
    char key[16];
    for (unsigned i = 0; i < count; i++) {
        snprintf(key, sizeof key, "%u", i);
        ck_assert_int_eq(fixture_delete(&fixture, key), STORE_OK);
    }
}

START_TEST(a_full_disk_refuses_and_recovers)
{
    static char large[100000];
    fixture_set_first_segment(&fixture, 256 << 10);
    put("a", "one");
    sim_disk_set_free(fixture.disk, 0);
    unsigned count = fill();
    uint64_t end = fixture_figures(&fixture).end_offset;
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(fixture_put(&fixture, "more", fill_payload, FILL), STORE_FULL);
        ck_assert_int_eq(fixture_upload(&fixture, "more", large, sizeof large), STORE_FULL);
    }
    ck_assert_uint_eq(fixture_figures(&fixture).end_offset, end);
    assert_filled(0, count);
    delete_filled(20);
    assert_holds("a", "one");
    sim_disk_set_free(fixture.disk, UINT64_MAX);
    put("b", "two");
    ck_assert_int_eq(fixture_upload(&fixture, "large", large, sizeof large), STORE_OK);
    for (int round = 0; round < 2; round++) {
        assert_holds("b", "two");
        ck_assert_int_eq(fixture_get(&fixture, "large", large, sizeof large), STORE_OK);
        ck_assert_int_eq(fixture_get(&fixture, "more", fill_payload, FILL), STORE_NO_OBJECT);
        ck_assert_int_eq(fixture_get(&fixture, "19", fill_payload, FILL), STORE_NO_OBJECT);
        assert_filled(20, count);
        ck_assert_uint_eq(fixture_figures(&fixture).objects, count - 20 + 3);
        fixture_cut(&fixture, 7);
        fixture_open(&fixture);
    }
}
END_TEST

START_TEST(reads_that_fail_say_so)
{
    static char large[5000];
    put("a", "one");
    ck_assert_int_eq(fixture_upload(&fixture, "large", large, sizeof large), STORE_OK);
    sim_disk_fail(fixture.disk, SIM_PREAD, 1, true, EIO);
    sim_disk_fail(fixture.disk, SIM_PREAD_NOWAIT, 1, true, EIO);
    ck_assert_int_eq(fixture_get_text(&fixture, "a", "one"), STORE_IO);
    ck_assert_int_eq(fixture_get(&fixture, "large", large, sizeof large), STORE_IO);
    ck_assert_int_eq(fixture_rename(&fixture, "a", "b"), STORE_IO);
    sim_disk_heal(fixture.disk);
    assert_holds("a", "one");
    ck_assert_int_eq(fixture_rename(&fixture, "a", "b"), STORE_OK);
    assert_holds("b", "one");
}
END_TEST

START_TEST(without_descriptors_small_objects_go_on)
{
    static char large[5000];
    put("a", "one");
    ck_assert_int_eq(fixture_upload(&fixture, "large", large, sizeof large), STORE_OK);
    sim_disk_fail(fixture.disk, SIM_OPENAT, 1, true, EMFILE);
    ck_assert_int_eq(fixture_get(&fixture, "large", large, sizeof large), STORE_IO);
    ck_assert_int_eq(fixture_upload(&fixture, "other", large, sizeof large), STORE_IO);
    put("a", "two");
    assert_holds("a", "two");
    sim_disk_heal(fixture.disk);
    ck_assert_int_eq(fixture_get(&fixture, "large", large, sizeof large), STORE_OK);
    ck_assert_int_eq(fixture_get(&fixture, "other", large, sizeof large), STORE_NO_OBJECT);
}
END_TEST

static bool upload_leaves_something(size_t nodes)
{
    struct store_figures figures = fixture_figures(&fixture);
    return sim_disk_nodes(fixture.disk) > nodes || figures.blobs > 0 || figures.bytes_in_flight > 0;
}

/* Nothing of an upload that was dropped stays on the disk or in memory; its file goes behind the caller's back. */
START_TEST(an_aborted_upload_leaves_nothing)
{
    static char payload[300000];
    struct store_key key = store_key_of("a", 1);
    struct stream *stream;
    size_t taken;
    put("a", "one");
    size_t nodes = sim_disk_nodes(fixture.disk);
    ck_assert_int_eq(stream_open(fixture.store, &key, STORE_SIZE_UNKNOWN, NULL, &stream), STORE_OK);
    ck_assert_int_eq(stream_write(stream, payload, sizeof payload, &taken), STORE_OK);
    ck_assert_uint_gt(taken, 0);
    stream_abort(stream);
    WAIT_UNTIL(!upload_leaves_something(nodes));
    ck_assert(!upload_leaves_something(nodes));
    assert_holds("a", "one");
}
END_TEST

static size_t count_blobs(void)
{
    size_t count = 0;
    const struct io *io = fixture.io;
    int folder = io->openat(io->self, AT_FDCWD, "/data/stores/s/blobs", O_RDONLY | O_DIRECTORY, 0);
    char *names = io->list(io->self, folder);
    for (const char *name = names; *name; name += strlen(name) + 1)
        count++;
    free(names);
    io->close(io->self, folder);
    return count;
}

/* Uploads "large" so that its record cannot be written; it may be on the disk nevertheless. */
static void fail_commit_of_upload(const char *large, size_t size)
{
    sim_disk_fail(fixture.disk, SIM_PWRITE, 2, false, EIO);
    ck_assert_int_eq(fixture_upload(&fixture, "large", large, size), STORE_IO);
    ck_assert_uint_eq(sim_disk_faults_met(fixture.disk), 1);
    ck_assert_uint_eq(count_blobs(), 1);
}

/* As long as a crash could make its record count, the file stays. */
START_TEST(the_file_of_a_failed_commit_goes_with_the_next_one)
{
    static const char large[5000] = "large";
    put("a", "one");
    fail_commit_of_upload(large, sizeof large);
    put("b", "two");
    WAIT_UNTIL(count_blobs() == 0);
    ck_assert_uint_eq(count_blobs(), 0);
    ck_assert_int_eq(fixture_get(&fixture, "large", large, sizeof large), STORE_NO_OBJECT);
}
END_TEST

START_TEST(a_blob_that_is_gone_is_reported)
{
    static char large[5000];
    const struct io *io = fixture.io;
    ck_assert_int_eq(fixture_upload(&fixture, "large", large, sizeof large), STORE_OK);
    int folder = io->openat(io->self, AT_FDCWD, "/data/stores/s/blobs", O_RDONLY | O_DIRECTORY, 0);
    char *names = io->list(io->self, folder);
    ck_assert_int_eq(io->unlinkat(io->self, folder, names, 0), 0);
    free(names);
    io->close(io->self, folder);
    enum store_error error = fixture_get(&fixture, "large", large, sizeof large);
    ck_assert_msg(error == STORE_MISSING, "%s", store_error_text(error));
    ck_assert_int_eq(fixture_rename(&fixture, "large", "other"), STORE_OK);
    ck_assert_int_eq(fixture_delete(&fixture, "other"), STORE_OK);
    ck_assert_uint_eq(fixture_figures(&fixture).objects, 0);
}
END_TEST

static TCase *behaviour_case(void)
{
    TCase *behaviour = tcase_create("behaviour");
    tcase_add_checked_fixture(behaviour, setup, teardown);
    tcase_add_test(behaviour, a_failed_sync_is_sticky);
    tcase_add_test(behaviour, what_is_seen_after_a_failed_sync_survives_a_cut);
    tcase_add_test(behaviour, a_segment_whose_name_was_not_synced_is_safe_after_a_restart);
    tcase_add_test(behaviour, visible_means_durable);
    tcase_add_test(behaviour, what_a_failed_write_leaves_never_counts);
    tcase_add_test(behaviour, a_full_disk_refuses_and_recovers);
    tcase_add_test(behaviour, reads_that_fail_say_so);
    tcase_add_test(behaviour, without_descriptors_small_objects_go_on);
    tcase_add_test(behaviour, an_aborted_upload_leaves_nothing);
    tcase_add_test(behaviour, the_file_of_a_failed_commit_goes_with_the_next_one);
    tcase_add_test(behaviour, a_blob_that_is_gone_is_reported);
    return behaviour;
}

int main(void)
{
    Suite *suite = suite_create("faults");
    TCase *calls = tcase_create("sweep");
    tcase_set_timeout(calls, 0);
    tcase_add_loop_test(calls, a_call_that_fails, 0, (int)(sizeof faults / sizeof *faults));
    tcase_add_test(calls, interrupts_and_short_transfers_go_unnoticed);
    suite_add_tcase(suite, behaviour_case());
    suite_add_tcase(suite, calls);
    return unit_conclude(suite);
}
