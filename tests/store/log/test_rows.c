/* test_rows.c - rows of records: they count when their transaction is whole, and are in order when they are sorted. */
#include "store/log/rows.h"
#include "tests/lib/prng.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static struct rows rows;
static uint64_t position;

static void setup(void)
{
    rows_init(&rows, 42);
    position = 64;
}

static void teardown(void)
{
    rows_free(&rows);
}

/* Takes a record with that key behind the others. */
static void take(const char *key, enum record_type type, uint32_t step, uint32_t steps)
{
    struct store_key of = store_key_of(key, strlen(key));
    struct record record = {.type = type,
                            .key = of.bytes,
                            .key_length = of.length,
                            .key_hash = of.hash,
                            .size = 7,
                            .step = step,
                            .steps = steps};
    ck_assert(rows_take(&rows, position, &record));
    position += record_length(&record);
}

START_TEST(a_row_tells_of_its_record)
{
    take("key", RECORD_PUT, 0, 1);
    take("key", RECORD_TOMBSTONE, 0, 1);
    const struct row *put = &rows.list[0], *tombstone = &rows.list[1];
    ck_assert(row_type(put) == RECORD_PUT && row_type(tombstone) == RECORD_TOMBSTONE);
    ck_assert_uint_eq(row_position(put), 64);
    ck_assert_uint_eq(row_position(tombstone), 64 + row_length(put));
    ck_assert_uint_eq(put->order, tombstone->order);
    ck_assert_uint_eq(put->tag, tombstone->tag);
    ck_assert_uint_eq(put->size, 7);
    ck_assert(!row_is_nameless(put));
    struct record nameless = {.type = RECORD_PUT, .key_hash = store_key_of("key", 3).hash, .steps = 1};
    ck_assert(rows_take(&rows, position, &nameless));
    ck_assert(row_is_nameless(&rows.list[2]));
    ck_assert_uint_eq(row_length(&rows.list[2]), RECORD_HEADER);
    ck_assert_uint_eq(rows.list[2].order, put->order);
    ck_assert_uint_ne(rows.list[2].tag, put->tag);
}
END_TEST

START_TEST(a_transaction_counts_when_it_is_whole)
{
    take("a", RECORD_PUT, 0, 3);
    take("b", RECORD_PUT, 1, 3);
    ck_assert(rows_are_under_way(&rows));
    ck_assert_uint_eq(rows.began, 64);
    take("c", RECORD_PUT, 2, 3);
    ck_assert(!rows_are_under_way(&rows));
    ck_assert_uint_eq(rows.whole, 3);
    take("d", RECORD_PUT, 0, 2);
    rows_forget(&rows); /* it is the end of the log */
    ck_assert_uint_eq(rows.dropped, 0);
    take("e", RECORD_PUT, 0, 2);
    take("f", RECORD_PUT, 0, 1); /* the second step is lost */
    ck_assert_uint_gt(rows.dropped, 0);
    ck_assert_uint_eq(rows.whole, 4);
    uint64_t dropped = rows.dropped;
    take("g", RECORD_PUT, 1, 2); /* the first one is */
    ck_assert_uint_eq(rows.dropped, 2 * dropped);
    ck_assert_uint_eq(rows.whole, 4);
    ck_assert(!rows_are_under_way(&rows));
}
END_TEST

/* Few keys and many, so that some shares are long. */
START_TEST(sorting_keeps_the_log_of_each_key_in_order)
{
    enum { COUNT = 20000 };
    static const uint64_t keys[] = {1, 2, 100, COUNT * 10};
    struct prng prng = prng_of(1);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        teardown();
        setup();
        for (unsigned n = 0; n < COUNT; n++) {
            char key[24];
            snprintf(key, sizeof key, "%llu", (unsigned long long)prng_below(&prng, keys[i]));
            take(key, RECORD_PUT, 0, 1);
        }
        ck_assert(rows_sort(&rows));
        uint64_t bytes = row_length(&rows.list[0]);
        for (size_t n = 1; n < COUNT; n++) {
            const struct row *before = &rows.list[n - 1], *row = &rows.list[n];
            ck_assert(row->order > before->order || (row->order == before->order && row->place > before->place));
            bytes += row_length(row);
        }
        ck_assert_uint_eq(rows.count, COUNT);
        ck_assert_uint_eq(bytes, position - 64);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_row_tells_of_its_record, a_transaction_counts_when_it_is_whole,
                                  sorting_keeps_the_log_of_each_key_in_order};
    return UNIT_RUN_WITH("rows", setup, teardown, tests);
}
