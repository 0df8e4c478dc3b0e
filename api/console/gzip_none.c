/* gzip_none.c - in a build without zlib, where nothing is packed. See gzip.h. */
#include "api/console/gzip.h"

char *gzip_unpack(const void *bytes, size_t length, size_t plain_length)
{
    (void)bytes, (void)length, (void)plain_length;
    return NULL;
}
