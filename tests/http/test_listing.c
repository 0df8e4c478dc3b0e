/* Listing a store: bytewise key order, prefix, delimiter, limit, cursor. */
#include "tests/http/site.h"

#include <stdio.h>
#include <string.h>

static void put_all(const char *const *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        site_expect(site_put(keys[i], "v", NULL), 201);
}

static struct answer *list(const char *query)
{
    char *target = client_text(site.client, "%s/objects%s", site_target(""), query);
    struct answer *answer = client_get(site.client, target, NULL);
    site_expect(answer, 200);
    return answer;
}

/* The keys (or the prefixes) of a page with a space after each. */
static const char *joined(struct answer *answer, const char *name)
{
    char *text = client_text(site.client, "%s", "");
    json_t *items = json_object_get(answer_json(answer), name), *item;
    ck_assert_msg(json_is_array(items), "no %s in %s", name, (char *)answer->body);
    size_t i;
    json_array_foreach (items, i, item) {
        const char *key = json_string_value(json_is_object(item) ? json_object_get(item, "key") : item);
        text = client_text(site.client, "%s%s ", text, key ? key : "(null)");
    }
    return text;
}

static void expect_page(const char *query, const char *keys, const char *prefixes)
{
    struct answer *answer = list(query);
    ck_assert_str_eq(joined(answer, "objects"), keys);
    ck_assert_str_eq(joined(answer, "prefixes"), prefixes);
}

static const char *cursor_of(struct answer *answer)
{
    json_t *cursor = json_object_get(answer_json(answer), "cursor");
    ck_assert_ptr_nonnull(cursor);
    ck_assert(json_is_string(cursor) || json_is_null(cursor));
    return json_string_value(cursor);
}

START_TEST(an_empty_store_lists_nothing)
{
    struct answer *answer = list("");
    ck_assert_str_eq(joined(answer, "objects"), "");
    ck_assert_str_eq(joined(answer, "prefixes"), "");
    ck_assert_ptr_null(cursor_of(answer));
}
END_TEST

START_TEST(keys_come_in_byte_order)
{
    const char *keys[] = {"b", "a", "%C3%BC", "B", "a%2Fb", "aa", "a%00", "_", "10", "9"};
    put_all(keys, sizeof keys / sizeof *keys);
    struct answer *answer = client_get(site.client, site_target("/objects"), NULL);
    json_t *json = json_loadb((char *)answer->body, answer->size, JSON_ALLOW_NUL, NULL);
    ck_assert_ptr_nonnull(json);
    const char *expected[] = {"10", "9", "B", "_", "a", "a\0", "a/b", "aa", "b", "\xc3\xbc"};
    json_t *objects = json_object_get(json, "objects");
    ck_assert_uint_eq(json_array_size(objects), 10);
    for (size_t i = 0; i < 10; i++) {
        json_t *key = json_object_get(json_array_get(objects, i), "key");
        ck_assert_str_eq(json_string_value(key), expected[i]);
        ck_assert_uint_eq(json_string_length(key), i == 5 ? 2 : strlen(expected[i]));
    }
    json_decref(json);
}
END_TEST

START_TEST(an_entry_tells_what_head_tells)
{
    struct answer *put = site_put("k", "hello", "Content-Type: text/plain", NULL);
    json_t *entry = json_array_get(json_object_get(answer_json(list("")), "objects"), 0);
    ck_assert_ptr_nonnull(entry);
    ck_assert_str_eq(json_string_value(json_object_get(entry, "key")), "k");
    ck_assert_str_eq(json_string_value(json_object_get(entry, "key_hash")), answer_string(put, "key_hash"));
    ck_assert_int_eq(json_integer_value(json_object_get(entry, "size")), 5);
    ck_assert_str_eq(json_string_value(json_object_get(entry, "etag")), answer_string(put, "etag"));
    ck_assert_str_eq(json_string_value(json_object_get(entry, "content_type")), "text/plain");
    ck_assert_int_eq(json_integer_value(json_object_get(entry, "offset")), answer_integer(put, "offset"));
    ck_assert_ptr_nonnull(json_object_get(entry, "modified"));
}
END_TEST

/* As batch-get tells them. */
START_TEST(attributes_are_told_where_asked)
{
    site_expect(site_put("full", "x", "Content-Type: text/plain", "Cache-Control: no-store", "Content-Language: de",
                         "Content-Encoding: gzip", "Content-Disposition: inline",
                         "Expires: Wed, 01 Dec 2094 16:00:00 GMT", "Cairn-Meta-Colour: red",
                         "Cairn-Meta-Shape: \xc3\xbc", NULL),
                201);
    site_expect(site_put("none", "x", NULL), 201);
    json_t *objects = json_object_get(answer_json(list("?attributes=true")), "objects");
    json_t *given = json_object_get(answer_json(site_post("/batch-get", "{\"keys\":[\"full\",\"none\"]}")), "objects");
    for (size_t i = 0; i < 2; i++) {
        json_t *entry = json_array_get(objects, i), *object = json_array_get(given, i);
        json_object_del(object, "data");
        json_object_del(entry, "modified");
        json_object_del(entry, "offset");
        ck_assert_msg(json_equal(entry, object), "%s, not %s", json_dumps(entry, 0), json_dumps(object, 0));
    }
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(objects, 0), "cache_control")), "no-store");
    ck_assert_uint_eq(json_object_size(json_object_get(json_array_get(objects, 0), "meta")), 2);
    const char *without[] = {"", "?attributes=false"};
    for (size_t i = 0; i < 2; i++) {
        json_t *entry = json_array_get(json_object_get(answer_json(list(without[i])), "objects"), 0);
        ck_assert(!json_object_get(entry, "meta") && !json_object_get(entry, "cache_control"));
    }
}
END_TEST

START_TEST(a_key_that_is_not_utf8_is_listed_in_base64)
{
    site_expect(site_put("%FF%FE", "v", NULL), 201);
    json_t *entry = json_array_get(json_object_get(answer_json(list("")), "objects"), 0);
    ck_assert(json_is_null(json_object_get(entry, "key")));
    ck_assert_str_eq(json_string_value(json_object_get(entry, "key_base64")), "//4=");
}
END_TEST

START_TEST(deleted_and_moved_keys_are_not_listed)
{
    const char *keys[] = {"a", "b", "c"};
    put_all(keys, 3);
    site_expect(site_delete("a", NULL), 200);
    site_expect(site_move("b", site_destination("d"), NULL), 201);
    expect_page("", "c d ", "");
}
END_TEST

START_TEST(an_overwritten_key_is_listed_once)
{
    site_expect(site_put("k", "old", NULL), 201);
    site_expect(site_put("k", "newer", NULL), 200);
    struct answer *answer = list("");
    json_t *objects = json_object_get(answer_json(answer), "objects");
    ck_assert_uint_eq(json_array_size(objects), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(objects, 0), "size")), 5);
}
END_TEST

START_TEST(a_prefix_selects)
{
    const char *keys[] = {"a", "ab", "abc", "b", "ab/c"};
    put_all(keys, 5);
    expect_page("?prefix=ab", "ab ab/c abc ", "");
    expect_page("?prefix=ab%2F", "ab/c ", "");
    expect_page("?prefix=x", "", "");
    expect_page("?prefix=", "a ab ab/c abc b ", "");
}
END_TEST

START_TEST(a_prefix_of_the_highest_byte_selects)
{
    site_expect(site_put("%FF%FF", "v", NULL), 201);
    site_expect(site_put("%FF", "v", NULL), 201);
    site_expect(site_put("a", "v", NULL), 201);
    json_t *objects = json_object_get(answer_json(list("?prefix=%FF")), "objects");
    ck_assert_uint_eq(json_array_size(objects), 2);
}
END_TEST

START_TEST(a_delimiter_folds_folders)
{
    const char *keys[] = {"a", "dir/one", "dir/two", "dir/sub/x", "e", "z/"};
    put_all(keys, 6);
    expect_page("?delimiter=/", "a e ", "dir/ z/ ");
    expect_page("?prefix=dir/&delimiter=/", "dir/one dir/two ", "dir/sub/ ");
    expect_page("?delimiter=%2F&prefix=dir/sub/", "dir/sub/x ", "");
}
END_TEST

START_TEST(a_delimiter_of_several_bytes)
{
    const char *keys[] = {"a--b", "a-b", "c--d--e"};
    put_all(keys, 3);
    expect_page("?delimiter=--", "a-b ", "a-- c-- ");
}
END_TEST

/* All pages of a query, one after the other, as one text. */
static const char *all_pages(const char *query, const char *name, size_t limit, size_t *ret_pages)
{
    const char *text = "", *cursor = NULL;
    *ret_pages = 0;
    do {
        char *escaped = cursor ? curl_easy_escape(NULL, cursor, 0) : NULL;
        struct answer *page = list(client_text(site.client, "?limit=%zu%s%s%s", limit, query, escaped ? "&cursor=" : "",
                                               escaped ? escaped : ""));
        curl_free(escaped);
        size_t entries = json_array_size(json_object_get(answer_json(page), "objects")) +
                         json_array_size(json_object_get(answer_json(page), "prefixes"));
        ck_assert_uint_le(entries, limit);
        text = client_text(site.client, "%s%s", text, joined(page, name));
        cursor = cursor_of(page);
        ck_assert_uint_lt(++*ret_pages, 1000);
    } while (cursor);
    return text;
}

START_TEST(pages_cover_everything_once)
{
    const char *expected = "";
    for (int i = 0; i < 25; i++) {
        char *key = client_text(site.client, "key-%02d", i);
        site_expect(site_put(key, "v", NULL), 201);
        expected = client_text(site.client, "%s%s ", expected, key);
    }
    const size_t limits[] = {1, 4, 24, 25, 26};
    for (size_t i = 0; i < 5; i++) {
        size_t pages;
        ck_assert_str_eq(all_pages("", "objects", limits[i], &pages), expected);
        ck_assert_uint_ge(pages, (25 + limits[i] - 1) / limits[i]);
    }
}
END_TEST

START_TEST(pages_cover_every_prefix_once)
{
    const char *keys[] = {"a/1", "a/2", "a/3", "b", "c/1", "c/2", "d", "e/1"};
    put_all(keys, 8);
    size_t pages;
    for (size_t limit = 1; limit < 6; limit++) {
        ck_assert_str_eq(all_pages("&delimiter=/", "prefixes", limit, &pages), "a/ c/ e/ ");
        ck_assert_str_eq(all_pages("&delimiter=/", "objects", limit, &pages), "b d ");
    }
}
END_TEST

START_TEST(pages_cover_keys_that_are_not_utf8)
{
    const char *keys[] = {"%FF", "%FF%00", "%FE", "a%26b", "a"};
    put_all(keys, 5);
    size_t pages;
    const char *text = all_pages("", "objects", 1, &pages);
    ck_assert_uint_eq(pages, 5);
    ck_assert_str_eq(text, "a a&b (null) (null) (null) ");
}
END_TEST

START_TEST(a_cursor_survives_the_deletion_of_its_key)
{
    const char *keys[] = {"a", "b", "c", "d"};
    put_all(keys, 4);
    struct answer *page = list("?limit=2");
    char *escaped = curl_easy_escape(NULL, cursor_of(page), 0);
    char *query = client_text(site.client, "?limit=2&cursor=%s", escaped);
    curl_free(escaped);
    site_expect(site_delete("b", NULL), 200);
    expect_page(query, "c d ", "");
}
END_TEST

START_TEST(bad_parameters_are_refused)
{
    const char *queries[] = {
        "?limit=0",    "?limit=-1",    "?limit=x",        "?limit=1x",        "?limit=99999999999999999999",
        "?prefix=%zz", "?attributes=", "?attributes=yes", "?attributes=true1"};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        char *target = client_text(site.client, "%s/objects%s", site_target(""), queries[i]);
        struct answer *answer = client_get(site.client, target, NULL);
        ck_assert_msg(answer->status == 400, "%s: %d", queries[i], answer->status);
        site_expect_problem(answer, 400);
    }
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        an_empty_store_lists_nothing,
        keys_come_in_byte_order,
        an_entry_tells_what_head_tells,
        attributes_are_told_where_asked,
        a_key_that_is_not_utf8_is_listed_in_base64,
        deleted_and_moved_keys_are_not_listed,
        an_overwritten_key_is_listed_once,
        a_prefix_selects,
        a_prefix_of_the_highest_byte_selects,
        a_delimiter_folds_folders,
        a_delimiter_of_several_bytes,
        pages_cover_everything_once,
        pages_cover_every_prefix_once,
        pages_cover_keys_that_are_not_utf8,
        a_cursor_survives_the_deletion_of_its_key,
        bad_parameters_are_refused,
    };
    return site_run("listing", tests, sizeof tests / sizeof *tests, SITE_SHARED);
}
