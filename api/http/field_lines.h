/* field_lines.h - the fields of an answer, as the lines of its head that they are sent as.
 *
 * Thread: one at a time for each.
 */
#ifndef CAIRN_API_FIELD_LINES_H
#define CAIRN_API_FIELD_LINES_H

#include "api/http/uri.h"

#include <stdbool.h>
#include <stddef.h>

/* All zero: none. */
struct field_lines {
    char *bytes; /* owned; each line ends with CR LF */
    size_t length;
    size_t capacity;
    bool failed; /* memory was out, and a field is missing */
};

/* One more line. A value that would end it, and so begin another, is left out with its field. */
void field_lines_add(struct field_lines *lines, const char *name, const char *value);

/* Reads the field at *position (0 to begin with) and moves on; false at the end. Borrows the lines. */
bool field_lines_next(const struct field_lines *lines, size_t *position, struct slice *ret_name,
                      struct slice *ret_value);

/* Whether there is a field of this name. */
bool field_lines_have(const struct field_lines *lines, const char *name);

void field_lines_free(struct field_lines *lines);

#endif
