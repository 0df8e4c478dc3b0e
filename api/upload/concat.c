/* concat.c - finds the ids in the URLs of the parts. See concat.h. */
#include "api/upload/concat.h"

#include "api/http/base_path.h"
#include "api/request/core.h"
#include "api/request/reply.h"
#include "api/text/hex.h"
#include "api/upload/label.h"

#include <inttypes.h>
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

/* ---- the parts -------------------------------------------------------------------------------- */

struct part_look {
    const struct request *request;
    struct concat *concat;
};

static bool is_found_unfit(const struct concat *concat)
{
    return concat->misfit.id != 0;
}

/* Thread: the engine's. */
static void look_at_part(void *arg, const struct upload_info *info)
{
    struct part_look *look = arg;
    struct concat *concat = look->concat;
    concat->foreign = !label_permits(look->request, info);
    if (is_found_unfit(concat) || (info->partial && info->offset == info->length))
        return;
    concat->misfit = *info;
    concat->misfit.key = concat->misfit.label = NULL; /* they do not last */
}

enum store_error concat_look(const struct request *request, struct concat *concat)
{
    struct part_look look = {.request = request, .concat = concat};
    enum store_error error = STORE_OK;
    concat->missing = false;
    concat->misfit = (struct upload_info){0};
    for (size_t i = 0; i < concat->part_count && !error && !concat->foreign; i++) {
        error = upload_look(request->store, concat->parts[i], look_at_part, &look);
        if (error == STORE_NO_UPLOAD && !is_found_unfit(concat)) {
            concat->missing = true;
            concat->misfit.id = concat->parts[i];
        }
        error = error == STORE_NO_UPLOAD ? STORE_OK : error;
    }
    return error;
}

bool concat_refuse(struct request *request, const struct concat *concat)
{
    const struct upload_info *part = &concat->misfit;
    bool about_part = request->error == STORE_UPLOAD_PARTS || request->error == STORE_NO_UPLOAD;
    if (!about_part || !is_found_unfit(concat))
        return false;
    if (concat->missing)
        reply_problem(request, PROBLEM_NO_UPLOAD,
                      "The part %016" PRIx64 " is not there: it has expired, was removed, or is in an object by now.",
                      part->id);
    else if (!part->partial)
        reply_problem(request, PROBLEM_UPLOAD_PARTS,
                      "The upload %016" PRIx64 " is no part: it was made without Upload-Concat: partial.", part->id);
    else if (part->length == STORE_SIZE_UNKNOWN)
        reply_problem(request, PROBLEM_UPLOAD_PARTS,
                      "The part %016" PRIx64 " has %" PRIu64 " bytes, and how many it will have was not told: "
                      "tell it by Upload-Length in a PATCH, and then ask again.",
                      part->id, part->offset);
    else
        reply_problem(request, PROBLEM_UPLOAD_PARTS,
                      "The part %016" PRIx64 " has %" PRIu64 " of its %" PRIu64 " bytes: "
                      "bring the rest, and then ask again.",
                      part->id, part->offset, part->length);
    return true;
}

void concat_free(struct concat *concat)
{
    free(concat->parts);
    *concat = (struct concat){0};
}
