/* Requests that no honest client sends, over raw sockets: refused with 400 and a closed connection, never guessed
 * at. */
#include "tests/http/clock.h"
#include "tests/http/raw.h"
#include "tests/http/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct raw_answer answer;

/* Sends bytes on a new connection and expects an answer of that status, and then the end of the connection. */
static void expect_refusal_of_bytes(const char *request, size_t length, int status)
{
    int socket = raw_connect(site.server->port);
    raw_send_bytes(socket, request, length);
    ck_assert_msg(raw_receive(socket, &answer), "no answer to: %s", request);
    ck_assert_msg(answer.status == status, "expected %d, got %d for: %s", status, answer.status, request);
    ck_assert_msg(raw_closed(socket), "the connection stays open after: %s", request);
    close(socket);
}

static void expect_refusal(const char *request)
{
    expect_refusal_of_bytes(request, strlen(request), 400);
}

/* The same for a refusal that is a problem document of that kind. */
static void expect_kind(const char *request, int status, const char *kind)
{
    expect_refusal_of_bytes(request, strlen(request), status);
    char type[100];
    ck_assert(raw_header(&answer, "Content-Type", type, sizeof type));
    ck_assert_str_eq(type, "application/problem+json");
    ck_assert_msg(strstr(answer.body, client_text(site.client, "\"type\":\"urn:problem-type:cairn:%s\"", kind)),
                  "%s instead of %s for: %s", answer.body, kind, request);
}

static void expect_nothing_stored(void)
{
    client_disconnect(site.client);
    ck_assert_int_eq(site_figure("objects"), 0);
}

/* A PUT of "hello" with these header lines. */
static char *put_with(const char *lines)
{
    return client_text(site.client, "PUT %s HTTP/1.1\r\nHost: a\r\n%s\r\nhello", site_object("k"), lines);
}

/* ---- how long is the body -------------------------------------------------------------------- */

START_TEST(length_and_encoding_together)
{
    expect_refusal(client_text(site.client,
                               "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
                               "0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
                               site_object("k")));
    expect_refusal(client_text(site.client,
                               "PUT %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
                               "5\r\nhello\r\n0\r\n\r\n",
                               site_object("k")));
    expect_nothing_stored();
}
END_TEST

START_TEST(two_different_lengths)
{
    expect_refusal(put_with("Content-Length: 5\r\nContent-Length: 3\r\n"));
    expect_refusal(put_with("Content-Length: 3\r\nContent-Length: 5\r\n"));
    expect_refusal(put_with("Content-Length: 5\r\nX-Between: y\r\ncontent-length: 0\r\n"));
    expect_refusal(put_with("Content-Length: 5, 3\r\n"));
    expect_nothing_stored();
}
END_TEST

START_TEST(lengths_that_are_no_numbers)
{
    const char *values[] = {"99999999999999999999", "+5", "-1", "0x5", "5a", "abc", "", "5 5", "5.0"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        int socket = raw_connect(site.server->port);
        raw_send(socket, "%s", put_with(client_text(site.client, "Content-Length: %s\r\n", values[i])));
        ck_assert_msg(raw_receive(socket, &answer), "no answer to length \"%s\"", values[i]);
        ck_assert_msg(answer.status == (i == 0 ? 413 : 400), "length \"%s\": %d", values[i], answer.status);
        ck_assert(raw_closed(socket));
        close(socket);
    }
    expect_nothing_stored();
}
END_TEST

START_TEST(unknown_transfer_encodings)
{
    const struct {
        const char *value;
        int status;
        const char *kind;
    } cases[] = {{"gzip, chunked", 501, "not-implemented"},
                 {"gzip", 501, "not-implemented"},
                 {"identity", 501, "not-implemented"},
                 {"xchunked", 501, "not-implemented"},
                 {"chunked, chunked", 400, "bad-request"},
                 {"chunked, gzip", 400, "bad-request"},
                 {"chunked x", 400, "bad-request"},
                 {"\"chunked\"", 400, "bad-request"},
                 {"", 400, "bad-request"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_kind(client_text(site.client,
                                "PUT %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: %s\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
                                site_object("k"), cases[i].value),
                    cases[i].status, cases[i].kind);
    expect_nothing_stored();
}
END_TEST

START_TEST(two_transfer_encodings)
{
    expect_refusal(client_text(site.client,
                               "PUT %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
                               "gzip\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
                               site_object("k")));
    expect_nothing_stored();
}
END_TEST

START_TEST(chunked_in_capitals_is_chunked)
{
    char *request = client_text(
        site.client, "PUT %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        site_object("k"));
    ck_assert_int_eq(raw_status(site.server->port, request, strlen(request)), 201);
    site_expect_text("k", "hello");
}
END_TEST

START_TEST(chunk_extensions_are_skipped)
{
    char *request = client_text(
        site.client,
        "PUT %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        site_object("k"));
    ck_assert_int_eq(raw_status(site.server->port, request, strlen(request)), 201);
    site_expect_text("k", "hello");
}
END_TEST

START_TEST(broken_chunks_store_nothing)
{
    const char *bodies[] = {"fffffffffffffffff\r\nhello\r\n0\r\n\r\n", "zz\r\nhello\r\n0\r\n\r\n",
                            "-5\r\nhello\r\n0\r\n\r\n", "5\r\nhelloXX\r\n0\r\n\r\n", "\r\nhello\r\n0\r\n\r\n"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        int socket = raw_connect(site.server->port);
        raw_send(socket, "PUT %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%s", site_object("k"),
                 bodies[i]);
        ck_assert_msg(raw_receive(socket, &answer), "no answer to chunks %s", bodies[i]);
        ck_assert_msg(answer.status == (i == 0 ? 413 : 400), "%s: %d", bodies[i], answer.status);
        ck_assert_msg(raw_closed(socket), "the connection stays open after chunks %s", bodies[i]);
        close(socket);
    }
    expect_nothing_stored();
}
END_TEST

START_TEST(an_upload_without_a_length_is_411)
{
    expect_kind(client_text(site.client, "PUT %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", site_object("k")),
                411, "length-required");
    expect_nothing_stored();
}
END_TEST

/* ---- header lines ---------------------------------------------------------------------------- */

START_TEST(a_nul_in_a_header)
{
    char request[256];
    const char *values[] = {"X-Test: a%cb\r\n", "Cairn-Meta-A: %cb\r\n", "Content-Type: text/plain%c\r\n",
                            "X%cY: a\r\n"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: a\r\n", site_object("k"));
        length += snprintf(request + length, sizeof request - (size_t)length, values[i], '\0');
        length += snprintf(request + length, sizeof request - (size_t)length, "\r\n");
        expect_refusal_of_bytes(request, (size_t)length, 400);
    }
}
END_TEST

START_TEST(a_nul_in_the_target)
{
    char request[256];
    int length = snprintf(request, sizeof request, "GET %s%cb HTTP/1.1\r\nHost: a\r\n\r\n", site_object("k"), '\0');
    expect_refusal_of_bytes(request, (size_t)length, 400);
}
END_TEST

START_TEST(a_missing_host)
{
    expect_refusal("GET /healthz HTTP/1.1\r\n\r\n");
    expect_refusal("GET http://a/healthz HTTP/1.1\r\n\r\n");
}
END_TEST

START_TEST(two_hosts)
{
    expect_refusal("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
}
END_TEST

START_TEST(http_1_0_needs_no_host_and_closes)
{
    expect_refusal_of_bytes("GET /healthz HTTP/1.0\r\n\r\n", 25, 200);
}
END_TEST

START_TEST(a_space_before_the_colon)
{
    expect_refusal(put_with("Content-Length : 5\r\n"));
    expect_refusal(put_with("Content-Length: 5\r\nTransfer-Encoding : chunked\r\n"));
    expect_nothing_stored();
}
END_TEST

START_TEST(a_folded_header)
{
    expect_refusal(put_with("Content-Length: 5\r\nX-Folded: a\r\n b\r\n"));
    expect_refusal(put_with("Content-Length: 5\r\nTransfer-Encoding:\r\n chunked\r\n"));
    expect_nothing_stored();
}
END_TEST

START_TEST(a_bare_line_feed_ends_no_line)
{
    expect_refusal(put_with("Content-Length: 5\r\nX-Test: a\nX-Other: b\r\n"));
    expect_refusal("GET /healthz HTTP/1.1\nHost: a\n\n");
    expect_nothing_stored();
}
END_TEST

START_TEST(a_bare_carriage_return)
{
    int socket = raw_connect(site.server->port);
    raw_send(socket, "%s", put_with("Content-Length: 5\r\nX-Test: a\rTransfer-Encoding: chunked\r\n"));
    ck_assert(raw_receive(socket, &answer));
    ck_assert_int_eq(answer.status, 400);
    close(socket);
    expect_nothing_stored();
}
END_TEST

START_TEST(a_header_without_a_colon)
{
    expect_refusal("GET /healthz HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n");
}
END_TEST

START_TEST(a_target_of_8000_bytes_fits)
{
    site_expect(site_put("k", "v", NULL), 201);
    char *path = site_object("k?"), *target = client_text(site.client, "%s%0*d", path, 8000 - (int)strlen(path), 0);
    ck_assert_uint_eq(strlen(target), 8000);
    char *request = client_text(site.client, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", target);
    ck_assert_int_eq(raw_status(site.server->port, request, strlen(request)), 200);
}
END_TEST

/* ---- the request line ------------------------------------------------------------------------ */

START_TEST(unknown_methods_are_501)
{
    const char *methods[] = {"BREW", "get", "PROPFIND", "MOVEX", "M"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        expect_kind(client_text(site.client,
                                "%s %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
                                methods[i], site_object("k")),
                    501, "not-implemented");
    }
}
END_TEST

START_TEST(a_method_that_the_path_does_not_have_is_405_with_allow)
{
    const struct {
        const char *method;
        const char *target;
        const char *allowed;
    } cases[] = {
        {"POST", site_object("k"), "PUT"},
        {"DELETE", "/v1/stores", "GET"},
        {"PUT", "/healthz", "GET"},
        {"GET", site_target("/batch"), "POST"},
        {"DELETE", site_target("/objects"), "GET"},
        {"MOVE", site_target(""), "PUT"},
        {"PUT", site_target("/move"), "POST"},
        {"COPY", "/openapi.yaml", "GET"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer *refusal = client_send(site.client, cases[i].method, cases[i].target, NULL, 0, NULL);
        ck_assert_msg(refusal->status == 405, "%s %s: %d", cases[i].method, cases[i].target, refusal->status);
        site_expect_kind(refusal, 405, "method-not-allowed");
        const char *allow = answer_header(refusal, "Allow");
        ck_assert_msg(allow && strstr(allow, cases[i].allowed), "%s %s: Allow: %s", cases[i].method, cases[i].target,
                      allow);
    }
}
END_TEST

START_TEST(nonsense_instead_of_a_request)
{
    const char *requests[] = {"\r\n\r\n\r\n\r\nnonsense\r\n\r\n", "GET\r\n\r\n",
                              "\x16\x03\x01\x02\x01\x01",         "GET / HTTP/9.9\r\nHost: a\r\n\r\n",
                              "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / JUNK/1.1\r\nHost: a\r\n\r\n"};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        int socket = raw_connect(site.server->port);
        raw_send(socket, "%s", requests[i]);
        shutdown(socket, SHUT_WR);
        if (raw_receive(socket, &answer))
            ck_assert_msg(answer.status >= 400 && answer.status <= 505, "%s: %d", requests[i], answer.status);
        ck_assert_msg(raw_closed(socket), "the connection stays open after %s", requests[i]);
        close(socket);
    }
    site_expect(client_get(site.client, "/healthz", NULL), 200);
}
END_TEST

/* ---- connections ----------------------------------------------------------------------------- */

START_TEST(pipelined_requests_are_answered_in_order)
{
    int socket = raw_connect(site.server->port);
    char *target = site_object("k");
    ck_assert(raw_send(socket,
                       "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none"
                       "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\ntwo"
                       "GET %s HTTP/1.1\r\nHost: a\r\n\r\n"
                       "DELETE %s HTTP/1.1\r\nHost: a\r\n\r\n"
                       "GET %s HTTP/1.1\r\nHost: a\r\n\r\n",
                       target, target, target, target, target));
    const int expected[] = {201, 200, 200, 200, 404};
    for (size_t i = 0; i < 5; i++) {
        ck_assert_msg(raw_receive(socket, &answer), "no answer to request %zu", i);
        ck_assert_int_eq(answer.status, expected[i]);
        if (i == 2)
            ck_assert_str_eq(answer.body, "two");
    }
    close(socket);
}
END_TEST

START_TEST(hundred_pipelined_puts)
{
    int socket = raw_connect(site.server->port);
    for (int i = 0; i < 100; i++) {
        ck_assert(raw_send(socket, "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n%02d",
                           site_object(client_text(site.client, "k%02d", i)), i));
    }
    for (int i = 0; i < 100; i++) {
        ck_assert(raw_receive(socket, &answer));
        ck_assert_int_eq(answer.status, 201);
        ck_assert_ptr_nonnull(strstr(answer.body, client_text(site.client, "\"k%02d\"", i)));
    }
    close(socket);
    ck_assert_int_eq(site_figure("objects"), 100);
}
END_TEST

START_TEST(a_client_that_stops_sending_still_gets_its_answer)
{
    const char *requests[] = {
        client_text(site.client, "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", site_object("k")),
        client_text(site.client, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", site_object("k"))};
    const int expected[] = {201, 200};
    for (size_t i = 0; i < 2; i++) {
        int socket = raw_connect(site.server->port);
        ck_assert(raw_send(socket, "%s", requests[i]));
        shutdown(socket, SHUT_WR);
        ck_assert(raw_receive(socket, &answer));
        ck_assert_int_eq(answer.status, expected[i]);
        ck_assert(raw_closed(socket));
        close(socket);
    }
}
END_TEST

/* Their requests wait for others while the end comes, and one more waits behind them. */
START_TEST(who_stops_sending_gets_the_answers_that_take_a_while)
{
    enum { TIMES = 50 };
    const char *requests[] = {client_text(site.client, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", site_target("/objects")),
                              "PUT /v1/stores/missing/objects/k HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"};
    const int expected[] = {200, 404};
    for (int i = 0; i < 2 * TIMES; i++) {
        int socket = raw_connect(site.server->port);
        ck_assert(raw_send(socket, "%sGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", requests[i % 2]));
        shutdown(socket, SHUT_WR);
        ck_assert_msg(raw_receive(socket, &answer), "no answer to request %d: %s", i, requests[i % 2]);
        ck_assert_int_eq(answer.status, expected[i % 2]);
        ck_assert_msg(raw_receive(socket, &answer), "no answer behind request %d: %s", i, requests[i % 2]);
        ck_assert_int_eq(answer.status, 200);
        ck_assert(raw_closed(socket));
        close(socket);
    }
}
END_TEST

/* The end comes with the last of many requests, while the wire keeps some that libmicrohttpd has no room for. */
START_TEST(who_stops_sending_gets_the_end_behind_many_answers)
{
    enum { TIMES = 300, ROUNDS = 12 };
    static const char request[] = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
    enum { LENGTH = sizeof request - 1 };
    static char requests[TIMES * LENGTH];
    for (size_t i = 0; i < TIMES; i++)
        memcpy(requests + i * LENGTH, request, LENGTH);
    for (size_t round = 0; round < ROUNDS; round++) {
        size_t cut = (150 + 10 * round) * LENGTH + 10;
        int socket = raw_connect(site.server->port);
        ck_assert(raw_send_bytes(socket, requests, cut));
        ck_assert(raw_send_bytes(socket, requests + cut, sizeof requests - cut));
        shutdown(socket, SHUT_WR);
        for (int i = 0; i < TIMES; i++)
            ck_assert(raw_receive(socket, &answer));
        ck_assert_msg(raw_closed(socket), "cut behind %zu bytes, the connection stays open", cut);
        close(socket);
    }
}
END_TEST

START_TEST(connection_close_is_heeded)
{
    char *request = client_text(site.client,
                                "PUT %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
                                site_object("k"));
    expect_refusal_of_bytes(request, strlen(request), 201);
}
END_TEST

START_TEST(slow_headers_are_no_fault)
{
    int socket = raw_connect(site.server->port);
    char *request = client_text(site.client, "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
                                site_object("k"));
    for (size_t i = 0; i < strlen(request); i++) {
        ck_assert(raw_send_bytes(socket, request + i, 1));
        clock_sleep(0.002);
    }
    ck_assert(raw_receive(socket, &answer));
    ck_assert_int_eq(answer.status, 201);
    close(socket);
    site_expect_text("k", "hello");
}
END_TEST

START_TEST(an_error_before_the_body_reaches_a_client_that_sends_on)
{
    struct answer *refused = client_upload(site.client, site_object("a%zz"), 200 * 1024, 1, "Expect:", NULL);
    site_expect_problem(refused, 400);
    site_expect(client_get(site.client, "/healthz", NULL), 200);
}
END_TEST

START_TEST(the_connection_is_usable_after_an_error)
{
    int socket = raw_connect(site.server->port);
    for (int i = 0; i < 3; i++) {
        ck_assert(raw_send(socket, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", site_object("none")));
        ck_assert(raw_receive(socket, &answer));
        ck_assert_int_eq(answer.status, 404);
        ck_assert(answer.whole);
    }
    close(socket);
}
END_TEST

START_TEST(head_of_an_error_has_no_body)
{
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket, "HEAD %s HTTP/1.1\r\nHost: a\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
                       site_object("none")));
    ck_assert(raw_receive_head(socket, &answer));
    ck_assert_int_eq(answer.status, 404);
    ck_assert(raw_receive(socket, &answer));
    ck_assert_int_eq(answer.status, 200);
    close(socket);
}
END_TEST

/* ---- 100 Continue ---------------------------------------------------------------------------- */

static int expect_continue(const char *target, const char *lines)
{
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket, "PUT %s HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n%s\r\n", target, lines));
    ck_assert_msg(raw_receive(socket, &answer), "no answer to %s with %s", target, lines);
    return socket;
}

START_TEST(continue_is_sent_when_the_body_is_wanted)
{
    int socket = expect_continue(site_object("k"), "Content-Length: 5\r\n");
    ck_assert_int_eq(answer.status, 100);
    ck_assert(raw_silent(socket, 0.1));
    ck_assert(raw_send(socket, "hello"));
    ck_assert(raw_receive(socket, &answer));
    ck_assert_int_eq(answer.status, 201);
    close(socket);
    site_expect_text("k", "hello");
}
END_TEST

START_TEST(refusals_come_instead_of_continue)
{
    site_expect(site_put("taken", "v", NULL), 201);
    const char *length = "Content-Length: 500000\r\n";
    const struct {
        int status;
        const char *target;
        const char *lines;
    } cases[] = {
        {400, site_object("a%zz"), length},
        {400, site_object(client_text(site.client, "%01025d", 0)), length},
        {404, "/v1/stores/nowhere/objects/k", length},
        {404, "/nowhere", length},
        {405, "/healthz", length},
        {412, site_object("taken"), "Content-Length: 500000\r\nIf-None-Match: *\r\n"},
        {412, site_object("none"), "Content-Length: 500000\r\nIf-Match: *\r\n"},
        {400, site_object("k"), "Content-Length: 5\r\nContent-Digest: sha-256=:abc:\r\n"},
        {413, site_object("k"), "Content-Length: 999999999999999\r\n"},
        {400, site_object("k"), "Content-Length: 5\r\nContent-Length: 6\r\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int socket = expect_continue(cases[i].target, cases[i].lines);
        ck_assert_msg(answer.status == cases[i].status, "case %zu: expected %d, got %d", i, cases[i].status,
                      answer.status);
        ck_assert_msg(raw_closed(socket), "case %zu: the body is still awaited", i);
        close(socket);
    }
}
END_TEST

START_TEST(an_unknown_expectation_is_417)
{
    const char *values[] = {"magic",         "100-continue, magic", "100-continue\r\nExpect: magic",
                            "100-continued", "100-continue=1",      "a=\"100-continue,100-continue\""};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        expect_kind(client_text(site.client,
                                "PUT %s HTTP/1.1\r\nHost: a\r\nExpect: %s\r\nContent-Length: 5\r\n\r\nhello",
                                site_object("k"), values[i]),
                    417, "expectation-failed");
    }
    expect_kind("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: magic\r\n\r\n", 417,
                "expectation-failed");
    expect_nothing_stored();
}
END_TEST

/* Who expects something sends the body once that is answered, so nobody may wait for the body before. */
START_TEST(an_unknown_expectation_is_refused_before_its_body)
{
    expect_kind(client_text(site.client, "PUT %s HTTP/1.1\r\nHost: a\r\nExpect: magic\r\nContent-Length: 5\r\n\r\n",
                            site_object("k")),
                417, "expectation-failed");
    expect_nothing_stored();
}
END_TEST

/* As a list it may be written in many ways, and each is answered before the body comes. */
START_TEST(who_expects_to_be_told_to_go_on_is)
{
    const char *values[] = {"100-Continue",
                            "100-continue, ,\t100-continue",
                            "100-continue\r\nExpect: 100-continue",
                            ",100-continue,",
                            "100-continue ,",
                            "\r\nExpect: 100-continue",
                            "100-continue\r\nExpect:"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        int socket = raw_connect(site.server->port);
        ck_assert(raw_send(socket, "PUT %s HTTP/1.1\r\nHost: a\r\nExpect: %s\r\nContent-Length: 5\r\n\r\n",
                           site_object("k"), values[i]));
        ck_assert_msg(raw_receive(socket, &answer) && answer.status == 100, "no 100 for: %s", values[i]);
        ck_assert(raw_send(socket, "hello"));
        ck_assert_msg(raw_receive(socket, &answer), "no answer to: %s", values[i]);
        ck_assert_msg(answer.status == (i == 0 ? 201 : 200), "%s: %d", values[i], answer.status);
        close(socket);
    }
}
END_TEST

START_TEST(an_empty_expectation_is_none)
{
    const char *values[] = {"", ",", ", ,\r\nExpect:"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        int socket = raw_connect(site.server->port);
        ck_assert(raw_send(socket, "PUT %s HTTP/1.1\r\nHost: a\r\nExpect: %s\r\nContent-Length: 5\r\n\r\nhello",
                           site_object("k"), values[i]));
        ck_assert_msg(raw_receive(socket, &answer), "no answer to: %s", values[i]);
        ck_assert_msg(answer.status == (i == 0 ? 201 : 200), "%s: %d", values[i], answer.status);
        close(socket);
    }
}
END_TEST

/* Nothing is so broken that there is no answer that says why. */
START_TEST(what_cannot_be_read_as_http_is_told_why)
{
    static const char chunked[] = "Transfer-Encoding: chunked\r\n\r\n";
    const char *put = client_text(site.client, "PUT %s HTTP/1.1\r\nHost: a\r\n", site_object("k"));
    const char *lengths[] = {"+4", "-1", "0x4", "4, 4"};
    const char *chunks[] = {"zz\r\nhell",         "4\r\nhellXX\r\n",        "-4\r\nhell",
                            "0x4\r\nhell",        "4\nhell\r\n0\r\n\r\n",   "4\r\nhell\n0\r\n",
                            "4;a\rb\r\nhell\r\n", "4\r\nhell\r\n0\r\nx\r\n"};
    expect_kind("GET /healthz\r\n\r\n", 400, "bad-request");
    expect_kind("GET /healthz HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400, "bad-request");
    expect_kind("GET /healthz HTTP/1.1\r\nHost: a b/c\r\n\r\n", 400, "bad-request");
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        expect_kind(client_text(site.client, "%sContent-Length: %s\r\n\r\nhell", put, lengths[i]), 400, "bad-request");
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++)
        expect_kind(client_text(site.client, "%s%s%s", put, chunked, chunks[i]), 400, "bad-request");
    expect_kind(client_text(site.client, "%sContent-Length: 18446744073709551616\r\n\r\n", put), 413, "too-large");
    expect_kind(client_text(site.client, "%s%s10000000000000000\r\n", put, chunked), 413, "too-large");
    expect_kind(client_text(site.client, "GET /%020000d HTTP/1.1\r\nHost: a\r\n\r\n", 0), 414, "target-too-long");
    expect_kind(client_text(site.client, "%sX-Long: %020000d\r\n\r\n", put, 0), 431, "head-too-large");
    expect_kind(client_text(site.client, "%s%s0\r\nX-Long: %020000d\r\n\r\n", put, chunked, 0), 431, "head-too-large");
    expect_kind("GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n", 505, "version-not-supported");
    expect_nothing_stored();
}
END_TEST

/* One connection gets one answer to a message that is at fault, whatever follows. */
START_TEST(a_malformed_message_gets_one_answer)
{
    const char *put = client_text(site.client, "PUT %s HTTP/1.1\r\nHost: a\r\n", site_object("k"));
    const char *requests[] = {
        client_text(site.client, "%sContent-Length: 5a\r\n\r\nhello%sContent-Length: 5a\r\n\r\nhello", put, put),
        client_text(site.client, "%sTransfer-Encoding: chunked\r\n\r\nzz\r\n%sContent-Length: 0\r\n\r\n", put, put),
        client_text(site.client, "GET /a b HTTP/1.1\r\nHost: a\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        int socket = raw_connect(site.server->port);
        ck_assert(raw_send(socket, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n%s", requests[i]));
        ck_assert(raw_receive(socket, &answer));
        ck_assert_int_eq(answer.status, 200);
        ck_assert(raw_receive(socket, &answer));
        ck_assert_int_eq(answer.status, 400);
        ck_assert_msg(!raw_receive(socket, &answer), "%d as a second answer to: %s", answer.status, requests[i]);
        close(socket);
    }
    expect_nothing_stored();
}
END_TEST

/* RFC 9112, section 5: blanks around a value are no part of it, also where libmicrohttpd reads it. */
START_TEST(blanks_behind_what_frames_a_body_are_no_fault)
{
    const char *lines[] = {"Content-Length: 5 \t\r\n\r\nhello",
                           "Transfer-Encoding: chunked \r\n\r\n5 ;a=b\r\nhello\r\n0;c\r\n\r\n",
                           "Content-Length: 5\r\nConnection: close \r\n\r\nhello"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char *request = client_text(site.client, "PUT %s HTTP/1.1\r\nHost: a \r\n%s", site_object("k"), lines[i]);
        ck_assert_msg(raw_status(site.server->port, request, strlen(request)) == (i == 0 ? 201 : 200), "%s", lines[i]);
    }
    int socket = expect_continue(site_object("k"), "Content-Length: 5 \r\nExpect: 100-continue \r\n");
    ck_assert_int_eq(answer.status, 100);
    close(socket);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        length_and_encoding_together,
        two_different_lengths,
        lengths_that_are_no_numbers,
        unknown_transfer_encodings,
        two_transfer_encodings,
        chunked_in_capitals_is_chunked,
        chunk_extensions_are_skipped,
        broken_chunks_store_nothing,
        an_upload_without_a_length_is_411,
        a_nul_in_a_header,
        a_nul_in_the_target,
        a_missing_host,
        two_hosts,
        http_1_0_needs_no_host_and_closes,
        a_space_before_the_colon,
        a_folded_header,
        a_bare_line_feed_ends_no_line,
        a_bare_carriage_return,
        a_header_without_a_colon,
        a_target_of_8000_bytes_fits,
        unknown_methods_are_501,
        a_method_that_the_path_does_not_have_is_405_with_allow,
        nonsense_instead_of_a_request,
        pipelined_requests_are_answered_in_order,
        hundred_pipelined_puts,
        a_client_that_stops_sending_still_gets_its_answer,
        who_stops_sending_gets_the_answers_that_take_a_while,
        who_stops_sending_gets_the_end_behind_many_answers,
        connection_close_is_heeded,
        slow_headers_are_no_fault,
        an_error_before_the_body_reaches_a_client_that_sends_on,
        the_connection_is_usable_after_an_error,
        head_of_an_error_has_no_body,
        continue_is_sent_when_the_body_is_wanted,
        refusals_come_instead_of_continue,
        an_unknown_expectation_is_417,
        an_unknown_expectation_is_refused_before_its_body,
        who_expects_to_be_told_to_go_on_is,
        an_empty_expectation_is_none,
        what_cannot_be_read_as_http_is_told_why,
        a_malformed_message_gets_one_answer,
        blanks_behind_what_frames_a_body_are_no_fault,
    };
    return site_run("hygiene", tests, sizeof tests / sizeof *tests, SITE_SHARED);
}
