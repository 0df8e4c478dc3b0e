/* object_json.c - an object's members, where it stands and what it carries. See object_json.h. */
#include "api/request/object_json.h"

#include "api/http/etag.h"
#include "api/http/http_date.h"
#include "api/http/kept.h"
#include "api/text/timestamp.h"

#include <string.h>

static void write_content_type(struct jsontext *json, const struct object_info *info)
{
    const char *type = "application/octet-stream";
    size_t length = strlen(type), position = 0;
    struct attribute attribute;
    while (attributes_next(info->attributes, info->attributes_length, &position, &attribute))
        if (attribute.tag == ATTRIBUTE_CONTENT_TYPE) {
            type = attribute.value;
            length = attribute.value_length;
        }
    jsontext_name(json, "content_type");
    jsontext_string(json, type, length);
}

void object_json_write(struct jsontext *json, const struct object_info *info)
{
    char etag[ETAG_SIZE];
    etag_write(etag, &info->digest);
    jsontext_key(json, info->key, info->key_length);
    jsontext_name(json, "key_hash");
    jsontext_hash(json, info->key_hash);
    jsontext_figure(json, "size", info->size);
    jsontext_field(json, "etag", etag);
    write_content_type(json, info);
}

void object_json_write_meta(struct jsontext *json, const struct object_info *info)
{
    size_t position = 0;
    struct attribute attribute;
    jsontext_name(json, "meta");
    jsontext_open(json, '{');
    while (attributes_next(info->attributes, info->attributes_length, &position, &attribute))
        if (attribute.tag == ATTRIBUTE_META) {
            jsontext_name(json, attribute.name);
            jsontext_string(json, attribute.value, attribute.value_length);
        }
    jsontext_close(json, '}');
}

void object_json_write_kept(struct jsontext *json, const struct object_info *info)
{
    size_t position = 0;
    struct attribute attribute;
    while (attributes_next(info->attributes, info->attributes_length, &position, &attribute)) {
        const struct kept *kept = kept_of(attribute.tag);
        if (!kept || kept->tag == ATTRIBUTE_CONTENT_TYPE)
            continue;
        jsontext_name(json, kept->member);
        jsontext_string(json, attribute.value, attribute.value_length);
    }
    if (!info->expires)
        return;
    char date[HTTP_DATE_SIZE];
    http_date_write(date, info->expires);
    jsontext_field(json, "cairn_expires", date);
}

void object_json_write_place(struct jsontext *json, const struct object_info *info)
{
    char modified[TIMESTAMP_SIZE];
    timestamp_write(modified, info->modified);
    jsontext_field(json, "modified", modified);
    jsontext_figure(json, "offset", info->offset);
}
