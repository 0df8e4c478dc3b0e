/* hex.c, utf8.c, text.c, etag.c: the small alphabets. */
#include "api/http/etag.h"
#include "api/text/hex.h"
#include "api/text/text.h"
#include "api/text/utf8.h"
#include "tests/lib/unit.h"

#include <string.h>

START_TEST(a_hash_has_sixteen_digits)
{
    char text[16];
    uint64_t hash;
    hex_encode_hash(text, 0x00123456789abcde);
    ck_assert_mem_eq(text, "00123456789abcde", 16);
    hex_encode_hash(text, 0xff0a9000000000a1);
    ck_assert_mem_eq(text, "ff0a9000000000a1", 16);
    ck_assert(hex_decode_hash("00123456789ABcde", 16, &hash));
    ck_assert_uint_eq(hash, 0x00123456789abcde);
    ck_assert(!hex_decode_hash("0123456789abcde", 15, &hash));
    ck_assert(!hex_decode_hash("00123456789abcdef", 17, &hash));
    ck_assert(!hex_decode_hash("0012345678-abcde", 16, &hash));
    ck_assert(!hex_decode_hash("00123456789abcdg", 16, &hash));
}
END_TEST

START_TEST(a_digest_is_read_in_lower_case_only)
{
    uint8_t bytes[2];
    ck_assert(hex_decode_lower("0aff", bytes, 2));
    ck_assert_uint_eq(bytes[0], 10);
    ck_assert_uint_eq(bytes[1], 255);
    ck_assert(!hex_decode_lower("0Aff", bytes, 2));
    ck_assert(!hex_decode_lower("0afF", bytes, 2));
    ck_assert(!hex_decode_lower("0ag0", bytes, 2));
}
END_TEST

START_TEST(an_etag_is_a_digest_in_quotes)
{
    char etag[ETAG_SIZE];
    etag_write(etag, &(struct store_digest){{0x9a, [15] = 0xbc}});
    ck_assert_str_eq(etag, "\"9a0000000000000000000000000000bc\"");
}
END_TEST

START_TEST(valid_utf8)
{
    const char *texts[] = {"",
                           "abc",
                           "\x7f",
                           "\xc2\x80",
                           "\xdf\xbf",
                           "\xe0\xa0\x80",
                           "\xed\x9f\xbf",
                           "\xee\x80\x80",
                           "\xef\xbf\xbf",
                           "\xf0\x90\x80\x80",
                           "\xf4\x8f\xbf\xbf",
                           "a\xc3\xbcz"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        ck_assert_msg(utf8_valid(texts[i], strlen(texts[i])), "%zu", i);
    ck_assert(utf8_valid("a\0b", 3));
}
END_TEST

START_TEST(invalid_utf8)
{
    const char *texts[] = {"\x80",
                           "\xbf",
                           "\xc0\x80",
                           "\xc1\xbf",
                           "\xc3",
                           "\xc3(",
                           "\xe0\x9f\xbf",
                           "\xed\xa0\x80",
                           "\xed\xbf\xbf",
                           "\xe2\x82",
                           "\xe2\x28\xa1",
                           "\xf0\x8f\xbf\xbf",
                           "\xf4\x90\x80\x80",
                           "\xf5\x80\x80\x80",
                           "\xf0\x9f\x98",
                           "\xff",
                           "a\xfe"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        ck_assert_msg(!utf8_valid(texts[i], strlen(texts[i])), "%zu", i);
}
END_TEST

START_TEST(a_beginning_has_whole_characters)
{
    const char *text = "a\xc3\xbc\xe2\x82\xac\xf0\x9f\x90\x88z"; /* of 1, 2, 3, 4 and 1 bytes */
    const size_t wanted[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    for (size_t most = 0; most < sizeof wanted / sizeof *wanted; most++)
        ck_assert_uint_eq(utf8_beginning(text, strlen(text), most), wanted[most]);
    ck_assert_uint_eq(utf8_beginning("\x80\x80\x80\x80\x80\x80\x80\x80", 8, 6), 3); /* no character is that long */
}
END_TEST

START_TEST(what_is_no_character_becomes_a_question_mark)
{
    const char *texts[][2] = {{"", ""},
                              {"\xc3\xbc\xe2\x82\xac", "\xc3\xbc\xe2\x82\xac"},
                              {"a\xff\xc3\xbc\xe2\x82", "a?\xc3\xbc??"},
                              {"\xc3(\x80", "?(?"}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[16];
        stpcpy(text, texts[i][0]);
        utf8_mend(text, strlen(text));
        ck_assert_str_eq(text, texts[i][1]);
    }
}
END_TEST

START_TEST(no_control_character_reaches_a_terminal)
{
    const char *texts[][2] = {{"", ""},
                              {"\x1b[31m\r\nfake\x07\x7f", "?[31m??fake??"},
                              {"\xc2\x9b"
                               "31m\xc2\xa0\xc3\x9b\xc2",
                               "??31m\xc2\xa0\xc3\x9b\xc2"}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[32];
        stpcpy(text, texts[i][0]);
        text_hide_controls(text);
        ck_assert_str_eq(text, texts[i][1]);
    }
}
END_TEST

int main(void)
{
    const TTest *tests[] = {a_hash_has_sixteen_digits,
                            a_digest_is_read_in_lower_case_only,
                            an_etag_is_a_digest_in_quotes,
                            valid_utf8,
                            invalid_utf8,
                            a_beginning_has_whole_characters,
                            what_is_no_character_becomes_a_question_mark,
                            no_control_character_reaches_a_terminal};
    return UNIT_RUN("text", tests);
}
