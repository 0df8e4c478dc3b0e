/* attributes.c - attributes one behind the other in one allocation, appended and walked. See attributes.h. */
#include "api/http/attributes.h"

#include "api/http/fields.h"
#include "api/http/octet.h"
#include "api/text/utf8.h"
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

enum { FORMAT = 1, HEADER = 3 };

static bool is_text(const char *value, size_t length)
{
    return octet_all(value, length, OCTET_VALUE) && utf8_valid(value, length);
}

/* Makes room for one more attribute and writes its header; NULL when memory is out. */
static uint8_t *grow(struct attributes *attributes, enum attribute_tag tag, size_t length)
{
    size_t old = attributes->length == 0 ? 1 : attributes->length;
    uint8_t *bytes = realloc(attributes->bytes, old + HEADER + length);
    if (!bytes)
        return NULL;
    bytes[0] = FORMAT;
    bytes[old] = (uint8_t)tag;
    bytes[old + 1] = (uint8_t)(length & 0xff);
    bytes[old + 2] = (uint8_t)(length >> 8);
    attributes->bytes = bytes;
    attributes->length = old + HEADER + length;
    return bytes + old + HEADER;
}

static enum attributes_error count_text(struct attributes *attributes, size_t length)
{
    if (length > ATTRIBUTES_TEXT_MAX - attributes->text)
        return ATTRIBUTES_TOO_LARGE;
    attributes->text += length;
    return ATTRIBUTES_OK;
}

static bool has(const struct attributes *attributes, enum attribute_tag tag)
{
    struct attribute attribute;
    size_t position = 0;
    while (attributes_next(attributes->bytes, attributes->length, &position, &attribute))
        if (attribute.tag == tag)
            return true;
    return false;
}

enum attributes_error attributes_add_field(struct attributes *attributes, enum attribute_tag tag, const char *name,
                                           const char *value)
{
    size_t length = strlen(value);
    octet_trim(&value, &length);
    if (length == 0)
        return ATTRIBUTES_OK;
    if (!is_text(value, length))
        return ATTRIBUTES_NOT_TEXT;
    if (has(attributes, tag))
        return ATTRIBUTES_TWICE;
    if (count_text(attributes, strlen(name) + length) != ATTRIBUTES_OK)
        return ATTRIBUTES_TOO_LARGE;
    uint8_t *room = grow(attributes, tag, length);
    if (!room)
        return ATTRIBUTES_NO_MEMORY;
    memcpy(room, value, length);
    return ATTRIBUTES_OK;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool has_meta(const struct attributes *attributes, const char *name, size_t name_length)
{
    struct attribute attribute;
    size_t position = 0;
    while (attributes_next(attributes->bytes, attributes->length, &position, &attribute)) {
        if (attribute.tag != ATTRIBUTE_META || strlen(attribute.name) != name_length)
            continue;
        size_t same = 0;
        while (same < name_length && attribute.name[same] == lower(name[same]))
            same++;
        if (same == name_length)
            return true;
    }
    return false;
}

enum attributes_error attributes_add_meta(struct attributes *attributes, const char *name, size_t name_length,
                                          const char *value)
{
    size_t value_length = strlen(value);
    octet_trim(&value, &value_length);
    size_t shown_length = value_length == 0 ? 1 : value_length; /* a blank: reply.c */
    if (name_length == 0)
        return ATTRIBUTES_NO_NAME;
    if (!is_text(value, value_length))
        return ATTRIBUTES_NOT_TEXT;
    if (has_meta(attributes, name, name_length))
        return ATTRIBUTES_TWICE;
    if (count_text(attributes, strlen(FIELD_META_PREFIX) + name_length + shown_length) != ATTRIBUTES_OK)
        return ATTRIBUTES_TOO_LARGE;
    uint8_t *room = grow(attributes, ATTRIBUTE_META, name_length + 1 + value_length);
    if (!room)
        return ATTRIBUTES_NO_MEMORY;
    for (size_t i = 0; i < name_length; i++)
        room[i] = (uint8_t)lower(name[i]);
    room[name_length] = '\0';
    memcpy(room + name_length + 1, value, value_length);
    return ATTRIBUTES_OK;
}

enum attributes_error attributes_add_digest(struct attributes *attributes, enum attribute_tag tag,
                                            const uint8_t *digest, size_t length)
{
    uint8_t *room = grow(attributes, tag, length);
    if (!room)
        return ATTRIBUTES_NO_MEMORY;
    memcpy(room, digest, length);
    return ATTRIBUTES_OK;
}

enum attributes_error attributes_set(struct attributes *attributes, const void *bytes, size_t length)
{
    uint8_t *copy = malloc(length);
    if (!copy)
        return ATTRIBUTES_NO_MEMORY;
    memcpy(copy, bytes, length);
    attributes_free(attributes);
    attributes->bytes = copy;
    attributes->length = length;
    return ATTRIBUTES_OK;
}

enum attributes_error attributes_set_expiry(struct attributes *attributes, int64_t second)
{
    if (has(attributes, ATTRIBUTE_EXPIRY))
        return ATTRIBUTES_TWICE;
    size_t others = attributes->length > 0 ? attributes->length - 1 : 0;
    uint8_t *bytes = realloc(attributes->bytes, STORE_EXPIRY + others);
    if (!bytes)
        return ATTRIBUTES_NO_MEMORY;
    memmove(bytes + STORE_EXPIRY, bytes + 1, others);
    store_expiry_write(bytes, second);
    attributes->bytes = bytes;
    attributes->length = STORE_EXPIRY + others;
    return ATTRIBUTES_OK;
}

void attributes_free(struct attributes *attributes)
{
    free(attributes->bytes);
    *attributes = (struct attributes){0};
}

/* Parts a meta attribute into its name and its value. */
static bool split_meta(struct attribute *attribute)
{
    const char *end = memchr(attribute->value, '\0', attribute->value_length);
    if (!end)
        return false;
    attribute->name = attribute->value;
    attribute->value_length -= (size_t)(end + 1 - attribute->value);
    attribute->value = end + 1;
    return true;
}

bool attributes_next(const void *bytes, size_t length, size_t *position, struct attribute *ret_attribute)
{
    const uint8_t *from = bytes;
    if (length == 0 || from[0] != FORMAT)
        return false;
    size_t at = *position == 0 ? 1 : *position;
    if (length - at < HEADER)
        return false;
    size_t value_length = from[at + 1] | (size_t)from[at + 2] << 8;
    if (value_length > length - at - HEADER)
        return false;
    struct attribute attribute = {
        .tag = from[at], .value = (const char *)from + at + HEADER, .value_length = value_length};
    if (attribute.tag == ATTRIBUTE_META && !split_meta(&attribute))
        return false;
    *position = at + HEADER + value_length;
    *ret_attribute = attribute;
    return true;
}
