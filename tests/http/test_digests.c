/* Content-Digest, Repr-Digest (RFC 9530) and Content-MD5: verified before the commit, answered when known. */
#include "tests/http/payload.h"
#include "tests/http/raw.h"
#include "tests/http/site.h"

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
        fewer_bytes_than_announced_store_nothing,
    };
    return site_run("digests", tests, sizeof tests / sizeof *tests, SITE_SHARED);
}
