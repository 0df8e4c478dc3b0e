/* base64.c: what is base64, what is not, and that both decoders agree. */
#include "api/text/base64.h"
#include "tests/lib/unit.h"

#include <stdlib.h>
#include <string.h>

static void expect(const char *text, const char *bytes)
{
    char copy[64];
    size_t length = 99;
    strcpy(copy, text);
    ck_assert_msg(base64_decode(copy, strlen(text), &length), "%s", text);
    ck_assert_uint_eq(length, strlen(bytes));
    ck_assert_mem_eq(copy, bytes, length);
    char *own = base64_decode_new(text, strlen(text), &length);
    ck_assert_ptr_nonnull(own);
    ck_assert_uint_eq(length, strlen(bytes));
    ck_assert_mem_eq(own, bytes, length);
    free(own);
}

/* RFC 4648, section 10. */
START_TEST(the_vectors_of_the_standard)
{
    expect("", "");
    expect("Zg==", "f");
    expect("Zm8=", "fo");
    expect("Zm9v", "foo");
    expect("Zm9vYg==", "foob");
    expect("Zm9vYmE=", "fooba");
    expect("Zm9vYmFy", "foobar");
    expect("+/+/", "\xfb\xff\xbf");
}
END_TEST

START_TEST(what_is_not_base64)
{
    const char *texts[] = {"Z",    "Zg",   "Zg=",   "====",      "A===", "=AAA",    "Z=g=", "Zg==Zg==",
                           "Zh==", "Zm9=", "Zm9v ", "Zm9vYg=\n", "Zm-_", "Zm\x80v", "!",    "Zm9vYg===="};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char copy[64];
        size_t length;
        strcpy(copy, texts[i]);
        ck_assert_msg(!base64_decode(copy, strlen(texts[i]), &length), "%s", texts[i]);
        ck_assert_msg(!base64_decode_new(texts[i], strlen(texts[i]), &length), "%s", texts[i]);
    }
}
END_TEST

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Each byte value at each place of a group of four: a digit exactly when the alphabet has it. */
START_TEST(the_alphabet_and_nothing_else)
{
    for (int byte = 1; byte < 256; byte++)
        for (int place = 0; place < 4; place++) {
            char text[8] = {'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A'};
            size_t length;
            text[place] = (char)byte;
            const char *digit = strchr(alphabet, byte);
            ck_assert_msg(base64_decode(text, sizeof text, &length) == (digit != NULL), "byte %d", byte);
            if (!digit)
                continue;
            unsigned bits = (unsigned)(digit - alphabet) << (18 - 6 * place);
            ck_assert_uint_eq((unsigned char)text[0], bits >> 16 & 0xff);
            ck_assert_uint_eq((unsigned char)text[1], bits >> 8 & 0xff);
            ck_assert_uint_eq((unsigned char)text[2], bits & 0xff);
        }
}
END_TEST

/* The same at each place of a text so long that most of it is read in larger pieces: each bit comes to stand where it
 * belongs, and no other one is set. */
START_TEST(the_same_at_each_place_of_a_long_text)
{
    enum { TEXT = 56, BYTES = TEXT / 4 * 3 };
    for (int byte = 0; byte < 256; byte++)
        for (size_t place = 0; place < TEXT - 4; place++) {
            char text[TEXT];
            unsigned char bytes[BYTES] = {0};
            size_t length;
            memset(text, 'A', sizeof text);
            text[place] = (char)byte;
            const char *digit = memchr(alphabet, byte, sizeof alphabet - 1);
            ck_assert_msg(base64_decode(text, sizeof text, &length) == (digit != NULL), "byte %d at %zu", byte, place);
            if (!digit)
                continue;
            unsigned bits = (unsigned)(digit - alphabet) << (18 - 6 * (place % 4));
            for (size_t i = 0; i < 3; i++)
                bytes[place / 4 * 3 + i] = (unsigned char)(bits >> (16 - 8 * i));
            ck_assert_uint_eq(length, BYTES);
            ck_assert_mem_eq(text, bytes, BYTES);
        }
}
END_TEST

int main(void)
{
    const TTest *tests[] = {the_vectors_of_the_standard, what_is_not_base64, the_alphabet_and_nothing_else,
                            the_same_at_each_place_of_a_long_text};
    return UNIT_RUN("base64", tests);
}
