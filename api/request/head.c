/* head.c - preconditions, and what is kept with an object: read once, and refused in one place. See head.h. */
#include "api/request/head.h"

#include "api/http/kept.h"
#include "api/request/reply.h"

#include <stdlib.h>
#include <string.h>

/* ---- preconditions --------------------------------------------------------------------------- */

static bool settle(struct request *request, enum field field, enum precondition_error error)
{
    if (error == PRECONDITION_NO_MEMORY)
        reply_error(request, STORE_NO_MEMORY);
    else if (error == PRECONDITION_MALFORMED)
        reply_problem(request, PROBLEM_BAD_HEADER, "%s is neither * nor a list of entity tags, each in double quotes.",
                      field_name(field));
    return error == PRECONDITION_OK;
}

bool head_precondition(struct request *request, struct precondition *precondition)
{
    const char *match = request_field(request, FIELD_IF_MATCH);
    const char *none_match = request_field(request, FIELD_IF_NONE_MATCH);
    const char *unmodified_since = request_field(request, FIELD_IF_UNMODIFIED_SINCE);
    if (match && !settle(request, FIELD_IF_MATCH, precondition_match(precondition, match)))
        return false;
    if (!match && unmodified_since)
        precondition_unmodified_since(precondition, unmodified_since);
    return !none_match || settle(request, FIELD_IF_NONE_MATCH, precondition_none_match(precondition, none_match));
}

/* ---- attributes ------------------------------------------------------------------------------ */

struct gather {
    struct attributes *attributes;
    bool piece;  /* the body is a piece of the object's: its own type and coding are not the object's */
    bool yields; /* to what is there already */
    enum attributes_error error;
    const char *culprit;
};

static enum attributes_error gathered(const struct gather *gather, enum attributes_error error)
{
    return gather->yields && error == ATTRIBUTES_TWICE ? ATTRIBUTES_OK : error;
}

static bool is_of_body(const struct kept *kept)
{
    return kept->tag == ATTRIBUTE_CONTENT_TYPE || kept->tag == ATTRIBUTE_CONTENT_ENCODING;
}

static void gather_kept(const struct request *request, const struct kept *kept, struct gather *gather)
{
    const char *value = request_field(request, kept->field);
    if (!value || (gather->piece && is_of_body(kept)))
        return;
    gather->culprit = field_name(kept->field);
    gather->error = gathered(gather, kept_add(gather->attributes, kept, value));
}

static enum MHD_Result gather_meta(void *closure, enum MHD_ValueKind kind, const char *name, size_t name_length,
                                   const char *value, size_t value_length)
{
    static const size_t prefix = sizeof FIELD_META_PREFIX - 1;
    struct gather *gather = closure;
    (void)kind, (void)value_length;
    if (!field_is_meta(name, name_length))
        return MHD_YES;
    gather->culprit = name;
    gather->error = gathered(gather,
                             attributes_add_meta(gather->attributes, name + prefix, name_length - prefix, value));
    return gather->error == ATTRIBUTES_OK ? MHD_YES : MHD_NO;
}

static bool refuse_attributes(struct request *request, const struct gather *gather)
{
    if (gather->error == ATTRIBUTES_NO_MEMORY)
        reply_error(request, STORE_NO_MEMORY);
    else if (gather->error == ATTRIBUTES_TOO_LARGE)
        reply_problem(request, PROBLEM_ATTRIBUTES_TOO_LARGE,
                      "The fields that are kept with the object have more than %d bytes in all.", ATTRIBUTES_TEXT_MAX);
    else if (gather->error == ATTRIBUTES_TWICE)
        reply_problem(request, PROBLEM_BAD_HEADER, "The field %s came twice.", gather->culprit);
    else if (gather->error == ATTRIBUTES_NO_NAME)
        reply_problem(request, PROBLEM_BAD_HEADER, "The field %s lacks a name behind its last dash.", gather->culprit);
    else
        reply_problem(request, PROBLEM_BAD_HEADER, "The value of %s is not UTF-8 text without control characters.",
                      gather->culprit);
    return false;
}

static bool gather_all(struct request *request, struct gather *gather)
{
    for (size_t i = 0; gather->error == ATTRIBUTES_OK && i < KEPT_FIELDS; i++)
        gather_kept(request, &kept_fields[i], gather);
    if (gather->error == ATTRIBUTES_OK && request->fields.meta_count > 0)
        MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, gather_meta, gather);
    return gather->error == ATTRIBUTES_OK || refuse_attributes(request, gather);
}

bool head_attributes(struct request *request, struct attributes *attributes)
{
    struct gather gather = {.attributes = attributes};
    return gather_all(request, &gather);
}

/* They have to be sound by themselves: one that comes twice is no fault only where the other one is there already. */
bool head_attributes_beside(struct request *request, struct attributes *attributes)
{
    struct attributes own = {0};
    struct gather alone = {.attributes = &own, .piece = true};
    struct gather beside = {.attributes = attributes, .piece = true, .yields = true};
    bool sound = gather_all(request, &alone);
    attributes_free(&own);
    return sound && gather_all(request, &beside);
}

bool head_expiry(struct request *request, struct expiry *expiry)
{
    const char *value = request_field(request, FIELD_CAIRN_EXPIRES);
    if (!value || (expiry_read(value, strlen(value), expiry) && expiry_is_ahead(expiry)))
        return true;
    reply_problem(request, PROBLEM_BAD_HEADER, "%s is \"%.64s\": " EXPIRY_RULE ".", field_name(FIELD_CAIRN_EXPIRES),
                  value);
    return false;
}
