/* precondition.c - reads lists of entity tags into lists of digests. See precondition.h. */
#include "api/http/precondition.h"

#include "api/http/http_date.h"
#include "api/text/hex.h"

#include <stdlib.h>
#include <string.h>

enum { DIGITS = 2 * sizeof(struct store_digest) };

static const int64_t NANOSECONDS = 1000000000; /* in a second */

/* One element of a list of entity tags. */
struct tag {
    bool weak;
    const char *text; /* between the quotes */
    size_t length;
};

static const char *skip(const char *at, const char *what)
{
    return at + strspn(at, what);
}

/* The characters RFC 9110 allows between the quotes. */
static bool is_opaque(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f)
            return false;
    return true;
}

/* Reads the tag at `at`; returns what follows it, or NULL when there is none. */
static const char *read_tag(const char *at, struct tag *ret_tag)
{
    bool weak = strncmp(at, "W/", 2) == 0;
    at += weak ? 2 : 0;
    if (*at != '"')
        return NULL;
    const char *end = strchr(at + 1, '"');
    if (!end || !is_opaque(at + 1, (size_t)(end - at - 1)))
        return NULL;
    *ret_tag = (struct tag){weak, at + 1, (size_t)(end - at - 1)};
    return end + 1;
}

/* Reads a list; keeps the digests of the tags that can be this server's. An empty list is malformed. */
static enum precondition_error read_list(const char *value, bool keep_weak, struct store_digest *digests,
                                         size_t *ret_count)
{
    size_t count = 0, tags = 0;
    const char *at = skip(value, ", \t");
    while (*at != '\0') {
        struct tag tag;
        at = read_tag(at, &tag);
        if (!at)
            return PRECONDITION_MALFORMED;
        tags++;
        bool counts = (keep_weak || !tag.weak) && tag.length == DIGITS;
        if (counts && hex_decode_lower(tag.text, digests[count].bytes, sizeof digests->bytes))
            count++;
        const char *next = skip(at, " \t");
        if (*next != '\0' && *next != ',')
            return PRECONDITION_MALFORMED;
        at = skip(next, ", \t");
    }
    *ret_count = count;
    return tags > 0 ? PRECONDITION_OK : PRECONDITION_MALFORMED;
}

/* An array that holds as many digests as the value can have tags. */
static struct store_digest *make_room(const char *value)
{
    size_t quotes = 0;
    for (const char *at = value; *at != '\0'; at++)
        quotes += *at == '"';
    return calloc(quotes / 2 + 1, sizeof(struct store_digest));
}

enum precondition_error precondition_match(struct precondition *precondition, const char *value)
{
    if (strcmp(value, "*") == 0) {
        precondition->condition.exists = true;
        return PRECONDITION_OK;
    }
    precondition->match = make_room(value);
    if (!precondition->match)
        return PRECONDITION_NO_MEMORY;
    precondition->condition.match_listed = true;
    precondition->condition.match = precondition->match;
    return read_list(value, false, precondition->match, &precondition->condition.match_count);
}

enum precondition_error precondition_none_match(struct precondition *precondition, const char *value)
{
    if (strcmp(value, "*") == 0) {
        precondition->condition.absent = true;
        return PRECONDITION_OK;
    }
    precondition->none_match = make_room(value);
    if (!precondition->none_match)
        return PRECONDITION_NO_MEMORY;
    precondition->condition.none_match = precondition->none_match;
    return read_list(value, true, precondition->none_match, &precondition->condition.none_match_count);
}

/* The date stands for the whole of its second. */
void precondition_unmodified_since(struct precondition *precondition, const char *value)
{
    int64_t seconds, end;
    if (!http_date_read(value, &seconds))
        return;
    bool beyond = __builtin_mul_overflow(seconds + 1, NANOSECONDS, &end);
    precondition->condition.dated = !beyond || seconds < 0; /* all objects are older than a date beyond 2262 */
    precondition->condition.not_after = beyond ? INT64_MIN : end - 1;
}

bool precondition_any(const struct precondition *precondition)
{
    return store_condition_asks(&precondition->condition);
}

void precondition_free(struct precondition *precondition)
{
    free(precondition->match);
    free(precondition->none_match);
    *precondition = (struct precondition){0};
}
