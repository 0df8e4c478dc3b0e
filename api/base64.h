/* base64.h - base64 of any length, in memory of its own. Thread: any. */
#ifndef CAIRN_API_BASE64_H
#define CAIRN_API_BASE64_H

#include <stddef.h>

/* Decodes RFC 4648's alphabet with its padding; free() the result. NULL when the text is not base64 or memory
 * is out. No bytes decode to an allocation too. */
void *base64_decode_new(const char *text, size_t length, size_t *ret_length);

#endif
