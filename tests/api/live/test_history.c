/* history.c: rows of 15 minutes, from any of them on, and which columns are told of what. */
#include "api/live/history.h"
#include "tests/lib/unit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static struct history *history;

static void open_history(void)
{
    history = calloc(1, sizeof *history);
    ck_assert_ptr_nonnull(history);
}

static void close_history(void)
{
    free(history);
}

/* Rows whose time is their number. */
static void add(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct history_row row;
        history_row_init(&row);
        row.values[COLUMN_TIME] = history->end;
        history_add(history, &row);
    }
}

static json_t *parse(struct jsontext *text)
{
    ck_assert(!text->failed);
    json_t *json = json_loadb(text->bytes, text->length, 0, NULL);
    ck_assert(json_is_array(json));
    jsontext_free(text);
    return json;
}

/* What is told from there on: `count` rows, from the one of that number on. */
static void expect(uint64_t since, size_t count, json_int_t first)
{
    struct jsontext text = {0};
    history_write(&text, history, false, &since, SIZE_MAX);
    ck_assert_uint_eq(since, history->end);
    json_t *rows = parse(&text), *row;
    size_t i;
    ck_assert_uint_eq(json_array_size(rows), count);
    json_array_foreach (rows, i, row)
        ck_assert_int_eq(json_integer_value(json_array_get(row, 0)), first + (json_int_t)i);
    json_decref(rows);
}

START_TEST(rows_are_told_from_any_of_them_on)
{
    expect(0, 0, 0);
    add(3);
    expect(0, 3, 0);
    expect(1, 2, 1);
    expect(3, 0, 0);
}
END_TEST

START_TEST(the_oldest_are_forgotten)
{
    add(HISTORY_ROWS);
    expect(0, HISTORY_ROWS, 0);
    add(1);
    expect(0, HISTORY_ROWS, 1);
    add(2 * HISTORY_ROWS + 7);
    expect(5, HISTORY_ROWS, 2 * HISTORY_ROWS + 8);
}
END_TEST

START_TEST(all_can_be_forgotten)
{
    add(5);
    history_clear(history);
    expect(0, 0, 0);
    add(2);
    expect(0, 2, 5);
}
END_TEST

/* A text has not many more bytes than were asked for, and the next one goes on. */
START_TEST(they_are_told_in_pieces)
{
    uint64_t since = 0, told = 0;
    add(HISTORY_ROWS);
    while (since < history->end) {
        struct jsontext text = {0};
        history_write(&text, history, false, &since, 1000);
        ck_assert_uint_lt(text.length, 1300);
        json_t *rows = parse(&text);
        ck_assert_uint_gt(json_array_size(rows), 1);
        ck_assert_int_eq(json_integer_value(json_array_get(json_array_get(rows, 0), 0)), (json_int_t)told);
        told += json_array_size(rows);
        json_decref(rows);
    }
    ck_assert_uint_eq(told, HISTORY_ROWS);
}
END_TEST

static size_t place_of(const json_t *columns, const char *name)
{
    for (size_t i = 0; i < json_array_size(columns); i++)
        if (strcmp(json_string_value(json_array_get(columns, i)), name) == 0)
            return i;
    return SIZE_MAX;
}

static void expect_columns(bool of_store, const char *own, const char *others)
{
    struct jsontext text = {0};
    uint64_t since = 0;
    history_write_columns(&text, of_store);
    json_t *columns = parse(&text);
    history_write(&text, history, of_store, &since, SIZE_MAX);
    json_t *rows = parse(&text), *row = json_array_get(rows, 0);
    ck_assert_uint_eq(json_array_size(columns), json_array_size(row));
    ck_assert_uint_eq(place_of(columns, "time"), 0);
    ck_assert_uint_eq(place_of(columns, others), SIZE_MAX);
    ck_assert(json_is_null(json_array_get(row, place_of(columns, own))));
    ck_assert_int_eq(json_integer_value(json_array_get(row, place_of(columns, "bytes_out"))), 7);
    json_decref(columns);
    json_decref(rows);
}

START_TEST(a_row_has_what_the_columns_say)
{
    struct history_row row;
    history_row_init(&row);
    row.values[COLUMN_TIME] = 0;
    row.values[COLUMN_BYTES_OUT] = 7;
    history_add(history, &row);
    expect_columns(false, "memory", "objects");
    expect_columns(true, "objects", "memory");
}
END_TEST

int main(void)
{
    const TTest *tests[] = {rows_are_told_from_any_of_them_on, the_oldest_are_forgotten, all_can_be_forgotten,
                            they_are_told_in_pieces, a_row_has_what_the_columns_say};
    return UNIT_RUN_WITH("history", open_history, close_history, tests);
}
