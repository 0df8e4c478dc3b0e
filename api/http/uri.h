/* uri.h - request targets: what is the path, what is the query, and what their escapes mean.
 *
 * libmicrohttpd hands targets on as they came (see api_unescape), because a key is every byte after
 * /objects/, decoded exactly once and never normalised: `a//b`, `.` and `%00` are keys like any
 * other.
 *
 * Thread: any.
 */
#ifndef CAIRN_API_URI_H
#define CAIRN_API_URI_H

#include <stdbool.h>
#include <stddef.h>

/* A part of a text; borrows it. */
struct slice {
    const char *start;
    size_t length;
};

bool slice_is(struct slice slice, const char *text);

struct uri {
    struct slice authority; /* of an absolute-form target; start is NULL in any other */
    struct slice path;      /* begins with a slash */
    struct slice query;     /* what follows the question mark; start is NULL without one */
};

/* Splits an origin-form (`/path?query`) or absolute-form (`http://host/path?query`) target. False for any other form,
 * for an authority that http does not have (authority.h), and for bytes that no target may hold: blanks, controls and
 * the `#` of a fragment. Borrows `target`. */
bool uri_split(const char *target, size_t length, struct uri *ret_uri);

/* Whether `.` or `..`, also written as %2E, is between two slashes or at an end of the path: readers of URLs take
 * such a part out before they look at the path. */
bool uri_has_dot_segment(struct slice path);

/* Decodes the percent escapes of `text` once into `bytes`, which holds text.length bytes and may be
 * the text itself. False when an escape is malformed; `bytes` is then undefined. */
bool uri_decode(struct slice text, char *bytes, size_t *ret_length);

/* Takes the next parameter off the front of a query, name and value as they stand there; false at its end. What stands
 * between two `&` and has no byte is none. */
bool uri_next_parameter(struct slice *query, struct slice *ret_name, struct slice *ret_value);

enum uri_parameter { URI_PARAMETER_ABSENT, URI_PARAMETER_FOUND, URI_PARAMETER_MALFORMED };

/* The value of a parameter, decoded, `+` as a blank, ended by NUL; the first one when it is repeated.
 * Malformed: a bad escape, a NUL, or longer than fits `size` bytes. */
enum uri_parameter uri_parameter(struct slice query, const char *name, char *value, size_t size);

/* The same for a value that may hold NULs: its length is told. */
enum uri_parameter uri_parameter_bytes(struct slice query, const char *name, char *value, size_t size,
                                       size_t *ret_length);

/* Writes bytes as part of a path: all but unreserved characters, sub-delimiters, `:`, `@` and `/` are escaped, and a
 * slash beside `.` or `..` is, so that whoever resolves the path leaves them in. Needs room for 3 * length; returns the
 * length written, no NUL. */
size_t uri_encode(char *text, const void *bytes, size_t length);

/* The same for the value of a parameter, where a reader may take more characters for something else: all but unreserved
 * ones are escaped. */
size_t uri_encode_value(char *text, const void *bytes, size_t length);

/* Whether bytes are `.` or `..` and nothing else: alone in a segment no escape keeps them in it. */
bool uri_is_dots(const void *bytes, size_t length);

#endif
