/* hygiene.c: the walk over a head as libmicrohttpd leaves it in its buffer, and the rules of framing. */
#include "api/http/hygiene.h"
#include "tests/lib/unit.h"

#include <string.h>

/* Parses a head in place the way libmicrohttpd 0.9.75 does: tolerant, NUL for each delimiter. */
struct head {
    char bytes[512];
    const char *method, *target, *version;
    size_t target_length, length;
    struct {
        const char *name, *value;
    } fields[8];
    size_t count;
};

static char *next_line(char **at)
{
    char *line = *at, *end = line;
    while (*end != '\n')
        end++;
    *at = end + 1;
    *end = '\0';
    if (end > line && end[-1] == '\r')
        end[-1] = '\0';
    return line;
}

static void parse_field(struct head *head, char *line)
{
    char *colon = strchr(line, ':');
    ck_assert_ptr_nonnull(colon);
    *colon++ = '\0';
    colon += strspn(colon, " \t");
    head->fields[head->count].name = line;
    head->fields[head->count++].value = colon;
}

static void parse(struct head *head, const char *text, size_t length)
{
    memset(head, 0, sizeof *head);
    ck_assert_uint_lt(length, sizeof head->bytes);
    memcpy(head->bytes, text, length);
    char *at = head->bytes, *line = next_line(&at);
    head->method = line;
    char *target = strchr(line, ' ');
    *target++ = '\0';
    target += strspn(target, " ");
    char *version = at - 2 - strlen("HTTP/1.1");
    if (version[-1] != ' ')
        version++; /* the line ended with a bare LF */
    version[-1] = '\0';
    head->target = target;
    head->target_length = strlen(target);
    head->version = version;
    while (*(line = next_line(&at)) != '\0')
        parse_field(head, line);
    head->length = (size_t)(at - head->bytes);
}

static bool clean(const char *text, size_t length)
{
    struct head head;
    struct hygiene hygiene;
    parse(&head, text, length);
    hygiene_begin(&hygiene, head.method, head.target, head.target_length, head.version);
    for (size_t i = 0; i < head.count && hygiene.fault == NULL; i++)
        hygiene_field(&hygiene, head.fields[i].name, strlen(head.fields[i].name), head.fields[i].value,
                      strlen(head.fields[i].value));
    return hygiene_end(&hygiene, head.method, head.length);
}

#define CLEAN(text) clean(text, sizeof(text) - 1)

START_TEST(clean_heads_pass)
{
    ck_assert(CLEAN("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    ck_assert(CLEAN("GET / HTTP/1.0\r\n\r\n"));
    ck_assert(CLEAN("GET /a?b=c HTTP/1.1\r\nHost:a\r\nX: \r\nY:\t b \t\r\nZ: \xc3\xbc\r\n\r\n"));
}
END_TEST

START_TEST(a_line_ends_with_cr_lf)
{
    ck_assert(!CLEAN("GET / HTTP/1.1\nHost: a\r\n\r\n"));
    ck_assert(!CLEAN("GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"));
    ck_assert(!CLEAN("GET / HTTP/1.1\r\nHost: a\n\r\n"));
    ck_assert(!CLEAN("GET / HTTP/1.1\r\nHost: a\r\n\n"));
}
END_TEST

START_TEST(a_nul_is_found_wherever_it_hides)
{
    ck_assert(!CLEAN("GET / HTTP/1.1\r\nHost: a\0b\r\nX: y\r\n\r\n"));
    ck_assert(!CLEAN("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n"));
    ck_assert(!CLEAN("GET / HTTP/1.1\r\nHost: a\0\0\r\n\r\n"));
    ck_assert(!CLEAN("GET / HTTP/1.1\r\nHost: \0\r\nX: y\r\n\r\n"));
    ck_assert(!CLEAN("GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n"));
}
END_TEST

START_TEST(the_request_line_has_two_blanks)
{
    ck_assert(!CLEAN("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"));
    ck_assert(!CLEAN("G(T / HTTP/1.1\r\nHost: a\r\n\r\n"));
}
END_TEST

START_TEST(a_name_is_a_token)
{
    ck_assert(!CLEAN("GET / HTTP/1.1\r\nHost : a\r\n\r\n"));
    ck_assert(!CLEAN("GET / HTTP/1.1\r\n Host: a\r\n\r\n"));
    ck_assert(!CLEAN("GET / HTTP/1.1\r\nHo\x01st: a\r\n\r\n"));
    ck_assert(!CLEAN("GET / HTTP/1.1\r\n: a\r\n\r\n"));
    ck_assert(!CLEAN("GET / HTTP/1.1\r\nHost: a\r\nfo\xc3\xbc: a\r\n\r\n"));
}
END_TEST

START_TEST(a_value_has_no_controls)
{
    ck_assert(!CLEAN("GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n"));
    ck_assert(!CLEAN("GET / HTTP/1.1\r\nHost: a\x01\r\n\r\n"));
    ck_assert(!CLEAN("GET / HTTP/1.1\r\nHost: a\x7f\r\n\r\n"));
}
END_TEST

/* libmicrohttpd moves the name of a folded field elsewhere and keeps only its first line. */
START_TEST(a_field_in_another_place_was_folded)
{
    struct head head;
    struct hygiene hygiene;
    const char text[] = "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
    parse(&head, text, sizeof text - 1);
    hygiene_begin(&hygiene, head.method, head.target, head.target_length, head.version);
    ck_assert(!hygiene_field(&hygiene, "Host", 4, head.fields[0].value, 1));
    hygiene_begin(&hygiene, head.method, head.target, head.target_length, head.version);
    ck_assert(!hygiene_field(&hygiene, head.fields[0].name, 4, "a", 1));
    hygiene_begin(&hygiene, head.method, head.target, head.target_length, head.version);
    ck_assert(!hygiene_field(&hygiene, head.fields[1].name, 1, head.fields[1].value, 1));
}
END_TEST

static const char *framing(const char *host, const char *coding, const char *length, const char *version)
{
    struct fields fields = {0};
    fields.values[FIELD_HOST] = host;
    fields.values[FIELD_TRANSFER_ENCODING] = coding;
    fields.values[FIELD_CONTENT_LENGTH] = length;
    return hygiene_framing(&fields, version);
}

START_TEST(framing_leaves_no_doubt)
{
    ck_assert_ptr_null(framing("a", NULL, NULL, "HTTP/1.1"));
    ck_assert_ptr_null(framing("a", NULL, "1", "HTTP/1.1"));
    ck_assert_ptr_null(framing("a", "Chunked", NULL, "HTTP/1.1"));
    ck_assert_ptr_null(framing(NULL, NULL, "1", "HTTP/1.0"));
    ck_assert_ptr_nonnull(framing(NULL, NULL, NULL, "HTTP/1.1"));
    ck_assert_ptr_nonnull(framing("a", "chunked", "1", "HTTP/1.1"));
    ck_assert_ptr_nonnull(framing("a", "chunked", NULL, "HTTP/1.0"));
    ck_assert_ptr_null(framing("a", NULL, "18446744073709551614", "HTTP/1.1"));
    ck_assert_ptr_nonnull(framing("a", NULL, "18446744073709551615", "HTTP/1.1"));
    const char *codings[] = {"", "gzip", "gzip, chunked", "chunked, chunked", "xchunked", "chunked ", "identity"};
    for (size_t i = 0; i < sizeof codings / sizeof *codings; i++)
        ck_assert_msg(framing("a", codings[i], NULL, "HTTP/1.1") != NULL, "%s", codings[i]);
}
END_TEST

START_TEST(fields_that_frame_come_once)
{
    char value[] = "1";
    const char *once[] = {"Host", "content-length", "TRANSFER-ENCODING", "Destination", "Range"};
    for (size_t i = 0; i < sizeof once / sizeof *once; i++) {
        struct fields fields = {0};
        enum field twice;
        ck_assert_int_eq(fields_note(&fields, once[i], strlen(once[i]), value, 1, &twice), FIELDS_OK);
        ck_assert_int_eq(fields_note(&fields, once[i], strlen(once[i]), value, 1, &twice), FIELDS_TWICE);
        ck_assert_int_eq(strcasecmp(field_name(twice), once[i]), 0);
        fields_free(&fields);
    }
}
END_TEST

START_TEST(lists_of_several_lines_are_joined)
{
    struct fields fields = {0};
    enum field twice;
    char values[][4] = {"a", "b ", "c\t"};
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(fields_note(&fields, "If-Match", 8, values[i], strlen(values[i]), &twice), FIELDS_OK);
    ck_assert_str_eq(fields.values[FIELD_IF_MATCH], "a, b, c");
    fields_free(&fields);
}
END_TEST

/* Each field that is known, and one that is kept with an object. */
START_TEST(blanks_behind_a_value_are_no_part_of_it)
{
    const char *blanks[] = {"", " ", "\t", " \t  "};
    for (unsigned field = 0; field <= FIELDS; field++)
        for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++) {
            const char *name = field < FIELDS ? field_name((enum field)field) : FIELD_META_PREFIX "A";
            struct fields fields = {0};
            enum field twice;
            char value[16];
            stpcpy(stpcpy(value, "a \tb"), blanks[i]);
            ck_assert_int_eq(fields_note(&fields, name, strlen(name), value, strlen(value), &twice), FIELDS_OK);
            ck_assert_str_eq(value, "a \tb");
            ck_assert(field == FIELDS || fields.values[field] == value);
            fields_free(&fields);
        }
    struct fields fields = {0};
    enum field twice;
    char empty[] = " \t";
    ck_assert_int_eq(fields_note(&fields, "Expect", 6, empty, strlen(empty), &twice), FIELDS_OK);
    ck_assert_str_eq(empty, "");
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        clean_heads_pass,
        a_line_ends_with_cr_lf,
        a_nul_is_found_wherever_it_hides,
        the_request_line_has_two_blanks,
        a_name_is_a_token,
        a_value_has_no_controls,
        a_field_in_another_place_was_folded,
        framing_leaves_no_doubt,
        fields_that_frame_come_once,
        lists_of_several_lines_are_joined,
        blanks_behind_a_value_are_no_part_of_it,
    };
    return UNIT_RUN("hygiene", tests);
}
