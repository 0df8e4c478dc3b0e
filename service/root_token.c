/* root_token.c - reads the operator's token. See root_token.h. */
#include "service/root_token.h"

#include "api/access/rules.h"
#include "api/text/hex.h"
#include "service/config.h"
#include "service/logger.h"
#include "service/small_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SHORT = 16, /* bytes: fewer can be guessed */
    TOKEN_FILE_MAX = 64 << 10
};

/* What a field can carry: no blanks, nothing but ASCII. */
static bool is_token(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return length > 0;
}

static bool take(const char *source, const char *text, size_t length, struct token_sum *ret_sum)
{
    if (!is_token(text, length)) {
        logger_line(LOG_ERROR, "%s holds no token: it has to be characters of ASCII without blanks", source);
        return false;
    }
    if (length < SHORT)
        logger_line(LOG_WARNING, "%s: a token of %zu characters can be guessed; take one of 32 or more", source,
                    length);
    *ret_sum = token_sum_of(text, length);
    return true;
}

static bool take_file(const char *path, struct token_sum *ret_sum)
{
    size_t length, used;
    char *text = small_file_read(path, TOKEN_FILE_MAX, &length);
    if (!text) {
        logger_line(LOG_ERROR, "--root-token-file: cannot read '%s': %s", path, strerror(errno));
        return false;
    }
    for (used = length; used > 0 && (text[used - 1] == '\n' || text[used - 1] == '\r');)
        used--;
    bool good = take("--root-token-file", text, used, ret_sum);
    explicit_bzero(text, length);
    free(text);
    return good;
}

bool root_token_take(const char *path, struct token_sum *ret_sum, bool *ret_given)
{
    char *variable = getenv(CONFIG_ROOT_TOKEN);
    bool named = variable && *variable;
    *ret_given = named || path;
    if (!*ret_given)
        return true;
    if (named && path) {
        logger_line(LOG_ERROR, CONFIG_ROOT_TOKEN " and --root-token-file are both given: leave one out");
        return false;
    }
    bool good = named ? take(CONFIG_ROOT_TOKEN, variable, strlen(variable), ret_sum) : take_file(path, ret_sum);
    if (named)
        explicit_bzero(variable, strlen(variable));
    return good;
}

char *root_token_file_text(const struct token_sum *sum)
{
    char digits[2 * sizeof sum->bytes];
    char *text;
    hex_encode(digits, sum->bytes, sizeof sum->bytes);
    int printed = asprintf(&text,
                           "{\n  \"tokens\": [\n    {\n      \"name\": \"%s\",\n      \"sha256\": \"%.*s\",\n"
                           "      \"grants\": [{\"stores\": [\"*\"], \"prefix\": \"\", \"rights\": "
                           "[\"read\", \"list\", \"write\", \"delete\", \"admin\"]}]\n    }\n  ]\n}\n",
                           RULES_ROOT, (int)sizeof digits, digits);
    return printed < 0 ? NULL : text;
}
