/* routes.c: which path is what, and the methods it has. */
#include "api/request/endpoint.h"
#include "api/routes.h"
#include "tests/lib/unit.h"

#include <string.h>

static struct slice path_of(const char *path)
{
    return (struct slice){path, strlen(path)};
}

static const struct endpoint *find(const char *method, const char *path, struct captures *captures)
{
    const struct route *route = route_find(routes, method_of(method), path_of(path), captures);
    return !route ? NULL : route->endpoint;
}

static bool is(struct slice slice, const char *text)
{
    return slice.start && slice.length == strlen(text) && memcmp(slice.start, text, slice.length) == 0;
}

START_TEST(an_object_is_everything_after_its_prefix)
{
    struct captures captures;
    const char *keys[] = {"k", "a/b", "/", "//", ".", "..", "../x", "a%2Fb", "objects/x", ""};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char path[64] = "/v1/stores/s/objects/";
        strcat(path, keys[i]);
        ck_assert_ptr_eq(find("PUT", path, &captures), &endpoint_object_put);
        ck_assert(is(captures.store, "s"));
        ck_assert(is(captures.key, keys[i]));
        ck_assert_ptr_null(captures.hash.start);
    }
}
END_TEST

START_TEST(get_serves_head_too)
{
    struct captures captures;
    ck_assert_ptr_eq(find("GET", "/v1/stores/s/objects/k", &captures), &endpoint_object_get);
    ck_assert_ptr_eq(find("HEAD", "/v1/stores/s/hashes/0", &captures), &endpoint_object_get);
    ck_assert(is(captures.hash, "0"));
    ck_assert_ptr_eq(find("HEAD", "/healthz", &captures), &endpoint_healthz);
}
END_TEST

START_TEST(each_method_has_its_endpoint)
{
    struct captures captures;
    ck_assert_ptr_eq(find("MOVE", "/v1/stores/s/objects/k", &captures), &endpoint_object_move);
    ck_assert_ptr_eq(find("COPY", "/v1/stores/s/objects/k", &captures), &endpoint_object_copy);
    ck_assert_ptr_eq(find("POST", "/v1/stores/s/move", &captures), &endpoint_move_post);
    ck_assert_ptr_eq(find("POST", "/v1/stores/s/copy", &captures), &endpoint_copy_post);
    ck_assert_ptr_eq(find("DELETE", "/v1/stores/s", &captures), &endpoint_store_delete);
    ck_assert_ptr_null(find("MOVE", "/v1/stores/s/hashes/0", &captures));
    ck_assert_ptr_null(find("PUT", "/v1/stores", &captures));
}
END_TEST

START_TEST(methods_are_known_in_capitals)
{
    ck_assert_int_eq(method_of("GET"), METHOD_GET);
    ck_assert_int_eq(method_of("get"), METHODS);
    ck_assert_int_eq(method_of("GETX"), METHODS);
    ck_assert_int_eq(method_of(""), METHODS);
    ck_assert_str_eq(method_name(METHOD_COPY), "COPY");
    ck_assert_str_eq(method_name(METHODS), "other");
}
END_TEST

START_TEST(allow_lists_what_a_path_has)
{
    char allow[ROUTE_ALLOW_SIZE];
    ck_assert(route_allow(routes, path_of("/v1/stores/s/objects/k"), allow));
    ck_assert_str_eq(allow, "GET, HEAD, PUT, DELETE, MOVE, COPY, OPTIONS");
    ck_assert(route_allow(routes, path_of("/v1/stores/s/hashes/0"), allow));
    ck_assert_str_eq(allow, "GET, HEAD, PUT, DELETE, OPTIONS");
    ck_assert(route_allow(routes, path_of("/v1/stores/s/move"), allow));
    ck_assert_str_eq(allow, "POST, OPTIONS");
}
END_TEST

START_TEST(every_path_has_options)
{
    struct captures captures;
    char allow[ROUTE_ALLOW_SIZE];
    const char *paths[] = {"/v1/stores/s/objects/k", "/healthz", "/nowhere", "*"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        ck_assert_ptr_eq(find("OPTIONS", paths[i], &captures), &endpoint_options);
        ck_assert(!captures.store.start && !captures.key.start && !captures.hash.start);
    }
    ck_assert(!route_allow(routes, path_of("/nowhere"), allow));
    ck_assert_str_eq(allow, "OPTIONS");
    ck_assert(route_allow(routes, path_of("*"), allow));
    ck_assert_str_eq(allow, "GET, HEAD, PUT, PATCH, POST, DELETE, MOVE, COPY, OPTIONS");
}
END_TEST

START_TEST(other_paths_are_nothing)
{
    char allow[ROUTE_ALLOW_SIZE];
    const char *paths[] = {"",
                           "//",
                           "/v1",
                           "/v1/",
                           "/v1/stores/s/x",
                           "/healthz/",
                           "/healthzz",
                           "/Healthz",
                           "/v1/stores/s/hashes/a/b",
                           "/v1/storess",
                           "/v1/stores/s/",
                           "//healthz",
                           "/v1/stores/s/move/"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        ck_assert_msg(!route_allow(routes, path_of(paths[i]), allow), "%s", paths[i]);
}
END_TEST

START_TEST(an_object_by_key_or_by_hash)
{
    struct captures captures;
    ck_assert(route_object(path_of("/v1/stores/s/objects/a/b"), &captures));
    ck_assert(is(captures.key, "a/b"));
    ck_assert(route_object(path_of("/v1/stores/s/hashes/0"), &captures));
    ck_assert(is(captures.hash, "0"));
    ck_assert_ptr_null(captures.key.start);
    ck_assert(!route_object(path_of("/v1/stores/s"), &captures));
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        an_object_is_everything_after_its_prefix,
        get_serves_head_too,
        each_method_has_its_endpoint,
        methods_are_known_in_capitals,
        allow_lists_what_a_path_has,
        every_path_has_options,
        other_paths_are_nothing,
        an_object_by_key_or_by_hash,
    };
    return UNIT_RUN("route", tests);
}
