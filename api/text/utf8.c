/* utf8.c - walks sequences, and refuses overlong ones, surrogates and what is cut off. See utf8.h. */
#include "api/text/utf8.h"

#include <stdint.h>

/* The length of the sequence that begins here, 0 when it is not one. */
static size_t sequence(const uint8_t *at, size_t left)
{
    size_t length = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;
    if (length == 0 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xf0 && at[1] < 0x90))
        return 0; /* overlong */
    if ((at[0] == 0xed && at[1] > 0x9f) || (at[0] == 0xf4 && at[1] > 0x8f))
        return 0; /* a surrogate, or beyond the last code point */
    return length;
}

size_t utf8_beginning(const void *bytes, size_t length, size_t most)
{
    const uint8_t *at = bytes;
    if (length <= most)
        return length;
    size_t end = most;
    while (end > 0 && most - end < 3 && (at[end] & 0xc0) == 0x80)
        end--;
    return end;
}

void utf8_mend(char *text, size_t length)
{
    for (size_t i = 0, step; i < length; i += step) {
        step = sequence((const uint8_t *)text + i, length - i);
        if (step != 0)
            continue;
        text[i] = '?';
        step = 1;
    }
}

bool utf8_valid(const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < length;) {
        size_t step = at[i] < 0x80 ? 1 : sequence(at + i, length - i);
        if (step == 0)
            return false;
        i += step;
    }
    return true;
}
