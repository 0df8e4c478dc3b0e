/* test_scrub.c - verification beside other work: writers, compaction, the background, the end. */
#include "tests/lib/findings.h"
#include "tests/lib/patience.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

FIXTURE_OF_EACH_TEST

static atomic_bool writing_ends;

static void *write_on(void *arg)
{
    (void)arg;
    for (unsigned i = 0; !atomic_load(&writing_ends); i++) {
        char key[16];
        snprintf(key, sizeof key, "key-%u", i % 7);
        if (i % 3 == 0) {
            fixture_must_upload(&fixture, key);
        } else if (i % 3 == 1) {
            fixture_must_put(&fixture, key, "a small payload");
        } else {
            ck_assert_int_eq(fixture_delete(&fixture, key), STORE_OK);
        }
    }
    return NULL;
}

START_TEST(writers_go_on_and_are_no_flaws)
{
    pthread_t writer;
    fixture_set_first_segment(&fixture, 256 << 10); /* compaction takes no records away meanwhile */
    atomic_store(&writing_ends, false);
    ck_assert_int_eq(pthread_create(&writer, NULL, write_on, NULL), 0);
    uint64_t records = 0;
    for (int rounds = 0; rounds < 50 || records < 500; rounds++) {
        struct store_verification verification = findings_verify(&fixture);
        ck_assert_uint_eq(verification.flaws, 0);
        ck_assert(verification.complete);
        ck_assert_uint_ge(verification.records, records);
        records = verification.records;
    }
    atomic_store(&writing_ends, true);
    pthread_join(writer, NULL);
    ck_assert_uint_ge(findings_none(&fixture).records, records);
}
END_TEST

/* The object goes while its blob is about to be opened, and the blob with it: nothing is missing then. */
static struct io late_io;

static const struct io *early_io;

static bool late;

static bool blob_is_there(int folder, const char *path)
{
    int file = early_io->openat(early_io->self, folder, path, O_RDONLY, 0);
    if (file >= 0)
        early_io->close(early_io->self, file);
    return file >= 0;
}

static int late_openat(void *self, int folder, const char *path, int flags, mode_t mode)
{
    const struct timespec nap = {.tv_nsec = 1000000};
    if (late && strstr(path, ".blob")) {
        late = false;
        ck_assert_int_eq(fixture_delete(&fixture, "large"), STORE_OK);
        while (blob_is_there(folder, path))
            nanosleep(&nap, NULL);
    }
    return early_io->openat(self, folder, path, flags, mode);
}

START_TEST(an_object_that_goes_meanwhile_is_not_missed)
{
    fixture_close(&fixture);
    early_io = fixture.io;
    late_io = *fixture.io;
    late_io.openat = late_openat;
    fixture.options.io = &late_io;
    fixture_open(&fixture);
    fixture_must_upload(&fixture, "large");
    late = true;
    struct store_verification verification = findings_verify(&fixture);
    ck_assert(!late);
    ck_assert_uint_eq(verification.flaws, 0);
    ck_assert(verification.complete);
}
END_TEST

/* Puts objects until the log has so many segments; returns how many. */
static unsigned fill_up_to(unsigned segments, char prefix)
{
    static const uint8_t payload[400];
    unsigned count = 0;
    for (; fixture_figures(&fixture).segments < segments; count++) {
        char key[FINDING_KEY];
        (void)snprintf(key, sizeof key, "%c%03u", prefix, count);
        ck_assert_int_eq(fixture_put(&fixture, key, payload, sizeof payload), STORE_OK);
    }
    return count;
}

static unsigned overwritten;

/* The first flaw, in the first segment, is the time to have the second one compacted, which the pass has not
 * reached. */
static void compact_ahead(void *arg, const struct store_flaw *flaw)
{
    findings_keep(arg, flaw);
    if (findings_count > 1)
        return;
    for (unsigned i = 0; i < overwritten; i++) {
        char key[FINDING_KEY];
        (void)snprintf(key, sizeof key, "b%03u", i);
        fixture_must_put(&fixture, key, "new");
    }
    WAIT_UNTIL(fixture_is_husk(&fixture, 2));
    ck_assert(fixture_is_husk(&fixture, 2));
}

START_TEST(a_blob_whose_record_moves_meanwhile_is_looked_at)
{
    struct store_verification verification;
    fill_up_to(2, 'a');
    fixture_must_upload(&fixture, "large");
    overwritten = fill_up_to(3, 'b');
    fixture_flip(&fixture, "/data/stores/s/log/0000000000000001.seg", 64 + 88 + 4 + 100);
    fixture_flip(&fixture, "/data/stores/s/blobs/0000000000000001.blob", 100);
    findings_count = 0;
    ck_assert_int_eq(store_verify(fixture.store, 0, compact_ahead, NULL, &verification), STORE_OK);
    ck_assert(verification.complete);
    ck_assert_uint_eq(findings_count, 2);
    ck_assert_int_eq(findings[0].flaw.kind, STORE_FLAW_PAYLOAD);
    ck_assert_int_eq(findings[1].flaw.kind, STORE_FLAW_BLOB);
    ck_assert_str_eq(findings[1].key, "large");
}
END_TEST

static void wait_until_done(void)
{
    struct store_verification verification;
    WAIT_UNTIL((store_verification(fixture.store, &verification), !verification.running));
    ck_assert_msg(!verification.running, "the verification does not end");
}

START_TEST(in_the_background_flaws_are_logged)
{
    struct store_verification verification;
    fixture_must_put(&fixture, "a", "the first payload");
    fixture_must_upload(&fixture, "large");
    fixture_flip(&fixture, findings_blob_path(&fixture), 5);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(store_verify_start(fixture.store, 0), STORE_OK);
        wait_until_done();
        store_verification(fixture.store, &verification);
        ck_assert(verification.complete);
        ck_assert_uint_eq(verification.flaws, 1);
        ck_assert_uint_eq(verification.records, 2);
    }
    fixture_close(&fixture);
    ck_assert_uint_eq(fixture.warnings, 3 * 2); /* the flaw, the sum */
    ck_assert_msg(strstr(fixture.logged, "1 flaw"), "logged: %s", fixture.logged);
    fixture_open(&fixture);
}
END_TEST

START_TEST(one_at_a_time_and_closing_ends_it)
{
    struct store_verification verification;
    struct timespec before, after;
    for (int i = 0; i < 20; i++)
        fixture_must_put(&fixture, "a", "the first payload");
    ck_assert_int_eq(store_verify_start(fixture.store, 1), STORE_OK);
    ck_assert_int_eq(store_verify_start(fixture.store, 1), STORE_BUSY);
    ck_assert_int_eq(store_verify(fixture.store, 0, NULL, NULL, NULL), STORE_BUSY);
    store_verification(fixture.store, &verification);
    ck_assert(verification.running);
    ck_assert(!verification.complete);
    ck_assert_int_ne(verification.started, 0);
    ck_assert_int_eq(verification.finished, 0);
    ck_assert_uint_gt(verification.bytes_total, 0);
    clock_gettime(CLOCK_MONOTONIC, &before);
    fixture_close(&fixture);
    clock_gettime(CLOCK_MONOTONIC, &after);
    ck_assert_int_le(after.tv_sec - before.tv_sec, 60); /* of 40 minutes that it would take */
    fixture_open(&fixture);
    findings_none(&fixture);
}
END_TEST

START_TEST(deleting_ends_it)
{
    struct store_verification verification;
    for (int i = 0; i < 20; i++)
        fixture_must_put(&fixture, "a", "the first payload");
    ck_assert_int_eq(store_verify_start(fixture.store, 1), STORE_OK);
    ck_assert_int_eq(depot_delete(fixture.depot, "s", true, NULL), STORE_OK);
    wait_until_done();
    store_verification(fixture.store, &verification);
    ck_assert(!verification.complete);
    ck_assert_int_eq(store_verify_start(fixture.store, 0), STORE_DRAINING);
}
END_TEST

START_TEST(the_rate_is_kept)
{
    struct timespec before, after;
    for (int i = 0; i < 5; i++) {
        fixture_must_upload(&fixture, "large");
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        fixture_must_copy(&fixture, "large", key);
    }
    uint64_t bytes = findings_none(&fixture).bytes_done;
    clock_gettime(CLOCK_MONOTONIC, &before);
    ck_assert_int_eq(store_verify(fixture.store, bytes * 4, NULL, NULL, NULL), STORE_OK);
    clock_gettime(CLOCK_MONOTONIC, &after);
    double seconds = (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
    ck_assert_double_ge(seconds, 0.2);
}
END_TEST

/* A store that is being verified counts as in use, so that others do not push it out. */
START_TEST(other_stores_do_not_end_it)
{
    struct store_verification verification;
    fixture_close(&fixture);
    fixture.options.open_stores_limit = 1;
    fixture_open(&fixture);
    for (int i = 0; i < 20; i++)
        fixture_must_put(&fixture, "a", "the first payload");
    ck_assert_int_eq(store_verify_start(fixture.store, 1), STORE_OK);
    depot_release(fixture.store);
    for (char name[] = "x0"; name[1] <= '9'; name[1]++) {
        bool created;
        struct store *other;
        ck_assert_int_eq(depot_create(fixture.depot, name, &created, NULL), STORE_OK);
        ck_assert_int_eq(depot_acquire(fixture.depot, name, &other, NULL), STORE_OK);
        depot_release(other);
    }
    ck_assert_int_eq(depot_try_acquire(fixture.depot, "s", &fixture.store), STORE_OK);
    store_verification(fixture.store, &verification);
    ck_assert(verification.running);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        writers_go_on_and_are_no_flaws,
        an_object_that_goes_meanwhile_is_not_missed,
        a_blob_whose_record_moves_meanwhile_is_looked_at,
        in_the_background_flaws_are_logged,
        one_at_a_time_and_closing_ends_it,
        deleting_ends_it,
        the_rate_is_kept,
        other_stores_do_not_end_it,
    };
    return UNIT_RUN_WITH("scrub", setup, teardown, tests);
}
