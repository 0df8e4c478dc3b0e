/* Stores: made, listed, described and removed over HTTP. */
#include "tests/http/site.h"

#include <stdio.h>
#include <sys/stat.h>

static struct answer *request_store(const char *method, const char *name)
{
    char *target = client_text(site.client, "/v1/stores/%s", name);
    bool put = strcmp(method, "PUT") == 0;
    return client_send(site.client, method, target, put ? "" : NULL, 0, NULL);
}

static bool listed(const char *name)
{
    struct answer *answer = client_get(site.client, "/v1/stores", NULL);
    site_expect(answer, 200);
    json_t *stores = json_object_get(answer_json(answer), "stores"), *store;
    ck_assert(json_is_array(stores));
    size_t i, found = 0;
    json_array_foreach (stores, i, store) {
        const char *listed_name = json_string_value(json_object_get(store, "name"));
        ck_assert_ptr_nonnull(listed_name);
        found += strcmp(listed_name, name) == 0;
    }
    ck_assert_uint_le(found, 1);
    return found == 1;
}

START_TEST(create_answers_201_then_200)
{
    char *name = client_text(site.client, "%s-new", site.store);
    struct answer *answer = request_store("PUT", name);
    site_expect(answer, 201);
    ck_assert_str_eq(answer_string(answer, "name"), name);
    site_expect(request_store("PUT", name), 200);
}
END_TEST

START_TEST(create_again_keeps_the_objects)
{
    site_expect(site_put("k", "v", NULL), 201);
    site_expect(request_store("PUT", site.store), 200);
    site_expect_text("k", "v");
}
END_TEST

START_TEST(good_names_are_taken)
{
    char longest[64];
    memset(longest, 'x', 63);
    longest[63] = '\0';
    const char *names[] = {"a", "0", "0a", "a.b", "a..b", "a-", "a_b-c.d", longest};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct answer *answer = request_store("PUT", names[i]);
        ck_assert_msg(answer->status == 201, "%s: %d", names[i], answer->status);
        ck_assert(listed(names[i]));
    }
}
END_TEST

START_TEST(bad_names_are_refused)
{
    char too_long[65];
    memset(too_long, 'x', 64);
    too_long[64] = '\0';
    const char *names[] = {"-a", ".a", "_a", "..",    ".",   "A",   "aB",   "a%20b", "%C3%BC", "a%2Fb",
                           "a*", "a~", "a+", "a%00b", "%FF", "a:b", "a%25", "a%5Cb", too_long};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct answer *answer = request_store("PUT", names[i]);
        ck_assert_msg(answer->status == 400, "%s: %d", names[i], answer->status);
        site_expect_kind(answer, 400, "bad-store-name");
    }
}
END_TEST

START_TEST(a_new_store_is_listed)
{
    ck_assert(listed(site.store));
    ck_assert(!listed("no-such-store"));
}
END_TEST

static struct answer *list_page(const char *query)
{
    struct answer *answer = client_get(site.client, client_text(site.client, "/v1/stores?%s", query), NULL);
    site_expect(answer, 200);
    return answer;
}

/* The test's store has others beside it. */
START_TEST(stores_are_listed_page_by_page)
{
    json_t *all = json_object_get(answer_json(list_page("")), "stores"), *paged = json_array();
    char *cursor = NULL;
    ck_assert_ptr_null(json_object_get(answer_json(list_page("")), "cursor"));
    for (size_t pages = 1; pages == 1 || cursor; pages++) {
        const char *begin = cursor ? "&cursor=" : "", *from = cursor ? cursor : "";
        struct answer *page = list_page(client_text(site.client, "limit=2%s%s", begin, from));
        json_t *stores = json_object_get(answer_json(page), "stores"), *next;
        ck_assert_uint_le(json_array_size(stores), 2);
        json_array_extend(paged, stores);
        next = json_object_get(answer_json(page), "cursor");
        ck_assert(json_is_string(next) || json_is_null(next));
        ck_assert_uint_le(2 * pages, json_array_size(all) + 1);
        curl_free(cursor);
        cursor = json_string_value(next) ? curl_easy_escape(NULL, json_string_value(next), 0) : NULL;
    }
    ck_assert_uint_gt(json_array_size(all), 2);
    ck_assert(json_equal(all, paged));
    json_decref(paged);
}
END_TEST

START_TEST(bad_pages_of_stores_are_refused)
{
    const char *queries[] = {"limit=0",     "limit=1001",  "limit=x",     "limit=",          "cursor=x",
                             "cursor=LQ==", "cursor=YQBi", "cursor=QUJD", "limit=1&limit=2", "prefix=a"};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
        site_expect_kind(client_get(site.client, client_text(site.client, "/v1/stores?%s", queries[i]), NULL), 400,
                         "bad-parameter");
}
END_TEST

START_TEST(figures_of_an_empty_store)
{
    struct answer *answer = request_store("GET", site.store);
    site_expect(answer, 200);
    ck_assert_str_eq(answer_string(answer, "name"), site.store);
    const char *figures[] = {"objects",  "live_bytes",    "dead_bytes",       "disk_bytes",      "end_offset",
                             "segments", "blobs",         "writes_in_flight", "bytes_in_flight", "commits",
                             "records",  "damaged_bytes", "damaged_blobs",    "overdue_bytes",   "unfinished_uploads"};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        ck_assert_msg(answer_integer(answer, figures[i]) == 0, "%s: %s", figures[i], (char *)answer->body);
    ck_assert(!answer_boolean(answer, "failed"));
    ck_assert(json_is_null(json_object_get(answer_json(answer), "verification")));
    ck_assert(json_is_null(json_object_get(answer_json(answer), "owner")));
}
END_TEST

START_TEST(figures_count_objects_and_bytes)
{
    site_expect(site_put("a", "12345", NULL), 201);
    site_expect(site_put("b", "123", NULL), 201);
    ck_assert_int_eq(site_figure("objects"), 2);
    ck_assert_int_eq(site_figure("live_bytes"), 8);
    site_expect(site_put("a", "1", NULL), 200);
    ck_assert_int_eq(site_figure("objects"), 2);
    ck_assert_int_eq(site_figure("live_bytes"), 4);
    ck_assert_int_gt(site_figure("dead_bytes"), 0);
    site_expect(site_delete("a", NULL), 200);
    ck_assert_int_eq(site_figure("objects"), 1);
    ck_assert_int_eq(site_figure("live_bytes"), 3);
}
END_TEST

START_TEST(disk_bytes_include_large_objects)
{
    site_expect(client_upload(site.client, site_object("big"), 3 << 20, 1, NULL), 201);
    ck_assert_int_ge(site_figure("disk_bytes"), 3 << 20);
    ck_assert_int_eq(site_figure("live_bytes"), 3 << 20);
}
END_TEST

START_TEST(end_offset_grows_with_each_write)
{
    json_int_t before = site_figure("end_offset");
    site_expect(site_put("a", "1", NULL), 201);
    json_int_t after_put = site_figure("end_offset");
    ck_assert_int_gt(after_put, before);
    site_expect(site_delete("a", NULL), 200);
    ck_assert_int_gt(site_figure("end_offset"), after_put);
}
END_TEST

START_TEST(an_unknown_store_is_404_everywhere)
{
    const char *paths[] = {"", "/objects", "/objects/k", "/hashes/0123456789abcdef"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char *target = client_text(site.client, "/v1/stores/nowhere%s", paths[i]);
        site_expect_problem(client_get(site.client, target, NULL), 404);
    }
    site_expect_problem(client_send(site.client, "PUT", "/v1/stores/nowhere/objects/k", "v", 1, NULL), 404);
    site_expect_problem(client_send(site.client, "DELETE", "/v1/stores/nowhere/objects/k", NULL, 0, NULL), 404);
    site_expect(client_send(site.client, "HEAD", "/v1/stores/nowhere/objects/k", NULL, 0, NULL), 404);
    const char *posts[] = {"batch", "batch-get", "move", "copy"};
    for (size_t i = 0; i < sizeof posts / sizeof *posts; i++) {
        char *target = client_text(site.client, "/v1/stores/nowhere/%s", posts[i]);
        site_expect_problem(
            client_send(site.client, "POST", target, "{\"operations\":[]}", 17, "Content-Type: application/json", NULL),
            404);
    }
}
END_TEST

START_TEST(a_404_says_whether_store_or_object_is_missing)
{
    struct answer *no_store = client_get(site.client, "/v1/stores/nowhere/objects/k", NULL);
    struct answer *no_object = site_get("k", NULL);
    site_expect_kind(no_store, 404, "no-store");
    site_expect_kind(no_object, 404, "no-object");
    ck_assert_str_eq(answer_string(no_store, "store"), "nowhere");
    ck_assert_str_eq(answer_string(no_object, "store"), site.store);
    ck_assert_str_eq(answer_string(no_object, "key"), "k");
}
END_TEST

START_TEST(delete_of_an_empty_store)
{
    struct answer *answer = request_store("DELETE", site.store);
    site_expect(answer, 204);
    ck_assert_uint_eq(answer->size, 0);
    site_expect_kind(request_store("GET", site.store), 404, "no-store");
    ck_assert(!listed(site.store));
    struct stat info;
    ck_assert_int_ne(stat(server_path(site.server, "stores/%s", site.store), &info), 0);
}
END_TEST

START_TEST(delete_of_a_missing_store_is_404)
{
    site_expect_kind(request_store("DELETE", "nowhere"), 404, "no-store");
}
END_TEST

START_TEST(delete_refuses_a_store_with_objects)
{
    site_expect(site_put("k", "v", NULL), 201);
    site_expect_kind(request_store("DELETE", site.store), 409, "store-not-empty");
    site_expect_text("k", "v");
    site_expect(site_delete("k", NULL), 200);
    site_expect(request_store("DELETE", site.store), 204);
}
END_TEST

START_TEST(delete_with_force_takes_the_objects_along)
{
    site_expect(client_upload(site.client, site_object("big"), 1 << 20, 1, NULL), 201);
    site_expect_kind(client_send(site.client, "DELETE", site_target("?force=false"), NULL, 0, NULL), 409,
                     "store-not-empty");
    site_expect(client_send(site.client, "DELETE", site_target("?force=true"), NULL, 0, NULL), 204);
    site_expect_kind(site_get("big", NULL), 404, "no-store");
    struct stat info;
    ck_assert_int_ne(stat(server_path(site.server, "stores/%s", site.store), &info), 0);
}
END_TEST

/* The etag of the figures, as a condition. */
static char *as_seen(void)
{
    struct answer *answer = request_store("GET", site.store);
    site_expect(answer, 200);
    return client_text(site.client, "If-Match: %s", answer_string(answer, "etag"));
}

static struct answer *delete_if(const char *condition, const char *query)
{
    return client_send(site.client, "DELETE", site_target(query), NULL, 0, condition, NULL);
}

START_TEST(delete_takes_what_was_seen_and_nothing_else)
{
    site_expect(site_put("k", "one", NULL), 201);
    char *before = as_seen();
    site_expect_text("k", "one");
    site_expect(site_post("/compact", ""), 200);
    ck_assert_str_eq(as_seen(), before); /* by looking, and by making room, nothing has changed */
    site_expect(site_delete("k", NULL), 200);
    site_expect(site_put("l", "two", NULL), 201); /* as many, and as large */
    site_expect_kind(delete_if(before, "?force=true"), 412, "precondition-failed");
    site_expect_kind(delete_if("If-Match: \"x\"", "?force=true"), 412, "precondition-failed");
    site_expect_kind(delete_if("If-Match: x", "?force=true"), 400, "bad-header");
    site_expect_kind(delete_if(as_seen(), ""), 409, "store-not-empty");
    site_expect_text("l", "two");
    site_expect(site_put("m", "it takes writes still", NULL), 201);
    site_expect(delete_if(as_seen(), "?force=true"), 204);
    site_expect_kind(delete_if("If-Match: *", "?force=true"), 404, "no-store");
}
END_TEST

START_TEST(delete_tells_a_store_from_another_one_of_its_name)
{
    char *before = as_seen();
    site_expect(request_store("DELETE", site.store), 204);
    site_expect(request_store("PUT", site.store), 201);
    site_expect_kind(delete_if(before, ""), 412, "precondition-failed");
    site_expect(delete_if("If-Match: *", ""), 204);
}
END_TEST

START_TEST(a_bad_force_is_refused)
{
    site_expect_kind(client_send(site.client, "DELETE", site_target("?force=maybe"), NULL, 0, NULL), 400,
                     "bad-parameter");
    site_expect(request_store("GET", site.store), 200);
}
END_TEST

START_TEST(a_store_made_again_is_empty)
{
    site_expect(site_put("k", "old", NULL), 201);
    site_expect(client_send(site.client, "DELETE", site_target("?force=true"), NULL, 0, NULL), 204);
    site_expect(request_store("PUT", site.store), 201);
    site_expect_problem(site_get("k", NULL), 404);
    ck_assert_int_eq(site_figure("objects"), 0);
    site_expect(site_put("k", "new", NULL), 201);
    site_expect_text("k", "new");
}
END_TEST

/* Of several servers on one pool tests/rados knows. */
START_TEST(a_server_of_its_own_has_all_its_stores)
{
    struct answer *answer = client_send(site.client, "POST", site_target("/handover"), NULL, 0, NULL);
    site_expect(answer, 200);
    ck_assert_str_eq(answer_string(answer, "name"), site.store);
    ck_assert(json_is_null(json_object_get(answer_json(answer), "owner")));
    site_expect_kind(site_post("/handover", "{}"), 400, "bad-body");
    answer = client_get(site.client, site_target("/owner"), NULL);
    site_expect(answer, 200);
    ck_assert_str_eq(answer_string(answer, "name"), site.store);
    ck_assert(json_is_true(json_object_get(answer_json(answer), "here")));
    ck_assert(json_is_null(json_object_get(answer_json(answer), "owner")));
    ck_assert(json_is_null(json_object_get(answer_json(answer), "url")));
    site_expect_kind(client_get(site.client, "/v1/stores/absent/owner", NULL), 404, "no-store");
    site_expect_kind(client_send(site.client, "POST", "/v1/stores/absent/handover", NULL, 0, NULL), 404, "no-store");
}
END_TEST

START_TEST(stores_do_not_see_each_other)
{
    char *other = client_text(site.client, "%s-other", site.store);
    site_expect(request_store("PUT", other), 201);
    site_expect(site_put("k", "mine", NULL), 201);
    char *target = client_text(site.client, "/v1/stores/%s/objects/k", other);
    site_expect_problem(client_get(site.client, target, NULL), 404);
    site_expect(client_send(site.client, "PUT", target, "theirs", 6, NULL), 201);
    site_expect_text("k", "mine");
}
END_TEST

START_TEST(a_log_lies_where_scripts_expect_it)
{
    site_expect(site_put("k", "v", NULL), 201);
    char folder[128];
    snprintf(folder, sizeof folder, "stores/%s/log", site.store);
    ck_assert_uint_ge(server_files(site.server, folder), 1);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        create_answers_201_then_200,
        create_again_keeps_the_objects,
        good_names_are_taken,
        bad_names_are_refused,
        a_new_store_is_listed,
        stores_are_listed_page_by_page,
        bad_pages_of_stores_are_refused,
        figures_of_an_empty_store,
        figures_count_objects_and_bytes,
        disk_bytes_include_large_objects,
        end_offset_grows_with_each_write,
        an_unknown_store_is_404_everywhere,
        a_404_says_whether_store_or_object_is_missing,
        delete_of_an_empty_store,
        delete_of_a_missing_store_is_404,
        delete_refuses_a_store_with_objects,
        delete_with_force_takes_the_objects_along,
        delete_takes_what_was_seen_and_nothing_else,
        delete_tells_a_store_from_another_one_of_its_name,
        a_bad_force_is_refused,
        a_store_made_again_is_empty,
        a_server_of_its_own_has_all_its_stores,
        stores_do_not_see_each_other,
        a_log_lies_where_scripts_expect_it,
    };
    return site_run("stores", tests, sizeof tests / sizeof *tests, SITE_SHARED);
}
