/* utf8.h - whether bytes may stand in JSON as they are. Thread: any. */
#ifndef CAIRN_API_UTF8_H
#define CAIRN_API_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Valid UTF-8 by RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF. */
bool utf8_valid(const void *bytes, size_t length);

#endif
