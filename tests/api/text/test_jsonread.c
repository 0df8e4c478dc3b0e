/* jsonread.c: strings and their escapes, structure, and where a fault is. */
#include "api/text/jsonread.h"
#include "tests/lib/unit.h"

#include <stdlib.h>
#include <string.h>

/* Each text is copied into an allocation of exactly its size, so that reading beyond its end does not go unseen. */
static char *copy_of(const char *text)
{
    size_t length = strlen(text);
    char *copy = malloc(length + (length == 0));
    memcpy(copy, text, length);
    return copy;
}

static void expect_string(const char *text, const char *bytes, size_t length)
{
    struct jsonread json;
    struct text string;
    char *copy = copy_of(text);
    jsonread_begin(&json, copy, strlen(text));
    ck_assert_int_eq(jsonread_type(&json), JSONREAD_STRING);
    ck_assert_msg(jsonread_string(&json, &string), "%s: %s", text, json.fault);
    ck_assert_uint_eq(string.length, length);
    ck_assert_mem_eq(string.bytes, bytes, length);
    ck_assert_int_eq(string.bytes[length], '\0');
    jsonread_end(&json);
    ck_assert_ptr_null(json.fault);
    free(copy);
}

START_TEST(strings)
{
    expect_string("\"\"", "", 0);
    expect_string(" \"abc\"\r\n", "abc", 3);
    expect_string("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 8);
    expect_string("\"a\\u0000b\"", "a\0b", 3);
    expect_string("\"\\u0041\\u00fC\\u20AC\\uD83d\\uDe00!\"", "A\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80!", 11);
    expect_string("\"\xc3\xbc\\n\xe2\x82\xac\"", "\xc3\xbc\n\xe2\x82\xac", 6);
}
END_TEST

enum { LONG_LENGTH = 53 };

/* Reads a long string that has one other byte in it; what it is read as stands in `copy`. */
static bool read_long(struct jsonread *json, size_t place, char byte, struct text *ret_string,
                      char copy[LONG_LENGTH + 2])
{
    memset(copy + 1, 'a', LONG_LENGTH);
    copy[0] = copy[LONG_LENGTH + 1] = '"';
    copy[place + 1] = byte;
    jsonread_begin(json, copy, LONG_LENGTH + 2);
    return jsonread_string(json, ret_string);
}

/* Each byte value at each place of a long string: it ends there, it is a fault, or it stands for itself. The bytes are
 * a piece of memory of their own, so that a sanitizer sees who looks beyond them. */
START_TEST(each_byte_of_a_long_string)
{
    for (int byte = 0; byte < 0x80; byte++)
        for (size_t place = 0; place < LONG_LENGTH; place++) {
            struct jsonread json;
            struct text string;
            char *copy = malloc(LONG_LENGTH + 2);
            bool good = byte >= 0x20 && byte != '\\';
            ck_assert_msg(read_long(&json, place, (char)byte, &string, copy) == good, "byte %d at %zu", byte, place);
            if (good)
                ck_assert_uint_eq(string.length, byte == '"' ? place : LONG_LENGTH);
            free(copy);
        }
}
END_TEST

/* It is looked for what is not UTF-8 wherever it stands. */
START_TEST(a_byte_beyond_ascii_anywhere)
{
    for (size_t place = 0; place < LONG_LENGTH; place++) {
        struct jsonread json;
        struct text string;
        char *copy = malloc(LONG_LENGTH + 2);
        ck_assert(!read_long(&json, place, '\x80', &string, copy));
        ck_assert_str_eq(json.fault, "a string is not UTF-8");
        free(copy);
    }
}
END_TEST

START_TEST(numbers)
{
    const char *good[] = {"0", "-0", "12", "-1.5", "1e3", "1E-3", "0.25e+10"};
    const char *bad[] = {"-", "1.", ".5", "1e", "1e+", "-x"};
    struct jsonread json;
    char *digits;
    size_t length;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char *copy = copy_of(good[i]);
        jsonread_begin(&json, copy, strlen(good[i]));
        ck_assert_msg(jsonread_number(&json, &digits, &length), "%s: %s", good[i], json.fault);
        ck_assert(digits == copy && length == strlen(good[i]));
        jsonread_end(&json);
        ck_assert_ptr_null(json.fault);
        free(copy);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *copy = copy_of(bad[i]);
        jsonread_begin(&json, copy, strlen(bad[i]));
        ck_assert_msg(!jsonread_number(&json, &digits, &length) && json.fault, "%s", bad[i]);
        free(copy);
    }
}
END_TEST

START_TEST(bad_strings)
{
    const char *texts[] = {"\"",
                           "\"a",
                           "\"\\",
                           "\"\\\"",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\u123g\"",
                           "\"\\ud800\"",
                           "\"\\ud800x\"",
                           "\"\\udc00\"",
                           "\"\n\"",
                           "\"\x01\"",
                           "\"\\ud800\\n\"",
                           "\"\\ud800\\ud800\"",
                           "\"\xff\"",
                           "\"\xc3\"",
                           "\"\xc0\x80\"",
                           "\"\xed\xa0\x80\""};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct jsonread json;
        struct text string;
        char *copy = copy_of(texts[i]);
        jsonread_begin(&json, copy, strlen(texts[i]));
        ck_assert_msg(!jsonread_string(&json, &string) && json.fault, "%s", texts[i]);
        bool half = strstr(texts[i], "\\ud") != NULL;
        ck_assert_msg((strstr(json.fault, "surrogate pair") != NULL) == half, "%s: %s", texts[i], json.fault);
        free(copy);
    }
}
END_TEST

/* Reads any value: the depth is the test's. */
static void walk(struct jsonread *json, int *values)
{
    struct text text;
    bool value;
    ++*values;
    switch (jsonread_type(json)) {
    case JSONREAD_OBJECT:
        jsonread_enter(json);
        while (jsonread_member(json, &text))
            walk(json, values);
        break;
    case JSONREAD_ARRAY:
        jsonread_enter(json);
        while (jsonread_item(json))
            walk(json, values);
        break;
    case JSONREAD_STRING:
        jsonread_string(json, &text);
        break;
    case JSONREAD_NULL:
        if (jsonread_null(json))
            break;
        /* fall through */
    default:
        jsonread_bool(json, &value);
    }
}

static const char *walk_text(const char *text, int *values, size_t *position)
{
    struct jsonread json;
    char *copy = copy_of(text);
    *values = 0;
    jsonread_begin(&json, copy, strlen(text));
    walk(&json, values);
    jsonread_end(&json);
    *position = jsonread_position(&json);
    free(copy);
    return json.fault;
}

START_TEST(structure)
{
    const struct {
        const char *text;
        int values;
    } texts[] = {{"{}", 1},
                 {"[]", 1},
                 {"true", 1},
                 {" [ true , false,\"a\" ] ", 4},
                 {"{\"a\":[]}", 2},
                 {"{\"a\":{\"b\":[[],{}]},\"c\":true}", 6},
                 {"[[[[]]],true]", 5},
                 {"[null,{\"a\": null }]", 4}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int values;
        size_t position;
        const char *fault = walk_text(texts[i].text, &values, &position);
        ck_assert_msg(!fault, "%s: %s", texts[i].text, fault);
        ck_assert_int_eq(values, texts[i].values);
        ck_assert_uint_eq(position, strlen(texts[i].text));
    }
}
END_TEST

START_TEST(faults_and_where_they_are)
{
    const struct {
        const char *text;
        size_t position;
    } texts[] = {{"", 0},
                 {"  ", 2},
                 {"[", 1},
                 {"{", 1},
                 {"]", 0},
                 {"[,]", 1},
                 {"[true,]", 6},
                 {"[true true]", 6},
                 {"[true}", 5},
                 {"{\"a\"}", 4},
                 {"{\"a\":}", 5},
                 {"{\"a\" true}", 5},
                 {"{true}", 1},
                 {"{\"a\":true,}", 10},
                 {"[]]", 2},
                 {"[] x", 3},
                 {"tru", 0},
                 {"trux", 0},
                 {"nul", 0},
                 {"[true", 5},
                 {"{\"a\":true", 9},
                 {"\xef\xbb\xbf[]", 0}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int values;
        size_t position;
        ck_assert_msg(walk_text(texts[i].text, &values, &position), "%s", texts[i].text);
        ck_assert_msg(position == texts[i].position, "%s: at %zu", texts[i].text, position);
    }
}
END_TEST

START_TEST(null_is_moved_over_and_nothing_else_is)
{
    const char *texts[] = {"nul", "nil", "true", "\"null\"", "", "[null]"};
    struct jsonread json;
    char *copy = copy_of(" null");
    jsonread_begin(&json, copy, 5);
    ck_assert(jsonread_null(&json));
    ck_assert_uint_eq(jsonread_position(&json), 5);
    free(copy);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        copy = copy_of(texts[i]);
        jsonread_begin(&json, copy, strlen(texts[i]));
        ck_assert_msg(!jsonread_null(&json), "%s", texts[i]);
        ck_assert_ptr_null(json.fault);
        ck_assert_uint_eq(jsonread_position(&json), 0);
        free(copy);
    }
}
END_TEST

START_TEST(types)
{
    const struct {
        const char *text;
        enum jsonread_type type;
    } texts[] = {{"{", JSONREAD_OBJECT},   {"[", JSONREAD_ARRAY}, {"\"", JSONREAD_STRING}, {"t", JSONREAD_BOOL},
                 {"f", JSONREAD_BOOL},     {"n", JSONREAD_NULL},  {"-", JSONREAD_NUMBER},  {"0", JSONREAD_NUMBER},
                 {"\t9", JSONREAD_NUMBER}, {"x", JSONREAD_NONE},  {"", JSONREAD_NONE},     {"+1", JSONREAD_NONE}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct jsonread json;
        char *copy = copy_of(texts[i].text);
        jsonread_begin(&json, copy, strlen(texts[i].text));
        ck_assert_msg(jsonread_type(&json) == texts[i].type, "%s", texts[i].text);
        ck_assert_int_eq(json.fault != NULL, texts[i].type == JSONREAD_NONE);
        free(copy);
    }
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        strings,   each_byte_of_a_long_string, a_byte_beyond_ascii_anywhere,           numbers, bad_strings,
        structure, faults_and_where_they_are,  null_is_moved_over_and_nothing_else_is, types};
    return UNIT_RUN("jsonread", tests);
}
