/* base64.c - sixteen characters at a time by arithmetic, the rest four at a time by a table. See base64.h. */
#include "api/text/base64.h"

#include <endian.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { NO = 0x80 }; /* no digit: outside the six bits, so that one test finds it among four */

/* The value of each character. */
/* clang-format off */
static const uint8_t digits[256] = {
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 62, NO, NO, NO, 63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NO, NO, NO, NO, NO, NO,
    NO,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, NO, NO, NO, NO, NO,
    NO, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
};
/* clang-format on */

enum { NO_GROUP = 1 << 24 };

/* The 24 bits of four characters, or something from NO_GROUP on when one of them is no digit. */
static inline uint32_t read_group(const uint8_t *from)
{
    uint32_t a = digits[from[0]], b = digits[from[1]], c = digits[from[2]], d = digits[from[3]];
    return ((a | b | c | d) & NO) << 17 | a << 18 | b << 12 | c << 6 | d;
}

/* The last group, with its padding; the bits that the padding leaves over have to be zero. */
static bool decode_last(uint8_t *to, const uint8_t *from, size_t *ret_length)
{
    uint8_t group[4];
    size_t padding = from[3] != '=' ? 0 : from[2] != '=' ? 1 : 2;
    memcpy(group, from, sizeof group);
    memset(group + sizeof group - padding, 'A', padding);
    uint32_t bits = read_group(group);
    if (bits >= NO_GROUP || (bits & ((1U << 8 * padding) - 1)) != 0)
        return false;
    *ret_length = 3 - padding;
    for (size_t i = 0; i < *ret_length; i++)
        to[i] = (uint8_t)(bits >> (16 - 8 * i));
    return true;
}

/* ---- sixteen at a time ------------------------------------------------------------------------- */

typedef uint8_t letters __attribute__((vector_size(16)));
typedef uint32_t groups __attribute__((vector_size(16)));

/* All bits of the letters from `first` to `last`, none of the others. */
static inline letters are_between(letters text, uint8_t first, uint8_t last)
{
    return (letters)(text - first <= (uint8_t)(last - first));
}

/* The values of the digits; false: one is none. */
static inline bool read_digits(letters text, letters *ret_values)
{
    letters upper = are_between(text, 'A', 'Z'), lower = are_between(text, 'a', 'z');
    letters decimal = are_between(text, '0', '9'), plus = (letters)(text == '+'), slash = (letters)(text == '/');
    letters all = upper | lower | decimal | plus | slash;
    uint64_t halves[2];
    memcpy(halves, &all, sizeof halves);
    *ret_values = text - (upper & 'A') - (lower & ('a' - 26)) + (decimal & (52 - '0')) + (plus & (62 - '+')) +
                  (slash & (63 - '/'));
    return (halves[0] & halves[1]) == UINT64_MAX;
}

/* The 24 bits of each four of them, the first of which stands lowest in memory. */
static inline groups join_digits(letters values)
{
    groups four;
    memcpy(&four, &values, sizeof four);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return (four & 0x3f) << 18 | (four & 0x3f00) << 4 | (four & 0x3f0000) >> 10 | four >> 24;
#else
    return (four >> 24) << 18 | (four & 0x3f0000) >> 4 | (four & 0x3f00) >> 2 | (four & 0x3f);
#endif
}

/* Twelve bytes of sixteen characters, and some behind them; false: one is no digit. */
static inline bool decode_sixteen(uint8_t *to, const uint8_t *from)
{
    letters text, values;
    memcpy(&text, from, sizeof text);
    if (!read_digits(text, &values))
        return false;
    groups bits = join_digits(values);
    for (int i = 0; i < 4; i += 2) {
        uint64_t six = htobe64(((uint64_t)bits[i] << 24 | bits[i + 1]) << 16);
        memcpy(to, &six, sizeof six);
        to += 6;
    }
    return true;
}

/* ---- all of it --------------------------------------------------------------------------------- */

/* `to` may be `from`, although four bytes are written for each three, and fourteen for each twelve: what is written
 * never goes beyond the characters that have been read. */
static bool decode(uint8_t *to, const uint8_t *from, size_t length, size_t *ret_length)
{
    uint8_t *first = to;
    size_t last = 0;
    if (length % 4 != 0)
        return false;
    for (; length > 16 && decode_sixteen(to, from); length -= 16, from += 16)
        to += 12;
    for (; length > 4; length -= 4, from += 4, to += 3) {
        uint32_t bits = read_group(from);
        if (bits >= NO_GROUP)
            return false;
        bits = htobe32(bits << 8);
        memcpy(to, &bits, sizeof bits);
    }
    if (length > 0 && !decode_last(to, from, &last))
        return false;
    *ret_length = (size_t)(to - first) + last;
    return true;
}

bool base64_decode(char *text, size_t length, size_t *ret_length)
{
    return decode((uint8_t *)text, (const uint8_t *)text, length, ret_length);
}

void *base64_decode_new(const char *text, size_t length, size_t *ret_length)
{
    uint8_t *bytes = malloc(length / 4 * 3 + 1);
    if (bytes && !decode(bytes, (const uint8_t *)text, length, ret_length)) {
        free(bytes);
        return NULL;
    }
    return bytes;
}
