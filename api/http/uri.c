/* uri.c - splits a target, walks its parameters and decodes escapes in place. See uri.h. */
#include "api/http/uri.h"

#include "api/http/authority.h"
#include "api/text/hex.h"

#include <string.h>
#include <strings.h>

bool slice_is(struct slice slice, const char *text)
{
    return slice.length == strlen(text) && memcmp(slice.start, text, slice.length) == 0;
}

/* Where the path begins in an absolute-form target, its end where there is none, or NULL. The authority has to be
 * there, and to end where the path begins: a slash in a query begins none. */
static const char *skip_authority(const char *target, const char *end, struct slice *ret_authority)
{
    size_t scheme = 0;
    if (end - target >= 7 && strncasecmp(target, "http://", 7) == 0)
        scheme = 7;
    else if (end - target >= 8 && strncasecmp(target, "https://", 8) == 0)
        scheme = 8;
    if (scheme == 0)
        return NULL;
    const char *authority = target + scheme, *path = authority;
    while (path < end && *path != '/' && *path != '?')
        path++;
    *ret_authority = (struct slice){authority, (size_t)(path - authority)};
    return authority_valid(*ret_authority) && (path == end || *path == '/') ? path : NULL;
}

/* A fragment is no part of a target (RFC 9112, section 3.2): some cut it off, others would take it for the end of a
 * key. */
static bool is_target(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f || text[i] == '#')
            return false;
    return true;
}

bool uri_split(const char *target, size_t length, struct uri *ret_uri)
{
    const char *end = target + length, *path = target;
    if (!is_target(target, length))
        return false;
    ret_uri->authority = (struct slice){0};
    if (length == 0 || *target != '/') {
        path = skip_authority(target, end, &ret_uri->authority);
        if (!path)
            return false;
        if (path == end) /* an empty path is that of the root (RFC 9110, 4.2.3), and a slash stands in `//` */
            end = (path = ret_uri->authority.start - 1) + 1;
    }
    const char *mark = memchr(path, '?', (size_t)(end - path));
    ret_uri->path = (struct slice){path, (size_t)((!mark ? end : mark) - path)};
    ret_uri->query = !mark ? (struct slice){0} : (struct slice){mark + 1, (size_t)(end - mark - 1)};
    return true;
}

/* Takes what stands before the first such byte off the front of a text, and the byte with it. */
static struct slice take_until(struct slice *text, char byte)
{
    const char *stop = memchr(text->start, byte, text->length);
    struct slice before = {text->start, !stop ? text->length : (size_t)(stop - text->start)};
    size_t taken = before.length + (stop != NULL);
    *text = (struct slice){text->start + taken, text->length - taken};
    return before;
}

static bool is_dot_segment(struct slice segment)
{
    size_t dots = 0;
    for (size_t at = 0; at < segment.length; dots++) {
        const char *dot = segment.start + at;
        if (*dot == '.')
            at++;
        else if (segment.length - at >= 3 && strncasecmp(dot, "%2e", 3) == 0)
            at += 3;
        else
            return false;
    }
    return dots == 1 || dots == 2;
}

bool uri_has_dot_segment(struct slice path)
{
    while (path.length > 0)
        if (is_dot_segment(take_until(&path, '/')))
            return true;
    return false;
}

/* With `form` a plus is a blank. False also when there are more than `size` bytes. */
static bool decode(struct slice text, bool form, char *bytes, size_t size, size_t *ret_length)
{
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++) {
        char byte = form && text.start[i] == '+' ? ' ' : text.start[i];
        if (byte == '%') {
            if (text.length - i < 3)
                return false;
            int high = hex_digit(text.start[i + 1]), low = hex_digit(text.start[i + 2]);
            if (high < 0 || low < 0)
                return false;
            byte = (char)(high << 4 | low);
            i += 2;
        }
        if (length == size)
            return false;
        bytes[length++] = byte;
    }
    *ret_length = length;
    return true;
}

bool uri_decode(struct slice text, char *bytes, size_t *ret_length)
{
    return decode(text, false, bytes, text.length, ret_length);
}

bool uri_next_parameter(struct slice *query, struct slice *ret_name, struct slice *ret_value)
{
    while (query->length > 0) {
        struct slice pair = take_until(query, '&');
        if (pair.length == 0)
            continue;
        *ret_name = take_until(&pair, '=');
        *ret_value = pair;
        return true;
    }
    return false;
}

static bool decode_value(struct slice text, char *value, size_t size, size_t *ret_length)
{
    if (!decode(text, true, value, size - 1, ret_length))
        return false;
    value[*ret_length] = '\0';
    return true;
}

enum uri_parameter uri_parameter(struct slice query, const char *name, char *value, size_t size)
{
    size_t length;
    enum uri_parameter found = uri_parameter_bytes(query, name, value, size, &length);
    return found == URI_PARAMETER_FOUND && strlen(value) != length ? URI_PARAMETER_MALFORMED : found;
}

enum uri_parameter uri_parameter_bytes(struct slice query, const char *name, char *value, size_t size,
                                       size_t *ret_length)
{
    struct slice found, text;
    while (uri_next_parameter(&query, &found, &text))
        if (slice_is(found, name))
            return decode_value(text, value, size, ret_length) ? URI_PARAMETER_FOUND : URI_PARAMETER_MALFORMED;
    return URI_PARAMETER_ABSENT;
}

static bool stands_for_itself(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           (byte != '\0' && strchr("-._~!$&'()*+,;=:@/", byte));
}

bool uri_is_dots(const void *bytes, size_t length)
{
    return (length == 1 || length == 2) && memcmp(bytes, "..", length) == 0;
}

/* Whether the segment that begins there is one that readers of URLs take out. */
static bool dots_begin(const char *bytes, size_t length, size_t begin)
{
    const char *slash = memchr(bytes + begin, '/', length - begin);
    return uri_is_dots(bytes + begin, !slash ? length - begin : (size_t)(slash - bytes) - begin);
}

/* Room for three characters. Returns how many it wrote. */
static size_t write_byte(char *text, char byte, bool escape)
{
    static const char digits[] = "0123456789ABCDEF";
    text[0] = escape ? '%' : byte;
    if (!escape)
        return 1;
    text[1] = digits[(unsigned char)byte >> 4];
    text[2] = digits[byte & 15];
    return 3;
}

size_t uri_encode(char *text, const void *bytes, size_t length)
{
    const char *from = bytes;
    size_t written = 0;
    bool dots = dots_begin(from, length, 0);
    for (size_t i = 0; i < length; i++) {
        bool escape = !stands_for_itself(from[i]);
        if (from[i] == '/') {
            bool dots_before = dots;
            dots = dots_begin(from, length, i + 1);
            escape = dots_before || dots;
        }
        written += write_byte(text + written, from[i], escape);
    }
    return written;
}

size_t uri_encode_value(char *text, const void *bytes, size_t length)
{
    const char *from = bytes;
    size_t written = 0;
    for (size_t i = 0; i < length; i++) {
        bool reserved = !stands_for_itself(from[i]) || strchr("!$&'()*+,;=:@/", from[i]);
        written += write_byte(text + written, from[i], reserved);
    }
    return written;
}
