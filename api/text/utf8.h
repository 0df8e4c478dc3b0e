/* utf8.h - what bytes may stand in JSON as they are. Thread: any. */
#ifndef CAIRN_API_UTF8_H
#define CAIRN_API_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Valid UTF-8 by RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF. */
bool utf8_valid(const void *bytes, size_t length);

/* How much of a text to show where no more than `most` bytes are to be: whole characters. */
size_t utf8_beginning(const void *bytes, size_t length, size_t most);

/* Puts question marks in the place of bytes that are no part of a character. */
void utf8_mend(char *text, size_t length);

#endif
