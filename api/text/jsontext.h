/* jsontext.h - writes JSON text, piece by piece, into one growing buffer.
 *
 * Every JSON answer is made with it: commas come by themselves, strings are escaped, and a failed
 * allocation is remembered, so that only the end needs a check.
 *
 *     struct jsontext json = {0};
 *     jsontext_open(&json, '{');
 *     jsontext_name(&json, "objects");
 *     jsontext_number(&json, figures.objects);
 *     jsontext_close(&json, '}');
 *     if (json.failed) ...
 *     ... json.bytes, json.length ...
 *     jsontext_free(&json);
 *
 * Thread: one at a time per struct.
 */
#ifndef CAIRN_API_JSONTEXT_H
#define CAIRN_API_JSONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jsontext {
    char *bytes; /* owned; not ended by NUL */
    size_t length;
    size_t capacity;
    bool comma;  /* the next value follows another one */
    bool failed; /* memory was out: the text is not complete */
};

void jsontext_free(struct jsontext *json);

/* The text, which is the caller's then, for free(), without the room that is left over; NULL: memory was out. */
char *jsontext_take(struct jsontext *json, size_t *ret_length);

/* Gives back the room that is left over. */
void jsontext_trim(struct jsontext *json);

/* `bracket` is { or [, and its counterpart. */
void jsontext_open(struct jsontext *json, char bracket);
void jsontext_close(struct jsontext *json, char bracket);

/* The name of the next value in an object; it needs no escaping. */
void jsontext_name(struct jsontext *json, const char *name);

/* Bytes that are valid UTF-8, escaped. */
void jsontext_string(struct jsontext *json, const char *bytes, size_t length);
void jsontext_text(struct jsontext *json, const char *text); /* the same, up to a NUL */
void jsontext_base64(struct jsontext *json, const void *bytes, size_t length);
void jsontext_hash(struct jsontext *json, uint64_t hash); /* as 16 hex digits */
void jsontext_number(struct jsontext *json, uint64_t number);
void jsontext_thousandths(struct jsontext *json, uint64_t number); /* 12345 as 12.345 */
void jsontext_bool(struct jsontext *json, bool truth);
void jsontext_null(struct jsontext *json);

/* A value that was written as a text of its own. */
void jsontext_splice(struct jsontext *json, const struct jsontext *other);

/* Ends the whole text with a newline: whoever reads it in a terminal gets the prompt on a line of its own. Another text
 * may follow on the next line. */
void jsontext_end(struct jsontext *json);

/* Text that stands between JSON texts, as it is. */
void jsontext_frame(struct jsontext *json, const char *text);

/* A number with its name. */
void jsontext_figure(struct jsontext *json, const char *name, uint64_t number);

/* A truth value with its name. */
void jsontext_flag(struct jsontext *json, const char *name, bool value);

/* A string with its name; a NULL text is null. */
void jsontext_field(struct jsontext *json, const char *name, const char *text);

/* `name` for bytes; null with `name_base64` beside it when they are not UTF-8; null alone when bytes is NULL. */
void jsontext_bytes(struct jsontext *json, const char *name, const void *bytes, size_t length);

/* The same for a `key`; NULL: an object that is known by its hash only. */
void jsontext_key(struct jsontext *json, const void *bytes, size_t length);

#endif
