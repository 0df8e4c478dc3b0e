/* namesake.c - XXH3-64 of 17 to 32 bytes multiplies the first eight with the second eight, both XORed with words of a
 * published secret before. Where the first eight are that word, the product is zero, whatever the second eight are. */
#include "tests/lib/namesake.h"

#include <stdio.h>
#include <string.h>

struct namesake namesake_of(unsigned family, unsigned member)
{
    static const unsigned char word[8] = {0xB8, 0xFE, 0x6C, 0x39, 0x23, 0xA4, 0x4B, 0xBE};
    char text[NAMESAKE_LENGTH + 1];
    struct namesake namesake;
    (void)snprintf(text, sizeof text, "%08u%016u", member % 100000000, family);
    memcpy(namesake.bytes, word, sizeof word);
    memcpy(namesake.bytes + sizeof word, text, NAMESAKE_LENGTH - sizeof word);
    return namesake;
}

struct store_key namesake_key(const struct namesake *namesake)
{
    return store_key_of(namesake->bytes, NAMESAKE_LENGTH);
}
