/* field_lines.c: what is added comes back, in order; no value makes lines of its own. */
#include "api/http/field_lines.h"
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>

START_TEST(fields_are_lines_in_their_order)
{
    struct field_lines lines = {0};
    field_lines_add(&lines, "ETag", "\"a\"");
    field_lines_add(&lines, "Cairn-Meta-Empty", "");
    field_lines_add(&lines, "Location", "/v1/stores/a:b");
    const char *all = "ETag: \"a\"\r\nCairn-Meta-Empty: \r\nLocation: /v1/stores/a:b\r\n";
    ck_assert_uint_eq(lines.length, strlen(all));
    ck_assert_mem_eq(lines.bytes, all, lines.length);

    static const char *const told[][2] = {{"ETag", "\"a\""}, {"Cairn-Meta-Empty", ""}, {"Location", "/v1/stores/a:b"}};
    struct slice name, value;
    size_t position = 0;
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        ck_assert(field_lines_next(&lines, &position, &name, &value));
        ck_assert(slice_is(name, told[i][0]));
        ck_assert(slice_is(value, told[i][1]));
    }
    ck_assert(!field_lines_next(&lines, &position, &name, &value));
    field_lines_free(&lines);
}
END_TEST

START_TEST(a_field_is_found_by_all_of_its_name)
{
    struct field_lines lines = {0};
    ck_assert(!field_lines_have(&lines, "Vary"));
    field_lines_add(&lines, "Cache-Control", "no-store");
    field_lines_add(&lines, "X-Cache", "Vary: none");
    ck_assert(field_lines_have(&lines, "cache-control"));
    ck_assert(field_lines_have(&lines, "X-Cache"));
    ck_assert(!field_lines_have(&lines, "Cache"));
    ck_assert(!field_lines_have(&lines, "Cache-Control-Too"));
    ck_assert(!field_lines_have(&lines, "Vary"));
    field_lines_free(&lines);
}
END_TEST

START_TEST(a_value_that_would_begin_a_line_is_left_out)
{
    struct field_lines lines = {0};
    static const char *const values[] = {"a\r\nSet-Cookie: b", "a\nb", "a\r", "\n"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        field_lines_add(&lines, "Cairn-Meta-A", values[i]);
    ck_assert_uint_eq(lines.length, 0);
    ck_assert(!lines.failed);
    field_lines_add(&lines, "Cairn-Meta-A", "a\tb");
    ck_assert_uint_eq(lines.length, strlen("Cairn-Meta-A: a\tb\r\n"));
    field_lines_free(&lines);
}
END_TEST

START_TEST(there_may_be_many)
{
    enum { MANY = 500 };
    struct field_lines lines = {0};
    char name[32], text[32];
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "Cairn-Meta-%d", i);
        snprintf(text, sizeof text, "%d", i * i);
        field_lines_add(&lines, name, text);
    }
    struct slice found, value;
    size_t position = 0;
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "Cairn-Meta-%d", i);
        snprintf(text, sizeof text, "%d", i * i);
        ck_assert(field_lines_next(&lines, &position, &found, &value));
        ck_assert(slice_is(found, name));
        ck_assert(slice_is(value, text));
    }
    ck_assert(!lines.failed);
    field_lines_free(&lines);
    ck_assert(!field_lines_have(&lines, "Cairn-Meta-1"));
}
END_TEST

int main(void)
{
    const TTest *tests[] = {fields_are_lines_in_their_order, a_field_is_found_by_all_of_its_name,
                            a_value_that_would_begin_a_line_is_left_out, there_may_be_many};
    return UNIT_RUN("field_lines", tests);
}
