/* link.c - a link's parameters, read and written, and the HMAC over what they allow. See link.h. */
#include "api/access/link.h"
#include "api/text/decimal.h"

#include <nettle/base64.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <string.h>

#define VERSION "v1"

/* ---- the query ------------------------------------------------------------------------------- */

static const char *const names[] = {"cairn-key", "cairn-expires", "cairn-size", "cairn-type", "cairn-signature"};

enum { PARAMETERS = sizeof names / sizeof *names };

/* The parameter of that name; PARAMETERS: it is none of a link. */
static size_t parameter_of(struct slice name)
{
    size_t parameter = 0;
    while (parameter < PARAMETERS && !slice_is(name, names[parameter]))
        parameter++;
    return parameter;
}

bool link_parameter(struct slice name)
{
    return parameter_of(name) < PARAMETERS;
}

bool link_in_query(struct slice query)
{
    struct slice name, value;
    while (uri_next_parameter(&query, &name, &value))
        if (link_parameter(name))
            return true;
    return false;
}

/* Two readers may take different ones for it. */
static bool is_twice(struct slice query)
{
    unsigned seen = 0;
    struct slice name, value;
    while (uri_next_parameter(&query, &name, &value)) {
        size_t parameter = parameter_of(name);
        if (parameter < PARAMETERS && seen & 1U << parameter)
            return true;
        seen |= parameter < PARAMETERS ? 1U << parameter : 0;
    }
    return false;
}

static bool is_number(const char *text, uint64_t most)
{
    uint64_t number;
    return decimal_parse(text, strlen(text), most, &number);
}

/* Of a text that was seen to be one. */
static uint64_t number_of(const char *text)
{
    return decimal_read(text, strlen(text)).number;
}

bool link_type_valid(const char *type, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (type[i] < ' ' || type[i] > '~')
            return false;
    return length < LINK_TYPE_SIZE && (length == 0 || (type[0] != ' ' && type[length - 1] != ' '));
}

bool link_read(struct link *link, struct slice query)
{
    const struct {
        char *value;
        size_t size;
    } places[PARAMETERS] = {{link->key, sizeof link->key},
                            {link->expires, sizeof link->expires},
                            {link->size, sizeof link->size},
                            {link->type, sizeof link->type},
                            {link->signature, sizeof link->signature}};
    *link = (struct link){0};
    for (size_t i = 0; i < PARAMETERS; i++)
        if (uri_parameter(query, names[i], places[i].value, places[i].size) == URI_PARAMETER_MALFORMED)
            return false;
    return !is_twice(query) && is_number(link->expires, INT64_MAX) &&
           (*link->size == '\0' || is_number(link->size, UINT64_MAX)) &&
           link_type_valid(link->type, strlen(link->type));
}

void link_write(const struct link *link, char query[LINK_QUERY_SIZE])
{
    const char *values[PARAMETERS] = {link->key, link->expires, link->size, link->type, link->signature};
    char *end = query;
    for (size_t i = 0; i < PARAMETERS; i++) {
        if (*values[i] == '\0')
            continue;
        if (end > query)
            *end++ = '&';
        end = stpcpy(stpcpy(end, names[i]), "=");
        end += uri_encode_value(end, values[i], strlen(values[i]));
    }
    *end = '\0';
}

/* ---- the signature --------------------------------------------------------------------------- */

/* Most fields end with their line. */
static void add_line(struct hmac_sha256_ctx *state, const char *text)
{
    hmac_sha256_update(state, strlen(text), (const uint8_t *)text);
    hmac_sha256_update(state, 1, (const uint8_t *)"\n");
}

static void make_signature(char text[LINK_SIGNATURE_SIZE], const struct link *link, const char *secret,
                           const struct link_target *target)
{
    uint8_t sum[SHA256_DIGEST_SIZE];
    char padded[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE)];
    struct hmac_sha256_ctx state;
    struct base64_encode_ctx encode;
    hmac_sha256_set_key(&state, strlen(secret), (const uint8_t *)secret);
    const char *lines[] = {VERSION, target->method, link->expires, link->size, link->type, target->store};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        add_line(&state, lines[i]);
    hmac_sha256_update(&state, target->object_length, target->object);
    hmac_sha256_digest(&state, sizeof sum, sum);
    base64url_encode_init(&encode);
    size_t length = base64_encode_update(&encode, padded, sizeof sum, sum);
    base64_encode_final(&encode, padded + length);
    memcpy(text, padded, LINK_SIGNATURE_SIZE - 1);
    text[LINK_SIGNATURE_SIZE - 1] = '\0';
    explicit_bzero(&state, sizeof state);
}

void link_sign(struct link *link, const struct link_key *key, const struct link_target *target)
{
    make_signature(link->signature, link, key->secret, target);
}

bool link_holds(const struct link *link, const struct link_key *key, const struct link_target *target, int64_t now)
{
    char wanted[LINK_SIGNATURE_SIZE];
    make_signature(wanted, link, key->secret, target);
    return memeql_sec(wanted, link->signature, sizeof wanted) != 0 && (int64_t)number_of(link->expires) > now;
}

uint64_t link_size_limit(const struct link *link)
{
    return *link->size == '\0' ? UINT64_MAX : number_of(link->size);
}
