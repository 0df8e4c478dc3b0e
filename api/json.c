/* json.c - a buffer that grows by doubling, and the escaping of RFC 8259, section 7. */
#include "api/json.h"

#include <nettle/base64.h>
#include <stdlib.h>
#include <string.h>

#include "api/hex.h"
#include "api/utf8.h"

enum { FIRST_CAPACITY = 256 };

void json_free(struct json *json)
{
    free(json->bytes);
    *json = (struct json){0};
}

/* Room for `length` more bytes, or NULL. */
static char *reserve(struct json *json, size_t length)
{
    if (json->failed)
        return NULL;
    if (json->capacity - json->length < length) {
        size_t capacity = json->capacity == 0 ? FIRST_CAPACITY : json->capacity;
        while (capacity - json->length < length)
            capacity *= 2;
        char *bytes = realloc(json->bytes, capacity);
        if (bytes == NULL) {
            json->failed = true;
            return NULL;
        }
        json->bytes = bytes;
        json->capacity = capacity;
    }
    return json->bytes + json->length;
}

static void append(struct json *json, const char *bytes, size_t length)
{
    char *room = reserve(json, length);
    if (room == NULL)
        return;
    memcpy(room, bytes, length);
    json->length += length;
}

/* Begins a value: the comma before it, and the mark that one is due before the next. */
static void separate(struct json *json)
{
    if (json->comma)
        append(json, ",", 1);
    json->comma = true;
}

void json_open(struct json *json, char bracket)
{
    separate(json);
    append(json, &bracket, 1);
    json->comma = false;
}

void json_close(struct json *json, char bracket)
{
    append(json, &bracket, 1);
    json->comma = true;
}

void json_name(struct json *json, const char *name)
{
    separate(json);
    append(json, "\"", 1);
    append(json, name, strlen(name));
    append(json, "\":", 2);
    json->comma = false;
}

/* Writes the escape of one byte; returns its length, 0 when the byte stands for itself. */
static size_t escape(char *room, unsigned char byte)
{
    static const char letters[] = "btn?fr"; /* \b to \r: 8 to 13, where 11 has no letter */
    if (byte >= 0x20 && byte != '"' && byte != '\\')
        return 0;
    room[0] = '\\';
    if (byte >= 0x20) {
        room[1] = (char)byte;
        return 2;
    }
    if (byte >= '\b' && byte <= '\r' && byte != '\v') {
        room[1] = letters[byte - '\b'];
        return 2;
    }
    memcpy(room + 1, "u00", 3);
    hex_encode(room + 4, &byte, 1);
    return 6;
}

void json_string(struct json *json, const char *bytes, size_t length)
{
    separate(json);
    char *room = reserve(json, 6 * length + 2);
    if (room == NULL)
        return;
    char *at = room;
    *at++ = '"';
    for (size_t i = 0; i < length; i++) {
        size_t escaped = escape(at, (unsigned char)bytes[i]);
        if (escaped == 0)
            *at = bytes[i];
        at += escaped == 0 ? 1 : escaped;
    }
    *at++ = '"';
    json->length += (size_t)(at - room);
}

void json_text(struct json *json, const char *text)
{
    json_string(json, text, strlen(text));
}

void json_base64(struct json *json, const void *bytes, size_t length)
{
    separate(json);
    size_t encoded = BASE64_ENCODE_RAW_LENGTH(length);
    char *room = reserve(json, encoded + 2);
    if (room == NULL)
        return;
    room[0] = '"';
    base64_encode_raw(room + 1, length, bytes);
    room[encoded + 1] = '"';
    json->length += encoded + 2;
}

void json_hash(struct json *json, uint64_t hash)
{
    separate(json);
    char *room = reserve(json, 18);
    if (room == NULL)
        return;
    room[0] = '"';
    hex_encode_hash(room + 1, hash);
    room[17] = '"';
    json->length += 18;
}

void json_number(struct json *json, uint64_t number)
{
    char digits[20];
    size_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    separate(json);
    append(json, digits + first, sizeof digits - first);
}

void json_bool(struct json *json, bool value)
{
    separate(json);
    append(json, value ? "true" : "false", value ? 4 : 5);
}

void json_null(struct json *json)
{
    separate(json);
    append(json, "null", 4);
}

void json_field(struct json *json, const char *name, const char *text)
{
    json_name(json, name);
    if (text == NULL)
        json_null(json);
    else
        json_text(json, text);
}

void json_key(struct json *json, const void *bytes, size_t length)
{
    json_name(json, "key");
    if (bytes != NULL && utf8_valid(bytes, length)) {
        json_string(json, bytes, length);
        return;
    }
    json_null(json);
    if (bytes != NULL) {
        json_name(json, "key_base64");
        json_base64(json, bytes, length);
    }
}
