/* tus.c - reads the fields of tus 1.0.0. See tus.h. */
#include "api/upload/tus.h"

#include "api/request/body.h"
#include "api/request/reply.h"
#include "api/request/sums.h"
#include "api/text/decimal.h"

#include <string.h>

bool tus_body(struct request *request)
{
    if (body_is(request, "application/offset+octet-stream"))
        return true;
    reply_problem(request, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
                  "The bytes of an upload come as Content-Type: application/offset+octet-stream.");
    return false;
}

bool tus_number(struct request *request, enum field field, bool needed, uint64_t *ret_number)
{
    const char *value = request_field(request, field);
    if (!value && !needed)
        return true;
    if (value && decimal_parse(value, strlen(value), INT64_MAX, ret_number))
        return true;
    reply_problem(request, PROBLEM_BAD_HEADER, "%s has to be a number of bytes.", field_name(field));
    return false;
}

/* The tools that know digests are not those that know tus: one sum is enough. */
static bool lacks_digests(struct request *request)
{
    if (!request->digest)
        return true;
    reply_problem(request, PROBLEM_BAD_HEADER,
                  "%s is not compared here: tell the sum of the bytes of each request by Upload-Checksum, with an "
                  "algorithm of " CHECKSUM_ALGORITHMS ".",
                  sums_field(request));
    return false;
}

bool tus_checksum(struct request *request, struct checksum *checksum)
{
    const char *value = request_field(request, FIELD_UPLOAD_CHECKSUM);
    if (!lacks_digests(request))
        return false;
    if (sums_announced(request, FIELD_UPLOAD_CHECKSUM)) {
        reply_problem(request, PROBLEM_BAD_HEADER,
                      "Upload-Checksum has to stand in front of the bytes, not behind them.");
        return false;
    }
    if (!value || checksum_expect(checksum, value))
        return true;
    reply_problem(request, PROBLEM_BAD_HEADER,
                  "Upload-Checksum has to be an algorithm of " CHECKSUM_ALGORITHMS " and a sum in base64.");
    return false;
}
