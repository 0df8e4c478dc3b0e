/* field_lines.c - a text that grows. See field_lines.h. */
#include "api/http/field_lines.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIRST_CAPACITY = 512 }; /* bytes: as much as the fields of most objects take */

static bool has_room(struct field_lines *lines, size_t length)
{
    size_t need = lines->length + length, capacity = 2 * lines->capacity;
    if (need <= lines->capacity)
        return true;
    if (capacity < FIRST_CAPACITY)
        capacity = FIRST_CAPACITY;
    if (capacity < need)
        capacity = need;
    char *bytes = realloc(lines->bytes, capacity);
    if (!bytes)
        return false;
    lines->bytes = bytes;
    lines->capacity = capacity;
    return true;
}

void field_lines_add(struct field_lines *lines, const char *name, const char *value)
{
    size_t name_length = strlen(name), value_length = strlen(value);
    if (memchr(value, '\r', value_length) || memchr(value, '\n', value_length))
        return;
    if (!has_room(lines, name_length + strlen(": ") + value_length + strlen("\r\n"))) {
        lines->failed = true;
        return;
    }
    char *at = mempcpy(lines->bytes + lines->length, name, name_length);
    at = mempcpy(mempcpy(at, ": ", 2), value, value_length);
    at = mempcpy(at, "\r\n", 2);
    lines->length = (size_t)(at - lines->bytes);
}

bool field_lines_next(const struct field_lines *lines, size_t *position, struct slice *ret_name,
                      struct slice *ret_value)
{
    if (*position == lines->length)
        return false;
    const char *line = lines->bytes + *position;
    const char *end = memchr(line, '\r', lines->length - *position), *colon = memchr(line, ':', (size_t)(end - line));
    const char *value = colon + strlen(": ");
    *ret_name = (struct slice){line, (size_t)(colon - line)};
    *ret_value = (struct slice){value, (size_t)(end - value)};
    *position += (size_t)(end - line) + strlen("\r\n");
    return true;
}

bool field_lines_have(const struct field_lines *lines, const char *name)
{
    size_t length = strlen(name), left = lines->length;
    for (const char *line = lines->bytes; left > length; left = lines->length - (size_t)(line - lines->bytes)) {
        if (line[length] == ':' && strncasecmp(line, name, length) == 0)
            return true;
        line = (const char *)memchr(line, '\n', left) + 1;
    }
    return false;
}

void field_lines_free(struct field_lines *lines)
{
    free(lines->bytes);
    *lines = (struct field_lines){0};
}
