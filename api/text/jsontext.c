/* jsontext.c - a buffer that grows by doubling, and the escaping of RFC 8259, section 7. */
#include "api/text/jsontext.h"

#include "api/text/hex.h"
#include "api/text/utf8.h"

#include <nettle/base64.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 512 }; /* a receipt, with room for escapes that it mostly has not */

void jsontext_free(struct jsontext *json)
{
    free(json->bytes);
    *json = (struct jsontext){0};
}

char *jsontext_take(struct jsontext *json, size_t *ret_length)
{
    char *text = json->failed ? NULL : realloc(json->bytes, json->length);
    *ret_length = json->length;
    if (text)
        json->bytes = NULL;
    jsontext_free(json);
    return text;
}

void jsontext_trim(struct jsontext *json)
{
    char *bytes = json->length == 0 ? NULL : realloc(json->bytes, json->length);
    if (!bytes)
        return;
    json->bytes = bytes;
    json->capacity = json->length;
}

static void grow(struct jsontext *json, size_t length)
{
    size_t capacity = json->capacity == 0 ? FIRST_CAPACITY : json->capacity;
    while (capacity - json->length < length)
        capacity *= 2;
    char *bytes = realloc(json->bytes, capacity);
    json->failed = !bytes;
    if (!bytes)
        return;
    json->bytes = bytes;
    json->capacity = capacity;
}

/* Room for `length` more bytes, or NULL. */
static char *reserve(struct jsontext *json, size_t length)
{
    if (!json->failed && json->capacity - json->length < length)
        grow(json, length);
    return json->failed ? NULL : json->bytes + json->length;
}

/* The same for a value, behind the comma before it, if one is due. */
static char *begin(struct jsontext *json, size_t length)
{
    char *room = reserve(json, length + 1);
    if (room && json->comma)
        *room++ = ',';
    json->comma = true;
    return room;
}

/* What was written ends there. */
static void end(struct jsontext *json, const char *at)
{
    json->length = (size_t)(at - json->bytes);
}

static void append(struct jsontext *json, const char *bytes, size_t length)
{
    char *room = reserve(json, length);
    if (room)
        end(json, mempcpy(room, bytes, length));
}

static void value(struct jsontext *json, const char *bytes, size_t length)
{
    char *room = begin(json, length);
    if (room)
        end(json, mempcpy(room, bytes, length));
}

void jsontext_open(struct jsontext *json, char bracket)
{
    value(json, &bracket, 1);
    json->comma = false;
}

void jsontext_close(struct jsontext *json, char bracket)
{
    append(json, &bracket, 1);
    json->comma = true;
}

void jsontext_name(struct jsontext *json, const char *name)
{
    size_t length = strlen(name);
    char *room = begin(json, length + strlen("\"\":"));
    if (!room)
        return;
    *room = '"';
    room = mempcpy(room + 1, name, length);
    end(json, mempcpy(room, "\":", 2));
    json->comma = false;
}

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte != '"' && byte != '\\';
}

/* Whether eight bytes are plain. A byte below 0x80 from which more is taken than it has gets its highest bit, and the
 * exclusive or makes 0 of the byte that is looked for. */
static bool are_plain(const char *bytes)
{
    const uint64_t each = 0x0101010101010101;
    uint64_t eight, quote, backslash;
    memcpy(&eight, bytes, sizeof eight);
    quote = eight ^ each * '"';
    backslash = eight ^ each * '\\';
    uint64_t found = ((eight - each * 0x20) & ~eight) | ((quote - each) & ~quote) | ((backslash - each) & ~backslash);
    return (found & each * 0x80) == 0;
}

/* Writes the escape of a byte that is not plain; returns where it ends. */
static char *escape(char *room, unsigned char byte)
{
    static const char letters[] = "btn?fr"; /* \b to \r: 8 to 13, where 11 has no letter */
    *room++ = '\\';
    if (byte >= 0x20) {
        *room++ = (char)byte;
    } else if (byte >= '\b' && byte <= '\r' && byte != '\v') {
        *room++ = letters[byte - '\b'];
    } else {
        room = mempcpy(room, "u00", 3);
        hex_encode(room, &byte, 1);
        room += 2;
    }
    return room;
}

void jsontext_string(struct jsontext *json, const char *bytes, size_t length)
{
    char *room = begin(json, 6 * length + 2);
    if (!room)
        return;
    *room++ = '"';
    for (const char *stop = bytes + length; bytes < stop;) {
        if (stop - bytes >= 8 && are_plain(bytes)) {
            room = mempcpy(room, bytes, 8);
            bytes += 8;
        } else if (is_plain((unsigned char)*bytes)) {
            *room++ = *bytes++;
        } else {
            room = escape(room, (unsigned char)*bytes++);
        }
    }
    *room++ = '"';
    end(json, room);
}

void jsontext_text(struct jsontext *json, const char *text)
{
    jsontext_string(json, text, strlen(text));
}

void jsontext_base64(struct jsontext *json, const void *bytes, size_t length)
{
    size_t encoded = BASE64_ENCODE_RAW_LENGTH(length);
    char *room = begin(json, encoded + 2);
    if (!room)
        return;
    room[0] = '"';
    base64_encode_raw(room + 1, length, bytes);
    room[encoded + 1] = '"';
    end(json, room + encoded + 2);
}

void jsontext_hash(struct jsontext *json, uint64_t hash)
{
    char *room = begin(json, 18);
    if (!room)
        return;
    room[0] = '"';
    hex_encode_hash(room + 1, hash);
    room[17] = '"';
    end(json, room + 18);
}

void jsontext_number(struct jsontext *json, uint64_t number)
{
    char digits[20];
    size_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    value(json, digits + first, sizeof digits - first);
}

void jsontext_thousandths(struct jsontext *json, uint64_t number)
{
    unsigned part = (unsigned)(number % 1000);
    char digits[] = {'.', (char)('0' + part / 100), (char)('0' + part / 10 % 10), (char)('0' + part % 10)};
    jsontext_number(json, number / 1000);
    append(json, digits, sizeof digits);
}

void jsontext_bool(struct jsontext *json, bool truth)
{
    value(json, truth ? "true" : "false", truth ? 4 : 5);
}

void jsontext_null(struct jsontext *json)
{
    value(json, "null", 4);
}

void jsontext_splice(struct jsontext *json, const struct jsontext *other)
{
    value(json, other->bytes, other->length);
    json->failed = json->failed || other->failed;
}

void jsontext_frame(struct jsontext *json, const char *text)
{
    append(json, text, strlen(text));
    json->comma = false;
}

void jsontext_end(struct jsontext *json)
{
    append(json, "\n", 1);
    json->comma = false;
}

void jsontext_figure(struct jsontext *json, const char *name, uint64_t number)
{
    jsontext_name(json, name);
    jsontext_number(json, number);
}

void jsontext_flag(struct jsontext *json, const char *name, bool value)
{
    jsontext_name(json, name);
    jsontext_bool(json, value);
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
