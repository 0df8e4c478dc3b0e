/* digest.c - reads announced digests, makes the sums as bytes pass, and compares them at the end. See digest.h. */
#include "api/http/digest.h"
#include "api/text/decimal.h"

#include <nettle/base64.h>
#include <string.h>

#define ALGORITHM "sha-256"

void digest_init(struct digest *digest)
{
    *digest = (struct digest){0};
    sha256_init(&digest->sha256_state);
    md5_init(&digest->md5_state);
}

/* Decodes exactly `size` bytes of base64. */
static bool decode(const char *text, size_t length, uint8_t *bytes, size_t size)
{
    struct base64_decode_ctx context;
    uint8_t room[BASE64_DECODE_LENGTH(64)];
    size_t decoded = sizeof room;
    if (length > 64)
        return false;
    base64_decode_init(&context);
    if (!base64_decode_update(&context, &decoded, room, length, text) || !base64_decode_final(&context) ||
        decoded != size)
        return false;
    memcpy(bytes, room, size);
    return true;
}

static void expect(struct digest *digest, struct digest_sum *sum, const uint8_t *expected, size_t size)
{
    if (sum->told && memcmp(expected, sum->expected, size) != 0)
        digest->contradiction = true;
    memcpy(sum->expected, expected, size);
    sum->told = true;
    if (!sum->wanted) /* once chunks are summed up elsewhere, it is only read */
        sum->wanted = true;
}

static bool tell(struct digest *digest, struct digest_sum *sum, const char *text, size_t length, size_t size)
{
    uint8_t expected[SHA256_DIGEST_SIZE];
    bool good = decode(text, length, expected, size);
    if (good)
        expect(digest, sum, expected, size);
    return good;
}

/* The key of a dictionary's member (RFC 9651, section 3.1.2), which has no capitals: SHA-256 is none, and a sum that
 * somebody told must not be passed over. */
static bool is_key(const char *text, size_t length)
{
    return length == strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-.*");
}

/* Where a member of a dictionary ends: at a comma that stands in no quoted string. */
static const char *member_end(const char *at)
{
    for (bool quoted = false; *at != '\0' && (quoted || *at != ','); at++) {
        if (quoted && *at == '\\' && at[1] != '\0')
            at++;
        else if (*at == '"')
            quoted = !quoted;
    }
    return at;
}

/* One member of the dictionary: `name=:base64:` and perhaps parameters. */
static bool read_member(struct digest *digest, const char *at, const char *end)
{
    size_t name = strcspn(at, "=;, \t");
    if (!is_key(at, name))
        return false;
    if (name != strlen(ALGORITHM) || memcmp(at, ALGORITHM, name) != 0)
        return true; /* another algorithm */
    at += name;
    if (end - at < 2 || at[0] != '=' || at[1] != ':')
        return false;
    at += 2;
    const char *colon = memchr(at, ':', (size_t)(end - at));
    if (!colon || (colon + 1 != end && !strchr("; \t", colon[1])))
        return false;
    return tell(digest, &digest->sha256, at, (size_t)(colon - at), SHA256_DIGEST_SIZE);
}

bool digest_expect_list(struct digest *digest, const char *value)
{
    for (const char *at = value; *at != '\0';) {
        at += strspn(at, ", \t");
        const char *end = member_end(at);
        if (!read_member(digest, at, end))
            return false;
        at = end;
    }
    return true;
}

bool digest_expect_md5(struct digest *digest, const char *value)
{
    return tell(digest, &digest->md5, value, strlen(value), MD5_DIGEST_SIZE);
}

void digest_expect_sums(struct digest *digest, const uint8_t *sha256, const uint8_t *md5)
{
    if (sha256)
        expect(digest, &digest->sha256, sha256, SHA256_DIGEST_SIZE);
    if (md5)
        expect(digest, &digest->md5, md5, MD5_DIGEST_SIZE);
}

void digest_want_sha256(struct digest *digest)
{
    digest->sha256.wanted = true;
}

void digest_update(struct digest *digest, const void *bytes, size_t length)
{
    if (digest->sha256.wanted)
        sha256_update(&digest->sha256_state, length, bytes);
    if (digest->md5.wanted)
        md5_update(&digest->md5_state, length, bytes);
}

static bool settle(struct digest_sum *sum, const uint8_t *made, size_t size)
{
    bool same = !sum->told || memcmp(sum->expected, made, size) == 0;
    memcpy(sum->expected, made, size);
    return same;
}

bool digest_verify(struct digest *digest)
{
    uint8_t sha256[SHA256_DIGEST_SIZE], md5[MD5_DIGEST_SIZE];
    sha256_digest(&digest->sha256_state, sizeof sha256, sha256);
    md5_digest(&digest->md5_state, sizeof md5, md5);
    bool sha256_same = settle(&digest->sha256, sha256, sizeof sha256);
    bool md5_same = settle(&digest->md5, md5, sizeof md5);
    return sha256_same && md5_same && !digest->contradiction;
}

enum attributes_error digest_keep(const struct digest *digest, struct attributes *attributes)
{
    enum attributes_error error = ATTRIBUTES_OK;
    if (digest->sha256.wanted)
        error = attributes_add_digest(attributes, ATTRIBUTE_SHA256, digest->sha256.expected, ATTRIBUTES_SHA256);
    if (error == ATTRIBUTES_OK && digest->md5.wanted)
        error = attributes_add_digest(attributes, ATTRIBUTE_MD5, digest->md5.expected, ATTRIBUTES_MD5);
    return error;
}

bool digest_wants_sha256(const char *value)
{
    bool wanted = false;
    for (const char *at = value; *at != '\0'; at = member_end(at)) {
        at += strspn(at, ", \t");
        size_t name = strcspn(at, "=;, \t");
        if (name == strlen(ALGORITHM) && strncmp(at, ALGORITHM, name) == 0)
            wanted = at[name] != '=' || decimal_read(at + name + 1, strlen(at + name + 1)).number > 0;
    }
    return wanted;
}

void digest_write_sha256(char text[DIGEST_SHA256_SIZE], const uint8_t *sum)
{
    char *at = stpcpy(text, ALGORITHM "=:");
    base64_encode_raw(at, SHA256_DIGEST_SIZE, sum);
    stpcpy(at + BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE), ":");
}

void digest_write_md5(char text[DIGEST_MD5_SIZE], const uint8_t *sum)
{
    base64_encode_raw(text, MD5_DIGEST_SIZE, sum);
    text[DIGEST_MD5_SIZE - 1] = '\0';
}
