/* sums.c - reads what is told in the head and in the trailers, each with its refusal, and compares. See sums.h. */
#include "api/request/sums.h"

#include "api/http/digest.h"
#include "api/request/reply.h"

#include <stdlib.h>
#include <string.h>

/* ---- the head -------------------------------------------------------------------------------- */

/* In a trailer come the first two: an MD5 is for those who know nothing newer. */
static const enum field telling[] = {FIELD_CONTENT_DIGEST, FIELD_REPR_DIGEST, FIELD_CONTENT_MD5};
enum { TOLD = sizeof telling / sizeof *telling, TRAILING = 2 };

static bool expect(struct request *request, enum field field, const char *value)
{
    struct digest *digest = request->digest;
    if (!value)
        return true;
    if (field == FIELD_CONTENT_MD5 ? digest_expect_md5(digest, value) : digest_expect_list(digest, value))
        return true;
    request_tear(request, PROBLEM_BAD_HEADER, "%s is malformed: it has to be %s.", field_name(field),
                 field == FIELD_CONTENT_MD5 ? "16 bytes in base64" : "sha-256=:32 bytes in base64:");
    return false;
}

bool sums_announced(const struct request *request, enum field field)
{
    const char *trailer = request_field(request, FIELD_TRAILER);
    return trailer && request->body_length == STORE_SIZE_UNKNOWN && strcasestr(trailer, field_name(field));
}

/* It is then made while the body comes. */
static bool any_announced(const struct request *request)
{
    return sums_announced(request, FIELD_CONTENT_DIGEST) || sums_announced(request, FIELD_REPR_DIGEST);
}

const char *sums_field(const struct request *request)
{
    for (size_t i = 0; i < TOLD; i++)
        if (request_field(request, telling[i]) || (i < TRAILING && sums_announced(request, telling[i])))
            return field_name(telling[i]);
    return NULL;
}

bool sums_expect(struct request *request)
{
    if (!sums_field(request))
        return true;
    request->digest = malloc(sizeof *request->digest);
    if (!request->digest) {
        reply_error(request, STORE_NO_MEMORY);
        return false;
    }
    digest_init(request->digest);
    if (any_announced(request))
        digest_want_sha256(request->digest);
    for (size_t i = 0; i < TOLD; i++)
        if (!expect(request, telling[i], request_field(request, telling[i])))
            return false;
    return true;
}

/* ---- the body -------------------------------------------------------------------------------- */

void sums_take(struct request *request, const char *bytes, size_t length)
{
    if (request->digest && !request->endpoint->sums)
        digest_update(request->digest, bytes, length);
}

/* ---- behind it ------------------------------------------------------------------------------- */

struct trailers {
    struct fields fields;
    bool no_memory;
};

/* One that comes twice and is no list is none of those that are looked at. */
static enum MHD_Result add_trailer(void *closure, enum MHD_ValueKind kind, const char *name, size_t name_length,
                                   const char *value, size_t value_length)
{
    struct trailers *trailers = closure;
    enum field twice;
    (void)kind;
    enum fields_error error = fields_add(&trailers->fields, name, name_length, (char *)(uintptr_t)value, value_length,
                                         &twice);
    trailers->no_memory = error == FIELDS_NO_MEMORY;
    return trailers->no_memory ? MHD_NO : MHD_YES;
}

static bool expect_trailer(struct request *request, const struct trailers *trailers, enum field field)
{
    const char *value = trailers->fields.values[field];
    if (!value || (request->digest && request->digest->sha256.wanted && field != FIELD_CONTENT_MD5))
        return expect(request, field, value);
    if (request->endpoint->tus)
        request_tear(request, PROBLEM_BAD_HEADER,
                     "%s is not compared here: tell the sum of the bytes of each request by %s, in front of them.",
                     field_name(field), field_name(FIELD_UPLOAD_CHECKSUM));
    else if (field == FIELD_CONTENT_MD5)
        request_tear(request, PROBLEM_BAD_HEADER, "%s has to stand in front of the body; behind it %s may.",
                     field_name(field), field_name(FIELD_CONTENT_DIGEST));
    else
        request_tear(request, PROBLEM_BAD_HEADER, "A digest after the body has to be announced before it: Trailer: %s.",
                     field_name(field));
    return false;
}

/* The sum of the bytes of one request of tus is made while they come, if it is told in front of them. */
static bool lacks_checksum(struct request *request, const struct trailers *trailers)
{
    if (!request->endpoint->tus || !trailers->fields.values[FIELD_UPLOAD_CHECKSUM])
        return true;
    request_tear(request, PROBLEM_BAD_HEADER, "%s has to stand in front of the bytes: behind them it is not compared.",
                 field_name(FIELD_UPLOAD_CHECKSUM));
    return false;
}

static bool read_trailers(struct request *request)
{
    struct trailers trailers = {0};
    if (request->body_length != STORE_SIZE_UNKNOWN)
        return true;
    MHD_get_connection_values_n(request->connection, MHD_FOOTER_KIND, add_trailer, &trailers);
    bool good = !trailers.no_memory;
    if (trailers.no_memory)
        reply_error(request, STORE_NO_MEMORY);
    for (size_t i = 0; good && i < TOLD; i++)
        good = expect_trailer(request, &trailers, telling[i]);
    good = good && lacks_checksum(request, &trailers);
    fields_free(&trailers.fields);
    return good;
}

bool sums_hold(struct request *request)
{
    if (!request->endpoint->receive)
        return true; /* whatever came was dropped */
    if (!read_trailers(request))
        return false;
    if (!request->digest || request->endpoint->sums || digest_verify(request->digest))
        return true;
    reply_problem(request, PROBLEM_DIGEST_MISMATCH,
                  "The body does not have the digest that its sender announced, and nothing was done with it: send it "
                  "again.");
    return false;
}
