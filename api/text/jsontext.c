/* jsontext.c - a buffer that grows by doubling, and the escaping of RFC 8259, section 7. */
#include "api/text/jsontext.h"

#include "api/text/hex.h"
#include "api/text/utf8.h"

#include <nettle/base64.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256 };

void jsontext_free(struct jsontext *json)
{
    free(json->bytes);
    *json = (struct jsontext){0};
}

/* Room for `length` more bytes, or NULL. */
static char *reserve(struct jsontext *json, size_t length)
{
    if (json->failed)
        return NULL;
    if (json->capacity - json->length < length) {
        size_t capacity = json->capacity == 0 ? FIRST_CAPACITY : json->capacity;
        while (capacity - json->length < length)
            capacity *= 2;
        char *bytes = realloc(json->bytes, capacity);
        if (!bytes) {
            json->failed = true;
            return NULL;
        }
        json->bytes = bytes;
        json->capacity = capacity;
    }
    return json->bytes + json->length;
}

static void append(struct jsontext *json, const char *bytes, size_t length)
{
    char *room = reserve(json, length);
    if (!room)
        return;
    memcpy(room, bytes, length);
    json->length += length;
}

/* Begins a value: the comma before it, and the mark that one is due before the next. */
static void separate(struct jsontext *json)
{
    if (json->comma)
        append(json, ",", 1);
    json->comma = true;
}

void jsontext_open(struct jsontext *json, char bracket)
{
    separate(json);
    append(json, &bracket, 1);
    json->comma = false;
}

void jsontext_close(struct jsontext *json, char bracket)
{
    append(json, &bracket, 1);
    json->comma = true;
}

void jsontext_name(struct jsontext *json, const char *name)
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

void jsontext_string(struct jsontext *json, const char *bytes, size_t length)
{
    separate(json);
    char *room = reserve(json, 6 * length + 2);
    if (!room)
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

void jsontext_text(struct jsontext *json, const char *text)
{
    jsontext_string(json, text, strlen(text));
}

void jsontext_base64(struct jsontext *json, const void *bytes, size_t length)
{
    separate(json);
    size_t encoded = BASE64_ENCODE_RAW_LENGTH(length);
    char *room = reserve(json, encoded + 2);
    if (!room)
        return;
    room[0] = '"';
    base64_encode_raw(room + 1, length, bytes);
    room[encoded + 1] = '"';
    json->length += encoded + 2;
}

void jsontext_hash(struct jsontext *json, uint64_t hash)
{
    separate(json);
    char *room = reserve(json, 18);
    if (!room)
        return;
    room[0] = '"';
    hex_encode_hash(room + 1, hash);
    room[17] = '"';
    json->length += 18;
}

void jsontext_number(struct jsontext *json, uint64_t number)
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

void jsontext_thousandths(struct jsontext *json, uint64_t number)
{
    unsigned part = (unsigned)(number % 1000);
    char digits[] = {'.', (char)('0' + part / 100), (char)('0' + part / 10 % 10), (char)('0' + part % 10)};
    jsontext_number(json, number / 1000);
    append(json, digits, sizeof digits);
}

void jsontext_bool(struct jsontext *json, bool value)
{
    separate(json);
    append(json, value ? "true" : "false", value ? 4 : 5);
}

void jsontext_null(struct jsontext *json)
{
    separate(json);
    append(json, "null", 4);
}

void jsontext_splice(struct jsontext *json, const struct jsontext *value)
{
    separate(json);
    append(json, value->bytes, value->length);
    json->failed = json->failed || value->failed;
}

void jsontext_end(struct jsontext *json)
{
    append(json, "\n", 1);
}

void jsontext_figure(struct jsontext *json, const char *name, uint64_t number)
{
    jsontext_name(json, name);
    jsontext_number(json, number);
}

void jsontext_field(struct jsontext *json, const char *name, const char *text)
{
    jsontext_name(json, name);
    if (!text)
        jsontext_null(json);
    else
        jsontext_text(json, text);
}

void jsontext_bytes(struct jsontext *json, const char *name, const void *bytes, size_t length)
{
    char base64_name[64];
    jsontext_name(json, name);
    if (bytes && utf8_valid(bytes, length)) {
        jsontext_string(json, bytes, length);
        return;
    }
    jsontext_null(json);
    if (!bytes)
        return;
    snprintf(base64_name, sizeof base64_name, "%s_base64", name);
    jsontext_name(json, base64_name);
    jsontext_base64(json, bytes, length);
}

void jsontext_key(struct jsontext *json, const void *bytes, size_t length)
{
    jsontext_bytes(json, "key", bytes, length);
}
