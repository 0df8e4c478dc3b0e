/* kept.c - the table: field, attribute and member of JSON. See kept.h. */
#include "api/http/kept.h"

const struct kept kept_fields[KEPT_FIELDS] = {
    {FIELD_CONTENT_TYPE, ATTRIBUTE_CONTENT_TYPE, "content_type"},
    {FIELD_CACHE_CONTROL, ATTRIBUTE_CACHE_CONTROL, "cache_control"},
    {FIELD_CONTENT_DISPOSITION, ATTRIBUTE_CONTENT_DISPOSITION, "content_disposition"},
    {FIELD_CONTENT_ENCODING, ATTRIBUTE_CONTENT_ENCODING, "content_encoding"},
    {FIELD_CONTENT_LANGUAGE, ATTRIBUTE_CONTENT_LANGUAGE, "content_language"},
    {FIELD_EXPIRES, ATTRIBUTE_EXPIRES, "expires"},
};

const struct kept *kept_of(enum attribute_tag tag)
{
    for (size_t i = 0; i < KEPT_FIELDS; i++)
        if (kept_fields[i].tag == tag)
            return &kept_fields[i];
    return NULL;
}

enum attributes_error kept_add(struct attributes *attributes, const struct kept *kept, const char *value)
{
    if (kept->tag == ATTRIBUTE_CONTENT_ENCODING && field_holds_only(value, "identity"))
        return ATTRIBUTES_OK;
    return attributes_add_field(attributes, kept->tag, field_name(kept->field), value);
}
