/* test_limits.c - stores with limits: what is decided, what stays of it on disk, and many who want the last place. */
#include "store/store.h"
#include "tests/lib/fixture.h"
#include "tests/lib/patience.h"
#include "tests/lib/prng.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CLIENTS = 8, CALLS = 400, PIECE = 700 };

static const char settings[] = "/data/stores/s/settings";
static const struct store_limit none = {0};

static struct fixture fixture;
static struct store *other;

static void setup(void)
{
    bool created;
    fixture_start(&fixture, 7);
    ck_assert_int_eq(depot_create(fixture.depot, "other", &created, NULL), STORE_OK);
}

static void acquire_other(void)
{
    ck_assert_int_eq(depot_acquire(fixture.depot, "other", &other, NULL), STORE_OK);
}

static void teardown(void)
{
    depot_release(other);
    other = NULL;
    fixture_end(&fixture);
}

static struct store_key key_of(const char *key)
{
    return store_key_of(key, strlen(key));
}

static void limit(const char *store, const struct store_limit *bytes, const struct store_limit *objects)
{
    struct store_detail detail;
    enum store_error error = depot_set_limits(fixture.depot, store, bytes, objects, &detail);
    ck_assert_msg(error == STORE_OK, "%s: %s", store_error_text(error), detail.text);
}

static void limit_bytes(uint64_t most)
{
    limit("s", &(struct store_limit){true, most}, NULL);
}

static void limit_objects(uint64_t most)
{
    limit("s", NULL, &(struct store_limit){true, most});
}

static void expect_holds(uint64_t objects, uint64_t bytes)
{
    ck_assert_uint_eq(fixture_figures(&fixture).objects, objects);
    ck_assert_uint_eq(fixture_figures(&fixture).live_bytes, bytes);
}

static enum store_error batch(const struct store_op *ops, size_t count, struct store_result *ret_result)
{
    struct ticket ticket;
    ticket_init(&ticket);
    enum store_error error = store_batch(fixture.store, ops, count, 0, ticket_done, &ticket, NULL);
    if (!error)
        error = ticket_wait(&ticket);
    if (ret_result)
        *ret_result = (struct store_result){.failed_op = ticket.failed_op, .overrun = ticket.overrun};
    ticket_destroy(&ticket);
    return error;
}

static enum store_error carry(const char *key, struct store *target, const char *to, bool move)
{
    const struct store_op op = {.key = key_of(key), .target = key_of(to)};
    struct ticket ticket;
    ticket_init(&ticket);
    enum store_error error = store_copy(fixture.store, &op, target, move, ticket_done, &ticket);
    if (!error)
        error = ticket_wait(&ticket);
    ticket_destroy(&ticket);
    return error;
}

/* ---- what is decided ------------------------------------------------------------------------- */

START_TEST(puts_fill_a_store_to_its_limit)
{
    limit_bytes(10);
    fixture_must_put(&fixture, "a", "123456");
    ck_assert_int_eq(fixture_put_text(&fixture, "b", "12345"), STORE_QUOTA);
    fixture_must_put(&fixture, "b", "1234");
    ck_assert_int_eq(fixture_put_text(&fixture, "c", "1"), STORE_QUOTA);
    fixture_must_lack(&fixture, "c");
    expect_holds(2, 10);
}
END_TEST

START_TEST(an_overwrite_counts_by_the_difference)
{
    limit_bytes(10);
    limit_objects(1);
    fixture_must_put(&fixture, "a", "1234567890");
    fixture_must_put(&fixture, "a", "0987654321");
    fixture_must_put(&fixture, "a", "1");
    ck_assert_int_eq(fixture_put_text(&fixture, "a", "12345678901"), STORE_QUOTA);
    fixture_must_hold(&fixture, "a", "1");
    ck_assert_int_eq(fixture_put_text(&fixture, "b", "1"), STORE_QUOTA);
    expect_holds(1, 1);
}
END_TEST

START_TEST(a_store_over_its_limit_may_get_smaller)
{
    fixture_put_three(&fixture);
    limit_bytes(3);
    limit_objects(1);
    ck_assert_int_eq(fixture_put_text(&fixture, "d", "x"), STORE_QUOTA);
    fixture_must_put(&fixture, "a", "smaller");
    ck_assert_int_eq(fixture_rename(&fixture, "a", "e"), STORE_OK);
    ck_assert_int_eq(fixture_rename(&fixture, "e", "b"), STORE_OK);
    ck_assert_int_eq(fixture_delete(&fixture, "c"), STORE_OK);
    expect_holds(1, strlen("smaller"));
    ck_assert_int_eq(fixture_put_text(&fixture, "b", "not smaller"), STORE_QUOTA);
    fixture_must_hold(&fixture, "b", "smaller");
}
END_TEST

START_TEST(a_batch_is_decided_by_its_sum)
{
    const struct store_op growing[] = {
        {.kind = STORE_PUT, .key = key_of("b"), .payload = "12345678", .size = 8},
        {.kind = STORE_PUT, .key = key_of("c"), .payload = "123", .size = 3},
    };
    const struct store_op passing[] = {
        {.kind = STORE_PUT, .key = key_of("b"), .payload = "1234567890", .size = 10},
        {.kind = STORE_COPY, .key = key_of("b"), .target = key_of("c")},
        {.kind = STORE_DELETE, .key = key_of("a")},
        {.kind = STORE_RENAME, .key = key_of("b"), .target = key_of("c")},
    };
    struct store_result result;
    fixture_must_put(&fixture, "a", "1234567890");
    limit_bytes(20);
    limit_objects(1);
    ck_assert_int_eq(batch(growing, 2, &result), STORE_QUOTA);
    ck_assert_uint_eq(result.failed_op, SIZE_MAX);
    ck_assert(result.overrun.of_objects);
    limit_objects(3);
    ck_assert_int_eq(batch(growing, 2, &result), STORE_QUOTA);
    ck_assert(!result.overrun.of_objects);
    ck_assert_uint_eq(result.overrun.limit, 20);
    ck_assert_uint_eq(result.overrun.used, 10);
    ck_assert_uint_eq(result.overrun.added, 11);
    expect_holds(1, 10);
    limit_bytes(10);
    limit_objects(1);
    ck_assert_int_eq(batch(passing, 4, NULL), STORE_OK);
    fixture_must_hold(&fixture, "c", "1234567890");
    expect_holds(1, 10);
}
END_TEST

START_TEST(copies_count_where_they_come_to_stand)
{
    acquire_other();
    fixture_must_put(&fixture, "a", "12345");
    limit("other", &(struct store_limit){true, 5}, NULL);
    limit_bytes(5);
    ck_assert_int_eq(carry("a", fixture.store, "b", false), STORE_QUOTA);
    ck_assert_int_eq(carry("a", fixture.store, "b", true), STORE_OK);
    ck_assert_int_eq(carry("b", other, "x", false), STORE_OK);
    ck_assert_int_eq(carry("b", other, "x", false), STORE_OK);
    ck_assert_int_eq(carry("b", other, "y", false), STORE_QUOTA);
    ck_assert_int_eq(carry("b", other, "y", true), STORE_QUOTA);
    fixture_must_hold(&fixture, "b", "12345"); /* a move that is refused takes nothing away */
    limit("other", &none, NULL);
    ck_assert_int_eq(carry("b", other, "y", true), STORE_OK);
    expect_holds(0, 0);
}
END_TEST

/* ---- uploads --------------------------------------------------------------------------------- */

static uint8_t piece[PIECE];

struct upload {
    struct stream *stream;
    struct store_overrun overrun;
};

static enum store_error begin(struct upload *upload, const char *key, uint64_t size)
{
    struct store_key named = key_of(key);
    const struct stream_hooks hooks = {.overrun = &upload->overrun};
    upload->stream = NULL;
    return stream_open(fixture.store, &named, size, &hooks, &upload->stream);
}

static void wake(void *arg)
{
    *(atomic_bool *)arg = true;
}

static enum store_error send(struct upload *upload, size_t size)
{
    enum store_error error = STORE_OK;
    while (size > 0 && !error) {
        size_t taken = 0;
        error = stream_write(upload->stream, piece, size < PIECE ? size : PIECE, &taken);
        size -= taken;
        atomic_bool ready = taken > 0 || error;
        if (!ready)
            stream_wait(upload->stream, wake, &ready);
        while (!atomic_load(&ready))
            usleep(100);
    }
    return error;
}

static enum store_error commit(struct upload *upload)
{
    struct ticket ticket;
    ticket_init(&ticket);
    stream_commit(upload->stream, &(struct stream_finish){0}, ticket_done, &ticket);
    enum store_error error = ticket_wait(&ticket);
    upload->overrun = ticket.overrun;
    ticket_destroy(&ticket);
    return error;
}

static void drop(struct upload *upload)
{
    stream_abort(upload->stream);
}

static uint64_t unfinished(void)
{
    return fixture_figures(&fixture).unfinished_bytes;
}

START_TEST(what_is_announced_has_to_fit)
{
    struct upload upload;
    limit_bytes(1000);
    fixture_must_put(&fixture, "a", "12345");
    ck_assert_int_eq(begin(&upload, "b", 996), STORE_QUOTA);
    ck_assert_uint_eq(upload.overrun.limit, 1000);
    ck_assert_uint_eq(upload.overrun.used, 5);
    ck_assert_uint_eq(upload.overrun.added, 996);
    ck_assert_int_eq(begin(&upload, "b", 995), STORE_OK);
    drop(&upload);
    ck_assert_int_eq(begin(&upload, "a", 1000), STORE_OK);
    drop(&upload);
    limit_objects(1);
    ck_assert_int_eq(begin(&upload, "b", 1), STORE_QUOTA);
    ck_assert(upload.overrun.of_objects);
    ck_assert_int_eq(begin(&upload, "b", STORE_SIZE_UNKNOWN), STORE_QUOTA);
    ck_assert_int_eq(begin(&upload, "a", 1), STORE_OK);
    drop(&upload);
}
END_TEST

START_TEST(what_is_only_announced_takes_no_place)
{
    struct upload silent, small;
    limit_bytes(1000);
    ck_assert_int_eq(begin(&silent, "a", 1000), STORE_OK);
    ck_assert_int_eq(begin(&small, "b", 1000), STORE_OK);
    ck_assert_int_eq(send(&small, 1000), STORE_OK);
    ck_assert_int_eq(commit(&small), STORE_OK);
    ck_assert_int_eq(send(&silent, 1), STORE_QUOTA);
    drop(&silent);
    expect_holds(1, 1000);
}
END_TEST

/* Inline, in a file, and on the way from one to the other. */
START_TEST(uploads_together_do_not_pass_the_limit)
{
    const size_t sizes[] = {100, 600, 5000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct upload uploads[3];
        char keys[3][8];
        limit_bytes(fixture_figures(&fixture).live_bytes + 2 * sizes[i]);
        for (unsigned u = 0; u < 3; u++) {
            snprintf(keys[u], sizeof keys[u], "%zu-%u", i, u);
            ck_assert_int_eq(begin(&uploads[u], keys[u], STORE_SIZE_UNKNOWN), STORE_OK);
            ck_assert_int_eq(send(&uploads[u], sizes[i] / 2), STORE_OK);
        }
        ck_assert_uint_eq(unfinished(), 3 * (sizes[i] / 2));
        ck_assert_int_eq(send(&uploads[0], sizes[i] / 2), STORE_OK);
        ck_assert_int_eq(send(&uploads[1], sizes[i] / 2), STORE_QUOTA);
        ck_assert_int_eq(send(&uploads[1], sizes[i] / 2), STORE_QUOTA); /* nor does it pass when it comes again */
        ck_assert_uint_eq(uploads[1].overrun.limit, fixture_figures(&fixture).limits.bytes.most);
        ck_assert_int_eq(send(&uploads[2], sizes[i] / 2), STORE_OK); /* the refused one has made place */
        drop(&uploads[1]);
        ck_assert_int_eq(commit(&uploads[0]), STORE_OK);
        ck_assert_int_eq(commit(&uploads[2]), STORE_OK);
        ck_assert_uint_eq(unfinished(), 0);
    }
}
END_TEST

START_TEST(a_full_store_takes_replacements)
{
    struct upload upload, another;
    fixture_must_upload(&fixture, "a");
    limit_bytes(FIXTURE_LARGE);
    ck_assert_int_eq(begin(&upload, "a", STORE_SIZE_UNKNOWN), STORE_OK);
    ck_assert_int_eq(send(&upload, FIXTURE_LARGE), STORE_OK);
    ck_assert_int_eq(begin(&another, "a", FIXTURE_LARGE), STORE_OK);
    ck_assert_int_eq(send(&another, 1), STORE_QUOTA); /* both together would take more than is there */
    drop(&another);
    ck_assert_int_eq(send(&upload, 1), STORE_QUOTA);
    drop(&upload);
    ck_assert_int_eq(begin(&upload, "a", FIXTURE_LARGE), STORE_OK);
    ck_assert_int_eq(send(&upload, FIXTURE_LARGE), STORE_OK);
    ck_assert_int_eq(commit(&upload), STORE_OK);
    limit_bytes(10);
    ck_assert_int_eq(begin(&upload, "a", FIXTURE_LARGE - 1), STORE_OK);
    ck_assert_int_eq(send(&upload, FIXTURE_LARGE - 1), STORE_OK);
    ck_assert_int_eq(commit(&upload), STORE_OK);
    expect_holds(1, FIXTURE_LARGE - 1);
}
END_TEST

START_TEST(the_writer_has_the_last_word)
{
    struct upload upload;
    ck_assert_int_eq(begin(&upload, "a", 1000), STORE_OK);
    ck_assert_int_eq(send(&upload, 1000), STORE_OK);
    limit_bytes(999);
    ck_assert_int_eq(commit(&upload), STORE_QUOTA);
    ck_assert_uint_eq(upload.overrun.limit, 999);
    ck_assert_uint_eq(upload.overrun.used, 0);
    ck_assert_uint_eq(upload.overrun.added, 1000);
    ck_assert_uint_eq(unfinished(), 0);
    expect_holds(0, 0);
}
END_TEST

START_TEST(a_failed_commit_leaves_its_place)
{
    limit_bytes(10);
    limit_objects(1);
    fixture_must_put(&fixture, "a", "1");
    ck_assert_int_eq(fixture_delete(&fixture, "a"), STORE_OK);
    sim_disk_fail(fixture.disk, SIM_PWRITE, 1, false, EIO);
    ck_assert_int_eq(fixture_put_text(&fixture, "a", "1234567890"), STORE_IO);
    sim_disk_heal(fixture.disk);
    ck_assert_int_eq(fixture_put_text(&fixture, "a", "1234567890"), STORE_OK);
    expect_holds(1, 10);
}
END_TEST

/* ---- on disk --------------------------------------------------------------------------------- */

static void expect_limits(uint64_t bytes, uint64_t objects)
{
    struct store_limits limits;
    ck_assert_int_eq(depot_limits(fixture.depot, "s", &limits), STORE_OK);
    ck_assert(limits.bytes.set == (bytes > 0) && limits.bytes.most == bytes);
    ck_assert(limits.objects.set == (objects > 0) && limits.objects.most == objects);
}

START_TEST(limits_survive_restarts_and_cuts)
{
    limit_bytes(10);
    limit_objects(2);
    fixture_must_put(&fixture, "a", "1234567890");
    for (unsigned i = 0; i < 4; i++) {
        fixture_stop(&fixture, i % 2);
        fixture_open(&fixture);
        expect_limits(10, 2);
        ck_assert_int_eq(fixture_put_text(&fixture, "b", "1"), STORE_QUOTA);
    }
    limit("s", &none, NULL);
    expect_limits(0, 2);
    fixture_stop(&fixture, false);
    fixture_open(&fixture);
    expect_limits(0, 2);
    fixture_must_put(&fixture, "b", "1");
    ck_assert_int_eq(fixture_put_text(&fixture, "c", "1"), STORE_QUOTA);
}
END_TEST

/* A cut at each call: the old limits or the new ones, and once acknowledged the new ones. */
START_TEST(a_change_is_whole_or_not_at_all)
{
    enum store_error error = STORE_IO;
    uint64_t calls = 0;
    for (; error; calls++) {
        for (uint64_t seed = 1; seed <= 16; seed++) {
            struct store_limits limits;
            limit("s", &(struct store_limit){true, 10}, &(struct store_limit){true, 1});
            sim_disk_cut_after(fixture.disk, calls);
            error = depot_set_limits(fixture.depot, "s", &(struct store_limit){true, 20},
                                     &(struct store_limit){true, 2}, NULL);
            fixture_cut(&fixture, seed);
            fixture_open(&fixture);
            ck_assert_int_eq(depot_limits(fixture.depot, "s", &limits), STORE_OK);
            bool new = limits.bytes.most == 20;
            ck_assert_uint_eq(limits.bytes.most, new ? 20 : 10);
            ck_assert_uint_eq(limits.objects.most, new ? 2 : 1);
            ck_assert(new || error);
        }
    }
    ck_assert_uint_gt(calls, 4);
}
END_TEST

/* The first of them only look whether the store is where it was: where that is not told, it is. */
START_TEST(each_call_that_fails_leaves_the_old_ones)
{
    enum store_error error = STORE_OK;
    unsigned failures = 0;
    for (uint64_t call = 1; error || failures == 0; call++) {
        ck_assert_uint_lt(call, 100);
        limit_bytes(10);
        sim_disk_fail(fixture.disk, SIM_ANY, call, false, EIO);
        error = depot_set_limits(fixture.depot, "s", &(struct store_limit){true, 20}, NULL, NULL);
        sim_disk_heal(fixture.disk);
        expect_limits(error ? 10 : 20, 0);
        failures += error != STORE_OK;
    }
    ck_assert_uint_gt(failures, 3);
}
END_TEST

static char *settings_text(void)
{
    size_t size;
    char *text = (char *)fixture_read_file(&fixture, settings, &size);
    text = realloc(text, size + 1);
    text[size] = '\0';
    return text;
}

START_TEST(without_limits_the_format_is_that_of_old)
{
    char *fresh = settings_text();
    ck_assert(strstr(fresh, "format 1\n"));
    limit_bytes(10);
    char *limited = settings_text();
    ck_assert(strstr(limited, "format 2\n") && strstr(limited, "\nlimit-bytes 10\n"));
    limit("s", &none, NULL);
    char *again = settings_text();
    ck_assert_str_eq(again, fresh);
    free(fresh);
    free(limited);
    free(again);
}
END_TEST

START_TEST(a_format_from_later_is_told_as_that)
{
    struct store_detail detail;
    struct store *store;
    limit_bytes(10);
    size_t format = fixture_find(&fixture, settings, "format ", strlen("format "));
    fixture_close(&fixture);
    fixture_write_file(&fixture, settings, "3", 1, format + strlen("format "));
    ck_assert_int_eq(depot_open("/data", &fixture.options, &fixture.depot, &detail), STORE_OK);
    ck_assert_int_eq(depot_acquire(fixture.depot, "s", &store, &detail), STORE_TOO_NEW);
    fixture_write_file(&fixture, settings, "2", 1, format + strlen("format "));
    ck_assert_int_eq(depot_acquire(fixture.depot, "s", &fixture.store, &detail), STORE_OK);
}
END_TEST

START_TEST(a_closed_store_tells_its_limits)
{
    struct store_limits limits;
    limit("other", &(struct store_limit){true, 7}, NULL);
    fixture_close(&fixture);
    fixture_open(&fixture);
    ck_assert_int_eq(depot_try_acquire(fixture.depot, "other", &other), STORE_AGAIN);
    ck_assert_int_eq(depot_limits(fixture.depot, "other", &limits), STORE_OK);
    ck_assert(limits.bytes.set && limits.bytes.most == 7 && !limits.objects.set);
    ck_assert_int_eq(depot_try_acquire(fixture.depot, "other", &other), STORE_AGAIN);
    ck_assert_int_eq(depot_limits(fixture.depot, "nowhere", &limits), STORE_NO_STORE);
}
END_TEST

START_TEST(there_are_no_more_stores_than_there_may_be)
{
    bool created = false;
    struct store_detail detail;
    fixture_close(&fixture);
    fixture.options.stores_limit = 3;
    fixture_open(&fixture);
    ck_assert_int_eq(depot_create(fixture.depot, "third", &created, NULL), STORE_OK);
    ck_assert_int_eq(depot_create(fixture.depot, "fourth", &created, &detail), STORE_TOO_MANY);
    ck_assert(strstr(detail.text, "fourth") && strstr(detail.text, "3"));
    ck_assert_int_eq(depot_create(fixture.depot, "third", &created, NULL), STORE_OK);
    ck_assert(!created);
    ck_assert_int_eq(depot_delete(fixture.depot, "third", false, NULL), STORE_OK);
    ck_assert_int_eq(depot_create(fixture.depot, "fourth", &created, NULL), STORE_OK);
    ck_assert(created);
}
END_TEST

/* ---- many at once ---------------------------------------------------------------------------- */

struct client {
    pthread_t thread;
    uint64_t seed;
    size_t refused;
};

static bool client_upload(struct prng *prng, const char *key)
{
    struct upload upload;
    size_t size = (size_t)prng_below(prng, 2 * PIECE);
    bool announced = prng_one_in(prng, 2);
    enum store_error error = begin(&upload, key, announced ? size : STORE_SIZE_UNKNOWN);
    if (!error) {
        error = send(&upload, size);
        if (error || prng_one_in(prng, 8))
            drop(&upload);
        else
            error = commit(&upload);
    }
    ck_assert_msg(!error || error == STORE_QUOTA, "%s", store_error_text(error));
    return error == STORE_OK;
}

static bool client_batch(struct prng *prng, const char *key, const char *second)
{
    struct store_op ops[3] = {
        {.kind = STORE_PUT, .key = key_of(key), .payload = piece, .size = 1 + (size_t)prng_below(prng, PIECE - 1)},
        {.kind = prng_one_in(prng, 2) ? STORE_COPY : STORE_RENAME, .key = key_of(key), .target = key_of(second)},
        {.kind = STORE_DELETE, .key = key_of(prng_one_in(prng, 2) ? key : second)},
    };
    enum store_error error = batch(ops, 1 + (size_t)prng_below(prng, 3), NULL);
    ck_assert_msg(!error || error == STORE_QUOTA || error == STORE_NUL, "%s", store_error_text(error));
    return error != STORE_QUOTA;
}

static void *client_run(void *arg)
{
    struct client *client = arg;
    struct prng prng = prng_of(client->seed);
    for (unsigned call = 0; call < CALLS; call++) {
        char key[8], second[8];
        uint64_t number = prng_below(&prng, 16);
        snprintf(key, sizeof key, "k%u", (unsigned)number);
        snprintf(second, sizeof second, "k%u", (unsigned)((number + 1 + prng_below(&prng, 15)) % 16));
        bool passed = prng_one_in(&prng, 2) ? client_upload(&prng, key) : client_batch(&prng, key, second);
        client->refused += !passed;
    }
    return NULL;
}

/* Looks on while they work: at no moment the store holds more than it may. */
START_TEST(no_race_passes_a_limit)
{
    enum { BYTES = 4000, OBJECTS = 9 };
    struct client clients[CLIENTS];
    memset(piece, 'x', sizeof piece);
    limit_bytes(BYTES);
    limit_objects(OBJECTS);
    for (unsigned i = 0; i < CLIENTS; i++) {
        clients[i] = (struct client){.seed = i + 1};
        ck_assert_int_eq(pthread_create(&clients[i].thread, NULL, client_run, &clients[i]), 0);
    }
    size_t refused = 0;
    for (unsigned i = 0; i < CLIENTS; i++) {
        while (pthread_tryjoin_np(clients[i].thread, NULL) != 0) {
            struct store_figures figures = fixture_figures(&fixture);
            ck_assert_uint_le(figures.live_bytes, BYTES);
            ck_assert_uint_le(figures.objects, OBJECTS);
            ck_assert_uint_le(figures.unfinished_bytes, BYTES);
        }
        refused += clients[i].refused;
    }
    ck_assert_uint_gt(refused, CALLS / 4);
    ck_assert_uint_lt(refused, CLIENTS * CALLS * 9 / 10);
    WAIT_UNTIL(fixture_figures(&fixture).writes_in_flight == 0); /* aborted uploads are taken apart in the background */
    ck_assert_uint_eq(unfinished(), 0);
    struct store_figures before = fixture_figures(&fixture);
    fixture_stop(&fixture, false);
    fixture_open(&fixture);
    expect_holds(before.objects, before.live_bytes);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        puts_fill_a_store_to_its_limit,
        an_overwrite_counts_by_the_difference,
        a_store_over_its_limit_may_get_smaller,
        a_batch_is_decided_by_its_sum,
        copies_count_where_they_come_to_stand,
        what_is_announced_has_to_fit,
        what_is_only_announced_takes_no_place,
        uploads_together_do_not_pass_the_limit,
        a_full_store_takes_replacements,
        the_writer_has_the_last_word,
        a_failed_commit_leaves_its_place,
        limits_survive_restarts_and_cuts,
        a_change_is_whole_or_not_at_all,
        each_call_that_fails_leaves_the_old_ones,
        without_limits_the_format_is_that_of_old,
        a_format_from_later_is_told_as_that,
        a_closed_store_tells_its_limits,
        there_are_no_more_stores_than_there_may_be,
        no_race_passes_a_limit,
    };
    return UNIT_RUN_WITH("limits", setup, teardown, tests);
}
