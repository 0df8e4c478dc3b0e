/* test_tails.c - where the log ends: torn tails, tails of zeros, garbage behind the end. */
#include "tests/lib/fixture.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

FIXTURE_OF_EACH_TEST

/* The records end at `size`, as if the last commit had not got further: c was then never acknowledged. */
static void check_cut_tail(size_t size)
{
    static const char zeros[1000];
    fixture_write_file(&fixture, fixture_segment(&fixture), zeros, sizeof zeros, size);
    fixture_open(&fixture);
    fixture_must_hold(&fixture, "a", "the first payload");
    fixture_must_hold(&fixture, "b", "the second payload");
    fixture_must_lack(&fixture, "c");
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
    ck_assert_uint_eq(fixture_figures(&fixture).objects, 2);
    fixture_must_put(&fixture, "c", "another payload");
    fixture_cut(&fixture, size);
    fixture_open(&fixture);
    fixture_must_hold(&fixture, "b", "the second payload");
    fixture_must_hold(&fixture, "c", "another payload");
}

START_TEST(a_torn_tail_is_cut)
{
    size_t from = 0, to = 1;
    for (size_t cut = 0; from + cut < to; cut++) {
        fixture_renew(&fixture);
        fixture_put_three(&fixture);
        fixture_cut(&fixture, 1);
        from = fixture_find_text(&fixture, "the second payload") + strlen("the second payload") + 8;
        to = fixture_find_text(&fixture, "the third payload") + strlen("the third payload");
        check_cut_tail(from + cut);
    }
}
END_TEST

/* A segment's file has its length before it has its name, and a log's first one before a second group is written: no
 * crash makes it shorter, and what it held may have been seen. */
START_TEST(a_file_that_became_shorter_is_told)
{
    size_t size, first = 64;
    for (size_t cut = 0; cut < 3; cut++) {
        fixture_renew(&fixture);
        fixture_put_three(&fixture);
        fixture_stop(&fixture, cut == 0); /* nothing is left then that tells of another group, but the file reach */
        free(fixture_read_file(&fixture, fixture_segment(&fixture), &size));
        size_t b = fixture_find_text(&fixture, "the second payload");
        const size_t lengths[] = {first, b, size - 8};
        fixture_resize_file(&fixture, fixture_segment(&fixture), lengths[cut]);
        for (int start = 0; start < 3; start++) {
            fixture_open(&fixture);
            ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 0);
            ck_assert_uint_ge(fixture_figures(&fixture).end_offset, size - 64);
            ck_assert_int_eq(fixture_get_text(&fixture, "a", "the first payload") == STORE_OK, lengths[cut] >= b);
            ck_assert_int_eq(fixture_get_text(&fixture, "c", "the third payload") == STORE_OK, lengths[cut] > b);
            fixture_must_put(&fixture, "new", "a new payload");
            fixture_cut(&fixture, 2);
        }
        fixture_open(&fixture);
        fixture_must_hold(&fixture, "new", "a new payload");
    }
}
END_TEST

/* Whoever cuts a file does so anywhere: behind the head of a record that was long, a place that no record may have. */
START_TEST(a_file_that_was_cut_to_any_length_is_written_behind)
{
    static char payload[500];
    memset(payload, 'p', sizeof payload);
    for (size_t odd = 0; odd < 8; odd++) {
        fixture_renew(&fixture);
        fixture_put_three(&fixture);
        ck_assert_int_eq(fixture_put(&fixture, "the long one", payload, sizeof payload), STORE_OK);
        fixture_close(&fixture);
        size_t length = fixture_find_text(&fixture, "pppp") + 200 + odd;
        fixture_resize_file(&fixture, fixture_segment(&fixture), length);
        for (int start = 0; start < 2; start++) {
            fixture_open(&fixture);
            ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 0);
            fixture_must_hold(&fixture, "c", "the third payload");
            fixture_must_put(&fixture, "new", "a new payload");
            fixture_close(&fixture);
        }
        fixture_open(&fixture);
        fixture_must_hold(&fixture, "new", "a new payload");
    }
}
END_TEST

START_TEST(a_tail_of_zeros_loses_nothing)
{
    static const size_t lengths[] = {1, 7, 8, 63, 64, 87, 88, 511, 512, 4095, 4096, 65536, 1000003};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        fixture_renew(&fixture);
        fixture_put_three(&fixture);
        fixture_cut(&fixture, 1);
        size_t size;
        free(fixture_read_file(&fixture, fixture_segment(&fixture), &size));
        fixture_resize_file(&fixture, fixture_segment(&fixture), size + lengths[i]);
        fixture_open(&fixture);
        fixture_must_hold(&fixture, "a", "the first payload");
        fixture_must_hold(&fixture, "c", "the third payload");
        ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
        fixture_must_put(&fixture, "d", "the fourth payload");
        fixture_cut(&fixture, 2);
        fixture_open(&fixture);
        fixture_must_hold(&fixture, "c", "the third payload");
        fixture_must_hold(&fixture, "d", "the fourth payload");
    }
}
END_TEST

/* Blocks that the file system had promised but never written read as zeros. */
START_TEST(a_tail_that_became_zeros_is_cut)
{
    static const char zeros[200];
    fixture_put_three(&fixture);
    fixture_cut(&fixture, 1);
    size_t position = fixture_find_text(&fixture, "the second payload") + strlen("the second payload") + 8;
    fixture_write_file(&fixture, fixture_segment(&fixture), zeros, sizeof zeros, position);
    fixture_open(&fixture);
    fixture_must_hold(&fixture, "b", "the second payload");
    fixture_must_lack(&fixture, "c");
}
END_TEST

START_TEST(garbage_behind_the_end_does_not_count)
{
    char garbage[5000];
    for (size_t i = 0; i < sizeof garbage; i++)
        garbage[i] = (char)(i * 7919 >> 3);
    fixture_put_three(&fixture);
    fixture_cut(&fixture, 1);
    size_t position = (fixture_find_text(&fixture, "the third payload") + strlen("the third payload") + 7) & ~(size_t)7;
    fixture_write_file(&fixture, fixture_segment(&fixture), garbage, sizeof garbage, position);
    fixture_open(&fixture);
    fixture_must_hold(&fixture, "c", "the third payload");
    fixture_must_put(&fixture, "d", "the fourth payload");
    fixture_cut(&fixture, 2);
    fixture_open(&fixture);
    fixture_must_hold(&fixture, "c", "the third payload");
    fixture_must_hold(&fixture, "d", "the fourth payload");
    ck_assert_uint_eq(fixture_figures(&fixture).objects, 4);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_torn_tail_is_cut,
        a_file_that_became_shorter_is_told,
        a_file_that_was_cut_to_any_length_is_written_behind,
        a_tail_of_zeros_loses_nothing,
        a_tail_that_became_zeros_is_cut,
        garbage_behind_the_end_does_not_count,
    };
    return UNIT_RUN_WITH("tails", setup, teardown, tests);
}
