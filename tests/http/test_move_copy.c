/* MOVE and COPY with Destination and Overwrite, and their JSON twins. */
#include "tests/http/site.h"

#include <stdio.h>
#include <xxhash.h>

enum { LARGE = 3 << 20 };

/* Another store than the test's own. */
static const char *other_store(void)
{
    char *name = client_text(site.client, "%s-other", site.store);
    char *target = client_text(site.client, "/v1/stores/%s", name);
    ck_assert_int_eq(client_send(site.client, "PUT", target, "", 0, NULL)->status / 100, 2);
    return name;
}

static char *object_in(const char *store, const char *key)
{
    return client_text(site.client, "/v1/stores/%s/objects/%s", store, key);
}

static char *destination_in(const char *store, const char *key)
{
    return client_text(site.client, "Destination: /v1/stores/%s/objects/%s", store, key);
}

static void expect_text_in(const char *store, const char *key, const char *text)
{
    struct answer *answer = client_get(site.client, object_in(store, key), NULL);
    site_expect(answer, 200);
    ck_assert(answer_is(answer, text, strlen(text)));
}

static void expect_receipt(struct answer *answer, const char *store, const char *key, json_int_t size, bool created)
{
    site_expect(answer, created ? 201 : 200);
    ck_assert_str_eq(answer_string(answer, "store"), store);
    ck_assert_str_eq(answer_string(answer, "key"), key);
    char hash[17];
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)XXH3_64bits(key, strlen(key)));
    ck_assert_str_eq(answer_string(answer, "key_hash"), hash);
    ck_assert_int_eq(answer_integer(answer, "size"), size);
    ck_assert(answer_boolean(answer, "created") == created);
    ck_assert_int_ge(answer_integer(answer, "offset"), 0);
}

/* ---- MOVE in one store ----------------------------------------------------------------------- */

START_TEST(move_renames)
{
    struct answer *put = site_put("old", "value", NULL);
    struct answer *move = site_move("old", site_destination("new"), NULL);
    expect_receipt(move, site.store, "new", 5, true);
    ck_assert_str_eq(answer_string(move, "etag"), answer_string(put, "etag"));
    site_expect_problem(site_get("old", NULL), 404);
    site_expect_text("new", "value");
    ck_assert_int_eq(site_figure("objects"), 1);
}
END_TEST

START_TEST(move_replaces_and_says_200)
{
    site_expect(site_put("old", "value", NULL), 201);
    site_expect(site_put("new", "other", NULL), 201);
    expect_receipt(site_move("old", site_destination("new"), NULL), site.store, "new", 5, false);
    site_expect_text("new", "value");
    ck_assert_int_eq(site_figure("objects"), 1);
}
END_TEST

START_TEST(overwrite_f_refuses_an_existing_target)
{
    site_expect(site_put("old", "value", NULL), 201);
    site_expect(site_put("new", "other", NULL), 201);
    site_expect_problem(site_move("old", site_destination("new"), "Overwrite: F", NULL), 412);
    site_expect_problem(site_copy("old", site_destination("new"), "Overwrite: F", NULL), 412);
    site_expect_text("old", "value");
    site_expect_text("new", "other");
}
END_TEST

START_TEST(overwrite_f_lets_a_new_target_pass)
{
    site_expect(site_put("old", "value", NULL), 201);
    site_expect(site_copy("old", site_destination("copy"), "Overwrite: F", NULL), 201);
    site_expect(site_move("old", site_destination("new"), "Overwrite: F", NULL), 201);
    site_expect_text("copy", "value");
    site_expect_text("new", "value");
}
END_TEST

START_TEST(overwrite_t_is_the_default)
{
    site_expect(site_put("old", "value", NULL), 201);
    site_expect(site_put("new", "other", NULL), 201);
    site_expect(site_move("old", site_destination("new"), "Overwrite: T", NULL), 200);
    site_expect_text("new", "value");
}
END_TEST

START_TEST(a_bad_overwrite_is_refused)
{
    site_expect(site_put("old", "value", NULL), 201);
    site_expect_problem(site_move("old", site_destination("new"), "Overwrite: maybe", NULL), 400);
    site_expect_text("old", "value");
}
END_TEST

START_TEST(moving_to_itself_is_403)
{
    site_expect(site_put("k", "value", NULL), 201);
    site_expect_problem(site_move("k", site_destination("k"), NULL), 403);
    site_expect_problem(site_move("k", site_destination("%6B"), NULL), 403);
    site_expect_problem(site_copy("k", site_destination("k"), NULL), 403);
    site_expect_text("k", "value");
}
END_TEST

/* They could not be given to what is copied or moved. */
START_TEST(fields_of_an_object_are_refused)
{
    const char *fields[] = {"Cairn-Expires: 3600", "Cairn-Meta-Colour: red"};
    const char *body = "{\"key\":\"a\",\"destination\":{\"key\":\"b\"}}", *json = "Content-Type: application/json";
    const char *batch = "{\"ops\":[{\"op\":\"put\",\"key\":\"b\",\"data\":\"\"}]}";
    site_expect(site_put("a", "x", NULL), 201);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const char *destination = destination_in(site.store, "b");
        const struct {
            const char *method, *target, *body, *field;
        } requests[] = {{"COPY", site_object("a"), "", destination},  {"MOVE", site_object("a"), "", destination},
                        {"POST", site_target("/copy"), body, json},   {"POST", site_target("/move"), body, json},
                        {"POST", site_target("/batch"), batch, json}, {"POST", site_target("/archive"), "", "A: b"}};
        for (size_t j = 0; j < sizeof requests / sizeof *requests; j++) {
            struct answer *answer = client_send(site.client, requests[j].method, requests[j].target, requests[j].body,
                                                strlen(requests[j].body), requests[j].field, fields[i], NULL);
            site_expect_kind(answer, 400, "bad-header");
            ck_assert_ptr_nonnull(
                strstr(answer_string(answer, "detail"), i == 0 ? "Cairn-Expires is" : "Cairn-Meta-* is"));
        }
    }
    site_expect(site_get("b", NULL), 404);
}
END_TEST

START_TEST(a_missing_source_is_404)
{
    site_expect_problem(site_move("none", site_destination("new"), NULL), 404);
    site_expect_problem(site_copy("none", site_destination("new"), NULL), 404);
    site_expect_problem(site_move("none", destination_in(other_store(), "new"), NULL), 404);
    site_expect_problem(site_copy("none", destination_in(other_store(), "new"), NULL), 404);
    ck_assert_int_eq(site_figure("objects"), 0);
}
END_TEST

START_TEST(a_large_object_moves_and_copies)
{
    site_expect(client_upload(site.client, site_object("old"), LARGE, 1, NULL), 201);
    site_expect(site_copy("old", site_destination("copy"), NULL), 201);
    site_expect(site_move("old", site_destination("new"), NULL), 201);
    site_expect_payload("copy", LARGE, 1);
    site_expect_payload("new", LARGE, 1);
    site_expect(site_delete("new", NULL), 200);
    site_expect_payload("copy", LARGE, 1);
    site_expect(site_delete("copy", NULL), 200);
    site_expect_blobs(0);
}
END_TEST

/* ---- Destination ----------------------------------------------------------------------------- */

START_TEST(the_destination_may_be_a_uri_of_any_host)
{
    const char *origins[] = {site.server->url, "http://example.org", "https://proxy.test:8443", "https://[::1]", ""};
    site_expect(site_put("k", "value", NULL), 201);
    for (size_t i = 0; i < sizeof origins / sizeof *origins; i++) {
        char *key = client_text(site.client, "copy-%zu", i);
        char *header = client_text(site.client, "Destination: %s%s", origins[i], site_object(key));
        site_expect(site_copy("k", header, NULL), 201);
        site_expect_text(key, "value");
    }
}
END_TEST

START_TEST(the_destination_is_decoded_once_and_not_normalised)
{
    const char *keys[] = {"a%2Fb", "a%252Fb", "..", "a//b", "a%00b", "%FF", "100%25", "a+b", "what%3F"};
    site_expect(site_put("k", "value", NULL), 201);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        site_expect(site_copy("k", site_destination(keys[i]), NULL), 201);
        site_expect_text(keys[i], "value");
    }
    ck_assert_int_eq(site_figure("objects"), 1 + (json_int_t)(sizeof keys / sizeof *keys));
    site_expect_text("a/b", "value");
}
END_TEST

START_TEST(a_destination_that_is_refused_is_shown)
{
    site_expect(site_put("k", "value", NULL), 201);
    const char *values[] = {"elsewhere", "/v1/stores/a/things/b", "/v1/stores/%61/objects/b", "/v1/stores/a/objects/"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct answer *answer = site_copy("k", client_text(site.client, "Destination: %s", values[i]), NULL);
        site_expect_problem(answer, 400);
        ck_assert_ptr_nonnull(strstr(answer_string(answer, "detail"), client_text(site.client, "\"%s\"", values[i])));
    }
}
END_TEST

START_TEST(a_missing_destination_is_400)
{
    site_expect(site_put("k", "value", NULL), 201);
    site_expect_problem(site_move("k", NULL), 400);
    site_expect_problem(site_copy("k", NULL), 400);
}
END_TEST

START_TEST(bad_destinations_are_refused)
{
    site_expect(site_put("k", "value", NULL), 201);
    const char *values[] = {"new",
                            "/new",
                            "/v1/stores/x",
                            "/v1/stores//objects/k",
                            "ftp:/x",
                            "http://example.org",
                            "/v1/stores/UPPER/objects/k"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct answer *answer = site_move("k", client_text(site.client, "Destination: %s", values[i]), NULL);
        ck_assert_msg(answer->status == 400, "%s: %d", values[i], answer->status);
    }
    site_expect_problem(site_move("k", site_destination("a%zz"), NULL), 400);
    site_expect_problem(site_move("k", site_destination(""), NULL), 400);
    site_expect_text("k", "value");
}
END_TEST

START_TEST(a_destination_in_a_missing_store_is_404)
{
    site_expect(site_put("k", "value", NULL), 201);
    struct answer *answer = site_move("k", "Destination: /v1/stores/nowhere/objects/k", NULL);
    site_expect_kind(answer, 404, "no-store");
    ck_assert_str_eq(answer_string(answer, "store"), "nowhere");
    ck_assert_ptr_null(json_object_get(answer->json, "key")); /* that is one of the other store */
    site_expect_text("k", "value");
}
END_TEST

START_TEST(a_target_that_exists_is_named)
{
    site_expect(site_put("k", "value", NULL), 201);
    site_expect(site_put("t", "another", NULL), 201);
    struct answer *answer = site_copy("k", site_destination("t"), "Overwrite: F", NULL);
    site_expect_kind(answer, 412, "target-exists");
    ck_assert_str_eq(answer_string(answer, "key"), "t");
    site_expect_text("t", "another");
}
END_TEST

/* ---- COPY and MOVE between stores ------------------------------------------------------------ */

START_TEST(copy_to_another_store)
{
    const char *other = other_store();
    site_expect(site_put("k", "value", NULL), 201);
    expect_receipt(site_copy("k", destination_in(other, "k"), NULL), other, "k", 5, true);
    site_expect_text("k", "value");
    expect_text_in(other, "k", "value");
    expect_receipt(site_copy("k", destination_in(other, "k"), NULL), other, "k", 5, false);
}
END_TEST

START_TEST(move_to_another_store)
{
    const char *other = other_store();
    site_expect(site_put("k", "value", NULL), 201);
    expect_receipt(site_move("k", destination_in(other, "new"), NULL), other, "new", 5, true);
    site_expect_problem(site_get("k", NULL), 404);
    expect_text_in(other, "new", "value");
    ck_assert_int_eq(site_figure("objects"), 0);
}
END_TEST

START_TEST(a_large_object_crosses_stores_and_lives_on_its_own)
{
    const char *other = other_store();
    site_expect(client_upload(site.client, site_object("k"), LARGE, 1, NULL), 201);
    site_expect(site_copy("k", destination_in(other, "copy"), NULL), 201);
    site_expect(site_move("k", destination_in(other, "moved"), NULL), 201);
    site_expect_blobs(0);
    const char *keys[] = {"copy", "moved"};
    for (size_t i = 0; i < 2; i++) {
        struct answer *answer = client_download(site.client, object_in(other, keys[i]), 1, 0, NULL);
        ck_assert(answer->status == 200 && answer->whole && answer->size == LARGE);
    }
    char *force = client_text(site.client, "/v1/stores/%s?force=true", site.store);
    ck_assert_int_eq(client_send(site.client, "DELETE", force, NULL, 0, NULL)->status / 100, 2);
    struct answer *answer = client_download(site.client, object_in(other, "copy"), 1, 0, NULL);
    ck_assert(answer->status == 200 && answer->whole && answer->size == LARGE);
}
END_TEST

START_TEST(attributes_travel_along)
{
    const char *other = other_store();
    site_expect(site_put("k", "v", "Content-Type: image/png", "Cairn-Meta-Color: red", NULL), 201);
    site_expect(site_copy("k", site_destination("copy"), NULL), 201);
    site_expect(site_copy("k", destination_in(other, "copied"), NULL), 201);
    site_expect(site_move("copy", site_destination("renamed"), NULL), 201);
    site_expect(site_move("k", destination_in(other, "moved"), NULL), 201);
    char *targets[] = {site_object("renamed"), object_in(other, "copied"), object_in(other, "moved")};
    for (size_t i = 0; i < 3; i++) {
        struct answer *answer = client_get(site.client, targets[i], NULL);
        site_expect(answer, 200);
        ck_assert_str_eq(answer_header(answer, "Content-Type"), "image/png");
        ck_assert_str_eq(answer_header(answer, "Cairn-Meta-Color"), "red");
    }
}
END_TEST

START_TEST(a_copy_is_independent)
{
    site_expect(site_put("k", "value", NULL), 201);
    site_expect(site_copy("k", site_destination("copy"), NULL), 201);
    site_expect(site_put("k", "changed", NULL), 200);
    site_expect_text("copy", "value");
    site_expect(site_delete("k", NULL), 200);
    site_expect_text("copy", "value");
}
END_TEST

START_TEST(empty_objects_move_and_copy)
{
    const char *other = other_store();
    site_expect(site_put("empty", "", NULL), 201);
    site_expect(site_copy("empty", site_destination("copy"), NULL), 201);
    site_expect(site_move("copy", site_destination("renamed"), NULL), 201);
    site_expect(site_move("empty", destination_in(other, "moved"), NULL), 201);
    site_expect_text("renamed", "");
    expect_text_in(other, "moved", "");
}
END_TEST

START_TEST(overwrite_f_holds_between_stores)
{
    const char *other = other_store();
    site_expect(site_put("k", "value", NULL), 201);
    site_expect(client_send(site.client, "PUT", object_in(other, "k"), "kept", 4, NULL), 201);
    site_expect_problem(site_copy("k", destination_in(other, "k"), "Overwrite: F", NULL), 412);
    site_expect_problem(site_move("k", destination_in(other, "k"), "Overwrite: F", NULL), 412);
    expect_text_in(other, "k", "kept");
    site_expect_text("k", "value");
}
END_TEST

START_TEST(conditions_hold_between_stores)
{
    const char *other = other_store();
    site_expect(site_put("k", "value", NULL), 201);
    const char *wrong = "If-Match: \"00000000000000000000000000000000\"";
    site_expect_problem(site_copy("k", destination_in(other, "k"), wrong, NULL), 412);
    site_expect_problem(site_move("k", destination_in(other, "k"), wrong, NULL), 412);
    site_expect_problem(client_get(site.client, object_in(other, "k"), NULL), 404);
    site_expect_text("k", "value");
}
END_TEST

/* ---- the JSON twins -------------------------------------------------------------------------- */

static char *twin_body(const char *key, const char *store, const char *target, const char *more)
{
    return client_text(site.client, "{\"key\":\"%s\",\"destination\":{\"store\":\"%s\",\"key\":\"%s\"}%s}", key, store,
                       target, more);
}

START_TEST(post_move_is_move)
{
    site_expect(site_put("old", "value", NULL), 201);
    expect_receipt(site_post("/move", twin_body("old", site.store, "new", "")), site.store, "new", 5, true);
    site_expect_problem(site_get("old", NULL), 404);
    site_expect_text("new", "value");
}
END_TEST

START_TEST(post_copy_is_copy)
{
    const char *other = other_store();
    site_expect(site_put("k", "value", NULL), 201);
    expect_receipt(site_post("/copy", twin_body("k", other, "k2", "")), other, "k2", 5, true);
    expect_receipt(site_post("/copy", twin_body("k", site.store, "k3", "")), site.store, "k3", 5, true);
    expect_text_in(other, "k2", "value");
    site_expect_text("k3", "value");
    site_expect_text("k", "value");
}
END_TEST

START_TEST(a_twin_without_a_store_stays_in_its_own)
{
    site_expect(site_put("k", "value", NULL), 201);
    char *body = client_text(site.client, "{\"key\":\"k\",\"destination\":{\"key\":\"k2\"}}");
    site_expect(site_post("/copy", body), 201);
    site_expect_text("k2", "value");
}
END_TEST

START_TEST(null_is_absent_in_a_twin)
{
    site_expect(site_put("k", "value", NULL), 201);
    char *body = client_text(
        site.client, "{\"key\":\"k\",\"key_base64\":null,\"key_hash\":null,\"overwrite\":null,"
                     "\"destination\":{\"store\":null,\"key\":null,\"key_base64\":\"azI=\",\"key_hash\":null}}");
    expect_receipt(site_post("/copy", body), site.store, "k2", 5, true);
    site_expect_text("k2", "value");
    site_expect_problem(site_post("/copy", "{\"key\":\"k\",\"destination\":null}"), 400);
    site_expect_problem(site_post("/copy", "{\"key\":null,\"destination\":{\"key\":\"k3\"}}"), 400);
    site_expect_problem(site_post("/copy", "{\"key\":\"k\",\"destination\":{\"key\":\"k3\"},\"to\":null}"), 400);
}
END_TEST

START_TEST(twins_heed_overwrite)
{
    site_expect(site_put("k", "value", NULL), 201);
    site_expect(site_put("taken", "kept", NULL), 201);
    site_expect_problem(site_post("/copy", twin_body("k", site.store, "taken", ",\"overwrite\":false")), 412);
    site_expect_problem(site_post("/move", twin_body("k", site.store, "taken", ",\"overwrite\":false")), 412);
    site_expect_text("taken", "kept");
    site_expect(site_post("/move", twin_body("k", site.store, "taken", ",\"overwrite\":true")), 200);
    site_expect_text("taken", "value");
}
END_TEST

START_TEST(twins_answer_as_the_verbs)
{
    site_expect_problem(site_post("/move", twin_body("none", site.store, "new", "")), 404);
    site_expect_problem(site_post("/copy", twin_body("none", site.store, "new", "")), 404);
    site_expect(site_put("k", "value", NULL), 201);
    site_expect_problem(site_post("/move", twin_body("k", site.store, "k", "")), 403);
    site_expect_problem(site_post("/copy", twin_body("k", site.store, "k", "")), 403);
}
END_TEST

START_TEST(twins_take_keys_verbatim)
{
    const char *keys[] = {"a/b c", "\xc3\xbc", "%", "+", "?", "..", "a//b", "100%25"};
    const char *escaped[] = {"a/b%20c", "%C3%BC", "%25", "%2B", "%3F", "..", "a//b", "100%2525"};
    site_expect(site_put("k", "value", NULL), 201);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        site_expect(site_post("/copy", twin_body("k", site.store, keys[i], "")), 201);
        site_expect_text(escaped[i], "value");
    }
}
END_TEST

START_TEST(bad_twin_bodies_are_refused)
{
    site_expect(site_put("k", "value", NULL), 201);
    const char *bodies[] = {"",
                            "{",
                            "[]",
                            "null",
                            "{}",
                            "{\"key\":\"k\"}",
                            "{\"destination\":{\"store\":\"x\",\"key\":\"y\"}}",
                            "{\"key\":1,\"destination\":{\"store\":\"x\",\"key\":\"y\"}}",
                            "{\"key\":\"k\",\"destination\":\"x\"}",
                            "{\"key\":\"k\",\"key\":\"k\",\"destination\":{\"key\":\"y\"}}",
                            "{\"key\":\"k\",\"destination\":{\"key\":\"y\",\"key_base64\":\"eQ==\"}}",
                            "{\"key\":\"k\",\"destination\":{\"key\":\"y\",\"store\":\"a\\u0000b\"}}",
                            "{\"key\":\"k\",\"destination\":{\"key\":\"y\"}} x",
                            "{\"key\":\"\",\"destination\":{\"store\":\"x\",\"key\":\"y\"}}"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct answer *answer = site_post("/move", bodies[i]);
        ck_assert_msg(answer->status == 400, "%s: %d", bodies[i], answer->status);
        site_expect_problem(answer, 400);
    }
    site_expect_problem(site_post("/move", twin_body("k", site.store, "new", ",\"overwrite\":\"yes\"")), 400);
    struct answer *answer = site_post("/move", "{\"key\":\"k\",}");
    ck_assert_str_eq(answer_string(answer, "detail"),
                     "The body is not JSON: string or '}' expected near '}', at byte 12.");
    site_expect_text("k", "value");
}
END_TEST

/* The reader recurses, so its stack has a bound: 2048 levels, the object around them among these. */
START_TEST(a_twin_that_nests_deeply_is_no_json)
{
    enum { LISTS = 2047 };
    char lists[LISTS + 2] = {0};
    memset(lists, '[', LISTS);
    struct answer *answer = site_post("/move", client_text(site.client, "{\"key\":%s", lists));
    ck_assert_ptr_null(strstr(answer_string(answer, "detail"), "depth"));
    lists[LISTS] = '[';
    answer = site_post("/move", client_text(site.client, "{\"key\":%s", lists));
    site_expect_problem(answer, 400);
    ck_assert_str_eq(answer_string(answer, "detail"),
                     "The body is not JSON: maximum parsing depth reached near '[', at byte 2055.");
}
END_TEST

START_TEST(a_twin_of_another_type_is_refused)
{
    site_expect(site_put("k", "value", NULL), 201);
    char *body = twin_body("k", site.store, "new", "");
    struct answer *answer = client_send(site.client, "POST", site_target("/move"), body, strlen(body),
                                        "Content-Type: text/csv", NULL);
    site_expect_problem(answer, 415);
    site_expect_text("k", "value");
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        move_renames,
        move_replaces_and_says_200,
        overwrite_f_refuses_an_existing_target,
        overwrite_f_lets_a_new_target_pass,
        overwrite_t_is_the_default,
        a_bad_overwrite_is_refused,
        moving_to_itself_is_403,
        fields_of_an_object_are_refused,
        a_missing_source_is_404,
        a_large_object_moves_and_copies,
        the_destination_may_be_a_uri_of_any_host,
        the_destination_is_decoded_once_and_not_normalised,
        a_destination_that_is_refused_is_shown,
        a_missing_destination_is_400,
        bad_destinations_are_refused,
        a_destination_in_a_missing_store_is_404,
        a_target_that_exists_is_named,
        copy_to_another_store,
        move_to_another_store,
        a_large_object_crosses_stores_and_lives_on_its_own,
        attributes_travel_along,
        a_copy_is_independent,
        empty_objects_move_and_copy,
        overwrite_f_holds_between_stores,
        conditions_hold_between_stores,
        post_move_is_move,
        post_copy_is_copy,
        a_twin_without_a_store_stays_in_its_own,
        null_is_absent_in_a_twin,
        twins_heed_overwrite,
        twins_answer_as_the_verbs,
        twins_take_keys_verbatim,
        bad_twin_bodies_are_refused,
        a_twin_that_nests_deeply_is_no_json,
        a_twin_of_another_type_is_refused,
    };
    return site_run("move_copy", tests, sizeof tests / sizeof *tests, SITE_SHARED);
}
