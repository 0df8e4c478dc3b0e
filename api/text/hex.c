/* hex.c - single digits by comparison; a hash's sixteen digits eight at a time. See hex.h. */
#include "api/text/hex.h"

#include <endian.h>
#include <string.h>

static const char digits[] = "0123456789abcdef";

int hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

void hex_encode(char *text, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
}

/* All eight at once: each half byte gets a byte of its own, and then its digit by what lies between '9' and 'a'. */
static uint64_t digits_of(uint32_t bits)
{
    uint64_t halves = bits;
    halves = (halves << 16 | halves) & 0x0000ffff0000ffff;
    halves = (halves << 8 | halves) & 0x00ff00ff00ff00ff;
    halves = (halves << 4 | halves) & 0x0f0f0f0f0f0f0f0f;
    uint64_t letters = (halves + 0x0606060606060606) >> 4 & 0x0101010101010101; /* 1 from 10 on */
    return halves + 0x3030303030303030 + letters * ('a' - '9' - 1);
}

void hex_encode_hash(char *text, uint64_t hash)
{
    uint64_t high = htobe64(digits_of((uint32_t)(hash >> 32))), low = htobe64(digits_of((uint32_t)hash));
    memcpy(text, &high, sizeof high);
    memcpy(text + sizeof high, &low, sizeof low);
}

bool hex_decode_hash(const char *text, size_t length, uint64_t *ret_hash)
{
    if (length != 16)
        return false;
    uint64_t hash = 0;
    for (size_t i = 0; i < length; i++) {
        int value = hex_digit(text[i]);
        if (value < 0)
            return false;
        hash = hash << 4 | (uint64_t)value;
    }
    *ret_hash = hash;
    return true;
}

bool hex_decode_lower(const char *text, uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char high = text[2 * i], low = text[2 * i + 1];
        if (hex_digit(high) < 0 || hex_digit(low) < 0 || (high >= 'A' && high <= 'F') || (low >= 'A' && low <= 'F'))
            return false;
        bytes[i] = (uint8_t)(hex_digit(high) << 4 | hex_digit(low));
    }
    return true;
}

bool hex_decode_id(const char *text, size_t length, uint64_t *ret_id)
{
    uint8_t bytes[sizeof *ret_id];
    return length == 2 * sizeof bytes && hex_decode_lower(text, bytes, sizeof bytes) &&
           hex_decode_hash(text, length, ret_id);
}
