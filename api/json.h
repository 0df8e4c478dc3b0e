/* json.h - writes JSON text, piece by piece, into one growing buffer.
 *
 * Every JSON answer is made with it: commas come by themselves, strings are escaped, and a failed
 * allocation is remembered, so that only the end needs a check.
 *
 *     struct json json = {0};
 *     json_open(&json, '{');
 *     json_name(&json, "objects");
 *     json_number(&json, figures.objects);
 *     json_close(&json, '}');
 *     if (json.failed) ...
 *     ... json.bytes, json.length ...
 *     json_free(&json);
 *
 * Thread: one at a time per struct.
 */
#ifndef CAIRN_API_JSON_H
#define CAIRN_API_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json {
    char *bytes; /* owned; not ended by NUL */
    size_t length;
    size_t capacity;
    bool comma;  /* the next value follows another one */
    bool failed; /* memory was out: the text is not complete */
};

void json_free(struct json *json);

/* `bracket` is { or [, and its counterpart. */
void json_open(struct json *json, char bracket);
void json_close(struct json *json, char bracket);

/* The name of the next value in an object; it needs no escaping. */
void json_name(struct json *json, const char *name);

/* Bytes that are valid UTF-8, escaped. */
void json_string(struct json *json, const char *bytes, size_t length);
void json_text(struct json *json, const char *text); /* the same, up to a NUL */
void json_base64(struct json *json, const void *bytes, size_t length);
void json_hash(struct json *json, uint64_t hash); /* as 16 hex digits */
void json_number(struct json *json, uint64_t number);
void json_bool(struct json *json, bool value);
void json_null(struct json *json);

/* A string with its name; a NULL text is null. */
void json_field(struct json *json, const char *name, const char *text);

/* `key` for its bytes; null with `key_base64` beside it when they are not UTF-8; null alone when
 * bytes is NULL: an object that is known by its hash only. */
void json_key(struct json *json, const void *bytes, size_t length);

#endif
