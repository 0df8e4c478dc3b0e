#include "api/http/hygiene.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool fail(struct hygiene *hygiene, const char *sentence)
{
    if (hygiene->fault == NULL)
        hygiene->fault = sentence;
    return false;
}

/* The characters of RFC 9110's token. */
static bool is_token(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        bool letter_or_digit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter_or_digit && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL))
            return false;
    }
    return length > 0;
}

static bool is_value(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
            return false;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* libmicrohttpd 0.9.75 takes a coding with a blank behind it for one that it does not know, and its body for one that
 * has no end. */
static bool is_misread(const char *name, size_t name_length, const char *value, size_t value_length)
{
    static const char coding[] = "Transfer-Encoding";
    return name_length == sizeof coding - 1 && strncasecmp(name, coding, name_length) == 0 && value_length > 0 &&
           is_blank(value[value_length - 1]);
}

void hygiene_begin(struct hygiene *hygiene, const char *method, const char *target, size_t target_length,
                   const char *version)
{
    size_t method_length = strlen(method);
    *hygiene = (struct hygiene){.at = version + strlen(version) + 2};
    if (!is_token(method, method_length))
        fail(hygiene, "the method is not a token");
    else if (target != method + method_length + 1 || version != target + target_length + 1)
        fail(hygiene, "the request line is not exactly a method, a target and a version with one space between them");
}

bool hygiene_field(struct hygiene *hygiene, const char *name, size_t name_length, const char *value,
                   size_t value_length)
{
    if (name != hygiene->at)
        return fail(hygiene, "a line of the head ends without CR LF, is folded or holds a NUL");
    if (!is_token(name, name_length))
        return fail(hygiene, "the name of a header field is not a token directly followed by a colon");
    const char *after = name + name_length + 1;
    while (after < value && is_blank(*after))
        after++;
    if (after != value)
        return fail(hygiene, "a header field is folded or holds a NUL");
    if (!is_value(value, value_length))
        return fail(hygiene, "the value of a header field holds a control character");
    if (is_misread(name, name_length, value, value_length))
        return fail(hygiene, "a blank follows the Transfer-Encoding");
    hygiene->at = value + value_length + 2;
    return true;
}

bool hygiene_end(struct hygiene *hygiene, const char *method, size_t head_length)
{
    if (hygiene->fault == NULL && hygiene->at + 2 != method + head_length)
        fail(hygiene, "a line of the head ends without CR LF, is folded or holds a NUL");
    return hygiene->fault == NULL;
}

/* libmicrohttpd means by the largest number that it does not know the length, and reads on without an end. */
static bool is_largest(const char *length)
{
    return length != NULL && strtoull(length, NULL, 10) == ULLONG_MAX;
}

const char *hygiene_framing(const struct fields *fields, const char *version)
{
    const char *coding = fields->values[FIELD_TRANSFER_ENCODING];
    bool old = strcmp(version, "HTTP/1.0") == 0;
    if (!old && fields->values[FIELD_HOST] == NULL)
        return "HTTP/1.1 needs a Host field";
    if (is_largest(fields->values[FIELD_CONTENT_LENGTH]))
        return "Content-Length is more than any body has";
    if (coding == NULL)
        return NULL;
    if (fields->values[FIELD_CONTENT_LENGTH] != NULL)
        return "Content-Length and Transfer-Encoding exclude each other";
    if (strcasecmp(coding, "chunked") != 0)
        return "the only Transfer-Encoding known here is chunked";
    if (old)
        return "HTTP/1.0 has no Transfer-Encoding";
    return NULL;
}
