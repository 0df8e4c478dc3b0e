/* fields.h - the header fields of a request that cairn reads, gathered in one pass.
 *
 * Values are borrowed from libmicrohttpd and live as long as the request. A list field that comes in
 * several lines is joined with commas (RFC 9110, section 5.3); any other field that comes twice
 * makes the request malformed, because the two ends may not agree which one counts.
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_FIELDS_H
#define CAIRN_API_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

enum field {
    FIELD_HOST,
    FIELD_RANGE,
    FIELD_ACCEPT,
    FIELD_EXPECT,
    FIELD_ORIGIN,
    FIELD_EXPIRES,
    FIELD_TRAILER,
    FIELD_IF_MATCH,
    FIELD_IF_RANGE,
    FIELD_OVERWRITE,
    FIELD_CONTENT_MD5,
    FIELD_DESTINATION,
    FIELD_REPR_DIGEST,
    FIELD_CONTENT_TYPE,
    FIELD_X_REQUEST_ID,
    FIELD_AUTHORIZATION,
    FIELD_CAIRN_EXPIRES,
    FIELD_CACHE_CONTROL,
    FIELD_CONTENT_RANGE,
    FIELD_IF_NONE_MATCH,
    FIELD_TUS_RESUMABLE,
    FIELD_UPLOAD_CONCAT,
    FIELD_UPLOAD_LENGTH,
    FIELD_UPLOAD_OFFSET,
    FIELD_LAST_EVENT_ID,
    FIELD_CONTENT_DIGEST,
    FIELD_CONTENT_LENGTH,
    FIELD_SEC_FETCH_SITE,
    FIELD_ACCEPT_ENCODING,
    FIELD_X_FORWARDED_FOR,
    FIELD_UPLOAD_CHECKSUM,
    FIELD_UPLOAD_COMPLETE,
    FIELD_UPLOAD_METADATA,
    FIELD_CONTENT_ENCODING,
    FIELD_CONTENT_LANGUAGE,
    FIELD_WANT_REPR_DIGEST,
    FIELD_IF_MODIFIED_SINCE,
    FIELD_TRANSFER_ENCODING,
    FIELD_UPLOAD_INCOMPLETE,
    FIELD_CONTENT_DISPOSITION,
    FIELD_IF_UNMODIFIED_SINCE,
    FIELD_UPLOAD_DEFER_LENGTH,
    FIELD_X_HTTP_METHOD_OVERRIDE,
    FIELD_ACCESS_CONTROL_REQUEST_METHOD,
    FIELD_ACCESS_CONTROL_REQUEST_HEADERS,
    FIELDS /* their number */
};

#define FIELD_META_PREFIX "Cairn-Meta-"

struct joined; /* a value that came in several lines */

struct fields {
    const char *values[FIELDS]; /* NULL where absent */
    struct joined *joined;      /* owned */
    size_t meta_count;          /* fields whose names begin with FIELD_META_PREFIX */
};

enum fields_error { FIELDS_OK, FIELDS_TWICE, FIELDS_NO_MEMORY };

/* Takes one field in; *ret_field names the culprit of FIELDS_TWICE. Give it the others all the same: a token that comes
 * twice is wiped, however often. Blanks behind a value are no part of it
 * (RFC 9112, section 5.1): they are cut off where they stand, whatever the field, so that all who look at it later see
 * the same. In a head the wire has done that before (hygiene.h), in a trailer nobody; those in front libmicrohttpd has
 * left out. */
enum fields_error fields_add(struct fields *fields, const char *name, size_t name_length, char *value,
                             size_t value_length, enum field *ret_field);

/* Wipes the token where it stands, and forgets it. */
void fields_wipe_token(struct fields *fields);

const char *field_name(enum field field);

/* Whether a list field has no member but this one. A comma in a quoted string splits it too: its pieces are others. */
bool field_holds_only(const char *list, const char *wanted);

/* True for a name such as Cairn-Meta-Colour, and for the prefix alone, which is a mistake: attributes_add_meta(). */
bool field_is_meta(const char *name, size_t name_length);

void fields_free(struct fields *fields);

#endif
