/* test_summaries.c - summaries beside sealed segments: a start by them finds just what one finds that reads the log,
 * and they are never trusted over it. */
#include "store/base/little.h"
#include "store/internal.h"
#include "store/log/summary.h"
#include "store/start/replay.h"
#include "store/start/sheaf.h"
#include "tests/lib/fixture.h"
#include "tests/lib/history.h"
#include "tests/lib/long_log.h"
#include "tests/lib/model.h"
#include "tests/lib/patience.h"
#include "tests/lib/summaries.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

FIXTURE_OF_EACH_TEST

static const char log_folder[] = "/data/stores/s/log";
static const char first_segment[] = "/data/stores/s/log/0000000000000001.seg";
static const char first_summary[] = "/data/stores/s/log/0000000000000001.sum";
static const char second_segment[] = "/data/stores/s/log/0000000000000002.seg";
static const char second_summary[] = "/data/stores/s/log/0000000000000002.sum";

/* ---- all that a start makes of a log --------------------------------------------------------- */

enum { NUMBERS = 65536 };

/* Numbers that tell all of it. */
struct portrait {
    uint64_t numbers[NUMBERS];
    size_t count;
};

static void draw(struct portrait *portrait, uint64_t number)
{
    ck_assert_uint_lt(portrait->count, NUMBERS);
    portrait->numbers[portrait->count++] = number;
}

static void draw_each(void *arg, uint64_t number)
{
    draw(arg, number);
}

static int compare(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;
    return *left < *right ? -1 : *left > *right;
}

/* What a table or the index tells in no order is put into one. */
static void put_in_order(struct portrait *portrait, size_t from)
{
    qsort(portrait->numbers + from, portrait->count - from, sizeof *portrait->numbers, compare);
}

static void draw_segments(struct portrait *portrait, const struct log *log)
{
    for (size_t at = 0; at < log->chain.count; at++) {
        const struct segment *segment = log->chain.segments[at];
        const uint64_t numbers[] = {segment->number, segment->used,       segment->puts,       segment->live,
                                    segment->dead,   segment->tombstones, segment->ends_others};
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
            draw(portrait, numbers[i]);
    }
}

static void draw_namesakes(struct portrait *portrait, const struct namesakes *namesakes)
{
    const struct table *const tables[] = {&namesakes->locations, &namesakes->counts, &namesakes->sums};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        size_t from = portrait->count;
        table_each(tables[i], draw_each, portrait);
        put_in_order(portrait, from);
    }
}

static void draw_store(struct portrait *portrait, struct store *store)
{
    struct index *index = &store->index;
    index_lock(index);
    const uint64_t numbers[] = {index->objects,           index->live_bytes,      index->dead_bytes, index->end_offset,
                                index->damage.gaps,       index->damage.bytes,    store->log.marked, store->blobs.bytes,
                                store->blobs.needs.count, store->log.next_number, store->blobs.next};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        draw(portrait, numbers[i]);
    draw_segments(portrait, &store->log);
    size_t from = portrait->count;
    index_each(index, draw_each, portrait);
    put_in_order(portrait, from);
    from = portrait->count;
    table_each(&store->blobs.needs, draw_each, portrait);
    put_in_order(portrait, from);
    if (index->namesakes)
        draw_namesakes(portrait, index->namesakes);
    index_unlock(index);
}

/* What a start makes of the stores of a depot, and leaves as it was. */
static struct portrait *portray(const struct depot_options *options, const char *const *stores, size_t count)
{
    struct portrait *portrait = calloc(1, sizeof *portrait);
    struct depot_options reading = *options;
    struct depot *depot;
    struct store *store;
    ck_assert_ptr_nonnull(portrait);
    reading.read_only = true;
    ck_assert_int_eq(depot_open("/data", &reading, &depot, NULL), STORE_OK);
    for (size_t i = 0; i < count; i++) {
        ck_assert_int_eq(depot_acquire(depot, stores[i], &store, NULL), STORE_OK);
        draw_store(portrait, store);
        depot_release(store);
    }
    depot_close(depot);
    return portrait;
}

static void expect_same(struct portrait *one, struct portrait *other)
{
    ck_assert_uint_eq(one->count, other->count);
    ck_assert_mem_eq(one->numbers, other->numbers, one->count * sizeof *one->numbers);
    free(one);
    free(other);
}

/* ---- whatever becomes of them ---------------------------------------------------------------- */

static const char *const stores[] = {"alpha", "beta"};
static const char *const folders[] = {"/data/stores/alpha/log", "/data/stores/beta/log"};

/* Opens the stores so that there are all summaries, and closes them. */
static void have_summaries(struct model *model)
{
    struct store *store;
    ck_assert_int_eq(depot_open("/data", &model->options, &model->depot, NULL), STORE_OK);
    for (unsigned i = 0; i < MODEL_STORES; i++) {
        ck_assert_int_eq(depot_acquire(model->depot, stores[i], &store, NULL), STORE_OK);
        depot_release(store);
    }
    depot_close(model->depot);
    model->depot = NULL;
}

static void age(struct model *model)
{
    struct fixture aging = {.disk = model->disk, .io = model->options.io};
    char path[128];
    for (unsigned i = 0; i < MODEL_STORES; i++)
        for (unsigned number = 1; number < 64; number++) {
            snprintf(path, sizeof path, "%s/%016x.seg", folders[i], number);
            if (fixture_exists(&aging, path) && fixture_file_size(&aging, path) > SEGMENT_HEADER)
                fixture_age_header(&aging, path, 2);
        }
}

/* A start with all summaries, and one behind whatever happens to them, see the same. */
static unsigned expect_whatever_happens(struct model *model, struct prng *prng)
{
    unsigned spoilt = 0;
    for (int spoiling = SPOIL_NOTHING; spoiling <= SPOILINGS; spoiling++) {
        have_summaries(model);
        struct portrait *by_summaries = portray(&model->options, stores, MODEL_STORES);
        for (unsigned i = 0; i < MODEL_STORES; i++)
            spoilt += spoiling < SPOILINGS ? summaries_spoil(model->options.io, folders[i], (enum spoiling)spoiling)
                                           : summaries_spoil_some(model->options.io, folders[i], prng);
        expect_same(by_summaries, portray(&model->options, stores, MODEL_STORES));
    }
    return spoilt;
}

START_TEST(a_start_sees_the_same_with_them_and_without)
{
    enum { HISTORIES = 4, ROUNDS = 8 };
    unsigned spoilt = 0, spoilt_of_old = 0;
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        struct sim_disk *disk = sim_disk_new(seed);
        struct model *model = model_new(disk, seed);
        struct prng prng = prng_of(seed);
        model_open(model, NULL);
        for (unsigned i = 0; i < ROUNDS; i++) {
            history_round(model, &prng, 60);
            history_churn(model, &prng, i % MODEL_STORES);
        }
        model_close(model);
        spoilt += expect_whatever_happens(model, &prng);
        model_open(model, NULL);
        model_verify(model);
        model_close(model);
        age(model);
        spoilt_of_old += expect_whatever_happens(model, &prng);
        model_free(model);
        sim_disk_free(disk);
    }
    ck_assert_uint_gt(spoilt, 5);
    ck_assert_uint_gt(spoilt_of_old, 5);
}
END_TEST

/* Puts numbered keys until the log has begun another segment; the number of the next one. */
static unsigned fill_segment(unsigned from)
{
    if (from == 0)
        long_log_put(&fixture, from++, 1); /* there is no segment before */
    return long_log_fill_segment(&fixture, from);
}

/* ---- when they are made and when they go ----------------------------------------------------- */

START_TEST(one_is_made_when_a_segment_is_sealed)
{
    unsigned next = fill_segment(0);
    WAIT_UNTIL(fixture_exists(&fixture, first_summary));
    ck_assert(fixture_exists(&fixture, first_summary));
    ck_assert(!fixture_exists(&fixture, second_summary));
    next = fill_segment(next);
    WAIT_UNTIL(fixture_exists(&fixture, second_summary));
    ck_assert(fixture_exists(&fixture, second_summary));
}
END_TEST

START_TEST(a_start_makes_what_is_missing_and_removes_what_is_of_no_use)
{
    static const char *const useless[] = {"/data/stores/s/log/0000000000000003.sum", "/data/stores/s/log/summary",
                                          "/data/stores/s/log/00000000000000aa.sum"};
    (void)fill_segment(fill_segment(0)); /* the third one is written to */
    WAIT_UNTIL(fixture_exists(&fixture, first_summary) && fixture_exists(&fixture, second_summary));
    fixture_close(&fixture);
    ck_assert_uint_eq(summaries_spoil(fixture.io, log_folder, SPOIL_REMOVE), 2);
    for (size_t i = 0; i < sizeof useless / sizeof *useless; i++)
        fixture_write_file(&fixture, useless[i], "?", 1, 0);
    fixture_open(&fixture);
    ck_assert_uint_eq(fixture.warnings, 0);
    ck_assert(fixture_exists(&fixture, first_summary) && fixture_exists(&fixture, second_summary));
    for (size_t i = 0; i < sizeof useless / sizeof *useless; i++)
        ck_assert(!fixture_exists(&fixture, useless[i]));
}
END_TEST

START_TEST(one_goes_with_its_segment)
{
    unsigned next = fill_segment(0);
    WAIT_UNTIL(fixture_exists(&fixture, first_summary));
    for (unsigned i = 0; i + 1 < next; i++) {
        char key[16];
        snprintf(key, sizeof key, "%u", i);
        ck_assert_int_eq(fixture_delete(&fixture, key), STORE_OK);
    }
    WAIT_UNTIL(fixture_is_husk(&fixture, 1) && !fixture_exists(&fixture, first_summary));
    ck_assert(fixture_is_husk(&fixture, 1));
    ck_assert(!fixture_exists(&fixture, first_summary));
}
END_TEST

/* They may be missing, and what puts need may not. */
START_TEST(none_is_made_on_a_full_disk)
{
    (void)fill_segment(0);
    WAIT_UNTIL(fixture_exists(&fixture, first_summary));
    fixture_close(&fixture);
    summaries_spoil(fixture.io, log_folder, SPOIL_REMOVE);
    sim_disk_set_free(fixture.disk, 100);
    fixture_open(&fixture);
    ck_assert(!fixture_exists(&fixture, first_summary));
    ck_assert(!fixture_exists(&fixture, "/data/stores/s/log/summary"));
    ck_assert_uint_gt(fixture_figures(&fixture).objects, 0);
}
END_TEST

/* ---- never trusted over the log -------------------------------------------------------------- */

/* The bytes of a file, put back into one. */
struct copy {
    uint8_t *bytes;
    size_t size;
};

static struct copy copy_of(const char *path)
{
    struct copy copy;
    copy.bytes = fixture_read_file(&fixture, path, &copy.size);
    return copy;
}

static void bring_back(const char *path, struct copy copy)
{
    if (fixture_exists(&fixture, path))
        fixture_remove(&fixture, path);
    fixture_write_file(&fixture, path, copy.bytes, copy.size, 0);
    free(copy.bytes);
}

/* Puts of one length until the first segment is sealed. */
static unsigned fill_first(const char *text)
{
    unsigned count = 0;
    while (!fixture_exists(&fixture, second_segment)) {
        char key[16];
        snprintf(key, sizeof key, "key%05u", count++);
        fixture_must_put(&fixture, key, text);
    }
    WAIT_UNTIL(fixture_exists(&fixture, first_summary));
    return count;
}

/* An older log is brought back and written on to the same length: what was known of the first one is of no use. */
START_TEST(one_of_another_history_does_not_count)
{
    fixture_must_put(&fixture, "common", "to both");
    fixture_close(&fixture);
    struct copy older = copy_of(first_segment);
    struct copy reach = copy_of("/data/stores/s/reach");
    fixture_open(&fixture);
    unsigned count = fill_first("one");
    fixture_close(&fixture);
    struct copy summary = copy_of(first_summary);
    bring_back(first_segment, older);
    bring_back("/data/stores/s/reach", reach);
    fixture_remove(&fixture, second_segment);
    fixture_open(&fixture);
    ck_assert_uint_eq(fill_first("two"), count);
    fixture_must_put(&fixture, "key00000", "the third");
    fixture_close(&fixture);
    bring_back(first_summary, summary);
    fixture_open(&fixture);
    fixture_must_hold(&fixture, "key00000", "the third");
    for (unsigned i = 1; i < count; i++) {
        char key[16];
        snprintf(key, sizeof key, "key%05u", i);
        fixture_must_hold(&fixture, key, "two");
    }
    ck_assert_uint_eq(fixture_figures(&fixture).objects, count + 1);
}
END_TEST

/* What a start by summaries does not see, reading does: an object that is damaged is not taken for an older one. */
START_TEST(damage_behind_one_is_told_by_reading_and_by_a_verification)
{
    fixture_must_put(&fixture, "damaged", "an older payload");
    fixture_must_put(&fixture, "damaged", "what is damaged");
    (void)fill_segment(0);
    WAIT_UNTIL(fixture_exists(&fixture, first_summary));
    fixture_close(&fixture);
    struct copy summary = copy_of(first_summary);
    size_t payload = fixture_find(&fixture, first_segment, "what is damaged", 15);
    fixture_flip(&fixture, first_segment, payload - sizeof "damaged");
    bring_back(first_summary, summary);
    fixture_open(&fixture);
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
    ck_assert_int_eq(fixture_get_text(&fixture, "damaged", ""), STORE_DAMAGED);
    ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 0);
    struct store_verification verification;
    ck_assert_int_eq(store_verify(fixture.store, 0, NULL, NULL, &verification), STORE_OK);
    ck_assert_uint_eq(verification.flaws, 1);
}
END_TEST

/* Rows of the first segment with a change, written as its summary: its checks are right. */
static void forge(size_t row, uint64_t size)
{
    struct segment *segment = fixture.store->log.chain.segments[0];
    struct summary summary;
    struct rows rows;
    ck_assert(summary_read(&fixture.store->log, segment, segment->used, &summary, &rows));
    rows.list[row].size = size;
    ck_assert_int_eq(summary_write(&fixture.store->log, segment, segment->used, summary.stamp, &rows, NULL), 0);
    rows_free(&rows);
}

/* Makes a summary that of a file which was written at another time. */
static void restamp(const char *path, uint64_t salt)
{
    enum { AT_STAMP = 88, AT_CHECK = 104 };
    struct copy copy = copy_of(path);
    little_put64(copy.bytes + AT_STAMP, little_get64(copy.bytes + AT_STAMP) + 1);
    little_put64(copy.bytes + AT_CHECK, XXH3_64bits_withSeed(copy.bytes, AT_CHECK, salt));
    bring_back(path, copy);
}

/* A copy of the folder goes on by itself: of two such histories segments may be alike in all that a header tells, and
 * end with a record that compaction has written again as it was. */
START_TEST(one_of_another_file_does_not_count)
{
    (void)fill_segment(0);
    WAIT_UNTIL(fixture_exists(&fixture, first_summary));
    uint64_t salt = fixture.store->salt, live = fixture_figures(&fixture).live_bytes;
    for (int other = 0; other < 2; other++) {
        forge(5, 17);
        fixture_close(&fixture);
        if (other)
            restamp(first_summary, salt);
        fixture_open(&fixture);
        uint64_t found = fixture_figures(&fixture).live_bytes;
        ck_assert_uint_eq(found, other ? live : live - LONG_LOG_PAYLOAD + 17);
    }
}
END_TEST

/* What is written to the file while it is read does not count either. */
START_TEST(none_is_made_of_a_file_that_changes)
{
    uint64_t stamp;
    struct rows rows;
    struct summary summary;
    (void)fill_segment(0);
    WAIT_UNTIL(fixture_exists(&fixture, first_summary));
    struct segment *segment = fixture.store->log.chain.segments[0];
    ck_assert(summary_read(&fixture.store->log, segment, segment->used, &summary, &rows));
    ck_assert_int_eq(segment_stamp(segment, &stamp), 0);
    ck_assert_uint_eq(stamp, summary.stamp);
    ck_assert_int_eq(handle_keep(segment->file), 0);
    ck_assert_int_eq(io_write_all(fixture.io, handle_file(segment->file), "", 1, (off_t)segment->prepared - 1), 0);
    ck_assert_int_eq(summary_write(&fixture.store->log, segment, segment->used, stamp, &rows, NULL), EAGAIN);
    ck_assert(!summary_read(&fixture.store->log, segment, segment->used, &summary, NULL));
    rows_free(&rows);
}
END_TEST

/* No disk makes one whose checks are right, but a program may. */
START_TEST(a_verification_removes_one_that_differs_from_its_segment)
{
    struct store_verification verification;
    (void)fill_segment(0);
    WAIT_UNTIL(fixture_exists(&fixture, first_summary));
    struct copy before = copy_of(first_summary);
    ck_assert_int_eq(store_verify(fixture.store, 0, NULL, NULL, &verification), STORE_OK);
    ck_assert(fixture_exists(&fixture, first_summary));
    ck_assert_uint_eq(fixture.warnings, 0);
    forge(5, 17);
    ck_assert_int_eq(store_verify(fixture.store, 0, NULL, NULL, &verification), STORE_OK);
    ck_assert_uint_eq(verification.flaws, 0); /* nothing is lost */
    ck_assert_uint_eq(fixture.warnings, 1);
    ck_assert_ptr_nonnull(strstr(fixture.logged, "summary"));
    WAIT_UNTIL(fixture_exists(&fixture, first_summary)); /* it is made again */
    struct copy again = copy_of(first_summary);
    ck_assert_uint_eq(again.size, before.size);
    ck_assert_mem_eq(again.bytes, before.bytes, before.size);
    free(again.bytes);
    free(before.bytes);
}
END_TEST

/* What becomes of a start when a byte of the summary's first row changes behind its proof. It is taken so often that
 * each time only a part of its rows is read at once, and its check is known after the first of them were wanted. */
static struct failure run_with_changed_byte(struct store *store, size_t byte)
{
    enum { TIMES = 2000 };
    const atomic_bool halt = false;
    struct segment *segment = store->log.chain.segments[0];
    struct summary summary;
    struct sheaf sheaf;
    struct replay replay;
    struct index index;
    ck_assert(summary_read(&store->log, segment, segment->used, &summary, NULL));
    index_init(&index, &store->log, &store->blobs, store->salt);
    sheaf_init(&sheaf, &index, &store->log);
    ck_assert_uint_gt(summary.count, SUMMARY_PIECE);
    for (int i = 0; i < TIMES; i++)
        ck_assert(sheaf_add_summary(&sheaf, segment, summary.count, summary.rows_check));
    fixture_flip(&fixture, first_summary, SUMMARY_HEADER + byte);
    replay_init(&replay, &index, &store->log);
    struct failure failure = sheaf_run(&sheaf, &replay, &halt);
    ck_assert_uint_eq(sheaf.unread, failure.error ? 1 : 0);
    replay_free(&replay);
    sheaf_free(&sheaf);
    index_free(&index);
    return failure;
}

/* A summary is read once when it is proven and once more when its rows are wanted: what has changed in between does not
 * count, whatever it says now. */
START_TEST(one_that_changes_while_it_is_read_does_not_count)
{
    static const size_t bytes[] = {0, 7, 16, 19, 20, 23}; /* of the hash, of the type and the position, of the length */
    fixture_set_first_segment(&fixture, 64 << 10);
    (void)fill_first("short");
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        WAIT_UNTIL(fixture_exists(&fixture, first_summary)); /* it is made again */
        fixture_close(&fixture);
        fixture_open(&fixture);
        ck_assert_int_eq(run_with_changed_byte(fixture.store, bytes[i]).error, STORE_DAMAGED);
        ck_assert(!fixture_exists(&fixture, first_summary));
        fixture_close(&fixture);
        fixture_open(&fixture);
    }
}
END_TEST

/* What a start finds when it reads the rows of very many summaries, a part of each at a time, by a table that is far or
 * by one that is not: dead bytes, which it counts row by row. */
static uint64_t dead_bytes_by_parts(bool far)
{
    enum { TIMES = 500 };
    const atomic_bool halt = false;
    struct io io = *fixture.io;
    struct log log = fixture.store->log;
    struct segment *segment = log.chain.segments[0];
    struct summary summary;
    struct sheaf sheaf;
    struct replay replay;
    struct index index;
    io.far = far;
    log.io = &io;
    ck_assert(summary_read(&log, segment, segment->used, &summary, NULL));
    ck_assert_uint_gt(summary.count, SUMMARY_PIECE);
    index_init(&index, &log, &fixture.store->blobs, fixture.store->salt);
    sheaf_init(&sheaf, &index, &log);
    for (int i = 0; i < TIMES; i++)
        ck_assert(sheaf_add_summary(&sheaf, segment, summary.count, summary.rows_check));
    replay_init(&replay, &index, &log);
    ck_assert_int_eq(sheaf_run(&sheaf, &replay, &halt).error, STORE_OK);
    uint64_t dead = index.dead_bytes;
    ck_assert_uint_gt(index.objects, 0);
    replay_free(&replay);
    sheaf_free(&sheaf);
    index_free(&index);
    return dead;
}

START_TEST(what_is_far_is_read_side_by_side_and_tells_the_same)
{
    fixture_set_first_segment(&fixture, 64 << 10);
    (void)fill_first("short");
    WAIT_UNTIL(fixture_exists(&fixture, first_summary));
    fixture_close(&fixture);
    fixture_open(&fixture);
    uint64_t near = dead_bytes_by_parts(false);
    ck_assert_uint_gt(near, 0);
    ck_assert_uint_eq(dead_bytes_by_parts(true), near);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        one_is_made_when_a_segment_is_sealed,
        a_start_makes_what_is_missing_and_removes_what_is_of_no_use,
        one_goes_with_its_segment,
        none_is_made_on_a_full_disk,
        one_of_another_history_does_not_count,
        one_of_another_file_does_not_count,
        none_is_made_of_a_file_that_changes,
        damage_behind_one_is_told_by_reading_and_by_a_verification,
        a_verification_removes_one_that_differs_from_its_segment,
        one_that_changes_while_it_is_read_does_not_count,
        what_is_far_is_read_side_by_side_and_tells_the_same,
        a_start_sees_the_same_with_them_and_without,
    };
    return UNIT_RUN_WITH("summaries", setup, teardown, tests);
}
