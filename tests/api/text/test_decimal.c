/* decimal.c: what is a number, where it ends, and which ones do not fit. */
#include "api/text/decimal.h"
#include "tests/lib/unit.h"

#include <string.h>

START_TEST(digits_end_where_the_number_does)
{
    const struct {
        const char *text;
        size_t digits;
        uint64_t number;
    } cases[] = {{"", 0, 0},       {"0", 1, 0},    {"7", 1, 7},    {"0042", 4, 42},
                 {"12-34", 2, 12}, {"90d", 2, 90}, {"-1", 0, 0},   {"+1", 0, 0},
                 {" 1", 0, 0},     {"1 ", 1, 1},   {"0x10", 1, 0}, {"1.5", 1, 1},
                 {"/1", 0, 0},     {":1", 0, 0},   {"\xb2", 0, 0}, {"18446744073709551615", 20, UINT64_MAX}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct decimal decimal = decimal_read(cases[i].text, strlen(cases[i].text));
        ck_assert_msg(decimal.digits == cases[i].digits, "%s: %zu digits", cases[i].text, decimal.digits);
        ck_assert_uint_eq(decimal.number, cases[i].number);
        ck_assert(!decimal.overflows);
    }
}
END_TEST

/* By one, by a digit, and by so many that the number would come round to a small one several times. */
START_TEST(what_does_not_fit_says_so)
{
    const char *texts[] = {"18446744073709551616", "18446744073709551620", "184467440737095516150",
                           "36893488147419103233", "99999999999999999999999999999999999999999999999999"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        uint64_t number = 5;
        struct decimal decimal = decimal_read(texts[i], strlen(texts[i]));
        ck_assert_msg(decimal.overflows, "%s", texts[i]);
        ck_assert_uint_eq(decimal.number, UINT64_MAX);
        ck_assert_uint_eq(decimal.digits, strlen(texts[i]));
        ck_assert(!decimal_parse(texts[i], strlen(texts[i]), UINT64_MAX, &number));
        ck_assert_uint_eq(number, 5);
    }
}
END_TEST

START_TEST(nothing_behind_the_length_is_read)
{
    uint64_t number;
    ck_assert_uint_eq(decimal_read("1234", 2).number, 12);
    ck_assert_uint_eq(decimal_read("1234", 0).digits, 0);
    ck_assert(decimal_parse("12x", 2, 12, &number));
    ck_assert_uint_eq(number, 12);
}
END_TEST

START_TEST(a_whole_text_is_digits_up_to_the_most)
{
    uint64_t number = 5;
    const char *wrong[] = {"", "x", "1x", "x1", "-1", "1 ", "100", "1\0000"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_msg(!decimal_parse(wrong[i], i == 7 ? 3 : strlen(wrong[i]), 99, &number), "%s", wrong[i]);
    ck_assert_uint_eq(number, 5);
    ck_assert(decimal_parse("99", 2, 99, &number));
    ck_assert_uint_eq(number, 99);
    ck_assert(decimal_parse("18446744073709551615", 20, UINT64_MAX, &number));
    ck_assert_uint_eq(number, UINT64_MAX);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {digits_end_where_the_number_does, what_does_not_fit_says_so,
                            nothing_behind_the_length_is_read, a_whole_text_is_digits_up_to_the_most};
    return UNIT_RUN("decimal", tests);
}
