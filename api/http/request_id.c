/* request_id.c - a digest of a counter, keyed with the process. See request_id.h. */
#include "api/http/request_id.h"

#include "api/text/hex.h"

#include <ctype.h>
#include <string.h>
#include <xxhash.h>

bool request_id_is_sane(const char *text)
{
    size_t length = 0;
    while (length <= REQUEST_ID_MAX && text[length] != '\0' &&
           (isalnum((unsigned char)text[length]) || strchr("-._~:/+=@", text[length])))
        length++;
    return length > 0 && length <= REQUEST_ID_MAX && text[length] == '\0';
}

/* The digest of the number, keyed with the process: neither tells how many requests there were. */
void request_id_make(char text[REQUEST_ID_MADE_SIZE], uint64_t process, uint64_t number)
{
    XXH128_hash_t hash = XXH3_128bits_withSeed(&number, sizeof number, process);
    hex_encode_hash(text, hash.high64);
    hex_encode_hash(text + 16, hash.low64);
    text[REQUEST_ID_MADE_SIZE - 1] = '\0';
}
