/* test_loss.c - files of the log that get lost or ruined, what the store does meanwhile, and that they can come
 * back. */
#include "tests/lib/fixture.h"
#include "tests/lib/patience.h"
#include "tests/lib/quiet.h"
#include "tests/lib/ticket.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

FIXTURE_OF_EACH_TEST_WITH(256 << 10)

static const char payload[400];

static void seg_path(unsigned number, char ret_path[128])
{
    snprintf(ret_path, 128, "/data/stores/s/log/%016x.seg", number);
}

static bool exists(const char *path)
{
    int file = fixture.io->openat(fixture.io->self, AT_FDCWD, path, O_RDONLY, 0);
    if (file >= 0)
        fixture.io->close(fixture.io->self, file);
    return file >= 0;
}

/* 0: there is none. */
static size_t size_of(const char *path)
{
    struct stat status;
    int file = fixture.io->openat(fixture.io->self, AT_FDCWD, path, O_RDONLY, 0);
    if (file < 0)
        return 0;
    ck_assert_int_eq(fixture.io->fstat(fixture.io->self, file, &status), 0);
    fixture.io->close(fixture.io->self, file);
    return (size_t)status.st_size;
}

static void remove_file(const char *path)
{
    ck_assert_int_eq(fixture.io->unlinkat(fixture.io->self, AT_FDCWD, path, 0), 0);
}

/* The whole file as it was, in place of what is there. */
static void restore(const char *path, const void *bytes, size_t size)
{
    if (exists(path))
        fixture_resize_file(&fixture, path, 0);
    fixture_write_file(&fixture, path, bytes, size, 0);
}

static void ruin(const char *path, size_t size)
{
    uint8_t *garbage = malloc(size);
    ck_assert_ptr_nonnull(garbage);
    memset(garbage, 0x5a, size);
    restore(path, garbage, size);
    free(garbage);
}

static void put_n(const char *prefix, unsigned i)
{
    char key[32];
    snprintf(key, sizeof key, "%s%u", prefix, i);
    ck_assert_int_eq(fixture_put(&fixture, key, payload, sizeof payload), STORE_OK);
}

static void delete_n(const char *prefix, unsigned i)
{
    char key[32];
    snprintf(key, sizeof key, "%s%u", prefix, i);
    ck_assert_int_eq(fixture_delete(&fixture, key), STORE_OK);
}

static enum store_error get_n(const char *prefix, unsigned i)
{
    char key[32];
    snprintf(key, sizeof key, "%s%u", prefix, i);
    return fixture_get(&fixture, key, payload, sizeof payload);
}

/* Puts until the log has begun another segment; the number of the next key. */
static unsigned fill_segment(const char *prefix, unsigned from)
{
    char before[512];
    if (from == 0)
        put_n(prefix, from++); /* there is no segment before */
    snprintf(before, sizeof before, "%s", fixture_segment(&fixture));
    while (strcmp(fixture_segment(&fixture), before) == 0)
        put_n(prefix, from++);
    return from;
}

static void wait_husk(unsigned number)
{
    WAIT_UNTIL(fixture_is_husk(&fixture, number));
    ck_assert(fixture_is_husk(&fixture, number));
}

/* ---- compaction meanwhile -------------------------------------------------------------------- */

/* Three segments, the first of which is lost. Returns the number of the next key, and that of the first in the
 * second. */
static unsigned lose_first(unsigned *ret_second)
{
    char path[128];
    unsigned next = fill_segment("k", 0);
    *ret_second = next;
    next = fill_segment("k", next);
    next = fill_segment("k", next);
    fixture_close(&fixture);
    seg_path(1, path);
    remove_file(path);
    fixture_open(&fixture);
    ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 0);
    return next;
}

/* Tombstones are kept while something is missing, and nothing is gained by moving them. */
START_TEST(compaction_ends_while_a_segment_is_missing)
{
    enum { KEYS = 6000 };
    unsigned second;
    lose_first(&second);
    uint64_t begin = fixture_figures(&fixture).end_offset;
    for (unsigned i = 0; i < KEYS; i++) {
        put_n("t", i);
        delete_n("t", i);
    }
    ck_assert(quiet_comes());
    ck_assert_uint_lt(fixture_figures(&fixture).end_offset - begin, 2 * KEYS * (sizeof payload + 2 * 128));
}
END_TEST

/* What stands behind all that is missing is newer than anything that may come back, wherever it is written again. */
START_TEST(space_comes_back_behind_what_is_missing)
{
    unsigned second;
    lose_first(&second);
    for (unsigned i = second; get_n("k", i) == STORE_OK; i++)
        delete_n("k", i);
    wait_husk(2);
    ck_assert_int_eq(fixture_put_text(&fixture, "new", "a new payload"), STORE_OK);
}
END_TEST

/* What stands in front of it would be written again behind it. */
START_TEST(nothing_is_moved_past_what_may_come_back)
{
    char path[128];
    size_t size;
    put_n("z", 1);
    delete_n("z", 1);
    unsigned next = fill_segment("k", 0);
    ck_assert_str_eq(fixture_segment(&fixture), "/data/stores/s/log/0000000000000002.seg");
    ck_assert_int_eq(fixture_put_text(&fixture, "k0", "the newer payload"), STORE_OK);
    delete_n("k", 1);
    put_n("z", 1);
    fill_segment("k", next);
    fixture_close(&fixture);
    seg_path(2, path);
    uint8_t *bytes = fixture_read_file(&fixture, path, &size);
    remove_file(path);
    fixture_open(&fixture);
    ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 0);
    for (unsigned i = 100; i < 400; i++)
        delete_n("k", i);
    ck_assert(quiet_comes());
    ck_assert(!fixture_is_husk(&fixture, 1));
    fixture_close(&fixture);
    fixture_write_file(&fixture, path, bytes, size, 0);
    free(bytes);
    fixture_open(&fixture);
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
    ck_assert_int_eq(fixture_get_text(&fixture, "k0", "the newer payload"), STORE_OK);
    ck_assert_int_eq(get_n("k", 1), STORE_NO_OBJECT);
    ck_assert_int_eq(get_n("z", 1), STORE_OK);
    wait_husk(1); /* and now it is */
}
END_TEST

/* ---- listings --------------------------------------------------------------------------------- */

static unsigned listed;

static bool count_item(void *arg, const struct store_list_item *item)
{
    (void)arg;
    (void)item;
    listed++;
    return true;
}

static unsigned list_all(void)
{
    unsigned char cursor[STORE_CURSOR_MAX];
    size_t length = 0;
    struct store_list_query query = {.limit = 100000};
    listed = 0;
    ck_assert_int_eq(store_list(fixture.store, &query, count_item, NULL, cursor, &length), STORE_OK);
    ck_assert_uint_eq(length, 0);
    return listed;
}

START_TEST(a_listing_shows_what_a_restored_segment_brings_back)
{
    char path[128];
    static const char zeros[8192];
    size_t size;
    unsigned next = 0;
    for (int i = 0; i < 2; i++)
        next = fill_segment("k", next);
    ck_assert_uint_eq(list_all(), next);
    fixture_close(&fixture);
    seg_path(1, path);
    uint8_t *bytes = fixture_read_file(&fixture, path, &size);
    fixture_write_file(&fixture, path, zeros, sizeof zeros, 8192); /* the disk loses two blocks */
    fixture_open(&fixture);
    ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 0);
    ck_assert_uint_lt(list_all(), next);
    fixture_close(&fixture);
    restore(path, bytes, size); /* from a backup */
    free(bytes);
    fixture_open(&fixture);
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
    for (unsigned i = 0; i < next; i++)
        ck_assert_int_eq(get_n("k", i), STORE_OK);
    ck_assert_uint_eq(fixture_figures(&fixture).objects, next);
    struct store_verification verification;
    ck_assert_int_eq(store_verify(fixture.store, 0, NULL, NULL, &verification), STORE_OK);
    ck_assert_uint_eq(list_all(), next);
}
END_TEST

/* A folder of an older day, copied over one of today: keys deleted since are there again, and files of today stay. */
START_TEST(a_listing_shows_what_an_older_log_holds)
{
    char path[128];
    size_t size;
    unsigned next = fill_segment("k", 0);
    fixture_close(&fixture);
    seg_path(2, path);
    uint8_t *bytes = fixture_read_file(&fixture, path, &size);
    fixture_open(&fixture);
    delete_n("k", 0);
    delete_n("k", 1);
    ck_assert_uint_eq(list_all(), next - 2);
    fixture_close(&fixture);
    ck_assert(exists("/data/stores/s/log/0000000000000001.keys"));
    remove_file("/data/stores/s/reach");
    restore(path, bytes, size);
    free(bytes);
    for (int start = 0; start < 2; start++) {
        fixture_open(&fixture);
        ck_assert_uint_eq(fixture_figures(&fixture).objects, next);
        ck_assert_uint_eq(list_all(), next);
        put_n("more", 0); /* the log grows to where it was, and further */
        put_n("more", 1);
        delete_n("more", 0);
        delete_n("more", 1);
        fixture_close(&fixture);
    }
    fixture_open(&fixture);
}
END_TEST

/* ---- writes by the hash alone ------------------------------------------------------------------ */

struct taken {
    char path[128];
    uint8_t *bytes;
    size_t size;
};

/* Takes a segment away, with the store closed. */
static struct taken take_away(unsigned number)
{
    struct taken taken;
    seg_path(number, taken.path);
    taken.bytes = fixture_read_file(&fixture, taken.path, &taken.size);
    remove_file(taken.path);
    return taken;
}

/* Closes the store, brings the segment back and opens the store. */
static void bring_back(struct taken *taken)
{
    fixture_close(&fixture);
    fixture_write_file(&fixture, taken->path, taken->bytes, taken->size, 0);
    free(taken->bytes);
    fixture_open(&fixture);
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
}

/* What was written last holds at every start, and whatever is compacted: a text, or NULL for nothing, of each of the
 * keys "a", "b" ... ; by its hash the same is found. */
static void expect_for_good(const char *const *texts, unsigned count)
{
    for (int start = 0; start < 3; start++) {
        for (unsigned i = 0; i < count; i++) {
            const char name[] = {(char)('a' + (int)i), '\0'}, hash[] = {'#', name[0], '\0'};
            const char *text = texts[i] ? texts[i] : "";
            enum store_error expected = texts[i] ? STORE_OK : STORE_NO_OBJECT;
            ck_assert_msg(fixture_get_text(&fixture, name, text) == expected, "start %d: %s", start, name);
            ck_assert_msg(fixture_get_text(&fixture, hash, text) == expected, "start %d: %s", start, hash);
        }
        ck_assert_uint_eq(list_all(), fixture_figures(&fixture).objects);
        for (unsigned i = 0; i < 1200; i++)
            put_n("churn", i % 3);
        ck_assert(quiet_comes());
        fixture_close(&fixture);
        fixture_open(&fixture);
    }
}

/* "a" to "f" in a first segment that is taken away. */
static struct taken lose_letters(bool nameless)
{
    const char *const names[] = {"a", "b", "c", "d", "e", "f"};
    const char *const hashes[] = {"#a", "#b", "#c", "#d", "#e", "#f"};
    for (unsigned i = 0; i < 6; i++)
        fixture_must_put(&fixture, nameless ? hashes[i] : names[i], "the old payload");
    fill_segment("k", fill_segment("k", 0));
    fixture_close(&fixture);
    struct taken taken = take_away(1);
    fixture_open(&fixture);
    ck_assert_int_eq(fixture_get_text(&fixture, "a", ""), STORE_NO_OBJECT);
    return taken;
}

/* Nobody knows the names of what may come back: a write by the hash ends all that has it. */
START_TEST(writes_by_hash_hold_when_a_segment_comes_back)
{
    struct taken taken = lose_letters(false);
    ck_assert_int_eq(fixture_delete(&fixture, "#a"), STORE_OK);
    fixture_must_put(&fixture, "#b", "new");
    fixture_must_put(&fixture, "#c", "new");
    ck_assert_int_eq(fixture_delete(&fixture, "c"), STORE_OK);
    fixture_must_put(&fixture, "x", "moved");
    ck_assert_int_eq(fixture_rename(&fixture, "x", "#d"), STORE_OK);
    fixture_must_put(&fixture, "e", "new");
    fixture_must_put(&fixture, "#e", "newer");
    fixture_must_put(&fixture, "#f", "new");
    ck_assert_int_eq(fixture_delete(&fixture, "#f"), STORE_OK);
    bring_back(&taken);
    expect_for_good((const char *[]){NULL, "new", NULL, "moved", "newer", NULL}, 6);
}
END_TEST

/* To the log an object without a name is another one than that of the key, which ends both. */
START_TEST(writes_by_key_end_what_has_no_name_in_a_segment_that_comes_back)
{
    struct taken taken = lose_letters(true);
    ck_assert_int_eq(fixture_delete(&fixture, "a"), STORE_OK);
    fixture_must_put(&fixture, "b", "new");
    fixture_must_put(&fixture, "c", "new");
    ck_assert_int_eq(fixture_delete(&fixture, "c"), STORE_OK);
    fixture_must_put(&fixture, "x", "moved");
    ck_assert_int_eq(fixture_rename(&fixture, "x", "d"), STORE_OK);
    fixture_must_put(&fixture, "#e", "new");
    ck_assert_int_eq(fixture_delete(&fixture, "#f"), STORE_OK);
    bring_back(&taken);
    expect_for_good((const char *[]){NULL, "new", NULL, "moved", "new", NULL}, 6);
}
END_TEST

/* Sweeps are written again as long as an older segment may hold what they have ended, and end nothing newer. */
START_TEST(a_compacted_sweep_ends_what_comes_back_and_nothing_newer)
{
    struct taken taken = lose_letters(false);
    unsigned number;
    fixture_must_put(&fixture, "#a", "new");
    fixture_must_put(&fixture, "#b", "new");
    ck_assert_int_eq(fixture_delete(&fixture, "#c"), STORE_OK);
    ck_assert_int_eq(fixture_delete(&fixture, "#d"), STORE_OK);
    ck_assert_int_eq(sscanf(fixture_segment(&fixture), "/data/stores/s/log/%x.seg", &number), 1);
    fill_segment("sweeps", 0);
    fixture_must_put(&fixture, "c", "newer");
    fixture_must_put(&fixture, "#b", "newer");
    for (unsigned i = 0; get_n("sweeps", i) == STORE_OK; i++)
        delete_n("sweeps", i);
    wait_husk(number);
    for (unsigned i = 0; i < 1200; i++)
        put_n("churn", i % 3);
    ck_assert(quiet_comes());
    expect_for_good((const char *[]){"new", "newer", "newer", NULL, NULL}, 5);
    bring_back(&taken);
    expect_for_good((const char *[]){"new", "newer", "newer", NULL, "the old payload"}, 5);
}
END_TEST

/* In front of what is missing, an object without a name; in it, the key that has taken its place. */
START_TEST(a_delete_by_hash_ends_a_name_that_nobody_knows)
{
    fixture_must_put(&fixture, "#a", "nameless");
    fixture_must_put(&fixture, "#b", "nameless");
    unsigned next = fill_segment("k", 0);
    fixture_must_put(&fixture, "a", "named");
    fixture_must_put(&fixture, "b", "named");
    fill_segment("k", fill_segment("k", next));
    fixture_close(&fixture);
    struct taken taken = take_away(2);
    fixture_open(&fixture);
    ck_assert_int_eq(fixture_get_text(&fixture, "a", "nameless"), STORE_OK);
    ck_assert_int_eq(fixture_delete(&fixture, "#a"), STORE_OK);
    fixture_must_put(&fixture, "#b", "new");
    bring_back(&taken);
    expect_for_good((const char *[]){NULL, "new"}, 2);
}
END_TEST

/* ---- husks ------------------------------------------------------------------------------------ */

/* A first segment all of whose keys are deleted; its husk stands for the next, too, and the tombstones are gone.
 * Returns the file as it was, free() it. */
static uint8_t *leave_husk_of_deleted(size_t *ret_size, unsigned *ret_deleted)
{
    char path[128];
    unsigned next = fill_segment("k", 0);
    seg_path(1, path);
    uint8_t *bytes = fixture_read_file(&fixture, path, ret_size);
    *ret_deleted = next - 1;
    for (unsigned i = 0; i < *ret_deleted; i++)
        delete_n("k", i);
    wait_husk(1);
    for (unsigned i = 0; i < 1500; i++) /* the tombstones are dropped */
        put_n("x", i % 3);
    wait_husk(2);
    fixture_close(&fixture);
    return bytes;
}

static unsigned count_back(unsigned deleted)
{
    unsigned back = 0;
    for (unsigned i = 0; i < deleted; i++)
        back += get_n("k", i) != STORE_NO_OBJECT;
    return back;
}

START_TEST(a_segment_restored_over_its_husk_brings_no_deleted_key)
{
    char path[128];
    size_t size;
    unsigned deleted;
    uint8_t *bytes = leave_husk_of_deleted(&size, &deleted);
    fixture_part_husk(&fixture, 1);
    seg_path(1, path);
    restore(path, bytes, size);
    free(bytes);
    fixture_open(&fixture);
    ck_assert_uint_eq(count_back(deleted), 0);
    ck_assert_uint_gt(fixture.warnings, 0);
}
END_TEST

/* The first husk stands for those behind it, too: what is written over it takes more than itself. The file reach knows
 * that nothing counts so far in front. Without it the keys are back, and what the husk stood for is missed. */
static void check_return_over_grown_husk(bool known)
{
    char first[128], second[128];
    size_t size;
    unsigned deleted;
    uint8_t *bytes = leave_husk_of_deleted(&size, &deleted);
    seg_path(1, first);
    seg_path(2, second);
    ck_assert(!exists(second));
    restore(first, bytes, size);
    free(bytes);
    if (!known)
        remove_file("/data/stores/s/reach");
    fixture_open(&fixture);
    ck_assert_uint_gt(fixture.warnings, 0);
    ck_assert_int_eq(fixture_figures(&fixture).damaged_bytes > 0, !known);
    if (known)
        ck_assert_uint_eq(count_back(deleted), 0);
}

START_TEST(a_segment_restored_over_a_grown_husk_is_told)
{
    check_return_over_grown_husk(true);
    teardown();
    setup();
    check_return_over_grown_husk(false);
}
END_TEST

START_TEST(a_segment_behind_an_old_husk_may_come_back)
{
    char path[128];
    size_t size;
    unsigned first = fill_segment("k", 0) - 1;
    unsigned second = fill_segment("k", first + 1) - 1;
    unsigned third = fill_segment("k", second + 1) - 1;
    for (unsigned i = 0; i < first; i++)
        delete_n("k", i);
    wait_husk(1);
    fixture_close(&fixture);
    for (unsigned i = 1; i <= 5; i++) {
        seg_path(i, path);
        if (exists(path))
            fixture_age_header(&fixture, path, 1);
    }
    seg_path(2, path);
    ck_assert_uint_gt(size_of(path), 64);
    uint8_t *bytes = fixture_read_file(&fixture, path, &size);
    ruin(path, size);
    fixture_open(&fixture);
    ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 0);
    fixture_close(&fixture);
    restore(path, bytes, size);
    free(bytes);
    fixture_open(&fixture);
    unsigned lost = 0;
    for (unsigned i = first; i < third; i++)
        lost += get_n("k", i) != STORE_OK;
    ck_assert_uint_eq(lost, 0);
}
END_TEST

/* ---- numbers of blobs ------------------------------------------------------------------------- */

static unsigned long long only_blob(void)
{
    int folder = fixture.io->openat(fixture.io->self, AT_FDCWD, "/data/stores/s/blobs", O_RDONLY | O_DIRECTORY, 0);
    char *names = fixture.io->list(fixture.io->self, folder);
    fixture.io->close(fixture.io->self, folder);
    unsigned long long number = strtoull(names, NULL, 16);
    free(names);
    return number;
}

START_TEST(numbers_of_blobs_are_not_used_twice)
{
    static char large[4096];
    unsigned next = fill_segment("k", 0);
    memset(large, 'a', sizeof large);
    ck_assert_int_eq(fixture_upload(&fixture, "secret", large, sizeof large), STORE_OK);
    unsigned long long number = only_blob();
    char segment[512];
    size_t size;
    snprintf(segment, sizeof segment, "%s", fixture_segment(&fixture));
    ck_assert_str_eq(segment, "/data/stores/s/log/0000000000000002.seg");
    next = fill_segment("k", next);
    uint8_t *bytes = fixture_read_file(&fixture, segment, &size);
    ck_assert_int_eq(fixture_delete(&fixture, "secret"), STORE_OK);
    ck_assert_str_eq(fixture_segment(&fixture), "/data/stores/s/log/0000000000000003.seg");
    fixture_close(&fixture);
    /* A disk loses the two files that tell of the blob; the first can be brought back. */
    remove_file(segment);
    char second[128];
    seg_path(3, second);
    remove_file(second);
    fixture_open(&fixture);
    memset(large, 'b', sizeof large);
    ck_assert_int_eq(fixture_upload(&fixture, "other", large, sizeof large), STORE_OK);
    unsigned long long again = only_blob();
    fixture_close(&fixture);
    restore(segment, bytes, size);
    free(bytes);
    fixture_open(&fixture);
    memset(large, 'a', sizeof large);
    ck_assert_int_eq(fixture_get(&fixture, "secret", large, sizeof large), STORE_MISSING);
    ck_assert_uint_ne(number, again);
}
END_TEST

/* Without any damage: compaction has forgotten the record, so the number is given out again. */
START_TEST(numbers_of_blobs_are_not_used_twice_after_compaction)
{
    static char large[4096];
    memset(large, 'a', sizeof large);
    ck_assert_int_eq(fixture_upload(&fixture, "secret", large, sizeof large), STORE_OK);
    unsigned long long number = only_blob();
    ck_assert_int_eq(fixture_delete(&fixture, "secret"), STORE_OK);
    for (unsigned i = 0; i < 1500; i++)
        put_n("x", i % 3);
    wait_husk(1);
    fixture_close(&fixture);
    fixture_open(&fixture);
    ck_assert_int_eq(fixture_upload(&fixture, "other", large, sizeof large), STORE_OK);
    ck_assert_uint_ne(number, only_blob());
}
END_TEST

/* ---- files that objects need which are not there ----------------------------------------------- */

static unsigned blob_count(void)
{
    unsigned count = 0;
    int folder = fixture.io->openat(fixture.io->self, AT_FDCWD, "/data/stores/s/blobs", O_RDONLY | O_DIRECTORY, 0);
    char *names = fixture.io->list(fixture.io->self, folder);
    fixture.io->close(fixture.io->self, folder);
    for (const char *name = names; *name; name += strlen(name) + 1)
        count++;
    free(names);
    return count;
}

/* "old" hands its file on in a segment that is taken away; without it, "old" is there again and is written. */
static void check_handed_on(bool copied, bool deleted)
{
    fixture_must_upload(&fixture, "old");
    unsigned next = fill_segment("k", 0);
    if (copied)
        fixture_must_copy(&fixture, "old", "new");
    else
        ck_assert_int_eq(fixture_rename(&fixture, "old", "new"), STORE_OK);
    (void)fill_segment("k", next);
    fixture_close(&fixture);
    struct taken taken = take_away(2);
    fixture_open(&fixture);
    fixture_must_lack(&fixture, "new");
    ck_assert_int_eq(fixture_get(&fixture, "old", fixture_large(), FIXTURE_LARGE), STORE_OK);
    if (deleted)
        ck_assert_int_eq(fixture_delete(&fixture, "old"), STORE_OK);
    else
        fixture_must_put(&fixture, "old", "newer");
    bring_back(&taken);
    ck_assert_int_eq(fixture_get(&fixture, "new", fixture_large(), FIXTURE_LARGE), STORE_OK);
    ck_assert_int_eq(fixture_get_text(&fixture, "old", "newer"), deleted ? STORE_NO_OBJECT : STORE_OK);
    ck_assert_uint_eq(blob_count(), 1);
}

START_TEST(a_file_stays_for_an_object_that_comes_back)
{
    for (int way = 0; way < 4; way++) {
        check_handed_on(way & 1, way & 2);
        fixture_renew(&fixture);
    }
}
END_TEST

START_TEST(files_that_nothing_needs_go_when_all_is_back)
{
    (void)fill_segment("k", 0);
    fixture_close(&fixture);
    struct taken taken = take_away(1);
    fixture_open(&fixture);
    fixture_must_upload(&fixture, "large");
    ck_assert_int_eq(fixture_delete(&fixture, "large"), STORE_OK);
    ck_assert(quiet_comes());
    ck_assert_uint_eq(blob_count(), 1);
    bring_back(&taken);
    ck_assert_uint_eq(blob_count(), 0);
}
END_TEST

/* ---- all is back ------------------------------------------------------------------------------ */

/* The last `count` of four segments are ruined, and come back when the log has gone on behind them. */
static void check_last_back(unsigned count)
{
    struct taken taken[3];
    unsigned next = 0;
    for (unsigned number = 2; number <= 4; number++)
        next = fill_segment("k", next);
    fixture_close(&fixture);
    for (unsigned i = 0; i < count; i++) {
        seg_path(4 - i, taken[i].path);
        taken[i].bytes = fixture_read_file(&fixture, taken[i].path, &taken[i].size);
        ruin(taken[i].path, taken[i].size);
    }
    fixture_open(&fixture);
    ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 0);
    put_n("new", 1);
    fixture_close(&fixture);
    for (unsigned i = 0; i < count; i++) {
        restore(taken[i].path, taken[i].bytes, taken[i].size);
        free(taken[i].bytes);
    }
    for (int start = 0; start < 2; start++) {
        fixture_open(&fixture);
        for (unsigned i = 0; i < next; i++)
            ck_assert_int_eq(get_n("k", i), STORE_OK);
        ck_assert_int_eq(get_n("new", 1), STORE_OK);
        struct store_verification verification;
        ck_assert_int_eq(store_verify(fixture.store, 0, NULL, NULL, &verification), STORE_OK);
        ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
        if (start == 0)
            fixture_close(&fixture);
    }
}

START_TEST(nothing_is_missing_when_the_last_segments_are_back)
{
    for (unsigned count = 1; count <= 3; count++) {
        check_last_back(count);
        fixture_renew(&fixture);
    }
}
END_TEST

/* ---- what stays behind ------------------------------------------------------------------------ */

START_TEST(a_run_without_a_segment_goes)
{
    static const char keys[] = "/data/stores/s/log/0000000000000002.keys";
    char path[128];
    unsigned next = fill_segment("k", 0);
    next = fill_segment("k", next);
    list_all();
    ck_assert(exists(keys));
    sim_disk_fail(fixture.disk, SIM_UNLINKAT, 1, true, EIO); /* or a crash behind the husk */
    for (unsigned i = 0; i < next - 1; i++)
        delete_n("k", i);
    wait_husk(1);
    wait_husk(2);
    fixture_close(&fixture);
    sim_disk_heal(fixture.disk);
    for (int start = 0; start < 3; start++) {
        fixture_open(&fixture);
        list_all();
        fixture_close(&fixture);
    }
    seg_path(2, path);
    bool left = exists(keys);
    fixture_open(&fixture);
    ck_assert(!left);
}
END_TEST

/* ---- one error -------------------------------------------------------------------------------- */

START_TEST(one_failing_call_does_not_end_compaction)
{
    unsigned next = fill_segment("k", 0);
    next = fill_segment("k", next);
    sim_disk_fail(fixture.disk, SIM_RENAMEAT, 1, false, EIO); /* of a husk, mostly */
    for (unsigned i = 0; i < next - 1; i++) {
        char key[32];
        snprintf(key, sizeof key, "k%u", i);
        if (fixture_delete(&fixture, key) != STORE_OK) /* of the next segment */
            delete_n("k", i);
    }
    ck_assert(quiet_comes());
    ck_assert_uint_eq(sim_disk_faults_met(fixture.disk), 1);
    for (unsigned i = 0; i < 3000; i++) /* much later, on a disk that is well */
        put_n("x", i % 3);
    wait_husk(1);
}
END_TEST

/* ---- a start that tidies up ------------------------------------------------------------------- */

/* Two husks in front of a segment of live records; how many keys there were, and how many are gone. */
static unsigned leave_two_husks(bool old, unsigned *ret_gone)
{
    char path[128];
    unsigned next = fill_segment("k", 0);
    next = fill_segment("k", next);
    *ret_gone = next - 1;
    next = fill_segment("k", next);
    for (unsigned i = 0; i < *ret_gone; i++)
        delete_n("k", i);
    wait_husk(2);
    ck_assert(quiet_comes());
    fixture_close(&fixture);
    fixture_part_husk(&fixture, 1);
    for (unsigned i = 1; i <= 40 && old; i++) {
        seg_path(i, path);
        if (exists(path))
            fixture_age_header(&fixture, path, 1);
    }
    return next;
}

/* A start that the power cuts after so many calls; false when it had come to its end before. */
static bool cut_start(uint64_t calls)
{
    struct store_detail detail;
    struct depot *depot;
    struct store *store;
    bool opened = false;
    sim_disk_cut_after(fixture.disk, calls);
    if (depot_open("/data", &fixture.options, &depot, &detail) == STORE_OK) {
        opened = depot_acquire(depot, "s", &store, &detail) == STORE_OK;
        if (opened)
            depot_release(store);
        sim_disk_cut(fixture.disk);
        depot_close(depot);
    }
    sim_disk_reboot(fixture.disk, calls);
    return !opened;
}

static void check_whole(uint64_t calls, unsigned objects)
{
    struct store_detail detail;
    struct depot *depot;
    struct store *store;
    struct store_verification verification;
    struct store_figures figures;
    struct depot_options options = fixture.options;
    options.read_only = true;
    ck_assert_msg(depot_open("/data", &options, &depot, &detail) == STORE_OK, "%s", detail.text);
    ck_assert_msg(depot_acquire(depot, "s", &store, &detail) == STORE_OK, "%s", detail.text);
    ck_assert_int_eq(store_verify(store, 0, NULL, NULL, &verification), STORE_OK);
    store_figures(store, &figures);
    ck_assert_msg(verification.flaws == 0 && verification.complete && figures.damaged_bytes == 0,
                  "cut after %llu calls: %llu flaws", (unsigned long long)calls,
                  (unsigned long long)verification.flaws);
    ck_assert_uint_eq(figures.objects, objects);
    depot_release(store);
    depot_close(depot);
}

/* With the step of a prime number in the calls: all of them take too long, and found no more. */
START_TEST(a_start_that_is_cut_leaves_what_a_check_accepts)
{
    enum { STEP = 13 };
    for (int old = 0; old < 2; old++) {
        bool more = true;
        for (uint64_t calls = (uint64_t)old; more; calls += STEP) {
            unsigned gone, next;
            teardown();
            setup();
            next = leave_two_husks(old, &gone);
            more = cut_start(calls);
            check_whole(calls, next - gone);
            fixture_open(&fixture);
            ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
            for (unsigned i = 0; i < next; i++)
                ck_assert_int_eq(get_n("k", i), i < gone ? STORE_NO_OBJECT : STORE_OK);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("loss");
    TCase *tcase = tcase_create("files");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, compaction_ends_while_a_segment_is_missing);
    tcase_add_test(tcase, space_comes_back_behind_what_is_missing);
    tcase_add_test(tcase, nothing_is_moved_past_what_may_come_back);
    tcase_add_test(tcase, a_listing_shows_what_a_restored_segment_brings_back);
    tcase_add_test(tcase, a_listing_shows_what_an_older_log_holds);
    tcase_add_test(tcase, writes_by_hash_hold_when_a_segment_comes_back);
    tcase_add_test(tcase, writes_by_key_end_what_has_no_name_in_a_segment_that_comes_back);
    tcase_add_test(tcase, a_compacted_sweep_ends_what_comes_back_and_nothing_newer);
    tcase_add_test(tcase, a_delete_by_hash_ends_a_name_that_nobody_knows);
    tcase_add_test(tcase, a_segment_restored_over_its_husk_brings_no_deleted_key);
    tcase_add_test(tcase, a_segment_restored_over_a_grown_husk_is_told);
    tcase_add_test(tcase, a_segment_behind_an_old_husk_may_come_back);
    tcase_add_test(tcase, numbers_of_blobs_are_not_used_twice);
    tcase_add_test(tcase, numbers_of_blobs_are_not_used_twice_after_compaction);
    tcase_add_test(tcase, a_file_stays_for_an_object_that_comes_back);
    tcase_add_test(tcase, files_that_nothing_needs_go_when_all_is_back);
    tcase_add_test(tcase, nothing_is_missing_when_the_last_segments_are_back);
    tcase_add_test(tcase, a_run_without_a_segment_goes);
    tcase_add_test(tcase, one_failing_call_does_not_end_compaction);
    tcase_add_test(tcase, a_start_that_is_cut_leaves_what_a_check_accepts);
    suite_add_tcase(suite, tcase);
    return unit_conclude(suite);
}
