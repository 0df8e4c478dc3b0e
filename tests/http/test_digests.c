/* Content-Digest, Repr-Digest (RFC 9530) and Content-MD5: verified before the commit, answered when known. Of a body
 * that is no object's, too: it is compared before anything is done with it, or refused, and never passed over. */
#include "tests/http/payload.h"
#include "tests/http/raw.h"
#include "tests/http/site.h"
#include "tests/http/tarball.h"

#include <stdlib.h>
#include <unistd.h>

enum { SEED = 5, LARGE = 1 << 20 };

/* SHA-256 and MD5 of "hello", as any tool prints them, so that the test does not only agree with itself. */
#define HELLO_SHA256 "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:"
#define HELLO_MD5    "XUFAKrxLKna5cZ2REBfFkg=="
/* The same of "hellO". */
#define OTHER_SHA256 "sha-256=:BKb1X6zi9Gvowj9ifVOYJ2FYUeEHUbY+xZ220scGt3A=:"

static char *sha256_header(const char *name, size_t size, uint64_t seed)
{
    void *bytes = payload_new(size, seed);
    char *field = payload_sha256_field(bytes, size);
    char *header = client_text(site.client, "%s: %s", name, field);
    free(field);
    free(bytes);
    return header;
}

static char *md5_header(size_t size, uint64_t seed)
{
    void *bytes = payload_new(size, seed);
    char *field = payload_md5_field(bytes, size);
    char *header = client_text(site.client, "Content-MD5: %s", field);
    free(field);
    free(bytes);
    return header;
}

START_TEST(a_right_digest_is_accepted)
{
    const char *headers[] = {"Content-Digest: " HELLO_SHA256, "Repr-Digest: " HELLO_SHA256, "Content-MD5: " HELLO_MD5};
    for (size_t i = 0; i < 3; i++) {
        char *key = client_text(site.client, "k%zu", i);
        site_expect(site_put(key, "hello", headers[i], NULL), 201);
        site_expect_text(key, "hello");
    }
}
END_TEST

START_TEST(a_wrong_digest_is_400_and_stores_nothing)
{
    const char *headers[] = {"Content-Digest: " HELLO_SHA256, "Repr-Digest: " HELLO_SHA256, "Content-MD5: " HELLO_MD5};
    json_int_t end = site_figure("end_offset");
    for (size_t i = 0; i < 3; i++) {
        site_expect_problem(site_put("k", "hellO", headers[i], NULL), 400);
        site_expect_problem(site_put("k", "", headers[i], NULL), 400);
        site_expect(site_get("k", NULL), 404);
    }
    ck_assert_int_eq(site_figure("end_offset"), end);
}
END_TEST

START_TEST(a_wrong_digest_leaves_the_old_object)
{
    site_expect(site_put("k", "old", NULL), 201);
    site_expect_problem(site_put("k", "hellO", "Content-Digest: " HELLO_SHA256, NULL), 400);
    site_expect_text("k", "old");
}
END_TEST

START_TEST(digests_of_large_uploads)
{
    const char *right[] = {sha256_header("Content-Digest", LARGE, SEED), sha256_header("Repr-Digest", LARGE, SEED),
                           md5_header(LARGE, SEED)};
    for (size_t i = 0; i < 3; i++) {
        char *key = client_text(site.client, "k%zu", i);
        site_expect(client_upload(site.client, site_object(key), LARGE, SEED, right[i], NULL), 201);
        site_expect_problem(client_upload(site.client, site_object("no"), LARGE, SEED + 1, right[i], NULL), 400);
    }
    site_expect(site_get("no", NULL), 404);
    site_expect_blobs(3);
}
END_TEST

START_TEST(digests_of_chunked_uploads)
{
    const char *chunked = "Transfer-Encoding: chunked";
    site_expect(site_put("k", "hello", "Content-Digest: " HELLO_SHA256, chunked, NULL), 201);
    site_expect_problem(site_put("k", "hellO", "Content-Digest: " HELLO_SHA256, chunked, NULL), 400);
    char *header = sha256_header("Content-Digest", LARGE, SEED);
    site_expect(client_upload(site.client, site_object("l"), LARGE, SEED, header, chunked, NULL), 201);
    site_expect_problem(client_upload(site.client, site_object("l"), LARGE, SEED + 1, header, chunked, NULL), 400);
    site_expect_payload("l", LARGE, SEED);
}
END_TEST

START_TEST(all_digests_sent_must_be_right)
{
    const char *right = "Content-Digest: " HELLO_SHA256;
    site_expect(site_put("k", "hello", right, "Content-MD5: " HELLO_MD5, "Repr-Digest: " HELLO_SHA256, NULL), 201);
    site_expect_problem(site_put("k", "hello", right, "Content-MD5: AAAAAAAAAAAAAAAAAAAAAA==", NULL), 400);
    site_expect_problem(site_put("k", "hello", right, "Repr-Digest: " OTHER_SHA256, NULL), 400);
}
END_TEST

START_TEST(a_digest_among_others_is_found)
{
    site_expect(site_put("k", "hello", "Content-Digest: unixsum=:AAA=:, " HELLO_SHA256, NULL), 201);
    site_expect_problem(site_put("k", "hellO", "Content-Digest: unixsum=:AAA=:, " HELLO_SHA256, NULL), 400);
}
END_TEST

START_TEST(malformed_digests_are_refused)
{
    const char *headers[] = {"Content-Digest: sha-256=:abc:",
                             "Content-Digest: sha-256=LPJNul",
                             "Content-Digest: sha-256",
                             "Content-MD5: xyz",
                             "Content-MD5: AAAA",
                             "Repr-Digest: sha-256=::",
                             "Content-Digest: sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmC!=:"};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct answer *answer = site_put("k", "hello", headers[i], NULL);
        ck_assert_msg(answer->status == 400, "%s: %d", headers[i], answer->status);
    }
    site_expect(site_get("k", NULL), 404);
}
END_TEST

START_TEST(digests_by_hash)
{
    site_expect(client_send(site.client, "PUT", site_hash(77), "hello", 5, "Content-Digest: " HELLO_SHA256, NULL), 201);
    site_expect_problem(
        client_send(site.client, "PUT", site_hash(78), "hellO", 5, "Content-Digest: " HELLO_SHA256, NULL), 400);
    site_expect(client_get(site.client, site_hash(78), NULL), 404);
}
END_TEST

START_TEST(a_digest_known_is_answered_when_wanted)
{
    site_expect(site_put("k", "hello", "Content-Digest: " HELLO_SHA256, NULL), 201);
    struct answer *answer = site_get("k", "Want-Repr-Digest: sha-256=10", NULL);
    site_expect(answer, 200);
    ck_assert_ptr_nonnull(answer_header(answer, "Repr-Digest"));
    ck_assert_str_eq(answer_header(answer, "Repr-Digest"), HELLO_SHA256);
    answer = site_head("k", "Want-Repr-Digest: sha-256=10", NULL);
    ck_assert_str_eq(answer_header(answer, "Repr-Digest"), HELLO_SHA256);
}
END_TEST

START_TEST(the_digest_of_a_part_is_that_of_the_whole_representation)
{
    site_expect(site_put("k", "hello", "Content-Digest: " HELLO_SHA256, NULL), 201);
    struct answer *answer = site_get("k", "Want-Repr-Digest: sha-256=10", "Range: bytes=0-1", NULL);
    site_expect(answer, 206);
    ck_assert_str_eq(answer_header(answer, "Repr-Digest"), HELLO_SHA256);
    ck_assert_ptr_null(answer_header(answer, "Content-Digest"));
}
END_TEST

START_TEST(an_overwrite_drops_the_old_digest)
{
    site_expect(site_put("k", "hello", "Content-Digest: " HELLO_SHA256, NULL), 201);
    site_expect(site_put("k", "other", NULL), 200);
    const char *digest = answer_header(site_get("k", "Want-Repr-Digest: sha-256=10", NULL), "Repr-Digest");
    ck_assert(!digest || strcmp(digest, HELLO_SHA256) != 0);
}
END_TEST

/* ---- bodies that are no object's --------------------------------------------------------------- */

#define JSON  "Content-Type: application/json"
#define BATCH "{\"operations\":[{\"op\":\"put\",\"key\":\"k\",\"data\":\"aGVsbG8=\"}]}"

static char *digest_of(const char *name, const void *bytes, size_t length)
{
    bool md5 = strcmp(name, "Content-MD5") == 0;
    char *field = md5 ? payload_md5_field(bytes, length) : payload_sha256_field(bytes, length);
    char *header = client_text(site.client, "%s: %s", name, field);
    free(field);
    return header;
}

static const char *const names[] = {"Content-Digest", "Repr-Digest", "Content-MD5"};

/* A mismatch changes nothing, and the connection goes on: the body has come whole. */
START_TEST(a_batch_is_compared_before_it_is_applied)
{
    const char *coding[] = {"Accept: */*", "Transfer-Encoding: chunked"};
    char *target = site_target("/batch");
    for (size_t i = 0; i < 6; i++) {
        json_int_t end = site_figure("end_offset");
        char *wrong = digest_of(names[i % 3], "other", 5), *right = digest_of(names[i % 3], BATCH, strlen(BATCH));
        site_expect_kind(
            client_send(site.client, "POST", target, BATCH, strlen(BATCH), JSON, coding[i / 3], wrong, NULL), 400,
            "digest-mismatch");
        ck_assert_int_eq(site_figure("end_offset"), end);
        site_expect(client_send(site.client, "POST", target, BATCH, strlen(BATCH), JSON, coding[i / 3], right, NULL),
                    200);
        site_expect_text("k", "hello");
    }
    site_expect_kind(client_send(site.client, "POST", target, BATCH, strlen(BATCH), JSON, "Content-MD5: no sum", NULL),
                     400, "bad-header");
}
END_TEST

/* One that is read on another thread, in pieces. */
START_TEST(a_large_batch_is_compared)
{
    enum { PIECE = 300000 };
    char *piece = malloc(PIECE + 1);
    memset(piece, 'A', PIECE);
    piece[PIECE] = '\0';
    char *body = client_text(site.client, "{\"operations\":[{\"op\":\"put\",\"key\":\"k\",\"data\":\"%s\"}]}", piece);
    size_t length = strlen(body);
    free(piece);
    char *right = digest_of("Content-Digest", body, length), *wrong = digest_of("Content-Digest", body, length - 1);
    char *target = site_target("/batch");
    site_expect_kind(client_send(site.client, "POST", target, body, length, JSON, wrong, NULL), 400, "digest-mismatch");
    site_expect(site_get("k", NULL), 404);
    site_expect(client_send(site.client, "POST", target, body, length, JSON, right, NULL), 200);
    ck_assert_uint_eq(site_get("k", NULL)->size, PIECE / 4 * 3);
}
END_TEST

static int batch_with_trailer(const char *announced, const char *trailer)
{
    static struct raw_answer answer;
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket, "POST %s HTTP/1.1\r\nHost: a\r\n" JSON "\r\nTransfer-Encoding: chunked\r\n%s\r\n",
                       site_target("/batch"), announced));
    ck_assert(raw_send(socket, "%zx\r\n" BATCH "\r\n0\r\n%s\r\n\r\n", strlen(BATCH), trailer));
    ck_assert(raw_receive(socket, &answer));
    close(socket);
    return answer.status;
}

START_TEST(a_digest_behind_a_batch_is_compared)
{
    char *right = digest_of("Content-Digest", BATCH, strlen(BATCH)), *wrong = digest_of("Content-Digest", "other", 5);
    char *old = digest_of("Content-MD5", BATCH, strlen(BATCH));
    ck_assert_int_eq(batch_with_trailer("Trailer: Content-Digest\r\n", wrong), 400);
    ck_assert_int_eq(batch_with_trailer("", right), 400); /* nobody has made the sum */
    ck_assert_int_eq(batch_with_trailer("Trailer: Content-MD5\r\n", old), 400);
    site_expect(site_get("k", NULL), 404);
    ck_assert_int_eq(batch_with_trailer("Trailer: Content-Digest\r\n", right), 200);
    site_expect_text("k", "hello");
}
END_TEST

START_TEST(an_archive_is_compared_where_it_is_one_transaction)
{
    struct tarball ball = {0};
    tarball_add(&ball, "a", "hello", 5, NULL);
    tarball_add(&ball, "b", "hello", 5, NULL);
    tarball_end(&ball);
    char *at_once = site_target("/archive?atomic=true"), *as_it_comes = site_target("/archive");
    for (size_t i = 0; i < 3; i++) {
        char *wrong = digest_of(names[i], "other", 5), *right = digest_of(names[i], ball.bytes, ball.length);
        site_expect_kind(client_send(site.client, "POST", at_once, ball.bytes, ball.length, wrong, NULL), 400,
                         "digest-mismatch");
        struct answer *answer = client_send(site.client, "POST", as_it_comes, ball.bytes, ball.length, right, NULL);
        site_expect_kind(answer, 400, "bad-header");
        ck_assert_ptr_nonnull(strstr(answer_string(answer, "detail"), "atomic=true"));
        ck_assert_int_eq(site_figure("objects"), 0);
        site_expect(client_send(site.client, "POST", at_once, ball.bytes, ball.length, right, NULL), 200);
        ck_assert_int_eq(site_figure("objects"), 2);
        site_expect(site_delete("a", NULL), 200);
        site_expect(site_delete("b", NULL), 200);
    }
    site_expect_kind(client_send(site.client, "POST", as_it_comes, ball.bytes, ball.length,
                                 "Transfer-Encoding: chunked", "Trailer: Content-Digest", NULL),
                     400, "bad-header");
    tarball_free(&ball);
}
END_TEST

/* Nobody has made the sum, and by then all that came may be stored: so all of it is, or nothing where that was asked
 * for, and the answer says which. */
START_TEST(a_digest_that_is_found_behind_an_archive_is_refused_with_what_is_stored)
{
    static struct raw_answer answer;
    struct tarball ball = {0};
    tarball_add(&ball, "a", "hello", 5, NULL);
    tarball_add(&ball, "b", "hello", 5, NULL);
    tarball_end(&ball);
    char *right = digest_of("Content-Digest", ball.bytes, ball.length);
    for (int i = 0; i < 2; i++) {
        const char *query = i == 0 ? "?atomic=true" : "", *told = i == 0 ? "; 0 objects" : "; 2 objects";
        int socket = raw_connect(site.server->port);
        ck_assert(raw_send(socket, "POST %s%s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n",
                           site_target("/archive"), query, ball.length));
        ck_assert(raw_send_bytes(socket, ball.bytes, ball.length));
        ck_assert(raw_send(socket, "\r\n0\r\n%s\r\n\r\n", right));
        ck_assert(raw_receive(socket, &answer));
        ck_assert_int_eq(answer.status, 400);
        ck_assert_msg(strstr(answer.body, "bad-header") && strstr(answer.body, told), "%s", answer.body);
        ck_assert_int_eq(site_figure("objects"), 2 * i);
        close(socket);
    }
    site_expect_text("b", "hello");
    tarball_free(&ball);
}
END_TEST

/* Whatever takes a body. */
START_TEST(no_body_is_taken_with_a_digest_that_is_not_its_own)
{
    const struct {
        const char *method, *rest, *body;
        int status;
    } all[] = {
        {"POST", "/batch-get", "{\"keys\":[\"k\"]}", 200},
        {"POST", "/copy", "{\"key\":\"k\",\"destination\":{\"key\":\"l\"}}", 201},
        {"POST", "/move", "{\"key\":\"k\",\"destination\":{\"key\":\"m\"}}", 201},
        {"PATCH", "", "{\"limits\":{\"objects\":10}}", 200},
    };
    site_expect(site_put("k", "hello", NULL), 201);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char *target = site_target(all[i].rest);
        size_t length = strlen(all[i].body);
        char *wrong = digest_of("Content-MD5", "other", 5), *right = digest_of("Content-MD5", all[i].body, length);
        site_expect_kind(client_send(site.client, all[i].method, target, all[i].body, length, JSON, wrong, NULL), 400,
                         "digest-mismatch");
        site_expect(client_send(site.client, all[i].method, target, all[i].body, length, JSON, right, NULL),
                    all[i].status);
    }
}
END_TEST

/* ---- lengths --------------------------------------------------------------------------------- */

START_TEST(fewer_bytes_than_announced_store_nothing)
{
    const size_t announced[] = {100, LARGE};
    for (size_t i = 0; i < 2; i++) {
        int socket = raw_connect(site.server->port);
        ck_assert(raw_send(socket, "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", site_object("k"),
                           announced[i]));
        ck_assert(raw_send_payload(socket, announced[i] - 1, SEED, 0));
        close(socket);
    }
    client_disconnect(site.client);
    site_expect(site_get("k", NULL), 404);
    ck_assert_int_eq(site_figure("objects"), 0);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        a_right_digest_is_accepted,
        a_wrong_digest_is_400_and_stores_nothing,
        a_wrong_digest_leaves_the_old_object,
        digests_of_large_uploads,
        digests_of_chunked_uploads,
        all_digests_sent_must_be_right,
        a_digest_among_others_is_found,
        malformed_digests_are_refused,
        digests_by_hash,
        a_digest_known_is_answered_when_wanted,
        the_digest_of_a_part_is_that_of_the_whole_representation,
        an_overwrite_drops_the_old_digest,
        a_batch_is_compared_before_it_is_applied,
        a_large_batch_is_compared,
        a_digest_behind_a_batch_is_compared,
        an_archive_is_compared_where_it_is_one_transaction,
        a_digest_that_is_found_behind_an_archive_is_refused_with_what_is_stored,
        no_body_is_taken_with_a_digest_that_is_not_its_own,
        fewer_bytes_than_announced_store_nothing,
    };
    return site_run("digests", tests, sizeof tests / sizeof *tests, SITE_SHARED);
}
