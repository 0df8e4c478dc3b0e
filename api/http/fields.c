/* fields.c - the table of known fields, in the order of their lengths; what comes in several lines is joined. See
 * fields.h. */
#include "api/http/fields.h"

#include "api/http/octet.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct joined {
    struct joined *next;
    char value[];
};

struct known {
    const char *name;
    size_t length;
    bool list; /* may come in several lines */
};

#define KNOWN(name, list)                                                                                              \
    {                                                                                                                  \
        name, sizeof(name) - 1, list                                                                                   \
    }

/* In the order of their lengths. */
static const struct known known[FIELDS] = {
    [FIELD_HOST] = KNOWN("Host", false),
    [FIELD_RANGE] = KNOWN("Range", false),
    [FIELD_ACCEPT] = KNOWN("Accept", true),
    [FIELD_EXPECT] = KNOWN("Expect", true),
    [FIELD_ORIGIN] = KNOWN("Origin", false),
    [FIELD_EXPIRES] = KNOWN("Expires", false),
    [FIELD_TRAILER] = KNOWN("Trailer", true),
    [FIELD_IF_MATCH] = KNOWN("If-Match", true),
    [FIELD_IF_RANGE] = KNOWN("If-Range", false),
    [FIELD_OVERWRITE] = KNOWN("Overwrite", false),
    [FIELD_CONTENT_MD5] = KNOWN("Content-MD5", false),
    [FIELD_DESTINATION] = KNOWN("Destination", false),
    [FIELD_REPR_DIGEST] = KNOWN("Repr-Digest", true),
    [FIELD_CONTENT_TYPE] = KNOWN("Content-Type", false),
    [FIELD_X_REQUEST_ID] = KNOWN("X-Request-Id", true), /* two are none: they are not worth a refusal */
    [FIELD_AUTHORIZATION] = KNOWN("Authorization", false),
    [FIELD_CAIRN_EXPIRES] = KNOWN("Cairn-Expires", false),
    [FIELD_CACHE_CONTROL] = KNOWN("Cache-Control", true),
    [FIELD_CONTENT_RANGE] = KNOWN("Content-Range", false),
    [FIELD_IF_NONE_MATCH] = KNOWN("If-None-Match", true),
    [FIELD_TUS_RESUMABLE] = KNOWN("Tus-Resumable", false),
    [FIELD_UPLOAD_CONCAT] = KNOWN("Upload-Concat", false),
    [FIELD_UPLOAD_LENGTH] = KNOWN("Upload-Length", false),
    [FIELD_UPLOAD_OFFSET] = KNOWN("Upload-Offset", false),
    [FIELD_LAST_EVENT_ID] = KNOWN("Last-Event-ID", false),
    [FIELD_CONTENT_DIGEST] = KNOWN("Content-Digest", true),
    [FIELD_CONTENT_LENGTH] = KNOWN("Content-Length", false),
    [FIELD_SEC_FETCH_SITE] = KNOWN("Sec-Fetch-Site", false),
    [FIELD_ACCEPT_ENCODING] = KNOWN("Accept-Encoding", true),
    [FIELD_X_FORWARDED_FOR] = KNOWN("X-Forwarded-For", true),
    [FIELD_UPLOAD_CHECKSUM] = KNOWN("Upload-Checksum", false),
    [FIELD_UPLOAD_COMPLETE] = KNOWN("Upload-Complete", false),
    [FIELD_UPLOAD_METADATA] = KNOWN("Upload-Metadata", false),
    [FIELD_CONTENT_ENCODING] = KNOWN("Content-Encoding", true),
    [FIELD_CONTENT_LANGUAGE] = KNOWN("Content-Language", true),
    [FIELD_WANT_REPR_DIGEST] = KNOWN("Want-Repr-Digest", true),
    [FIELD_IF_MODIFIED_SINCE] = KNOWN("If-Modified-Since", false),
    [FIELD_TRANSFER_ENCODING] = KNOWN("Transfer-Encoding", false),
    [FIELD_UPLOAD_INCOMPLETE] = KNOWN("Upload-Incomplete", false),
    [FIELD_CONTENT_DISPOSITION] = KNOWN("Content-Disposition", false),
    [FIELD_IF_UNMODIFIED_SINCE] = KNOWN("If-Unmodified-Since", false),
    [FIELD_UPLOAD_DEFER_LENGTH] = KNOWN("Upload-Defer-Length", false),
    [FIELD_X_HTTP_METHOD_OVERRIDE] = KNOWN("X-HTTP-Method-Override", false),
    [FIELD_ACCESS_CONTROL_REQUEST_METHOD] = KNOWN("Access-Control-Request-Method", false),
    [FIELD_ACCESS_CONTROL_REQUEST_HEADERS] = KNOWN("Access-Control-Request-Headers", true),
};

const char *field_name(enum field field)
{
    return known[field].name;
}

bool field_holds_only(const char *list, const char *wanted)
{
    while (*list != '\0') {
        list += strspn(list, ", \t");
        size_t length = strcspn(list, ",");
        size_t trimmed = length;
        while (trimmed > 0 && octet_is(list[trimmed - 1], OCTET_BLANK))
            trimmed--;
        if (trimmed > 0 && (trimmed != strlen(wanted) || strncasecmp(list, wanted, trimmed) != 0))
            return false;
        list += length;
    }
    return true;
}

bool field_is_meta(const char *name, size_t name_length)
{
    static const size_t prefix = sizeof FIELD_META_PREFIX - 1;
    return name_length >= prefix && strncasecmp(name, FIELD_META_PREFIX, prefix) == 0;
}

/* It stands in another one now. */
static void drop_joined(struct fields *fields, const char *value)
{
    struct joined **link = &fields->joined;
    while (*link && (*link)->value != value)
        link = &(*link)->next;
    struct joined *joined = *link;
    if (joined)
        *link = joined->next;
    free(joined);
}

static enum fields_error join(struct fields *fields, enum field field, const char *value)
{
    const char *before = fields->values[field];
    size_t size = strlen(before) + strlen(", ") + strlen(value) + 1;
    struct joined *joined = malloc(sizeof *joined + size);
    if (!joined)
        return FIELDS_NO_MEMORY;
    snprintf(joined->value, size, "%s, %s", before, value);
    drop_joined(fields, before);
    joined->next = fields->joined;
    fields->joined = joined;
    fields->values[field] = joined->value;
    return FIELDS_OK;
}

static void wipe(const char *value)
{
    explicit_bzero((char *)(uintptr_t)value, strlen(value));
}

void fields_wipe_token(struct fields *fields)
{
    if (fields->values[FIELD_AUTHORIZATION])
        wipe(fields->values[FIELD_AUTHORIZATION]);
    fields->values[FIELD_AUTHORIZATION] = NULL;
}

/* The first one is wiped with the others when the head has been looked at. */
static enum fields_error refuse_second(enum field field, const char *value)
{
    if (field == FIELD_AUTHORIZATION)
        wipe(value);
    return FIELDS_TWICE;
}

static enum fields_error keep(struct fields *fields, enum field field, const char *value, enum field *ret_field)
{
    if (fields->values[field]) {
        *ret_field = field;
        return known[field].list ? join(fields, field, value) : refuse_second(field, value);
    }
    fields->values[field] = value;
    return FIELDS_OK;
}

static void trim(char *value, size_t length)
{
    size_t kept = length;
    while (kept > 0 && octet_is(value[kept - 1], OCTET_BLANK))
        kept--;
    if (kept < length)
        value[kept] = '\0';
}

enum fields_error fields_add(struct fields *fields, const char *name, size_t name_length, char *value,
                             size_t value_length, enum field *ret_field)
{
    trim(value, value_length);
    for (unsigned i = 0; i < FIELDS && known[i].length <= name_length; i++)
        if (known[i].length == name_length && strncasecmp(known[i].name, name, name_length) == 0)
            return keep(fields, (enum field)i, value, ret_field);
    if (field_is_meta(name, name_length))
        fields->meta_count++;
    return FIELDS_OK;
}

void fields_free(struct fields *fields)
{
    while (fields->joined) {
        struct joined *joined = fields->joined;
        fields->joined = joined->next;
        free(joined);
    }
}
