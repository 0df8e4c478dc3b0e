/* gzip.c - by zlib, in one step. See gzip.h. */
#include "api/console/gzip.h"

#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

enum { WINDOW = 16 + MAX_WBITS /* with the frame of gzip */ };

char *gzip_unpack(const void *bytes, size_t length, size_t plain_length)
{
    char *plain = malloc(plain_length + 1);
    z_stream stream = {
        .next_in = (unsigned char *)(uintptr_t)bytes,
        .avail_in = (unsigned)length,
        .next_out = (unsigned char *)plain,
        .avail_out = (unsigned)plain_length,
    };
    if (!plain || inflateInit2(&stream, WINDOW) != Z_OK) {
        free(plain);
        return NULL;
    }
    int end = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    if (end == Z_STREAM_END && stream.total_out == plain_length)
        return plain;
    free(plain);
    return NULL;
}
