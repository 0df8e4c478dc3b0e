/* Resumable uploads by tus 1.0.0: offsets that are on disk, also after kill -9; checksums, conditions, two clients. */
#include "tests/http/access.h"
#include "tests/http/payload.h"
#include "tests/http/raw.h"
#include "tests/http/site.h"
#include "tests/lib/patience.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIZE = 5 << 20, PIECE = 512 << 10, SEED = 7, CRASHES = 5 };

#define TUS   "Tus-Resumable: 1.0.0"
#define BYTES "Content-Type: application/offset+octet-stream"
#define KEY   "Upload-Metadata: key ay9r,filetype aW1hZ2UvcG5n,meta-colour cmVk" /* "k/k", image/png, red */

/* Its path. */
static char *create(uint64_t length, const char *field)
{
    char *announced = client_text(site.client, "Upload-Length: %llu", (unsigned long long)length);
    struct answer *answer = client_send(site.client, "POST", site_target("/uploads"), NULL, 0, TUS, announced, KEY,
                                        field ? field : "Accept: */*", NULL);
    site_expect(answer, 201);
    return client_text(site.client, "%s", answer_header(answer, "Location"));
}

static struct answer *append(const char *upload, uint64_t offset, const void *bytes, size_t length, const char *field)
{
    char *at = client_text(site.client, "Upload-Offset: %llu", (unsigned long long)offset);
    return client_send(site.client, "PATCH", upload, bytes, length, TUS, BYTES, at, field ? field : "Accept: */*",
                       NULL);
}

static uint64_t offset_of(struct answer *answer)
{
    const char *offset = answer_header(answer, "Upload-Offset");
    ck_assert_ptr_nonnull(offset);
    return strtoull(offset, NULL, 10);
}

static struct answer *head(const char *upload)
{
    return client_send(site.client, "HEAD", upload, NULL, 0, TUS, NULL);
}

START_TEST(pieces_become_an_object_with_what_is_kept)
{
    site_start();
    char *upload = create(10, NULL);
    struct answer *answer = append(upload, 0, "hello", 5, NULL);
    site_expect(answer, 204);
    ck_assert_uint_eq(offset_of(answer), 5);
    ck_assert_ptr_nonnull(answer_header(answer, "Upload-Expires"));
    site_expect(site_get("k/k", NULL), 404);
    site_expect_kind(append(upload, 4, "world", 5, NULL), 409, "upload-offset");
    answer = append(upload, 5, "world", 5, NULL);
    site_expect(answer, 204);
    ck_assert_str_eq(answer_header(answer, "Cairn-Key"), "k/k");
    ck_assert_str_eq(answer_header(answer, "Cairn-Size"), "10");
    ck_assert_str_eq(answer_header(answer, "Cairn-Created"), "true");
    site_expect_text("k/k", "helloworld");
    answer = site_get("k/k", NULL);
    ck_assert_str_eq(answer_header(answer, "Content-Type"), "image/png");
    ck_assert_str_eq(answer_header(answer, "Cairn-Meta-Colour"), "red");
    answer = head(upload);
    ck_assert_uint_eq(offset_of(answer), 10);
    ck_assert_str_eq(answer_header(answer, "Cairn-Key"), "k/k");
}
END_TEST

START_TEST(what_was_acknowledged_survives_kill_9)
{
    site_start();
    char *bytes = payload_new(SIZE, SEED);
    char *upload = strdup(create(SIZE, NULL)); /* outlives its client */
    uint64_t offset = 0;
    for (int crash = 0; offset < SIZE; crash++) {
        size_t length = SIZE - offset < PIECE ? (size_t)(SIZE - offset) : PIECE - 1; /* no whole number of blocks */
        struct answer *answer = append(upload, offset, bytes + offset, length, NULL);
        site_expect(answer, 204);
        offset = offset_of(answer);
        if (crash >= CRASHES)
            continue;
        server_crash(site.server);
        server_start(site.server);
        site_reconnect();
        ck_assert_uint_eq(offset_of(head(upload)), offset);
    }
    site_expect_payload("k/k", SIZE, SEED);
    free(bytes);
    free(upload);
}
END_TEST

START_TEST(a_wrong_checksum_leaves_nothing_of_its_bytes)
{
    site_start();
    char *upload = create(10, NULL);
    site_expect_kind(append(upload, 0, "hellO", 5, "Upload-Checksum: sha1 qvTGHdzF6KLavt4PO0gs2a6pQ00="), 460,
                     "checksum-mismatch");
    ck_assert_uint_eq(offset_of(head(upload)), 0);
    site_expect(append(upload, 0, "hello", 5, "Upload-Checksum: sha1 qvTGHdzF6KLavt4PO0gs2a6pQ00="), 204);
    site_expect_kind(append(upload, 5, "world", 5, "Upload-Checksum: crc32 AAAA"), 400, "bad-header");
    ck_assert_uint_eq(offset_of(head(upload)), 5);
}
END_TEST

static int append_with_trailer(const char *upload, const char *announced)
{
    static struct raw_answer answer;
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket,
                       "PATCH %s HTTP/1.1\r\nHost: a\r\n" TUS "\r\n" BYTES
                       "\r\nUpload-Offset: 0\r\nTransfer-Encoding: chunked\r\n%s\r\n"
                       "5\r\nhellO\r\n0\r\nUpload-Checksum: sha1 qvTGHdzF6KLavt4PO0gs2a6pQ00=\r\n\r\n",
                       upload, announced));
    ck_assert(raw_receive(socket, &answer));
    close(socket);
    return answer.status;
}

START_TEST(a_checksum_behind_the_bytes_is_not_passed_over)
{
    site_start();
    char *upload = create(5, NULL);
    ck_assert_int_eq(append_with_trailer(upload, "Trailer: Upload-Checksum\r\n"), 400);
    ck_assert_uint_eq(offset_of(head(upload)), 0); /* it was refused in front of them */
    ck_assert_int_eq(append_with_trailer(upload, ""), 400);
    site_expect(site_get("k/k", NULL), 404);
}
END_TEST

/* A creation whose bytes end with a sum that was not announced; its answer is kept until the next one. */
static const struct raw_answer *create_with_trailer(const char *trailer)
{
    static struct raw_answer answer;
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket,
                       "POST %s HTTP/1.1\r\nHost: a\r\n" TUS "\r\n" BYTES "\r\n" KEY
                       "\r\nUpload-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n%s\r\n\r\n",
                       site_target("/uploads"), trailer));
    ck_assert(raw_receive(socket, &answer));
    close(socket);
    return &answer;
}

START_TEST(a_creation_that_ends_with_a_sum_says_where_the_bytes_are)
{
    static const char *const trailers[] = {
        "0\r\nUpload-Checksum: sha1 qvTGHdzF6KLavt4PO0gs2a6pQ00=",
        "0\r\nContent-Digest: sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:",
        "0\r\nRepr-Digest: sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:",
        "0\r\nContent-MD5: XUFAKrxLKna5cZ2REBfFkg==",
        "no chunk",
    };
    char location[256];
    site_start();
    for (size_t i = 0; i < sizeof trailers / sizeof *trailers; i++) {
        const struct raw_answer *answer = create_with_trailer(trailers[i]);
        ck_assert_int_eq(answer->status, 400);
        ck_assert_msg(raw_header(answer, "Location", location, sizeof location), "%s", trailers[i]);
        ck_assert_ptr_nonnull(strstr(answer->body, "Location names it"));
        ck_assert_ptr_null(strstr(answer->body, "Trailer:"));
        ck_assert(i == 4 || strstr(answer->body, "Upload-Checksum"));
        site_expect(append(location, offset_of(head(location)), "world", 5, NULL), 204);
        site_expect(client_send(site.client, "DELETE", location, NULL, 0, TUS, NULL), 204);
    }
    ck_assert_int_eq(site_figure("unfinished_bytes"), 0);
}
END_TEST

static void expect_told(struct answer *answer, const char *problem, const char *detail)
{
    ck_assert_int_ge(answer->status, 400);
    site_expect_kind(answer, answer->status, problem);
    ck_assert_msg(strstr(answer_string(answer, "detail"), detail), "%s", answer_string(answer, "detail"));
}

START_TEST(a_refusal_tells_what_there_is)
{
    site_start();
    char *upload = create(10, NULL);
    site_expect(append(upload, 0, "hello", 5, NULL), 204);
    expect_told(append(upload, 4, "world", 5, NULL), "upload-offset", "is 4, but 5 bytes of the upload are there");
    expect_told(append(upload, 5, "world!", 6, NULL), "size-mismatch", "10 bytes in all, of which 5 were there");
    expect_told(append(upload, 5, "world", 5, "Upload-Length: 11"), "size-mismatch",
                "Upload-Length is 11, but the upload was announced with 10 bytes");
    site_expect(append(upload, 5, "world", 5, NULL), 204);
    expect_told(append(upload, 10, "", 0, NULL), "upload-offset", "all its 10 bytes");
    struct answer *answer = client_send(site.client, "POST", site_target("/uploads"), NULL, 0, TUS, KEY,
                                        "Upload-Defer-Length: 1", NULL);
    site_expect(answer, 201);
    upload = client_text(site.client, "%s", answer_header(answer, "Location"));
    site_expect(append(upload, 0, "hello", 5, NULL), 204);
    expect_told(append(upload, 5, "", 0, "Upload-Length: 4"), "size-mismatch", "is 4, but 5 bytes");
    expect_told(append(upload, 5, "world", 5, "Upload-Length: 7"), "size-mismatch", "more than the 2 that were left");
    answer = client_send(site.client, "POST", site_target("/uploads"), "hello", 5, TUS, BYTES, KEY, "Upload-Length: 4",
                         NULL);
    expect_told(answer, "size-mismatch", "4 bytes in all, of which 0 were there");
}
END_TEST

START_TEST(no_more_uploads_are_made_than_a_store_keeps)
{
    server_add(site.server, "--uploads-kept=1");
    site_start();
    char *upload = create(5, NULL);
    ck_assert_int_eq(site_figure("unfinished_uploads"), 1);
    struct answer *answer = client_send(site.client, "POST", site_target("/uploads"), NULL, 0, TUS, KEY,
                                        "Upload-Length: 5", NULL);
    site_expect_kind(answer, 507, "too-many-uploads");
    site_expect(append(upload, 0, "hello", 5, NULL), 204);
    ck_assert_int_eq(site_figure("unfinished_uploads"), 0);
    create(5, NULL);
}
END_TEST

/* What the store holds, as a condition. */
static char *as_seen(void)
{
    struct answer *answer = client_get(site.client, site_target(""), NULL);
    site_expect(answer, 200);
    return strdup(client_text(site.client, "If-Match: %s", answer_string(answer, "etag")));
}

static struct answer *delete_store(const char *condition)
{
    return client_send(site.client, "DELETE", site_target("?force=true"), NULL, 0, condition, NULL);
}

START_TEST(a_store_goes_with_the_uploads_that_were_seen_and_no_others)
{
    site_start();
    char *empty = as_seen(), *upload = create(10, NULL), *begun = as_seen();
    site_expect_kind(delete_store(empty), 412, "precondition-failed");
    site_expect(append(upload, 0, "hello", 5, NULL), 204);
    site_expect_kind(delete_store(begun), 412, "precondition-failed");
    char *grown = as_seen(), *other = create(10, NULL);
    site_expect(client_send(site.client, "DELETE", upload, NULL, 0, TUS, NULL), 204);
    site_expect(append(other, 0, "hello", 5, NULL), 204);
    site_expect_kind(delete_store(grown), 412, "precondition-failed"); /* as many, and as large */
    char *now = as_seen();
    server_crash(site.server);
    server_start(site.server);
    site_reconnect();
    site_expect(delete_store(now), 204);
    char *owned[] = {empty, begun, grown, now};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        free(owned[i]);
}
END_TEST

START_TEST(a_condition_is_decided_with_the_last_byte)
{
    site_start();
    char *upload = create(5, "If-None-Match: *");
    site_expect(site_put("k/k", "meanwhile", NULL), 201);
    site_expect_kind(append(upload, 0, "hello", 5, NULL), 412, "precondition-failed");
    site_expect_text("k/k", "meanwhile");
}
END_TEST

/* Of the only one there is. */
static json_int_t listed_offset(void)
{
    struct answer *answer = client_get(site.client, site_target("/uploads"), NULL);
    site_expect(answer, 200);
    json_t *uploads = json_object_get(answer_json(answer), "uploads");
    ck_assert_uint_eq(json_array_size(uploads), 1);
    return json_integer_value(json_object_get(json_array_get(uploads, 0), "offset"));
}

/* No refusal takes what was acknowledged: the last byte may come again when what was asked for has come to be. */
START_TEST(a_condition_that_fails_leaves_the_bytes)
{
    static const char *const conditions[] = {"If-None-Match: *", "If-Match: \"6dc95a5d4cf0cc5039e49145d595abed\"",
                                             "If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT"};
    site_start();
    for (size_t i = 0; i < 3; i++) {
        site_expect(site_put("k/k", "meanwhile", NULL), 201);
        char *upload = create(5, conditions[i]);
        site_expect(append(upload, 0, "he", 2, NULL), 204);
        for (int tries = 0; tries < 2; tries++) {
            size_t offset = tries == 0 ? 2 : 4;
            struct answer *answer = append(upload, offset, &"hello"[offset], 5 - offset, NULL);
            site_expect_kind(answer, 412, "precondition-failed");
            ck_assert_ptr_nonnull(strstr(answer_string(answer, "detail"), "keeps its bytes until it expires"));
            ck_assert_uint_eq(offset_of(head(upload)), 4);
            ck_assert_int_eq(listed_offset(), 4);
            ck_assert_int_eq(site_figure("unfinished_bytes"), 5);
        }
        site_expect(site_delete("k/k", NULL), 200);
        if (i == 1) {
            site_expect_kind(append(upload, 4, "o", 1, NULL), 412, "precondition-failed");
            site_expect(client_send(site.client, "DELETE", upload, NULL, 0, TUS, NULL), 204);
        } else {
            site_expect(append(upload, 4, "o", 1, NULL), 204);
            site_expect_text("k/k", "hello");
            site_expect(site_delete("k/k", NULL), 200);
        }
        ck_assert_int_eq(site_figure("unfinished_bytes"), 0);
    }
}
END_TEST

/* Where all bytes come with the creation the refusal says where they are. */
START_TEST(a_creation_that_is_refused_says_where_the_bytes_are)
{
    site_start();
    site_expect(site_put("k/k", "meanwhile", NULL), 201);
    struct answer *answer = client_send(site.client, "POST", site_target("/uploads"), "hello", 5, TUS, KEY,
                                        "Upload-Length: 5", "Content-Type: application/offset+octet-stream",
                                        "If-None-Match: *", NULL);
    site_expect_kind(answer, 412, "precondition-failed");
    char *upload = client_text(site.client, "%s", answer_header(answer, "Location"));
    ck_assert_uint_eq(offset_of(head(upload)), 4);
    site_expect(site_delete("k/k", NULL), 200);
    site_expect(append(upload, 4, "o", 1, NULL), 204);
    site_expect_text("k/k", "hello");
    for (int i = 0; i < 2; i++) { /* a wrong sum, and a byte too many */
        answer = client_send(site.client, "POST", site_target("/uploads"), "hello", 5, TUS, KEY, BYTES,
                             i == 0 ? "Upload-Length: 5" : "Upload-Length: 4",
                             i == 0 ? "Upload-Checksum: md5 AAAAAAAAAAAAAAAAAAAAAA==" : "Accept: */*", NULL);
        ck_assert_int_eq(answer->status, i == 0 ? 460 : 400);
        ck_assert_ptr_nonnull(answer_header(answer, "Location"));
        upload = client_text(site.client, "%s", answer_header(answer, "Location"));
        ck_assert_uint_eq(offset_of(head(upload)), 0);
        site_expect(client_send(site.client, "DELETE", upload, NULL, 0, TUS, NULL), 204);
    }
    site_expect(site_delete("k/k", NULL), 200);
    site_expect(site_put("k/k", "again", NULL), 201);
    answer = client_send(site.client, "POST", site_target("/uploads"), NULL, 0, TUS, KEY, "Upload-Length: 0",
                         "If-None-Match: *", NULL);
    site_expect_kind(answer, 412, "precondition-failed");
    ck_assert_ptr_null(answer_header(answer, "Location"));
    ck_assert_int_eq(site_figure("unfinished_bytes"), 0);
}
END_TEST

START_TEST(creation_says_what_it_needs)
{
    site_start();
    const char *target = site_target("/uploads");
    site_expect_kind(client_send(site.client, "POST", target, NULL, 0, KEY, "Upload-Length: 1", NULL), 412,
                     "tus-version");
    site_expect_kind(client_send(site.client, "POST", target, NULL, 0, TUS, KEY, NULL), 400, "bad-header");
    site_expect_kind(client_send(site.client, "POST", target, NULL, 0, TUS, "Upload-Length: 1", NULL), 400,
                     "bad-header");
    site_expect_kind(
        client_send(site.client, "POST", target, NULL, 0, TUS, "Upload-Length: 1", "Upload-Metadata: key a?b", NULL),
        400, "bad-header");
    struct answer *answer = client_send(site.client, "POST", target, "hello", 5, TUS, BYTES, KEY, "Upload-Length: 5",
                                        NULL);
    site_expect(answer, 201);
    ck_assert_uint_eq(offset_of(answer), 5);
    site_expect_text("k/k", "hello");
    answer = client_send(site.client, "OPTIONS", target, NULL, 0, NULL);
    site_expect(answer, 204);
    ck_assert_str_eq(answer_header(answer, "Tus-Version"), "1.0.0");
}
END_TEST

static struct answer *create_with(const char *metadata, const char *field)
{
    return client_send(site.client, "POST", site_target("/uploads"), NULL, 0, TUS, "Upload-Length: 5",
                       client_text(site.client, "Upload-Metadata: key ay9r,%s", metadata), field, NULL);
}

START_TEST(metadata_has_what_a_header_may_have)
{
    site_start();
    const char *names[] = {"\xc3\xa9", "a:b", "(x)", "a=b", "x/y", "\"q\""};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        site_expect_kind(create_with(client_text(site.client, "meta-%s dg==", names[i]), NULL), 400, "bad-header");
    struct answer *answer = create_with("meta-(x) dg==", NULL);
    ck_assert_ptr_nonnull(strstr(answer_string(answer, "detail"), "\"meta-(x)\": what stands behind meta-"));
    site_expect_kind(create_with("filetype YQBi", NULL), 400, "bad-header"); /* a NUL between a and b */
    site_expect(create_with("meta-x.y!z dg==,filename YQBi", NULL), 201);
    site_expect(create_with(",filetype aW1hZ2UvcG5n,, ,", NULL), 201); /* empty elements of a list are none */
}
END_TEST

/* "k/k" from a creation with that field in its head beside others; it is finished after a restart. */
static struct answer *with_fields(const char *metadata, const char *field)
{
    struct answer *answer = client_send(site.client, "POST", site_target("/uploads"), NULL, 0, TUS, "Upload-Length: 5",
                                        client_text(site.client, "Upload-Metadata: key ay9r,%s", metadata),
                                        "Cache-Control: max-age=60", "Cairn-Meta-Shape: round", field, NULL);
    site_expect(answer, 201);
    char *upload = strdup(answer_header(answer, "Location"));
    server_crash(site.server);
    server_start(site.server);
    site_reconnect();
    site_expect(append(upload, 0, "hello", 5, "Cairn-Meta-Late: ignored"), 204);
    free(upload);
    answer = site_get("k/k", NULL);
    site_expect(answer, 200);
    return answer;
}

START_TEST(what_is_kept_may_come_in_the_head_of_the_creation)
{
    site_start();
    struct answer *answer = with_fields("filetype aW1hZ2UvcG5n", "Cairn-Expires: 3600");
    ck_assert_str_eq(answer_header(answer, "Content-Type"), "image/png");
    ck_assert_str_eq(answer_header(answer, "Cache-Control"), "max-age=60");
    ck_assert_str_eq(answer_header(answer, "Cairn-Meta-Shape"), "round");
    ck_assert_ptr_nonnull(answer_header(answer, "Cairn-Expires"));
    ck_assert_ptr_null(answer_header(answer, "Cairn-Meta-Late"));
    answer = with_fields("cairn_expires MzI1MDM2ODAwMDA=,meta-shape c3F1YXJl", "Cairn-Expires: 3600"); /* square */
    ck_assert_str_eq(answer_header(answer, "Cairn-Meta-Shape"), "square");
    ck_assert_ptr_nonnull(strstr(answer_header(answer, "Cairn-Expires"), " 30")); /* a thousand years */
    const char *faults[] = {"Cairn-Expires: yesterday", "Cairn-Expires: 0", "Cairn-Meta-: x"};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        site_expect_kind(create_with("", faults[i]), 400, "bad-header");
    site_expect_kind(create_with("", client_text(site.client, "Cairn-Meta-X: %04096d", 0)), 431,
                     "attributes-too-large");
}
END_TEST

/* Nobody would compare them. */
START_TEST(digests_of_other_kinds_are_refused)
{
    site_start();
    const char *fields[] = {"Content-MD5: XUFAKrxLKna5cZ2REBfFkg==",
                            "Content-Digest: sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:",
                            "Repr-Digest: sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:"};
    char *upload = create(5, NULL);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        site_expect_kind(create_with("", fields[i]), 400, "bad-header");
        struct answer *answer = append(upload, 0, "hello", 5, fields[i]);
        site_expect_kind(answer, 400, "bad-header");
        ck_assert_ptr_nonnull(strstr(answer_string(answer, "detail"), "Upload-Checksum"));
    }
    ck_assert_uint_eq(offset_of(head(upload)), 0);
}
END_TEST

START_TEST(a_post_may_stand_for_the_methods_of_an_upload)
{
    site_start();
    char *upload = create(5, NULL);
    site_expect(client_send(site.client, "POST", upload, "hel", 3, TUS, BYTES, "Upload-Offset: 0", NULL), 405);
    struct answer *answer = client_send(site.client, "POST", upload, "hel", 3, TUS, BYTES, "Upload-Offset: 0",
                                        "X-HTTP-Method-Override: PATCH", NULL);
    site_expect(answer, 204);
    ck_assert_uint_eq(offset_of(answer), 3);
    answer = client_send(site.client, "POST", upload, NULL, 0, TUS, "X-HTTP-Method-Override: HEAD", NULL);
    site_expect(answer, 200);
    ck_assert_uint_eq(offset_of(answer), 3);
    site_expect(client_send(site.client, "POST", upload, NULL, 0, TUS, "X-HTTP-Method-Override: PUT", NULL), 405);
    site_expect(client_send(site.client, "POST", upload, NULL, 0, TUS, "X-HTTP-Method-Override: patch", NULL), 501);
    site_expect(client_send(site.client, "POST", site_target("/uploads"), NULL, 0, "X-HTTP-Method-Override: GET", NULL),
                200);
    site_expect(client_send(site.client, "POST", upload, NULL, 0, TUS, "X-HTTP-Method-Override: DELETE", NULL), 204);
    site_expect(head(upload), 404);
    site_expect(site_put("k", "kept", NULL), 201);
    site_expect(client_send(site.client, "POST", site_object("k"), NULL, 0, "X-HTTP-Method-Override: DELETE", NULL),
                405);
    site_expect_text("k", "kept");
}
END_TEST

START_TEST(unfinished_ones_are_listed_and_removed)
{
    site_start();
    char *upload = create(5, NULL);
    struct answer *answer = client_get(site.client, site_target("/uploads"), NULL);
    site_expect(answer, 200);
    json_t *uploads = json_object_get(answer_json(answer), "uploads");
    ck_assert_uint_eq(json_array_size(uploads), 1);
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(uploads, 0), "key")), "k/k");
    site_expect(client_send(site.client, "DELETE", upload, NULL, 0, TUS, NULL), 204);
    site_expect_kind(append(upload, 0, "hello", 5, NULL), 404, "no-upload");
    const char *names[] = {"0123456789ABCDEF", "0123456789abcde", "0123456789abcdefa", "%30123456789abcde"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        answer = append(site_target(client_text(site.client, "/uploads/%s", names[i])), 0, "hello", 5, NULL);
        site_expect_kind(answer, 404, "no-upload");
        ck_assert_ptr_nonnull(strstr(answer_string(answer, "detail"), "16 hexadecimal digits in lower case"));
    }
}
END_TEST

START_TEST(they_are_listed_page_by_page)
{
    enum { COUNT = 5 };
    const char *cursor = "";
    site_start();
    char *seen = client_text(site.client, " ");
    for (int i = 0; i < COUNT; i++)
        create(5, NULL);
    for (int page = 0; page < COUNT; page++) {
        struct answer *answer = client_get(
            site.client, site_target(client_text(site.client, "/uploads?limit=1&cursor=%s", cursor)), NULL);
        site_expect(answer, 200);
        const json_t *uploads = json_object_get(answer_json(answer), "uploads");
        ck_assert_uint_eq(json_array_size(uploads), 1);
        const char *id = json_string_value(json_object_get(json_array_get(uploads, 0), "id"));
        ck_assert_ptr_null(strstr(seen, id));
        seen = client_text(site.client, "%s%s ", seen, id);
        cursor = json_string_value(json_object_get(answer_json(answer), "cursor"));
        ck_assert(page < COUNT - 1 ? cursor != NULL : !cursor);
    }
    site_expect(client_get(site.client, site_target("/uploads?cursor=AAAA"), NULL), 400);
}
END_TEST

/* A client whose connection hangs behind the first half of "helloworld"; its socket. */
static int hang(const char *upload)
{
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket,
                       "PATCH %s HTTP/1.1\r\nHost: localhost\r\n" TUS "\r\n" BYTES
                       "\r\nUpload-Offset: 0\r\nContent-Length: 10\r\n\r\nhello",
                       upload));
    WAIT_UNTIL(offset_of(head(upload)) == 5);
    return socket;
}

START_TEST(who_comes_back_need_not_wait_for_a_connection_that_hangs)
{
    site_start();
    char *upload = create(10, NULL);
    struct raw_answer refused;
    int socket = hang(upload);
    site_expect_kind(append(upload, 0, "HELLO", 5, NULL), 409, "upload-offset");
    site_expect(append(upload, 5, "WO", 2, NULL), 204);
    ck_assert(raw_send(socket, "world"));
    ck_assert(raw_receive(socket, &refused));
    ck_assert_int_eq(refused.status, 423);
    ck_assert_ptr_nonnull(strstr(refused.headers, "Retry-After: 1"));
    close(socket);
    site_expect(append(upload, 7, "RLD", 3, NULL), 204);
    site_expect_text("k/k", "helloWORLD");
}
END_TEST

START_TEST(who_is_slow_is_not_disturbed_by_who_looks)
{
    site_start();
    char *upload = create(10, NULL);
    struct raw_answer answer;
    int socket = hang(upload);
    ck_assert_uint_eq(offset_of(head(upload)), 5);
    ck_assert(raw_send(socket, "world"));
    ck_assert(raw_receive(socket, &answer));
    ck_assert_int_eq(answer.status, 204);
    close(socket);
    site_expect_text("k/k", "helloworld");
}
END_TEST

START_TEST(one_that_somebody_sends_can_be_removed)
{
    site_start();
    char *upload = create(10, NULL);
    int socket = hang(upload);
    site_expect(client_send(site.client, "DELETE", upload, NULL, 0, TUS, NULL), 204);
    site_expect(head(upload), 404);
    close(socket);
}
END_TEST

/* A client whose connection hangs, or breaks, between the last of the bytes and the end of its request; its socket. */
static int hang_at_the_end(const char *upload, const char *field, const char *bytes)
{
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket,
                       "PATCH %s HTTP/1.1\r\nHost: localhost\r\n" TUS "\r\n" BYTES
                       "\r\nUpload-Offset: 0\r\n%s\r\nTransfer-Encoding: chunked\r\n\r\n%s",
                       upload, field, bytes));
    return socket;
}

START_TEST(who_only_looks_replaces_nothing)
{
    site_start();
    char *upload = create(5, NULL);
    int socket = hang_at_the_end(upload, "Accept: */*", "5\r\nhello\r\n");
    WAIT_UNTIL(offset_of(head(upload)) == 4);
    close(socket);
    site_expect(site_put("k/k", "newer", NULL), 201);
    for (int i = 0; i < 2; i++) {
        struct answer *answer = head(upload);
        site_expect(answer, 200);
        ck_assert_uint_eq(offset_of(answer), 4);
        ck_assert_ptr_null(answer_header(answer, "Cairn-Key"));
    }
    site_expect_text("k/k", "newer");
    struct answer *answer = append(upload, 4, "o", 1, NULL);
    site_expect(answer, 204);
    ck_assert_uint_eq(offset_of(answer), 5);
    ck_assert_str_eq(answer_header(answer, "Cairn-Created"), "false");
    site_expect_text("k/k", "hello");
}
END_TEST

START_TEST(who_hangs_behind_the_last_byte_can_be_relieved)
{
    site_start();
    char *upload = create(5, NULL);
    struct raw_answer refused;
    int socket = hang_at_the_end(upload, "Accept: */*", "5\r\nhello\r\n");
    WAIT_UNTIL(offset_of(head(upload)) == 4);
    site_expect(append(upload, 4, "O", 1, NULL), 204);
    site_expect_text("k/k", "hellO");
    ck_assert(raw_send(socket, "0\r\n\r\n"));
    ck_assert(raw_receive(socket, &refused));
    ck_assert_int_eq(refused.status, 423);
    close(socket);
}
END_TEST

START_TEST(an_empty_one_that_is_no_object_is_made_anew)
{
    site_start();
    struct answer *answer = client_send(site.client, "POST", site_target("/uploads"), NULL, 0, TUS,
                                        "Upload-Defer-Length: 1", KEY, NULL);
    site_expect(answer, 201);
    const char *upload = answer_header(answer, "Location");
    int socket = hang_at_the_end(upload, "Upload-Length: 0", "");
    WAIT_UNTIL(head(upload)->status == 404);
    site_expect(append(upload, 0, "", 0, NULL), 204);
    site_expect_text("k/k", "");
    close(socket);
}
END_TEST

/* It has no bytes that could be kept, and is not said to keep any. */
START_TEST(an_empty_one_whose_condition_fails_is_gone)
{
    site_start();
    site_expect(site_put("k/k", "meanwhile", NULL), 201);
    struct answer *answer = client_send(site.client, "POST", site_target("/uploads"), NULL, 0, TUS,
                                        "Upload-Defer-Length: 1", "If-None-Match: *", KEY, NULL);
    site_expect(answer, 201);
    const char *upload = answer_header(answer, "Location");
    answer = append(upload, 0, "", 0, "Upload-Length: 0");
    site_expect_kind(answer, 412, "precondition-failed");
    ck_assert_ptr_nonnull(strstr(answer_string(answer, "detail"), "had no bytes to keep, and has gone"));
    ck_assert_int_eq(head(upload)->status, 404);
    site_expect_text("k/k", "meanwhile");
}
END_TEST

START_TEST(a_part_may_have_metadata)
{
    site_start();
    char *upload = create(5, "Upload-Concat: partial");
    site_expect(append(upload, 0, "hello", 5, NULL), 204);
    site_expect(site_get("k/k", NULL), 404);
    ck_assert_uint_eq(offset_of(head(upload)), 5);
    ck_assert_int_eq(listed_offset(), 5);
    site_expect(client_send(site.client, "DELETE", upload, NULL, 0, TUS, NULL), 204);
}
END_TEST

/* The answer to the wish to make one of them. */
static struct answer *join(const char *const *parts, size_t count)
{
    char *concat = client_text(site.client, "Upload-Concat: final;");
    for (size_t i = 0; i < count; i++)
        concat = client_text(site.client, "%s%shttp://localhost%s", concat, i > 0 ? " " : "", parts[i]);
    return client_send(site.client, "POST", site_target("/uploads"), NULL, 0, TUS, KEY, concat, NULL);
}

START_TEST(parts_become_one)
{
    site_start();
    const char *parts[2];
    for (int i = 0; i < 2; i++)
        parts[i] = create(5, "Upload-Concat: partial");
    site_expect(append(parts[1], 0, "world", 5, NULL), 204);
    const char *told = client_text(site.client, "The part %s has 0 of its 5 bytes", strrchr(parts[0], '/') + 1);
    expect_told(join(parts, 2), "upload-parts", told);
    const char *whole = create(5, NULL);
    expect_told(join((const char *[]){parts[1], whole}, 2), "upload-parts",
                client_text(site.client, "The upload %s is no part", strrchr(whole, '/') + 1));
    site_expect(client_send(site.client, "DELETE", whole, NULL, 0, TUS, NULL), 204);
    expect_told(join((const char *[]){parts[1], whole}, 2), "no-upload",
                client_text(site.client, "The part %s is not there", strrchr(whole, '/') + 1));
    site_expect(append(parts[0], 0, "hello", 5, NULL), 204);
    site_expect_kind(join((const char *[]){parts[0], parts[1], parts[0]}, 3), 400, "bad-header");
    struct answer *answer = join(parts, 2);
    site_expect(answer, 201);
    ck_assert_str_eq(answer_header(answer, "Cairn-Size"), "10");
    site_expect_text("k/k", "helloworld");
    const char *joined = answer_header(answer, "Location");
    ck_assert_ptr_nonnull(strstr(answer_header(head(joined), "Upload-Concat"), "final;http://localhost/v1/"));
    site_expect_kind(append(joined, 10, "", 0, NULL), 403, "upload-final");
    site_expect(head(parts[0]), 404);
}
END_TEST

/* "hello" and "world", as parts whose paths outlive their client. */
static void make_parts(char *parts[2])
{
    for (int i = 0; i < 2; i++) {
        parts[i] = strdup(create(5, "Upload-Concat: partial"));
        site_expect(append(parts[i], 0, i == 0 ? "hello" : "world", 5, NULL), 204);
    }
}

static void free_parts(char *parts[2])
{
    for (int i = 0; i < 2; i++)
        free(parts[i]);
}

static void expect_same(struct answer *answer, struct answer *first)
{
    static const char *const fields[] = {"Location",     "Upload-Offset", "Cairn-Key",  "Cairn-Key-Hash",
                                         "Cairn-Offset", "Cairn-Size",    "Cairn-ETag", "Cairn-Created"};
    site_expect(answer, 201);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        ck_assert_str_eq(answer_header(answer, fields[i]), answer_header(first, fields[i]));
}

START_TEST(who_joins_the_same_parts_again_gets_the_same_answer)
{
    site_start();
    char *parts[2];
    make_parts(parts);
    struct answer *first = join((const char *const *)parts, 2);
    site_expect(first, 201);
    site_expect(site_put("k/k", "later", NULL), 200);
    expect_same(join((const char *const *)parts, 2), first);
    char *location = strdup(answer_header(first, "Location"));
    server_crash(site.server);
    server_start(site.server);
    site_reconnect();
    struct answer *again = join((const char *const *)parts, 2);
    site_expect(again, 201);
    ck_assert_str_eq(answer_header(again, "Location"), location);
    ck_assert_str_eq(answer_header(again, "Cairn-Size"), "10");
    site_expect_text("k/k", "later");
    site_expect_kind(join((const char *const *)parts, 1), 404, "no-upload");
    free(location);
    free_parts(parts);
}
END_TEST

START_TEST(parts_that_were_refused_may_get_another_key)
{
    site_start();
    char *parts[2];
    make_parts(parts);
    site_expect(site_put("k/k", "there", NULL), 201);
    char *concat = client_text(site.client, "Upload-Concat: final;%s %s", parts[0], parts[1]);
    const char *target = site_target("/uploads");
    for (int i = 0; i < 2; i++)
        site_expect_kind(client_send(site.client, "POST", target, NULL, 0, TUS, KEY, concat, "If-None-Match: *", NULL),
                         412, "precondition-failed");
    site_expect(client_send(site.client, "POST", target, NULL, 0, TUS, "Upload-Metadata: key b3RoZXI=", concat,
                            "If-None-Match: *", NULL),
                201);
    site_expect_text("other", "helloworld");
    site_expect_text("k/k", "there");
    free_parts(parts);
}
END_TEST

#define KEY_OF_A "Upload-Metadata: key YS94" /* "a/x" */
#define KEY_OF_B "Upload-Metadata: key Yi94" /* "b/x" */
#define KEYLESS  "Upload-Metadata: filename eA=="

/* "hello", whole, as a part that a token makes. */
static struct answer *make_part(const char *token, const char *metadata)
{
    return client_send(site.client, "POST", site_target("/uploads"), "hello", 5, TUS, BYTES, "Upload-Length: 5",
                       "Upload-Concat: partial", metadata, access_bearer(token), NULL);
}

static size_t count_listed(const char *token)
{
    struct answer *answer = client_get(site.client, site_target("/uploads"), access_bearer(token), NULL);
    site_expect(answer, 200);
    return json_array_size(json_object_get(answer_json(answer), "uploads"));
}

static struct answer *join_one(const char *token, const char *part, const char *metadata)
{
    return client_send(site.client, "POST", site_target("/uploads"), NULL, 0, TUS, metadata,
                       client_text(site.client, "Upload-Concat: final;%s", part), access_bearer(token), NULL);
}

static void expect_out_of_reach(const char *token, const char *part, const char *metadata)
{
    const char *bearer = access_bearer(token);
    site_expect(client_send(site.client, "HEAD", part, NULL, 0, TUS, bearer, NULL), 403);
    site_expect_kind(append(part, 5, "", 0, bearer), 403, "forbidden");
    site_expect_kind(client_send(site.client, "DELETE", part, NULL, 0, TUS, bearer, NULL), 403, "forbidden");
    site_expect_kind(
        client_send(site.client, "POST", part, NULL, 0, TUS, bearer, "X-HTTP-Method-Override: DELETE", NULL), 403,
        "forbidden");
    site_expect_kind(join_one(token, part, metadata), 403, "forbidden");
}

static void start_with_prefixes(void)
{
    access_start(access_join(access_token("all", access_grant("\"*\"", "", ACCESS_ALL), NULL),
                             access_token("a", access_grant("\"*\"", "a/", ACCESS_ALL), NULL),
                             access_token("b", access_grant("\"*\"", "b/", ACCESS_ALL), NULL), NULL),
                 "");
    site_expect(client_send(site.client, "PUT", site_target(""), NULL, 0, access_bearer("all"), NULL), 201);
}

START_TEST(a_part_belongs_to_those_who_may_write_its_key)
{
    start_with_prefixes();
    struct answer *answer = make_part("a", KEY_OF_A);
    site_expect(answer, 201);
    const char *part = answer_header(answer, "Location");
    site_expect_kind(make_part("a", KEY_OF_B), 403, "forbidden");
    ck_assert_uint_eq(count_listed("b"), 0);
    ck_assert_uint_eq(count_listed("a"), 1);
    ck_assert_uint_eq(count_listed("all"), 1);
    expect_out_of_reach("b", part, KEY_OF_B);
    ck_assert_uint_eq(offset_of(client_send(site.client, "HEAD", part, NULL, 0, TUS, access_bearer("a"), NULL)), 5);
    site_expect(join_one("a", part, KEY_OF_A), 201);
    answer = client_get(site.client, site_object("a/x"), access_bearer("a"), NULL);
    site_expect(answer, 200);
    ck_assert(answer_is(answer, "hello", 5));
}
END_TEST

START_TEST(a_part_without_a_key_belongs_to_those_who_may_write_the_whole_store)
{
    start_with_prefixes();
    struct answer *answer = make_part("a", KEYLESS);
    site_expect_kind(answer, 403, "forbidden");
    ck_assert_ptr_nonnull(strstr((const char *)answer->body, "give the part a key"));
    answer = make_part("all", KEYLESS);
    site_expect(answer, 201);
    const char *part = answer_header(answer, "Location");
    ck_assert_uint_eq(count_listed("a"), 0);
    ck_assert_uint_eq(count_listed("all"), 1);
    expect_out_of_reach("a", part, KEY_OF_A);
    site_expect(client_send(site.client, "DELETE", part, NULL, 0, TUS, access_bearer("all"), NULL), 204);
}
END_TEST

/* Whose bytes are all there, and whose request has not ended. */
START_TEST(who_may_not_disturbs_nobody)
{
    start_with_prefixes();
    struct answer *answer = client_send(site.client, "POST", site_target("/uploads"), NULL, 0, TUS, "Upload-Length: 5",
                                        KEY_OF_A, access_bearer("a"), NULL);
    site_expect(answer, 201);
    struct raw_answer whole;
    const char *upload = answer_header(answer, "Location"), *bearer = access_bearer("b");
    int socket = hang_at_the_end(upload, access_bearer("a"), "5\r\nhello\r\n");
    WAIT_UNTIL(offset_of(client_send(site.client, "HEAD", upload, NULL, 0, TUS, access_bearer("a"), NULL)) == 4);
    site_expect(client_send(site.client, "HEAD", upload, NULL, 0, TUS, bearer, NULL), 403);
    site_expect_kind(append(upload, 4, "O", 1, bearer), 403, "forbidden");
    site_expect_kind(client_send(site.client, "DELETE", upload, NULL, 0, TUS, bearer, NULL), 403, "forbidden");
    ck_assert(raw_send(socket, "0\r\n\r\n"));
    ck_assert(raw_receive(socket, &whole));
    ck_assert_int_eq(whole.status, 204);
    close(socket);
}
END_TEST

/* Clients send the fields that they were given with each of their requests. */
START_TEST(conditions_count_at_the_creation_and_are_no_fault_later)
{
    site_start();
    char *upload = create(5, "If-None-Match: *");
    site_expect(client_send(site.client, "HEAD", upload, NULL, 0, TUS, "If-None-Match: *", NULL), 200);
    site_expect(append(upload, 0, "hello", 5, "If-None-Match: *"), 204);
    upload = create(5, "If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT");
    site_expect_kind(append(upload, 0, "other", 5, NULL), 412, "precondition-failed");
    site_expect_text("k/k", "hello");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        pieces_become_an_object_with_what_is_kept,
        what_was_acknowledged_survives_kill_9,
        a_wrong_checksum_leaves_nothing_of_its_bytes,
        a_checksum_behind_the_bytes_is_not_passed_over,
        a_creation_that_ends_with_a_sum_says_where_the_bytes_are,
        a_refusal_tells_what_there_is,
        no_more_uploads_are_made_than_a_store_keeps,
        a_store_goes_with_the_uploads_that_were_seen_and_no_others,
        a_condition_is_decided_with_the_last_byte,
        a_condition_that_fails_leaves_the_bytes,
        a_creation_that_is_refused_says_where_the_bytes_are,
        creation_says_what_it_needs,
        metadata_has_what_a_header_may_have,
        what_is_kept_may_come_in_the_head_of_the_creation,
        digests_of_other_kinds_are_refused,
        a_post_may_stand_for_the_methods_of_an_upload,
        unfinished_ones_are_listed_and_removed,
        they_are_listed_page_by_page,
        who_comes_back_need_not_wait_for_a_connection_that_hangs,
        who_is_slow_is_not_disturbed_by_who_looks,
        one_that_somebody_sends_can_be_removed,
        who_only_looks_replaces_nothing,
        who_hangs_behind_the_last_byte_can_be_relieved,
        an_empty_one_that_is_no_object_is_made_anew,
        an_empty_one_whose_condition_fails_is_gone,
        who_may_not_disturbs_nobody,
        a_part_may_have_metadata,
        parts_become_one,
        who_joins_the_same_parts_again_gets_the_same_answer,
        parts_that_were_refused_may_get_another_key,
        a_part_belongs_to_those_who_may_write_its_key,
        a_part_without_a_key_belongs_to_those_who_may_write_the_whole_store,
        conditions_count_at_the_creation_and_are_no_fault_later,
    };
    return site_run("uploads", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
