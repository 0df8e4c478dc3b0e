/* jsonread.c - a reader for JSON (RFC 8259) over bytes in memory. See jsonread.h. */
#include "api/text/jsonread.h"

#include "api/text/hex.h"
#include "api/text/utf8.h"

#include <stdint.h>
#include <string.h>

void jsonread_begin(struct jsonread *json, char *bytes, size_t length)
{
    *json = (struct jsonread){.start = bytes, .at = bytes, .end = bytes + length};
}

size_t jsonread_position(const struct jsonread *json)
{
    return (size_t)(json->at - json->start);
}

static bool fail(struct jsonread *json, const char *fault)
{
    if (!json->fault)
        json->fault = fault;
    return false;
}

static void skip_blanks(struct jsonread *json)
{
    while (json->at < json->end && (*json->at == ' ' || *json->at == '\t' || *json->at == '\n' || *json->at == '\r'))
        json->at++;
}

/* The byte that comes next, or -1 at the end and after a fault. */
static int peek(struct jsonread *json)
{
    skip_blanks(json);
    return json->fault || json->at == json->end ? -1 : (unsigned char)*json->at;
}

enum jsonread_type jsonread_type(struct jsonread *json)
{
    int byte = peek(json);
    switch (byte) {
    case '{':
        return JSONREAD_OBJECT;
    case '[':
        return JSONREAD_ARRAY;
    case '"':
        return JSONREAD_STRING;
    case 't':
    case 'f':
        return JSONREAD_BOOL;
    case 'n':
        return JSONREAD_NULL;
    default:
        if (byte == '-' || (byte >= '0' && byte <= '9'))
            return JSONREAD_NUMBER;
        fail(json, byte < 0 ? "it ends too early" : "a value is missing");
        return JSONREAD_NONE;
    }
}

/* ---- objects and arrays ---------------------------------------------------------------------- */

void jsonread_enter(struct jsonread *json)
{
    json->at++;
    json->first = true;
}

/* Moves over the comma before the next member or item. False when `close` comes instead, which is moved over too. */
static bool next(struct jsonread *json, char close)
{
    int byte = peek(json);
    if (byte == close) {
        json->at++;
        json->first = false;
        return false;
    }
    if (json->first) {
        json->first = false;
        return byte >= 0 || fail(json, "it ends too early");
    }
    if (byte != ',')
        return fail(json, byte < 0 ? "it ends too early" : "a comma is missing");
    json->at++;
    return true;
}

bool jsonread_item(struct jsonread *json)
{
    return next(json, ']');
}

bool jsonread_member(struct jsonread *json, struct text *ret_name)
{
    if (!next(json, '}'))
        return false;
    if (peek(json) != '"')
        return fail(json, "the name of a member is missing");
    if (!jsonread_string(json, ret_name))
        return false;
    if (peek(json) != ':')
        return fail(json, "a colon is missing");
    json->at++;
    return true;
}

void jsonread_end(struct jsonread *json)
{
    if (peek(json) >= 0)
        fail(json, "something follows the end");
}

/* ---- strings --------------------------------------------------------------------------------- */

static bool read_hex4(const char *at, const char *end, uint32_t *ret_unit)
{
    uint32_t unit = 0;
    if (end - at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(at[i]);
        if (digit < 0)
            return false;
        unit = unit << 4 | (uint32_t)digit;
    }
    *ret_unit = unit;
    return true;
}

/* Reads what follows \u, with a second escape where the first is half of a surrogate pair; returns what follows. */
static const char *read_code_point(const char *at, const char *end, uint32_t *ret_code)
{
    uint32_t high, low;
    if (!read_hex4(at, end, &high))
        return NULL;
    *ret_code = high;
    if (high < 0xd800 || high > 0xdfff)
        return at + 4;
    if (high > 0xdbff || end - at < 10 || at[4] != '\\' || at[5] != 'u' || !read_hex4(at + 6, end, &low) ||
        low < 0xdc00 || low > 0xdfff)
        return NULL;
    *ret_code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return at + 10;
}

static char *write_utf8(char *to, uint32_t code)
{
    if (code < 0x80) {
        *to++ = (char)code;
        return to;
    }
    if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
    } else {
        if (code < 0x10000) {
            *to++ = (char)(0xe0 | code >> 12);
        } else {
            *to++ = (char)(0xf0 | code >> 18);
            *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        }
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
    }
    *to++ = (char)(0x80 | (code & 0x3f));
    return to;
}

/* Turns the escape after a backslash into the bytes it stands for, which are never more; returns what follows it. */
static const char *unescape(const char *at, const char *end, char **to)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    uint32_t code;
    if (at == end)
        return NULL;
    if (*at == 'u') {
        at = read_code_point(at + 1, end, &code);
        if (at)
            *to = write_utf8(*to, code);
        return at;
    }
    const char *letter = memchr(letters, *at, sizeof letters - 1);
    if (!letter)
        return NULL;
    *(*to)++ = meanings[letter - letters];
    return at + 1;
}

/* Whether the escape at a backslash is half of a surrogate pair, for those that unescape() does not take. */
static bool is_surrogate(const char *at, const char *end)
{
    uint32_t unit;
    return end - at > 2 && at[1] == 'u' && read_hex4(at + 2, end, &unit) && unit >= 0xd800 && unit <= 0xdfff;
}

typedef uint8_t letters __attribute__((vector_size(16)));

/* Whether any bit of them is set. */
static inline bool any_bit(letters bytes)
{
    uint64_t halves[2];
    memcpy(halves, &bytes, sizeof halves);
    return (halves[0] | halves[1]) != 0;
}

/* Whether one of them is a quote, a backslash or a control character. */
static inline bool any_special(letters bytes)
{
    return any_bit((letters)(bytes == '"') | (letters)(bytes == '\\') | (letters)(bytes < 0x20));
}

/* The end of the run of bytes that stand for themselves; *ascii turns false when one of them is beyond ASCII. */
static char *plain_run(char *at, const char *end, bool *ascii)
{
    letters seen = {0}, bytes;
    unsigned char rest = 0;
    for (; end - at >= (ptrdiff_t)sizeof bytes; at += sizeof bytes) {
        memcpy(&bytes, at, sizeof bytes);
        if (any_special(bytes))
            break;
        seen |= bytes;
    }
    for (; at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20; at++)
        rest |= (unsigned char)*at;
    *ascii = *ascii && rest < 0x80 && !any_bit(seen & 0x80);
    return at;
}

static bool finish_string(struct jsonread *json, const struct text *text, bool ascii)
{
    json->at++;
    text->bytes[text->length] = '\0'; /* over the closing quote, or what was before it */
    return ascii || utf8_valid(text->bytes, text->length) || fail(json, "a string is not UTF-8");
}

bool jsonread_string(struct jsonread *json, struct text *ret_text)
{
    if (peek(json) != '"')
        return fail(json, "a string is missing");
    char *from = ++json->at, *to = from;
    ret_text->bytes = from;
    for (bool ascii = true;;) {
        char *run = json->at;
        json->at = plain_run(run, json->end, &ascii);
        if (to != run)
            memmove(to, run, (size_t)(json->at - run));
        to += json->at - run;
        if (json->at == json->end)
            return fail(json, "a string has no end");
        if (*json->at == '"') {
            ret_text->length = (size_t)(to - from);
            return finish_string(json, ret_text, ascii);
        }
        if (*json->at != '\\')
            return fail(json, "a control character stands in a string without being escaped");
        const char *after = unescape(json->at + 1, json->end, &to);
        if (!after)
            return fail(json, is_surrogate(json->at, json->end)
                                  ? "a \\u escape is half of a surrogate pair without the other"
                                  : "a backslash does not begin an escape");
        json->at += after - json->at;
    }
}

/* ---- words ----------------------------------------------------------------------------------- */

/* Moves over a word that comes next. */
static bool take_word(struct jsonread *json, const char *word)
{
    size_t length = strlen(word);
    if (peek(json) < 0 || (size_t)(json->end - json->at) < length || memcmp(json->at, word, length) != 0)
        return false;
    json->at += length;
    return true;
}

bool jsonread_bool(struct jsonread *json, bool *ret_value)
{
    bool value = take_word(json, "true");
    if (!value && !take_word(json, "false"))
        return fail(json, "true or false is missing");
    *ret_value = value;
    return true;
}

static bool skip_digits(struct jsonread *json)
{
    const char *from = json->at;
    while (json->at < json->end && *json->at >= '0' && *json->at <= '9')
        json->at++;
    return json->at > from;
}

static bool skip_byte(struct jsonread *json, const char *bytes)
{
    bool found = json->at < json->end && *json->at != '\0' && strchr(bytes, *json->at);
    json->at += found;
    return found;
}

bool jsonread_number(struct jsonread *json, char **ret_digits, size_t *ret_length)
{
    (void)peek(json);
    char *from = json->at;
    (void)skip_byte(json, "-");
    bool whole = skip_byte(json, "0") || skip_digits(json);
    if (whole && skip_byte(json, "."))
        whole = skip_digits(json);
    if (whole && skip_byte(json, "eE")) {
        (void)skip_byte(json, "+-");
        whole = skip_digits(json);
    }
    if (!whole)
        return fail(json, "a number is malformed");
    *ret_digits = from;
    *ret_length = (size_t)(json->at - from);
    return true;
}

bool jsonread_null(struct jsonread *json)
{
    return take_word(json, "null");
}
