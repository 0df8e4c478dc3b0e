/* Answers to requests whose body has not come yet: they arrive, whatever the client is doing, and nobody's body is
 * read to its end for nothing. And digests that come after the body.
 */
#include "tests/http/clock.h"
#include "tests/http/payload.h"
#include "tests/http/raw.h"
#include "tests/http/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SEED = 3, MEBIBYTE = 1 << 20, ENDLESS = 256 * MEBIBYTE };

static struct raw_answer answer;

static int begin(const char *method, const char *target, const char *lines)
{
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket, "%s %s HTTP/1.1\r\nHost: a\r\n%s\r\n", method, target, lines));
    return socket;
}

/* Sends until the server has had enough; how much it took. */
static size_t send_on(int socket, const char *chunk_size, size_t length)
{
    size_t sent = 0;
    while (sent < length && (!chunk_size || raw_send(socket, "%s\r\n", chunk_size)) &&
           raw_send_payload(socket, 1 << 16, SEED, 0) && (!chunk_size || raw_send(socket, "\r\n")))
        sent += 1 << 16;
    return sent;
}

/* As Python's http.client does it, and the clients of Go and Java: the answer is looked for when the body is out. */
START_TEST(a_client_that_sends_all_first_gets_its_answer)
{
    enum { ROUNDS = 20, SIZE = 8 * MEBIBYTE };
    const char *length = client_text(site.client, "Content-Length: %d\r\n", SIZE);
    const struct {
        int status;
        const char *target, *lines;
    } cases[] = {
        {404, "/v1/stores/nowhere/objects/k", length},
        {412, site_object("k"), client_text(site.client, "%sIf-Match: *\r\n", length)},
        {400, site_object("k"), client_text(site.client, "%sBad name: x\r\n", length)},
    };
    for (size_t i = 0; i < ROUNDS; i++) {
        size_t at = i % (sizeof cases / sizeof *cases);
        int socket = begin("PUT", cases[at].target, cases[at].lines);
        ck_assert_msg(send_on(socket, NULL, SIZE) == SIZE, "round %zu", i);
        ck_assert_msg(raw_receive(socket, &answer), "round %zu: no answer", i);
        ck_assert_int_eq(answer.status, cases[at].status);
        ck_assert(answer.whole);
        ck_assert(raw_closed(socket));
        close(socket);
    }
}
END_TEST

/* A body in chunks may have no end. */
START_TEST(so_does_one_that_sends_chunks)
{
    int socket = begin("PUT", "/v1/stores/nowhere/objects/k", "Transfer-Encoding: chunked\r\n");
    ck_assert_uint_eq(send_on(socket, "10000", 8 * MEBIBYTE), 8 * MEBIBYTE);
    ck_assert(raw_send(socket, "0\r\n\r\n"));
    ck_assert(raw_receive(socket, &answer));
    ck_assert_int_eq(answer.status, 404);
    ck_assert(answer.whole);
    close(socket);
}
END_TEST

START_TEST(but_not_one_that_sends_without_end)
{
    int socket = begin("PUT", "/v1/stores/nowhere/objects/k", "Transfer-Encoding: chunked\r\n");
    size_t sent = send_on(socket, "10000", ENDLESS);
    ck_assert_uint_lt(sent, ENDLESS / 2);
    close(socket);
}
END_TEST

START_TEST(an_answer_may_come_in_the_middle_of_a_body)
{
    int socket = begin("POST", site_target("/move"),
                       "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n");
    ck_assert(raw_send(socket, "10000\r\n"));
    ck_assert(raw_send_payload(socket, 1 << 16, SEED, 0));
    ck_assert(raw_send(socket, "\r\n"));
    ck_assert(raw_silent(socket, 0.1));
    ck_assert(raw_send(socket, "1\r\nx\r\n"));
    ck_assert(raw_receive(socket, &answer));
    ck_assert_int_eq(answer.status, 413);
    char value[64];
    ck_assert(raw_header(&answer, "Content-Type", value, sizeof value));
    ck_assert_str_eq(value, "application/problem+json");
    ck_assert(raw_header(&answer, "Date", value, sizeof value));
    ck_assert(raw_header(&answer, "Connection", value, sizeof value));
    ck_assert_str_eq(value, "close");
    ck_assert(raw_closed(socket));
    close(socket);
}
END_TEST

START_TEST(who_stays_silent_is_told_and_let_go)
{
    int socket = begin("PUT", "/v1/stores/nowhere/objects/k", "Content-Length: 268435456\r\n");
    ck_assert(raw_receive(socket, &answer));
    ck_assert_int_eq(answer.status, 404);
    ck_assert(raw_closed(socket));
    close(socket);
}
END_TEST

START_TEST(after_a_moderate_body_the_connection_lives_on)
{
    int socket = begin("PUT", "/v1/stores/nowhere/objects/k", "Content-Length: 1048576\r\n");
    ck_assert(raw_send_payload(socket, MEBIBYTE, SEED, 0));
    ck_assert(raw_receive(socket, &answer));
    ck_assert_int_eq(answer.status, 404);
    ck_assert(raw_send(socket, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"));
    ck_assert(raw_receive(socket, &answer));
    ck_assert_int_eq(answer.status, 200);
    close(socket);
}
END_TEST

START_TEST(a_body_that_nobody_wants_is_dropped)
{
    site_expect(site_put("k", "v", NULL), 201);
    int socket = begin("GET", site_object("k"), "Content-Length: 100000\r\n");
    ck_assert(raw_send_payload(socket, 100000, SEED, 0));
    ck_assert(raw_receive(socket, &answer));
    ck_assert_int_eq(answer.status, 200);
    ck_assert_str_eq(answer.body, "v");
    close(socket);
    socket = begin("DELETE", site_object("k"), "Content-Length: 268435456\r\n");
    ck_assert(raw_receive(socket, &answer));
    ck_assert_int_eq(answer.status, 413);
    ck_assert_ptr_nonnull(strstr(answer.body, "\"urn:problem-type:cairn:too-large\""));
    close(socket);
    site_expect_text("k", "v");
}
END_TEST

START_TEST(an_endless_body_that_nobody_wants_is_refused)
{
    site_expect(site_put("k", "v", NULL), 201);
    int socket = begin("DELETE", site_object("k"), "Transfer-Encoding: chunked\r\n");
    ck_assert(raw_send(socket, "%x\r\n", 2 * MEBIBYTE));
    ck_assert(raw_send_payload(socket, 2 * MEBIBYTE, SEED, 0));
    ck_assert(raw_receive(socket, &answer));
    ck_assert_int_eq(answer.status, 413);
    ck_assert_ptr_nonnull(strstr(answer.body, "\"urn:problem-type:cairn:too-large\""));
    ck_assert_uint_lt(send_on(socket, NULL, ENDLESS), ENDLESS / 2);
    close(socket);
    site_expect_text("k", "v");
}
END_TEST

/* ---- trailers -------------------------------------------------------------------------------- */

/* Uploads a payload in one chunk with a trailer; the status. */
static int put_with_trailer(const char *key, size_t size, const char *lines, const char *trailer)
{
    char *head = client_text(site.client, "Transfer-Encoding: chunked\r\n%s", lines);
    int socket = begin("PUT", site_object(key), head);
    ck_assert(raw_send(socket, "%zx\r\n", size));
    ck_assert(raw_send_payload(socket, size, SEED, 0));
    ck_assert(raw_send(socket, "\r\n0\r\n%s\r\n", trailer));
    ck_assert(raw_receive(socket, &answer));
    close(socket);
    return answer.status;
}

static char *digest_line(const char *name, size_t size)
{
    void *bytes = payload_new(size, SEED);
    char *field = payload_sha256_field(bytes, size);
    char *line = client_text(site.client, "%s: %s\r\n", name, field);
    free(field);
    free(bytes);
    return line;
}

START_TEST(a_digest_may_follow_the_body)
{
    const size_t sizes[] = {1, 5000, 3 * MEBIBYTE};
    const char *names[] = {"Content-Digest", "Repr-Digest"};
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 2; k++) {
            char *key = client_text(site.client, "k%zu-%zu", i, k);
            char *announced = client_text(site.client, "Trailer: %s\r\n", names[k]);
            ck_assert_int_eq(put_with_trailer(key, sizes[i], announced, digest_line(names[k], sizes[i])), 201);
            site_expect_payload(key, sizes[i], SEED);
            ck_assert_ptr_nonnull(answer_header(site_head(key, NULL), "Repr-Digest"));
        }
}
END_TEST

START_TEST(a_wrong_digest_after_the_body_stores_nothing)
{
    const size_t sizes[] = {1, 5000, 3 * MEBIBYTE};
    for (size_t i = 0; i < 3; i++) {
        char *wrong = digest_line("Content-Digest", sizes[i] + 1);
        ck_assert_int_eq(put_with_trailer("k", sizes[i], "Trailer: Content-Digest\r\n", wrong), 400);
        site_expect(site_get("k", NULL), 404);
    }
    ck_assert(clock_until(CLOCK_PATIENCE, server_blobs(site.server, site.store) == 0));
}
END_TEST

START_TEST(a_digest_after_the_body_has_to_be_announced)
{
    ck_assert_int_eq(put_with_trailer("k", 10, "", digest_line("Content-Digest", 10)), 400);
    site_expect(site_get("k", NULL), 404);
}
END_TEST

START_TEST(other_trailers_do_not_matter)
{
    ck_assert_int_eq(put_with_trailer("k", 10, "Trailer: X, Content-Digest\r\n", "X: y\r\nY: z\r\n"), 201);
    site_expect_payload("k", 10, SEED);
}
END_TEST

START_TEST(a_malformed_digest_after_the_body_is_refused)
{
    ck_assert_int_eq(put_with_trailer("k", 10, "Trailer: Content-Digest\r\n", "Content-Digest: sha-256=:x:\r\n"), 400);
    site_expect(site_get("k", NULL), 404);
}
END_TEST

/* ---- what would be lost ---------------------------------------------------------------------- */

/* Nothing is done on a condition that nobody looks at. */
START_TEST(preconditions_on_what_is_not_one_object_are_refused)
{
    const char *conditions[] = {"If-Match: \"0000\"", "If-None-Match: *",
                                "If-Unmodified-Since: Mon, 01 Jan 2024 00:00:00 GMT"};
    const char *batch = "{\"operations\": [{\"op\": \"put\", \"key\": \"k\", \"text\": \"new\"}]}";
    site_expect(site_put("k", "old", NULL), 201);
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        site_expect_kind(client_send(site.client, "POST", site_target("/batch"), batch, strlen(batch),
                                     "Content-Type: application/json", conditions[i], NULL),
                         400, "bad-header");
        if (i > 0) /* If-Match is understood there */
            site_expect_kind(
                client_send(site.client, "DELETE", site_target("?force=true"), NULL, 0, conditions[i], NULL), 400,
                "bad-header");
        site_expect_kind(client_send(site.client, "PUT", site_target(""), NULL, 0, conditions[i], NULL), 400,
                         "bad-header");
    }
    site_expect_text("k", "old");
    site_expect(client_get(site.client, site_target(""), conditions[0], NULL), 200);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        a_client_that_sends_all_first_gets_its_answer,
        so_does_one_that_sends_chunks,
        but_not_one_that_sends_without_end,
        an_answer_may_come_in_the_middle_of_a_body,
        who_stays_silent_is_told_and_let_go,
        after_a_moderate_body_the_connection_lives_on,
        a_body_that_nobody_wants_is_dropped,
        an_endless_body_that_nobody_wants_is_refused,
        a_digest_may_follow_the_body,
        a_wrong_digest_after_the_body_stores_nothing,
        a_digest_after_the_body_has_to_be_announced,
        other_trailers_do_not_matter,
        a_malformed_digest_after_the_body_is_refused,
        preconditions_on_what_is_not_one_object_are_refused,
    };
    return site_run("refusals", tests, sizeof tests / sizeof *tests, SITE_SHARED);
}
