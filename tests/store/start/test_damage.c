/* test_damage.c - records that the disk has changed, those that were moved, and payloads that look like records. */
#include "tests/lib/fixture.h"
#include "tests/lib/long_log.h"
#include "tests/lib/patience.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

FIXTURE_OF_EACH_TEST

/* ---- damage ---------------------------------------------------------------------------------- */

static void assert_only_b_is_lost(void)
{
    fixture_must_hold(&fixture, "a", "the first payload");
    fixture_must_hold(&fixture, "c", "the third payload");
    ck_assert_int_ne(fixture_get_text(&fixture, "b", "the second payload"), STORE_DIGEST);
    ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 0);
    ck_assert_msg(fixture.warnings > 0, "damage is not in the log");
}

/* Every byte of the middle record in turn, so also its lengths, its check and its key. */
START_TEST(damage_takes_one_record_and_is_reported)
{
    size_t from = 0, to = 1;
    for (size_t step = 0; from + step < to; step++) {
        fixture_renew(&fixture);
        fixture_put_three(&fixture);
        fixture_cut(&fixture, 1);
        from = fixture_find_text(&fixture, "the first payload") + strlen("the first payload") + 8;
        to = fixture_find_text(&fixture, "the second payload") + strlen("the second payload");
        fixture_flip(&fixture, fixture_segment(&fixture), from + step);
        fixture_open(&fixture);
        assert_only_b_is_lost();
        fixture_must_put(&fixture, "d", "the fourth payload");
        fixture_cut(&fixture, 2);
        fixture_open(&fixture);
        assert_only_b_is_lost();
        fixture_must_hold(&fixture, "d", "the fourth payload");
    }
}
END_TEST

/* What the log has lost may come back, from a backup or a disk that was only loose: its large payload has not gone. */
START_TEST(the_blob_of_a_lost_record_is_kept)
{
    static const char large[5000] = "large";
    ck_assert_int_eq(fixture_upload(&fixture, "the key", large, sizeof large), STORE_OK);
    fixture_must_put(&fixture, "b", "text");
    fixture_close(&fixture);
    size_t position = fixture_find_text(&fixture, "the key");
    fixture_flip(&fixture, fixture_segment(&fixture), position);
    for (int start = 0; start < 2; start++) {
        fixture_open(&fixture);
        ck_assert_int_eq(fixture_get(&fixture, "the key", large, sizeof large), STORE_NO_OBJECT);
        ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 0);
        ck_assert_msg(strstr(fixture.logged, "1 files in blobs"), "\"%s\"", fixture.logged);
        fixture_close(&fixture);
    }
    fixture_flip(&fixture, fixture_segment(&fixture), position);
    fixture_open(&fixture);
    ck_assert_int_eq(fixture_get(&fixture, "the key", large, sizeof large), STORE_OK);
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
}
END_TEST

/* The rest of the batch still stands behind the damage: it must not be taken for a tail. */
START_TEST(damage_in_a_batch_takes_the_batch_only)
{
    static const char payload[] = "one of three in a batch";
    for (size_t back = 0; back < 80; back += 16) {
        fixture_renew(&fixture);
        fixture_must_put(&fixture, "a", "the first payload");
        fixture_put_batch(&fixture, payload);
        fixture_must_put(&fixture, "c", "the third payload");
        fixture_cut(&fixture, 1);
        fixture_flip(&fixture, fixture_segment(&fixture), fixture_find_text(&fixture, payload) - back);
        fixture_open(&fixture);
        assert_only_b_is_lost();
        ck_assert_uint_eq(fixture_figures(&fixture).objects, back == 0 ? 5 : 2);
    }
}
END_TEST

START_TEST(a_lost_sector_takes_what_it_held)
{
    static const char zeros[512];
    char key[16];
    for (int i = 0; i < 40; i++) {
        snprintf(key, sizeof key, "%d", i);
        fixture_must_put(&fixture, key, "one of many payloads of the same size");
    }
    fixture_cut(&fixture, 1);
    fixture_write_file(&fixture, fixture_segment(&fixture), zeros, sizeof zeros, 1024);
    fixture_open(&fixture);
    unsigned lost = 0;
    for (int i = 0; i < 40; i++) {
        snprintf(key, sizeof key, "%d", i);
        enum store_error error = fixture_get_text(&fixture, key, "one of many payloads of the same size");
        ck_assert(error == STORE_OK || error == STORE_NO_OBJECT || error == STORE_DAMAGED);
        lost += error != STORE_OK;
    }
    ck_assert_uint_ge(lost, 3);
    ck_assert_uint_le(lost, 6);
    ck_assert_uint_ge(fixture_figures(&fixture).damaged_bytes, 512);
}
END_TEST

/* A file in the middle of the log is gone, or its end is: what was in it is missed, the rest is there. */
START_TEST(a_lost_segment_is_reported)
{
    char path[512];
    for (int cut = 0; cut < 2; cut++) {
        fixture_renew(&fixture);
        fixture_must_put(&fixture, "a", "the first payload");
        unsigned next = long_log_fill_segment(&fixture, 0);
        snprintf(path, sizeof path, "%s", fixture_segment(&fixture));
        fixture_must_put(&fixture, "b", "the second payload");
        long_log_fill_segment(&fixture, next);
        fixture_must_put(&fixture, "c", "the third payload");
        fixture_close(&fixture);
        if (cut) {
            fixture_resize_file(&fixture, path, 4096);
        } else {
            ck_assert_int_eq(fixture.io->unlinkat(fixture.io->self, AT_FDCWD, path, 0), 0);
        }
        fixture_open(&fixture);
        fixture_must_hold(&fixture, "a", "the first payload");
        fixture_must_hold(&fixture, "c", "the third payload");
        ck_assert_int_eq(fixture_get_text(&fixture, "b", "the second payload"), cut ? STORE_OK : STORE_NO_OBJECT);
        ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 10000);
        ck_assert_msg(strstr(fixture.logged, "missing"), "\"%s\"", fixture.logged);
        fixture_must_put(&fixture, "d", "the fourth payload");
        fixture_must_hold(&fixture, "d", "the fourth payload");
    }
}
END_TEST

/* A depot that was closed says so in its log: then even the last record was acknowledged. */
START_TEST(damage_in_the_last_record_of_a_closed_store_is_reported)
{
    fixture_put_three(&fixture);
    fixture_close(&fixture);
    fixture_flip(&fixture, fixture_segment(&fixture), fixture_find_text(&fixture, "the third payload"));
    fixture_open(&fixture);
    fixture_must_hold(&fixture, "a", "the first payload");
    fixture_must_hold(&fixture, "b", "the second payload");
    ck_assert_int_ne(fixture_get_text(&fixture, "c", "the third payload"), STORE_OK);
    ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 0);
}
END_TEST

START_TEST(damage_under_an_open_store_is_not_served)
{
    fixture_put_three(&fixture);
    fixture_flip(&fixture, fixture_segment(&fixture), fixture_find_text(&fixture, "the second payload"));
    ck_assert_int_eq(fixture_get_text(&fixture, "b", "the second payload"), STORE_DAMAGED);
    fixture_must_hold(&fixture, "a", "the first payload");
    fixture_must_hold(&fixture, "c", "the third payload");
    fixture_must_put(&fixture, "b", "a new second payload");
    fixture_must_hold(&fixture, "b", "a new second payload");
}
END_TEST

/* The reports of damage advise to put the object again or to delete it: both must work. */
START_TEST(a_damaged_object_can_be_replaced_and_deleted)
{
    const char *keys[] = {"replaced", "deleted", "kept"};
    struct store_digest digest = {{0}};
    for (size_t i = 0; i < 3; i++) {
        fixture_must_put(&fixture, keys[i], "text");
        fixture_flip(&fixture, fixture_segment(&fixture), fixture_find_text(&fixture, keys[i]));
        ck_assert_int_eq(fixture_get_text(&fixture, keys[i], "text"), STORE_DAMAGED);
    }
    struct store_key key = store_key_of("kept", 4);
    struct store_condition condition = {.match_listed = true, .match = &digest, .match_count = 1};
    ck_assert_int_eq(store_check(fixture.store, &key, &condition), STORE_DAMAGED);
    fixture_must_put(&fixture, "replaced", "new text");
    ck_assert_int_eq(fixture_delete(&fixture, "deleted"), STORE_OK);
    for (int start = 0; start < 2; start++) {
        fixture_must_hold(&fixture, "replaced", "new text");
        fixture_must_lack(&fixture, "deleted");
        fixture_close(&fixture);
        fixture_open(&fixture);
    }
    ck_assert_uint_eq(fixture_figures(&fixture).objects, 1);
    ck_assert_uint_eq(fixture_figures(&fixture).live_bytes, strlen("new text"));
}
END_TEST

/* ---- moved by compaction --------------------------------------------------------------------- */

enum { MOVED = 500, MOVED_SIZE = 400 };

static void name_object(unsigned i, char name[20])
{
    (void)snprintf(name, 20, "object%04u", i);
}

/* Fills the first segments and deletes all but two of five objects, until those have been moved. */
static void have_objects_moved(void)
{
    static const char payload[MOVED_SIZE];
    char name[20];
    for (unsigned i = 0; i < 2 * MOVED; i++) {
        name_object(i, name);
        ck_assert_int_eq(fixture_put(&fixture, name, payload, sizeof payload), STORE_OK);
        name_object(i - MOVED, name);
        if (i >= MOVED && i % 5 > 1)
            ck_assert_int_eq(fixture_delete(&fixture, name), STORE_OK);
    }
    WAIT_UNTIL(fixture_is_husk(&fixture, 1));
    ck_assert(fixture_is_husk(&fixture, 1));
}

/* Flips a byte of the newest record of the log that holds the text. */
static void flip_newest(const char *text)
{
    char path[64];
    for (unsigned number = 64; number > 0; number--) {
        size_t size;
        (void)snprintf(path, sizeof path, "/data/stores/s/log/%016x.seg", number);
        int file = fixture.io->openat(fixture.io->self, AT_FDCWD, path, O_RDONLY, 0);
        if (file < 0)
            continue;
        fixture.io->close(fixture.io->self, file);
        uint8_t *bytes = fixture_read_file(&fixture, path, &size);
        uint8_t *found = memmem(bytes, size, text, strlen(text));
        uint8_t flipped = found ? *found ^ 0x20 : 0;
        if (found)
            fixture_write_file(&fixture, path, &flipped, 1, (size_t)(found - bytes));
        free(bytes);
        if (found)
            return;
    }
    ck_abort_msg("%s is nowhere in the log", text);
}

static unsigned count_wrong(void)
{
    static const char payload[MOVED_SIZE];
    char name[20];
    unsigned lost = 0;
    for (unsigned i = 0; i < MOVED; i++) {
        name_object(i, name);
        enum store_error error = fixture_get(&fixture, name, payload, sizeof payload);
        lost += error != (i % 5 > 1 ? STORE_NO_OBJECT : STORE_OK);
    }
    return lost;
}

/* Compaction writes many records at a time, which have nothing else in common. */
START_TEST(damage_to_a_moved_record_takes_it_alone)
{
    have_objects_moved();
    fixture_close(&fixture);
    flip_newest("object0100");
    fixture_open(&fixture);
    ck_assert_uint_eq(count_wrong(), 1);
}
END_TEST

/* The first segment is away while its deleted keys' tombstones are compacted: it may still come back. */
START_TEST(a_segment_that_comes_back_brings_no_deleted_key)
{
    enum { DELETED = 50 };
    static const char payload[MOVED_SIZE];
    static const char first[] = "/data/stores/s/log/0000000000000001.seg";
    char name[20];
    unsigned count = 0;
    size_t size;
    fixture_set_first_segment(&fixture, 256 << 10);
    for (; fixture_figures(&fixture).segments < 3; count++) {
        name_object(count, name);
        ck_assert_int_eq(fixture_put(&fixture, name, payload, sizeof payload), STORE_OK);
        name_object(count - DELETED - 100, name);
        if (count >= DELETED + 100 && count < 2 * DELETED + 100)
            ck_assert_int_eq(fixture_delete(&fixture, name), STORE_OK);
    }
    fixture_close(&fixture);
    uint8_t *bytes = fixture_read_file(&fixture, first, &size);
    ck_assert_int_eq(fixture.io->unlinkat(fixture.io->self, AT_FDCWD, first, 0), 0);
    fixture_open(&fixture);
    ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 0);
    for (unsigned i = 100; i < count; i++) {
        name_object(i, name);
        ck_assert_int_eq(fixture_delete(&fixture, name), STORE_OK);
    }
    for (unsigned i = 0; i < 3 * MOVED; i++)
        ck_assert_int_eq(fixture_put(&fixture, "other", payload, sizeof payload), STORE_OK);
    WAIT_UNTIL(fixture_is_husk(&fixture, 2));
    fixture_close(&fixture);
    fixture_write_file(&fixture, first, bytes, size, 0);
    free(bytes);
    fixture_open(&fixture);
    for (unsigned i = 0; i < count; i++) {
        name_object(i, name);
        bool there = i >= DELETED && i < 100;
        ck_assert_msg(fixture_get(&fixture, name, payload, sizeof payload) == (there ? STORE_OK : STORE_NO_OBJECT),
                      "%s is %s", name, there ? "lost" : "back");
    }
}
END_TEST

/* ---- forgeries ------------------------------------------------------------------------------- */

/* A payload made of true records: deleted objects must not come back through it, whatever happens around it. */
START_TEST(a_payload_of_records_is_never_adopted)
{
    fixture.options.inline_limit = 64 << 10;
    fixture_close(&fixture);
    fixture_open(&fixture);
    fixture_put_three(&fixture);
    size_t size;
    uint8_t *log = fixture_read_file(&fixture, fixture_segment(&fixture), &size);
    size_t length = fixture_find_text(&fixture, "the third payload") + 24;
    for (const char *key = "abc"; *key; key++) {
        char name[2] = {*key, 0};
        ck_assert_int_eq(fixture_delete(&fixture, name), STORE_OK);
    }
    ck_assert_int_eq(fixture_put(&fixture, "forgery", log, length), STORE_OK);
    fixture_must_put(&fixture, "d", "the fourth payload");
    fixture_cut(&fixture, 1);
    size_t forged = fixture_find(&fixture, fixture_segment(&fixture), "forgery", 7);
    fixture_flip(&fixture, fixture_segment(&fixture), forged - 60);
    fixture_open(&fixture);
    for (const char *key = "abc"; *key; key++) {
        char name[2] = {*key, 0};
        fixture_must_lack(&fixture, name);
    }
    fixture_must_hold(&fixture, "d", "the fourth payload");
    ck_assert_uint_eq(fixture_figures(&fixture).objects, 1);
    free(log);
}
END_TEST

/* The same where only records tell where their segment stands: those of the payload tell of a place in the past. */
START_TEST(a_payload_of_records_does_not_tell_a_base)
{
    static const char zeros[512];
    fixture.options.inline_limit = 64 << 10;
    fixture_close(&fixture);
    fixture_open(&fixture);
    fixture_put_three(&fixture);
    size_t size, length = fixture_find_text(&fixture, "the third payload") + 24;
    uint8_t *log = fixture_read_file(&fixture, fixture_segment(&fixture), &size);
    uint8_t *forged = calloc(1, 1024 + length);
    memcpy(forged + 1024, log, length);
    long_log_fill_segment(&fixture, 0);
    for (const char *key = "abc"; *key; key++) {
        char name[2] = {*key, 0};
        ck_assert_int_eq(fixture_delete(&fixture, name), STORE_OK);
    }
    long_log_fill_segment(&fixture, 1000);
    char path[128];
    snprintf(path, sizeof path, "%s", fixture_segment(&fixture));
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(fixture_put(&fixture, i ? "forgery" : "x", forged, 1024 + length), STORE_OK);
    fixture_must_put(&fixture, "d", "the fourth payload");
    fixture_close(&fixture);
    fixture_write_file(&fixture, path, zeros, sizeof zeros, 0);
    fixture_open(&fixture);
    for (const char *key = "abc"; *key; key++) {
        char name[2] = {*key, 0};
        fixture_must_lack(&fixture, name);
    }
    ck_assert_int_eq(fixture_get(&fixture, "forgery", forged, 1024 + length), STORE_OK);
    fixture_must_hold(&fixture, "d", "the fourth payload");
    free(log);
    free(forged);
}
END_TEST

/* The same bytes where they once were true: an old log laid over a newer one of another store. */
START_TEST(records_of_another_store_are_not_adopted)
{
    fixture_put_three(&fixture);
    fixture_close(&fixture);
    size_t size;
    uint8_t *log = fixture_read_file(&fixture, fixture_segment(&fixture), &size);
    sim_disk_free(fixture.disk);
    fixture_start(&fixture, 1);
    fixture_must_put(&fixture, "x", "one");
    fixture_cut(&fixture, 1);
    size_t end = (fixture_find_text(&fixture, "one") + 3 + 7) & ~(size_t)7;
    fixture_write_file(&fixture, fixture_segment(&fixture), log + end, 4096, end);
    fixture_open(&fixture);
    fixture_must_hold(&fixture, "x", "one");
    fixture_must_lack(&fixture, "b");
    fixture_must_lack(&fixture, "c");
    ck_assert_uint_eq(fixture_figures(&fixture).objects, 1);
    free(log);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        damage_takes_one_record_and_is_reported,
        the_blob_of_a_lost_record_is_kept,
        damage_in_a_batch_takes_the_batch_only,
        a_lost_sector_takes_what_it_held,
        a_lost_segment_is_reported,
        damage_in_the_last_record_of_a_closed_store_is_reported,
        damage_under_an_open_store_is_not_served,
        a_damaged_object_can_be_replaced_and_deleted,
        damage_to_a_moved_record_takes_it_alone,
        a_segment_that_comes_back_brings_no_deleted_key,
        a_payload_of_records_is_never_adopted,
        a_payload_of_records_does_not_tell_a_base,
        records_of_another_store_are_not_adopted,
    };
    return UNIT_RUN_WITH("damage", setup, teardown, tests);
}
