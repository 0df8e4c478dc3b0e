/* octet.h - where in a message a byte may stand. Thread: any. */
#ifndef CAIRN_API_OCTET_H
#define CAIRN_API_OCTET_H

#include <stdbool.h>
#include <stddef.h>

enum octet_place {
    OCTET_TOKEN = 1, /* RFC 9110, section 5.6.2 */
    OCTET_VALUE = 2, /* of a field, blanks included; section 5.5 */
    OCTET_HOST = 4,  /* a name or an IPv4 address: RFC 3986, section 3.2.2 */
    OCTET_BLANK = 8, /* around a value, and between its parts; section 5.6.3 */
};

extern const unsigned char octet_places[256];

static inline bool octet_is(char octet, enum octet_place place)
{
    return (octet_places[(unsigned char)octet] & place) != 0;
}

/* Whether all of a text may stand there. */
bool octet_all(const char *text, size_t length, enum octet_place place);

/* Takes the blanks off both ends of a text. */
void octet_trim(const char **text, size_t *length);

#endif
