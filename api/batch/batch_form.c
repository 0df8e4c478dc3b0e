/* batch_form.c - finds the parts of a form where they stand in the body, by its boundary. See batch_form.h. */
#include "api/batch/batch_form.h"

#include "api/batch/entries.h"
#include "api/http/fields.h"
#include "api/http/octet.h"
#include "api/text/hex.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { HEAD_MAX = 16 << 10 }; /* bytes of the fields of one part */

/* A run of bytes in the body. */
struct span {
    char *at, *end;
};

static size_t span_length(struct span span)
{
    return (size_t)(span.end - span.at);
}

static void skip_blanks(struct span *span)
{
    while (span->at < span->end && octet_is(*span->at, OCTET_BLANK))
        span->at++;
}

/* ---- parameters ------------------------------------------------------------------------------ */

/* Whether a parameter may end here: the next one follows, or the end of the line. */
static bool ends_here(struct span rest)
{
    skip_blanks(&rest);
    return rest.at == rest.end || *rest.at == ';';
}

/* Reads up to the closing quote, which is the first one that a parameter may end behind. The others belong to the
 * value, with the backslash that some clients escape them by left out; every other backslash is itself, as browsers and
 * curl send it. */
static bool read_quoted(struct span *span, struct span *ret_value)
{
    char *to = ++span->at;
    ret_value->at = to;
    for (; span->at < span->end; span->at++) {
        if (*span->at == '"' && ends_here((struct span){span->at + 1, span->end})) {
            ret_value->end = to;
            span->at++;
            return true;
        }
        if (*span->at == '"' && to > ret_value->at && to[-1] == '\\')
            to--;
        *to++ = *span->at;
    }
    return false;
}

static struct span read_until(struct span *span, const char *stop)
{
    struct span value = {.at = span->at};
    while (span->at < span->end && *span->at != '\0' && !strchr(stop, *span->at))
        span->at++;
    value.end = span->at;
    return value;
}

enum parameter { PARAMETER_NONE, PARAMETER_FOUND, PARAMETER_MALFORMED };

/* Reads the next `; name=value`. */
static enum parameter next_parameter(struct span *span, struct span *ret_name, struct span *ret_value)
{
    if (!ends_here(*span))
        return PARAMETER_MALFORMED; /* something stands behind the value before */
    while (span->at < span->end && (octet_is(*span->at, OCTET_BLANK) || *span->at == ';'))
        span->at++;
    if (span->at == span->end)
        return PARAMETER_NONE;
    *ret_name = read_until(span, "=; \t");
    if (span->at == span->end || *span->at != '=')
        return PARAMETER_MALFORMED;
    span->at++;
    if (span->at < span->end && *span->at == '"')
        return read_quoted(span, ret_value) ? PARAMETER_FOUND : PARAMETER_MALFORMED;
    *ret_value = read_until(span, "; \t\"");
    return PARAMETER_FOUND;
}

static bool span_is(struct span span, const char *name)
{
    return span_length(span) == strlen(name) && strncasecmp(span.at, name, strlen(name)) == 0;
}

/* The value of a parameter behind the first word of a field. Malformed: one of them is, or this one comes twice. */
static enum parameter find_parameter(struct span field, const char *wanted, struct span *ret_value)
{
    struct span name, value;
    enum parameter found = PARAMETER_NONE, next;
    read_until(&field, ";");
    while ((next = next_parameter(&field, &name, &value)) == PARAMETER_FOUND)
        if (span_is(name, wanted)) {
            if (found == PARAMETER_FOUND)
                return PARAMETER_MALFORMED;
            found = PARAMETER_FOUND;
            *ret_value = value;
        }
    return next == PARAMETER_MALFORMED ? next : found;
}

/* The characters of RFC 2046, section 5.1.1; a blank may not stand at the end. */
static bool is_boundary(struct span boundary)
{
    size_t length = span_length(boundary);
    if (length == 0 || length > BATCH_FORM_BOUNDARY_MAX || boundary.end[-1] == ' ')
        return false;
    for (const char *at = boundary.at; at < boundary.end; at++)
        if (!isalnum((unsigned char)*at) && (*at == '\0' || !strchr("'()+_,-./:=? ", *at)))
            return false;
    return true;
}

bool batch_form_boundary(const char *content_type, char boundary[BATCH_FORM_BOUNDARY_MAX + 1])
{
    char copy[512];
    struct span value;
    size_t length = strlen(content_type);
    if (length >= sizeof copy)
        return false;
    memcpy(copy, content_type, length + 1);
    if (find_parameter((struct span){copy, copy + length}, "boundary", &value) != PARAMETER_FOUND ||
        !is_boundary(value))
        return false;
    memcpy(boundary, value.at, span_length(value));
    boundary[span_length(value)] = '\0';
    return true;
}

/* ---- delimiters ------------------------------------------------------------------------------ */

struct form {
    struct entries *entries;
    struct span rest;                                /* what has not been read */
    char delimiter[4 + BATCH_FORM_BOUNDARY_MAX + 1]; /* CR LF -- boundary */
    size_t delimiter_length;
};

enum ending { ENDING_NONE, ENDING_PART, ENDING_LAST };

/* What follows a delimiter says whether it is one: `--`, or blanks and the end of the line. */
static enum ending read_ending(struct span *rest)
{
    struct span after = *rest;
    if (span_length(after) >= 2 && memcmp(after.at, "--", 2) == 0) {
        rest->at = after.at + 2;
        return ENDING_LAST;
    }
    skip_blanks(&after);
    if (span_length(after) < 2 || memcmp(after.at, "\r\n", 2) != 0)
        return ENDING_NONE;
    rest->at = after.at + 2;
    return ENDING_PART;
}

/* Moves over the next delimiter; *ret_before is what stands before it. */
static enum ending next_delimiter(struct form *form, struct span *ret_before)
{
    struct span rest = form->rest;
    ret_before->at = form->rest.at;
    for (;;) {
        char *found = memmem(rest.at, span_length(rest), form->delimiter, form->delimiter_length);
        if (!found)
            return ENDING_NONE;
        ret_before->end = found;
        rest.at = found + form->delimiter_length;
        enum ending ending = read_ending(&rest);
        if (ending != ENDING_NONE) {
            form->rest = rest;
            return ending;
        }
    }
}

/* The first delimiter needs no line end before it when nothing else is there. */
static enum ending first_delimiter(struct form *form)
{
    struct span preamble, rest = form->rest;
    size_t length = form->delimiter_length - 2;
    if (span_length(rest) >= length && memcmp(rest.at, form->delimiter + 2, length) == 0) {
        rest.at += length;
        enum ending ending = read_ending(&rest);
        if (ending != ENDING_NONE) {
            form->rest = rest;
            return ending;
        }
    }
    return next_delimiter(form, &preamble);
}

/* ---- parts ----------------------------------------------------------------------------------- */

/* The byte that an escape such as %22 stands for, or -1 where none begins. */
static int read_escape(const char *at, const char *end)
{
    if (end - at < 3 || *at != '%' || hex_digit(at[1]) < 0 || hex_digit(at[2]) < 0)
        return -1;
    return hex_digit(at[1]) << 4 | hex_digit(at[2]);
}

/* Takes %22, %0D and %0A out of a name. */
static void unescape_name(struct span *name)
{
    char *to = name->at;
    for (char *at = name->at; at < name->end; at++) {
        int byte = read_escape(at, name->end);
        if (byte == '"' || byte == '\r' || byte == '\n') {
            *to++ = (char)byte;
            at += 2;
        } else {
            *to++ = *at;
        }
    }
    name->end = to;
}

static bool find_name(struct form *form, struct span field, struct span *ret_name)
{
    struct span word = field;
    if (!span_is(read_until(&word, "; \t"), "form-data"))
        return entries_refuse(form->entries, "a part's Content-Disposition has to be form-data");
    switch (find_parameter(field, "name", ret_name)) {
    case PARAMETER_NONE:
        return entries_refuse(form->entries, "a part needs a name, which is the object's key");
    case PARAMETER_MALFORMED:
        return entries_refuse(form->entries, "a part's Content-Disposition is not form-data; name=\"KEY\", or has two "
                                             "names");
    case PARAMETER_FOUND:
        break;
    }
    unescape_name(ret_name);
    return true;
}

static bool take_name(struct form *form, struct span field)
{
    struct span name;
    if (entries_last(form->entries)->key.bytes)
        return entries_refuse(form->entries, "a part has one Content-Disposition");
    if (!find_name(form, field, &name))
        return false;
    size_t length = span_length(name);
    if (length == 0 || length > STORE_KEY_MAX)
        return entries_refuse(form->entries, "a key has 1 to %d bytes; the part's name has %zu", STORE_KEY_MAX, length);
    entries_last(form->entries)->key = store_key_of(name.at, length);
    return true;
}

/* A transfer encoding that is none; any other would be stored as if it were the payload. */
static bool check_encoding(struct form *form, struct span value)
{
    if (span_is(value, "binary") || span_is(value, "8bit") || span_is(value, "7bit"))
        return true;
    return entries_refuse(form->entries, "a part's Content-Transfer-Encoding has to be binary");
}

/* `value` ends with the line, over whose CR a NUL is written. */
static bool take_field(struct form *form, struct span name, struct span value)
{
    size_t prefix = strlen(FIELD_META_PREFIX);
    *value.end = '\0';
    if (span_is(name, "Content-Disposition"))
        return take_name(form, value);
    if (span_is(name, "Content-Transfer-Encoding"))
        return check_encoding(form, value);
    for (size_t i = 0; i < KEPT_FIELDS; i++)
        if (span_is(name, field_name(kept_fields[i].field)))
            return entries_kept(form->entries, &kept_fields[i], value.at, span_length(value));
    if (span_is(name, field_name(FIELD_CAIRN_EXPIRES)))
        return entries_expiry(form->entries, field_name(FIELD_CAIRN_EXPIRES), value.at, span_length(value));
    if (field_is_meta(name.at, span_length(name)))
        return entries_meta(form->entries, name.at + prefix, span_length(name) - prefix, value.at, span_length(value));
    return true;
}

/* The line that ends at the next CR LF, which is moved over. */
static bool next_line(struct span *rest, struct span *ret_line)
{
    size_t length = span_length(*rest) < HEAD_MAX ? span_length(*rest) : HEAD_MAX;
    char *end = memmem(rest->at, length, "\r\n", 2);
    if (!end)
        return false;
    *ret_line = (struct span){rest->at, end};
    rest->at = end + 2;
    return true;
}

static bool read_field(struct form *form, struct span line)
{
    char *colon = memchr(line.at, ':', span_length(line));
    if (!colon || colon == line.at || !octet_all(line.at, (size_t)(colon - line.at), OCTET_TOKEN))
        return entries_refuse(form->entries, "a line of the part's head is not a field");
    struct span name = {line.at, colon}, value = {colon + 1, line.end};
    skip_blanks(&value);
    while (value.end > value.at && octet_is(value.end[-1], OCTET_BLANK))
        value.end--;
    return take_field(form, name, value);
}

/* Reads a part: its fields, an empty line, the payload up to the delimiter. Without a payload the empty line may be
 * missing too (RFC 2046, section 5.1.1). */
static bool read_part(struct form *form, struct span part)
{
    struct span line;
    const char *start = part.at;
    if (!entries_add(form->entries))
        return false;
    while (part.at < part.end) {
        if (part.at - start > HEAD_MAX || !next_line(&part, &line))
            return entries_refuse(form->entries, "the part's head has no end, or more than %d bytes", HEAD_MAX);
        if (span_length(line) == 0)
            break;
        if (!read_field(form, line))
            return false;
    }
    struct store_op *op = entries_last(form->entries);
    if (!op->key.bytes)
        return entries_refuse(form->entries, "a part needs a Content-Disposition with a name");
    op->kind = STORE_PUT;
    op->payload = part.at;
    op->size = span_length(part);
    return true;
}

static bool read_parts(struct form *form, enum ending ending)
{
    while (ending == ENDING_PART) {
        struct span part;
        ending = next_delimiter(form, &part);
        if (ending == ENDING_NONE)
            return entries_malformed(form->entries, "the last part has no end: the closing boundary is missing");
        if (!read_part(form, part))
            return false;
    }
    return true;
}

bool batch_form_read(char *body, size_t length, const char *boundary, struct entries *entries)
{
    struct form form = {.entries = entries, .rest = {body, body + length}};
    form.delimiter_length = (size_t)snprintf(form.delimiter, sizeof form.delimiter, "\r\n--%s", boundary);
    enum ending ending = first_delimiter(&form);
    if (ending == ENDING_NONE)
        return entries_malformed(entries, "the body does not hold the boundary \"%s\"", boundary);
    if (!read_parts(&form, ending))
        return false;
    entries_complete(entries);
    return true;
}
