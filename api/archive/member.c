/* member.c - the keys that are paths, and the records of those that are not. See member.h. */
#include "api/archive/member.h"

#include "api/http/etag.h"
#include "api/http/kept.h"
#include "api/http/uri.h"
#include "api/text/hex.h"
#include "api/text/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PART_MAX = 255, NAME_SIZE = sizeof MEMBER_FOLDER + 32 };

static bool is_part(const char *part, size_t length)
{
    return length >= 1 && length <= PART_MAX && !uri_is_dots(part, length);
}

bool member_is_path(const void *key, size_t length)
{
    const char *at = key, *end = at + length, *slash;
    if (!utf8_valid(key, length) || memchr(key, '\0', length) ||
        (length >= strlen(MEMBER_FOLDER) && memcmp(key, MEMBER_FOLDER, strlen(MEMBER_FOLDER)) == 0))
        return false;
    for (; (slash = memchr(at, '/', (size_t)(end - at))); at = slash + 1)
        if (!is_part(at, (size_t)(slash - at)))
            return false;
    return is_part(at, (size_t)(end - at));
}

static void own_record(struct tar_text *records, const char *name, const char *detail, const void *value, size_t length)
{
    char keyword[sizeof MEMBER_PREFIX + ATTRIBUTES_TEXT_MAX + 32];
    snprintf(keyword, sizeof keyword, "%s%s%s", MEMBER_PREFIX, name, detail);
    tar_record(records, keyword, value, length);
}

static void digest_record(struct tar_text *records, const char *name, const struct attribute *attribute)
{
    char text[2 * ATTRIBUTES_SHA256];
    if (attribute->value_length > ATTRIBUTES_SHA256)
        return;
    hex_encode(text, (const uint8_t *)attribute->value, attribute->value_length);
    own_record(records, name, "", text, 2 * attribute->value_length);
}

static void attribute_record(struct tar_text *records, const struct attribute *attribute)
{
    const struct kept *kept = kept_of(attribute->tag);
    if (kept)
        own_record(records, kept->member, "", attribute->value, attribute->value_length);
    else if (attribute->tag == ATTRIBUTE_META)
        own_record(records, "meta.", attribute->name, attribute->value, attribute->value_length);
    else if (attribute->tag == ATTRIBUTE_SHA256)
        digest_record(records, "sha256", attribute);
    else if (attribute->tag == ATTRIBUTE_MD5)
        digest_record(records, "md5", attribute);
}

/* The path of an object that has none: below a folder of ours, by what no two keys have in common. */
static void hidden_path(struct tar_text *records, const struct object_info *info, char name[NAME_SIZE])
{
    char text[3 * STORE_KEY_MAX];
    size_t length;
    if (info->key) {
        struct store_digest digest = store_digest_of(info->key, info->key_length);
        memcpy(name, MEMBER_FOLDER, strlen(MEMBER_FOLDER));
        hex_encode(name + strlen(MEMBER_FOLDER), digest.bytes, sizeof digest.bytes);
        name[NAME_SIZE - 1] = '\0';
        length = uri_encode_value(text, info->key, info->key_length);
        own_record(records, "key", "", text, length);
    } else {
        length = (size_t)snprintf(text, sizeof text, "%016" PRIx64, info->key_hash);
        snprintf(name, NAME_SIZE, MEMBER_FOLDER "%016" PRIx64, info->key_hash);
        own_record(records, "key_hash", "", text, length);
    }
    tar_record(records, "path", name, strlen(name));
}

static void key_record(struct tar_text *records, const struct object_info *info, char name[NAME_SIZE])
{
    if (!info->key || !member_is_path(info->key, info->key_length)) {
        hidden_path(records, info, name);
        return;
    }
    size_t shown = info->key_length < NAME_SIZE - 1 ? info->key_length : NAME_SIZE - 1;
    memcpy(name, info->key, shown);
    name[shown] = '\0';
    tar_record(records, "path", info->key, info->key_length);
}

void member_write(struct tar_text *out, struct tar_text *records, const struct object_info *info)
{
    char name[NAME_SIZE], etag[ETAG_SIZE];
    struct attribute attribute;
    size_t position = 0;
    key_record(records, info, name);
    etag_write(etag, &info->digest);
    own_record(records, "etag", "", etag, strlen(etag));
    while (attributes_next(info->attributes, info->attributes_length, &position, &attribute))
        attribute_record(records, &attribute);
    tar_member(out, records, name, info->size, info->modified);
}
