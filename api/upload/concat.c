/* concat.c - finds the ids in the URLs of the parts. See concat.h. */
#include "api/upload/concat.h"

#include "api/http/base_path.h"
#include "api/request/core.h"
#include "api/request/reply.h"
#include "api/text/hex.h"

#include <stdlib.h>
#include <string.h>

static const char final[] = "final;";

bool concat_is_final(const char *value)
{
    return strncmp(value, final, sizeof final - 1) == 0;
}

/* The upload that a URL or a path leads to, if it is one of this store. */
static bool read_part(const struct request *request, const char *text, size_t length, uint64_t *ret_id)
{
    struct uri uri;
    struct captures captures;
    return uri_split(text, length, &uri) && !uri.query.start && base_path_take(request_base_path(request), &uri.path) &&
           route_find(request->api->routes, METHOD_PATCH, uri.path, &captures) && captures.upload.start &&
           slice_is(captures.store, request->store_name) &&
           hex_decode_id(captures.upload.start, captures.upload.length, ret_id);
}

static bool is_named_before(const struct concat *concat)
{
    for (size_t i = 0; i < concat->part_count; i++)
        if (concat->parts[i] == concat->parts[concat->part_count])
            return true;
    return false;
}

/* The first `length` bytes of a list. */
static bool take_part(struct request *request, const char *list, size_t length, struct concat *concat)
{
    const char *fault = NULL;
    if (!read_part(request, list, length, &concat->parts[concat->part_count]))
        fault = "which is no upload of this store";
    else if (is_named_before(concat))
        fault = "which comes twice: each part is gone when the upload is made of it";
    if (fault)
        reply_problem(request, PROBLEM_BAD_HEADER, "Upload-Concat names \"%.*s\", %s.", (int)length, list, fault);
    else
        concat->part_count++;
    return !fault;
}

static bool read_parts(struct request *request, const char *list, struct concat *concat)
{
    concat->parts = calloc(strlen(list) / 2 + 1, sizeof *concat->parts); /* each has a byte and a blank at least */
    if (!concat->parts) {
        reply_error(request, STORE_NO_MEMORY);
        return false;
    }
    for (list += strspn(list, " "); *list != '\0'; list += strspn(list, " ")) {
        size_t length = strcspn(list, " ");
        if (!take_part(request, list, length, concat))
            return false;
        list += length;
    }
    if (concat->part_count == 0)
        reply_problem(request, PROBLEM_BAD_HEADER,
                      "Upload-Concat: final; has the uploads behind it that are to be one, with blanks in between.");
    return concat->part_count > 0;
}

bool concat_read(struct request *request, struct concat *concat)
{
    const char *value = request_field(request, FIELD_UPLOAD_CONCAT);
    concat->partial = value && strcmp(value, "partial") == 0;
    if (!value || concat->partial)
        return true;
    if (concat_is_final(value))
        return read_parts(request, value + sizeof final - 1, concat);
    reply_problem(request, PROBLEM_BAD_HEADER, "Upload-Concat is partial, final; with the parts, or absent.");
    return false;
}

void concat_free(struct concat *concat)
{
    free(concat->parts);
    *concat = (struct concat){0};
}
