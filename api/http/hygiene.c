/* hygiene.c - one line at a time; the first fault is kept. See hygiene.h. */
#include "api/http/hygiene.h"

#include "api/api.h"
#include "api/http/authority.h"
#include "api/http/octet.h"
#include "api/text/decimal.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

enum {
    /* Bytes of the longest: an object's attributes (4 KiB), what fields have around them (1.3 KiB), a name to save it
     * under (1 KiB), what lets a page see all that (1 KiB), and others. */
    ANSWER_HEAD = 8 << 10,
    MEMORY_MAX = API_CONNECTION_MEMORY - ANSWER_HEAD,
};

static bool is_word(const char *text, size_t length, const char *word)
{
    return length == strlen(word) && strncasecmp(text, word, length) == 0;
}

/* ---- faults ----------------------------------------------------------------------------------- */

static bool fail(struct hygiene *hygiene, enum problem problem, const char *sentence)
{
    if (!hygiene->fault.sentence)
        hygiene->fault = (struct fault){.problem = problem, .sentence = sentence};
    return false;
}

static bool malformed(struct hygiene *hygiene, const char *sentence)
{
    return fail(hygiene, PROBLEM_BAD_REQUEST, sentence);
}

void hygiene_bare_line(struct hygiene *hygiene)
{
    malformed(hygiene, "A line of the head ends with LF alone instead of CR LF.");
}

/* What the head takes of the connection's memory is not there for the answer's. Without room for that one the client
 * would get none, not even to a write that was done. */
static bool take_memory(struct hygiene *hygiene, size_t bytes)
{
    static_assert(MEMORY_MAX == 10 << 10, "the sentences say so");
    hygiene->memory += bytes;
    if (hygiene->memory <= MEMORY_MAX)
        return true;
    if (!hygiene->begun)
        return fail(hygiene, PROBLEM_TARGET_TOO_LONG,
                    "The request line takes more than the 10 KiB that there are for a head.");
    return fail(hygiene, PROBLEM_HEAD_TOO_LARGE,
                "The head takes more than the 10 KiB that there are for it. Each field and each cookie counts 64 bytes "
                "beside its text, and cookies count twice: send fewer and shorter fields.");
}

bool hygiene_waits(struct hygiene *hygiene, size_t length)
{
    size_t memory = hygiene->memory;
    bool fits = take_memory(hygiene, length);
    hygiene->memory = memory;
    return fits;
}

size_t hygiene_memory_left(const struct hygiene *hygiene)
{
    return MEMORY_MAX - hygiene->memory;
}

/* ---- the request line ------------------------------------------------------------------------- */

static bool read_version(struct hygiene *hygiene, const char *text, size_t length)
{
    if (length != strlen("HTTP/1.1") || strncmp(text, "HTTP/", 5) != 0 || text[5] < '0' || text[5] > '9' ||
        text[6] != '.' || text[7] < '0' || text[7] > '9')
        return malformed(hygiene, "The request line does not end with a version of HTTP, such as HTTP/1.1.");
    hygiene->old = text[7] == '0';
    return text[5] == '1' || fail(hygiene, PROBLEM_VERSION, "The versions known here are HTTP/1.1 and HTTP/1.0.");
}

/* The target is the api's to judge, all but what would not arrive there. */
static bool target_arrives(struct hygiene *hygiene, const char *target, const char *end)
{
    for (const char *at = target; at < end; at++)
        if ((unsigned char)*at <= ' ' || *at == 0x7f)
            return fail(hygiene, PROBLEM_BAD_URI, "The target holds a blank or a control character: escape it (%20).");
    return target < end || malformed(hygiene, "The request line has no target.");
}

static bool read_request_line(struct hygiene *hygiene, const char *line, size_t length)
{
    const char *method_end = memchr(line, ' ', length);
    const char *target_end = memrchr(line, ' ', length);
    if (!method_end || method_end == target_end)
        return malformed(hygiene,
                         "The request line is not a method, a target and a version with one space between them.");
    if (method_end == line || !octet_all(line, (size_t)(method_end - line), OCTET_TOKEN))
        return malformed(hygiene, "The method is not a token.");
    const char *version = target_end + 1;
    return read_version(hygiene, version, length - (size_t)(version - line)) &&
           target_arrives(hygiene, method_end + 1, target_end);
}

static enum hygiene_verdict judge_request_line(struct hygiene *hygiene, const char *line, size_t length)
{
    if (length == 0)
        return HYGIENE_SKIP;
    if (!read_request_line(hygiene, line, length))
        return HYGIENE_FAULT;
    hygiene->begun = true;
    return HYGIENE_LINE;
}

/* ---- the fields that decide where the message ends, and whom it is for -------------------------- */

static bool read_host(struct hygiene *hygiene, const char *value, size_t length)
{
    hygiene->has_host = true;
    return length == 0 || authority_valid((struct slice){value, length}) ||
           malformed(hygiene, "The value of Host is not a name or an address, with a port of up to 65535 or without.");
}

static bool read_length(struct hygiene *hygiene, const char *value, size_t length)
{
    struct decimal decimal = decimal_read(value, length);
    if (hygiene->has_length)
        return malformed(hygiene, "The header field Content-Length may come only once.");
    if (length == 0)
        return malformed(hygiene, "Content-Length has no value.");
    if (decimal.digits < length)
        return malformed(hygiene, "The value of Content-Length is not a number in digits alone.");
    if (decimal.number > INT64_MAX)
        return fail(hygiene, PROBLEM_TOO_LARGE, "Content-Length is more than any body has.");
    hygiene->has_length = true;
    hygiene->length = decimal.number;
    return true;
}

/* One coding by its name. An unknown one is 501 (RFC 9112, section 6.1); what is not a list of codings is malformed. */
static bool read_coding(struct hygiene *hygiene, const char *name, size_t length)
{
    if (length == 0 || !octet_all(name, length, OCTET_TOKEN))
        return malformed(hygiene, "The value of Transfer-Encoding is not a list of codings.");
    if (hygiene->chunked)
        return malformed(hygiene, "In Transfer-Encoding chunked comes last, and once.");
    hygiene->chunked = is_word(name, length, "chunked");
    return hygiene->chunked ||
           fail(hygiene, PROBLEM_NOT_IMPLEMENTED, "The only Transfer-Encoding known here is chunked.");
}

/* Takes the next member off a list, without the blanks around it; it may be empty, and an empty list has one such.
 * False: there are no more. */
static bool next_member(struct slice *list, struct slice *ret_member)
{
    if (!list->start)
        return false;
    const char *comma = memchr(list->start, ',', list->length);
    *ret_member = (struct slice){list->start, !comma ? list->length : (size_t)(comma - list->start)};
    *list = !comma ? (struct slice){0} : (struct slice){comma + 1, list->length - ret_member->length - 1};
    octet_trim(&ret_member->start, &ret_member->length);
    return true;
}

static bool read_codings(struct hygiene *hygiene, struct slice list)
{
    for (struct slice coding; next_member(&list, &coding);)
        if (!read_coding(hygiene, coding.start, coding.length))
            return false;
    return true;
}

/* Empty members say nothing, and one that comes twice says no more than once (RFC 9110, sections 5.6.1.2, 10.1.1). */
static void read_expectations(struct hygiene *hygiene, struct slice list)
{
    for (struct slice expectation; next_member(&list, &expectation);) {
        bool continues = is_word(expectation.start, expectation.length, "100-continue");
        hygiene->expects_continue |= continues;
        hygiene->expects_other |= !continues && expectation.length > 0;
    }
}

/* It is kept a second time, to part it. */
static bool count_cookies(struct hygiene *hygiene, const char *value, size_t length)
{
    size_t cookies = 1;
    for (size_t i = 0; i < length; i++)
        cookies += value[i] == ';' || value[i] == ',';
    return take_memory(hygiene, length + cookies * HYGIENE_FIELD);
}

static bool read_field(struct hygiene *hygiene, const char *name, size_t name_length, const char *value, size_t length)
{
    if (is_word(name, name_length, "Host"))
        return read_host(hygiene, value, length);
    if (is_word(name, name_length, "Content-Length"))
        return read_length(hygiene, value, length);
    if (is_word(name, name_length, "Transfer-Encoding"))
        return read_codings(hygiene, (struct slice){value, length});
    if (is_word(name, name_length, "Cookie"))
        return count_cookies(hygiene, value, length);
    if (is_word(name, name_length, "Expect"))
        read_expectations(hygiene, (struct slice){value, length});
    return true;
}

/* ---- lines ------------------------------------------------------------------------------------ */

static enum hygiene_verdict judge_field(struct hygiene *hygiene, const char *line, size_t *length)
{
    const char *colon = memchr(line, ':', *length), *end = line + *length;
    while (end > line && octet_is(end[-1], OCTET_BLANK))
        end--;
    *length = (size_t)(end - line);
    if (octet_is(*line, OCTET_BLANK) || end == line)
        malformed(hygiene, "A header field is folded.");
    else if (!colon || colon == line || !octet_all(line, (size_t)(colon - line), OCTET_TOKEN))
        malformed(hygiene, "The name of a header field is not a token directly followed by a colon.");
    else if (!octet_all(colon + 1, (size_t)(end - colon - 1), OCTET_VALUE))
        malformed(hygiene, "The value of a header field holds a control character.");
    if (hygiene->fault.sentence || !take_memory(hygiene, HYGIENE_FIELD))
        return HYGIENE_FAULT;
    const char *value = colon + 1;
    while (value < end && octet_is(*value, OCTET_BLANK))
        value++;
    return read_field(hygiene, line, (size_t)(colon - line), value, (size_t)(end - value)) ? HYGIENE_LINE
                                                                                           : HYGIENE_FAULT;
}

/* The rules that only a whole head can break. */
static enum hygiene_verdict judge_head(struct hygiene *hygiene)
{
    if (!hygiene->old && !hygiene->has_host)
        malformed(hygiene, "HTTP/1.1 needs a Host field.");
    if (hygiene->chunked && hygiene->has_length)
        malformed(hygiene, "Content-Length and Transfer-Encoding exclude each other.");
    if (hygiene->chunked && hygiene->old)
        malformed(hygiene, "HTTP/1.0 has no Transfer-Encoding.");
    return !hygiene->fault.sentence ? HYGIENE_END : HYGIENE_FAULT;
}

void hygiene_begin(struct hygiene *hygiene)
{
    *hygiene = (struct hygiene){0};
}

enum hygiene_verdict hygiene_line(struct hygiene *hygiene, const char *line, size_t *length)
{
    if (!take_memory(hygiene, *length + 2))
        return HYGIENE_FAULT;
    if (!hygiene->begun)
        return judge_request_line(hygiene, line, *length);
    return *length == 0 ? judge_head(hygiene) : judge_field(hygiene, line, length);
}
