/* POST /batch: one transaction of put, delete, rename and copy; POST /batch-get: many objects in one answer. */
#include "tests/http/payload.h"
#include "tests/http/site.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* Posts {"operations":[…]…}; `more` is what follows the list. */
static struct answer *batch(const char *operations, const char *more)
{
    return site_post("/batch", client_text(site.client, "{\"operations\":[%s]%s}", operations, more));
}

static char *put_op(const char *key, const char *text)
{
    char *data = payload_base64(text, strlen(text));
    char *op = client_text(site.client, "{\"op\":\"put\",\"key\":\"%s\",\"data\":\"%s\"}", key, data);
    free(data);
    return op;
}

static json_t *result(struct answer *answer, size_t index)
{
    json_t *results = json_object_get(answer_json(answer), "results");
    ck_assert(json_is_array(results));
    json_t *receipt = json_array_get(results, index);
    ck_assert_ptr_nonnull(receipt);
    return receipt;
}

/* Refused for the step of that number. */
static void expect_step_problem(struct answer *answer, int status, const char *kind, json_int_t index)
{
    site_expect_kind(answer, status, kind);
    ck_assert_int_eq(answer_integer(answer, "index"), index);
    ck_assert_str_eq(answer_string(answer, "store"), site.store);
}

static void expect_refused_at(struct answer *answer, json_int_t index)
{
    expect_step_problem(answer, 422, "entry-refused", index);
}

/* Refused as a whole, for no step. */
static void expect_body_problem(struct answer *answer, int status, const char *kind)
{
    site_expect_kind(answer, status, kind);
    ck_assert_ptr_null(json_object_get(answer_json(answer), "index"));
}

START_TEST(a_batch_puts_several_objects)
{
    struct answer *answer = batch(client_text(site.client, "%s,%s", put_op("a", "one"), put_op("b", "second")), "");
    site_expect(answer, 200);
    ck_assert_int_eq(answer_integer(answer, "offset"), site_figure("end_offset"));
    ck_assert_uint_eq(json_array_size(json_object_get(answer_json(answer), "results")), 2);
    site_expect_text("a", "one");
    site_expect_text("b", "second");
}
END_TEST

START_TEST(each_step_has_its_receipt)
{
    site_expect(site_put("old", "value", NULL), 201);
    char *operations = client_text(site.client, "%s,%s,{\"op\":\"delete\",\"key\":\"old\"}", put_op("a", "one"),
                                   put_op("old", "two"));
    struct answer *answer = batch(operations, "");
    site_expect(answer, 200);
    const char *keys[] = {"a", "old", "old"};
    const json_int_t sizes[] = {3, 3, 0};
    const bool created[] = {true, false, false};
    for (size_t i = 0; i < 3; i++) {
        json_t *receipt = result(answer, i);
        ck_assert_str_eq(json_string_value(json_object_get(receipt, "store")), site.store);
        ck_assert_str_eq(json_string_value(json_object_get(receipt, "key")), keys[i]);
        ck_assert_int_eq(json_integer_value(json_object_get(receipt, "size")), sizes[i]);
        ck_assert_int_eq(json_is_true(json_object_get(receipt, "created")), created[i]);
        ck_assert(json_is_integer(json_object_get(receipt, "offset")));
    }
    site_expect(batch(put_op("x", "one"), ""), 200);
    ck_assert_str_eq(json_string_value(json_object_get(result(answer, 0), "etag")),
                     answer_header(site_head("x", NULL), "ETag"));
}
END_TEST

START_TEST(later_steps_see_earlier_ones)
{
    char *operations = client_text(
        site.client,
        "%s,{\"op\":\"rename\",\"key\":\"a\",\"to\":\"b\"},{\"op\":\"copy\",\"key\":\"b\",\"to\":\"c\"},"
        "{\"op\":\"delete\",\"key\":\"b\"}",
        put_op("a", "value"));
    site_expect(batch(operations, ""), 200);
    site_expect(site_get("a", NULL), 404);
    site_expect(site_get("b", NULL), 404);
    site_expect_text("c", "value");
    ck_assert_int_eq(site_figure("objects"), 1);
}
END_TEST

START_TEST(of_duplicate_keys_the_last_one_wins)
{
    site_expect(
        batch(client_text(site.client, "%s,%s,%s", put_op("k", "1"), put_op("k", "22"), put_op("k", "333")), ""), 200);
    site_expect_text("k", "333");
    ck_assert_int_eq(site_figure("objects"), 1);
    ck_assert_int_eq(site_figure("live_bytes"), 3);
}
END_TEST

START_TEST(a_swap_is_one_batch)
{
    site_expect(site_put("a", "one", NULL), 201);
    site_expect(site_put("b", "two", NULL), 201);
    site_expect(batch("{\"op\":\"rename\",\"key\":\"a\",\"to\":\"t\"},{\"op\":\"rename\",\"key\":\"b\",\"to\":\"a\"},"
                      "{\"op\":\"rename\",\"key\":\"t\",\"to\":\"b\"}",
                      ""),
                200);
    site_expect_text("a", "two");
    site_expect_text("b", "one");
    ck_assert_int_eq(site_figure("objects"), 2);
}
END_TEST

START_TEST(a_step_that_fails_undoes_all)
{
    site_expect(site_put("kept", "old", NULL), 201);
    json_int_t end = site_figure("end_offset");
    char *operations = client_text(
        site.client, "%s,%s,{\"op\":\"delete\",\"key\":\"kept\"},{\"op\":\"rename\",\"key\":\"none\",\"to\":\"x\"}",
        put_op("a", "one"), put_op("kept", "new"));
    expect_refused_at(batch(operations, ""), 3);
    site_expect(site_get("a", NULL), 404);
    site_expect_text("kept", "old");
    ck_assert_int_eq(site_figure("end_offset"), end);
    ck_assert_int_eq(site_figure("objects"), 1);
}
END_TEST

START_TEST(steps_that_cannot_be_done_are_named)
{
    site_expect(site_put("k", "v", NULL), 201);
    site_expect(site_put("taken", "v", NULL), 201);
    const char *steps[] = {
        "{\"op\":\"copy\",\"key\":\"none\",\"to\":\"x\"}",
        "{\"op\":\"rename\",\"key\":\"none\",\"to\":\"x\"}",
        "{\"op\":\"rename\",\"key\":\"k\",\"to\":\"k\"}",
        "{\"op\":\"copy\",\"key\":\"k\",\"to\":\"k\"}",
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct answer *answer = batch(client_text(site.client, "%s,%s", put_op("a", "one"), steps[i]), "");
        expect_refused_at(answer, 1);
        site_expect(site_get("a", NULL), 404);
    }
}
END_TEST

START_TEST(overwrite_false_refuses_a_taken_target)
{
    site_expect(site_put("k", "v", NULL), 201);
    site_expect(site_put("taken", "old", NULL), 201);
    struct answer *answer = batch(client_text(site.client,
                                              "%s,{\"op\":\"copy\",\"key\":\"k\",\"to\":\"taken\",\"overwrite\":false}",
                                              put_op("a", "one")),
                                  "");
    expect_step_problem(answer, 412, "target-exists", 1);
    site_expect(site_get("a", NULL), 404);
    site_expect_text("taken", "old");
}
END_TEST

START_TEST(conditions_of_steps)
{
    const char *etag = answer_string(site_put("k", "v", NULL), "etag");
    char *quoted = client_text(site.client, "\\\"%.*s\\\"", (int)strlen(etag) - 2, etag + 1);
    char *match = client_text(site.client, "{\"op\":\"put\",\"key\":\"k\",\"data\":\"dw==\",\"if_match\":\"%s\"}",
                              quoted);
    site_expect(batch(match, ""), 200);
    site_expect_text("k", "w");
    struct answer *answer = batch(client_text(site.client, "%s,%s", put_op("a", "one"), match), "");
    expect_step_problem(answer, 412, "precondition-failed", 1);
    site_expect(site_get("a", NULL), 404);
    const char *absent = "{\"op\":\"put\",\"key\":\"new\",\"data\":\"dw==\",\"if_none_match\":\"*\"}";
    site_expect(batch(absent, ""), 200);
    expect_step_problem(batch(absent, ""), 412, "precondition-failed", 0);
}
END_TEST

START_TEST(keys_by_hash_in_a_batch)
{
    site_expect(site_put("bob", "v", NULL), 201);
    site_expect(batch("{\"op\":\"put\",\"key_hash\":\"4da10dd61a0116b0\",\"data\":\"aGk=\"},"
                      "{\"op\":\"delete\",\"key_hash\":\"1403c0c40f49b8e5\"}",
                      ""),
                200);
    site_expect_text("alice", "hi");
    site_expect(site_get("bob", NULL), 404);
}
END_TEST

START_TEST(keys_in_base64_in_a_batch)
{
    site_expect(batch("{\"op\":\"put\",\"key_base64\":\"//4=\",\"data\":\"aGk=\"}", ""), 200);
    site_expect_text("%FF%FE", "hi");
}
END_TEST

START_TEST(keys_with_nul_and_unicode_escapes_in_a_batch)
{
    site_expect(batch("{\"op\":\"put\",\"key\":\"a\\u0000b\",\"data\":\"aGk=\"},{\"op\":\"put\",\"key\":\"\\u00fc\","
                      "\"data\":\"aG8=\"}",
                      ""),
                200);
    site_expect_text("a%00b", "hi");
    site_expect_text("%C3%BC", "ho");
}
END_TEST

START_TEST(attributes_in_a_batch)
{
    site_expect(batch("{\"op\":\"put\",\"key\":\"k\",\"data\":\"aGk=\",\"content_type\":\"text/"
                      "plain\",\"meta\":{\"color\":\"red\"}}",
                      ""),
                200);
    struct answer *answer = site_get("k", NULL);
    ck_assert_str_eq(answer_header(answer, "Content-Type"), "text/plain");
    ck_assert_str_eq(answer_header(answer, "Cairn-Meta-Color"), "red");
}
END_TEST

START_TEST(an_empty_payload_needs_its_switch)
{
    struct answer *answer = batch(client_text(site.client, "%s,%s", put_op("a", "one"), put_op("empty", "")), "");
    expect_refused_at(answer, 1);
    ck_assert_ptr_nonnull(strstr(answer_string(answer, "detail"), "allow_empty"));
    site_expect(site_get("a", NULL), 404);
    site_expect(batch(put_op("empty", ""), ",\"allow_empty\":true"), 200);
    site_expect_text("empty", "");
}
END_TEST

START_TEST(a_nul_payload_needs_its_switch)
{
    const char *nul = "{\"op\":\"put\",\"key\":\"nul\",\"data\":\"AA==\"}";
    struct answer *answer = batch(client_text(site.client, "%s,%s", put_op("a", "one"), nul), "");
    expect_refused_at(answer, 1);
    ck_assert_ptr_nonnull(strstr(answer_string(answer, "detail"), "allow_null_bytes"));
    site_expect(batch(nul, ",\"allow_null_bytes\":true"), 200);
    ck_assert(answer_is(site_get("nul", NULL), "\0", 1));
    site_expect(batch("{\"op\":\"put\",\"key\":\"two\",\"data\":\"AAA=\"}", ""), 200);
}
END_TEST

START_TEST(deletes_of_missing_keys_write_nothing)
{
    site_expect(site_put("k", "v", NULL), 201);
    json_int_t end = site_figure("end_offset");
    struct answer *answer = batch("{\"op\":\"delete\",\"key\":\"x\"},{\"op\":\"delete\",\"key\":\"y\"}", "");
    site_expect(answer, 200);
    ck_assert_int_eq(answer_integer(answer, "offset"), end);
    ck_assert_int_eq(site_figure("end_offset"), end);
}
END_TEST

START_TEST(bad_batches_are_refused)
{
    const char *bodies[] = {
        "",
        "{",
        "null",
        "[]",
        "{}",
        "{\"operations\":{}}",
        "{\"operations\":[{\"op\":\"put\",\"key\":\"k\",\"data\":\"dg==\"}],\"allow_empty\":1}",
        "{\"operations\":[{\"op\":\"put\",\"key\":\"k\",\"data\":\"dg==\"}]} trailing",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        expect_body_problem(site_post("/batch", bodies[i]), 400, "bad-body");
    ck_assert_int_eq(site_figure("objects"), 0);
}
END_TEST

START_TEST(bad_steps_are_refused)
{
    const char *bodies[] = {
        "{\"operations\":[1]}",
        "{\"operations\":[{}]}",
        "{\"operations\":[{\"op\":\"put\",\"key\":\"k\"}]}",
        "{\"operations\":[{\"op\":\"put\",\"data\":\"dg==\"}]}",
        "{\"operations\":[{\"op\":\"dance\",\"key\":\"k\"}]}",
        "{\"operations\":[{\"op\":\"put\",\"key\":\"k\",\"data\":\"!\"}]}",
        "{\"operations\":[{\"op\":\"put\",\"key\":\"k\",\"data\":\"dg=\"}]}",
        "{\"operations\":[{\"op\":\"put\",\"key\":\"\",\"data\":\"dg==\"}]}",
        "{\"operations\":[{\"op\":\"put\",\"key\":7,\"data\":\"dg==\"}]}",
        "{\"operations\":[{\"op\":\"rename\",\"key\":\"k\"}]}",
        "{\"operations\":[{\"op\":\"put\",\"key_hash\":\"xyz\",\"data\":\"dg==\"}]}",
        "{\"operations\":[{\"op\":\"put\",\"key\":\"k\",\"key_hash\":\"4da10dd61a0116b0\",\"data\":\"dg==\"}]}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        expect_refused_at(site_post("/batch", bodies[i]), 0);
    ck_assert_int_eq(site_figure("objects"), 0);
}
END_TEST

START_TEST(a_fault_in_one_step_is_named)
{
    const char *steps[] = {"{\"op\":\"put\",\"key\":\"k\",\"data\":\"!\"}",
                           "{\"op\":\"put\",\"key\":\"\",\"data\":\"dg==\"}", "{\"op\":\"dance\",\"key\":\"k\"}"};
    for (size_t i = 0; i < 3; i++) {
        struct answer *answer = batch(
            client_text(site.client, "%s,%s,%s", put_op("a", "1"), put_op("b", "2"), steps[i]), "");
        expect_refused_at(answer, 2);
    }
    ck_assert_int_eq(site_figure("objects"), 0);
}
END_TEST

START_TEST(deeply_nested_json_is_refused)
{
    char *body = malloc(200001);
    memset(body, '[', 200000);
    body[200000] = '\0';
    expect_body_problem(site_post("/batch", body), 400, "bad-body");
    free(body);
    site_expect(client_get(site.client, "/healthz", NULL), 200);
}
END_TEST

START_TEST(a_batch_of_another_type_is_415)
{
    struct answer *answer = client_send(site.client, "POST", site_target("/batch"), "a,b", 3, "Content-Type: text/csv",
                                        NULL);
    expect_body_problem(answer, 415, "unsupported-media-type");
}
END_TEST

START_TEST(an_empty_batch_changes_nothing)
{
    site_expect(site_put("k", "v", NULL), 201);
    json_int_t end = site_figure("end_offset");
    struct answer *answer = batch("", "");
    site_expect(answer, 200);
    ck_assert_int_eq(answer_integer(answer, "offset"), end);
    ck_assert(json_is_array(json_object_get(answer_json(answer), "results")));
    ck_assert_uint_eq(json_array_size(json_object_get(answer_json(answer), "results")), 0);
    ck_assert_int_eq(site_figure("end_offset"), end);
}
END_TEST

/* Larger than the inline limit, and many at once. */
START_TEST(large_payloads_in_a_batch)
{
    const size_t size = 1 << 20;
    void *bytes = payload_new(size, 5);
    char *data = payload_base64(bytes, size);
    char *body = NULL;
    ck_assert_int_gt(asprintf(&body,
                              "{\"operations\":[{\"op\":\"put\",\"key\":\"a\",\"data\":\"%s\"},{\"op\":\"put\",\"key\":"
                              "\"b\",\"data\":\"%s\"},"
                              "{\"op\":\"rename\",\"key\":\"a\",\"to\":\"c\"}]}",
                              data, data),
                     0);
    site_expect(site_post("/batch", body), 200);
    site_expect_payload("b", size, 5);
    site_expect_payload("c", size, 5);
    site_expect(site_get("a", NULL), 404);
    free(bytes);
    free(data);
    free(body);
}
END_TEST

START_TEST(a_thousand_operations)
{
    char *body = malloc(200000), *next = body;
    next += sprintf(next, "{\"operations\":[");
    for (int i = 0; i < 1000; i++)
        next += sprintf(next, "%s{\"op\":\"put\",\"key\":\"k%d\",\"data\":\"aGk=\"}", i ? "," : "", i);
    sprintf(next, "]}");
    struct answer *answer = site_post("/batch", body);
    free(body);
    site_expect(answer, 200);
    ck_assert_uint_eq(json_array_size(json_object_get(answer_json(answer), "results")), 1000);
    ck_assert_int_eq(site_figure("objects"), 1000);
    site_expect_text("k999", "hi");
}
END_TEST

START_TEST(more_operations_than_allowed_are_413)
{
    char *body = malloc(600000), *next = body;
    next += sprintf(next, "{\"operations\":[");
    for (int i = 0; i <= 10000; i++)
        next += sprintf(next, "%s{\"op\":\"delete\",\"key\":\"k%d\"}", i ? "," : "", i);
    sprintf(next, "]}");
    expect_body_problem(site_post("/batch", body), 413, "too-large");
    free(body);
}
END_TEST

/* ---- multipart/form-data --------------------------------------------------------------------- */

static struct answer *post_form(const char *body, size_t length)
{
    return client_send(site.client, "POST", site_target("/batch"), body, length,
                       "Content-Type: multipart/form-data; boundary=xyz", NULL);
}

static char *part(const char *name, const char *headers, const char *text)
{
    return client_text(site.client, "--xyz\r\nContent-Disposition: form-data; name=\"%s\"%s\r\n\r\n%s\r\n", name,
                       headers, text);
}

START_TEST(each_part_of_a_form_is_a_put)
{
    char *body = client_text(site.client, "%s%s--xyz--\r\n",
                             part("a", "; filename=\"x.txt\"\r\nContent-Type: text/plain", "one"),
                             part("dir/b c", "", "two"));
    struct answer *answer = post_form(body, strlen(body));
    site_expect(answer, 200);
    ck_assert_uint_eq(json_array_size(json_object_get(answer_json(answer), "results")), 2);
    site_expect_text("a", "one");
    site_expect_text("dir/b%20c", "two");
    ck_assert_str_eq(answer_header(site_get("a", NULL), "Content-Type"), "text/plain");
}
END_TEST

START_TEST(a_form_follows_the_rules_of_a_batch)
{
    char *body = client_text(site.client, "%s%s--xyz--\r\n", part("a", "", "one"), part("empty", "", ""));
    expect_refused_at(post_form(body, strlen(body)), 1);
    site_expect(site_get("a", NULL), 404);
    body = client_text(site.client, "%s%s--xyz--\r\n", part("a", "", "one"), part("a", "", "two"));
    site_expect(post_form(body, strlen(body)), 200);
    site_expect_text("a", "two");
}
END_TEST

START_TEST(a_form_carries_any_bytes)
{
    const size_t size = 600000;
    void *bytes = payload_new(size, 8);
    char *head = client_text(site.client, "--xyz\r\nContent-Disposition: form-data; name=\"big\"\r\n\r\n");
    const char *tail = "\r\n--xyz--\r\n";
    size_t length = strlen(head) + size + strlen(tail);
    char *body = malloc(length);
    memcpy(body, head, strlen(head));
    memcpy(body + strlen(head), bytes, size);
    memcpy(body + strlen(head) + size, tail, strlen(tail));
    site_expect(post_form(body, length), 200);
    site_expect_payload("big", size, 8);
    free(body);
    free(bytes);
}
END_TEST

START_TEST(broken_forms_are_refused)
{
    const char *bodies[] = {"", "nonsense", "--xyz\r\n",
                            "--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        expect_body_problem(post_form(bodies[i], strlen(bodies[i])), 400, "bad-body");
    struct answer *answer = client_send(site.client, "POST", site_target("/batch"), "x", 1,
                                        "Content-Type: multipart/form-data", NULL);
    expect_body_problem(answer, 400, "bad-header");
    ck_assert_int_eq(site_figure("objects"), 0);
}
END_TEST

START_TEST(parts_without_a_key_are_refused)
{
    const char *parts[] = {"--xyz\r\n\r\none\r\n--xyz--\r\n",
                           "--xyz\r\nContent-Disposition: form-data\r\n\r\none\r\n--xyz--\r\n",
                           "--xyz\r\nContent-Disposition: form-data; name=\"\"\r\n\r\none\r\n--xyz--\r\n"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char *body = client_text(site.client, "%s%s", part("a", "", "one"), parts[i]);
        expect_refused_at(post_form(body, strlen(body)), 1);
    }
    ck_assert_int_eq(site_figure("objects"), 0);
}
END_TEST

/* ---- batch-get ------------------------------------------------------------------------------- */

static json_t *object_at(struct answer *answer, size_t index)
{
    return json_array_get(json_object_get(answer_json(answer), "objects"), index);
}

START_TEST(batch_get_keeps_the_order_and_says_null)
{
    site_expect(site_put("a", "one", "Content-Type: text/plain", "Cairn-Meta-Color: red", NULL), 201);
    site_expect(site_put("b", "two", NULL), 201);
    struct answer *answer = site_post("/batch-get", "{\"keys\":[\"b\",\"none\",\"a\",\"b\"]}");
    site_expect(answer, 200);
    ck_assert_uint_eq(json_array_size(json_object_get(answer_json(answer), "objects")), 4);
    ck_assert_str_eq(json_string_value(json_object_get(object_at(answer, 0), "data")), "dHdv");
    ck_assert(json_is_null(object_at(answer, 1)));
    json_t *a = object_at(answer, 2);
    ck_assert_str_eq(json_string_value(json_object_get(a, "key")), "a");
    ck_assert_str_eq(json_string_value(json_object_get(a, "data")), "b25l");
    ck_assert_int_eq(json_integer_value(json_object_get(a, "size")), 3);
    ck_assert_str_eq(json_string_value(json_object_get(a, "etag")), answer_header(site_head("a", NULL), "ETag"));
    ck_assert_str_eq(json_string_value(json_object_get(a, "content_type")), "text/plain");
    ck_assert_str_eq(json_string_value(json_object_get(json_object_get(a, "meta"), "color")), "red");
    ck_assert_str_eq(json_string_value(json_object_get(object_at(answer, 3), "key")), "b");
}
END_TEST

START_TEST(batch_get_by_hash_and_base64)
{
    site_expect(site_put("alice", "one", NULL), 201);
    site_expect(site_put("%FF%FE", "two", NULL), 201);
    struct answer *answer = site_post("/batch-get",
                                      "{\"objects\":[{\"key_hash\":\"4da10dd61a0116b0\"},{\"key_base64\":\"//"
                                      "4=\"},{\"key\":\"alice\"},{\"key_hash\":\"0000000000000000\"}]}");
    site_expect(answer, 200);
    ck_assert_str_eq(json_string_value(json_object_get(object_at(answer, 0), "data")), "b25l");
    ck_assert_str_eq(json_string_value(json_object_get(object_at(answer, 0), "key")), "alice");
    ck_assert_str_eq(json_string_value(json_object_get(object_at(answer, 1), "data")), "dHdv");
    ck_assert(json_is_null(json_object_get(object_at(answer, 1), "key")));
    ck_assert_str_eq(json_string_value(json_object_get(object_at(answer, 2), "data")), "b25l");
    ck_assert(json_is_null(object_at(answer, 3)));
}
END_TEST

/* Generated clients send the members they do not mean, too: as null, or as the empty list they began with. */
START_TEST(batch_get_takes_null_and_empty_lists_as_absent)
{
    const char *bodies[] = {"{\"keys\":[\"a\"],\"objects\":null}", "{\"keys\":[\"a\"],\"objects\":[]}",
                            "{\"objects\":[],\"keys\":[\"a\"]}",
                            "{\"keys\":null,\"objects\":[{\"key\":\"a\",\"key_base64\":null,\"key_hash\":null}]}",
                            "{\"keys\":[],\"objects\":[{\"key\":null,\"key_base64\":\"YQ==\"}]}"};
    site_expect(site_put("a", "one", NULL), 201);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct answer *answer = site_post("/batch-get", bodies[i]);
        site_expect(answer, 200);
        ck_assert_uint_eq(json_array_size(json_object_get(answer_json(answer), "objects")), 1);
        ck_assert_str_eq(json_string_value(json_object_get(object_at(answer, 0), "data")), "b25l");
    }
    struct answer *nothing = site_post("/batch-get", "{\"keys\":[],\"objects\":[]}");
    site_expect(nothing, 200);
    ck_assert_uint_eq(json_array_size(json_object_get(answer_json(nothing), "objects")), 0);
}
END_TEST

START_TEST(batch_get_of_empty_and_large_objects)
{
    const size_t size = 400000;
    site_expect(site_put("empty", "", NULL), 201);
    site_expect(client_upload(site.client, site_object("large"), size, 4, NULL), 201);
    struct answer *answer = site_post("/batch-get", "{\"keys\":[\"empty\",\"large\"]}");
    site_expect(answer, 200);
    ck_assert_str_eq(json_string_value(json_object_get(object_at(answer, 0), "data")), "");
    void *bytes = payload_new(size, 4);
    char *data = payload_base64(bytes, size);
    ck_assert(strcmp(json_string_value(json_object_get(object_at(answer, 1), "data")), data) == 0);
    free(bytes);
    free(data);
}
END_TEST

static atomic_bool stop;

/* Writes both keys in one batch, again and again, each time with another value. */
static void *write_pairs(void *arg)
{
    struct client *client = client_new(site.server->url);
    for (int i = 0; !atomic_load(&stop); i++) {
        char body[256];
        int length = snprintf(body, sizeof body,
                              "{\"operations\":[{\"op\":\"put\",\"key\":\"one\",\"data\":\"%08d\"},"
                              "{\"op\":\"put\",\"key\":\"two\",\"data\":\"%08d\"}]}",
                              i, i);
        client_send(client, "POST", arg, body, (size_t)length, "Content-Type: application/json", NULL);
        client_forget(client);
    }
    client_free(client);
    return NULL;
}

START_TEST(batch_get_sees_a_batch_whole_or_not_at_all)
{
    site_expect(batch(client_text(site.client, "%s,%s", put_op("one", "x"), put_op("two", "x")), ""), 200);
    char target[128];
    snprintf(target, sizeof target, "%s", site_target("/batch"));
    pthread_t writers[2];
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&writers[i], NULL, write_pairs, target), 0);
    for (int i = 0; i < 500; i++) {
        struct answer *answer = site_post("/batch-get", "{\"keys\":[\"one\",\"two\"]}");
        site_expect(answer, 200);
        ck_assert_str_eq(json_string_value(json_object_get(object_at(answer, 0), "data")),
                         json_string_value(json_object_get(object_at(answer, 1), "data")));
        client_forget(site.client);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < 2; i++)
        pthread_join(writers[i], NULL);
}
END_TEST

START_TEST(bad_batch_gets_are_refused)
{
    const char *bodies[] = {"",
                            "{}",
                            "[]",
                            "{\"keys\":1}",
                            "{\"keys\":[1]}",
                            "{\"keys\":[\"\"]}",
                            "{\"objects\":[{}]}",
                            "{\"objects\":[{\"key_hash\":\"x\"}]}",
                            "{\"keys\":null}",
                            "{\"keys\":[null]}",
                            "{\"kyes\":null,\"keys\":[\"a\"]}",
                            "{\"keys\":[\"a\"],\"keys\":null}",
                            "{\"objects\":[{\"key\":null}]}",
                            "{\"objects\":[{\"key\":\"a\",\"key\":null}]}",
                            "{\"keys\":[\"a\"],\"objects\":[{\"key\":\"a\"}]}"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        expect_body_problem(site_post("/batch-get", bodies[i]), 400, "bad-body");
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        a_batch_puts_several_objects,
        each_step_has_its_receipt,
        later_steps_see_earlier_ones,
        of_duplicate_keys_the_last_one_wins,
        a_swap_is_one_batch,
        a_step_that_fails_undoes_all,
        steps_that_cannot_be_done_are_named,
        overwrite_false_refuses_a_taken_target,
        conditions_of_steps,
        keys_by_hash_in_a_batch,
        keys_in_base64_in_a_batch,
        keys_with_nul_and_unicode_escapes_in_a_batch,
        attributes_in_a_batch,
        an_empty_payload_needs_its_switch,
        a_nul_payload_needs_its_switch,
        deletes_of_missing_keys_write_nothing,
        bad_batches_are_refused,
        bad_steps_are_refused,
        a_fault_in_one_step_is_named,
        deeply_nested_json_is_refused,
        a_batch_of_another_type_is_415,
        an_empty_batch_changes_nothing,
        large_payloads_in_a_batch,
        a_thousand_operations,
        more_operations_than_allowed_are_413,
        each_part_of_a_form_is_a_put,
        a_form_follows_the_rules_of_a_batch,
        a_form_carries_any_bytes,
        broken_forms_are_refused,
        parts_without_a_key_are_refused,
        batch_get_keeps_the_order_and_says_null,
        batch_get_by_hash_and_base64,
        batch_get_takes_null_and_empty_lists_as_absent,
        batch_get_of_empty_and_large_objects,
        batch_get_sees_a_batch_whole_or_not_at_all,
        bad_batch_gets_are_refused,
    };
    return site_run("batch", tests, sizeof tests / sizeof *tests, SITE_SHARED);
}
