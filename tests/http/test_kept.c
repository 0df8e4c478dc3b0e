/* The fields that are kept with an object: how they come in, and what comes back with them. */
#include "tests/http/site.h"

#include <stdlib.h>

#define CONTROL     "Cache-Control: public, max-age=60"
#define DISPOSITION "Content-Disposition: attachment; filename=\"a b.txt\"; filename*=UTF-8''%c3%a9.txt"
#define CODING      "Content-Encoding: gzip"
#define LANGUAGE    "Content-Language: de, en"
#define EXPIRES     "Expires: Wed, 01 Dec 2094 16:00:00 GMT"

static const char *const all[] = {CONTROL, DISPOSITION, CODING, LANGUAGE, EXPIRES};

enum { ALL = sizeof all / sizeof *all };

/* The answer's field is this line. */
static void expect_line(struct answer *answer, const char *line)
{
    const char *colon = strchr(line, ':');
    char *name = client_text(site.client, "%.*s", (int)(colon - line), line);
    const char *value = answer_header(answer, name);
    ck_assert_msg(value && strcmp(value, colon + 2) == 0, "%s: is \"%s\"", line, value ? value : "(absent)");
    ck_assert_uint_eq(answer_header_count(answer, name), 1);
}

static void expect_absent(struct answer *answer, const char *name)
{
    ck_assert_msg(!answer_header(answer, name), "%s: %s", name, answer_header(answer, name));
}

static void expect_all(struct answer *answer, int status)
{
    site_expect(answer, status);
    for (size_t i = 0; i < ALL; i++)
        expect_line(answer, all[i]);
}

static struct answer *put_all(const char *key)
{
    return site_put(key, "0123456789", CONTROL, DISPOSITION, CODING, LANGUAGE, EXPIRES, NULL);
}

START_TEST(they_come_back_as_they_came)
{
    site_expect(put_all("k"), 201);
    expect_all(site_get("k", NULL), 200);
    expect_all(site_head("k", NULL), 200);
    expect_all(site_get("k", "Range: bytes=2-3", NULL), 206);
}
END_TEST

START_TEST(of_a_large_object_too)
{
    site_expect(
        client_upload(site.client, site_object("k"), 1 << 20, 3, CONTROL, DISPOSITION, CODING, LANGUAGE, EXPIRES, NULL),
        201);
    expect_all(site_head("k", NULL), 200);
}
END_TEST

START_TEST(they_belong_to_one_version)
{
    site_expect(put_all("k"), 201);
    site_expect(site_put("k", "new", NULL), 200);
    struct answer *answer = site_get("k", NULL);
    expect_line(answer, "Cache-Control: no-cache");
    expect_absent(answer, "Content-Disposition");
    expect_absent(answer, "Content-Encoding");
    expect_absent(answer, "Content-Language");
    expect_absent(answer, "Expires");
}
END_TEST

/* The ETag tells the bytes. What else has changed since is told to who has them (RFC 9110, section 15.4.5). */
START_TEST(a_304_has_the_fields_of_now)
{
    struct answer *answer = site_put("k", "0123456789", "Content-Type: text/plain", "Cairn-Meta-Rev: 1",
                                     "Repr-Digest: sha-256=:hNiYd/DUBB77a/kaFvAkjy/Vc+avBcGflr7bn4gveII=:", NULL);
    site_expect(answer, 201);
    const char *known = client_text(site.client, "If-None-Match: %s", answer_header(answer, "ETag"));
    expect_line(site_get("k", known, NULL), "Content-Type: text/plain");
    expect_line(site_get("k", known, NULL), "Cache-Control: no-cache");
    site_expect(site_put("k", "0123456789", "Content-Type: text/html", "Cairn-Meta-Rev: 2", CONTROL, DISPOSITION,
                         CODING, LANGUAGE, EXPIRES,
                         "Repr-Digest: sha-256=:hNiYd/DUBB77a/kaFvAkjy/Vc+avBcGflr7bn4gveII=:", NULL),
                200);
    struct answer *answers[] = {site_get("k", known, NULL), site_head("k", known, NULL)};
    for (size_t i = 0; i < 2; i++) {
        expect_all(answers[i], 304);
        expect_line(answers[i], "Content-Type: text/html");
        expect_line(answers[i], "Cairn-Meta-rev: 2");
        expect_line(answers[i], "Repr-Digest: sha-256=:hNiYd/DUBB77a/kaFvAkjy/Vc+avBcGflr7bn4gveII=:");
        expect_absent(answers[i], "Content-MD5"); /* of a content that is not there */
        ck_assert_uint_eq(answers[i]->size, 0);
    }
    answer = site_get("k?download=a", known, NULL);
    site_expect(answer, 304);
    expect_line(answer, "Content-Disposition: attachment; filename=\"a\"; filename*=UTF-8''a");
}
END_TEST

START_TEST(without_a_word_caches_have_to_ask)
{
    site_expect(site_put("k", "v", "Cache-Control:", NULL), 201);
    expect_line(site_get("k", NULL), "Cache-Control: no-cache");
    expect_line(site_head("k", NULL), "Cache-Control: no-cache");
    expect_line(site_get("k", "Range: bytes=0-0", NULL), "Cache-Control: no-cache");
}
END_TEST

/* Whatever it is, but what an object says of itself. */
START_TEST(no_answer_is_kept_without_asking)
{
    site_expect(site_put("k", "0123456789", CONTROL, NULL), 201);
    struct answer *answers[] = {
        site_get("none", NULL),
        site_head("none", NULL),
        site_get("k", "If-Match: \"none\"", NULL),
        site_get("k", "Range: bytes=99-", NULL),
        site_get("k?download=%ff", NULL),
        client_get(site.client, site_target("/objects"), NULL),
        client_get(site.client, site_target("/objects?prefx=a"), NULL),
        client_get(site.client, site_target(""), NULL),
        client_get(site.client, "/v1/stores", NULL),
        client_get(site.client, "/v1/stores/UPPER", NULL),
        client_get(site.client, "/", NULL),
        client_get(site.client, "/", "Accept: text/html", NULL),
        client_get(site.client, "/metrics", NULL),
        client_get(site.client, "/openapi.yaml", NULL),
        client_get(site.client, "/nothing", NULL),
        client_send(site.client, "DELETE", "/v1/stores", NULL, 0, NULL),
        client_send(site.client, "BREW", "/v1/stores", NULL, 0, NULL),
        site_put("k", "v", "If-Match: \"none\"", NULL),
        client_get(site.client, client_text(site.client, "/%012000d", 0), NULL),
        client_get(site.client, "/", client_text(site.client, "X-Filling: %012000d", 0), NULL),
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        ck_assert_msg(answers[i]->status != 0, "%zu: no answer", i);
        expect_line(answers[i], "Cache-Control: no-cache");
    }
    expect_line(client_get(site.client, "/healthz", NULL), "Cache-Control: no-store");
    expect_line(client_get(site.client, "/readyz", NULL), "Cache-Control: no-store");
    expect_line(site_get("k", NULL), CONTROL);
    expect_line(site_get("k", "If-None-Match: *", NULL), CONTROL);
}
END_TEST

START_TEST(a_list_may_come_in_several_lines)
{
    site_expect(site_put("k", "v", "Cache-Control: public", "Cache-Control: max-age=60", NULL), 201);
    expect_line(site_get("k", NULL), CONTROL);
    site_expect_kind(site_put("k", "v", EXPIRES, EXPIRES, NULL), 400, "bad-request");
    site_expect_kind(site_put("k", "v", "Content-Disposition: inline", "Content-Disposition: inline", NULL), 400,
                     "bad-request");
}
END_TEST

START_TEST(they_travel_with_the_object)
{
    const char *target = client_text(site.client, "%s-other", site.store);
    site_expect(client_send(site.client, "PUT", client_text(site.client, "/v1/stores/%s", target), NULL, 0, NULL), 201);
    const char *other = client_text(site.client, "/v1/stores/%s/objects/k", target);
    site_expect(put_all("a"), 201);
    site_expect(site_copy("a", site_destination("b"), NULL), 201);
    site_expect(site_move("b", site_destination("c"), NULL), 201);
    site_expect(site_move("c", client_text(site.client, "Destination: %s", other), NULL), 201);
    expect_all(client_get(site.client, other, NULL), 200);
    expect_all(site_get("a", NULL), 200);
}
END_TEST

START_TEST(a_batch_has_them_as_members)
{
    const char *steps =
        "{\"operations\": [{\"op\": \"put\", \"key\": \"k\", \"data\": \"MDEyMzQ1Njc4OQ==\","
        "\"cache_control\": \"public, max-age=60\", \"content_language\": \"de, en\", \"content_encoding\": \"gzip\","
        "\"content_disposition\": \"attachment; filename=\\\"a b.txt\\\"; filename*=UTF-8''%c3%a9.txt\","
        "\"expires\": \"Wed, 01 Dec 2094 16:00:00 GMT\"}, {\"op\": \"copy\", \"key\": \"k\", \"to\": \"copied\"}]}";
    site_expect(site_post("/batch", steps), 200);
    expect_all(site_get("k", NULL), 200);
    expect_all(site_get("copied", NULL), 200);
    struct answer *answer = site_post("/batch-get", "{\"keys\": [\"k\"]}");
    json_t *object = json_array_get(json_object_get(answer_json(answer), "objects"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(object, "cache_control")), "public, max-age=60");
    ck_assert_str_eq(json_string_value(json_object_get(object, "content_encoding")), "gzip");
    ck_assert_str_eq(json_string_value(json_object_get(object, "content_language")), "de, en");
    ck_assert_str_eq(json_string_value(json_object_get(object, "expires")), "Wed, 01 Dec 2094 16:00:00 GMT");
    ck_assert_str_eq(json_string_value(json_object_get(object, "content_disposition")),
                     "attachment; filename=\"a b.txt\"; filename*=UTF-8''%c3%a9.txt");
}
END_TEST

/* As in a head: blanks around a value are no part of it, and where nothing is left there was none. */
START_TEST(blanks_in_a_batch_are_those_of_a_put)
{
    const char *members[] = {"cache_control", "content_disposition", "content_encoding", "content_language",
                             "expires",       "content_type"};
    const char *fields[] = {"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language",
                            "Expires",       "Content-Type"};
    const char *none[] = {"no-cache", NULL, NULL, NULL, NULL, "application/octet-stream"};
    const char *blanks[] = {"", " ", "\\t", "  \\t "};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        for (size_t k = 0; k < sizeof blanks / sizeof *blanks; k++) {
            const char *step = "{\"operations\": [{\"op\": \"put\", \"key\": \"k\", \"data\": \"dg==\", "
                               "\"meta\": {\"a\": \"%s\"}, \"%s\": \"%s%s%s\"}]}";
            site_expect(site_post("/batch", client_text(site.client, step, blanks[k], members[i], blanks[k], "", "")),
                        200);
            struct answer *answer = site_get("k", NULL);
            const char *value = answer_header(answer, fields[i]);
            ck_assert_msg(none[i] ? value && strcmp(value, none[i]) == 0 : !value, "%s: %s", fields[i], value);
            ck_assert_str_eq(answer_header(answer, "Cairn-Meta-a"), "");
            site_expect(
                site_post("/batch", client_text(site.client, step, "", members[i], blanks[k], "a b", blanks[k])), 200);
            expect_line(site_get("k", NULL), client_text(site.client, "%s: a b", fields[i]));
        }
}
END_TEST

START_TEST(batch_get_leaves_out_what_is_not_there)
{
    site_expect(site_put("k", "v", LANGUAGE, NULL), 201);
    struct answer *answer = site_post("/batch-get", "{\"keys\": [\"k\"]}");
    json_t *object = json_array_get(json_object_get(answer_json(answer), "objects"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(object, "content_language")), "de, en");
    ck_assert_ptr_null(json_object_get(object, "cache_control"));
    ck_assert_ptr_null(json_object_get(object, "expires"));
}
END_TEST

START_TEST(a_form_has_them_with_its_parts)
{
    const char *form = "--x\r\nContent-Disposition: form-data; name=k\r\n" CONTROL "\r\n" CODING "\r\n" LANGUAGE
                       "\r\n" EXPIRES "\r\n\r\n0123456789\r\n--x--";
    site_expect(client_send(site.client, "POST", site_target("/batch"), form, strlen(form),
                            "Content-Type: multipart/form-data; boundary=x", NULL),
                200);
    struct answer *answer = site_get("k", NULL);
    expect_line(answer, CONTROL);
    expect_line(answer, CODING);
    expect_line(answer, LANGUAGE);
    expect_line(answer, EXPIRES);
    expect_absent(answer, "Content-Disposition");
}
END_TEST

/* Nothing that ends a field gets into one, whichever way it comes. */
START_TEST(no_value_splits_an_answer)
{
    const char *members[] = {"cache_control", "content_disposition", "content_encoding", "content_language", "expires"};
    const char *values[] = {"a\\r\\nX-Split: 1", "a\\nX-Split: 1", "a\\u0000b", "a\\u007f"};
    for (size_t member = 0; member < sizeof members / sizeof *members; member++)
        for (size_t value = 0; value < sizeof values / sizeof *values; value++)
            site_expect_kind(site_post("/batch", client_text(site.client,
                                                             "{\"operations\": [{\"op\": \"put\", \"key\": \"k\", "
                                                             "\"data\": \"dg==\", \"%s\": \"%s\"}]}",
                                                             members[member], values[value])),
                             422, "entry-refused");
    site_expect_kind(site_put("k", "v", "Content-Disposition: \xff", NULL), 400, "bad-header");
    site_expect_kind(site_get("k", NULL), 404, "no-object");
}
END_TEST

START_TEST(they_count_against_the_4_kib)
{
    char value[3901] = {0};
    memset(value, 'x', sizeof value - 1);
    const char *long_one = client_text(site.client, "Content-Disposition: %s", value);
    site_expect(site_put("k", "v", long_one, NULL), 201);
    ck_assert_uint_ge(strlen(site_get("k", NULL)->headers), sizeof value);
    site_expect_kind(site_put("k", "w", long_one, client_text(site.client, "Expires: %.300s", value), NULL), 431,
                     "attributes-too-large");
    site_expect_text("k", "v");
}
END_TEST

/* ---- codings ----------------------------------------------------------------------------------- */

START_TEST(a_coding_leaves_the_bytes_alone)
{
    const char packed[] = "\x1f\x8b\x08 no real gzip";
    size_t size = sizeof packed - 1;
    struct answer *coded = client_send(site.client, "PUT", site_object("k"), packed, size, CODING, NULL);
    struct answer *plain = client_send(site.client, "PUT", site_object("plain"), packed, size, NULL);
    ck_assert_str_eq(answer_string(coded, "etag"), answer_string(plain, "etag"));
    ck_assert_int_eq(answer_integer(coded, "size"), (json_int_t)size);
    ck_assert(answer_is(site_get("k", NULL), packed, size));
    ck_assert(answer_is(site_get("k", "Accept-Encoding: identity", NULL), packed, size));
    ck_assert(answer_is(site_get("k", "Range: bytes=1-2", NULL), packed + 1, 2));
}
END_TEST

START_TEST(no_coding_is_none)
{
    const char *none[] = {"Content-Encoding: identity", "Content-Encoding;", "Content-Encoding: , Identity,"};
    for (size_t i = 0; i < 3; i++) {
        site_expect(site_put("k", "as it is", none[i], NULL), i == 0 ? 201 : 200);
        expect_absent(site_get("k", NULL), "Content-Encoding");
    }
}
END_TEST

/* A client undoes the coding of all that comes, and the lines between the parts have none. */
START_TEST(several_ranges_of_a_coded_object_are_its_whole)
{
    site_expect(put_all("k"), 201);
    struct answer *answer = site_get("k", "Range: bytes=0-1,4-5", NULL);
    expect_all(answer, 200);
    ck_assert(answer_is(answer, "0123456789", 10));
    site_expect(site_put("plain", "0123456789", NULL), 201);
    site_expect(site_get("plain", "Range: bytes=0-1,4-5", NULL), 206);
}
END_TEST

/* What is read here is read as it comes. */
START_TEST(a_batch_takes_no_coding)
{
    site_expect_kind(client_send(site.client, "POST", site_target("/batch"), "\x1f\x8b", 2, CODING,
                                 "Content-Type: application/json", NULL),
                     415, "unsupported-media-type");
    site_expect_kind(client_send(site.client, "POST", site_target("/batch-get"), "\x1f\x8b", 2,
                                 "Content-Encoding: identity, br", "Content-Type: application/json", NULL),
                     415, "unsupported-media-type");
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        they_come_back_as_they_came,
        of_a_large_object_too,
        they_belong_to_one_version,
        a_304_has_the_fields_of_now,
        without_a_word_caches_have_to_ask,
        no_answer_is_kept_without_asking,
        a_list_may_come_in_several_lines,
        they_travel_with_the_object,
        a_batch_has_them_as_members,
        blanks_in_a_batch_are_those_of_a_put,
        batch_get_leaves_out_what_is_not_there,
        a_form_has_them_with_its_parts,
        no_value_splits_an_answer,
        they_count_against_the_4_kib,
        a_coding_leaves_the_bytes_alone,
        no_coding_is_none,
        several_ranges_of_a_coded_object_are_its_whole,
        a_batch_takes_no_coding,
    };
    return site_run("kept", tests, sizeof tests / sizeof *tests, SITE_SHARED);
}
