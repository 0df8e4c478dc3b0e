/* Objects by key: PUT, GET, HEAD, DELETE, their receipts, sizes and attributes. */
#include "tests/http/clock.h"
#include "tests/http/payload.h"
#include "tests/http/raw.h"
#include "tests/http/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

enum { INLINE_LIMIT = 256 * 1024, SEED = 7 };

START_TEST(put_answers_a_receipt)
{
    struct answer *answer = site_put("cat", "meow", NULL);
    site_expect(answer, 201);
    ck_assert_str_eq(answer_string(answer, "store"), site.store);
    ck_assert_str_eq(answer_string(answer, "key"), "cat");
    char hash[17];
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)XXH3_64bits("cat", 3));
    ck_assert_str_eq(answer_string(answer, "key_hash"), hash);
    ck_assert_int_eq(answer_integer(answer, "size"), 4);
    ck_assert_int_ge(answer_integer(answer, "offset"), 0);
    ck_assert(answer_boolean(answer, "created"));
    ck_assert_str_eq(answer_string(answer, "etag"), answer_header(answer, "ETag"));
}
END_TEST

START_TEST(overwriting_answers_200_and_grows_the_offset)
{
    struct answer *first = site_put("k", "old", NULL), *second = site_put("k", "newer", NULL);
    site_expect(first, 201);
    site_expect(second, 200);
    ck_assert(!answer_boolean(second, "created"));
    ck_assert_int_gt(answer_integer(second, "offset"), answer_integer(first, "offset"));
    site_expect_text("k", "newer");
}
END_TEST

START_TEST(get_answers_what_was_put)
{
    struct answer *put = site_put("k", "hello", NULL), *get = site_get("k", NULL);
    site_expect(get, 200);
    ck_assert(answer_is(get, "hello", 5));
    ck_assert_str_eq(answer_header(get, "Content-Length"), "5");
    ck_assert_str_eq(answer_header(get, "ETag"), answer_string(put, "etag"));
}
END_TEST

START_TEST(head_answers_as_get_without_a_body)
{
    site_expect(site_put("k", "hello", "Content-Type: text/plain", "Cairn-Meta-Color: red", NULL), 201);
    struct answer *get = site_get("k", NULL), *head = site_head("k", NULL);
    site_expect(head, 200);
    ck_assert_uint_eq(head->size, 0);
    const char *names[] = {"Content-Length",   "ETag",          "Content-Type",
                           "Cairn-Meta-Color", "Last-Modified", "Accept-Ranges"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ck_assert_msg(answer_header(get, names[i]), "GET has no %s", names[i]);
        ck_assert_msg(answer_header(head, names[i]), "HEAD has no %s", names[i]);
        ck_assert_str_eq(answer_header(head, names[i]), answer_header(get, names[i]));
    }
}
END_TEST

START_TEST(a_missing_object_is_404)
{
    site_expect_problem(site_get("none", NULL), 404);
    struct answer *head = site_head("none", NULL);
    site_expect(head, 404);
    ck_assert_uint_eq(head->size, 0);
}
END_TEST

START_TEST(delete_takes_the_object_away)
{
    site_expect(site_put("k", "v", NULL), 201);
    struct answer *answer = site_delete("k", NULL);
    site_expect(answer, 200);
    ck_assert_str_eq(answer_string(answer, "store"), site.store);
    ck_assert_str_eq(answer_string(answer, "key"), "k");
    ck_assert_int_eq(answer_integer(answer, "offset"), site_figure("end_offset"));
    site_expect_problem(site_get("k", NULL), 404);
    ck_assert_int_eq(site_figure("objects"), 0);
}
END_TEST

START_TEST(delete_of_a_missing_key_succeeds_and_writes_nothing)
{
    site_expect(site_put("other", "v", NULL), 201);
    json_int_t end = site_figure("end_offset");
    struct answer *answer = site_delete("none", NULL);
    site_expect(answer, 200);
    ck_assert_int_eq(answer_integer(answer, "offset"), end);
    ck_assert_int_eq(site_figure("end_offset"), end);
}
END_TEST

START_TEST(a_deleted_key_can_be_written_again)
{
    site_expect(site_put("k", "one", NULL), 201);
    site_expect(site_delete("k", NULL), 200);
    struct answer *answer = site_put("k", "two", NULL);
    site_expect(answer, 201);
    ck_assert(answer_boolean(answer, "created"));
    site_expect_text("k", "two");
}
END_TEST

START_TEST(an_empty_object_is_an_object)
{
    struct answer *put = site_put("empty", "", NULL);
    site_expect(put, 201);
    ck_assert_int_eq(answer_integer(put, "size"), 0);
    site_expect_text("empty", "");
    ck_assert_str_eq(answer_header(site_head("empty", NULL), "Content-Length"), "0");
    ck_assert_int_eq(site_figure("objects"), 1);
}
END_TEST

START_TEST(an_empty_chunked_object_is_an_object)
{
    site_expect(site_put("empty", "", "Transfer-Encoding: chunked", NULL), 201);
    site_expect_text("empty", "");
}
END_TEST

START_TEST(one_nul_byte_is_an_object)
{
    site_expect(client_send(site.client, "PUT", site_object("nul"), "\0", 1, NULL), 201);
    ck_assert(answer_is(site_get("nul", NULL), "\0", 1));
}
END_TEST

START_TEST(a_chunked_upload_is_stored_like_any_other)
{
    struct answer *plain = site_put("plain", "same bytes", NULL);
    struct answer *chunked = site_put("chunked", "same bytes", "Transfer-Encoding: chunked", NULL);
    site_expect(chunked, 201);
    ck_assert_int_eq(answer_integer(chunked, "size"), 10);
    ck_assert_str_eq(answer_string(chunked, "etag"), answer_string(plain, "etag"));
    site_expect_text("chunked", "same bytes");
}
END_TEST

/* The limit below which a payload lies in the log must not be seen from outside. */
START_TEST(sizes_around_the_inline_limit)
{
    const size_t sizes[] = {1, 4095, 4096, 65536, INLINE_LIMIT - 1, INLINE_LIMIT, INLINE_LIMIT + 1, 5 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *key = client_text(site.client, "size-%zu", sizes[i]);
        struct answer *answer = client_upload(site.client, site_object(key), sizes[i], SEED, NULL);
        site_expect(answer, 201);
        ck_assert_int_eq(answer_integer(answer, "size"), (json_int_t)sizes[i]);
        site_expect_payload(key, sizes[i], SEED);
    }
}
END_TEST

START_TEST(chunked_sizes_around_the_inline_limit)
{
    const size_t sizes[] = {INLINE_LIMIT - 1, INLINE_LIMIT, INLINE_LIMIT + 1, 5 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *key = client_text(site.client, "size-%zu", sizes[i]);
        site_expect(client_upload(site.client, site_object(key), sizes[i], SEED, "Transfer-Encoding: chunked", NULL),
                    201);
        site_expect_payload(key, sizes[i], SEED);
    }
}
END_TEST

START_TEST(the_etag_tells_the_bytes_not_the_way_they_came)
{
    const size_t size = INLINE_LIMIT + 1;
    struct answer *one = client_upload(site.client, site_object("one"), size, SEED, NULL);
    struct answer *two = client_upload(site.client, site_object("two"), size, SEED, "Transfer-Encoding: chunked", NULL);
    struct answer *other = client_upload(site.client, site_object("other"), size, SEED + 1, NULL);
    ck_assert_str_eq(answer_string(one, "etag"), answer_string(two, "etag"));
    ck_assert_str_ne(answer_string(one, "etag"), answer_string(other, "etag"));
}
END_TEST

START_TEST(the_etag_is_strong_and_xxh3_128)
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits("hello", 5));
    char hex[33];
    for (size_t i = 0; i < 16; i++)
        snprintf(hex + 2 * i, 3, "%02x", canonical.digest[i]);
    struct answer *answer = site_put("k", "hello", NULL);
    const char *etag = answer_header(answer, "ETag");
    ck_assert_ptr_nonnull(etag);
    ck_assert_int_eq(etag[0], '"');
    ck_assert_int_eq(etag[strlen(etag) - 1], '"');
    ck_assert_msg(strstr(etag, hex), "ETag %s does not hold %s", etag, hex);
}
END_TEST

START_TEST(overwriting_large_by_small_and_back)
{
    site_expect(client_upload(site.client, site_object("k"), 2 << 20, 1, NULL), 201);
    site_expect_blobs(1);
    site_expect(site_put("k", "small", NULL), 200);
    site_expect_text("k", "small");
    site_expect_blobs(0);
    site_expect(client_upload(site.client, site_object("k"), 1 << 20, 2, NULL), 200);
    site_expect_payload("k", 1 << 20, 2);
    site_expect(site_delete("k", NULL), 200);
    site_expect_blobs(0);
}
END_TEST

START_TEST(attributes_come_back)
{
    site_expect(site_put("k", "v", "Content-Type: image/png", "Cairn-Meta-Color: dark red", "Cairn-Meta-Empty;", NULL),
                201);
    struct answer *answer = site_get("k", NULL);
    ck_assert_str_eq(answer_header(answer, "Content-Type"), "image/png");
    ck_assert_str_eq(answer_header(answer, "Cairn-Meta-Color"), "dark red");
    ck_assert_str_eq(answer_header(answer, "Cairn-Meta-Empty"), "");
}
END_TEST

/* Whichever way it comes in, it is there whichever way one looks. */
START_TEST(a_meta_field_without_a_name_is_refused)
{
    const char *step = "{\"operations\": [{\"op\": \"put\", \"key\": \"a\", \"data\": \"dg==\", "
                       "\"meta\": {\"\": \"x\"}}]}";
    const char *form = "--x\r\nContent-Disposition: form-data; name=a\r\nCairn-Meta-: x\r\n\r\nv\r\n--x--";
    site_expect_kind(site_put("a", "v", "Cairn-Meta-: x", NULL), 400, "bad-header");
    site_expect_problem(site_post("/batch", step), 422);
    site_expect_problem(client_send(site.client, "POST", site_target("/batch"), form, strlen(form),
                                    "Content-Type: multipart/form-data; boundary=x", NULL),
                        422);
    site_expect_problem(site_get("a", NULL), 404);
}
END_TEST

START_TEST(an_empty_meta_field_is_kept)
{
    const char *steps = "{\"operations\": [{\"op\": \"put\", \"key\": \"b\", \"data\": \"dg==\", "
                        "\"meta\": {\"tag\": \"\"}}, {\"op\": \"copy\", \"key\": \"b\", \"to\": \"c\"}]}";
    const char *form = "--x\r\nContent-Disposition: form-data; name=d\r\nCairn-Meta-Tag: \r\n\r\nv\r\n--x--";
    const char *keys[] = {"a", "b", "c", "d"};
    site_expect(site_put("a", "v", "Cairn-Meta-Tag;", NULL), 201);
    site_expect(site_post("/batch", steps), 200);
    site_expect(client_send(site.client, "POST", site_target("/batch"), form, strlen(form),
                            "Content-Type: multipart/form-data; boundary=x", NULL),
                200);
    for (size_t i = 0; i < 4; i++) {
        struct answer *answer = site_head(keys[i], NULL);
        ck_assert_uint_eq(answer_header_count(answer, "Cairn-Meta-Tag"), 1);
        ck_assert_str_eq(answer_header(answer, "Cairn-Meta-Tag"), "");
        answer = site_post("/batch-get", client_text(site.client, "{\"keys\": [\"%s\"]}", keys[i]));
        ck_assert_ptr_nonnull(strstr((char *)answer->body, "\"meta\":{\"tag\":\"\"}"));
    }
}
END_TEST

START_TEST(attributes_of_a_large_object_come_back)
{
    site_expect(client_upload(site.client, site_object("k"), 1 << 20, SEED, "Content-Type: video/mp4",
                              "Cairn-Meta-Title: A film", NULL),
                201);
    struct answer *answer = site_head("k", NULL);
    ck_assert_str_eq(answer_header(answer, "Content-Type"), "video/mp4");
    ck_assert_str_eq(answer_header(answer, "Cairn-Meta-Title"), "A film");
}
END_TEST

START_TEST(attributes_belong_to_one_version)
{
    site_expect(site_put("k", "v", "Content-Type: image/png", "Cairn-Meta-Color: red", NULL), 201);
    site_expect(site_put("k", "w", "Content-Type: text/css", NULL), 200);
    struct answer *answer = site_get("k", NULL);
    ck_assert_str_eq(answer_header(answer, "Content-Type"), "text/css");
    ck_assert_ptr_null(answer_header(answer, "Cairn-Meta-Color"));
}
END_TEST

START_TEST(an_object_without_a_type_is_octets)
{
    site_expect(site_put("k", "v", "Content-Type:", NULL), 201);
    ck_assert_str_eq(answer_header(site_get("k", NULL), "Content-Type"), "application/octet-stream");
}
END_TEST

static struct answer *put_with_meta_of(size_t length)
{
    char *value = malloc(length + 1);
    ck_assert_ptr_nonnull(value);
    memset(value, 'x', length);
    value[length] = '\0';
    char *header = client_text(site.client, "Cairn-Meta-Long: %s", value);
    free(value);
    return site_put("k", "v", header, NULL);
}

START_TEST(attributes_up_to_4_kib)
{
    site_expect(put_with_meta_of(3900), 201);
    ck_assert_uint_ge(strlen(site_get("k", NULL)->headers), 3900);
}
END_TEST

START_TEST(attributes_beyond_4_kib_are_refused)
{
    struct answer *answer = put_with_meta_of(4200);
    ck_assert_msg(answer->status == 400 || answer->status == 431, "got %d", answer->status);
    site_expect_problem(answer, answer->status);
    site_expect_problem(site_get("k", NULL), 404);
}
END_TEST

/* By the clock that records have their time from: that of time() is behind it until the kernel's next tick. */
static time_t now_of_records(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

START_TEST(last_modified_is_the_time_of_the_write)
{
    time_t before = now_of_records();
    site_expect(site_put("k", "v", NULL), 201);
    const char *text = answer_header(site_get("k", NULL), "Last-Modified");
    ck_assert_ptr_nonnull(text);
    time_t modified = curl_getdate(text, NULL);
    ck_assert_int_ge(modified, before);
    ck_assert_int_le(modified, now_of_records());
}
END_TEST

/* Stored, it would be all of the object, and its sender would be told that a part has come. */
START_TEST(a_part_of_an_object_is_none)
{
    static const char *const parts[] = {"Content-Range: bytes 0-4/10", "Upload-Offset: 0",      "Upload-Offset: 5",
                                        "Upload-Complete: ?0",         "Upload-Incomplete: ?1", "Upload-Complete: 1"};
    static const char *const wholes[] = {"Upload-Complete: ?1", "Upload-Incomplete: ?0",
                                         "Upload-Draft-Interop-Version: 6"};
    const char *targets[] = {site_object("k"), site_hash(42)};
    for (size_t target = 0; target < 2; target++) {
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
            struct answer *answer = client_send(site.client, "PUT", targets[target], "hello", 5, parts[i], NULL);
            site_expect_kind(answer, 400, "bad-header");
            const char *detail = answer_string(answer, "detail");
            const char *field = strstr(detail, ", and ");
            ck_assert_msg(field && strncmp(field + 6, parts[i], strcspn(parts[i], ":")) == 0, "%s", detail);
            ck_assert_msg(strstr(detail, "/uploads, by tus 1.0.0"), "%s", detail);
            ck_assert_int_eq(client_get(site.client, targets[target], NULL)->status, 404);
        }
        for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++)
            site_expect(client_send(site.client, "PUT", targets[target], "hello", 5, wholes[i], NULL),
                        i == 0 ? 201 : 200);
    }
}
END_TEST

START_TEST(a_get_body_is_ignored_or_refused_cleanly)
{
    site_expect(site_put("k", "v", NULL), 201);
    struct answer *answer = client_send(site.client, "GET", site_object("k"), "surprise", 8, NULL);
    ck_assert_msg(answer->status == 200 || answer->status == 400, "got %d", answer->status);
    site_expect_text("k", "v");
}
END_TEST

START_TEST(a_reader_keeps_its_version_through_an_overwrite)
{
    const uint64_t size = 24 << 20;
    site_expect(client_upload(site.client, site_object("k"), size, 1, NULL), 201);
    struct client *slow = client_new(site.server->url);
    client_throttle(slow, 0, 48 << 20);
    pid_t writer = fork();
    if (writer < 0)
        ck_abort();
    if (writer == 0) {
        struct client *client = client_new(site.server->url);
        clock_sleep(0.1);
        struct answer *answer = client_upload(client, site_object("k"), 1 << 20, 2, NULL);
        _exit(answer->status == 200 ? 0 : 1);
    }
    struct answer *answer = client_download(slow, site_object("k"), 1, 0, NULL);
    int status;
    ck_assert_int_eq(waitpid(writer, &status, 0), writer);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(answer->status, 200);
    ck_assert_uint_eq(answer->size, size);
    ck_assert(answer->whole);
    client_free(slow);
    site_expect_payload("k", 1 << 20, 2);
}
END_TEST

/* Reads the payload of seed 1 from a position up to another one. */
static void read_on(int socket, uint64_t from, uint64_t to)
{
    static char bytes[64 << 10];
    while (from < to) {
        ssize_t got = read(socket, bytes, to - from < sizeof bytes ? (size_t)(to - from) : sizeof bytes);
        ck_assert_int_gt(got, 0);
        ck_assert(payload_matches(bytes, (size_t)got, 1, from));
        from += (uint64_t)got;
    }
}

/* The server has nothing more to do with it: its last bytes wait in the socket when the file is given back. */
START_TEST(the_end_of_an_answer_outlives_its_object)
{
    enum { SIZE = 24 << 20, END = 150000 };
    site_expect(client_upload(site.client, site_object("k"), SIZE, 1, NULL), 201);
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", site_object("k")));
    static struct raw_answer head;
    ck_assert(raw_receive_head(socket, &head));
    ck_assert_int_eq(head.status, 200);
    site_expect(site_delete("k", NULL), 200);
    read_on(socket, 0, SIZE - END);
    clock_sleep(1.0);
    read_on(socket, SIZE - END, SIZE);
    close(socket);
    site_expect_blobs(0);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        put_answers_a_receipt,
        overwriting_answers_200_and_grows_the_offset,
        get_answers_what_was_put,
        head_answers_as_get_without_a_body,
        a_missing_object_is_404,
        delete_takes_the_object_away,
        delete_of_a_missing_key_succeeds_and_writes_nothing,
        a_deleted_key_can_be_written_again,
        an_empty_object_is_an_object,
        an_empty_chunked_object_is_an_object,
        one_nul_byte_is_an_object,
        a_chunked_upload_is_stored_like_any_other,
        sizes_around_the_inline_limit,
        chunked_sizes_around_the_inline_limit,
        the_etag_tells_the_bytes_not_the_way_they_came,
        the_etag_is_strong_and_xxh3_128,
        overwriting_large_by_small_and_back,
        attributes_come_back,
        a_meta_field_without_a_name_is_refused,
        an_empty_meta_field_is_kept,
        attributes_of_a_large_object_come_back,
        attributes_belong_to_one_version,
        an_object_without_a_type_is_octets,
        attributes_up_to_4_kib,
        attributes_beyond_4_kib_are_refused,
        last_modified_is_the_time_of_the_write,
        a_part_of_an_object_is_none,
        a_get_body_is_ignored_or_refused_cleanly,
        a_reader_keeps_its_version_through_an_overwrite,
        the_end_of_an_answer_outlives_its_object,
    };
    return site_run("objects", tests, sizeof tests / sizeof *tests, SITE_SHARED);
}
