/* jsontext.c: what stands for itself in a string, and what is escaped, wherever it is. */
#include "api/text/jsontext.h"
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>

enum { LENGTH = 19 };

/* The escape of a byte by RFC 8259, section 7. */
static void write_expected(char text[8], unsigned char byte)
{
    static const char short_ones[][2] = {{'"', '"'},  {'\\', '\\'}, {'\b', 'b'}, {'\t', 't'},
                                         {'\n', 'n'}, {'\f', 'f'},  {'\r', 'r'}};
    snprintf(text, 8, byte < 0x20 ? "\\u%04x" : "%c", byte);
    for (size_t i = 0; i < sizeof short_ones / sizeof *short_ones; i++)
        if ((unsigned char)short_ones[i][0] == byte)
            snprintf(text, 8, "\\%c", short_ones[i][1]);
}

START_TEST(each_byte_at_each_place)
{
    for (unsigned byte = 0; byte < 256; byte++)
        for (int place = 0; place < LENGTH; place++) {
            char bytes[LENGTH], escaped[8], expected[64];
            struct jsontext json = {0};
            memset(bytes, 'a', sizeof bytes);
            bytes[place] = (char)byte;
            write_expected(escaped, (unsigned char)byte);
            int length = snprintf(expected, sizeof expected, "\"%.*s%s%.*s\"", place, "aaaaaaaaaaaaaaaaaaa", escaped,
                                  LENGTH - 1 - place, "aaaaaaaaaaaaaaaaaaa");
            jsontext_string(&json, bytes, sizeof bytes);
            ck_assert_uint_eq(json.length, (size_t)length);
            ck_assert_mem_eq(json.bytes, expected, json.length);
            jsontext_free(&json);
        }
}
END_TEST

START_TEST(commas_stand_between_values)
{
    static const char expected[] = "{\"a\":[1,true,null],\"b\":\"0000000000000001\"}";
    struct jsontext json = {0};
    jsontext_open(&json, '{');
    jsontext_name(&json, "a");
    jsontext_open(&json, '[');
    jsontext_number(&json, 1);
    jsontext_bool(&json, true);
    jsontext_null(&json);
    jsontext_close(&json, ']');
    jsontext_name(&json, "b");
    jsontext_hash(&json, 1);
    jsontext_close(&json, '}');
    ck_assert_uint_eq(json.length, strlen(expected));
    ck_assert_mem_eq(json.bytes, expected, json.length);
    jsontext_free(&json);
}
END_TEST

START_TEST(what_is_left_over_is_given_back)
{
    struct jsontext json = {0};
    jsontext_trim(&json);
    ck_assert_ptr_null(json.bytes);
    jsontext_text(&json, "a");
    jsontext_trim(&json);
    ck_assert_uint_eq(json.capacity, json.length);
    jsontext_text(&json, "b");
    ck_assert_uint_eq(json.length, 7);
    ck_assert_mem_eq(json.bytes, "\"a\",\"b\"", 7);
    jsontext_free(&json);
}
END_TEST

START_TEST(it_grows_with_what_is_written)
{
    struct jsontext json = {0};
    jsontext_open(&json, '[');
    for (uint64_t i = 0; i < 10000; i++)
        jsontext_number(&json, i % 10);
    jsontext_close(&json, ']');
    ck_assert_uint_eq(json.length, 20001);
    for (size_t i = 1; i < json.length; i++)
        ck_assert_int_eq(json.bytes[i], i == 20000 ? ']' : i % 2 == 0 ? ',' : (char)('0' + i / 2 % 10));
    jsontext_free(&json);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {each_byte_at_each_place, commas_stand_between_values, what_is_left_over_is_given_back,
                            it_grows_with_what_is_written};
    return UNIT_RUN("jsontext", tests);
}
