/* Objects that expire: Cairn-Expires, and what is seen of them from that second on. */
#include "tests/http/clock.h"
#include "tests/http/payload.h"
#include "tests/http/raw.h"
#include "tests/http/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { HOUR = 3600, SLACK = 120 /* seconds, which a busy machine may take */ };

#define FIELD "Cairn-Expires"
#define LATER FIELD ": Wed, 01 Dec 2094 16:00:00 GMT"

static void expect_expiry(struct answer *answer, int status, int64_t seconds)
{
    site_expect(answer, status);
    const char *text = answer_header(answer, FIELD);
    ck_assert_ptr_nonnull(text);
    int64_t left = curl_getdate(text, NULL) - time(NULL);
    ck_assert_msg(left <= seconds + 1 && left >= seconds - SLACK, "%s: in %ld seconds", text, (long)left);
}

static void expect_none(struct answer *answer, int status)
{
    site_expect(answer, status);
    ck_assert_ptr_null(answer_header(answer, FIELD));
}

/* The server starts again when so many seconds have passed. */
static void start_later(int64_t seconds)
{
    char shift[32];
    server_stop(site.server);
    (void)snprintf(shift, sizeof shift, "%lld", (long long)seconds);
    setenv("SHIFTED_CLOCK", shift, 1);
    site_start_behind(PRELOAD_PATH);
}

static struct answer *batch(const char *operations)
{
    return site_post("/batch", client_text(site.client, "{\"operations\":[%s]}", operations));
}

static char *text_of(struct answer *answer)
{
    site_expect(answer, 200);
    return (char *)answer->body;
}

START_TEST(it_is_answered_as_a_date)
{
    site_start();
    site_expect(site_put("k", "0123456789", FIELD ": 3600", "Content-Type: text/plain", NULL), 201);
    struct answer *answer = site_get("k", NULL);
    expect_expiry(answer, 200, HOUR);
    ck_assert_str_eq(answer_header(answer, "Content-Type"), "text/plain");
    expect_expiry(site_head("k", NULL), 200, HOUR);
    expect_expiry(site_get("k", "Range: bytes=1-2", NULL), 206, HOUR);
    expect_expiry(site_get("k", "If-None-Match: *", NULL), 304, HOUR);
    site_expect(site_put("k", "v", LATER, NULL), 200);
    ck_assert_str_eq(answer_header(site_get("k", NULL), FIELD), &LATER[sizeof FIELD + 1]);
    site_expect(site_put("k", "v", NULL), 200);
    expect_none(site_get("k", NULL), 200);
    site_expect(client_upload(site.client, site_object("large"), 1 << 20, 1, FIELD ": 3600", NULL), 201);
    expect_expiry(site_head("large", NULL), 200, HOUR);
}
END_TEST

START_TEST(it_goes_along_with_moves_and_copies)
{
    site_start();
    site_expect(site_put("a", "v", FIELD ": 3600", NULL), 201);
    site_expect(site_move("a", site_destination("b"), NULL), 201);
    site_expect(site_copy("b", site_destination("c"), NULL), 201);
    expect_expiry(site_get("b", NULL), 200, HOUR);
    expect_expiry(site_get("c", NULL), 200, HOUR);
    site_expect(client_send(site.client, "PUT", "/v1/stores/other", NULL, 0, NULL), 201);
    site_expect(site_copy("b", "Destination: /v1/stores/other/objects/d", NULL), 201);
    expect_expiry(client_get(site.client, "/v1/stores/other/objects/d", NULL), 200, HOUR);
}
END_TEST

START_TEST(what_is_no_time_to_come_is_refused)
{
    static const char *const values[] = {"0",
                                         "-1",
                                         "1.5",
                                         "soon",
                                         "1e3",
                                         "99999999999999999999999999",
                                         "1 day",
                                         "253402300799",
                                         "Sun, 06 Nov 1994 08:49:37 GMT",
                                         "2094-12-01T16:00:00Z",
                                         "Mon, 29 Feb 2094 16:00:00 GMT",
                                         "Thu, 01 Dec 2094 16:00:00 GMT",
                                         "Wed, 01 Dec 2094 16:00:60 GMT",
                                         "\xff"};
    site_start();
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct answer *answer = site_put("k", "v", client_text(site.client, FIELD ": %s", values[i]), NULL);
        site_expect_kind(answer, 400, "bad-header");
        const char *detail = answer_string(answer, "detail");
        ck_assert_msg(strstr(detail, FIELD " is \"") && (*values[i] == '\xff' || strstr(detail, values[i])), "%s",
                      detail);
    }
    site_expect(site_put("k", "v", FIELD ": 1", FIELD ": 2", NULL), 400);
    site_expect(site_get("k", NULL), 404);
}
END_TEST

START_TEST(batches_have_it)
{
    site_start();
    site_expect(batch("{\"op\":\"put\",\"key\":\"a\",\"data\":\"YQ==\",\"cairn_expires\":3600},"
                      "{\"op\":\"put\",\"key\":\"b\",\"data\":\"YQ==\",\"cairn_expires\":\"3600\",\"expires\":\"0\"},"
                      "{\"op\":\"put\",\"key\":\"c\",\"data\":\"YQ==\",\"expires\":3600},"
                      "{\"op\":\"put\",\"key\":\"d\",\"data\":\"YQ==\",\"expires\":\"3600\"},"
                      "{\"op\":\"copy\",\"key\":\"a\",\"to\":\"e\"}"),
                200);
    for (const char *key = "a\0b\0c\0e\0"; *key; key += 2)
        expect_expiry(site_get(key, NULL), 200, HOUR);
    ck_assert_str_eq(answer_header(site_get("b", NULL), "Expires"), "0");
    struct answer *answer = site_get("d", NULL); /* a string is the field Expires */
    expect_none(answer, 200);
    ck_assert_str_eq(answer_header(answer, "Expires"), "3600");
    answer = batch("{\"op\":\"put\",\"key\":\"f\",\"data\":\"YQ==\",\"cairn_expires\":-5}");
    site_expect_kind(answer, 422, "entry-refused");
    ck_assert_ptr_nonnull(strstr(answer_string(answer, "detail"), "cairn_expires is \"-5\""));
    site_expect(batch("{\"op\":\"put\",\"key\":\"f\",\"data\":\"YQ==\",\"cairn_expires\":1,\"expires\":2}"), 422);
    site_expect(batch("{\"op\":\"put\",\"key\":\"f\",\"data\":\"YQ==\",\"cairn_expires\":true}"), 422);
    site_expect(batch("{\"op\":\"put\",\"key\":\"f\",\"data\":\"YQ==\",\"cairn_expires\":1.}"), 400);
    site_expect(batch("{\"op\":\"delete\",\"key\":\"a\",\"cairn_expires\":1}"), 422);
}
END_TEST

START_TEST(parts_of_a_form_have_it)
{
    static const char form[] = "--xyz\r\nContent-Disposition: form-data; name=\"k\"\r\nCairn-Expires: %s\r\n\r\nv\r\n"
                               "--xyz--\r\n";
    site_start();
    for (unsigned bad = 0; bad < 2; bad++) {
        char body[256];
        int length = snprintf(body, sizeof body, form, bad ? "never" : "3600");
        site_expect(client_send(site.client, "POST", site_target("/batch"), body, (size_t)length,
                                "Content-Type: multipart/form-data; boundary=xyz", NULL),
                    bad ? 422 : 200);
    }
    expect_expiry(site_get("k", NULL), 200, HOUR);
}
END_TEST

/* Where attributes are asked for. */
START_TEST(listings_tell_it)
{
    site_start();
    site_expect(site_put("k", "v", LATER, NULL), 201);
    const char *told = "\"cairn_expires\":\"Wed, 01 Dec 2094 16:00:00 GMT\"";
    const char *page = site_target("/objects?attributes=true");
    ck_assert_ptr_nonnull(strstr(text_of(client_get(site.client, page, NULL)), told));
    ck_assert_ptr_nonnull(strstr(text_of(client_get(site.client, page, "Accept: application/x-ndjson", NULL)), told));
    ck_assert_ptr_nonnull(strstr(text_of(site_post("/batch-get", "{\"keys\":[\"k\"]}")), told));
    ck_assert_ptr_null(strstr(text_of(client_get(site.client, site_target("/objects"), NULL)), told));
}
END_TEST

static void unpack(const void *tar, size_t size, const char *query, json_int_t expired)
{
    const char *target = client_text(site.client, "/v1/stores/back/archive%s", query);
    client_send(site.client, "PUT", "/v1/stores/back", NULL, 0, NULL);
    struct answer *answer = client_send(site.client, "POST", target, tar, size, NULL);
    site_expect(answer, 200);
    ck_assert_int_eq(answer_integer(answer, "objects"), 2 - expired);
    ck_assert_int_eq(answer_integer(answer, "expired"), expired);
    ck_assert_int_eq(answer_integer(answer, "refused"), 0);
}

/* What has expired since does not come in, and what has taken its place there stays. */
START_TEST(an_archive_has_it_there_and_back)
{
    site_start();
    site_expect(site_put("k", "v", LATER, NULL), 201);
    site_expect(site_put("soon", "v", FIELD ": 3600", NULL), 201);
    struct answer *answer = client_get(site.client, site_target("/archive"), NULL);
    site_expect(answer, 200);
    size_t size = answer->size;
    void *tar = malloc(size);
    memcpy(tar, answer->body, size);
    unpack(tar, size, "", 0);
    ck_assert_str_eq(answer_header(client_get(site.client, "/v1/stores/back/objects/k", NULL), FIELD),
                     &LATER[sizeof FIELD + 1]);
    expect_expiry(client_get(site.client, "/v1/stores/back/objects/soon", NULL), 200, HOUR);
    start_later(HOUR + SLACK);
    site_expect(client_get(site.client, "/v1/stores/back/objects/soon", NULL), 404);
    unpack(tar, size, "", 1);
    site_expect(client_get(site.client, "/v1/stores/back/objects/soon", NULL), 404);
    site_expect(client_send(site.client, "PUT", "/v1/stores/back/objects/soon", "new", 3, NULL), 201);
    unpack(tar, size, "?atomic=true", 1);
    site_expect(client_get(site.client, "/v1/stores/back/objects/k", NULL), 200);
    expect_none(client_get(site.client, "/v1/stores/back/objects/soon", NULL), 200);
    free(tar);
}
END_TEST

START_TEST(an_upload_that_is_resumed_has_it)
{
    site_start();
    char *expiry = payload_base64("3600", 4), *past = payload_base64("0", 1);
    struct answer *answer = client_send(
        site.client, "POST", site_target("/uploads"), "hello", 5, "Tus-Resumable: 1.0.0",
        "Content-Type: application/offset+octet-stream", "Upload-Length: 5",
        client_text(site.client, "Upload-Metadata: key aw==,cairn_expires %s", expiry), NULL);
    site_expect(answer, 201);
    expect_expiry(site_get("k", NULL), 200, HOUR);
    answer = client_send(site.client, "POST", site_target("/uploads"), NULL, 0, "Tus-Resumable: 1.0.0",
                         "Upload-Length: 5",
                         client_text(site.client, "Upload-Metadata: key aw==,cairn_expires %s", past), NULL);
    site_expect_kind(answer, 400, "bad-header");
    free(expiry);
    free(past);
}
END_TEST

/* As a header has it. */
static const char *date_in(int64_t seconds)
{
    char date[64];
    time_t second = time(NULL) + seconds;
    ck_assert_uint_gt(strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&second)), 0);
    return client_text(site.client, "%s", date);
}

static struct answer *bring(const char *upload, int offset, const char *bytes)
{
    return client_send(site.client, "PATCH", upload, bytes, strlen(bytes), "Tus-Resumable: 1.0.0",
                       "Content-Type: application/offset+octet-stream",
                       client_text(site.client, "Upload-Offset: %d", offset), NULL);
}

/* Its object would be gone at once, and with it what the key holds. */
START_TEST(an_upload_whose_date_has_passed_replaces_nothing)
{
    const char *fields[2];
    char *uploads[2];
    site_start();
    site_expect(site_put("k", "old", NULL), 201);
    const char *date = date_in(HOUR);
    char *expiry = payload_base64(date, strlen(date));
    fields[0] = client_text(site.client, "Upload-Metadata: key aw==,cairn_expires %s", expiry);
    fields[1] = client_text(site.client, "Upload-Metadata: key aw==\r\n" FIELD ": %s", date);
    for (int i = 0; i < 2; i++) {
        struct answer *answer = client_send(site.client, "POST", site_target("/uploads"), NULL, 0,
                                            "Tus-Resumable: 1.0.0", "Upload-Length: 5", fields[i], NULL);
        site_expect(answer, 201);
        uploads[i] = strdup(answer_header(answer, "Location"));
        site_expect(bring(uploads[i], 0, "hel"), 204);
    }
    free(expiry);
    start_later(2 * HOUR);
    for (int i = 0; i < 2; i++) {
        struct answer *answer = bring(uploads[i], 3, "lo");
        site_expect_kind(answer, 400, "bad-header");
        ck_assert_ptr_nonnull(strstr(answer_string(answer, "detail"), "has passed"));
        site_expect_kind(bring(uploads[i], 4, "o"), 400, "bad-header");
        answer = client_send(site.client, "HEAD", uploads[i], NULL, 0, "Tus-Resumable: 1.0.0", NULL);
        ck_assert_str_eq(answer_header(answer, "Upload-Offset"), "4");
        site_expect(client_send(site.client, "DELETE", uploads[i], NULL, 0, "Tus-Resumable: 1.0.0", NULL), 204);
        free(uploads[i]);
    }
    site_expect_text("k", "old");
}
END_TEST

START_TEST(a_put_whose_date_passes_while_it_comes_replaces_nothing)
{
    static struct raw_answer answer;
    site_start();
    site_expect(site_put("k", "old", NULL), 201);
    time_t end = time(NULL) + 3;
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket, "PUT %s HTTP/1.1\r\nHost: a\r\n" FIELD ": %s\r\nContent-Length: 5\r\n\r\nhel",
                       site_object("k"), date_in(3)));
    ck_assert(clock_until(CLOCK_PATIENCE, time(NULL) > end + 1));
    ck_assert(raw_send(socket, "lo"));
    ck_assert(raw_receive(socket, &answer));
    close(socket);
    ck_assert_int_eq(answer.status, 400);
    ck_assert_ptr_nonnull(strstr(answer.body, "has passed while the body came"));
    site_expect_text("k", "old");
}
END_TEST

/* ---- from that second on ---------------------------------------------------------------------- */

/* Who waits for changes is told. */
START_TEST(it_goes_by_itself)
{
    site_start();
    site_expect(site_put("k", "v", FIELD ": 1", NULL), 201);
    const char *behind = client_text(site.client, "%s?wait=60&since=%lld", site_target("/changes"),
                                     (long long)site_figure("end_offset"));
    ck_assert_ptr_nonnull(strstr(text_of(client_get(site.client, behind, NULL)), "\"op\":\"delete\",\"key\":\"k\""));
    site_expect(site_get("k", NULL), 404);
    ck_assert_int_eq(site_figure("objects"), 0);
}
END_TEST

static void expect_gone(const char *key)
{
    struct answer *answers[] = {site_get(key, NULL), site_head(key, NULL), site_move(key, site_destination("x"), NULL),
                                site_copy(key, site_destination("x"), NULL)};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        site_expect(answers[i], 404);
    site_expect_kind(site_put(key, "v", "If-Match: *", NULL), 412, "precondition-failed");
}

/* In a store that was closed meanwhile, whatever the background has come to. */
START_TEST(from_then_on_nobody_finds_it)
{
    site_start();
    site_expect(site_put("a/1", "v", FIELD ": 3600", NULL), 201);
    site_expect(site_put("a/2", "v", FIELD ": 3600", NULL), 201);
    site_expect(site_put("b", "v", LATER, NULL), 201);
    start_later(HOUR + SLACK);
    expect_gone("a/1");
    ck_assert_ptr_nonnull(strstr(text_of(site_post("/batch-get", "{\"keys\":[\"a/1\"]}")), "[null]"));
    for (unsigned lines = 0; lines < 2; lines++) {
        const char *accept = lines ? "Accept: application/x-ndjson" : "Accept: application/json";
        ck_assert_ptr_null(strstr(text_of(client_get(site.client, site_target("/objects"), accept, NULL)), "a/"));
        ck_assert_ptr_null(
            strstr(text_of(client_get(site.client, site_target("/objects?delimiter=/"), accept, NULL)), "a/"));
    }
    struct answer *answer = site_put("a/1", "new", "If-None-Match: *", NULL);
    site_expect(answer, 201);
    ck_assert(answer_boolean(answer, "created"));
    answer = batch("{\"op\":\"delete\",\"key\":\"a/2\"},{\"op\":\"put\",\"key\":\"a/2\",\"data\":\"YQ==\"}");
    site_expect(answer, 200);
    site_expect_text("a/1", "new");
    ck_assert(clock_until(CLOCK_PATIENCE, site_figure("objects") == 3));
    site_expect_text("b", "v");
}
END_TEST

int main(void)
{
    const TTest *tests[] = {it_is_answered_as_a_date,
                            it_goes_along_with_moves_and_copies,
                            what_is_no_time_to_come_is_refused,
                            batches_have_it,
                            parts_of_a_form_have_it,
                            listings_tell_it,
                            an_archive_has_it_there_and_back,
                            an_upload_that_is_resumed_has_it,
                            an_upload_whose_date_has_passed_replaces_nothing,
                            a_put_whose_date_passes_while_it_comes_replaces_nothing,
                            it_goes_by_itself,
                            from_then_on_nobody_finds_it};
    return site_run("expiry", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
