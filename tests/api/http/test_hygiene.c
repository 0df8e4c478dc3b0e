/* hygiene.c: what is wrong with a head, and what a whole one says of its body. */
#include "api/http/hygiene.h"
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>

#define CLEAN PROBLEMS

static struct hygiene hygiene;

/* The problem with a head, or CLEAN. */
static enum problem judge_bytes(const char *head, size_t length)
{
    enum hygiene_verdict verdict = HYGIENE_SKIP;
    hygiene_begin(&hygiene);
    for (const char *line = head, *end; verdict != HYGIENE_FAULT && line < head + length; line = end + 2) {
        end = memmem(line, length - (size_t)(line - head), "\r\n", 2);
        ck_assert_ptr_nonnull(end);
        ck_assert_int_ne(verdict, HYGIENE_END);
        size_t kept = (size_t)(end - line);
        verdict = hygiene_line(&hygiene, line, &kept);
    }
    ck_assert(verdict == HYGIENE_FAULT || verdict == HYGIENE_END);
    ck_assert((verdict == HYGIENE_FAULT) == (hygiene.fault.sentence != NULL));
    return verdict == HYGIENE_END ? CLEAN : hygiene.fault.problem;
}

/* Of a text that may hold a NUL. */
#define judge(head) judge_bytes(head, sizeof(head) - 1)

/* A head of HTTP/1.1 with a Host and this line. */
static enum problem judge_line(const char *line)
{
    char head[512];
    snprintf(head, sizeof head, "PUT / HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n", line);
    return judge_bytes(head, strlen(head));
}

START_TEST(clean_heads_pass)
{
    ck_assert_int_eq(judge("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), CLEAN);
    ck_assert_int_eq(judge("GET / HTTP/1.0\r\n\r\n"), CLEAN);
    ck_assert_int_eq(judge("\r\n\r\nGET / HTTP/1.1\r\nHost:\r\n\r\n"), CLEAN);
    ck_assert_int_eq(judge("GET /a?b=c HTTP/1.1\r\nHost:a\r\nX: \r\nY:\t b \t\r\nZ: \xc3\xbc\r\n\r\n"), CLEAN);
    ck_assert_int_eq(judge("M-SEARCH http://a/\xc3\xbc HTTP/1.9\r\nHost: a\r\n\r\n"), CLEAN);
}
END_TEST

START_TEST(blanks_behind_a_value_are_cut_off)
{
    size_t length = strlen("Content-Length: 5 \t ");
    judge("PUT / HTTP/1.1\r\nHost: a\r\n\r\n");
    ck_assert_int_eq(hygiene_line(&hygiene, "Content-Length: 5 \t ", &length), HYGIENE_LINE);
    ck_assert_uint_eq(length, strlen("Content-Length: 5"));
    ck_assert_uint_eq(hygiene.length, 5);
}
END_TEST

START_TEST(request_lines_that_are_none)
{
    ck_assert_int_eq(judge("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), PROBLEM_BAD_URI);
    ck_assert_int_eq(judge("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"), PROBLEM_BAD_URI);
    ck_assert_int_eq(judge("GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n"), PROBLEM_BAD_URI);
    ck_assert_int_eq(judge("GET /a\rb HTTP/1.1\r\nHost: a\r\n\r\n"), PROBLEM_BAD_URI);
    ck_assert_int_eq(judge("GET  HTTP/1.1\r\nHost: a\r\n\r\n"), PROBLEM_BAD_REQUEST);
    ck_assert_int_eq(judge("GET /\r\n\r\n"), PROBLEM_BAD_REQUEST);
    ck_assert_int_eq(judge("GET\r\n\r\n"), PROBLEM_BAD_REQUEST);
    ck_assert_int_eq(judge(" GET / HTTP/1.1\r\nHost: a\r\n\r\n"), PROBLEM_BAD_REQUEST);
    ck_assert_int_eq(judge("G(T / HTTP/1.1\r\nHost: a\r\n\r\n"), PROBLEM_BAD_REQUEST);
    ck_assert_int_eq(judge("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"), PROBLEM_BAD_REQUEST);
    ck_assert_int_eq(judge("GET / HTTP/1\r\nHost: a\r\n\r\n"), PROBLEM_BAD_REQUEST);
    ck_assert_int_eq(judge("GET / http/1.1\r\nHost: a\r\n\r\n"), PROBLEM_BAD_REQUEST);
    ck_assert_int_eq(judge("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), PROBLEM_VERSION);
    ck_assert_int_eq(judge("GET / HTTP/0.9\r\n\r\n"), PROBLEM_VERSION);
}
END_TEST

START_TEST(a_name_is_a_token)
{
    const char *lines[] = {"X : a", " X: a", "\tX: a", "X\x01: a", ": a", "f\xc3\xbc: a", "no colon", " ", "X y: a"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        ck_assert_msg(judge_line(lines[i]) == PROBLEM_BAD_REQUEST, "%s", lines[i]);
}
END_TEST

START_TEST(a_value_has_no_controls)
{
    ck_assert_int_eq(judge("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"), PROBLEM_BAD_REQUEST);
    ck_assert_int_eq(judge("GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n"), PROBLEM_BAD_REQUEST);
    const char *lines[] = {"X: a\rb", "X: \x01", "X: a\x7f"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        ck_assert_msg(judge_line(lines[i]) == PROBLEM_BAD_REQUEST, "%s", lines[i]);
}
END_TEST

START_TEST(a_host_is_a_name)
{
    const char *good[] = {"a", "a:80", "a:65535", "a:", "[::1]", "[::1]:80", "127.0.0.1:80", "a_b.example", "%61", ""};
    const char *bad[] = {"a b/c",       "a/b",     "a?b",  "a#b",     "a@b", "a\\b",        "<a>",        "\xc3\xbc",
                         "a:b",         "a:99999", "a:-1", "a:80:80", ":80", "::1",         "[::1]:b",    "[::1]b",
                         "[::1]:99999", "[::1",    "::1]", "[]",      "[a]", "[127.0.0.1]", "[::1].a:80", "a:80@b:80"};
    char head[100];
    for (size_t i = 0; i < sizeof good / sizeof *good + sizeof bad / sizeof *bad; i++) {
        bool is_good = i < sizeof good / sizeof *good;
        const char *host = is_good ? good[i] : bad[i - sizeof good / sizeof *good];
        snprintf(head, sizeof head, "GET / HTTP/1.0\r\nHost: %s\r\n\r\n", host);
        ck_assert_msg(judge_bytes(head, strlen(head)) == (is_good ? CLEAN : PROBLEM_BAD_REQUEST), "%s", host);
    }
    ck_assert_int_eq(judge("GET / HTTP/1.1\r\n\r\n"), PROBLEM_BAD_REQUEST);
}
END_TEST

START_TEST(framing_leaves_no_doubt)
{
    const struct {
        const char *lines;
        enum problem problem;
    } cases[] = {
        {"Content-Length: 0005", CLEAN},
        {"Transfer-Encoding: Chunked", CLEAN},
        {"Content-Length: 5\r\nContent-Length: 5", PROBLEM_BAD_REQUEST},
        {"Content-Length: 5\r\nTransfer-Encoding: chunked", PROBLEM_BAD_REQUEST},
        {"Content-Length: 5, 5", PROBLEM_BAD_REQUEST},
        {"Content-Length: +5", PROBLEM_BAD_REQUEST},
        {"Content-Length: ", PROBLEM_BAD_REQUEST},
        {"Content-Length: 5a", PROBLEM_BAD_REQUEST},
        {"Content-Length: 9223372036854775808", PROBLEM_TOO_LARGE},
        {"Content-Length: 99999999999999999999", PROBLEM_TOO_LARGE},
        {"Transfer-Encoding: gzip, chunked", PROBLEM_NOT_IMPLEMENTED},
        {"Transfer-Encoding: gzip", PROBLEM_NOT_IMPLEMENTED},
        {"Transfer-Encoding: identity", PROBLEM_NOT_IMPLEMENTED},
        {"Transfer-Encoding: chunked, gzip", PROBLEM_BAD_REQUEST},
        {"Transfer-Encoding: chunked, chunked", PROBLEM_BAD_REQUEST},
        {"Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip", PROBLEM_BAD_REQUEST},
        {"Transfer-Encoding: chunked x", PROBLEM_BAD_REQUEST},
        {"Transfer-Encoding: \"chunked\"", PROBLEM_BAD_REQUEST},
        {"Transfer-Encoding: chunked,", PROBLEM_BAD_REQUEST},
        {"Transfer-Encoding:", PROBLEM_BAD_REQUEST},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_msg(judge_line(cases[i].lines) == cases[i].problem, "%s: %s", cases[i].lines, hygiene.fault.sentence);
    ck_assert_int_eq(judge("PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), PROBLEM_BAD_REQUEST);
}
END_TEST

START_TEST(a_whole_head_says_how_its_body_is_framed)
{
    ck_assert_int_eq(judge_line("Content-Length: 123"), CLEAN);
    ck_assert(hygiene.has_length && !hygiene.chunked);
    ck_assert_uint_eq(hygiene.length, 123);
    ck_assert_int_eq(judge_line("Transfer-Encoding:\tchunked \t"), CLEAN);
    ck_assert(hygiene.chunked && !hygiene.has_length);
    ck_assert_int_eq(judge_line("X: y"), CLEAN);
    ck_assert(!hygiene.chunked && !hygiene.has_length);
}
END_TEST

/* As many fields as there is memory for; cookies are counted twice. */
START_TEST(a_head_has_its_memory)
{
    const char *lines[] = {"X: y", "Cookie: a=b; c=d"};
    unsigned fit[2] = {0};
    for (size_t i = 0; i < 2; i++) {
        size_t request = strlen("GET / HTTP/1.0"), length;
        hygiene_begin(&hygiene);
        ck_assert_int_eq(hygiene_line(&hygiene, "GET / HTTP/1.0", &request), HYGIENE_LINE);
        while (length = strlen(lines[i]), hygiene_line(&hygiene, lines[i], &length) == HYGIENE_LINE)
            fit[i]++;
        ck_assert_int_eq(hygiene.fault.problem, PROBLEM_HEAD_TOO_LARGE);
    }
    ck_assert_uint_eq(fit[0], (10240 - 16) / (4 + 2 + 64));
    ck_assert_uint_eq(fit[1], (10240 - 16) / (16 + 2 + 64 + 8 + 2 * 64));
}
END_TEST

START_TEST(a_line_without_an_end_is_not_waited_for_for_ever)
{
    hygiene_begin(&hygiene);
    ck_assert(hygiene_waits(&hygiene, 10240));
    ck_assert(!hygiene_waits(&hygiene, 10241));
    ck_assert_int_eq(hygiene.fault.problem, PROBLEM_TARGET_TOO_LONG);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        clean_heads_pass,
        blanks_behind_a_value_are_cut_off,
        request_lines_that_are_none,
        a_name_is_a_token,
        a_value_has_no_controls,
        a_host_is_a_name,
        framing_leaves_no_doubt,
        a_whole_head_says_how_its_body_is_framed,
        a_head_has_its_memory,
        a_line_without_an_end_is_not_waited_for_for_ever,
    };
    return UNIT_RUN("hygiene", tests);
}
