/* test_damage.c - what the disk has done to the files of a closed depot: torn tails, zeros, flipped bytes, forgeries,
 * other people's folders. */
#include "tests/lib/fixture.h"
#include "tests/lib/ticket.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct fixture fixture;

static void setup(void)
{
    fixture_start(&fixture, 1);
}

static void teardown(void)
{
    fixture_end(&fixture);
}

static void renew(void)
{
    teardown();
    setup();
}

static void put(const char *key, const char *text)
{
    ck_assert_int_eq(fixture_put_text(&fixture, key, text), STORE_OK);
}

static void assert_holds(const char *key, const char *text)
{
    enum store_error error = fixture_get_text(&fixture, key, text);
    ck_assert_msg(error == STORE_OK, "%s: %s", key, store_error_text(error));
}

static void assert_absent(const char *key)
{
    ck_assert_int_eq(fixture_get_text(&fixture, key, ""), STORE_NO_OBJECT);
}

static size_t find_text(const char *text)
{
    return fixture_find(&fixture, fixture_segment(&fixture), text, strlen(text));
}

static void flip(size_t position)
{
    const char *path = fixture_segment(&fixture);
    size_t size;
    uint8_t *bytes = fixture_read_file(&fixture, path, &size);
    ck_assert_uint_lt(position, size);
    uint8_t flipped = bytes[position] ^ 0x20;
    fixture_write_file(&fixture, path, &flipped, 1, position);
    free(bytes);
}

/* ---- tails ----------------------------------------------------------------------------------- */

static void write_three(void)
{
    put("a", "the first payload");
    put("b", "the second payload");
    put("c", "the third payload");
}

/* The records end at `size`, as if the last commit had not got further: c was then never acknowledged. */
static void check_cut_tail(size_t size)
{
    static const char zeros[1000];
    fixture_write_file(&fixture, fixture_segment(&fixture), zeros, sizeof zeros, size);
    fixture_open(&fixture);
    assert_holds("a", "the first payload");
    assert_holds("b", "the second payload");
    assert_absent("c");
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
    ck_assert_uint_eq(fixture_figures(&fixture).objects, 2);
    put("c", "another payload");
    fixture_cut(&fixture, size);
    fixture_open(&fixture);
    assert_holds("b", "the second payload");
    assert_holds("c", "another payload");
}

START_TEST(a_torn_tail_is_cut)
{
    size_t from = 0, to = 1;
    for (size_t cut = 0; from + cut < to; cut++) {
        renew();
        write_three();
        fixture_cut(&fixture, 1);
        from = find_text("the second payload") + strlen("the second payload") + 8;
        to = find_text("the third payload") + strlen("the third payload");
        check_cut_tail(from + cut);
    }
}
END_TEST

/* A segment's file has its length before it has its name: no crash makes it shorter, and what it held may have been
 * seen. */
START_TEST(a_file_that_became_shorter_is_told)
{
    size_t size, first = 64;
    for (size_t cut = 0; cut < 3; cut++) {
        renew();
        write_three();
        fixture_cut(&fixture, 1);
        free(fixture_read_file(&fixture, fixture_segment(&fixture), &size));
        size_t b = find_text("the second payload");
        const size_t lengths[] = {first, b, size - 8};
        fixture_resize_file(&fixture, fixture_segment(&fixture), lengths[cut]);
        for (int start = 0; start < 3; start++) {
            fixture_open(&fixture);
            ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 0);
            ck_assert_uint_ge(fixture_figures(&fixture).end_offset, size - 64);
            ck_assert_int_eq(fixture_get_text(&fixture, "a", "the first payload") == STORE_OK, lengths[cut] >= b);
            ck_assert_int_eq(fixture_get_text(&fixture, "c", "the third payload") == STORE_OK, lengths[cut] > b);
            put("new", "a new payload");
            fixture_cut(&fixture, 2);
        }
        fixture_open(&fixture);
        assert_holds("new", "a new payload");
    }
}
END_TEST

START_TEST(a_tail_of_zeros_loses_nothing)
{
    static const size_t lengths[] = {1, 7, 8, 63, 64, 87, 88, 511, 512, 4095, 4096, 65536, 1000003};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        renew();
        write_three();
        fixture_cut(&fixture, 1);
        size_t size;
        free(fixture_read_file(&fixture, fixture_segment(&fixture), &size));
        fixture_resize_file(&fixture, fixture_segment(&fixture), size + lengths[i]);
        fixture_open(&fixture);
        assert_holds("a", "the first payload");
        assert_holds("c", "the third payload");
        ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
        put("d", "the fourth payload");
        fixture_cut(&fixture, 2);
        fixture_open(&fixture);
        assert_holds("c", "the third payload");
        assert_holds("d", "the fourth payload");
    }
}
END_TEST

/* Blocks that the file system had promised but never written read as zeros. */
START_TEST(a_tail_that_became_zeros_is_cut)
{
    static const char zeros[200];
    write_three();
    fixture_cut(&fixture, 1);
    size_t position = find_text("the second payload") + strlen("the second payload") + 8;
    fixture_write_file(&fixture, fixture_segment(&fixture), zeros, sizeof zeros, position);
    fixture_open(&fixture);
    assert_holds("b", "the second payload");
    assert_absent("c");
}
END_TEST

START_TEST(garbage_behind_the_end_does_not_count)
{
    char garbage[5000];
    for (size_t i = 0; i < sizeof garbage; i++) {
        garbage[i] = (char)(i * 7919 >> 3);
    }
    write_three();
    fixture_cut(&fixture, 1);
    size_t position = (find_text("the third payload") + strlen("the third payload") + 7) & ~(size_t)7;
    fixture_write_file(&fixture, fixture_segment(&fixture), garbage, sizeof garbage, position);
    fixture_open(&fixture);
    assert_holds("c", "the third payload");
    put("d", "the fourth payload");
    fixture_cut(&fixture, 2);
    fixture_open(&fixture);
    assert_holds("c", "the third payload");
    assert_holds("d", "the fourth payload");
    ck_assert_uint_eq(fixture_figures(&fixture).objects, 4);
}
END_TEST

/* ---- damage ---------------------------------------------------------------------------------- */

static void assert_only_b_is_lost(void)
{
    assert_holds("a", "the first payload");
    assert_holds("c", "the third payload");
    ck_assert_int_ne(fixture_get_text(&fixture, "b", "the second payload"), STORE_DIGEST);
    ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 0);
    ck_assert_msg(fixture.warnings > 0, "damage is not in the log");
}

/* Every byte of the middle record in turn, so also its lengths, its check and its key. */
START_TEST(damage_takes_one_record_and_is_reported)
{
    size_t from = 0, to = 1;
    for (size_t step = 0; from + step < to; step++) {
        renew();
        write_three();
        fixture_cut(&fixture, 1);
        from = find_text("the first payload") + strlen("the first payload") + 8;
        to = find_text("the second payload") + strlen("the second payload");
        flip(from + step);
        fixture_open(&fixture);
        assert_only_b_is_lost();
        put("d", "the fourth payload");
        fixture_cut(&fixture, 2);
        fixture_open(&fixture);
        assert_only_b_is_lost();
        assert_holds("d", "the fourth payload");
    }
}
END_TEST

/* What the log has lost may come back, from a backup or a disk that was only loose: its large payload has not gone. */
START_TEST(the_blob_of_a_lost_record_is_kept)
{
    static const char large[5000] = "large";
    ck_assert_int_eq(fixture_upload(&fixture, "the key", large, sizeof large), STORE_OK);
    put("b", "text");
    fixture_close(&fixture);
    size_t position = find_text("the key");
    flip(position);
    for (int start = 0; start < 2; start++) {
        fixture_open(&fixture);
        ck_assert_int_eq(fixture_get(&fixture, "the key", large, sizeof large), STORE_NO_OBJECT);
        ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 0);
        ck_assert_msg(strstr(fixture.logged, "1 files in blobs") != NULL, "\"%s\"", fixture.logged);
        fixture_close(&fixture);
    }
    flip(position);
    fixture_open(&fixture);
    ck_assert_int_eq(fixture_get(&fixture, "the key", large, sizeof large), STORE_OK);
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
}
END_TEST

static void put_batch(const char *payload)
{
    struct store_op ops[3] = {{.kind = STORE_PUT, .key = store_key_of("x", 1)},
                              {.kind = STORE_PUT, .key = store_key_of("y", 1)},
                              {.kind = STORE_PUT, .key = store_key_of("z", 1)}};
    for (size_t i = 0; i < 3; i++) {
        ops[i].payload = payload;
        ops[i].size = strlen(payload);
    }
    struct ticket ticket;
    ticket_init(&ticket);
    ck_assert_int_eq(store_batch(fixture.store, ops, 3, 0, ticket_done, &ticket, NULL), STORE_OK);
    ck_assert_int_eq(ticket_wait(&ticket), STORE_OK);
    ticket_destroy(&ticket);
}

/* The rest of the batch still stands behind the damage: it must not be taken for a tail. */
START_TEST(damage_in_a_batch_takes_the_batch_only)
{
    static const char payload[] = "one of three in a batch";
    for (size_t back = 0; back < 80; back += 16) {
        renew();
        put("a", "the first payload");
        put_batch(payload);
        put("c", "the third payload");
        fixture_cut(&fixture, 1);
        flip(find_text(payload) - back);
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
        put(key, "one of many payloads of the same size");
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

/* Puts until the log has begun another segment; returns the number of the next key. */
static unsigned fill_segment(unsigned from)
{
    static const char payload[400];
    char before[512], key[16];
    snprintf(before, sizeof before, "%s", fixture_segment(&fixture));
    while (strcmp(fixture_segment(&fixture), before) == 0) {
        snprintf(key, sizeof key, "%u", from++);
        ck_assert_int_eq(fixture_put(&fixture, key, payload, sizeof payload), STORE_OK);
    }
    return from;
}

/* A file in the middle of the log is gone, or its end is: what was in it is missed, the rest is there. */
START_TEST(a_lost_segment_is_reported)
{
    char path[512];
    for (int cut = 0; cut < 2; cut++) {
        renew();
        put("a", "the first payload");
        unsigned next = fill_segment(0);
        snprintf(path, sizeof path, "%s", fixture_segment(&fixture));
        put("b", "the second payload");
        fill_segment(next);
        put("c", "the third payload");
        fixture_close(&fixture);
        if (cut) {
            fixture_resize_file(&fixture, path, 4096);
        } else {
            ck_assert_int_eq(fixture.io->unlinkat(fixture.io->self, AT_FDCWD, path, 0), 0);
        }
        fixture_open(&fixture);
        assert_holds("a", "the first payload");
        assert_holds("c", "the third payload");
        ck_assert_int_eq(fixture_get_text(&fixture, "b", "the second payload"), cut ? STORE_OK : STORE_NO_OBJECT);
        ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 10000);
        ck_assert_msg(strstr(fixture.logged, "missing") != NULL, "\"%s\"", fixture.logged);
        put("d", "the fourth payload");
        assert_holds("d", "the fourth payload");
    }
}
END_TEST

/* A depot that was closed says so in its log: then even the last record was acknowledged. */
START_TEST(damage_in_the_last_record_of_a_closed_store_is_reported)
{
    write_three();
    fixture_close(&fixture);
    flip(find_text("the third payload"));
    fixture_open(&fixture);
    assert_holds("a", "the first payload");
    assert_holds("b", "the second payload");
    ck_assert_int_ne(fixture_get_text(&fixture, "c", "the third payload"), STORE_OK);
    ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 0);
}
END_TEST

START_TEST(damage_under_an_open_store_is_not_served)
{
    write_three();
    flip(find_text("the second payload"));
    ck_assert_int_eq(fixture_get_text(&fixture, "b", "the second payload"), STORE_DAMAGED);
    assert_holds("a", "the first payload");
    assert_holds("c", "the third payload");
    put("b", "a new second payload");
    assert_holds("b", "a new second payload");
}
END_TEST

/* The reports of damage advise to put the object again or to delete it: both must work. */
START_TEST(a_damaged_object_can_be_replaced_and_deleted)
{
    const char *keys[] = {"replaced", "deleted", "kept"};
    struct store_digest digest = {{0}};
    for (size_t i = 0; i < 3; i++) {
        put(keys[i], "text");
        flip(find_text(keys[i]));
        ck_assert_int_eq(fixture_get_text(&fixture, keys[i], "text"), STORE_DAMAGED);
    }
    struct store_key key = store_key_of("kept", 4);
    struct store_condition condition = {.match_listed = true, .match = &digest, .match_count = 1};
    ck_assert_int_eq(store_check(fixture.store, &key, &condition), STORE_DAMAGED);
    put("replaced", "new text");
    ck_assert_int_eq(fixture_delete(&fixture, "deleted"), STORE_OK);
    for (int start = 0; start < 2; start++) {
        assert_holds("replaced", "new text");
        assert_absent("deleted");
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

static bool first_segment_is_husk(void)
{
    struct stat status;
    const struct io *io = fixture.io;
    int file = io->openat(io->self, AT_FDCWD, "/data/stores/s/log/0000000000000001.seg", O_RDONLY, 0);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(io->fstat(io->self, file, &status), 0);
    io->close(io->self, file);
    return status.st_size == 64;
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
    for (int tries = 0; tries < 5000 && !first_segment_is_husk(); tries++)
        usleep(1000);
    ck_assert(first_segment_is_husk());
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

static bool segment_is_husk_file(const char *path)
{
    size_t size;
    free(fixture_read_file(&fixture, path, &size));
    return size == 64;
}

/* The first segment is away while its deleted keys' tombstones are compacted: it may still come back. */
START_TEST(a_segment_that_comes_back_brings_no_deleted_key)
{
    enum { DELETED = 50 };
    static const char payload[MOVED_SIZE];
    static const char first[] = "/data/stores/s/log/0000000000000001.seg";
    char name[20];
    unsigned count = 0;
    size_t size;
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
    for (int tries = 0; tries < 5000 && !segment_is_husk_file("/data/stores/s/log/0000000000000002.seg"); tries++)
        usleep(1000);
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

/* ---- files of the log ------------------------------------------------------------------------ */

enum { SEGMENTS = 4, FILLING = 400 };

/* A log of several segments, stopped or cut off, and what is known of it. */
static struct {
    char paths[SEGMENTS][128];
    unsigned counts[SEGMENTS + 1]; /* keys "0", "1", ... in front of each segment */
    uint64_t end;
} many;

/* "0", "1", ... with a payload each, none of which takes the place of another. */
static void put_numbers(unsigned from, unsigned to)
{
    static const char payload[FILLING];
    char key[16];
    for (unsigned i = from; i < to; i++) {
        snprintf(key, sizeof key, "%u", i);
        ck_assert_int_eq(fixture_put(&fixture, key, payload, sizeof payload), STORE_OK);
    }
}

static void write_many(void)
{
    unsigned next = 1;
    put_numbers(0, 1);
    for (int i = 0; i < SEGMENTS; i++) {
        snprintf(many.paths[i], sizeof many.paths[i], "/data/stores/s/log/%016x.seg", (unsigned)i + 1);
        ck_assert_str_eq(fixture_segment(&fixture), many.paths[i]);
        many.counts[i] = i > 0 ? next - 1 : 0; /* the key that did not fit any more began the segment */
        if (i + 1 < SEGMENTS)
            next = fill_segment(next);
    }
    many.counts[SEGMENTS] = next + 2;
    put_numbers(next, next + 2);
    many.end = fixture_figures(&fixture).end_offset;
}

/* A clean stop, or none. */
static void stop(bool clean)
{
    if (clean)
        fixture_close(&fixture);
    else
        fixture_cut(&fixture, 1);
}

static unsigned count_lost(unsigned from, unsigned to)
{
    static const char payload[FILLING];
    char key[16];
    unsigned lost = 0;
    for (unsigned i = from; i < to; i++) {
        snprintf(key, sizeof key, "%u", i);
        enum store_error error = fixture_get(&fixture, key, payload, sizeof payload);
        ck_assert_msg(error == STORE_OK || error == STORE_NO_OBJECT, "%s: %s", key, store_error_text(error));
        lost += error != STORE_OK;
    }
    return lost;
}

/* Of one segment between `least` and `most` keys are lost, of the others none, and everybody is told. */
static void assert_lost_in(int segment, unsigned least, unsigned most)
{
    struct store_verification verification;
    struct store_detail detail;
    unsigned from = many.counts[segment], to = many.counts[segment + 1];
    unsigned lost = count_lost(from, to);
    ck_assert_uint_ge(lost, least);
    ck_assert_uint_le(lost, most);
    ck_assert_uint_eq(count_lost(0, from) + count_lost(to, many.counts[SEGMENTS]), 0);
    ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 0);
    ck_assert_msg(fixture.warnings > 0, "damage is not in the log");
    ck_assert(depot_healthy(fixture.depot, &detail));
    ck_assert_msg(strstr(detail.text, "damaged") != NULL, "\"%s\"", detail.text);
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
        put(key, "a new payload");
        ck_assert_uint_gt(fixture_figures(&fixture).end_offset, end);
        stop(start == 1);
        fixture_open(&fixture);
    }
    for (int start = 0; start < 3; start++) {
        snprintf(key, sizeof key, "new %d", start);
        assert_holds(key, "a new payload");
    }
    assert_lost_in(segment, least, most);
}

/* Header and first record: what is behind them knows where it stands. */
START_TEST(a_lost_first_sector_takes_a_header_and_a_record)
{
    static const char zeros[512];
    for (int segment = 0; segment < SEGMENTS; segment++) {
        for (int clean = 0; clean < 2; clean++) {
            renew();
            write_many();
            stop(clean);
            fixture_write_file(&fixture, many.paths[segment], zeros, sizeof zeros, 0);
            fixture_open(&fixture);
            ck_assert_uint_ge(fixture_figures(&fixture).end_offset, many.end);
            assert_goes_on(segment, 1, 1);
        }
    }
}
END_TEST

/* The records of one group commit do not say of each other that they were on disk; but no crash damages a header. */
START_TEST(a_lost_first_sector_is_no_torn_tail)
{
    static const char zeros[128];
    put_batch("one of three in a batch");
    put("a", "the first payload");
    fixture_cut(&fixture, 1);
    size_t first = find_text("one of three in a batch");
    fixture_resize_file(&fixture, fixture_segment(&fixture), find_text("the first payload") - 89);
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
    for (size_t i = 0; i < size && !zeros; i++) {
        bytes[i] = (uint8_t)(i * 2654435761u >> 7);
    }
    fixture_write_file(&fixture, path, bytes, size, 0);
    free(bytes);
}

static size_t size_of(const char *path)
{
    size_t size;
    free(fixture_read_file(&fixture, path, &size));
    return size;
}

/* Damages a whole file in one of many ways; false when there are no more. */
static bool ruin(const char *path, int way)
{
    static const size_t cuts[] = {0, 1, 63, 64, 100};
    int count = (int)(sizeof cuts / sizeof *cuts);
    if (way < count)
        fixture_resize_file(&fixture, path, cuts[way]);
    else if (way < count + 2)
        make_garbage(path, size_of(path), way == count);
    return way < count + 2;
}

/* A file of which nothing is left costs what it held, wherever it stood. It stays: it may be evidence. */
START_TEST(a_ruined_segment_takes_what_it_held)
{
    for (int segment = 0; segment < SEGMENTS; segment++) {
        for (int way = 0;; way++) {
            renew();
            write_many();
            stop(true);
            if (!ruin(many.paths[segment], way))
                break;
            size_t size = size_of(many.paths[segment]);
            fixture_open(&fixture);
            unsigned held = many.counts[segment + 1] - many.counts[segment];
            assert_goes_on(segment, held, held);
            ck_assert_uint_le(size_of(many.paths[segment]), size);
            if (size < 64 || size > 100)
                ck_assert_uint_eq(size_of(many.paths[segment]), size);
        }
    }
}
END_TEST

/* What is lost is not lost for ever: the file finds its place again. */
START_TEST(a_segment_that_comes_back_is_taken_in_again)
{
    for (int segment = 0; segment < SEGMENTS; segment++) {
        size_t size;
        renew();
        write_many();
        fixture_close(&fixture);
        uint8_t *bytes = fixture_read_file(&fixture, many.paths[segment], &size);
        make_garbage(many.paths[segment], size, false);
        fixture_open(&fixture);
        ck_assert_uint_gt(count_lost(0, many.counts[SEGMENTS]), 0);
        put("new", "a new payload");
        fixture_close(&fixture);
        fixture_write_file(&fixture, many.paths[segment], bytes, size, 0);
        free(bytes);
        fixture_open(&fixture);
        ck_assert_uint_eq(count_lost(0, many.counts[SEGMENTS]), 0);
        assert_holds("new", "a new payload");
    }
}
END_TEST

static void assert_only_told(void)
{
    for (int start = 0; start < 3; start++) {
        fixture_open(&fixture);
        assert_lost_in(0, 0, 0);
        put("new", start ? "a newer payload" : "a new payload");
        stop(start == 1);
    }
    fixture_open(&fixture);
    assert_holds("new", "a newer payload");
}

START_TEST(a_file_that_is_no_segment_is_left_alone)
{
    static const char *const names[] = {"0000000000000005", "00000000000000ff", "7fffffffffffffff", "ffffffffffffffff"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[128];
        renew();
        write_many();
        fixture_close(&fixture);
        snprintf(path, sizeof path, "/data/stores/s/log/%s.seg", names[i]);
        make_garbage(path, 70001, false);
        assert_only_told();
        ck_assert_uint_eq(size_of(path), 70001);
    }
}
END_TEST

/* True records, and a true header, in the wrong place. */
START_TEST(a_copy_of_another_segment_is_left_alone)
{
    for (int damaged = 0; damaged < 2; damaged++) {
        size_t size;
        renew();
        write_many();
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
        renew();
        write_many();
        fixture_close(&fixture);
        uint8_t *bytes = fixture_read_file(&fixture, many.paths[SEGMENTS - 1], &size);
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

/* ---- the end of the log ---------------------------------------------------------------------- */

static const char reach_path[] = "/data/stores/s/reach";

static void remove_file(const char *path)
{
    ck_assert_int_eq(fixture.io->unlinkat(fixture.io->self, AT_FDCWD, path, 0), 0);
}

/* What a clean stop has closed is missed when it is gone, however much of it. */
START_TEST(the_lost_end_of_a_closed_log_is_missed)
{
    for (int gone = 1; gone <= SEGMENTS; gone++) {
        renew();
        write_many();
        fixture_close(&fixture);
        for (int segment = SEGMENTS - gone; segment < SEGMENTS; segment++)
            remove_file(many.paths[segment]);
        fixture_open(&fixture);
        unsigned from = many.counts[SEGMENTS - gone], all = many.counts[SEGMENTS];
        for (int start = 0; start < 4; start++) {
            struct store_verification verification;
            ck_assert_uint_eq(count_lost(0, from), 0);
            ck_assert_uint_eq(count_lost(from, all), all - from);
            ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, (all - from) * FILLING);
            ck_assert_uint_ge(fixture_figures(&fixture).end_offset, many.end);
            ck_assert_int_eq(store_verify(fixture.store, 0, NULL, NULL, &verification), STORE_OK);
            ck_assert_uint_gt(verification.flaws, 0);
            if (start % 2 == 1)
                put("new", "a new payload");
            stop(start < 2);
            fixture_open(&fixture);
        }
        assert_holds("new", "a new payload");
    }
}
END_TEST

/* The file of the last segment is cut, at each place where a record could end and others. */
START_TEST(a_cut_end_of_a_closed_log_is_missed)
{
    write_three();
    fixture_close(&fixture);
    size_t size;
    uint8_t *bytes = fixture_read_file(&fixture, fixture_segment(&fixture), &size);
    size_t a = (find_text("the first payload") + strlen("the first payload") + 7) / 8 * 8;
    size_t end = (find_text("the third payload") + strlen("the third payload") + 7) / 8 * 8 + 88;
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
    assert_holds("c", "the third payload");
}
END_TEST

/* The last record and the mark that said it was acknowledged, in one sector. */
START_TEST(zeros_at_the_end_of_a_closed_log_are_missed)
{
    static const char zeros[1024];
    write_three();
    fixture_close(&fixture);
    fixture_write_file(&fixture, fixture_segment(&fixture), zeros, sizeof zeros, find_text("the third payload") - 89);
    for (int start = 0; start < 3; start++) {
        fixture_open(&fixture);
        assert_holds("b", "the second payload");
        assert_absent("c");
        ck_assert_uint_ge(fixture_figures(&fixture).damaged_bytes, 89 + 88);
        ck_assert_uint_lt(fixture_figures(&fixture).damaged_bytes, 89 + 88 + 64);
        if (start > 0)
            put("d", "the fourth payload");
        fixture_close(&fixture);
    }
    fixture_open(&fixture);
    assert_holds("d", "the fourth payload");
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
    remove_file(path);
    for (int start = 0; start < 3; start++) {
        fixture_open(&fixture);
        ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 0);
        put("new", "a new payload");
        fixture_close(&fixture);
    }
    fixture_write_file(&fixture, path, bytes, size, 0);
    free(bytes);
    fixture_open(&fixture);
    ck_assert_int_eq(fixture_get(&fixture, "large", large, sizeof large), STORE_OK);
    assert_holds("new", "a new payload");
}
END_TEST

/* What the file says is true for ever: what a later life adds, and what a crash takes of that, is no loss. */
START_TEST(an_old_reach_misses_nothing)
{
    write_three();
    fixture_close(&fixture);
    for (uint64_t seed = 0; seed < 20; seed++) {
        fixture_open(&fixture);
        struct fixture_put under_way;
        put("d", "the fourth payload");
        fixture_begin_put(&fixture, &under_way, "e", "one that may be torn");
        fixture_cut(&fixture, seed);
        (void)fixture_end_put(&under_way);
        fixture_open(&fixture);
        assert_holds("c", "the third payload");
        assert_holds("d", "the fourth payload");
        ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
        ck_assert_uint_eq(fixture.warnings > 0 && strstr(fixture.logged, "reach") != NULL, 0);
        fixture_close(&fixture);
    }
    fixture_open(&fixture);
}
END_TEST

/* It is no part of the data: without it, or with one that lies, only less is noticed. */
START_TEST(a_damaged_reach_is_ignored_and_told)
{
    size_t size;
    write_three();
    fixture_close(&fixture);
    uint8_t *bytes = fixture_read_file(&fixture, reach_path, &size);
    for (size_t position = 0; position < size; position++) {
        uint8_t flipped = bytes[position] ^ 1;
        fixture_write_file(&fixture, reach_path, &flipped, 1, position);
        fixture_open(&fixture);
        ck_assert_msg(strstr(fixture.logged, "reach is damaged") != NULL, "\"%s\"", fixture.logged);
        ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
        assert_holds("c", "the third payload");
        fixture_close(&fixture);
        size_t again;
        uint8_t *written = fixture_read_file(&fixture, reach_path, &again);
        ck_assert_uint_eq(again, size);
        ck_assert_mem_eq(written, bytes, size);
        free(written);
    }
    free(bytes);
    remove_file(reach_path);
    fixture_open(&fixture);
    ck_assert_uint_eq(fixture.warnings, 0);
    assert_holds("c", "the third payload");
}
END_TEST

START_TEST(a_reach_that_cannot_be_written_is_told_only)
{
    write_three();
    fixture_close(&fixture);
    fixture_open(&fixture);
    put("d", "the fourth payload");
    sim_disk_fail(fixture.disk, SIM_RENAMEAT, 1, true, EIO);
    fixture_close(&fixture);
    ck_assert_msg(strstr(fixture.logged, "file reach cannot be written") != NULL, "\"%s\"", fixture.logged);
    sim_disk_heal(fixture.disk);
    fixture_open(&fixture);
    assert_holds("d", "the fourth payload");
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
}
END_TEST

/* ---- husks ----------------------------------------------------------------------------------- */

/* Deletes what the first two segments hold and waits until they are husks. */
static void empty_two(void)
{
    for (unsigned i = 0; i < many.counts[2]; i++) {
        char key[16];
        snprintf(key, sizeof key, "%u", i);
        ck_assert_int_eq(fixture_delete(&fixture, key), STORE_OK);
    }
    for (int tries = 0; tries < 5000 && (size_of(many.paths[0]) > 64 || size_of(many.paths[1]) > 64); tries++)
        usleep(1000);
    ck_assert_uint_eq(size_of(many.paths[1]), 64);
}

/* Two husks' worth of dead records in front of live ones; returns the paths of the first husk and of what follows. */
static void make_husk(char husk[128], char behind[128])
{
    write_many();
    empty_two();
    snprintf(husk, 128, "%s", many.paths[0]);
    snprintf(behind, 128, "%s", many.paths[2]);
}

static bool exists(const char *path)
{
    int file = fixture.io->openat(fixture.io->self, AT_FDCWD, path, O_RDONLY, 0);
    if (file >= 0)
        fixture.io->close(fixture.io->self, file);
    return file >= 0;
}

/* The first of two husks stands for both, and says so before the second goes. */
START_TEST(a_segment_lost_behind_a_husk_is_missed)
{
    char husk[128], behind[128];
    make_husk(husk, behind);
    for (int start = 0; start < 2; start++) {
        fixture_close(&fixture);
        fixture_open(&fixture);
        ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
        ck_assert(exists(husk) && !exists(many.paths[1]));
    }
    fixture_close(&fixture);
    remove_file(behind);
    fixture_open(&fixture);
    ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 10000);
    fixture_close(&fixture);
    remove_file(husk);
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
        renew();
        make_husk(husk, behind);
        fixture_close(&fixture);
        if (!ruin(husk, way / 2))
            break;
        if (!known)
            remove_file(reach_path);
        fixture_open(&fixture);
        bool whole = size_of(husk) >= 64 && way / 2 < 5;
        ck_assert_int_eq(fixture_figures(&fixture).damaged_bytes > 0, !whole && !known);
        ck_assert_int_eq(fixture.warnings > 0, !whole);
        ck_assert_uint_eq(count_lost(many.counts[2], many.counts[SEGMENTS]), 0);
        put("new", "a new payload");
        fixture_close(&fixture);
        fixture_open(&fixture);
        ck_assert_uint_eq(count_lost(many.counts[2], many.counts[SEGMENTS]), 0);
        assert_holds("new", "a new payload");
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
    uint8_t *second = fixture_read_file(&fixture, many.paths[1], &size);
    for (int version = 2; version >= 1; version--) {
        fixture_open(&fixture);
        ck_assert(!exists(many.paths[1]));
        fixture_close(&fixture);
        fixture_write_file(&fixture, many.paths[1], second, size, 0);
        if (version == 1)
            fixture_age_header(&fixture, many.paths[1]);
        fixture_open(&fixture);
        ck_assert(!exists(many.paths[1]));
        ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
        ck_assert_uint_eq(count_lost(many.counts[2], many.counts[SEGMENTS]), 0);
        fixture_close(&fixture);
    }
    free(second);
    remove_file(behind);
    fixture_open(&fixture);
    ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 10000);
}
END_TEST

/* Its records were moved and deleted since: the husk in front of it says so, and the file reach, which knows that
 * nothing is missing. */
static void check_return_into_husk(bool known)
{
    size_t size;
    write_many();
    uint8_t *second = fixture_read_file(&fixture, many.paths[1], &size);
    empty_two();
    for (int start = 0; start < 2; start++) {
        fixture_close(&fixture);
        fixture_open(&fixture);
    }
    ck_assert(!exists(many.paths[1]));
    fixture_close(&fixture);
    fixture_write_file(&fixture, many.paths[1], second, size, 0);
    free(second);
    for (int start = 0; start < 3; start++) {
        if (!known)
            remove_file(reach_path);
        fixture_open(&fixture);
        ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, known ? 0 : 64);
        ck_assert_msg(strstr(fixture.logged, many.paths[1] + strlen("/data/stores/s/log/")), "\"%s\"", fixture.logged);
        ck_assert_uint_eq(count_lost(0, many.counts[2]), many.counts[2]);
        ck_assert_uint_eq(count_lost(many.counts[2], many.counts[SEGMENTS]), 0);
        fixture_close(&fixture);
    }
    fixture_open(&fixture);
}

START_TEST(a_segment_that_comes_back_into_a_husk_is_set_aside)
{
    check_return_into_husk(true);
    renew();
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

/* The whole log of an older day, beside a reach of today: what was compacted since is only there. */
START_TEST(an_older_log_counts_whole)
{
    uint8_t *bytes[SEGMENTS];
    size_t sizes[SEGMENTS];
    write_many();
    fixture_close(&fixture);
    for (int i = 0; i < SEGMENTS; i++)
        bytes[i] = fixture_read_file(&fixture, many.paths[i], &sizes[i]);
    fixture_open(&fixture);
    empty_two();
    put_numbers(many.counts[SEGMENTS], 2 * many.counts[SEGMENTS]);
    fixture_close(&fixture);
    remove_log();
    for (int i = 0; i < SEGMENTS; i++) {
        fixture_write_file(&fixture, many.paths[i], bytes[i], sizes[i], 0);
        free(bytes[i]);
    }
    fixture_open(&fixture);
    ck_assert_uint_eq(count_lost(0, many.counts[SEGMENTS]), 0);
    ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 0); /* of what came later */
}
END_TEST

/* Folders of before open as they did; what could not be told from damage then is a warning. */
START_TEST(segments_of_the_first_version_are_read)
{
    char husk[128], behind[128];
    make_husk(husk, behind);
    fixture_close(&fixture);
    for (int i = 0; i < SEGMENTS; i++)
        fixture_age_header(&fixture, many.paths[i]);
    for (int start = 0; start < 2; start++) {
        fixture_open(&fixture);
        ck_assert_int_eq(strstr(fixture.logged, "first version") != NULL, start == 0);
        ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
        ck_assert_uint_eq(count_lost(many.counts[2], many.counts[SEGMENTS]), 0);
        ck_assert_uint_eq(count_lost(0, many.counts[2]), many.counts[2]);
        fixture_close(&fixture);
    }
    fixture_open(&fixture);
}
END_TEST

/* ---- forgeries ------------------------------------------------------------------------------- */

/* A payload made of true records: deleted objects must not come back through it, whatever happens around it. */
START_TEST(a_payload_of_records_is_never_adopted)
{
    fixture.options.inline_limit = 64 << 10;
    fixture_close(&fixture);
    fixture_open(&fixture);
    write_three();
    size_t size;
    uint8_t *log = fixture_read_file(&fixture, fixture_segment(&fixture), &size);
    size_t length = find_text("the third payload") + 24;
    for (const char *key = "abc"; *key; key++) {
        char name[2] = {*key, 0};
        ck_assert_int_eq(fixture_delete(&fixture, name), STORE_OK);
    }
    ck_assert_int_eq(fixture_put(&fixture, "forgery", log, length), STORE_OK);
    put("d", "the fourth payload");
    fixture_cut(&fixture, 1);
    size_t forged = fixture_find(&fixture, fixture_segment(&fixture), "forgery", 7);
    flip(forged - 60);
    fixture_open(&fixture);
    for (const char *key = "abc"; *key; key++) {
        char name[2] = {*key, 0};
        assert_absent(name);
    }
    assert_holds("d", "the fourth payload");
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
    write_three();
    size_t size, length = find_text("the third payload") + 24;
    uint8_t *log = fixture_read_file(&fixture, fixture_segment(&fixture), &size);
    uint8_t *forged = calloc(1, 1024 + length);
    memcpy(forged + 1024, log, length);
    fill_segment(0);
    for (const char *key = "abc"; *key; key++) {
        char name[2] = {*key, 0};
        ck_assert_int_eq(fixture_delete(&fixture, name), STORE_OK);
    }
    fill_segment(1000);
    char path[128];
    snprintf(path, sizeof path, "%s", fixture_segment(&fixture));
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(fixture_put(&fixture, i ? "forgery" : "x", forged, 1024 + length), STORE_OK);
    }
    put("d", "the fourth payload");
    fixture_close(&fixture);
    fixture_write_file(&fixture, path, zeros, sizeof zeros, 0);
    fixture_open(&fixture);
    for (const char *key = "abc"; *key; key++) {
        char name[2] = {*key, 0};
        assert_absent(name);
    }
    ck_assert_int_eq(fixture_get(&fixture, "forgery", forged, 1024 + length), STORE_OK);
    assert_holds("d", "the fourth payload");
    free(log);
    free(forged);
}
END_TEST

/* The same bytes where they once were true: an old log laid over a newer one of another store. */
START_TEST(records_of_another_store_are_not_adopted)
{
    write_three();
    fixture_close(&fixture);
    size_t size;
    uint8_t *log = fixture_read_file(&fixture, fixture_segment(&fixture), &size);
    sim_disk_free(fixture.disk);
    fixture_start(&fixture, 1);
    put("x", "one");
    fixture_cut(&fixture, 1);
    size_t end = (find_text("one") + 3 + 7) & ~(size_t)7;
    fixture_write_file(&fixture, fixture_segment(&fixture), log + end, 4096, end);
    fixture_open(&fixture);
    assert_holds("x", "one");
    assert_absent("b");
    assert_absent("c");
    ck_assert_uint_eq(fixture_figures(&fixture).objects, 1);
    free(log);
}
END_TEST

/* ---- folders --------------------------------------------------------------------------------- */

static enum store_error try_open(struct store_detail *ret_detail)
{
    struct depot *depot;
    enum store_error error = depot_open("/data", &fixture.options, &depot, ret_detail);
    if (!error) {
        depot_close(depot);
    }
    return error;
}

static uint64_t changes_made(void)
{
    static const enum sim_call calls[] = {SIM_PWRITE,   SIM_FTRUNCATE, SIM_ALLOCATE,
                                          SIM_UNLINKAT, SIM_RENAMEAT,  SIM_LINKAT};
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        sum += sim_disk_calls(fixture.disk, calls[i]);
    }
    return sum;
}

static void assert_refused(enum store_error wanted)
{
    struct store_detail detail;
    uint64_t changes = changes_made();
    size_t nodes = sim_disk_nodes(fixture.disk);
    ck_assert_int_eq(try_open(&detail), wanted);
    ck_assert_msg(strstr(detail.text, "/data") != NULL, "the sentence does not name the folder: %s", detail.text);
    ck_assert_uint_eq(changes_made(), changes);
    ck_assert_uint_eq(sim_disk_nodes(fixture.disk), nodes);
    ck_assert_uint_eq(sim_disk_open_files(fixture.disk), 0);
}

static void make_folder(const char *path)
{
    ck_assert_int_eq(fixture.io->mkdirat(fixture.io->self, AT_FDCWD, path, 0700), 0);
}

/* An empty disk in place of the closed fixture's. */
static void new_disk(void)
{
    sim_disk_free(fixture.disk);
    fixture.disk = sim_disk_new(1);
    fixture.io = sim_disk_io(fixture.disk);
    fixture.options.io = fixture.io;
}

START_TEST(a_foreign_folder_is_refused_and_untouched)
{
    fixture_close(&fixture);
    new_disk();
    make_folder("/data");
    fixture_write_file(&fixture, "/data/thesis.tex", "precious", 8, 0);
    assert_refused(STORE_FOREIGN);
    remove_file("/data/thesis.tex");
    fixture_open(&fixture);
}
END_TEST

/* Names that a data folder has too make no folder cairn's, nor does a marker that is another's. */
START_TEST(a_folder_with_familiar_names_is_refused_and_untouched)
{
    static const struct {
        const char *folders[2];
        const char *file;
    } cases[] = {
        {{"/data/trash", "/data/trash/letters"}, "/data/trash/letters/a"},
        {{"/data/trash", "/data/trash/letters"}, NULL},
        {{"/data/trash", NULL}, "/data/trash/a"},
        {{"/data/stores", "/data/stores/photos"}, NULL},
        {{"/data/stores", NULL}, "/data/stores/a"},
        {{"/data/lock", NULL}, NULL},
        {{"/data/cairn", NULL}, NULL},
        {{NULL}, "/data/lock"},
        {{NULL}, "/data/stores"},
        {{NULL}, "/data/trash"},
        {{NULL}, "/data/cairn"},
        {{NULL}, "/data/cairn.new"},
    };
    fixture_close(&fixture);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        new_disk();
        make_folder("/data");
        for (size_t j = 0; j < 2 && cases[i].folders[j]; j++) {
            make_folder(cases[i].folders[j]);
        }
        if (cases[i].file) {
            fixture_write_file(&fixture, cases[i].file, "hi\n", 3, 0);
        }
        bool unreadable = cases[i].folders[0] && strcmp(cases[i].folders[0], "/data/cairn") == 0;
        assert_refused(unreadable ? STORE_IO : STORE_FOREIGN);
        fixture.options.read_only = true;
        assert_refused(unreadable ? STORE_IO : STORE_FOREIGN);
        fixture.options.read_only = false;
    }
    new_disk();
    fixture_open(&fixture);
}
END_TEST

/* Nothing is made anew over data: the marker may come back from a backup. */
START_TEST(a_data_folder_without_its_marker_is_refused_and_untouched)
{
    static const char path[] = "/data/cairn";
    struct store_detail detail;
    put("a", "text");
    fixture_close(&fixture);
    size_t size;
    uint8_t *marker = fixture_read_file(&fixture, path, &size);
    remove_file(path);
    assert_refused(STORE_FOREIGN);
    ck_assert_int_eq(try_open(&detail), STORE_FOREIGN);
    ck_assert_msg(strstr(detail.text, "'stores'") && strstr(detail.text, "'cairn'") && strstr(detail.text, "backup"),
                  "it does not say what was found and what to do: %s", detail.text);
    fixture.options.read_only = true;
    assert_refused(STORE_FOREIGN);
    fixture.options.read_only = false;
    fixture_write_file(&fixture, path, marker, size / 2, 0);
    assert_refused(STORE_DAMAGED);
    fixture_write_file(&fixture, path, marker, size, 0);
    free(marker);
    fixture_open(&fixture);
    assert_holds("a", "text");
}
END_TEST

/* Wherever the power goes in the first start, and whatever it leaves: the next start makes the folder cairn's. */
START_TEST(a_first_start_that_was_cut_short_is_made_up_for)
{
    struct store_detail detail;
    enum store_error error = STORE_IO;
    uint64_t calls = 0;
    fixture_close(&fixture);
    for (; error; calls++) {
        for (uint64_t seed = 1; seed <= 32; seed++) {
            new_disk();
            sim_disk_cut_after(fixture.disk, calls);
            error = try_open(&detail);
            sim_disk_reboot(fixture.disk, seed);
            ck_assert_msg(!try_open(&detail), "cut after %d calls, seed %d: %s", (int)calls, (int)seed, detail.text);
        }
    }
    ck_assert_uint_gt(calls, 10);
    new_disk();
    fixture_open(&fixture);
}
END_TEST

START_TEST(a_newer_format_is_refused_and_untouched)
{
    static const char path[] = "/data/cairn";
    fixture_close(&fixture);
    size_t size;
    char *text = (char *)fixture_read_file(&fixture, path, &size);
    text[size] = 0;
    char *format = strstr(text, "format ");
    ck_assert_ptr_nonnull(format);
    fixture_write_file(&fixture, path, "9", 1, (size_t)(format - text) + strlen("format "));
    assert_refused(STORE_TOO_NEW);
    fixture_write_file(&fixture, path, text, size, 0);
    free(text);
    fixture_open(&fixture);
}
END_TEST

START_TEST(one_folder_one_depot)
{
    struct store_detail detail;
    put("a", "text");
    ck_assert_int_eq(try_open(&detail), STORE_LOCKED);
    ck_assert_msg(strstr(detail.text, "/data") != NULL, "the sentence does not name the folder: %s", detail.text);
    put("b", "text");
    assert_holds("a", "text");
}
END_TEST

START_TEST(a_file_is_no_folder)
{
    struct store_detail detail;
    struct depot *depot;
    fixture_write_file(&fixture, "/file", "x", 1, 0);
    enum store_error error = depot_open("/file", &fixture.options, &depot, &detail);
    ck_assert_msg(error == STORE_IO || error == STORE_FOREIGN, "%s", store_error_text(error));
    ck_assert_msg(strstr(detail.text, "/file") != NULL, "the sentence does not name it: %s", detail.text);
    ck_assert_int_ne(depot_open("/no/such/folder", &fixture.options, &depot, &detail), STORE_OK);
}
END_TEST

static TCase *tails_case(void)
{
    TCase *tails = tcase_create("tails");
    tcase_add_checked_fixture(tails, setup, teardown);
    tcase_add_test(tails, a_torn_tail_is_cut);
    tcase_add_test(tails, a_file_that_became_shorter_is_told);
    tcase_add_test(tails, a_tail_of_zeros_loses_nothing);
    tcase_add_test(tails, a_tail_that_became_zeros_is_cut);
    tcase_add_test(tails, garbage_behind_the_end_does_not_count);
    return tails;
}

static TCase *damage_case(void)
{
    TCase *damage = tcase_create("damage");
    tcase_add_checked_fixture(damage, setup, teardown);
    tcase_add_test(damage, damage_takes_one_record_and_is_reported);
    tcase_add_test(damage, the_blob_of_a_lost_record_is_kept);
    tcase_add_test(damage, damage_in_a_batch_takes_the_batch_only);
    tcase_add_test(damage, a_lost_sector_takes_what_it_held);
    tcase_add_test(damage, a_lost_segment_is_reported);
    tcase_add_test(damage, damage_in_the_last_record_of_a_closed_store_is_reported);
    tcase_add_test(damage, damage_under_an_open_store_is_not_served);
    tcase_add_test(damage, a_damaged_object_can_be_replaced_and_deleted);
    tcase_add_test(damage, damage_to_a_moved_record_takes_it_alone);
    tcase_add_test(damage, a_payload_of_records_is_never_adopted);
    tcase_add_test(damage, a_payload_of_records_does_not_tell_a_base);
    tcase_add_test(damage, records_of_another_store_are_not_adopted);
    return damage;
}

static TCase *files_case(void)
{
    TCase *files = tcase_create("files");
    tcase_add_checked_fixture(files, setup, teardown);
    tcase_set_timeout(files, 60);
    tcase_add_test(files, a_lost_first_sector_takes_a_header_and_a_record);
    tcase_add_test(files, a_lost_first_sector_is_no_torn_tail);
    tcase_add_test(files, a_ruined_segment_takes_what_it_held);
    tcase_add_test(files, a_segment_that_comes_back_is_taken_in_again);
    tcase_add_test(files, a_segment_that_comes_back_brings_no_deleted_key);
    tcase_add_test(files, a_file_that_is_no_segment_is_left_alone);
    tcase_add_test(files, a_copy_of_another_segment_is_left_alone);
    tcase_add_test(files, a_copy_of_a_later_segment_costs_what_it_covered);
    tcase_add_test(files, a_segment_lost_behind_a_husk_is_missed);
    tcase_add_test(files, a_ruined_husk_is_told_and_costs_no_object);
    tcase_add_test(files, a_husk_that_was_not_removed_is_no_damage);
    tcase_add_test(files, a_segment_that_comes_back_into_a_husk_is_set_aside);
    tcase_add_test(files, an_older_log_counts_whole);
    tcase_add_test(files, segments_of_the_first_version_are_read);
    return files;
}

static TCase *end_case(void)
{
    TCase *end = tcase_create("end");
    tcase_add_checked_fixture(end, setup, teardown);
    tcase_add_test(end, the_lost_end_of_a_closed_log_is_missed);
    tcase_add_test(end, a_cut_end_of_a_closed_log_is_missed);
    tcase_add_test(end, zeros_at_the_end_of_a_closed_log_are_missed);
    tcase_add_test(end, the_blobs_of_a_lost_log_are_kept);
    tcase_add_test(end, an_old_reach_misses_nothing);
    tcase_add_test(end, a_damaged_reach_is_ignored_and_told);
    tcase_add_test(end, a_reach_that_cannot_be_written_is_told_only);
    return end;
}

static TCase *folders_case(void)
{
    TCase *folders = tcase_create("folders");
    tcase_add_checked_fixture(folders, setup, teardown);
    tcase_add_test(folders, a_foreign_folder_is_refused_and_untouched);
    tcase_add_test(folders, a_folder_with_familiar_names_is_refused_and_untouched);
    tcase_add_test(folders, a_data_folder_without_its_marker_is_refused_and_untouched);
    tcase_add_test(folders, a_first_start_that_was_cut_short_is_made_up_for);
    tcase_add_test(folders, a_newer_format_is_refused_and_untouched);
    tcase_add_test(folders, one_folder_one_depot);
    tcase_add_test(folders, a_file_is_no_folder);
    return folders;
}

int main(void)
{
    Suite *suite = suite_create("damage");
    suite_add_tcase(suite, tails_case());
    suite_add_tcase(suite, damage_case());
    suite_add_tcase(suite, files_case());
    suite_add_tcase(suite, end_case());
    suite_add_tcase(suite, folders_case());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
