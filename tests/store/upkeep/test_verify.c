/* test_verify.c - verification: what is whole, and each kind of flaw. */
#include "tests/lib/findings.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

FIXTURE_OF_EACH_TEST

/* ---- nothing is wrong ------------------------------------------------------------------------ */

START_TEST(an_empty_store_is_whole)
{
    struct store_verification verification;
    store_verification(fixture.store, &verification);
    ck_assert_int_eq(verification.started, 0);
    verification = findings_none(&fixture);
    ck_assert_uint_eq(verification.records, 0);
    ck_assert_uint_eq(verification.bytes_total, 0);
}
END_TEST

START_TEST(everything_is_looked_at)
{
    fixture_must_put(&fixture, "a", "the first payload");
    fixture_must_put(&fixture, "a", "another payload");
    fixture_must_put(&fixture, "b", "the second payload");
    fixture_must_upload(&fixture, "large");
    ck_assert_int_eq(fixture_delete(&fixture, "b"), STORE_OK);
    struct store_verification verification = findings_none(&fixture);
    ck_assert_uint_eq(verification.records, 5);
    ck_assert_uint_eq(verification.blobs, 1);
    ck_assert_uint_eq(verification.bytes_done, fixture_figures(&fixture).end_offset + FIXTURE_LARGE);
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
    ck_assert_uint_eq(findings_none(&fixture).records, 900);
    fixture_close(&fixture);
    fixture_open(&fixture);
    ck_assert_uint_eq(findings_none(&fixture).records, 901); /* the mark */
    fixture_must_put(&fixture, "one more", "payload");
    fixture_cut(&fixture, 3);
    fixture_open(&fixture);
    findings_none(&fixture);
}
END_TEST

START_TEST(a_shared_blob_is_read_once_and_missed_by_all)
{
    fixture_must_upload(&fixture, "one");
    fixture_must_copy(&fixture, "one", "two");
    fixture_must_copy(&fixture, "one", "three");
    struct store_verification verification = findings_none(&fixture);
    ck_assert_uint_eq(verification.records, 3);
    ck_assert_uint_eq(verification.blobs, 1);
    fixture_flip(&fixture, findings_blob_path(&fixture), 7);
    ck_assert_uint_eq(findings_verify(&fixture).flaws, 3);
    static const char *const keys[] = {"one", "two", "three"};
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(findings[i].flaw.kind, STORE_FLAW_BLOB);
        ck_assert_str_eq(findings[i].key, keys[i]);
    }
}
END_TEST

/* What a power cut leaves is no damage: whatever was torn had not been acknowledged. */
START_TEST(a_power_cut_is_no_flaw)
{
    for (uint64_t seed = 1; seed <= 300; seed++) {
        teardown();
        fixture_start(&fixture, seed);
        fixture_must_put(&fixture, "before", "payload");
        fixture_must_upload(&fixture, "large");
        sim_disk_cut_after(fixture.disk, seed % 60);
        enum store_error error = STORE_OK;
        for (unsigned i = 0; i < 40 && !error; i++) {
            error = i % 5 == 4 ? fixture_upload(&fixture, "large", fixture_large(), FIXTURE_LARGE)
                               : fixture_put(&fixture, "key", fixture_large(), i * 13 % 500);
        }
        fixture_cut(&fixture, seed);
        fixture_open(&fixture);
        findings_none(&fixture);
        fixture_close(&fixture);
        fixture_open(&fixture);
        findings_none(&fixture);
    }
}
END_TEST

/* ---- each kind of flaw ----------------------------------------------------------------------- */

START_TEST(a_payload_is_told_with_its_key)
{
    fixture_must_put(&fixture, "a", "the first payload");
    fixture_must_put(&fixture, "b", "the second payload");
    fixture_must_put(&fixture, "c", "the third payload");
    fixture_flip(&fixture, fixture_segment(&fixture), fixture_find_text(&fixture, "the second payload") + 4);
    const struct store_flaw *flaw = findings_one(&fixture, STORE_FLAW_PAYLOAD, "b", true);
    ck_assert_uint_eq(flaw->length, strlen("the second payload"));
    ck_assert_int_eq(fixture_get_text(&fixture, "b", "the second payload"), STORE_DAMAGED);
    fixture_close(&fixture);
    fixture_open(&fixture);
    findings_one(&fixture, STORE_FLAW_PAYLOAD, "b", true);
}
END_TEST

START_TEST(a_dead_payload_is_told_as_dead)
{
    fixture_must_put(&fixture, "a", "the first payload");
    fixture_must_put(&fixture, "a", "the second payload");
    fixture_flip(&fixture, fixture_segment(&fixture), fixture_find_text(&fixture, "the first payload"));
    findings_one(&fixture, STORE_FLAW_PAYLOAD, "a", false);
    ck_assert_int_eq(fixture_get_text(&fixture, "a", "the second payload"), STORE_OK);
}
END_TEST

/* Damage under an open store hides an object that the index still leads to; after a restart it does not. */
START_TEST(a_record_that_is_none_any_more_is_told_once)
{
    fixture_must_put(&fixture, "a", "the first payload");
    fixture_must_put(&fixture, "b", "the second payload");
    fixture_must_put(&fixture, "c", "the third payload");
    uint64_t record = fixture_find_text(&fixture, "the second payload") - 89;
    fixture_flip(&fixture, fixture_segment(&fixture), record + 33);
    const struct store_flaw *flaw = findings_one(&fixture, STORE_FLAW_LOG, "", true);
    ck_assert_uint_eq(flaw->offset, record - 64);
    ck_assert_uint_eq(flaw->length, (88 + 1 + strlen("the second payload") + 7) / 8 * 8);
    fixture_close(&fixture);
    fixture_open(&fixture);
    findings_one(&fixture, STORE_FLAW_LOG, "", false);
}
END_TEST

/* What a verification finds may be the end of an object: a delete that finds nothing ends it once more, and so it stays
 * deleted when the next start reads the log. */
START_TEST(what_was_deleted_in_a_hole_can_be_deleted_again)
{
    fixture_must_put(&fixture, "victim", "what was deleted");
    ck_assert_int_eq(fixture_delete(&fixture, "victim"), STORE_OK);
    fixture_must_put(&fixture, "behind", "what stays");
    uint64_t tombstone = fixture_find_text(&fixture, "what was deleted") + (strlen("what was deleted") + 7) / 8 * 8;
    fixture_flip(&fixture, fixture_segment(&fixture), tombstone + 33);
    findings_one(&fixture, STORE_FLAW_LOG, "", false);
    ck_assert_int_eq(fixture_delete(&fixture, "victim"), STORE_OK);
    fixture_close(&fixture);
    fixture_open(&fixture);
    ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 0);
    fixture_must_lack(&fixture, "victim");
    fixture_must_hold(&fixture, "behind", "what stays");
}
END_TEST

/* Records of whole multiples of 8, so that there is no padding, which no digest covers. */
START_TEST(every_flipped_byte_is_found)
{
    fixture_must_put(&fixture, "a", "fifteen bytes A");
    fixture_must_put(&fixture, "b", "fifteen bytes B");
    ck_assert_int_eq(fixture_delete(&fixture, "a-key-of-8"), STORE_OK);
    fixture_must_put(&fixture, "c", "fifteen bytes C");
    size_t end = 64 + (size_t)fixture_figures(&fixture).end_offset;
    ck_assert_uint_eq(end, 64 + 3 * 104);
    for (size_t position = 0; position < end; position++) {
        fixture_flip(&fixture, fixture_segment(&fixture), position);
        struct store_verification verification = findings_verify(&fixture);
        ck_assert_msg(verification.flaws == 1, "position %zu: %zu flaws", position, findings_count);
        ck_assert_int_eq(findings[0].flaw.kind == STORE_FLAW_HEADER, position < 64);
        fixture_flip(&fixture, fixture_segment(&fixture), position);
    }
    findings_none(&fixture);
}
END_TEST

START_TEST(a_segment_header_is_told)
{
    fixture_must_put(&fixture, "a", "the first payload");
    fixture_close(&fixture);
    fixture_flip(&fixture, fixture_segment(&fixture), 24);
    fixture_open(&fixture);
    const struct store_flaw *flaw = findings_one(&fixture, STORE_FLAW_HEADER, "", false);
    ck_assert_uint_eq(flaw->offset, 0);
    ck_assert_uint_eq(flaw->length, 64);
    ck_assert_int_eq(fixture_get_text(&fixture, "a", "the first payload"), STORE_OK);
}
END_TEST

START_TEST(a_blob_with_another_byte_is_told)
{
    fixture_must_upload(&fixture, "large");
    fixture_flip(&fixture, findings_blob_path(&fixture), FIXTURE_LARGE - 1);
    const struct store_flaw *flaw = findings_one(&fixture, STORE_FLAW_BLOB, "large", true);
    ck_assert_uint_eq(flaw->length, FIXTURE_LARGE);
}
END_TEST

START_TEST(a_blob_of_another_size_is_told)
{
    static const size_t sizes[] = {0, FIXTURE_LARGE - 1, FIXTURE_LARGE + 1};
    fixture_must_upload(&fixture, "large");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        fixture_resize_file(&fixture, findings_blob_path(&fixture), sizes[i]);
        findings_one(&fixture, STORE_FLAW_BLOB, "large", true);
    }
}
END_TEST

START_TEST(a_missing_blob_is_told)
{
    fixture_must_upload(&fixture, "large");
    fixture_remove(&fixture, findings_blob_path(&fixture));
    findings_one(&fixture, STORE_FLAW_MISSING, "large", true);
    fixture_close(&fixture);
    fixture_open(&fixture);
    findings_one(&fixture, STORE_FLAW_MISSING, "large", true);
    fixture_must_upload(&fixture, "large");
    findings_none(&fixture);
}
END_TEST

START_TEST(a_blob_that_nobody_needs_is_not_missed)
{
    fixture_must_upload(&fixture, "large");
    fixture_must_put(&fixture, "large", "a small payload");
    findings_none(&fixture);
    fixture_must_upload(&fixture, "another");
    ck_assert_int_eq(fixture_delete(&fixture, "another"), STORE_OK);
    ck_assert_uint_eq(findings_none(&fixture).blobs, 0);
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
    fixture_must_put(&fixture, "a", "the last payload");
    fixture_close(&fixture);
    size_t size;
    free(fixture_read_file(&fixture, first, &size));
    fixture_resize_file(&fixture, first, 4096);
    fixture_open(&fixture);
    struct store_verification verification = findings_verify(&fixture);
    ck_assert_uint_ge(verification.flaws, 1);
    uint64_t lost = 0;
    for (size_t i = 0; i < findings_count; i++) {
        ck_assert_int_eq(findings[i].flaw.kind, STORE_FLAW_LOG);
        lost += findings[i].flaw.length;
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
        ck_assert_int_eq(fixture_put(&fixture, key, fixture_large(), 500), STORE_OK);
    }
    fixture_close(&fixture);
    fixture_remove(&fixture, "/data/stores/s/log/0000000000000001.seg");
    fixture_open(&fixture);
    const struct store_flaw *flaw = findings_one(&fixture, STORE_FLAW_LOG, "", false);
    ck_assert_uint_eq(flaw->offset, 0);
    ck_assert_uint_eq(flaw->length, fixture_figures(&fixture).damaged_bytes);
    ck_assert_int_eq(fixture_get(&fixture, key, fixture_large(), 500), STORE_OK);
}
END_TEST

static bool ignore_item(void *arg, const struct store_list_item *item)
{
    (void)arg;
    (void)item;
    return true;
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
    findings_none(&fixture);
    free(fixture_read_file(&fixture, path, &size));
    for (size_t position = 0; position < size; position += 97) {
        fixture_flip(&fixture, path, position);
        findings_one(&fixture, STORE_FLAW_KEYS, "", false);
        fixture_flip(&fixture, path, position);
    }
    fixture_resize_file(&fixture, path, 20);
    findings_one(&fixture, STORE_FLAW_KEYS, "", false);
    fixture_close(&fixture);
    fixture_open(&fixture);
    ck_assert_int_eq(store_list(fixture.store, &query, ignore_item, NULL, cursor, &cursor_length), STORE_OK);
    findings_none(&fixture);
}
END_TEST

/* Another version of the program has had the folder in between: its keys are none of ours, and no flaw. */
START_TEST(keys_of_another_format_are_no_flaw)
{
    unsigned char cursor[STORE_CURSOR_MAX];
    size_t size, cursor_length;
    struct store_list_query query = {.limit = 1};
    const char *path = write_keys();
    fixture_close(&fixture);
    fixture_open(&fixture);
    fixture_write_file(&fixture, path,
                       "cairnky3 and whatever that version wrote behind it, as long as a header at the least", 84, 0);
    findings_none(&fixture);
    ck_assert_int_eq(store_list(fixture.store, &query, ignore_item, NULL, cursor, &cursor_length), STORE_OK);
    uint8_t *bytes = fixture_read_file(&fixture, path, &size);
    ck_assert_mem_eq(bytes, "cairnky4", 8);
    free(bytes);
    findings_none(&fixture);
}
END_TEST

/* Only what this process lacks leaves the question open: all else is a flaw. */
START_TEST(keys_that_cannot_be_read_are_told)
{
    static const int errors[] = {EIO, EACCES, ELOOP, EMFILE, ENFILE, ENOMEM};
    const char *path = write_keys();
    findings_none(&fixture);
    fixture_remove(&fixture, path);
    ck_assert_int_eq(fixture.io->mkdirat(fixture.io->self, AT_FDCWD, path, 0700), 0);
    findings_one(&fixture, STORE_FLAW_KEYS, "", false);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        sim_disk_fail(fixture.disk, SIM_OPENAT, 1, true, errors[i]);
        struct store_verification verification = findings_verify(&fixture);
        sim_disk_heal(fixture.disk);
        ck_assert_uint_eq(verification.flaws, i < 3);
        ck_assert(verification.complete == (i < 3));
        ck_assert(i >= 3 || findings[0].flaw.kind == STORE_FLAW_READ);
    }
}
END_TEST

START_TEST(health_tells_of_flaws)
{
    struct store_detail detail;
    fixture_must_upload(&fixture, "large");
    findings_none(&fixture);
    ck_assert(depot_healthy(fixture.depot, &detail));
    ck_assert_str_eq(detail.text, "");
    fixture_flip(&fixture, findings_blob_path(&fixture), 1);
    findings_one(&fixture, STORE_FLAW_BLOB, "large", true);
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
    ck_assert_int_eq(fixture_get(&fixture, "large", fixture_large(), FIXTURE_LARGE), expected);
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
    fixture_must_upload(&fixture, "large");
    fixture_resize_file(&fixture, findings_blob_path(&fixture), FIXTURE_LARGE - 1);
    expect_health("");
    expect_get(STORE_DAMAGED);
    expect_get(STORE_DAMAGED);
    expect_health("store s: 1 large payload was found damaged");
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_blobs, 1);
    ck_assert_uint_eq(fixture.warnings, 1);
    ck_assert_msg(strstr(fixture.logged, "large payload has not the size"), "logged: %s", fixture.logged);
    fixture_must_upload(&fixture, "large");
    expect_get(STORE_OK);
    expect_health("");
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_blobs, 0);
}
END_TEST

START_TEST(a_read_tells_of_a_missing_blob_until_it_is_back)
{
    char path[512];
    size_t size;
    fixture_must_upload(&fixture, "large");
    snprintf(path, sizeof path, "%s", findings_blob_path(&fixture));
    uint8_t *bytes = fixture_read_file(&fixture, path, &size);
    fixture_remove(&fixture, path);
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
    fixture_must_upload(&fixture, "large");
    fixture_flip(&fixture, findings_blob_path(&fixture), 1);
    findings_one(&fixture, STORE_FLAW_BLOB, "large", true);
    expect_health("store s: 1 large payload was found damaged, 1 flaw was found by its verification");
    fixture_flip(&fixture, findings_blob_path(&fixture), 1);
    expect_get(STORE_DAMAGED);
    findings_none(&fixture);
    expect_get(STORE_OK);
    expect_health("");
    fixture_remove(&fixture, findings_blob_path(&fixture));
    findings_one(&fixture, STORE_FLAW_MISSING, "large", true);
    expect_health("1 large payload was found missing");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_empty_store_is_whole,
        everything_is_looked_at,
        a_restart_and_several_segments_are_whole,
        a_shared_blob_is_read_once_and_missed_by_all,
        a_power_cut_is_no_flaw,
        a_payload_is_told_with_its_key,
        a_dead_payload_is_told_as_dead,
        a_record_that_is_none_any_more_is_told_once,
        what_was_deleted_in_a_hole_can_be_deleted_again,
        every_flipped_byte_is_found,
        a_segment_header_is_told,
        a_blob_with_another_byte_is_told,
        a_blob_of_another_size_is_told,
        a_missing_blob_is_told,
        a_blob_that_nobody_needs_is_not_missed,
        the_lost_end_of_a_segment_is_told,
        a_lost_segment_is_told,
        damaged_keys_of_a_segment_are_told,
        keys_of_another_format_are_no_flaw,
        keys_that_cannot_be_read_are_told,
        health_tells_of_flaws,
        a_read_tells_of_a_blob_of_another_size,
        a_read_tells_of_a_missing_blob_until_it_is_back,
        a_blob_that_was_mended_is_served_after_a_verification,
    };
    return UNIT_RUN_WITH("verify", setup, teardown, tests);
}
