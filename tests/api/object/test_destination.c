/* destination.c: the path or URI of an object, and what is none. */
#include "api/object/destination.h"
#include "tests/lib/unit.h"

#include <string.h>

static void expect(const char *value, const char *store, const char *key, size_t length)
{
    struct destination destination = {0};
    ck_assert_msg(destination_read(&destination, value, "") == DESTINATION_OK, "%s", value);
    ck_assert_str_eq(destination.store, store);
    ck_assert_uint_eq(destination.key.length, length);
    ck_assert_mem_eq(destination.key.bytes, key, length);
    ck_assert_uint_eq(destination.key.hash, store_key_of(key, length).hash);
    destination_free(&destination);
}

static void expect_error(const char *value, enum destination_error error)
{
    struct destination destination = {0};
    ck_assert_msg(destination_read(&destination, value, "") == error, "%s", value);
    ck_assert_uint_gt(strlen(destination_error_text(error)), 0);
    destination_free(&destination);
}

START_TEST(a_path_names_store_and_key)
{
    expect("/v1/stores/photos/objects/cat", "photos", "cat", 3);
    expect("/v1/stores/photos/objects/a/b//c", "photos", "a/b//c", 6);
    expect("/v1/stores/photos/objects/a%2Fb%00", "photos", "a/b\0", 4);
    expect("/v1/stores/photos/objects/%2e%2E", "photos", "..", 2);
    expect("/v1/stores/photos/objects//", "photos", "/", 1);
}
END_TEST

START_TEST(of_a_uri_only_the_path_counts)
{
    expect("http://elsewhere:81/v1/stores/s/objects/k", "s", "k", 1);
    expect("https://[::1]/v1/stores/s/objects/k", "s", "k", 1);
}
END_TEST

START_TEST(a_hash_may_stand_for_a_key)
{
    struct destination destination = {0};
    ck_assert_int_eq(destination_read(&destination, "/v1/stores/s/hashes/4da10dD61a0116b0", ""), DESTINATION_OK);
    ck_assert_ptr_null(destination.key.bytes);
    ck_assert_uint_eq(destination.key.hash, 0x4da10dd61a0116b0);
    destination_free(&destination);
}
END_TEST

START_TEST(what_is_no_path)
{
    const char *values[] = {"",
                            "k",
                            "v1/stores/s/objects/k",
                            "ftp://h/v1/stores/s/objects/k",
                            "http:///v1/stores/s/objects/k",
                            "http://h?/v1/stores/s/objects/k",
                            "/v1/stores/s/objects/a b",
                            "/v1/stores/s/objects/k?x=y",
                            "/v1/stores/s/objects/k?",
                            "/v1/stores/s/objects/k#x",
                            "/v1/stores/s/objects/k#",
                            "http://h/v1/stores/s/objects/k#x",
                            "/v1/stores/s/objects/%"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        expect_error(values[i], DESTINATION_BAD_URI);
}
END_TEST

START_TEST(a_store_name_has_no_escapes)
{
    expect_error("/v1/stores/p%68otos/objects/k", DESTINATION_BAD_STORE);
    expect_error("/v1/stores/s%zz/objects/k", DESTINATION_BAD_STORE);
    expect_error("/v1/stores/s%00/objects/k", DESTINATION_BAD_STORE);
    expect_error("/v1/stores/%73/hashes/4da10dd61a0116b0", DESTINATION_BAD_STORE);
}
END_TEST

START_TEST(what_is_no_object)
{
    const char *values[] = {"http://h",
                            "/",
                            "/k",
                            "/v1/stores/s",
                            "/v1/stores/s/objects",
                            "/v1/stores/s/move",
                            "/v1/stores/a/b/objects/k",
                            "/v2/stores/s/objects/k",
                            "/v1/stores/s/hashes/x/y"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        expect_error(values[i], DESTINATION_ELSEWHERE);
}
END_TEST

START_TEST(keys_have_their_limits)
{
    char value[64 + STORE_KEY_MAX + 1];
    size_t used = (size_t)(stpcpy(value, "/v1/stores/s/objects/") - value);
    memset(value + used, 'x', STORE_KEY_MAX + 1);
    value[used + STORE_KEY_MAX] = '\0';
    expect(value, "s", value + used, STORE_KEY_MAX);
    value[used + STORE_KEY_MAX] = 'x';
    value[used + STORE_KEY_MAX + 1] = '\0';
    expect_error(value, DESTINATION_BAD_KEY);
    expect_error("/v1/stores/s/objects/", DESTINATION_BAD_KEY);
    expect_error("/v1/stores/s/hashes/123", DESTINATION_BAD_KEY);
    expect_error("/v1/stores/s/hashes/x123456789abcdef", DESTINATION_BAD_KEY);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {a_path_names_store_and_key,  of_a_uri_only_the_path_counts,
                            a_hash_may_stand_for_a_key,  what_is_no_path,
                            a_store_name_has_no_escapes, what_is_no_object,
                            keys_have_their_limits};
    return UNIT_RUN("destination", tests);
}
