/* etag.c - the digits between the quotes. See etag.h. */
#include "api/http/etag.h"

#include "api/text/hex.h"

void etag_write(char etag[ETAG_SIZE], const struct store_digest *digest)
{
    etag[0] = '"';
    hex_encode(etag + 1, digest->bytes, sizeof digest->bytes);
    etag[ETAG_SIZE - 2] = '"';
    etag[ETAG_SIZE - 1] = '\0';
}
