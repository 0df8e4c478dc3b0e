/* token.h - what a client shows to be let in, of which only the SHA-256 is kept.
 *
 * A token is compared by that sum: who tries one after the other learns nothing from the time it takes, since the sum
 * of a guess has nothing in common with that of a better guess. What is left of a token in memory is wiped.
 *
 * Thread: any.
 */
#ifndef CAIRN_API_TOKEN_H
#define CAIRN_API_TOKEN_H

#include "api/access/grant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct token_sum {
    uint8_t bytes[32];
};

struct token {
    char *name; /* owned */
    struct token_sum sum;
    int64_t expires; /* seconds since 1970: from then on it is none */
    struct grants grants;
};

#define TOKEN_NEVER INT64_MAX

enum { TOKEN_NAME_MAX = 64 };

/* Whether a text may be the name of a token, which appears in logs and in answers: 1 to 64 of A-Z a-z 0-9 ._-@:+ */
bool token_name_valid(const char *name, size_t length);

/* How a new token is written: a word that tells what it is, 32 random bytes in base64url, a NUL. */
enum { TOKEN_TEXT_SIZE = sizeof "cairn_" + 43 };

/* Makes a new one; false and errno when the system has no random bytes. */
bool token_make(char ret_text[TOKEN_TEXT_SIZE]);

struct token_sum token_sum_of(const char *text, size_t length);

/* In a time that does not depend on where they differ. */
bool token_sum_equal(const struct token_sum *a, const struct token_sum *b);

/* The token in the value of an Authorization field: `Bearer TOKEN`, or `Basic` with it as the password of whatever
 * user. False when there is none in it. */
bool token_in_field(const char *authorization, struct token_sum *ret_sum);

/* Whether the value of an Authorization field is of a kind that no browser adds by itself: Bearer, not Basic. */
bool token_is_bearer(const char *authorization);

void token_free(struct token *token);

#endif
