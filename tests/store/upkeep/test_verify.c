/* test_verify.c - verification: what it finds, what it leaves alone, how it ends; and opening a depot read-only. */
#include "tests/lib/fixture.h"
#include "tests/lib/ticket.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FLAWS_MAX = 64, KEY_KEPT = 16, LARGE = 3000 /* more than fits inline */ };

static struct fixture fixture;
static uint8_t large[LARGE];

static void setup(void)
{
    fixture_start(&fixture, 1);
    for (size_t i = 0; i < sizeof large; i++) {
        large[i] = (uint8_t)(i * 31 >> 2);
    }
}

static void teardown(void)
{
    fixture_end(&fixture);
}

static void put(const char *key, const char *text)
{
    ck_assert_int_eq(fixture_put_text(&fixture, key, text), STORE_OK);
}

static void upload(const char *key)
{
    ck_assert_int_eq(fixture_upload(&fixture, key, large, sizeof large), STORE_OK);
}

/* ---- verifying ------------------------------------------------------------------------------- */

struct kept_flaw {
    struct store_flaw flaw;
    char key[KEY_KEPT];
};

static struct kept_flaw kept[FLAWS_MAX];
static size_t kept_count;

static void keep(void *arg, const struct store_flaw *flaw)
{
    (void)arg;
    ck_assert_uint_lt(kept_count, FLAWS_MAX);
    struct kept_flaw *one = &kept[kept_count++];
    *one = (struct kept_flaw){.flaw = *flaw};
    ck_assert_uint_lt(flaw->key_length, KEY_KEPT);
    if (flaw->key) {
        memcpy(one->key, flaw->key, flaw->key_length);
    }
}

static struct store_verification verify(void)
{
    struct store_verification verification, told;
    kept_count = 0;
    ck_assert_int_eq(store_verify(fixture.store, 0, keep, NULL, &verification), STORE_OK);
    ck_assert_uint_eq(verification.flaws, kept_count);
    ck_assert(!verification.running);
    ck_assert_int_ne(verification.started, 0);
    ck_assert_int_ge(verification.finished, verification.started);
    store_verification(fixture.store, &told);
    ck_assert_uint_eq(told.flaws, verification.flaws);
    ck_assert_uint_eq(told.bytes_done, verification.bytes_done);
    ck_assert_int_eq(told.finished, verification.finished);
    return verification;
}

static struct store_verification verify_whole(void)
{
    struct store_verification verification = verify();
    ck_assert_uint_eq(verification.flaws, 0);
    ck_assert(verification.complete);
    ck_assert_uint_eq(verification.bytes_done, verification.bytes_total);
    return verification;
}

/* There is one flaw, of this kind; "" as its key: it is not known. */
static const struct store_flaw *verify_flaw(enum store_flaw_kind kind, const char *key, bool live)
{
    struct store_verification verification = verify();
    ck_assert_msg(kept_count == 1, "%zu flaws instead of one", kept_count);
    const struct kept_flaw *one = &kept[0];
    ck_assert_msg(one->flaw.kind == kind, "a flaw of another kind: %s", store_flaw_text(one->flaw.kind));
    ck_assert_str_eq(one->key, key);
    ck_assert_uint_eq(one->flaw.key_hash, *key ? store_key_of(key, strlen(key)).hash : 0);
    ck_assert_int_eq(one->flaw.live, live);
    ck_assert(verification.complete);
    return &one->flaw;
}

/* ---- damaging -------------------------------------------------------------------------------- */

static size_t find_text(const char *text)
{
    return fixture_find(&fixture, fixture_segment(&fixture), text, strlen(text));
}

static void flip_in(const char *path, size_t position)
{
    size_t size;
    uint8_t *bytes = fixture_read_file(&fixture, path, &size);
    ck_assert_uint_lt(position, size);
    uint8_t flipped = bytes[position] ^ 0x20;
    fixture_write_file(&fixture, path, &flipped, 1, position);
    free(bytes);
}

static void flip(size_t position)
{
    flip_in(fixture_segment(&fixture), position);
}

/* The path of the only blob file. Static storage. */
static const char *blob_path(void)
{
    static char path[128];
    const struct io *io = fixture.io;
    int folder = io->openat(io->self, AT_FDCWD, "/data/stores/s/blobs", O_RDONLY | O_DIRECTORY, 0);
    char *names = io->list(io->self, folder);
    io->close(io->self, folder);
    ck_assert_ptr_nonnull(names);
    ck_assert_msg(*names && !names[strlen(names) + 1], "not exactly one blob");
    snprintf(path, sizeof path, "/data/stores/s/blobs/%s", names);
    free(names);
    return path;
}

static void unlink_file(const char *path)
{
    ck_assert_int_eq(fixture.io->unlinkat(fixture.io->self, AT_FDCWD, path, 0), 0);
}

/* ---- nothing is wrong ------------------------------------------------------------------------ */

START_TEST(an_empty_store_is_whole)
{
    struct store_verification verification;
    store_verification(fixture.store, &verification);
    ck_assert_int_eq(verification.started, 0);
    verification = verify_whole();
    ck_assert_uint_eq(verification.records, 0);
    ck_assert_uint_eq(verification.bytes_total, 0);
}
END_TEST

START_TEST(everything_is_looked_at)
{
    put("a", "the first payload");
    put("a", "another payload");
    put("b", "the second payload");
    upload("large");
    ck_assert_int_eq(fixture_delete(&fixture, "b"), STORE_OK);
    struct store_verification verification = verify_whole();
    ck_assert_uint_eq(verification.records, 5);
    ck_assert_uint_eq(verification.blobs, 1);
    ck_assert_uint_eq(verification.bytes_done, fixture_figures(&fixture).end_offset + sizeof large);
}
END_TEST

START_TEST(a_restart_and_several_segments_are_whole)
{
    uint8_t payload[500] = {0};
    for (unsigned i = 0; i < 900; i++) {
        char key[16];
        snprintf(key, sizeof key, "key-%u", i);
        ck_assert_int_eq(fixture_put(&fixture, key, payload, i % sizeof payload), STORE_OK);
    }
    ck_assert_uint_gt(fixture_figures(&fixture).segments, 1);
    ck_assert_uint_eq(verify_whole().records, 900);
    fixture_close(&fixture);
    fixture_open(&fixture);
    ck_assert_uint_eq(verify_whole().records, 901); /* the mark */
    put("one more", "payload");
    fixture_cut(&fixture, 3);
    fixture_open(&fixture);
    verify_whole();
}
END_TEST

static void copy_in_store(const char *key, const char *target)
{
    struct ticket ticket;
    struct store_op op = {
        .kind = STORE_COPY, .key = store_key_of(key, strlen(key)), .target = store_key_of(target, strlen(target))};
    ticket_init(&ticket);
    ck_assert_int_eq(store_batch(fixture.store, &op, 1, 0, ticket_done, &ticket, NULL), STORE_OK);
    ck_assert_int_eq(ticket_wait(&ticket), STORE_OK);
    ticket_destroy(&ticket);
}

START_TEST(a_shared_blob_is_read_once_and_missed_by_all)
{
    upload("one");
    copy_in_store("one", "two");
    copy_in_store("one", "three");
    struct store_verification verification = verify_whole();
    ck_assert_uint_eq(verification.records, 3);
    ck_assert_uint_eq(verification.blobs, 1);
    flip_in(blob_path(), 7);
    ck_assert_uint_eq(verify().flaws, 3);
    static const char *const keys[] = {"one", "two", "three"};
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(kept[i].flaw.kind, STORE_FLAW_BLOB);
        ck_assert_str_eq(kept[i].key, keys[i]);
    }
}
END_TEST

/* What a power cut leaves is no damage: whatever was torn had not been acknowledged. */
START_TEST(a_power_cut_is_no_flaw)
{
    for (uint64_t seed = 1; seed <= 300; seed++) {
        teardown();
        fixture_start(&fixture, seed);
        put("before", "payload");
        upload("large");
        sim_disk_cut_after(fixture.disk, seed % 60);
        enum store_error error = STORE_OK;
        for (unsigned i = 0; i < 40 && !error; i++) {
            error = i % 5 == 4 ? fixture_upload(&fixture, "large", large, sizeof large)
                               : fixture_put(&fixture, "key", large, i * 13 % 500);
        }
        fixture_cut(&fixture, seed);
        fixture_open(&fixture);
        verify_whole();
        fixture_close(&fixture);
        fixture_open(&fixture);
        verify_whole();
    }
}
END_TEST

/* ---- each kind of flaw ----------------------------------------------------------------------- */

START_TEST(a_payload_is_told_with_its_key)
{
    put("a", "the first payload");
    put("b", "the second payload");
    put("c", "the third payload");
    flip(find_text("the second payload") + 4);
    const struct store_flaw *flaw = verify_flaw(STORE_FLAW_PAYLOAD, "b", true);
    ck_assert_uint_eq(flaw->length, strlen("the second payload"));
    ck_assert_int_eq(fixture_get_text(&fixture, "b", "the second payload"), STORE_DAMAGED);
    fixture_close(&fixture);
    fixture_open(&fixture);
    verify_flaw(STORE_FLAW_PAYLOAD, "b", true);
}
END_TEST

START_TEST(a_dead_payload_is_told_as_dead)
{
    put("a", "the first payload");
    put("a", "the second payload");
    flip(find_text("the first payload"));
    verify_flaw(STORE_FLAW_PAYLOAD, "a", false);
    ck_assert_int_eq(fixture_get_text(&fixture, "a", "the second payload"), STORE_OK);
}
END_TEST

/* Damage under an open store hides an object that the index still leads to; after a restart it does not. */
START_TEST(a_record_that_is_none_any_more_is_told_once)
{
    put("a", "the first payload");
    put("b", "the second payload");
    put("c", "the third payload");
    uint64_t record = find_text("the second payload") - 89;
    flip(record + 33);
    const struct store_flaw *flaw = verify_flaw(STORE_FLAW_LOG, "", true);
    ck_assert_uint_eq(flaw->offset, record - 64);
    ck_assert_uint_eq(flaw->length, (88 + 1 + strlen("the second payload") + 7) / 8 * 8);
    fixture_close(&fixture);
    fixture_open(&fixture);
    verify_flaw(STORE_FLAW_LOG, "", false);
}
END_TEST

/* Records of whole multiples of 8, so that there is no padding, which no digest covers. */
START_TEST(every_flipped_byte_is_found)
{
    put("a", "fifteen bytes A");
    put("b", "fifteen bytes B");
    ck_assert_int_eq(fixture_delete(&fixture, "a-key-of-8"), STORE_OK);
    put("c", "fifteen bytes C");
    size_t end = 64 + (size_t)fixture_figures(&fixture).end_offset;
    ck_assert_uint_eq(end, 64 + 3 * 104);
    for (size_t position = 0; position < end; position++) {
        flip(position);
        struct store_verification verification = verify();
        ck_assert_msg(verification.flaws == 1, "position %zu: %zu flaws", position, kept_count);
        ck_assert_int_eq(kept[0].flaw.kind == STORE_FLAW_HEADER, position < 64);
        flip(position);
    }
    verify_whole();
}
END_TEST

START_TEST(a_segment_header_is_told)
{
    put("a", "the first payload");
    fixture_close(&fixture);
    flip(24);
    fixture_open(&fixture);
    const struct store_flaw *flaw = verify_flaw(STORE_FLAW_HEADER, "", false);
    ck_assert_uint_eq(flaw->offset, 0);
    ck_assert_uint_eq(flaw->length, 64);
    ck_assert_int_eq(fixture_get_text(&fixture, "a", "the first payload"), STORE_OK);
}
END_TEST

START_TEST(a_blob_with_another_byte_is_told)
{
    upload("large");
    flip_in(blob_path(), sizeof large - 1);
    const struct store_flaw *flaw = verify_flaw(STORE_FLAW_BLOB, "large", true);
    ck_assert_uint_eq(flaw->length, sizeof large);
}
END_TEST

START_TEST(a_blob_of_another_size_is_told)
{
    static const size_t sizes[] = {0, sizeof large - 1, sizeof large + 1};
    upload("large");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        fixture_resize_file(&fixture, blob_path(), sizes[i]);
        verify_flaw(STORE_FLAW_BLOB, "large", true);
    }
}
END_TEST

START_TEST(a_missing_blob_is_told)
{
    upload("large");
    unlink_file(blob_path());
    verify_flaw(STORE_FLAW_MISSING, "large", true);
    fixture_close(&fixture);
    fixture_open(&fixture);
    verify_flaw(STORE_FLAW_MISSING, "large", true);
    upload("large");
    verify_whole();
}
END_TEST

START_TEST(a_blob_that_nobody_needs_is_not_missed)
{
    upload("large");
    put("large", "a small payload");
    verify_whole();
    upload("another");
    ck_assert_int_eq(fixture_delete(&fixture, "another"), STORE_OK);
    ck_assert_uint_eq(verify_whole().blobs, 0);
}
END_TEST

/* What a file of the log has lost at its end is between what it holds and where the next one begins. */
START_TEST(the_lost_end_of_a_segment_is_told)
{
    uint8_t payload[500] = {1};
    char first[128];
    snprintf(first, sizeof first, "%s", fixture_segment(&fixture));
    for (unsigned i = 0; fixture_figures(&fixture).segments < 2; i++) {
        char key[16]; /* each its own, so that there is nothing to compact */
        snprintf(key, sizeof key, "key %u", i);
        snprintf(first, sizeof first, "%s", fixture_segment(&fixture));
        ck_assert_int_eq(fixture_put(&fixture, key, payload, sizeof payload), STORE_OK);
    }
    put("a", "the last payload");
    fixture_close(&fixture);
    size_t size;
    free(fixture_read_file(&fixture, first, &size));
    fixture_resize_file(&fixture, first, 4096);
    fixture_open(&fixture);
    struct store_verification verification = verify();
    ck_assert_uint_ge(verification.flaws, 1);
    uint64_t lost = 0;
    for (size_t i = 0; i < kept_count; i++) {
        ck_assert_int_eq(kept[i].flaw.kind, STORE_FLAW_LOG);
        lost += kept[i].flaw.length;
    }
    ck_assert_uint_gt(lost, fixture_figures(&fixture).end_offset / 2);
    ck_assert_uint_eq(verification.bytes_done, fixture_figures(&fixture).end_offset);
    ck_assert_int_eq(fixture_get_text(&fixture, "a", "the last payload"), STORE_OK);
}
END_TEST

START_TEST(a_lost_segment_is_told)
{
    char key[16] = "";
    for (unsigned i = 0; fixture_figures(&fixture).segments < 2; i++) {
        snprintf(key, sizeof key, "%u", i);
        ck_assert_int_eq(fixture_put(&fixture, key, large, 500), STORE_OK);
    }
    fixture_close(&fixture);
    unlink_file("/data/stores/s/log/0000000000000001.seg");
    fixture_open(&fixture);
    const struct store_flaw *flaw = verify_flaw(STORE_FLAW_LOG, "", false);
    ck_assert_uint_eq(flaw->offset, 0);
    ck_assert_uint_eq(flaw->length, fixture_figures(&fixture).damaged_bytes);
    ck_assert_int_eq(fixture_get(&fixture, key, large, 500), STORE_OK);
}
END_TEST

static void ignore_item(void *arg, const struct store_list_item *item)
{
    (void)arg;
    (void)item;
}

/* Puts until the keys of the first segment have a file; its path. */
static const char *write_keys(void)
{
    uint8_t payload[500] = {1};
    unsigned char cursor[STORE_CURSOR_MAX];
    size_t cursor_length;
    struct store_list_query query = {.limit = 1};
    for (unsigned i = 0; fixture_figures(&fixture).segments < 2; i++) {
        char key[16];
        snprintf(key, sizeof key, "key-%u", i);
        ck_assert_int_eq(fixture_put(&fixture, key, payload, sizeof payload), STORE_OK);
    }
    ck_assert_int_eq(store_list(fixture.store, &query, ignore_item, NULL, cursor, &cursor_length), STORE_OK);
    return "/data/stores/s/log/0000000000000001.keys";
}

START_TEST(damaged_keys_of_a_segment_are_told)
{
    unsigned char cursor[STORE_CURSOR_MAX];
    size_t size, cursor_length;
    struct store_list_query query = {.limit = 1};
    const char *path = write_keys();
    verify_whole();
    free(fixture_read_file(&fixture, path, &size));
    for (size_t position = 0; position < size; position += 97) {
        flip_in(path, position);
        verify_flaw(STORE_FLAW_KEYS, "", false);
        flip_in(path, position);
    }
    fixture_resize_file(&fixture, path, 20);
    verify_flaw(STORE_FLAW_KEYS, "", false);
    fixture_close(&fixture);
    fixture_open(&fixture);
    ck_assert_int_eq(store_list(fixture.store, &query, ignore_item, NULL, cursor, &cursor_length), STORE_OK);
    verify_whole();
}
END_TEST

/* Only what this process lacks leaves the question open: all else is a flaw. */
START_TEST(keys_that_cannot_be_read_are_told)
{
    static const int errors[] = {EIO, EACCES, ELOOP, EMFILE, ENFILE, ENOMEM};
    const char *path = write_keys();
    verify_whole();
    unlink_file(path);
    ck_assert_int_eq(fixture.io->mkdirat(fixture.io->self, AT_FDCWD, path, 0700), 0);
    verify_flaw(STORE_FLAW_KEYS, "", false);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        sim_disk_fail(fixture.disk, SIM_OPENAT, 1, true, errors[i]);
        struct store_verification verification = verify();
        sim_disk_heal(fixture.disk);
        ck_assert_uint_eq(verification.flaws, i < 3);
        ck_assert(verification.complete == (i < 3));
        ck_assert(i >= 3 || kept[0].flaw.kind == STORE_FLAW_READ);
    }
}
END_TEST

START_TEST(health_tells_of_flaws)
{
    struct store_detail detail;
    upload("large");
    verify_whole();
    ck_assert(depot_healthy(fixture.depot, &detail));
    ck_assert_str_eq(detail.text, "");
    flip_in(blob_path(), 1);
    verify_flaw(STORE_FLAW_BLOB, "large", true);
    ck_assert(depot_healthy(fixture.depot, &detail));
    ck_assert_msg(strstr(detail.text, "store s") && strstr(detail.text, "1 flaw"), "it says: %s", detail.text);
}
END_TEST

/* What depot_healthy() says must hold the text; "": it says nothing. */
static void expect_health(const char *text)
{
    struct store_detail detail;
    ck_assert(depot_healthy(fixture.depot, &detail));
    ck_assert_msg(*text ? strstr(detail.text, text) != NULL : !detail.text[0], "it says: %s", detail.text);
}

static void expect_get(enum store_error expected)
{
    ck_assert_int_eq(fixture_get(&fixture, "large", large, sizeof large), expected);
    struct store_key key = store_key_of("large", strlen("large"));
    struct object *object;
    enum store_error error;
    ck_assert_int_eq(store_get_many(fixture.store, &key, 1, STORE_GET_PAYLOAD, &object, &error), STORE_OK);
    ck_assert_int_eq(error, expected);
    object_release(object);
}

/* The log is well: neither message nor figure may blame it for a file that is not. */
START_TEST(a_read_tells_of_a_blob_of_another_size)
{
    upload("large");
    fixture_resize_file(&fixture, blob_path(), sizeof large - 1);
    expect_health("");
    expect_get(STORE_DAMAGED);
    expect_get(STORE_DAMAGED);
    expect_health("store s: 1 large payload was found damaged");
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_blobs, 1);
    ck_assert_uint_eq(fixture.warnings, 1);
    ck_assert_msg(strstr(fixture.logged, "large payload has not the size"), "logged: %s", fixture.logged);
    upload("large");
    expect_get(STORE_OK);
    expect_health("");
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_blobs, 0);
}
END_TEST

START_TEST(a_read_tells_of_a_missing_blob_until_it_is_back)
{
    char path[512];
    size_t size;
    upload("large");
    snprintf(path, sizeof path, "%s", blob_path());
    uint8_t *bytes = fixture_read_file(&fixture, path, &size);
    unlink_file(path);
    expect_get(STORE_MISSING);
    expect_get(STORE_MISSING);
    ck_assert_ptr_nonnull(strstr(store_error_text(STORE_MISSING), "missing"));
    expect_health("store s: 1 large payload was found missing");
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_blobs, 1);
    ck_assert_uint_eq(fixture.warnings, 1);
    ck_assert_msg(strstr(fixture.logged, "large payload is missing"), "logged: %s", fixture.logged);
    fixture_write_file(&fixture, path, bytes, size, 0);
    expect_get(STORE_OK);
    expect_health("");
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_blobs, 0);
    free(bytes);
}
END_TEST

/* What a verification has found of a blob holds until another one finds it whole. */
START_TEST(a_blob_that_was_mended_is_served_after_a_verification)
{
    upload("large");
    flip_in(blob_path(), 1);
    verify_flaw(STORE_FLAW_BLOB, "large", true);
    expect_health("store s: 1 large payload was found damaged, 1 flaw was found by its verification");
    flip_in(blob_path(), 1);
    expect_get(STORE_DAMAGED);
    verify_whole();
    expect_get(STORE_OK);
    expect_health("");
    unlink_file(blob_path());
    verify_flaw(STORE_FLAW_MISSING, "large", true);
    expect_health("1 large payload was found missing");
}
END_TEST

/* ---- a disk that does not give the bytes ----------------------------------------------------- */

/* Blocks of every file that cannot be read. */
static struct io bad_io;
static const struct io *good_io;
static off_t bad_from, bad_to;

static ssize_t bad_pread(void *self, int file, void *bytes, size_t length, off_t position)
{
    if (position + (off_t)length > bad_from && position < bad_to) {
        if (position >= bad_from) {
            errno = EIO;
            return -1;
        }
        length = (size_t)(bad_from - position);
    }
    return good_io->pread(self, file, bytes, length, position);
}

static void open_on_bad_blocks(void)
{
    fixture_close(&fixture);
    good_io = fixture.io;
    bad_io = *fixture.io;
    bad_io.pread = bad_pread;
    bad_from = bad_to = 0;
    fixture.options.io = &bad_io;
    fixture_open(&fixture);
}

START_TEST(a_bad_block_costs_only_what_is_in_it)
{
    uint8_t payload[300] = {7};
    open_on_bad_blocks();
    for (unsigned i = 0; i < 100; i++) {
        char key[16];
        snprintf(key, sizeof key, "key-%u", i);
        ck_assert_int_eq(fixture_put(&fixture, key, payload, sizeof payload), STORE_OK);
    }
    bad_from = 8192;
    bad_to = 16384;
    const struct store_flaw *flaw = verify_flaw(STORE_FLAW_READ, "", true);
    ck_assert_uint_le(flaw->offset, 8192 - 64);
    ck_assert_uint_gt(flaw->offset, 8192 - 64 - 400);
    ck_assert_uint_ge(flaw->offset + flaw->length, 16384 - 64);
    ck_assert_uint_lt(flaw->offset + flaw->length, 16384 - 64 + 400);
    struct store_verification verification = verify();
    ck_assert_uint_gt(verification.records, 100 - 8192 / 392 - 3);
    ck_assert_uint_eq(verification.bytes_done, verification.bytes_total);
    bad_from = bad_to = 0;
    verify_whole();
}
END_TEST

START_TEST(a_dead_disk_is_one_flaw)
{
    open_on_bad_blocks();
    put("a", "the first payload");
    bad_from = 0;
    bad_to = 1 << 30;
    struct store_verification verification = verify();
    ck_assert_uint_eq(verification.flaws, 2);
    ck_assert_int_eq(kept[0].flaw.kind, STORE_FLAW_READ);
    ck_assert_int_eq(kept[1].flaw.kind, STORE_FLAW_READ);
    ck_assert(kept[1].flaw.live);
    ck_assert_uint_eq(verification.bytes_done, verification.bytes_total);
    bad_from = bad_to = 0;
}
END_TEST

START_TEST(a_blob_that_cannot_be_read_is_told)
{
    upload("large");
    sim_disk_fail(fixture.disk, SIM_PREAD, 3, true, EIO); /* behind the segment's header and its records */
    verify_flaw(STORE_FLAW_READ, "large", true);
    sim_disk_heal(fixture.disk);
    verify_whole();
}
END_TEST

START_TEST(a_read_that_fails_once_is_no_flaw)
{
    put("a", "the first payload");
    sim_disk_fail(fixture.disk, SIM_PREAD, 2, false, EIO);
    verify_whole();
    ck_assert_uint_eq(sim_disk_faults_met(fixture.disk), 1);
}
END_TEST

START_TEST(want_of_descriptors_is_no_flaw)
{
    upload("large");
    sim_disk_fail(fixture.disk, SIM_OPENAT, 1, true, EMFILE);
    struct store_verification verification = verify();
    ck_assert_uint_eq(verification.flaws, 0);
    ck_assert_uint_eq(verification.blobs, 0);
    ck_assert(!verification.complete);
    sim_disk_heal(fixture.disk);
    verify_whole();
}
END_TEST

START_TEST(interruptions_and_short_reads_go_unnoticed)
{
    put("a", "the first payload");
    upload("large");
    sim_disk_set_short(fixture.disk, 3);
    sim_disk_set_interrupts(fixture.disk, 3);
    for (int i = 0; i < 50; i++) {
        verify_whole();
    }
}
END_TEST

/* ---- beside other work ----------------------------------------------------------------------- */

static atomic_bool writing_ends;

static void *write_on(void *arg)
{
    (void)arg;
    for (unsigned i = 0; !atomic_load(&writing_ends); i++) {
        char key[16];
        snprintf(key, sizeof key, "key-%u", i % 7);
        if (i % 3 == 0) {
            upload(key);
        } else if (i % 3 == 1) {
            put(key, "a small payload");
        } else {
            ck_assert_int_eq(fixture_delete(&fixture, key), STORE_OK);
        }
    }
    return NULL;
}

START_TEST(writers_go_on_and_are_no_flaws)
{
    pthread_t writer;
    atomic_store(&writing_ends, false);
    ck_assert_int_eq(pthread_create(&writer, NULL, write_on, NULL), 0);
    uint64_t records = 0;
    for (int rounds = 0; rounds < 50 || records < 500; rounds++) {
        struct store_verification verification = verify();
        ck_assert_uint_eq(verification.flaws, 0);
        ck_assert(verification.complete);
        ck_assert_uint_ge(verification.records, records);
        records = verification.records;
    }
    atomic_store(&writing_ends, true);
    pthread_join(writer, NULL);
    ck_assert_uint_ge(verify_whole().records, records);
}
END_TEST

/* The object goes while its blob is about to be opened, and the blob with it: nothing is missing then. */
static struct io late_io;
static const struct io *early_io;
static bool late;

static bool blob_is_there(int folder, const char *path)
{
    int file = early_io->openat(early_io->self, folder, path, O_RDONLY, 0);
    if (file >= 0) {
        early_io->close(early_io->self, file);
    }
    return file >= 0;
}

static int late_openat(void *self, int folder, const char *path, int flags, mode_t mode)
{
    const struct timespec nap = {.tv_nsec = 1000000};
    if (late && strstr(path, ".blob")) {
        late = false;
        ck_assert_int_eq(fixture_delete(&fixture, "large"), STORE_OK);
        while (blob_is_there(folder, path)) {
            nanosleep(&nap, NULL);
        }
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
    upload("large");
    late = true;
    struct store_verification verification = verify();
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
        char key[KEY_KEPT];
        (void)snprintf(key, sizeof key, "%c%03u", prefix, count);
        ck_assert_int_eq(fixture_put(&fixture, key, payload, sizeof payload), STORE_OK);
    }
    return count;
}

static bool second_segment_is_husk(void)
{
    size_t size;
    free(fixture_read_file(&fixture, "/data/stores/s/log/0000000000000002.seg", &size));
    return size == 64;
}

static unsigned overwritten;

/* The first flaw, in the first segment, is the time to have the second one compacted, which the pass has not
 * reached. */
static void compact_ahead(void *arg, const struct store_flaw *flaw)
{
    const struct timespec nap = {.tv_nsec = 1000000};
    keep(arg, flaw);
    if (kept_count > 1)
        return;
    for (unsigned i = 0; i < overwritten; i++) {
        char key[KEY_KEPT];
        (void)snprintf(key, sizeof key, "b%03u", i);
        put(key, "new");
    }
    for (int tries = 0; tries < 5000 && !second_segment_is_husk(); tries++)
        nanosleep(&nap, NULL);
    ck_assert(second_segment_is_husk());
}

START_TEST(a_blob_whose_record_moves_meanwhile_is_looked_at)
{
    struct store_verification verification;
    fill_up_to(2, 'a');
    upload("large");
    overwritten = fill_up_to(3, 'b');
    flip_in("/data/stores/s/log/0000000000000001.seg", 64 + 88 + 4 + 100);
    flip_in("/data/stores/s/blobs/0000000000000001.blob", 100);
    kept_count = 0;
    ck_assert_int_eq(store_verify(fixture.store, 0, compact_ahead, NULL, &verification), STORE_OK);
    ck_assert(verification.complete);
    ck_assert_uint_eq(kept_count, 2);
    ck_assert_int_eq(kept[0].flaw.kind, STORE_FLAW_PAYLOAD);
    ck_assert_int_eq(kept[1].flaw.kind, STORE_FLAW_BLOB);
    ck_assert_str_eq(kept[1].key, "large");
}
END_TEST

static void wait_until_done(void)
{
    struct store_verification verification;
    const struct timespec nap = {.tv_nsec = 1000000};
    for (int i = 0; i < 20000; i++) {
        store_verification(fixture.store, &verification);
        if (!verification.running) {
            return;
        }
        nanosleep(&nap, NULL);
    }
    ck_abort_msg("the verification does not end");
}

START_TEST(in_the_background_flaws_are_logged)
{
    struct store_verification verification;
    put("a", "the first payload");
    upload("large");
    flip_in(blob_path(), 5);
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
    for (int i = 0; i < 20; i++) {
        put("a", "the first payload");
    }
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
    ck_assert_int_le(after.tv_sec - before.tv_sec, 5);
    fixture_open(&fixture);
    verify_whole();
}
END_TEST

START_TEST(deleting_ends_it)
{
    struct store_verification verification;
    for (int i = 0; i < 20; i++) {
        put("a", "the first payload");
    }
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
        upload("large");
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        copy_in_store("large", key);
    }
    uint64_t bytes = verify_whole().bytes_done;
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
    for (int i = 0; i < 20; i++) {
        put("a", "the first payload");
    }
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

/* ---- read-only ------------------------------------------------------------------------------- */

/* All bytes and names of the disk in one number. */
static uint64_t fingerprint(const char *path)
{
    const struct io *io = fixture.io;
    uint64_t sum = store_key_of(path, strlen(path)).hash;
    int folder = io->openat(io->self, AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
    if (folder < 0) {
        size_t size;
        uint8_t *bytes = fixture_read_file(&fixture, path, &size);
        sum += size + store_key_of(bytes, size).hash * 31;
        free(bytes);
        return sum;
    }
    char *names = io->list(io->self, folder);
    io->close(io->self, folder);
    for (const char *name = names; name && *name; name += strlen(name) + 1) {
        char inside[512];
        snprintf(inside, sizeof inside, "%s/%s", path, name);
        sum += fingerprint(inside) * 7;
    }
    free(names);
    return sum;
}

static enum store_error open_read_only(struct store_detail *ret_detail)
{
    fixture.options.read_only = true;
    enum store_error error = depot_open("/data", &fixture.options, &fixture.depot, ret_detail);
    fixture.options.read_only = false;
    return error;
}

static uint64_t changing_calls(void)
{
    static const enum sim_call calls[] = {SIM_PWRITE,    SIM_FDATASYNC, SIM_FSYNC,     SIM_WRITE_BACK,
                                          SIM_FTRUNCATE, SIM_ALLOCATE,  SIM_MKDIRAT,   SIM_UNLINKAT,
                                          SIM_LINKAT,    SIM_RENAMEAT,  SIM_COPY_RANGE};
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        sum += sim_disk_calls(fixture.disk, calls[i]);
    }
    return sum;
}

static void close_read_only(struct store *store)
{
    depot_release(store);
    depot_close(fixture.depot);
    fixture.depot = NULL;
}

static void refuses_writes(struct store *store)
{
    bool created;
    struct stream *stream;
    struct store_key key = store_key_of("a", 1);
    struct store_op op = {.kind = STORE_PUT, .key = key, .payload = "new", .size = 3};
    ck_assert_int_eq(store_batch(store, &op, 1, 0, ticket_done, NULL, NULL), STORE_DRAINING);
    op.kind = STORE_DELETE;
    ck_assert_int_eq(store_batch(store, &op, 1, 0, ticket_done, NULL, NULL), STORE_DRAINING);
    ck_assert_int_eq(stream_open(store, &key, LARGE, NULL, &stream), STORE_DRAINING);
    ck_assert_int_eq(depot_create(fixture.depot, "new", &created, NULL), STORE_DRAINING);
}

/* A folder after a crash, with all that a start would tidy up: a torn tail, an orphan, a spare, trash. */
START_TEST(read_only_changes_nothing)
{
    struct store *store;
    put("a", "the first payload");
    upload("large");
    put("b", "the second payload");
    fixture_cut(&fixture, 1);
    flip(find_text("the second payload"));
    fixture_write_file(&fixture, "/data/stores/s/blobs/00000000000000ff.blob", "orphan", 6, 0);
    fixture_write_file(&fixture, "/data/stores/s/log/spare", "spare", 5, 0);
    fixture_write_file(&fixture, "/data/trash/old", "old", 3, 0);
    uint64_t before = fingerprint("/data");
    uint64_t calls = changing_calls();
    ck_assert_int_eq(open_read_only(NULL), STORE_OK);
    ck_assert_int_eq(depot_acquire(fixture.depot, "s", &store, NULL), STORE_OK);
    fixture.store = store;
    ck_assert_int_eq(fixture_get_text(&fixture, "a", "the first payload"), STORE_OK);
    ck_assert_int_eq(fixture_get(&fixture, "large", large, sizeof large), STORE_OK);
    ck_assert_uint_eq(verify_whole().blobs, 1);
    refuses_writes(store);
    close_read_only(store);
    ck_assert_uint_eq(changing_calls(), calls);
    ck_assert_uint_eq(fingerprint("/data"), before);
    ck_assert_uint_eq(sim_disk_open_files(fixture.disk), 0);
    fixture_open(&fixture);
}
END_TEST

/* A listing would write the sorted keys of a sealed segment beside it. */
START_TEST(read_only_lists_without_a_trace)
{
    struct store *store;
    unsigned char cursor[STORE_CURSOR_MAX];
    size_t length;
    struct store_list_query query = {.limit = 10};
    while (fixture_figures(&fixture).segments < 2) {
        ck_assert_int_eq(fixture_put(&fixture, "key", large, 500), STORE_OK);
    }
    fixture_close(&fixture);
    uint64_t before = fingerprint("/data");
    ck_assert_int_eq(open_read_only(NULL), STORE_OK);
    ck_assert_int_eq(depot_acquire(fixture.depot, "s", &store, NULL), STORE_OK);
    ck_assert_int_eq(store_list(store, &query, ignore_item, NULL, cursor, &length), STORE_OK);
    close_read_only(store);
    ck_assert_uint_eq(fingerprint("/data"), before);
    fixture_open(&fixture);
}
END_TEST

START_TEST(read_only_tells_of_damage)
{
    struct store *store;
    put("a", "the first payload");
    put("b", "the second payload");
    fixture_close(&fixture);
    flip(find_text("the first payload"));
    ck_assert_int_eq(open_read_only(NULL), STORE_OK);
    ck_assert_int_eq(depot_acquire(fixture.depot, "s", &store, NULL), STORE_OK);
    fixture.store = store;
    verify_flaw(STORE_FLAW_PAYLOAD, "a", true);
    close_read_only(store);
    fixture_open(&fixture);
}
END_TEST

/* Everything that a start would do about a damaged log is left undone: the lost end, a file set aside, husks. */
START_TEST(read_only_tells_of_a_lost_end)
{
    struct store *store;
    for (unsigned i = 0; i < 1500; i++)
        ck_assert_int_eq(fixture_put(&fixture, i % 100 ? "key" : "another", large, 500), STORE_OK);
    char last[128];
    snprintf(last, sizeof last, "%s", fixture_segment(&fixture));
    fixture_close(&fixture);
    unlink_file(last);
    fixture_write_file(&fixture, last, "not a header", 12, 0);
    fixture_write_file(&fixture, "/data/stores/s/log/00000000000000ff.seg", "stray", 5, 0);
    uint64_t before = fingerprint("/data");
    uint64_t calls = changing_calls();
    ck_assert_int_eq(open_read_only(NULL), STORE_OK);
    ck_assert_int_eq(depot_acquire(fixture.depot, "s", &store, NULL), STORE_OK);
    fixture.store = store;
    ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 128);
    verify();
    unsigned files = 0, gaps = 0;
    for (size_t i = 0; i < kept_count; i++) {
        files += kept[i].flaw.kind == STORE_FLAW_FILE;
        gaps += kept[i].flaw.kind == STORE_FLAW_LOG;
    }
    ck_assert_uint_eq(files, 2);
    ck_assert_uint_ge(gaps, 1);
    close_read_only(store);
    ck_assert_uint_eq(changing_calls(), calls);
    ck_assert_uint_eq(fingerprint("/data"), before);
    fixture_open(&fixture);
}
END_TEST

START_TEST(read_only_respects_the_lock)
{
    struct depot *own = fixture.depot;
    struct store_detail detail;
    ck_assert_int_eq(open_read_only(&detail), STORE_LOCKED);
    ck_assert_msg(strstr(detail.text, "/data"), "it does not name the folder: %s", detail.text);
    fixture.depot = own;
    fixture_close(&fixture);
    ck_assert_int_eq(open_read_only(NULL), STORE_OK);
    struct depot *second;
    ck_assert_int_eq(depot_open("/data", &fixture.options, &second, NULL), STORE_LOCKED);
    unlink_file("/data/lock"); /* as people do when they are told that the folder is open */
    ck_assert_int_eq(depot_open("/data", &fixture.options, &second, NULL), STORE_LOCKED);
    close_read_only(NULL);
    fixture_open(&fixture);
}
END_TEST

static void refused_and_untouched(const char *path, enum store_error expected)
{
    struct store_detail detail = {0};
    struct depot *depot;
    uint64_t calls = changing_calls();
    size_t nodes = sim_disk_nodes(fixture.disk);
    fixture.options.read_only = true;
    ck_assert_int_eq(depot_open(path, &fixture.options, &depot, &detail), expected);
    fixture.options.read_only = false;
    ck_assert_msg(strstr(detail.text, path), "it does not name the folder: %s", detail.text);
    ck_assert_msg(!strstr(detail.text, "make"), "it wanted to make something: %s", detail.text);
    ck_assert_uint_eq(changing_calls(), calls);
    ck_assert_uint_eq(sim_disk_nodes(fixture.disk), nodes);
}

START_TEST(read_only_makes_no_folder_its_own)
{
    refused_and_untouched("/missing", STORE_IO);
    refused_and_untouched("/no/such/folder", STORE_IO);
    ck_assert_int_eq(fixture.io->mkdirat(fixture.io->self, AT_FDCWD, "/empty", 0700), 0);
    refused_and_untouched("/empty", STORE_FOREIGN);
    ck_assert_int_eq(fixture.io->mkdirat(fixture.io->self, AT_FDCWD, "/foreign", 0700), 0);
    fixture_write_file(&fixture, "/foreign/thesis.tex", "precious", 8, 0);
    refused_and_untouched("/foreign", STORE_FOREIGN);
}
END_TEST

/* ---- the suite ------------------------------------------------------------------------------- */

static TCase *new_case(Suite *suite, const char *name, const TTest *const *tests, size_t count)
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, setup, teardown);
    for (size_t i = 0; i < count; i++) {
        tcase_add_test(tcase, tests[i]);
    }
    suite_add_tcase(suite, tcase);
    return tcase;
}

#define CASE(name, ...)                                                                                                \
    do {                                                                                                               \
        const TTest *const tests[] = {__VA_ARGS__};                                                                    \
        new_case(suite, name, tests, sizeof tests / sizeof *tests);                                                    \
    } while (0)

int main(void)
{
    Suite *suite = suite_create("verify");
    CASE("whole", an_empty_store_is_whole, everything_is_looked_at, a_restart_and_several_segments_are_whole,
         a_shared_blob_is_read_once_and_missed_by_all, a_blob_that_nobody_needs_is_not_missed, a_power_cut_is_no_flaw);
    CASE("flaws", a_payload_is_told_with_its_key, a_dead_payload_is_told_as_dead,
         a_record_that_is_none_any_more_is_told_once, every_flipped_byte_is_found, a_segment_header_is_told,
         a_blob_with_another_byte_is_told, a_blob_of_another_size_is_told, a_missing_blob_is_told,
         the_lost_end_of_a_segment_is_told, a_lost_segment_is_told, damaged_keys_of_a_segment_are_told,
         keys_that_cannot_be_read_are_told, health_tells_of_flaws, a_read_tells_of_a_blob_of_another_size,
         a_read_tells_of_a_missing_blob_until_it_is_back, a_blob_that_was_mended_is_served_after_a_verification);
    CASE("disk", a_bad_block_costs_only_what_is_in_it, a_dead_disk_is_one_flaw, a_blob_that_cannot_be_read_is_told,
         a_read_that_fails_once_is_no_flaw, want_of_descriptors_is_no_flaw, interruptions_and_short_reads_go_unnoticed);
    CASE("beside", writers_go_on_and_are_no_flaws, an_object_that_goes_meanwhile_is_not_missed,
         a_blob_whose_record_moves_meanwhile_is_looked_at, in_the_background_flaws_are_logged,
         one_at_a_time_and_closing_ends_it, deleting_ends_it, the_rate_is_kept, other_stores_do_not_end_it);
    CASE("read-only", read_only_changes_nothing, read_only_lists_without_a_trace, read_only_tells_of_damage,
         read_only_tells_of_a_lost_end, read_only_tells_of_a_lost_end, read_only_respects_the_lock,
         read_only_makes_no_folder_its_own);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
