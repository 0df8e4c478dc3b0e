/* gzip.h - takes gzip off bytes of which the length is known. Thread: any. */
#ifndef CAIRN_API_CONSOLE_GZIP_H
#define CAIRN_API_CONSOLE_GZIP_H

#include <stddef.h>

/* `plain_length` bytes that the caller free()s; NULL: memory is out, or they are not what was packed. */
char *gzip_unpack(const void *bytes, size_t length, size_t plain_length);

#endif
