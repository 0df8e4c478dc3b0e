/* base64.h - decodes base64 (RFC 4648, section 4): its alphabet, its padding, and nothing else. Thread: any. */
#ifndef CAIRN_API_BASE64_H
#define CAIRN_API_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* Decodes a text where it stands, which makes it shorter. False when it is not base64; it is then undefined. */
bool base64_decode(char *text, size_t length, size_t *ret_length);

/* Decodes into memory of its own; free() the result. NULL when the text is not base64 or memory
 * is out. No bytes decode to an allocation too. */
void *base64_decode_new(const char *text, size_t length, size_t *ret_length);

#endif
