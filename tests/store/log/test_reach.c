/* test_reach.c - the end of a closed log that is lost, and the note of how far it had reached. */
#include "tests/lib/fixture.h"
#include "tests/lib/long_log.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

FIXTURE_OF_EACH_TEST

/* Stopped or cut off. */
static struct long_log many;

static const char reach_path[] = "/data/stores/s/reach";

/* What a clean stop has closed is missed when it is gone, however much of it. */
START_TEST(the_lost_end_of_a_closed_log_is_missed)
{
    for (int gone = 1; gone <= LONG_LOG_SEGMENTS; gone++) {
        fixture_renew(&fixture);
        long_log_write(&many, &fixture);
        fixture_close(&fixture);
        for (int segment = LONG_LOG_SEGMENTS - gone; segment < LONG_LOG_SEGMENTS; segment++)
            fixture_remove(&fixture, many.paths[segment]);
        fixture_open(&fixture);
        unsigned from = many.counts[LONG_LOG_SEGMENTS - gone], all = many.counts[LONG_LOG_SEGMENTS];
        for (int start = 0; start < 4; start++) {
            struct store_verification verification;
            ck_assert_uint_eq(long_log_lost(&fixture, 0, from), 0);
            ck_assert_uint_eq(long_log_lost(&fixture, from, all), all - from);
            ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, (all - from) * LONG_LOG_PAYLOAD);
            ck_assert_uint_ge(fixture_figures(&fixture).end_offset, many.end);
            ck_assert_int_eq(store_verify(fixture.store, 0, NULL, NULL, &verification), STORE_OK);
            ck_assert_uint_gt(verification.flaws, 0);
            if (start % 2 == 1)
                fixture_must_put(&fixture, "new", "a new payload");
            fixture_stop(&fixture, start < 2);
            fixture_open(&fixture);
        }
        fixture_must_hold(&fixture, "new", "a new payload");
    }
}
END_TEST

/* The file of the last segment is cut, at each place where a record could end and others. */
START_TEST(a_cut_end_of_a_closed_log_is_missed)
{
    fixture_put_three(&fixture);
    fixture_close(&fixture);
    size_t size;
    uint8_t *bytes = fixture_read_file(&fixture, fixture_segment(&fixture), &size);
    size_t a = (fixture_find_text(&fixture, "the first payload") + strlen("the first payload") + 7) / 8 * 8;
    size_t end = (fixture_find_text(&fixture, "the third payload") + strlen("the third payload") + 7) / 8 * 8 + 88;
    for (size_t cut = 64; cut <= end; cut += 8) {
        fixture_resize_file(&fixture, fixture_segment(&fixture), cut);
        fixture_open(&fixture);
        uint64_t damaged = fixture_figures(&fixture).damaged_bytes;
        ck_assert_uint_gt(damaged, 0); /* a file that is shorter than it was tells of itself */
        ck_assert_uint_ge(fixture_figures(&fixture).end_offset + 64, end);
        ck_assert_int_eq(fixture_get_text(&fixture, "a", "the first payload") == STORE_OK, cut >= a);
        fixture_cut(&fixture, 1); /* so that nothing is said anew */
        fixture_write_file(&fixture, fixture_segment(&fixture), bytes, size, 0);
        fixture_resize_file(&fixture, fixture_segment(&fixture), size);
    }
    free(bytes);
    fixture_open(&fixture);
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
    fixture_must_hold(&fixture, "c", "the third payload");
}
END_TEST

/* The last record and the mark that said it was acknowledged, in one sector. */
START_TEST(zeros_at_the_end_of_a_closed_log_are_missed)
{
    static const char zeros[1024];
    fixture_put_three(&fixture);
    fixture_close(&fixture);
    fixture_write_file(&fixture, fixture_segment(&fixture), zeros, sizeof zeros,
                       fixture_find_text(&fixture, "the third payload") - 89);
    for (int start = 0; start < 3; start++) {
        fixture_open(&fixture);
        fixture_must_hold(&fixture, "b", "the second payload");
        fixture_must_lack(&fixture, "c");
        ck_assert_uint_ge(fixture_figures(&fixture).damaged_bytes, 89 + 88);
        ck_assert_uint_lt(fixture_figures(&fixture).damaged_bytes, 89 + 88 + 64);
        if (start > 0)
            fixture_must_put(&fixture, "d", "the fourth payload");
        fixture_close(&fixture);
    }
    fixture_open(&fixture);
    fixture_must_hold(&fixture, "d", "the fourth payload");
}
END_TEST

/* All that is left of an object may be its file: it stays while the log says that something is missing. */
START_TEST(the_blobs_of_a_lost_log_are_kept)
{
    static const char large[5000] = "large";
    ck_assert_int_eq(fixture_upload(&fixture, "large", large, sizeof large), STORE_OK);
    fixture_close(&fixture);
    size_t size;
    char path[128];
    snprintf(path, sizeof path, "%s", fixture_segment(&fixture));
    uint8_t *bytes = fixture_read_file(&fixture, path, &size);
    fixture_remove(&fixture, path);
    for (int start = 0; start < 3; start++) {
        fixture_open(&fixture);
        ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 0);
        fixture_must_put(&fixture, "new", "a new payload");
        fixture_close(&fixture);
    }
    fixture_write_file(&fixture, path, bytes, size, 0);
    free(bytes);
    fixture_open(&fixture);
    ck_assert_int_eq(fixture_get(&fixture, "large", large, sizeof large), STORE_OK);
    fixture_must_hold(&fixture, "new", "a new payload");
}
END_TEST

/* What the file says is true for ever: what a later life adds, and what a crash takes of that, is no loss. */
START_TEST(an_old_reach_misses_nothing)
{
    fixture_put_three(&fixture);
    fixture_close(&fixture);
    for (uint64_t seed = 0; seed < 20; seed++) {
        fixture_open(&fixture);
        struct fixture_put under_way;
        fixture_must_put(&fixture, "d", "the fourth payload");
        fixture_begin_put(&fixture, &under_way, "e", "one that may be torn");
        fixture_cut(&fixture, seed);
        (void)fixture_end_put(&under_way);
        fixture_open(&fixture);
        fixture_must_hold(&fixture, "c", "the third payload");
        fixture_must_hold(&fixture, "d", "the fourth payload");
        ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
        ck_assert(fixture.warnings == 0 || !strstr(fixture.logged, "reach"));
        fixture_close(&fixture);
    }
    fixture_open(&fixture);
}
END_TEST

/* It is no part of the data: without it, or with one that lies, only less is noticed. */
START_TEST(a_damaged_reach_is_ignored_and_told)
{
    size_t size;
    fixture_put_three(&fixture);
    fixture_close(&fixture);
    uint8_t *bytes = fixture_read_file(&fixture, reach_path, &size);
    for (size_t position = 0; position < size; position++) {
        uint8_t flipped = bytes[position] ^ 1;
        fixture_write_file(&fixture, reach_path, &flipped, 1, position);
        fixture_open(&fixture);
        ck_assert_msg(strstr(fixture.logged, "reach is damaged"), "\"%s\"", fixture.logged);
        ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
        fixture_must_hold(&fixture, "c", "the third payload");
        fixture_close(&fixture);
        size_t again;
        uint8_t *written = fixture_read_file(&fixture, reach_path, &again);
        ck_assert_uint_eq(again, size);
        ck_assert_mem_eq(written, bytes, size);
        free(written);
    }
    free(bytes);
    fixture_remove(&fixture, reach_path);
    fixture_open(&fixture);
    ck_assert_uint_eq(fixture.warnings, 0);
    fixture_must_hold(&fixture, "c", "the third payload");
}
END_TEST

START_TEST(a_reach_that_cannot_be_written_is_told_only)
{
    fixture_put_three(&fixture);
    fixture_close(&fixture);
    fixture_open(&fixture);
    fixture_must_put(&fixture, "d", "the fourth payload");
    sim_disk_fail(fixture.disk, SIM_RENAMEAT, 1, true, EIO);
    fixture_close(&fixture);
    ck_assert_msg(strstr(fixture.logged, "file reach cannot be written"), "\"%s\"", fixture.logged);
    sim_disk_heal(fixture.disk);
    fixture_open(&fixture);
    fixture_must_hold(&fixture, "d", "the fourth payload");
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_lost_end_of_a_closed_log_is_missed,
        a_cut_end_of_a_closed_log_is_missed,
        zeros_at_the_end_of_a_closed_log_are_missed,
        the_blobs_of_a_lost_log_are_kept,
        an_old_reach_misses_nothing,
        a_damaged_reach_is_ignored_and_told,
        a_reach_that_cannot_be_written_is_told_only,
    };
    return UNIT_RUN_WITH("reach", setup, teardown, tests);
}
