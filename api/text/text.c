/* text.c - compares strings that may hold NULs. See text.h. */
#include "api/text/text.h"

#include <string.h>

bool text_is(const struct text *text, const char *characters)
{
    return strlen(characters) == text->length && memcmp(characters, text->bytes, text->length) == 0;
}
