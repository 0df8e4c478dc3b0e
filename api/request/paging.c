/* paging.c - reads and writes cursors. See paging.h. */
#include "api/request/paging.h"

#include "api/request/reply.h"

#include <nettle/base64.h>

enum { CURSOR_TEXT = BASE64_ENCODE_RAW_LENGTH(PAGING_CURSOR_MAX) /* padded */ };

bool paging_cursor(struct request *request, uint8_t cursor[PAGING_CURSOR_SIZE], size_t *ret_length)
{
    char text[CURSOR_TEXT + 1];
    struct base64_decode_ctx decode;
    size_t length, decoded = PAGING_CURSOR_SIZE;
    enum uri_parameter found = uri_parameter_bytes(request->query, "cursor", text, sizeof text, &length);
    *ret_length = 0;
    if (found == URI_PARAMETER_ABSENT)
        return true;
    if (found == URI_PARAMETER_MALFORMED || BASE64_DECODE_LENGTH(length) > PAGING_CURSOR_SIZE)
        return false;
    base64url_decode_init(&decode);
    if (!base64_decode_update(&decode, &decoded, cursor, length, text) || !base64_decode_final(&decode))
        return false;
    *ret_length = decoded;
    return true;
}

bool paging_refuse_cursor(struct request *request)
{
    reply_problem(request, PROBLEM_BAD_PARAMETER, "The parameter cursor is not one that a page of this listing gave.");
    return false;
}

void paging_write_cursor(struct jsontext *json, const void *cursor, size_t length)
{
    char text[CURSOR_TEXT + 4];
    struct base64_encode_ctx encode;
    jsontext_name(json, "cursor");
    if (length == 0) {
        jsontext_null(json);
        return;
    }
    base64url_encode_init(&encode);
    size_t written = base64_encode_update(&encode, text, length, cursor);
    written += base64_encode_final(&encode, text + written);
    jsontext_string(json, text, written);
}
