/* text.c - compares strings that may hold NULs. See text.h. */
#include "api/text/text.h"

#include <string.h>

bool text_is(const struct text *text, const char *characters)
{
    return strlen(characters) == text->length && memcmp(characters, text->bytes, text->length) == 0;
}

/* How many bytes a control character has that begins here: those from U+0080 on have two. */
static size_t control_length(const char *text)
{
    const unsigned char *bytes = (const unsigned char *)text;
    if (bytes[0] < 0x20 || bytes[0] == 0x7f)
        return 1;
    return bytes[0] == 0xc2 && bytes[1] >= 0x80 && bytes[1] < 0xa0 ? 2 : 0;
}

void text_hide_controls(char *sentence)
{
    while (*sentence) {
        size_t length = control_length(sentence);
        memset(sentence, '?', length);
        sentence += length > 0 ? length : 1;
    }
}
