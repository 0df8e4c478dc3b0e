/* test_lineup.c - which files are the log: lost, ruined, returned and foreign ones, husks, and older logs. */
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

/* Stopped or cut off. */
static struct long_log many;

/* ---- files of the log ------------------------------------------------------------------------ */

/* Of one segment between `least` and `most` keys are lost, of the others none, and everybody is told. */
static void assert_lost_in(int segment, unsigned least, unsigned most)
{
    struct store_verification verification;
    struct store_detail detail;
    unsigned from = many.counts[segment], to = many.counts[segment + 1];
    unsigned lost = long_log_lost(&fixture, from, to);
    ck_assert_uint_ge(lost, least);
    ck_assert_uint_le(lost, most);
    ck_assert_uint_eq(long_log_lost(&fixture, 0, from) + long_log_lost(&fixture, to, many.counts[LONG_LOG_SEGMENTS]),
                      0);
    ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 0);
    ck_assert_msg(fixture.warnings > 0, "damage is not in the log");
    ck_assert(depot_healthy(fixture.depot, &detail));
    ck_assert_msg(strstr(detail.text, "damaged"), "\"%s\"", detail.text);
    ck_assert_int_eq(store_verify(fixture.store, 0, NULL, NULL, &verification), STORE_OK);
    ck_assert_uint_gt(verification.flaws, 0);
    ck_assert(verification.complete);
}

/* The store goes on, and every start finds the same: in all of them offsets grow. */
static void assert_goes_on(int segment, unsigned least, unsigned most)
{
    char key[16];
    for (int start = 0; start < 3; start++) {
        uint64_t end = fixture_figures(&fixture).end_offset;
        ck_assert_uint_ge(end, many.end);
        assert_lost_in(segment, least, most);
        snprintf(key, sizeof key, "new %d", start);
        fixture_must_put(&fixture, key, "a new payload");
        ck_assert_uint_gt(fixture_figures(&fixture).end_offset, end);
        fixture_stop(&fixture, start == 1);
        fixture_open(&fixture);
    }
    for (int start = 0; start < 3; start++) {
        snprintf(key, sizeof key, "new %d", start);
        fixture_must_hold(&fixture, key, "a new payload");
    }
    assert_lost_in(segment, least, most);
}

/* Header and first record: what is behind them knows where it stands. */
START_TEST(a_lost_first_sector_takes_a_header_and_a_record)
{
    static const char zeros[512];
    for (int segment = 0; segment < LONG_LOG_SEGMENTS; segment++) {
        for (int clean = 0; clean < 2; clean++) {
            fixture_renew(&fixture);
            long_log_write(&many, &fixture);
            fixture_stop(&fixture, clean);
            fixture_write_file(&fixture, many.paths[segment], zeros, sizeof zeros, 0);
            fixture_open(&fixture);
            ck_assert_uint_ge(fixture_figures(&fixture).end_offset, many.end);
            assert_goes_on(segment, 1, 1);
        }
    }
}
END_TEST

/* The records of one group commit do not say of each other that they were on disk; but no crash damages the header of a
 * log that is known to have come so far (onset.h). */
START_TEST(a_lost_first_sector_is_no_torn_tail)
{
    static const char zeros[128];
    fixture_put_batch(&fixture, "one of three in a batch");
    fixture_close(&fixture);
    fixture_open(&fixture);
    fixture_must_put(&fixture, "a", "the first payload");
    fixture_cut(&fixture, 1);
    size_t first = fixture_find_text(&fixture, "one of three in a batch");
    fixture_resize_file(&fixture, fixture_segment(&fixture), fixture_find_text(&fixture, "the first payload") - 89);
    fixture_write_file(&fixture, fixture_segment(&fixture), zeros, sizeof zeros, 0);
    ck_assert_uint_gt(first, sizeof zeros);
    fixture_open(&fixture);
    ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 64);
    ck_assert_uint_gt(fixture_figures(&fixture).end_offset, 3 * 100);
}
END_TEST

static void make_garbage(const char *path, size_t size, bool zeros)
{
    uint8_t *bytes = calloc(1, size + 1);
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < size && !zeros; i++)
        bytes[i] = (uint8_t)(i * 2654435761u >> 7);
    fixture_write_file(&fixture, path, bytes, size, 0);
    free(bytes);
}

/* Damages a whole file in one of many ways; false when there are no more. */
static bool ruin(const char *path, int way)
{
    static const size_t cuts[] = {0, 1, 63, 64, 100};
    int count = (int)(sizeof cuts / sizeof *cuts);
    if (way < count)
        fixture_resize_file(&fixture, path, cuts[way]);
    else if (way < count + 2)
        make_garbage(path, fixture_file_size(&fixture, path), way == count);
    return way < count + 2;
}

/* A file of which nothing is left costs what it held, wherever it stood. It stays: it may be evidence. */
START_TEST(a_ruined_segment_takes_what_it_held)
{
    for (int segment = 0; segment < LONG_LOG_SEGMENTS; segment++) {
        for (int way = 0;; way++) {
            fixture_renew(&fixture);
            long_log_write(&many, &fixture);
            fixture_stop(&fixture, true);
            if (!ruin(many.paths[segment], way))
                break;
            size_t size = fixture_file_size(&fixture, many.paths[segment]);
            fixture_open(&fixture);
            unsigned held = many.counts[segment + 1] - many.counts[segment];
            assert_goes_on(segment, held, held);
            ck_assert_uint_le(fixture_file_size(&fixture, many.paths[segment]), size);
            if (size < 64 || size > 100)
                ck_assert_uint_eq(fixture_file_size(&fixture, many.paths[segment]), size);
        }
    }
}
END_TEST

/* What is lost is not lost for ever: the file finds its place again. */
START_TEST(a_segment_that_comes_back_is_taken_in_again)
{
    for (int segment = 0; segment < LONG_LOG_SEGMENTS; segment++) {
        size_t size;
        fixture_renew(&fixture);
        long_log_write(&many, &fixture);
        fixture_close(&fixture);
        uint8_t *bytes = fixture_read_file(&fixture, many.paths[segment], &size);
        make_garbage(many.paths[segment], size, false);
        fixture_open(&fixture);
        ck_assert_uint_gt(long_log_lost(&fixture, 0, many.counts[LONG_LOG_SEGMENTS]), 0);
        fixture_must_put(&fixture, "new", "a new payload");
        fixture_close(&fixture);
        fixture_write_file(&fixture, many.paths[segment], bytes, size, 0);
        free(bytes);
        fixture_open(&fixture);
        ck_assert_uint_eq(long_log_lost(&fixture, 0, many.counts[LONG_LOG_SEGMENTS]), 0);
        fixture_must_hold(&fixture, "new", "a new payload");
    }
}
END_TEST

static void assert_only_told(void)
{
    for (int start = 0; start < 3; start++) {
        fixture_open(&fixture);
        assert_lost_in(0, 0, 0);
        fixture_must_put(&fixture, "new", start ? "a newer payload" : "a new payload");
        fixture_stop(&fixture, start == 1);
    }
    fixture_open(&fixture);
    fixture_must_hold(&fixture, "new", "a newer payload");
}

START_TEST(a_file_that_is_no_segment_is_left_alone)
{
    static const char *const names[] = {"0000000000000005", "00000000000000ff", "7fffffffffffffff", "ffffffffffffffff"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[128];
        fixture_renew(&fixture);
        long_log_write(&many, &fixture);
        fixture_close(&fixture);
        snprintf(path, sizeof path, "/data/stores/s/log/%s.seg", names[i]);
        make_garbage(path, 70001, false);
        assert_only_told();
        ck_assert_uint_eq(fixture_file_size(&fixture, path), 70001);
    }
}
END_TEST

/* True records, and a true header, in the wrong place. */
START_TEST(a_copy_of_another_segment_is_left_alone)
{
    for (int damaged = 0; damaged < 2; damaged++) {
        size_t size;
        fixture_renew(&fixture);
        long_log_write(&many, &fixture);
        fixture_close(&fixture);
        uint8_t *bytes = fixture_read_file(&fixture, many.paths[1], &size);
        bytes[20] ^= (uint8_t)damaged;
        fixture_write_file(&fixture, "/data/stores/s/log/0000000000000005.seg", bytes, size, 0);
        free(bytes);
        assert_only_told();
    }
}
END_TEST

/* A later one in the place of an earlier one must not make those between them seem misplaced. */
START_TEST(a_copy_of_a_later_segment_costs_what_it_covered)
{
    for (int damaged = 0; damaged < 2; damaged++) {
        size_t size;
        fixture_renew(&fixture);
        long_log_write(&many, &fixture);
        fixture_close(&fixture);
        uint8_t *bytes = fixture_read_file(&fixture, many.paths[LONG_LOG_SEGMENTS - 1], &size);
        bytes[20] ^= (uint8_t)damaged;
        fixture_resize_file(&fixture, many.paths[1], 0);
        fixture_write_file(&fixture, many.paths[1], bytes, size, 0);
        free(bytes);
        fixture_open(&fixture);
        unsigned held = many.counts[2] - many.counts[1];
        assert_goes_on(1, held, held);
    }
}
END_TEST

/* ---- husks ----------------------------------------------------------------------------------- */

static const char reach_path[] = "/data/stores/s/reach";

/* Deletes what the first two segments hold and waits until one husk stands for both. */
static void empty_two(void)
{
    for (unsigned i = 0; i < many.counts[2]; i++) {
        char key[16];
        snprintf(key, sizeof key, "%u", i);
        ck_assert_int_eq(fixture_delete(&fixture, key), STORE_OK);
    }
    WAIT_UNTIL(!fixture_exists(&fixture, many.paths[1]));
    ck_assert_uint_eq(fixture_file_size(&fixture, many.paths[0]), 64);
}

/* A husk of two segments in front of live ones; returns its path and that of what follows. */
static void make_husk(char husk[128], char behind[128])
{
    long_log_write(&many, &fixture);
    empty_two();
    snprintf(husk, 128, "%s", many.paths[0]);
    snprintf(behind, 128, "%s", many.paths[2]);
}

/* The first of two husks stands for both, and says so before the second goes. */
START_TEST(a_segment_lost_behind_a_husk_is_missed)
{
    char husk[128], behind[128];
    make_husk(husk, behind);
    for (int start = 0; start < 2; start++) {
        fixture_close(&fixture);
        if (start == 0)
            fixture_part_husk(&fixture, 1);
        fixture_open(&fixture);
        ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
        ck_assert(fixture_exists(&fixture, husk) && !fixture_exists(&fixture, many.paths[1]));
    }
    fixture_close(&fixture);
    fixture_remove(&fixture, behind);
    fixture_open(&fixture);
    ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 10000);
    fixture_close(&fixture);
    fixture_remove(&fixture, husk);
    fixture_open(&fixture);
    ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 20000);
}
END_TEST

/* The file reach knows that it was a husk: then it is told of, and is no damage. */
START_TEST(a_ruined_husk_is_told_and_costs_no_object)
{
    for (int way = 0;; way++) {
        char husk[128], behind[128];
        bool known = way % 2;
        fixture_renew(&fixture);
        make_husk(husk, behind);
        fixture_close(&fixture);
        if (!ruin(husk, way / 2))
            break;
        if (!known)
            fixture_remove(&fixture, reach_path);
        fixture_open(&fixture);
        bool whole = fixture_file_size(&fixture, husk) >= 64 && way / 2 < 5;
        ck_assert_int_eq(fixture_figures(&fixture).damaged_bytes > 0, !whole && !known);
        ck_assert_int_eq(fixture.warnings > 0, !whole);
        ck_assert_uint_eq(long_log_lost(&fixture, many.counts[2], many.counts[LONG_LOG_SEGMENTS]), 0);
        fixture_must_put(&fixture, "new", "a new payload");
        fixture_close(&fixture);
        fixture_open(&fixture);
        ck_assert_uint_eq(long_log_lost(&fixture, many.counts[2], many.counts[LONG_LOG_SEGMENTS]), 0);
        fixture_must_hold(&fixture, "new", "a new payload");
    }
}
END_TEST

/* The first of two husks stands for both, and a crash has kept the second one from being removed. */
START_TEST(a_husk_that_was_not_removed_is_no_damage)
{
    char husk[128], behind[128];
    size_t size;
    make_husk(husk, behind);
    fixture_close(&fixture);
    fixture_part_husk(&fixture, 1);
    uint8_t *second = fixture_read_file(&fixture, many.paths[1], &size);
    for (int version = 2; version >= 1; version--) {
        fixture_open(&fixture);
        ck_assert(!fixture_exists(&fixture, many.paths[1]));
        fixture_close(&fixture);
        fixture_write_file(&fixture, many.paths[1], second, size, 0);
        if (version == 1)
            fixture_age_header(&fixture, many.paths[1], 1);
        fixture_open(&fixture);
        ck_assert(!fixture_exists(&fixture, many.paths[1]));
        ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
        ck_assert_uint_eq(long_log_lost(&fixture, many.counts[2], many.counts[LONG_LOG_SEGMENTS]), 0);
        fixture_close(&fixture);
    }
    free(second);
    fixture_remove(&fixture, behind);
    fixture_open(&fixture);
    ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 10000);
}
END_TEST

/* Its records were moved and deleted since: the husk in front of it says so, and the file reach, which knows that
 * nothing is missing. */
static void check_return_into_husk(bool known)
{
    size_t size;
    long_log_write(&many, &fixture);
    uint8_t *second = fixture_read_file(&fixture, many.paths[1], &size);
    empty_two();
    fixture_close(&fixture);
    fixture_write_file(&fixture, many.paths[1], second, size, 0);
    free(second);
    for (int start = 0; start < 3; start++) {
        if (!known)
            fixture_remove(&fixture, reach_path);
        fixture_open(&fixture);
        ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, known ? 0 : 64);
        ck_assert_msg(strstr(fixture.logged, many.paths[1] + strlen("/data/stores/s/log/")), "\"%s\"", fixture.logged);
        ck_assert_uint_eq(long_log_lost(&fixture, 0, many.counts[2]), many.counts[2]);
        ck_assert_uint_eq(long_log_lost(&fixture, many.counts[2], many.counts[LONG_LOG_SEGMENTS]), 0);
        fixture_close(&fixture);
    }
    fixture_open(&fixture);
}

START_TEST(a_segment_that_comes_back_into_a_husk_is_set_aside)
{
    check_return_into_husk(true);
    fixture_renew(&fixture);
    check_return_into_husk(false);
}
END_TEST

static void remove_log(void)
{
    const struct io *io = fixture.io;
    int folder = io->openat(io->self, AT_FDCWD, "/data/stores/s/log", O_RDONLY | O_DIRECTORY, 0);
    char *names = io->list(io->self, folder);
    for (const char *name = names; *name; name += strlen(name) + 1)
        ck_assert_int_eq(io->unlinkat(io->self, folder, name, 0), 0);
    free(names);
    io->close(io->self, folder);
}

/* The whole log of an older day, beside a reach of today: what was compacted since is only there. It is known by the
 * number of its last segment, which is a lower one. How much fits into a segment depends on whether its file was ready
 * in time, so today's has as many as it takes. */
START_TEST(an_older_log_counts_whole)
{
    uint8_t *bytes[LONG_LOG_SEGMENTS];
    size_t sizes[LONG_LOG_SEGMENTS];
    long_log_write(&many, &fixture);
    fixture_close(&fixture);
    for (int i = 0; i < LONG_LOG_SEGMENTS; i++)
        bytes[i] = fixture_read_file(&fixture, many.paths[i], &sizes[i]);
    fixture_open(&fixture);
    empty_two();
    (void)long_log_fill_segment(&fixture, many.counts[LONG_LOG_SEGMENTS]);
    fixture_close(&fixture);
    remove_log();
    for (int i = 0; i < LONG_LOG_SEGMENTS; i++) {
        fixture_write_file(&fixture, many.paths[i], bytes[i], sizes[i], 0);
        free(bytes[i]);
    }
    fixture_open(&fixture);
    ck_assert_uint_eq(long_log_lost(&fixture, 0, many.counts[LONG_LOG_SEGMENTS]), 0);
    ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 0); /* of what came later */
}
END_TEST

/* Folders of before open as they did; what could not be told from damage then is a warning. */
START_TEST(segments_of_the_first_version_are_read)
{
    char husk[128], behind[128];
    make_husk(husk, behind);
    fixture_close(&fixture);
    fixture_part_husk(&fixture, 1);
    for (int i = 0; i < LONG_LOG_SEGMENTS; i++)
        fixture_age_header(&fixture, many.paths[i], 1);
    for (int start = 0; start < 2; start++) {
        fixture_open(&fixture);
        ck_assert_int_eq(strstr(fixture.logged, "first version") != NULL, start == 0);
        ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
        ck_assert_uint_eq(long_log_lost(&fixture, many.counts[2], many.counts[LONG_LOG_SEGMENTS]), 0);
        ck_assert_uint_eq(long_log_lost(&fixture, 0, many.counts[2]), many.counts[2]);
        fixture_close(&fixture);
    }
    fixture_open(&fixture);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_lost_first_sector_takes_a_header_and_a_record,
        a_lost_first_sector_is_no_torn_tail,
        a_ruined_segment_takes_what_it_held,
        a_segment_that_comes_back_is_taken_in_again,
        a_file_that_is_no_segment_is_left_alone,
        a_copy_of_another_segment_is_left_alone,
        a_copy_of_a_later_segment_costs_what_it_covered,
        a_segment_lost_behind_a_husk_is_missed,
        a_ruined_husk_is_told_and_costs_no_object,
        a_husk_that_was_not_removed_is_no_damage,
        a_segment_that_comes_back_into_a_husk_is_set_aside,
        an_older_log_counts_whole,
        segments_of_the_first_version_are_read,
    };
    return UNIT_RUN_WITH("lineup", setup, teardown, tests);
}
