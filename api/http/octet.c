/* octet.c - the table: one bit for each place where a byte may stand. See octet.h. */
#include "api/http/octet.h"

const unsigned char octet_places[256] = {
    ['\t'] = OCTET_VALUE | OCTET_BLANK,
    [' '] = OCTET_VALUE | OCTET_BLANK,
    ['!'] = OCTET_TOKEN | OCTET_VALUE | OCTET_HOST,
    ['"'] = OCTET_VALUE,
    ['#'] = OCTET_TOKEN | OCTET_VALUE,
    ['$' ... '\''] = OCTET_TOKEN | OCTET_VALUE | OCTET_HOST,
    ['(' ... ')'] = OCTET_VALUE | OCTET_HOST,
    ['*' ... '+'] = OCTET_TOKEN | OCTET_VALUE | OCTET_HOST,
    [','] = OCTET_VALUE | OCTET_HOST,
    ['-' ... '.'] = OCTET_TOKEN | OCTET_VALUE | OCTET_HOST,
    ['/'] = OCTET_VALUE,
    ['0' ... '9'] = OCTET_TOKEN | OCTET_VALUE | OCTET_HOST,
    [':'] = OCTET_VALUE,
    [';'] = OCTET_VALUE | OCTET_HOST,
    ['<'] = OCTET_VALUE,
    ['='] = OCTET_VALUE | OCTET_HOST,
    ['>' ... '@'] = OCTET_VALUE,
    ['A' ... 'Z'] = OCTET_TOKEN | OCTET_VALUE | OCTET_HOST,
    ['['] = OCTET_VALUE,
    ['\\'] = OCTET_VALUE,
    [']'] = OCTET_VALUE,
    ['^'] = OCTET_TOKEN | OCTET_VALUE,
    ['_'] = OCTET_TOKEN | OCTET_VALUE | OCTET_HOST,
    ['`'] = OCTET_TOKEN | OCTET_VALUE,
    ['a' ... 'z'] = OCTET_TOKEN | OCTET_VALUE | OCTET_HOST,
    ['{'] = OCTET_VALUE,
    ['|'] = OCTET_TOKEN | OCTET_VALUE,
    ['}'] = OCTET_VALUE,
    ['~'] = OCTET_TOKEN | OCTET_VALUE | OCTET_HOST,
    [0x80 ... 0xff] = OCTET_VALUE,
};

bool octet_all(const char *text, size_t length, enum octet_place place)
{
    for (size_t i = 0; i < length; i++)
        if (!octet_is(text[i], place))
            return false;
    return true;
}

void octet_trim(const char **text, size_t *length)
{
    while (*length > 0 && octet_is((*text)[*length - 1], OCTET_BLANK))
        --*length;
    while (*length > 0 && octet_is(**text, OCTET_BLANK)) {
        ++*text;
        --*length;
    }
}
