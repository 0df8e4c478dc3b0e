/* token.c - tokens are made at random, found in Authorization, and compared without a branch. See token.h. */
#include "api/access/token.h"

#include <assert.h>
#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

static_assert(sizeof(struct token_sum) == SHA256_DIGEST_SIZE, "a sum is a SHA-256");

static const char mark[] = "cairn_"; /* who finds one in a file that was published knows what it is */

enum { RANDOM = 32, BASIC_MAX = 1024 /* bytes of user and password */ };

bool token_name_valid(const char *name, size_t length)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-@:+";
    for (size_t i = 0; i < length; i++)
        if (!memchr(allowed, name[i], sizeof allowed - 1))
            return false;
    return length >= 1 && length <= TOKEN_NAME_MAX;
}

bool token_make(char ret_text[TOKEN_TEXT_SIZE])
{
    uint8_t bytes[RANDOM];
    char padded[BASE64_ENCODE_RAW_LENGTH(RANDOM)];
    struct base64_encode_ctx encode;
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return false;
    base64url_encode_init(&encode);
    size_t length = base64_encode_update(&encode, padded, sizeof bytes, bytes);
    base64_encode_final(&encode, padded + length);
    char *end = stpcpy(ret_text, mark);
    memcpy(end, padded, TOKEN_TEXT_SIZE - sizeof mark);
    ret_text[TOKEN_TEXT_SIZE - 1] = '\0';
    explicit_bzero(bytes, sizeof bytes);
    explicit_bzero(padded, sizeof padded);
    explicit_bzero(&encode, sizeof encode);
    return true;
}

struct token_sum token_sum_of(const char *text, size_t length)
{
    struct token_sum sum;
    struct sha256_ctx state;
    sha256_init(&state);
    sha256_update(&state, length, (const uint8_t *)text);
    sha256_digest(&state, sizeof sum.bytes, sum.bytes);
    explicit_bzero(&state, sizeof state);
    return sum;
}

/* Word by word, without a branch. */
bool token_sum_equal(const struct token_sum *a, const struct token_sum *b)
{
    uint64_t left[sizeof a->bytes / sizeof(uint64_t)], right[sizeof left / sizeof *left], difference = 0;
    memcpy(left, a->bytes, sizeof left);
    memcpy(right, b->bytes, sizeof right);
    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        difference |= left[i] ^ right[i];
    return difference == 0;
}

/* What follows the scheme's name and the blanks behind it, or NULL. */
static const char *credentials_of(const char *authorization, const char *scheme)
{
    size_t length = strlen(scheme);
    if (strncasecmp(authorization, scheme, length) != 0 || authorization[length] != ' ')
        return NULL;
    return authorization + length + strspn(authorization + length, " ");
}

static bool token_in_basic(const char *text, struct token_sum *ret_sum)
{
    char bytes[BASE64_DECODE_LENGTH(BASE64_ENCODE_RAW_LENGTH(BASIC_MAX))];
    struct base64_decode_ctx decode;
    size_t length = strlen(text), decoded = sizeof bytes;
    if (BASE64_DECODE_LENGTH(length) > sizeof bytes)
        return false;
    base64_decode_init(&decode);
    bool good = base64_decode_update(&decode, &decoded, (uint8_t *)bytes, length, text) && base64_decode_final(&decode);
    const char *colon = good ? memchr(bytes, ':', decoded) : NULL;
    if (colon)
        *ret_sum = token_sum_of(colon + 1, (size_t)(bytes + decoded - (colon + 1)));
    explicit_bzero(bytes, sizeof bytes);
    return colon != NULL;
}

bool token_in_field(const char *authorization, struct token_sum *ret_sum)
{
    const char *bearer = credentials_of(authorization, "Bearer");
    const char *basic = credentials_of(authorization, "Basic");
    if (basic)
        return token_in_basic(basic, ret_sum);
    if (!bearer || *bearer == '\0')
        return false;
    *ret_sum = token_sum_of(bearer, strlen(bearer));
    return true;
}

bool token_is_bearer(const char *authorization)
{
    const char *bearer = credentials_of(authorization, "Bearer");
    return bearer && *bearer != '\0';
}

void token_free(struct token *token)
{
    free(token->name);
    grants_free(&token->grants);
}
