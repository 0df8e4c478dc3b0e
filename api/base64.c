#include "api/base64.h"

#include <nettle/base64.h>
#include <stdint.h>
#include <stdlib.h>

void *base64_decode_new(const char *text, size_t length, size_t *ret_length)
{
    struct base64_decode_ctx context;
    size_t decoded = BASE64_DECODE_LENGTH(length);
    uint8_t *bytes = malloc(decoded + 1);
    if (bytes == NULL)
        return NULL;
    base64_decode_init(&context);
    if (!base64_decode_update(&context, &decoded, bytes, length, text) || !base64_decode_final(&context)) {
        free(bytes);
        return NULL;
    }
    *ret_length = decoded;
    return bytes;
}
