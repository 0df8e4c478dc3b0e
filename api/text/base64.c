/* base64.c - four characters at a time, by a table. See base64.h. */
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

/* `to` may be `from`, although four bytes are written for each three: what is written never goes beyond the group
 * that has been read. */
static bool decode(uint8_t *to, const uint8_t *from, size_t length, size_t *ret_length)
{
    uint8_t *first = to;
    size_t last = 0;
    if (length % 4 != 0)
        return false;
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
