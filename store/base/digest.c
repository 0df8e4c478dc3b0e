/* digest.c - the digest of a payload: XXH3-128 in canonical byte order. */
#include "store/base/digest.h"

#include <string.h>

struct store_digest digest_of_hash(XXH128_hash_t hash)
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, hash);
    struct store_digest digest;
    static_assert(sizeof digest.bytes == sizeof canonical.digest, "a digest has 16 bytes");
    memcpy(digest.bytes, canonical.digest, sizeof digest.bytes);
    return digest;
}

struct store_digest store_digest_of(const void *bytes, size_t length)
{
    return digest_of_hash(XXH3_128bits(bytes, length));
}

bool store_digest_equal(const struct store_digest *a, const struct store_digest *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}
