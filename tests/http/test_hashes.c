/* Objects by key hash: the same index as by key. */
#include "tests/http/site.h"

#include <stdio.h>
#include <xxhash.h>

static struct answer *put_hash(const char *hash, const char *text)
{
    char *target = client_text(site.client, "/v1/stores/%s/hashes/%s", site.store, hash);
    return client_send(site.client, "PUT", target, text, strlen(text), NULL);
}

static struct answer *request_hash(const char *method, const char *hash)
{
    char *target = client_text(site.client, "/v1/stores/%s/hashes/%s", site.store, hash);
    return client_send(site.client, method, target, NULL, 0, NULL);
}

static const struct vector {
    const char *key;
    const char *hash;
} vectors[] = {
    {"alice", "4da10dd61a0116b0"},
    {"bob", "1403c0c40f49b8e5"},
    {"carol", "e2fdb994ad3fcba4"},
    {"test_key", "e0614cc5ecbeed92"},
};

START_TEST(receipts_name_the_published_hashes)
{
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct answer *answer = site_put(vectors[i].key, "v", NULL);
        site_expect(answer, 201);
        ck_assert_str_eq(answer_string(answer, "key_hash"), vectors[i].hash);
    }
}
END_TEST

/* No key is empty, so the fifth published hash, that of no bytes, can only be used as a hash. */
START_TEST(the_hash_of_no_bytes_is_a_hash_like_any_other)
{
    site_expect(put_hash("2d06800538d394c2", "v"), 201);
    struct answer *answer = request_hash("GET", "2d06800538d394c2");
    site_expect(answer, 200);
    ck_assert(answer_is(answer, "v", 1));
}
END_TEST

START_TEST(written_by_name_found_by_hash)
{
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        site_expect(site_put(vectors[i].key, vectors[i].key, NULL), 201);
        struct answer *answer = request_hash("GET", vectors[i].hash);
        site_expect(answer, 200);
        ck_assert(answer_is(answer, vectors[i].key, strlen(vectors[i].key)));
        site_expect(request_hash("HEAD", vectors[i].hash), 200);
    }
}
END_TEST

START_TEST(written_by_hash_found_by_name)
{
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct answer *answer = put_hash(vectors[i].hash, vectors[i].key);
        site_expect(answer, 201);
        ck_assert_str_eq(answer_string(answer, "key_hash"), vectors[i].hash);
        ck_assert(json_is_null(json_object_get(answer_json(answer), "key")));
        site_expect_text(vectors[i].key, vectors[i].key);
    }
}
END_TEST

START_TEST(a_write_by_hash_replaces_the_named_object)
{
    site_expect(site_put("alice", "old", NULL), 201);
    site_expect(put_hash("4da10dd61a0116b0", "new"), 200);
    site_expect_text("alice", "new");
    ck_assert_int_eq(site_figure("objects"), 1);
}
END_TEST

START_TEST(a_write_by_name_replaces_the_hashed_object)
{
    site_expect(put_hash("4da10dd61a0116b0", "old"), 201);
    site_expect(site_put("alice", "new", NULL), 200);
    struct answer *answer = request_hash("GET", "4da10dd61a0116b0");
    ck_assert(answer_is(answer, "new", 3));
    ck_assert_int_eq(site_figure("objects"), 1);
}
END_TEST

START_TEST(deleted_by_hash_gone_by_name)
{
    site_expect(site_put("bob", "v", NULL), 201);
    struct answer *answer = request_hash("DELETE", "1403c0c40f49b8e5");
    site_expect(answer, 200);
    ck_assert_str_eq(answer_string(answer, "key_hash"), "1403c0c40f49b8e5");
    site_expect(site_get("bob", NULL), 404);
}
END_TEST

START_TEST(deleted_by_name_gone_by_hash)
{
    site_expect(put_hash("1403c0c40f49b8e5", "v"), 201);
    site_expect(site_delete("bob", NULL), 200);
    site_expect_problem(request_hash("GET", "1403c0c40f49b8e5"), 404);
}
END_TEST

START_TEST(a_missing_hash_is_404_and_deletes_well)
{
    site_expect_problem(request_hash("GET", "0000000000000001"), 404);
    site_expect(request_hash("HEAD", "0000000000000001"), 404);
    site_expect(request_hash("DELETE", "0000000000000001"), 200);
}
END_TEST

START_TEST(large_objects_by_hash)
{
    char *target = site_hash(XXH3_64bits("film", 4));
    site_expect(client_upload(site.client, target, 2 << 20, 3, NULL), 201);
    site_expect_payload("film", 2 << 20, 3);
    struct answer *answer = client_download(site.client, target, 3, 0, NULL);
    ck_assert(answer->status == 200 && answer->whole && answer->size == 2 << 20);
}
END_TEST

START_TEST(attributes_and_conditions_by_hash)
{
    char *target = site_hash(XXH3_64bits("k", 1));
    struct answer *put = client_send(site.client, "PUT", target, "v", 1, "Content-Type: text/plain", "Cairn-Meta-A: b",
                                     "If-None-Match: *", NULL);
    site_expect(put, 201);
    site_expect_problem(client_send(site.client, "PUT", target, "w", 1, "If-None-Match: *", NULL), 412);
    struct answer *get = site_get("k", NULL);
    ck_assert(answer_is(get, "v", 1));
    ck_assert_str_eq(answer_header(get, "Content-Type"), "text/plain");
    ck_assert_str_eq(answer_header(get, "Cairn-Meta-A"), "b");
}
END_TEST

START_TEST(hash_digits_in_capitals_are_the_same_hash)
{
    site_expect(site_put("alice", "v", NULL), 201);
    struct answer *answer = request_hash("GET", "4DA10DD61A0116B0");
    site_expect(answer, 200);
    ck_assert(answer_is(answer, "v", 1));
    struct answer *receipt = put_hash("E2FDB994AD3FCBA4", "w");
    site_expect(receipt, 201);
    ck_assert_str_eq(answer_string(receipt, "key_hash"), "e2fdb994ad3fcba4");
    site_expect_text("carol", "w");
}
END_TEST

START_TEST(bad_hashes_are_refused)
{
    const char *hashes[] = {"0",  "4da10dd61a0116b",    "4da10dd61a0116b00", "4da10dd61a0116bg", "0x4da10dd61a0116",
                            "-1", "4da10dd61a0116b%00", "+da10dd61a0116b0"};
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
        struct answer *answer = put_hash(hashes[i], "v");
        ck_assert_msg(answer->status == 400, "%s: %d", hashes[i], answer->status);
        site_expect_kind(answer, 400, "bad-key");
    }
    ck_assert_int_eq(site_figure("objects"), 0);
}
END_TEST

START_TEST(verbs_that_hashes_do_not_have_are_405)
{
    site_expect(site_put("alice", "v", NULL), 201);
    char *target = site_hash(0x4da10dd61a0116b0u);
    struct answer *answer = client_send(site.client, "MOVE", target, NULL, 0, site_destination("x"), NULL);
    site_expect_problem(answer, 405);
    ck_assert_ptr_nonnull(answer_header(answer, "Allow"));
    ck_assert_ptr_nonnull(strstr(answer_header(answer, "Allow"), "DELETE"));
}
END_TEST

/* XXH3-64 of 17 to 32 bytes multiplies two words that are first XORed with words of a published secret. A key that
 * makes one factor zero hides the other, so these two keys differ in their second eight bytes and share one hash. */
static const char collision_one[] = "%B8%FE%6C%39%23%A4%4B%BEonewords0123456789abcdef";
static const char collision_two[] = "%B8%FE%6C%39%23%A4%4B%BEtwowords0123456789abcdef";
static const char collision_bytes[] = "\xB8\xFE\x6C\x39\x23\xA4\x4B\xBE"
                                      "onewords0123456789abcdef";

static uint64_t collision_hash(void)
{
    return XXH3_64bits(collision_bytes, strlen(collision_bytes));
}

static char *shared_hash(void)
{
    return site_hash(collision_hash());
}

START_TEST(the_colliding_keys_collide)
{
    const char *two = "\xB8\xFE\x6C\x39\x23\xA4\x4B\xBE"
                      "twowords0123456789abcdef";
    ck_assert_uint_eq(strlen(two), 32);
    ck_assert_uint_eq(XXH3_64bits(two, 32), collision_hash());
}
END_TEST

START_TEST(keys_with_one_hash_live_side_by_side)
{
    site_expect(site_put(collision_one, "first", NULL), 201);
    site_expect(site_put(collision_two, "second", NULL), 201);
    site_expect_text(collision_one, "first");
    site_expect_text(collision_two, "second");
    ck_assert_int_eq(site_figure("objects"), 2);
    site_expect(site_put(collision_two, "2", NULL), 200);
    site_expect_text(collision_one, "first");
    site_expect_text(collision_two, "2");
    site_expect(site_delete(collision_one, NULL), 200);
    site_expect_problem(site_get(collision_one, NULL), 404);
    site_expect_text(collision_two, "2");
    ck_assert_int_eq(site_figure("objects"), 1);
}
END_TEST

START_TEST(so_do_their_large_objects)
{
    site_expect(client_upload(site.client, site_object(collision_one), 1 << 20, 1, NULL), 201);
    site_expect(client_upload(site.client, site_object(collision_two), 1 << 20, 2, NULL), 201);
    site_expect_blobs(2);
    site_expect(site_delete(collision_one, NULL), 200);
    site_expect_blobs(1);
    site_expect(site_head(collision_two, NULL), 200);
}
END_TEST

START_TEST(by_a_hash_that_two_keys_have_nothing_is_done)
{
    site_expect(site_put(collision_one, "first", NULL), 201);
    site_expect(client_get(site.client, shared_hash(), NULL), 200);
    site_expect(site_put(collision_two, "second", NULL), 201);
    json_int_t end = site_figure("end_offset");
    site_expect_kind(client_get(site.client, shared_hash(), NULL), 409, "hash-collision");
    site_expect(client_send(site.client, "HEAD", shared_hash(), NULL, 0, NULL), 409);
    site_expect_kind(client_send(site.client, "PUT", shared_hash(), "x", 1, NULL), 409, "hash-collision");
    site_expect_kind(client_send(site.client, "PUT", shared_hash(), "x", 1, "If-Match: *", NULL), 409,
                     "hash-collision");
    site_expect_kind(client_upload(site.client, shared_hash(), 1 << 20, 1, NULL), 409, "hash-collision");
    site_expect_kind(client_send(site.client, "DELETE", shared_hash(), NULL, 0, NULL), 409, "hash-collision");
    ck_assert_int_eq(site_figure("end_offset"), end);
    site_expect_blobs(0);
    site_expect(site_delete(collision_one, NULL), 200);
    site_expect(client_get(site.client, shared_hash(), NULL), 200);
    site_expect(client_send(site.client, "DELETE", shared_hash(), NULL, 0, NULL), 200);
    site_expect_problem(site_get(collision_two, NULL), 404);
}
END_TEST

START_TEST(batches_name_the_hash_that_two_keys_have)
{
    char body[256];
    unsigned long long hash = collision_hash();
    site_expect(site_put(collision_one, "first", NULL), 201);
    site_expect(site_put(collision_two, "second", NULL), 201);
    snprintf(body, sizeof body,
             "{\"operations\":[{\"op\":\"put\",\"key\":\"k\",\"data\":\"eA==\"},"
             "{\"op\":\"delete\",\"key_hash\":\"%016llx\"}]}",
             hash);
    struct answer *answer = site_post("/batch", body);
    site_expect_kind(answer, 409, "hash-collision");
    ck_assert_int_eq(answer_integer(answer, "index"), 1);
    site_expect_problem(site_get("k", NULL), 404);
    snprintf(body, sizeof body, "{\"objects\":[{\"key\":\"k\"},{\"key_hash\":\"%016llx\"}]}", hash);
    answer = site_post("/batch-get", body);
    site_expect_kind(answer, 409, "hash-collision");
    ck_assert_int_eq(answer_integer(answer, "index"), 1);
}
END_TEST

START_TEST(by_a_hash_that_two_keys_have_nothing_is_moved)
{
    char body[256];
    site_expect(site_put(collision_one, "first", NULL), 201);
    site_expect(site_put(collision_two, "second", NULL), 201);
    snprintf(body, sizeof body, "{\"key_hash\":\"%016llx\",\"destination\":{\"store\":\"%s\",\"key\":\"k\"}}",
             (unsigned long long)collision_hash(), site.store);
    site_expect_kind(site_post("/move", body), 409, "hash-collision");
    site_expect_kind(site_post("/copy", body), 409, "hash-collision");
    site_expect_problem(site_get("k", NULL), 404);
    site_expect(site_delete(collision_two, NULL), 200);
    site_expect(site_post("/move", body), 201);
    site_expect_text("k", "first");
}
END_TEST

START_TEST(keys_with_one_hash_are_moved_onto_each_other)
{
    site_expect(site_put(collision_one, "first", NULL), 201);
    site_expect(site_move(collision_one, site_destination(collision_two), NULL), 201);
    site_expect_problem(site_get(collision_one, NULL), 404);
    site_expect_text(collision_two, "first");
    site_expect(site_put(collision_one, "new", NULL), 201);
    site_expect(site_move(collision_one, site_destination(collision_two), NULL), 200);
    site_expect_text(collision_two, "new");
    ck_assert_int_eq(site_figure("objects"), 1);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        receipts_name_the_published_hashes,
        the_hash_of_no_bytes_is_a_hash_like_any_other,
        written_by_name_found_by_hash,
        written_by_hash_found_by_name,
        a_write_by_hash_replaces_the_named_object,
        a_write_by_name_replaces_the_hashed_object,
        deleted_by_hash_gone_by_name,
        deleted_by_name_gone_by_hash,
        a_missing_hash_is_404_and_deletes_well,
        large_objects_by_hash,
        attributes_and_conditions_by_hash,
        hash_digits_in_capitals_are_the_same_hash,
        bad_hashes_are_refused,
        verbs_that_hashes_do_not_have_are_405,
        the_colliding_keys_collide,
        keys_with_one_hash_live_side_by_side,
        so_do_their_large_objects,
        by_a_hash_that_two_keys_have_nothing_is_done,
        batches_name_the_hash_that_two_keys_have,
        by_a_hash_that_two_keys_have_nothing_is_moved,
        keys_with_one_hash_are_moved_onto_each_other,
    };
    return site_run("hashes", tests, sizeof tests / sizeof *tests, SITE_SHARED);
}
