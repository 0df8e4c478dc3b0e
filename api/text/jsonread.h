/* jsonread.h - reads JSON text where it stands, value by value, without building a tree of it.
 *
 * For the bodies of batches and batch reads, and for access files; everything else is read with jansson.
 *
 * - A batch of 64 MiB takes 50 ms and no memory here, and 890 ms and 112 MiB as a tree (`./dev bench json`); a tree of
 *   64 MiB of small numbers takes 1.3 GiB, so that no bound on the body would be one on the memory.
 * - What is wrong in an access file is told with its line. Jansson tells the place of what is no JSON, but its tree
 *   does not keep where a value stood, so that a right that does not exist would have no line.
 *
 * Strings are unescaped in place, so the text is used up by reading it and what is read points into it. Nothing here
 * recurses: a text nests as deep as its reader goes, and no reader here goes into a value that it does not know.
 *
 *     struct jsonread json;
 *     struct text name;
 *     jsonread_begin(&json, bytes, length);
 *     if (jsonread_type(&json) == JSONREAD_OBJECT) {
 *         jsonread_enter(&json);
 *         while (jsonread_member(&json, &name))
 *             ... look at jsonread_type(&json), read one value ...
 *     }
 *     jsonread_end(&json);
 *     if (json.fault) ... "not JSON: <fault> at byte <jsonread_position()>" ...
 *
 * The first fault stays, and with it everything reads as ended. Strict RFC 8259; text has to be UTF-8.
 * Thread: one at a time per struct.
 */
#ifndef CAIRN_API_JSONREAD_H
#define CAIRN_API_JSONREAD_H

#include "api/text/text.h"

#include <stdbool.h>
#include <stddef.h>

struct jsonread {
    char *start, *at, *end;
    const char *fault; /* what is wrong, without a full stop; NULL while all is well */
    bool first;        /* no member or item of the innermost object or array has been read */
};

enum jsonread_type {
    JSONREAD_NONE, /* no value, and a fault */
    JSONREAD_OBJECT,
    JSONREAD_ARRAY,
    JSONREAD_STRING,
    JSONREAD_NUMBER,
    JSONREAD_BOOL,
    JSONREAD_NULL,
};

void jsonread_begin(struct jsonread *json, char *bytes, size_t length);

/* What comes next. */
enum jsonread_type jsonread_type(struct jsonread *json);

/* Goes into the object or array that comes next. */
void jsonread_enter(struct jsonread *json);

/* The next member of an object: reads its name and stands before its value. False at the end, and goes out. */
bool jsonread_member(struct jsonread *json, struct text *ret_name);

/* The next item of an array: stands before it. False at the end, and goes out. */
bool jsonread_item(struct jsonread *json);

/* The value that comes next, which has to be of that type. False is a fault. */
bool jsonread_string(struct jsonread *json, struct text *ret_text);
bool jsonread_bool(struct jsonread *json, bool *ret_value);

/* The same: the number as it is written, behind which there is no NUL. */
bool jsonread_number(struct jsonread *json, char **ret_digits, size_t *ret_length);

/* Moves over a null that comes next. False, and no fault, where something else does. Ask it of every member of a body
 * whose name is known: generated clients write null where they have nothing to say, so it means that the member is
 * absent. */
bool jsonread_null(struct jsonread *json);

/* After the outermost value: anything but white space is a fault. */
void jsonread_end(struct jsonread *json);

/* Where it stands, for messages: bytes from the start. */
size_t jsonread_position(const struct jsonread *json);

#endif
