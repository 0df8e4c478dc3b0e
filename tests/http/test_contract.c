/* One test for each row of the contract's table (docs/contract.md), named after the method: what it does, and the
 * offset it delivers. */
#include "tests/http/site.h"

#include <stdio.h>
#include <xxhash.h>

/* Larger than any inline limit, so that it is a stream inside, too. */
enum { STREAM = 2 << 20, SEED = 3 };

static uint64_t hash_of(const char *key)
{
    return XXH3_64bits(key, strlen(key));
}

/* The offset of a listed object: where its record is. */
static json_int_t listed_offset(const char *target, const char *key)
{
    struct answer *answer = client_get(site.client, client_text(site.client, "%s?prefix=%s", target, key), NULL);
    site_expect(answer, 200);
    json_t *object = json_array_get(json_object_get(answer_json(answer), "objects"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(object, "key")), key);
    return json_integer_value(json_object_get(object, "offset"));
}

static void expect_offset(struct answer *answer, const char *key)
{
    ck_assert_int_eq(answer_integer(answer, "offset"), listed_offset(site_target("/objects"), key));
}

static char *other_store(void)
{
    char *target = client_text(site.client, "/v1/stores/%s-other", site.store);
    ck_assert_int_eq(client_send(site.client, "PUT", target, "", 0, NULL)->status / 100, 2);
    return target;
}

START_TEST(test_write_stream)
{
    struct answer *first = client_upload(site.client, site_object("k"), STREAM, SEED, NULL);
    site_expect(first, 201);
    expect_offset(first, "k");
    site_expect_payload("k", STREAM, SEED);
    struct answer *second = client_upload(site.client, site_object("k"), STREAM, SEED + 1, "Transfer-Encoding: chunked",
                                          NULL);
    site_expect(second, 200);
    expect_offset(second, "k");
    ck_assert_int_gt(answer_integer(second, "offset"), answer_integer(first, "offset"));
    site_expect_payload("k", STREAM, SEED + 1);
}
END_TEST

START_TEST(test_write_stream_with_key_hash)
{
    struct answer *answer = client_upload(site.client, site_hash(hash_of("k")), STREAM, SEED, NULL);
    site_expect(answer, 201);
    site_expect_payload("k", STREAM, SEED);
    struct answer *again = client_upload(site.client, site_object("k"), STREAM, SEED + 1, NULL);
    site_expect(again, 200);
    expect_offset(again, "k");
    ck_assert_int_gt(answer_integer(again, "offset"), answer_integer(answer, "offset"));
    struct answer *read = client_download(site.client, site_hash(hash_of("k")), SEED + 1, 0, NULL);
    ck_assert(read->status == 200 && read->whole && read->size == STREAM);
}
END_TEST

START_TEST(test_write)
{
    struct answer *answer = site_put("k", "old", NULL);
    site_expect(answer, 201);
    expect_offset(answer, "k");
    answer = site_put("k", "new", NULL);
    site_expect(answer, 200);
    expect_offset(answer, "k");
    site_expect_text("k", "new");
    ck_assert_int_eq(site_figure("objects"), 1);
}
END_TEST

START_TEST(test_write_with_key_hash)
{
    site_expect(site_put("k", "old", NULL), 201);
    struct answer *answer = client_send(site.client, "PUT", site_hash(hash_of("k")), "new", 3, NULL);
    site_expect(answer, 200);
    ck_assert_int_ge(answer_integer(answer, "offset"), 0);
    site_expect_text("k", "new");
    ck_assert_int_eq(site_figure("objects"), 1);
}
END_TEST

START_TEST(test_batch_write)
{
    site_expect(site_put("b", "old", NULL), 201);
    struct answer *answer = site_post("/batch", "{\"operations\":[{\"op\":\"put\",\"key\":\"a\",\"data\":\"b25l\"},"
                                                "{\"op\":\"put\",\"key\":\"b\",\"data\":\"dHdv\"}]}");
    site_expect(answer, 200);
    ck_assert_int_eq(answer_integer(answer, "offset"), site_figure("end_offset"));
    site_expect_text("a", "one");
    site_expect_text("b", "two");
    struct answer *refused = site_post("/batch", "{\"operations\":[{\"op\":\"put\",\"key\":\"a\",\"data\":\"dHdv\"},"
                                                 "{\"op\":\"put\",\"key\":\"c\",\"data\":\"\"}]}");
    site_expect_problem(refused, 422);
    site_expect_text("a", "one");
    ck_assert_int_eq(answer_integer(answer, "offset"), site_figure("end_offset"));
}
END_TEST

START_TEST(test_batch_write_with_key_hashes)
{
    const char *put = "{\"op\":\"put\",\"key_hash\":\"%016llx\",\"data\":\"%s\"}";
    char *one = client_text(site.client, put, (unsigned long long)hash_of("a"), "b25l");
    char *empty = client_text(site.client, put, (unsigned long long)hash_of("b"), "");
    char *nul = client_text(site.client, put, (unsigned long long)hash_of("b"), "AA==");
    site_expect_problem(site_post("/batch", client_text(site.client, "{\"operations\":[%s,%s]}", one, empty)), 422);
    site_expect_problem(site_post("/batch", client_text(site.client, "{\"operations\":[%s,%s]}", one, nul)), 422);
    site_expect(site_get("a", NULL), 404);
    char *allowed = client_text(site.client, "{\"operations\":[%s,%s],\"allow_null_bytes\":true}", one, nul);
    struct answer *answer = site_post("/batch", allowed);
    site_expect(answer, 200);
    ck_assert_int_eq(answer_integer(answer, "offset"), site_figure("end_offset"));
    site_expect_text("a", "one");
    ck_assert(answer_is(site_get("b", NULL), "\0", 1));
}
END_TEST

START_TEST(test_rename)
{
    site_expect(site_put("old", "value", NULL), 201);
    site_expect(site_put("taken", "other", NULL), 201);
    struct answer *answer = site_move("old", site_destination("new"), NULL);
    site_expect(answer, 201);
    expect_offset(answer, "new");
    site_expect(site_get("old", NULL), 404);
    site_expect(site_move("new", site_destination("taken"), NULL), 200);
    site_expect_text("taken", "value");
    site_expect_problem(site_move("old", site_destination("x"), NULL), 404);
    site_expect_problem(site_move("taken", site_destination("taken"), NULL), 403);
    ck_assert_int_eq(site_figure("objects"), 1);
}
END_TEST

START_TEST(test_copy)
{
    char *other = other_store();
    site_expect(client_upload(site.client, site_object("k"), STREAM, SEED, NULL), 201);
    struct answer *answer = site_copy("k", client_text(site.client, "Destination: %s/objects/k", other), NULL);
    site_expect(answer, 201);
    ck_assert_int_eq(answer_integer(answer, "offset"),
                     listed_offset(client_text(site.client, "%s/objects", other), "k"));
    site_expect_payload("k", STREAM, SEED);
    struct answer *copy = client_download(site.client, client_text(site.client, "%s/objects/k", other), SEED, 0, NULL);
    ck_assert(copy->status == 200 && copy->whole && copy->size == STREAM);
    site_expect_problem(site_copy("none", client_text(site.client, "Destination: %s/objects/k", other), NULL), 404);
    site_expect_problem(site_copy("k", site_destination("k"), NULL), 403);
    site_expect(site_copy("k", site_destination("k2"), NULL), 201);
}
END_TEST

START_TEST(test_transfer)
{
    char *other = other_store();
    site_expect(client_upload(site.client, site_object("k"), STREAM, SEED, NULL), 201);
    char *destination = client_text(site.client, "Destination: %s/objects/k", other);
    struct answer *answer = site_move("k", destination, NULL);
    site_expect(answer, 201);
    ck_assert_int_eq(answer_integer(answer, "offset"),
                     listed_offset(client_text(site.client, "%s/objects", other), "k"));
    site_expect(site_get("k", NULL), 404);
    ck_assert_int_eq(site_figure("objects"), 0);
    struct answer *moved = client_download(site.client, client_text(site.client, "%s/objects/k", other), SEED, 0, NULL);
    ck_assert(moved->status == 200 && moved->whole && moved->size == STREAM);
    site_expect_problem(site_move("k", destination, NULL), 404);
}
END_TEST

START_TEST(test_delete)
{
    site_expect(site_put("k", "value", NULL), 201);
    struct answer *answer = site_delete("k", NULL);
    site_expect(answer, 200);
    json_int_t end = site_figure("end_offset");
    ck_assert_int_eq(answer_integer(answer, "offset"), end);
    site_expect(site_get("k", NULL), 404);
    answer = site_delete("k", NULL);
    site_expect(answer, 200);
    ck_assert_int_eq(answer_integer(answer, "offset"), end);
    ck_assert_int_eq(site_figure("end_offset"), end);
}
END_TEST

START_TEST(test_batch_delete)
{
    const char *body = "{\"operations\":[{\"op\":\"delete\",\"key\":\"a\"},{\"op\":\"delete\",\"key\":\"none\"},"
                       "{\"op\":\"delete\",\"key\":\"b\"}]}";
    site_expect(site_put("a", "one", NULL), 201);
    site_expect(site_put("b", "two", NULL), 201);
    site_expect(site_put("c", "three", NULL), 201);
    struct answer *answer = site_post("/batch", body);
    site_expect(answer, 200);
    json_int_t end = site_figure("end_offset");
    ck_assert_int_eq(answer_integer(answer, "offset"), end);
    site_expect(site_get("a", NULL), 404);
    site_expect(site_get("b", NULL), 404);
    site_expect_text("c", "three");
    site_expect(site_post("/batch", body), 200);
    ck_assert_int_eq(site_figure("end_offset"), end);
}
END_TEST

START_TEST(test_batch_delete_key_hashes)
{
    site_expect(site_put("a", "one", NULL), 201);
    site_expect(site_put("b", "two", NULL), 201);
    char *body = client_text(site.client,
                             "{\"operations\":[{\"op\":\"delete\",\"key_hash\":\"%016llx\"},"
                             "{\"op\":\"delete\",\"key_hash\":\"0000000000000000\"}]}",
                             (unsigned long long)hash_of("a"));
    struct answer *answer = site_post("/batch", body);
    site_expect(answer, 200);
    ck_assert_int_eq(answer_integer(answer, "offset"), site_figure("end_offset"));
    site_expect(site_get("a", NULL), 404);
    site_expect_text("b", "two");
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        test_write_stream, test_write_stream_with_key_hash,
        test_write,        test_write_with_key_hash,
        test_batch_write,  test_batch_write_with_key_hashes,
        test_rename,       test_copy,
        test_transfer,     test_delete,
        test_batch_delete, test_batch_delete_key_hashes,
    };
    return site_run("contract", tests, sizeof tests / sizeof *tests, SITE_SHARED);
}
