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

bool etag_read(const char *etag, size_t length, struct store_digest *ret_digest)
{
    struct store_digest digest;
    bool good = length == ETAG_SIZE - 1 && etag[0] == '"' && etag[length - 1] == '"' &&
                hex_decode_lower(etag + 1, digest.bytes, sizeof digest.bytes);
    if (good)
        *ret_digest = digest;
    return good;
}
