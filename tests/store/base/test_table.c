/* test_table.c - the map behind the index: it is a map, and it is small. */
#include "store/base/table.h"
#include "tests/lib/prng.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <stdlib.h>

static struct table table;

static void setup(void)
{
    table_init(&table, 42);
}

static void teardown(void)
{
    table_free(&table);
}

static void put(uint64_t key, uint64_t value)
{
    ck_assert(table_reserve(&table, key));
    table_put(&table, key, value);
    table_reservations_end(&table);
}

START_TEST(what_is_put_is_found)
{
    put(1, 10);
    put(2, 20);
    ck_assert_uint_eq(table_get(&table, 1), 10);
    ck_assert_uint_eq(table_get(&table, 2), 20);
    ck_assert_uint_eq(table_get(&table, 3), 0);
    ck_assert_uint_eq(table.count, 2);
}
END_TEST

START_TEST(putting_and_removing_tell_what_was_there)
{
    ck_assert(table_reserve(&table, 7));
    ck_assert_uint_eq(table_put(&table, 7, 1), 0);
    ck_assert_uint_eq(table_put(&table, 7, 2), 1);
    ck_assert_uint_eq(table_remove(&table, 7), 2);
    ck_assert_uint_eq(table_remove(&table, 7), 0);
    ck_assert_uint_eq(table.count, 0);
}
END_TEST

/* Small keys in a small range: many collisions, and removals in the middle of them. */
START_TEST(a_long_history_is_that_of_a_plain_array)
{
    enum { RANGE = 5000, STEPS = 100000 };
    static uint64_t model[RANGE];
    struct prng prng = prng_of(3);
    size_t count = 0;
    for (unsigned step = 0; step < STEPS; step++) {
        uint64_t key = prng_below(&prng, RANGE);
        if (prng_one_in(&prng, 2)) {
            count += model[key] == 0;
            model[key] = step + 1;
            put(key, step + 1);
        } else {
            ck_assert_uint_eq(table_remove(&table, key), model[key]);
            count -= model[key] != 0;
            model[key] = 0;
        }
        uint64_t probe = prng_below(&prng, RANGE);
        ck_assert_uint_eq(table_get(&table, probe), model[probe]);
    }
    ck_assert_uint_eq(table.count, count);
}
END_TEST

START_TEST(reserved_room_is_there)
{
    enum { KEYS = 1000 };
    for (uint64_t key = 0; key < KEYS; key++)
        ck_assert(table_reserve(&table, key));
    const struct table_entry *before = table.shards[0].entries;
    for (uint64_t key = 0; key < KEYS; key++)
        table_put(&table, key, 1);
    ck_assert_ptr_eq(table.shards[0].entries, before);
    ck_assert_uint_eq(table.count, KEYS);
}
END_TEST

START_TEST(an_entry_takes_at_most_24_bytes)
{
    enum { ENOUGH = 20000, MOST = 100000 };
    for (uint64_t key = 1; key <= MOST; key++) {
        put(key, 1);
        if (key < ENOUGH || key % 1000)
            continue;
        size_t bytes = 0;
        for (size_t shard = 0; shard < TABLE_SHARDS; shard++)
            bytes += table.shards[shard].capacity * sizeof(struct table_entry);
        ck_assert_msg(bytes <= key * 24, "%zu bytes for %llu entries", bytes, (unsigned long long)key);
    }
}
END_TEST

/* Thousands of stores have tables for what most of them never have. */
START_TEST(what_holds_little_takes_little)
{
    enum { LITTLE = 50, MORE = 500 };
    ck_assert_uint_eq(table_get(&table, 1), 0);
    ck_assert_uint_eq(table_remove(&table, 1), 0);
    ck_assert_ptr_null(table.shards);
    for (uint64_t key = 1; key <= LITTLE; key++)
        put(key, key);
    ck_assert_uint_eq(table.shard_count, 1);
    ck_assert_uint_le(table.shards[0].capacity * sizeof(struct table_entry), LITTLE * 24);
    for (uint64_t key = LITTLE; key <= MORE; key++)
        put(key, key);
    ck_assert_uint_eq(table.shard_count, TABLE_SHARDS);
    ck_assert_uint_eq(table.count, MORE);
    for (uint64_t key = 1; key <= MORE; key++)
        ck_assert_uint_eq(table_get(&table, key), key);
}
END_TEST

static int by_key(const void *a, const void *b)
{
    const struct table_entry *left = a, *right = b;
    return left->key < right->key ? -1 : left->key > right->key;
}

/* What is filled in is found, goes and grows as what was put. */
START_TEST(a_shard_can_be_filled_at_once)
{
    enum { COUNT = 5000 };
    static struct table_entry entries[COUNT];
    size_t count = 0;
    for (uint64_t key = 1; count < COUNT; key++) {
        uint64_t salted = table_salted(key, table.salt);
        ck_assert_uint_eq(table_unsalted(salted, table.salt), key);
        if (table_shard_of(salted) == 3)
            entries[count++] = (struct table_entry){.key = salted, .value = key};
    }
    qsort(entries, COUNT, sizeof *entries, by_key);
    ck_assert(table_fill(&table, 3, entries, COUNT));
    ck_assert_uint_eq(table.count, COUNT);
    ck_assert_uint_le(table.shards[3].capacity * sizeof *entries, COUNT * 24);
    for (size_t i = 0; i < COUNT; i++)
        ck_assert_uint_eq(table_get(&table, entries[i].value), entries[i].value);
    for (size_t i = 0; i < COUNT; i += 2)
        ck_assert_uint_eq(table_remove(&table, entries[i].value), entries[i].value);
    for (uint64_t key = 1; key <= COUNT; key++)
        put(key, key);
    for (uint64_t key = 1; key <= COUNT; key++)
        ck_assert_uint_eq(table_get(&table, key), key);
}
END_TEST

/* As a start does: shard by shard, of which it is not known how many are to come. */
START_TEST(few_can_be_filled_in_and_more_behind_them)
{
    enum { COUNT = 200 };
    static struct table_entry entries[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        entries[i] = (struct table_entry){.key = table_salted(i + 1, table.salt), .value = i + 1};
    qsort(entries, COUNT, sizeof *entries, by_key);
    for (size_t from = 0, to; from < COUNT; from = to) {
        size_t shard = table_shard_of(entries[from].key);
        for (to = from; to < COUNT && table_shard_of(entries[to].key) == shard;)
            to++;
        ck_assert(table_fill(&table, shard, &entries[from], to - from));
        ck_assert_uint_eq(table.count, to);
        ck_assert_uint_eq(table_get(&table, entries[0].value), entries[0].value);
    }
    ck_assert_uint_eq(table.shard_count, TABLE_SHARDS);
    for (uint64_t key = 1; key <= COUNT; key++)
        ck_assert_uint_eq(table_get(&table, key), key);
}
END_TEST

/* Those that would all like the end of a shard go on at its beginning, whether that is free or taken. */
START_TEST(what_does_not_fit_at_the_end_of_a_shard_is_found_at_its_beginning)
{
    enum { LOW = 100, HIGH = 100, COUNT = LOW + HIGH };
    const uint64_t first = (uint64_t)7 << (64 - TABLE_SHARD_BITS), last = first + (UINT64_MAX >> TABLE_SHARD_BITS);
    static struct table_entry entries[COUNT];
    for (uint64_t i = 0; i < COUNT; i++)
        entries[i] = (struct table_entry){.key = i < LOW ? first + i : last - (COUNT - 1 - i), .value = i + 1};
    ck_assert(table_fill(&table, 7, entries, COUNT));
    for (size_t i = 0; i < COUNT; i++)
        ck_assert_uint_eq(table_get(&table, table_unsalted(entries[i].key, table.salt)), entries[i].value);
    for (size_t i = 0; i < COUNT; i++)
        ck_assert_uint_eq(table_remove(&table, table_unsalted(entries[i].key, table.salt)), entries[i].value);
    ck_assert_uint_eq(table.count, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_is_put_is_found,
        putting_and_removing_tell_what_was_there,
        a_long_history_is_that_of_a_plain_array,
        reserved_room_is_there,
        an_entry_takes_at_most_24_bytes,
        what_holds_little_takes_little,
        a_shard_can_be_filled_at_once,
        few_can_be_filled_in_and_more_behind_them,
        what_does_not_fit_at_the_end_of_a_shard_is_found_at_its_beginning,
    };
    return UNIT_RUN_WITH("table", setup, teardown, tests);
}
