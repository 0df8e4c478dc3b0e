#include "tests/http/payload.h"

#include <check.h>
#include <nettle/base64.h>
#include <nettle/md5.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The finaliser of splitmix64: neighbouring words have nothing in common. */
static uint64_t word_at(uint64_t seed, uint64_t index)
{
    uint64_t word = (index + 1) * 0x9e3779b97f4a7c15u + seed * 0xd1342543de82ef95u;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9u;
    word = (word ^ (word >> 27)) * 0x94d049bb133111ebu;
    return word ^ (word >> 31);
}

void payload_fill(void *bytes, size_t length, uint64_t seed, uint64_t position)
{
    unsigned char *out = bytes;
    while (length > 0) {
        uint64_t word = word_at(seed, position / sizeof word);
        size_t skip = (size_t)(position % sizeof word);
        size_t part = length < sizeof word - skip ? length : sizeof word - skip;
        memcpy(out, (unsigned char *)&word + skip, part);
        out += part;
        position += part;
        length -= part;
    }
}

bool payload_matches(const void *bytes, size_t length, uint64_t seed, uint64_t position)
{
    unsigned char expected[16384];
    const unsigned char *actual = bytes;
    while (length > 0) {
        size_t part = length < sizeof expected ? length : sizeof expected;
        payload_fill(expected, part, seed, position);
        if (memcmp(actual, expected, part) != 0)
            return false;
        actual += part;
        position += part;
        length -= part;
    }
    return true;
}

void *payload_new(size_t size, uint64_t seed)
{
    void *bytes = malloc(size > 0 ? size : 1);
    ck_assert_ptr_nonnull(bytes);
    payload_fill(bytes, size, seed, 0);
    return bytes;
}

char *payload_base64(const void *bytes, size_t length)
{
    size_t size = BASE64_ENCODE_RAW_LENGTH(length);
    char *text = malloc(size + 1);
    ck_assert_ptr_nonnull(text);
    base64_encode_raw(text, length, bytes);
    text[size] = '\0';
    return text;
}

char *payload_sha256_field(const void *bytes, size_t length)
{
    struct sha256_ctx context;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&context);
    sha256_update(&context, length, bytes);
    sha256_digest(&context, sizeof digest, digest);
    char *encoded = payload_base64(digest, sizeof digest);
    char *field;
    ck_assert_int_gt(asprintf(&field, "sha-256=:%s:", encoded), 0);
    free(encoded);
    return field;
}

char *payload_md5_field(const void *bytes, size_t length)
{
    struct md5_ctx context;
    uint8_t digest[MD5_DIGEST_SIZE];
    md5_init(&context);
    md5_update(&context, length, bytes);
    md5_digest(&context, sizeof digest, digest);
    return payload_base64(digest, sizeof digest);
}
