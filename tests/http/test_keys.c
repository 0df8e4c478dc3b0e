/* Keys in a URL: everything after /objects/, percent-decoded exactly once, never normalised. */
#include "tests/http/raw.h"
#include "tests/http/site.h"

#include <stdio.h>
#include <stdlib.h>

/* The same object under two spellings: written by one, read by the other. */
static void expect_same_key(const char *one, const char *other)
{
    char *text = client_text(site.client, "value of %s", one);
    site_expect(site_put(one, text, NULL), 201);
    site_expect_text(other, text);
    struct answer *again = site_put(other, text, NULL);
    ck_assert_msg(again->status == 200, "%s and %s are two keys", one, other);
    ck_assert_int_eq(site_figure("objects"), 1);
    site_expect(site_delete(other, NULL), 200);
    site_expect(site_get(one, NULL), 404);
}

/* Each spelling is an object of its own. */
static void expect_different_keys(const char *const *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct answer *answer = site_put(keys[i], keys[i], NULL);
        ck_assert_msg(answer->status == 201, "%s: %d %s", keys[i], answer->status, (char *)answer->body);
    }
    for (size_t i = 0; i < count; i++)
        site_expect_text(keys[i], keys[i]);
    ck_assert_int_eq(site_figure("objects"), (json_int_t)count);
}

static const char *key_in_receipt(const char *escaped)
{
    struct answer *answer = site_put(escaped, "v", NULL);
    site_expect(answer, 201);
    return answer_string(answer, "key");
}

START_TEST(a_raw_slash_is_the_escaped_slash)
{
    expect_same_key("a/b", "a%2Fb");
    expect_same_key("a/b", "a%2fb");
}
END_TEST

START_TEST(any_byte_may_be_escaped)
{
    expect_same_key("cat", "%63%61%74");
}
END_TEST

START_TEST(raw_utf8_is_escaped_utf8)
{
    expect_same_key("\xc3\xbc", "%C3%BC");
}
END_TEST

START_TEST(a_plus_is_a_plus)
{
    ck_assert_str_eq(key_in_receipt("a+b"), "a+b");
    const char *keys[] = {"x+y", "x%20y"};
    site_expect(site_delete("a+b", NULL), 200);
    expect_different_keys(keys, 2);
}
END_TEST

START_TEST(escapes_are_decoded_once)
{
    ck_assert_str_eq(key_in_receipt("a%252Fb"), "a%2Fb");
    ck_assert_str_eq(key_in_receipt("%25"), "%");
    ck_assert_str_eq(key_in_receipt("100%25"), "100%");
}
END_TEST

START_TEST(an_escaped_question_mark_belongs_to_the_key)
{
    ck_assert_str_eq(key_in_receipt("what%3F"), "what?");
    ck_assert_str_eq(key_in_receipt("a%3Fb=c%26d"), "a?b=c&d");
}
END_TEST

START_TEST(a_raw_question_mark_starts_the_query)
{
    site_expect_kind(site_put("k?x=1", "v", NULL), 400, "bad-parameter");
    site_expect(site_get("k", NULL), 404);
}
END_TEST

START_TEST(dots_and_empty_segments_are_plain_bytes)
{
    const char *keys[] = {".",    "..",  "./a",  "../a", "a/..", "a/../b", "a/./b",
                          "a//b", "a/b", "a/b/", "/a",   "//",   "/",      "a"};
    expect_different_keys(keys, sizeof keys / sizeof *keys);
}
END_TEST

START_TEST(escaped_dots_are_the_same_plain_bytes)
{
    expect_same_key("..", "%2E%2E");
    expect_same_key("../x", "%2e%2e%2fx");
}
END_TEST

/* Clients resolve a Location, which takes segments `.` and `..` out of it, escaped or not. */
START_TEST(a_location_leads_to_the_object_however_it_is_resolved)
{
    const struct {
        const char *key, *location;
    } cases[] = {{"a/../../b", "/objects/a%2F..%2F..%2Fb"},
                 {"./a", "/objects/.%2Fa"},
                 {"a/b/..", "/objects/a/b%2F.."},
                 {"a//b", "/objects/a//b"},
                 {"...", "/objects/..."},
                 {".", "/hashes/"},
                 {"%2e%2e", "/hashes/"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer *answer = site_put(cases[i].key, cases[i].key, NULL);
        site_expect(answer, 201);
        char *location = client_text(site.client, "%s", answer_header(answer, "Location"));
        char *start = site_target(cases[i].location);
        ck_assert_msg(strncmp(location, start, strlen(start)) == 0, "%s: %s", cases[i].key, location);
        answer = client_get(site.client, location, NULL);
        site_expect(answer, 200);
        ck_assert(answer_is(answer, cases[i].key, strlen(cases[i].key)));
        site_expect(site_delete(cases[i].key, NULL), 200);
    }
}
END_TEST

START_TEST(a_nul_byte_is_a_key_byte)
{
    const char *keys[] = {"%00", "%00%00", "a", "a%00", "a%00b", "a%00c"};
    expect_different_keys(keys, sizeof keys / sizeof *keys);
}
END_TEST

START_TEST(a_nul_byte_comes_back_in_the_receipt)
{
    struct answer *answer = site_put("a%00b", "v", NULL);
    site_expect(answer, 201);
    json_error_t error;
    json_t *json = json_loadb((char *)answer->body, answer->size, JSON_ALLOW_NUL, &error);
    ck_assert_msg(json, "%s: %s", error.text, (char *)answer->body);
    json_t *key = json_object_get(json, "key");
    ck_assert(json_is_string(key));
    ck_assert_uint_eq(json_string_length(key), 3);
    ck_assert_mem_eq(json_string_value(key), "a\0b", 3);
    json_decref(json);
}
END_TEST

START_TEST(keys_that_are_not_utf8)
{
    struct answer *answer = site_put("%FF%FE", "v", NULL);
    site_expect(answer, 201);
    ck_assert(json_is_null(json_object_get(answer_json(answer), "key")));
    ck_assert_str_eq(answer_string(answer, "key_base64"), "//4=");
    site_expect_text("%FF%FE", "v");
    const char *keys[] = {"%FF", "%C3", "%C3%28", "%ED%A0%80", "%C0%80", "%F5%80%80%80"};
    site_expect(site_delete("%FF%FE", NULL), 200);
    expect_different_keys(keys, sizeof keys / sizeof *keys);
}
END_TEST

START_TEST(keys_differ_by_case_and_by_normal_form)
{
    const char *keys[] = {"key", "Key", "KEY", "%C3%BC", "u%CC%88"};
    expect_different_keys(keys, sizeof keys / sizeof *keys);
}
END_TEST

START_TEST(printable_bytes_that_urls_allow)
{
    const char *keys[] = {"a:b", "a;b",  "a=b", "a&b", "a@b", "a!b", "a$b",
                          "a'b", "a(b)", "a*b", "a,b", "a~b", "a_b", "-"};
    expect_different_keys(keys, sizeof keys / sizeof *keys);
}
END_TEST

static char *repeated(const char *unit, size_t times)
{
    char *key = client_text(site.client, "%*s", (int)(times * strlen(unit)), "");
    for (size_t i = 0; i < times; i++)
        memcpy(key + i * strlen(unit), unit, strlen(unit));
    return key;
}

START_TEST(a_key_of_1024_bytes)
{
    char *key = repeated("x", 1024);
    struct answer *answer = site_put(key, "v", NULL);
    site_expect(answer, 201);
    ck_assert_str_eq(answer_string(answer, "key"), key);
    site_expect_text(key, "v");
}
END_TEST

START_TEST(a_key_of_1024_escaped_bytes)
{
    char *key = repeated("%FF", 1024);
    site_expect(site_put(key, "v", NULL), 201);
    site_expect_text(key, "v");
}
END_TEST

START_TEST(a_key_of_1025_bytes_is_refused)
{
    site_expect_kind(site_put(repeated("x", 1025), "v", NULL), 400, "bad-key");
    site_expect_kind(site_get(repeated("%FF", 1025), NULL), 400, "bad-key");
    ck_assert_int_eq(site_figure("objects"), 0);
}
END_TEST

START_TEST(an_empty_key_is_refused)
{
    site_expect_kind(site_put("", "v", NULL), 400, "bad-key");
    ck_assert_int_eq(site_figure("objects"), 0);
}
END_TEST

/* Clients that normalise paths turn the keys `.` and `..` into these: they must not reach a store or a listing. */
START_TEST(paths_that_dots_collapse_to_are_nobodys)
{
    site_expect(site_put("k", "v", NULL), 201);
    const struct {
        const char *path;
        int status;
        const char *kind;
    } cases[] = {{"/", 404, "no-resource"}, {"/objects/", 400, "bad-key"}};
    const char *methods[] = {"GET", "DELETE", "PUT"};
    for (size_t at = 0; at < 2; at++) {
        for (size_t i = 0; i < 3; i++) {
            const char *body = strcmp(methods[i], "PUT") == 0 ? "" : NULL;
            struct answer *answer = client_send(site.client, methods[i], site_target(cases[at].path), body, 0, NULL);
            site_expect_kind(answer, cases[at].status, cases[at].kind);
        }
    }
    site_expect_text("k", "v");
}
END_TEST

START_TEST(broken_escapes_are_refused)
{
    const char *keys[] = {"%", "a%", "%4", "a%4", "%zz", "%4g", "%%41", "a%/b", "%u0041"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct answer *answer = site_put(keys[i], "v", NULL);
        ck_assert_msg(answer->status == 400, "%s: %d", keys[i], answer->status);
        site_expect_kind(answer, 400, "bad-key");
    }
    ck_assert_int_eq(site_figure("objects"), 0);
}
END_TEST

START_TEST(an_absolute_target_counts_by_its_path)
{
    site_expect(site_put("a/b", "v", NULL), 201);
    const char *hosts[] = {"http://box", "https://other:8443", "HTTP://localhost"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        char *target = client_text(site.client, "%s%s", hosts[i], site_object("a%2Fb"));
        struct answer *answer = client_get(site.client, target, NULL);
        site_expect(answer, 200);
        ck_assert(answer_is(answer, "v", 1));
    }
}
END_TEST

START_TEST(an_absolute_target_is_not_normalised)
{
    char *target = client_text(site.client, "http://box%s", site_object("a/../b"));
    site_expect(client_send(site.client, "PUT", target, "v", 1, NULL), 201);
    site_expect_text("a/../b", "v");
    site_expect(site_get("b", NULL), 404);
}
END_TEST

/* libmicrohttpd ends such a connection by itself, at times without an answer. */
START_TEST(a_space_in_the_target_is_refused)
{
    char *request = client_text(site.client, "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nv",
                                site_object("a b"));
    int status = raw_status(site.server->port, request, strlen(request));
    ck_assert_msg(status == 400 || status == 0, "got %d", status);
    ck_assert_int_eq(site_figure("objects"), 0);
}
END_TEST

START_TEST(unknown_paths_are_404)
{
    const char *targets[] = {"//",         "/v1",       "/v1/", "/v2/stores", "/v1/store", "/v1/stores/a/b",
                             "/objects/k", "/healthz/x"};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct answer *answer = client_get(site.client, targets[i], NULL);
        ck_assert_msg(answer->status == 404, "%s: %d", targets[i], answer->status);
        site_expect_kind(answer, 404, "no-resource");
    }
}
END_TEST

START_TEST(the_key_hash_is_of_the_decoded_bytes)
{
    struct answer *plain = site_put("a/b", "v", NULL), *escaped = site_put("%61%2F%62", "v", NULL);
    ck_assert_str_eq(answer_string(plain, "key_hash"), answer_string(escaped, "key_hash"));
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        a_raw_slash_is_the_escaped_slash,
        any_byte_may_be_escaped,
        raw_utf8_is_escaped_utf8,
        a_plus_is_a_plus,
        escapes_are_decoded_once,
        an_escaped_question_mark_belongs_to_the_key,
        a_raw_question_mark_starts_the_query,
        dots_and_empty_segments_are_plain_bytes,
        escaped_dots_are_the_same_plain_bytes,
        a_location_leads_to_the_object_however_it_is_resolved,
        a_nul_byte_is_a_key_byte,
        a_nul_byte_comes_back_in_the_receipt,
        keys_that_are_not_utf8,
        keys_differ_by_case_and_by_normal_form,
        printable_bytes_that_urls_allow,
        a_key_of_1024_bytes,
        a_key_of_1024_escaped_bytes,
        a_key_of_1025_bytes_is_refused,
        an_empty_key_is_refused,
        paths_that_dots_collapse_to_are_nobodys,
        broken_escapes_are_refused,
        an_absolute_target_counts_by_its_path,
        an_absolute_target_is_not_normalised,
        a_space_in_the_target_is_refused,
        unknown_paths_are_404,
        the_key_hash_is_of_the_decoded_bytes,
    };
    return site_run("keys", tests, sizeof tests / sizeof *tests, SITE_SHARED);
}
