/* accept.c - takes the list of ranges apart, and finds the one that says most about a type. See accept.h. */
#include "api/http/accept.h"

#include "api/http/octet.h"

#include <string.h>
#include <strings.h>

/* How exactly a range names a type, or a coding. */
enum fit { FIT_NONE, FIT_ANY, FIT_FAMILY, FIT_EXACT };

/* What a client says of one. */
struct opinion {
    enum fit fit;
    unsigned quality; /* thousandths; 0: it does not want it */
};

/* A text that becomes shorter at its front. */
struct rest {
    const char *at;
    size_t length;
};

/* Takes what stands in front of the next `mark`, which may be in a quoted string as well, without the blanks around. */
static struct rest take(struct rest *rest, char mark)
{
    size_t end = 0;
    bool quoted = false;
    for (; end < rest->length && (quoted || rest->at[end] != mark); end++) {
        if (quoted && rest->at[end] == '\\' && end + 1 < rest->length)
            end++;
        else if (rest->at[end] == '"')
            quoted = !quoted;
    }
    struct rest taken = {rest->at, end};
    size_t passed = end < rest->length ? end + 1 : end;
    rest->at += passed;
    rest->length -= passed;
    octet_trim(&taken.at, &taken.length);
    return taken;
}

static bool is(struct rest text, const char *wanted, size_t length)
{
    return text.length == length && strncasecmp(text.at, wanted, length) == 0;
}

static enum fit fit_of(struct rest range, const char *type)
{
    const char *slash = strchr(type, '/');
    size_t family = slash ? (size_t)(slash - type) + 1 : 0;
    if (is(range, type, strlen(type)))
        return FIT_EXACT;
    if (!slash)
        return is(range, "*", 1) ? FIT_ANY : FIT_NONE;
    if (range.length == family + 1 && range.at[family] == '*' && strncasecmp(range.at, type, family) == 0)
        return FIT_FAMILY;
    return is(range, "*/*", strlen("*/*")) ? FIT_ANY : FIT_NONE;
}

/* `0.25` as 250: at most three decimals, and not more than 1. */
static bool read_quality(struct rest text, unsigned *ret_quality)
{
    unsigned quality = 0, worth = 1000;
    if (text.length == 0 || text.length > strlen("0.000") || (text.length > 1 && text.at[1] != '.'))
        return false;
    for (size_t i = 0; i < text.length; i++) {
        if (i == 1)
            continue;
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        quality += (unsigned)(text.at[i] - '0') * worth;
        worth /= 10;
    }
    *ret_quality = quality;
    return quality <= 1000;
}

/* The quality among the parameters; false when it is malformed. */
static bool find_quality(struct rest parameters, unsigned *ret_quality)
{
    *ret_quality = 1000;
    while (parameters.length > 0) {
        struct rest value = take(&parameters, ';');
        struct rest name = take(&value, '=');
        if (is(name, "q", 1))
            return read_quality(value, ret_quality);
    }
    return true;
}

/* What the range says that names the type most exactly; of several such the best. */
static struct opinion opinion_of(const char *accept, const char *type)
{
    struct opinion best = {.fit = FIT_NONE};
    struct rest list = {accept, strlen(accept)};
    while (list.length > 0) {
        unsigned quality;
        struct rest parameters = take(&list, ',');
        enum fit fit = fit_of(take(&parameters, ';'), type);
        if (fit == FIT_NONE || fit < best.fit || !find_quality(parameters, &quality))
            continue;
        if (fit > best.fit || quality > best.quality)
            best = (struct opinion){fit, quality};
    }
    return best;
}

bool accept_prefers(const char *accept, const char *type, const char *usual)
{
    if (!accept)
        return false;
    struct opinion of_type = opinion_of(accept, type), of_usual = opinion_of(accept, usual);
    if (of_type.quality != of_usual.quality)
        return of_type.quality > of_usual.quality;
    return of_type.quality > 0 && of_type.fit > of_usual.fit;
}

bool accept_takes(const char *accept_encoding, const char *coding)
{
    return accept_encoding && opinion_of(accept_encoding, coding).quality > 0;
}
