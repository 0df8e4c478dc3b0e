/* metadata.c - splits the field at its commas, decodes each value, and finds a place for it. See metadata.h. */
#include "api/upload/metadata.h"

#include "api/http/kept.h"
#include "api/http/octet.h"
#include "api/http/uri.h"
#include "api/text/base64.h"
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

static const char meta_prefix[] = "meta-";
static const char not_text[] = "a value that is kept with the object is not UTF-8 text without control characters";

static const char *fault_of(enum attributes_error error)
{
    switch (error) {
    case ATTRIBUTES_OK:
        return NULL;
    case ATTRIBUTES_TOO_LARGE:
        return "what is kept with the object has more than 4096 bytes in all";
    case ATTRIBUTES_NOT_TEXT:
        return not_text;
    case ATTRIBUTES_TWICE:
        return "a name comes twice";
    case ATTRIBUTES_NO_NAME:
        return "meta- lacks a name behind its dash";
    case ATTRIBUTES_NO_TIME:
        return "cairn_expires is neither a number of seconds nor an HTTP date, or comes twice";
    case ATTRIBUTES_NO_MEMORY:
        break;
    }
    return "memory is out";
}

static const char *take_key(struct metadata *metadata, char *bytes, size_t length)
{
    if (metadata->key)
        return "key comes twice";
    if (length == 0 || length > STORE_KEY_MAX)
        return "key has no bytes, or more than 1024";
    metadata->key = malloc(length);
    if (!metadata->key)
        return "memory is out";
    memcpy(metadata->key, bytes, length);
    metadata->key_length = length;
    return NULL;
}

/* It comes back as the name of a header field. `value` ends with a NUL, behind its length. */
static const char *take_meta(struct metadata *metadata, struct slice name, const char *value, size_t length)
{
    if (name.length > 0 && !octet_all(name.start, name.length, OCTET_TOKEN))
        return "what stands behind meta- has to be a token, as in the name of a header field";
    if (strlen(value) != length)
        return not_text;
    return fault_of(attributes_add_meta(&metadata->attributes, name.start, name.length, value));
}

static const char *take_kept(struct metadata *metadata, struct slice name, const char *value, size_t length)
{
    for (size_t i = 0; i < KEPT_FIELDS; i++)
        if (slice_is(name, kept_fields[i].member) ||
            (kept_fields[i].tag == ATTRIBUTE_CONTENT_TYPE && slice_is(name, "filetype")))
            return strlen(value) == length ? fault_of(kept_add(&metadata->attributes, &kept_fields[i], value))
                                           : not_text;
    return NULL;
}

static const char *take_expiry(struct metadata *metadata, const char *value, size_t length)
{
    bool good = !metadata->expiry.given && expiry_read(value, length, &metadata->expiry);
    return fault_of(good ? ATTRIBUTES_OK : ATTRIBUTES_NO_TIME);
}

static const char *take(struct metadata *metadata, struct slice name, char *value, size_t length)
{
    static const size_t prefix = sizeof meta_prefix - 1;
    if (slice_is(name, "key"))
        return take_key(metadata, value, length);
    if (slice_is(name, "cairn_expires"))
        return take_expiry(metadata, value, length);
    if (name.length >= prefix && memcmp(name.start, meta_prefix, prefix) == 0)
        return take_meta(metadata, (struct slice){name.start + prefix, name.length - prefix}, value, length);
    return take_kept(metadata, name, value, length);
}

/* A name, and behind a blank its value; one without a value has an empty one. */
static const char *read_pair(struct metadata *metadata, struct slice pair)
{
    const char *blank = memchr(pair.start, ' ', pair.length);
    struct slice name = {pair.start, blank ? (size_t)(blank - pair.start) : pair.length};
    size_t encoded = blank ? pair.length - name.length - 1 : 0, length = 0;
    char *value = malloc(encoded + 1);
    if (!value)
        return "memory is out";
    memcpy(value, blank ? blank + 1 : "", encoded);
    const char *fault = NULL;
    if (encoded > 0 && !base64_decode(value, encoded, &length))
        fault = "a value is not base64";
    if (!fault) {
        value[length] = '\0';
        fault = take(metadata, name, value, length);
    }
    if (fault)
        metadata->culprit = name;
    free(value);
    return fault;
}

static struct slice trimmed(const char *start, size_t length)
{
    octet_trim(&start, &length);
    return (struct slice){start, length};
}

const char *metadata_read(struct metadata *metadata, const char *value)
{
    const char *fault = NULL;
    while (*value != '\0' && !fault) {
        size_t length = strcspn(value, ",");
        struct slice pair = trimmed(value, length);
        if (pair.length > 0) /* an empty element of a list is none: RFC 9110, section 5.6.1 */
            fault = read_pair(metadata, pair);
        value += length;
        value += *value == ',';
    }
    return fault;
}

void metadata_free(struct metadata *metadata)
{
    free(metadata->key);
    attributes_free(&metadata->attributes);
    *metadata = (struct metadata){0};
}
