/* checksum.c - one of three sums of nettle. See checksum.h. */
#include "api/upload/checksum.h"

#include "api/text/base64.h"

#include <nettle/nettle-meta.h>
#include <stdlib.h>
#include <string.h>

bool checksum_expect(struct checksum *checksum, const char *value)
{
    const struct nettle_hash *const known[] = {&nettle_sha1, &nettle_sha256, &nettle_md5};
    size_t name = strcspn(value, " ");
    size_t length = 0;
    checksum->hash = NULL;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i]->name) == name && memcmp(known[i]->name, value, name) == 0)
            checksum->hash = known[i];
    if (!checksum->hash || value[name] == '\0')
        return false;
    uint8_t *expected = base64_decode_new(value + name + 1, strlen(value + name + 1), &length);
    bool fits = expected && length == checksum->hash->digest_size;
    if (fits)
        memcpy(checksum->expected, expected, length);
    free(expected);
    checksum->hash->init(&checksum->state);
    return fits;
}

void checksum_update(struct checksum *checksum, const void *bytes, size_t length)
{
    checksum->hash->update(&checksum->state, length, bytes);
}

bool checksum_verify(struct checksum *checksum)
{
    uint8_t sum[SHA256_DIGEST_SIZE];
    if (!checksum->hash)
        return true;
    checksum->hash->digest(&checksum->state, checksum->hash->digest_size, sum);
    return memcmp(sum, checksum->expected, checksum->hash->digest_size) == 0;
}
