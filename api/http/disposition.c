/* disposition.c - a name twice: in ASCII for everybody, in UTF-8 for who knows RFC 8187. See disposition.h. */
#include "api/http/disposition.h"

#include "api/text/utf8.h"

#include <ctype.h>
#include <string.h>

static bool is_control(unsigned char byte)
{
    return byte < ' ' || byte == 0x7f;
}

/* U+0080 to U+009F are control characters too. */
static bool is_late_control(const char *at, const char *end)
{
    return (unsigned char)at[0] == 0xc2 && at + 1 < end && (unsigned char)at[1] < 0xa0;
}

bool disposition_name_valid(const char *name, size_t length)
{
    if (length > DISPOSITION_NAME_MAX || !utf8_valid(name, length))
        return false;
    for (const char *at = name; at < name + length; at++)
        if (is_control((unsigned char)*at) || is_late_control(at, name + length))
            return false;
    return true;
}

/* For those who know no other parameter: what they may misread becomes an underscore, once for each character. */
static char *write_plain(char *to, const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)name[i];
        if (byte >= 0x80 && byte < 0xc0)
            continue; /* a character goes on */
        *to++ = byte >= 0x80 || strchr("\"\\/", byte) ? '_' : name[i];
    }
    return to;
}

/* RFC 8187, section 3.2.1. */
static char *write_extended(char *to, const char *name, size_t length)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)name[i];
        if (byte < 0x80 && (isalnum(byte) || strchr("!#$&+-.^_`|~", byte))) {
            *to++ = name[i];
            continue;
        }
        *to++ = '%';
        *to++ = digits[byte >> 4];
        *to++ = digits[byte & 15];
    }
    return to;
}

void disposition_write(char text[DISPOSITION_SIZE], const char *name, size_t length)
{
    char *end = stpcpy(text, "attachment");
    if (length > 0) {
        end = write_plain(stpcpy(end, "; filename=\""), name, length);
        end = write_extended(stpcpy(end, "\"; filename*=UTF-8''"), name, length);
    }
    *end = '\0';
}
