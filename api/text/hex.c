#include "api/text/hex.h"

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

void hex_encode_hash(char *text, uint64_t hash)
{
    for (int i = 15; i >= 0; i--) {
        text[i] = digits[hash & 15];
        hash >>= 4;
    }
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
