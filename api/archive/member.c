/* member.c - the keys that are paths, and the records of those that are not. See member.h. */
#include "api/archive/member.h"

#include "api/http/etag.h"
#include "api/http/expiry.h"
#include "api/http/http_date.h"
#include "api/http/kept.h"
#include "api/http/octet.h"
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

static const char expiry_name[] = "cairn_expires";

static void expiry_record(struct tar_text *records, const struct object_info *info)
{
    char date[HTTP_DATE_SIZE];
    if (!info->expires)
        return;
    http_date_write(date, info->expires);
    own_record(records, expiry_name, "", date, strlen(date));
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
    while (shown > 1 && ((const char *)info->key)[shown - 1] == '/')
        shown--; /* a name that ends so is a folder's */
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
    expiry_record(records, info);
    tar_member(out, records, name, info->size, info->modified);
}

/* ---- read ------------------------------------------------------------------------------------ */

/* The part of the keyword behind our prefix; its length is 0 where it is another one's. */
static struct slice own_name(const struct tar_item *item)
{
    static const size_t prefix = sizeof MEMBER_PREFIX - 1;
    if (item->keyword_length < prefix || memcmp(item->keyword, MEMBER_PREFIX, prefix) != 0)
        return (struct slice){item->keyword, 0};
    return (struct slice){item->keyword + prefix, item->keyword_length - prefix};
}

/* The last record of ours that has this name; false when there is none. */
static bool find_own(const struct tar *tar, const char *name, struct slice *ret_value)
{
    struct tar_item item;
    size_t position = 0;
    bool found = false;
    while (tar_next_item(tar, &position, &item))
        if (slice_is(own_name(&item), name)) {
            *ret_value = (struct slice){item.value, item.value_length};
            found = true;
        }
    return found;
}

bool member_is_own(const struct tar *tar)
{
    struct slice etag;
    return find_own(tar, "etag", &etag);
}

bool member_looks_own(const struct tar *tar)
{
    return tar_is_own_header(tar->block);
}

static const char *key_of_hash(struct slice text, struct slice prefix, struct store_key *ret_key)
{
    uint64_t hash;
    if (!hex_decode_hash(text.start, text.length, &hash))
        return "its record key_hash is not 16 hexadecimal digits";
    if (prefix.length > 0)
        return "it is known by its hash only, and cannot be below a prefix";
    *ret_key = store_key_of_hash(hash);
    return NULL;
}

/* `tar -C folder .` has this in front of everything. */
static struct slice without_dot(struct slice path)
{
    while (path.length >= 2 && memcmp(path.start, "./", 2) == 0) {
        path.start += 2;
        path.length -= 2;
    }
    return path;
}

const char *member_key(const struct tar *tar, struct slice prefix, char bytes[STORE_KEY_MAX], struct store_key *ret_key)
{
    char decoded[3 * STORE_KEY_MAX];
    struct slice key = without_dot((struct slice){tar->path, tar->path_length}), told;
    if (find_own(tar, "key_hash", &told))
        return key_of_hash(told, prefix, ret_key);
    if (find_own(tar, "key", &told)) {
        if (told.length > sizeof decoded || !uri_decode(told, decoded, &key.length))
            return "its record key is not percent-encoded, or too long";
        key.start = decoded;
    }
    if (key.length == 0)
        return "it has no name";
    if (key.length > STORE_KEY_MAX - prefix.length)
        return "its key would have more than 1024 bytes";
    memcpy(bytes, prefix.start, prefix.length);
    memcpy(bytes + prefix.length, key.start, key.length);
    *ret_key = store_key_of(bytes, prefix.length + key.length);
    return NULL;
}

/* A sum of so many bytes, if there is one; false: it is none. */
static bool find_sum(const struct tar *tar, const char *name, uint8_t *bytes, size_t size, const uint8_t **ret_sum)
{
    struct slice text;
    if (!find_own(tar, name, &text))
        return true;
    *ret_sum = bytes;
    return text.length == 2 * size && hex_decode_lower(text.start, bytes, size);
}

/* False: the record is none. */
static bool find_etag(const struct tar *tar, struct member_etag *ret_etag)
{
    struct slice text;
    *ret_etag = (struct member_etag){.told = find_own(tar, "etag", &text)};
    return !ret_etag->told || etag_read(text.start, text.length, &ret_etag->digest);
}

const char *member_sums(const struct tar *tar, struct digest *digest, struct member_etag *ret_etag)
{
    uint8_t sha256_bytes[ATTRIBUTES_SHA256], md5_bytes[ATTRIBUTES_MD5];
    const uint8_t *sha256 = NULL, *md5 = NULL;
    if (!find_sum(tar, "sha256", sha256_bytes, sizeof sha256_bytes, &sha256))
        return "its record sha256 is not 64 hexadecimal digits in lower case";
    if (!find_sum(tar, "md5", md5_bytes, sizeof md5_bytes, &md5))
        return "its record md5 is not 32 hexadecimal digits in lower case";
    if (!find_etag(tar, ret_etag))
        return "its record etag is not 32 hexadecimal digits in lower case, in quotes";
    digest_expect_sums(digest, sha256, md5);
    return NULL;
}

static const struct kept *kept_by_member(struct slice name)
{
    for (size_t i = 0; i < KEPT_FIELDS; i++)
        if (slice_is(name, kept_fields[i].member))
            return &kept_fields[i];
    return NULL;
}

bool member_has_expired(const struct tar *tar)
{
    struct slice date;
    return find_own(tar, expiry_name, &date) && expiry_has_passed(date.start, date.length);
}

/* A date that has passed is one, also where no object can have it. */
static enum attributes_error add_expiry(struct attributes *attributes, const char *value)
{
    struct expiry expiry;
    if (!expiry_read(value, strlen(value), &expiry))
        return expiry_has_passed(value, strlen(value)) ? ATTRIBUTES_OK : ATTRIBUTES_NO_TIME;
    if (expiry.from_now && !expiry_is_ahead(&expiry))
        return ATTRIBUTES_NO_TIME;
    return attributes_set_expiry(attributes, expiry_second(&expiry));
}

static enum attributes_error add_attribute(struct attributes *attributes, struct slice name, const char *value)
{
    static const char meta[] = "meta.";
    const struct kept *kept = kept_by_member(name);
    if (kept)
        return kept_add(attributes, kept, value);
    if (slice_is(name, expiry_name))
        return add_expiry(attributes, value);
    if (name.length < strlen(meta) || memcmp(name.start, meta, strlen(meta)) != 0)
        return ATTRIBUTES_OK;
    name.start += strlen(meta);
    name.length -= strlen(meta);
    return octet_all(name.start, name.length, OCTET_TOKEN)
               ? attributes_add_meta(attributes, name.start, name.length, value)
               : ATTRIBUTES_NO_NAME;
}

static const char *attributes_fault(enum attributes_error error)
{
    switch (error) {
    case ATTRIBUTES_OK:
        return NULL;
    case ATTRIBUTES_TOO_LARGE:
        return "what is to be kept with it has more than 4096 bytes";
    case ATTRIBUTES_NOT_TEXT:
        return "a value that is to be kept with it is not UTF-8 text";
    case ATTRIBUTES_TWICE:
        return "two of its records have one name";
    case ATTRIBUTES_NO_NAME:
        return "one of its records meta.NAME has a name that no header field can have";
    case ATTRIBUTES_NO_TIME:
        return "its record cairn_expires is neither an HTTP date nor a number of seconds to come";
    case ATTRIBUTES_NO_MEMORY:
        break;
    }
    return "memory is short";
}

const char *member_attributes(const struct tar *tar, struct attributes *attributes)
{
    char value[ATTRIBUTES_TEXT_MAX + 1];
    struct tar_item item;
    size_t position = 0;
    enum attributes_error error = ATTRIBUTES_OK;
    while (error == ATTRIBUTES_OK && tar_next_item(tar, &position, &item)) {
        struct slice name = own_name(&item);
        if (name.length == 0)
            continue;
        if (item.value_length > ATTRIBUTES_TEXT_MAX)
            return attributes_fault(ATTRIBUTES_TOO_LARGE);
        memcpy(value, item.value, item.value_length);
        value[item.value_length] = '\0';
        error = memchr(value, '\0', item.value_length) ? ATTRIBUTES_NOT_TEXT : add_attribute(attributes, name, value);
    }
    return attributes_fault(error);
}
