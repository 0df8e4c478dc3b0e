/* What stands in a target beside the key: queries, the name of the store, dot segments and fragments. Whoever does
 * something that they did not mean is asked first: a parameter that nobody knows, a store that a proxy does not see.
 */
#include "tests/http/raw.h"
#include "tests/http/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- queries --------------------------------------------------------------------------------- */

/* One request for each endpoint, but for the reading of an object; `known` is a parameter of its own. */
static const struct {
    const char *method, *rest, *type, *body, *known;
} requests[] = {
    {"GET", "/v1/stores", "", NULL, NULL},
    {"PUT", "/v1/stores/STORE", "", NULL, NULL},
    {"GET", "/v1/stores/STORE", "", NULL, NULL},
    {"DELETE", "/v1/stores/STORE", "", NULL, "force"},
    {"POST", "/v1/stores/STORE/verify", "", NULL, "rate"},
    {"GET", "/v1/stores/STORE/objects", "", NULL, "prefix"},
    {"PUT", "/v1/stores/STORE/objects/k", "", "new", NULL},
    {"DELETE", "/v1/stores/STORE/objects/k", "", NULL, NULL},
    {"MOVE", "/v1/stores/STORE/objects/k", "", NULL, NULL},
    {"COPY", "/v1/stores/STORE/objects/k", "", NULL, NULL},
    {"PUT", "/v1/stores/STORE/hashes/0123456789abcdef", "", "new", NULL},
    {"DELETE", "/v1/stores/STORE/hashes/0123456789abcdef", "", NULL, NULL},
    {"POST", "/v1/stores/STORE/batch", "application/json", "{\"operations\":[{\"op\":\"delete\",\"key\":\"k\"}]}",
     "allow_empty"},
    {"POST", "/v1/stores/STORE/batch-get", "application/json", "{\"keys\":[\"k\"]}", NULL},
    {"POST", "/v1/stores/STORE/move", "application/json", "{\"key\":\"k\",\"destination\":{\"key\":\"moved\"}}", NULL},
    {"POST", "/v1/stores/STORE/copy", "application/json", "{\"key\":\"k\",\"destination\":{\"key\":\"moved\"}}", NULL},
    {"GET", "/", "", NULL, NULL},
    {"GET", "/healthz", "", NULL, NULL},
    {"GET", "/readyz", "", NULL, NULL},
    {"GET", "/metrics", "", NULL, NULL},
    {"GET", "/openapi.yaml", "", NULL, NULL},
};

enum { REQUESTS = sizeof requests / sizeof *requests };

/* The target of a request with the test's store in it. */
static char *target_of(size_t request, const char *query)
{
    const char *rest = requests[request].rest, *store = strstr(rest, "STORE");
    if (!store)
        return client_text(site.client, "%s%s", rest, query);
    return client_text(site.client, "%.*s%s%s%s", (int)(store - rest), rest, site.store, store + strlen("STORE"),
                       query);
}

static struct answer *ask(size_t request, const char *query)
{
    const char *body = requests[request].body;
    return client_send(site.client, requests[request].method, target_of(request, query), body, !body ? 0 : strlen(body),
                       client_text(site.client, "Content-Type: %s", requests[request].type), site_destination("moved"),
                       NULL);
}

static void expect_bad_parameter(size_t request, const char *query)
{
    struct answer *answer = ask(request, query);
    ck_assert_msg(answer->status == 400, "%s %s%s: %d", requests[request].method, requests[request].rest, query,
                  answer->status);
    site_expect_kind(answer, 400, "bad-parameter");
}

static void expect_unchanged(void)
{
    ck_assert_int_eq(site_figure("objects"), 1);
    site_expect_text("k", "old");
}

START_TEST(an_unknown_parameter_is_refused_by_every_endpoint)
{
    const char *queries[] = {"?x",     "?x=1",          "?=",         "?=1", "?&x=", "?versionId=7",
                             "?b.jpg", "?%66orce=true", "?FORCE=true"};
    site_expect(site_put("k", "old", NULL), 201);
    for (size_t i = 0; i < REQUESTS; i++)
        for (size_t k = 0; k < sizeof queries / sizeof *queries; k++)
            expect_bad_parameter(i, queries[k]);
    expect_unchanged();
}
END_TEST

START_TEST(so_is_one_that_another_endpoint_knows)
{
    site_expect(site_put("k", "old", NULL), 201);
    for (size_t i = 0; i < REQUESTS; i++)
        for (size_t k = 0; k < REQUESTS; k++) {
            const char *other = requests[k].known;
            if (!other || requests[i].known == other)
                continue;
            expect_bad_parameter(i, client_text(site.client, "?%s=true", other));
        }
    expect_unchanged();
}
END_TEST

START_TEST(a_parameter_that_is_given_twice_is_refused)
{
    site_expect(site_put("k", "old", NULL), 201);
    for (size_t i = 0; i < REQUESTS; i++)
        if (requests[i].known)
            expect_bad_parameter(i, client_text(site.client, "?%s=true&%s=true", requests[i].known, requests[i].known));
    expect_unchanged();
}
END_TEST

START_TEST(a_refusal_says_what_is_known)
{
    struct answer *answer = client_get(site.client, site_target("/objects?limit=1&prefx=a"), NULL);
    site_expect_kind(answer, 400, "bad-parameter");
    ck_assert_str_eq(answer_string(answer, "detail"),
                     "This request has no parameter \"prefx\"; it knows prefix, delimiter, limit, cursor, attributes.");
    answer = site_put("a?b.jpg", "v", NULL);
    site_expect_kind(answer, 400, "bad-parameter");
    ck_assert_str_eq(answer_string(answer, "detail"),
                     "This request has no parameter \"b.jpg\"; in a key a question mark is written %3F.");
}
END_TEST

/* It is told before a byte of the body is sent. */
START_TEST(a_refusal_comes_before_the_body)
{
    static struct raw_answer answer;
    int socket = raw_connect(site.server->port);
    raw_send(socket, "PUT %s?x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
             site_object("k"));
    ck_assert(raw_receive(socket, &answer));
    ck_assert_int_eq(answer.status, 400);
    close(socket);
    ck_assert_int_eq(site_figure("objects"), 0);
}
END_TEST

START_TEST(a_query_without_parameters_is_none)
{
    const char *queries[] = {"?", "?&", "?&&"};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        site_expect(client_get(site.client, client_text(site.client, "/healthz%s", queries[i]), NULL), 200);
        site_expect(site_put(client_text(site.client, "k%s", queries[i]), "v", NULL), i == 0 ? 201 : 200);
    }
    site_expect_text("k", "v");
}
END_TEST

START_TEST(who_reads_an_object_may_add_any_query)
{
    const char *queries[] = {"?v=3", "?", "?a=1&a=2", "?force=true", "?prefix=", "?%zz", "?cache-buster"};
    site_expect(site_put("k", "v", NULL), 201);
    char *hash = site_hash(strtoull(answer_string(site_put("k", "v", NULL), "key_hash"), NULL, 16));
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        site_expect_text(client_text(site.client, "k%s", queries[i]), "v");
        site_expect(site_head(client_text(site.client, "k%s", queries[i]), NULL), 200);
        site_expect(client_get(site.client, client_text(site.client, "%s%s", hash, queries[i]), NULL), 200);
    }
}
END_TEST

/* ---- OPTIONS --------------------------------------------------------------------------------- */

static void expect_allow(const char *target, const char *methods)
{
    static struct raw_answer answer;
    char allow[100];
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket, "OPTIONS %s HTTP/1.1\r\nHost: a\r\n\r\n", target));
    ck_assert(raw_receive(socket, &answer));
    ck_assert_msg(answer.status == 204, "%s: %d", target, answer.status);
    ck_assert(raw_header(&answer, "Allow", allow, sizeof allow));
    ck_assert_msg(strcmp(allow, methods) == 0, "%s: %s", target, allow);
    close(socket);
}

/* A page's request with a query is preceded by one with the same query. */
START_TEST(options_of_any_path_tell_its_methods)
{
    expect_allow(site_object("k"), "GET, HEAD, PUT, DELETE, MOVE, COPY, OPTIONS");
    expect_allow(site_object("k?v=3"), "GET, HEAD, PUT, DELETE, MOVE, COPY, OPTIONS");
    expect_allow(site_target("/objects?prefix=a"), "GET, HEAD, OPTIONS");
    expect_allow(site_target("/batch"), "POST, OPTIONS");
    expect_allow("/v1/stores/nowhere", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS");
    expect_allow("http://a/healthz", "GET, HEAD, OPTIONS");
    expect_allow("/", "GET, HEAD, OPTIONS");
    expect_allow("/nowhere", "OPTIONS");
    expect_allow("*", "GET, HEAD, PUT, PATCH, POST, DELETE, MOVE, COPY, OPTIONS");
}
END_TEST

START_TEST(options_of_anything_else_are_not)
{
    site_expect_kind(client_send(site.client, "OPTIONS", "k", NULL, 0, NULL), 400, "bad-uri");
    site_expect_kind(client_send(site.client, "GET", "*", NULL, 0, NULL), 400, "bad-uri");
}
END_TEST

/* ---- the name of the store ------------------------------------------------------------------- */

START_TEST(a_store_name_has_no_escapes)
{
    char *escaped = client_text(site.client, "%%%02x%s", site.store[0], site.store + 1);
    site_expect(site_put("k", "old", NULL), 201);
    const struct {
        const char *method, *rest;
    } asked[] = {{"GET", "/objects/k"},     {"PUT", "/objects/k"}, {"DELETE", "/objects/k"}, {"GET", "/objects"},
                 {"DELETE", "?force=true"}, {"PUT", ""},           {"POST", "/verify"}};
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
        site_expect_kind(client_send(site.client, asked[i].method,
                                     client_text(site.client, "/v1/stores/%s%s", escaped, asked[i].rest), "new", 3,
                                     NULL),
                         400, "bad-store-name");
    site_expect_kind(client_send(site.client, "PUT", "/v1/stores/a%zz", NULL, 0, NULL), 400, "bad-store-name");
    site_expect_kind(site_move("k", client_text(site.client, "Destination: /v1/stores/%s/objects/b", escaped), NULL),
                     400, "bad-header");
    expect_unchanged();
}
END_TEST

/* ---- dot segments ---------------------------------------------------------------------------- */

START_TEST(dot_segments_before_the_key_are_refused)
{
    const char *paths[] = {"/x/../v1/stores/STORE/objects/k",
                           "/v1/./stores/STORE/objects/k",
                           "/v1/stores/x/../STORE/objects/k",
                           "/v1/stores/x/%2e%2E/STORE/objects/k",
                           "/v1/stores/STORE/./objects/k",
                           "/v1/stores/STORE/x/.%2e/objects/k",
                           "/../healthz",
                           "/v1/stores/..",
                           "/v1/stores/../objects/k",
                           "/v1/stores/STORE/..",
                           "/."};
    site_expect(site_put("k", "old", NULL), 201);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const char *store = strstr(paths[i], "STORE");
        char *path = !store ? client_text(site.client, "%s", paths[i])
                            : client_text(site.client, "%.*s%s%s", (int)(store - paths[i]), paths[i], site.store,
                                          store + strlen("STORE"));
        const char *methods[] = {"GET", "PUT", "DELETE"};
        for (size_t k = 0; k < 3; k++) {
            struct answer *answer = client_send(site.client, methods[k], path, "new", 3, NULL);
            ck_assert_msg(answer->status == 400, "%s %s: %d", methods[k], path, answer->status);
        }
    }
    expect_unchanged();
}
END_TEST

/* ---- fragments ------------------------------------------------------------------------------- */

START_TEST(a_target_has_no_fragment)
{
    site_expect(site_put("k", "old", NULL), 201);
    site_expect_kind(site_put("k#x", "new", NULL), 400, "bad-uri");
    site_expect_kind(site_get("k#", NULL), 400, "bad-uri");
    site_expect_kind(
        client_send(site.client, "DELETE", client_text(site.client, "http://a%s#x", site_object("k")), NULL, 0, NULL),
        400, "bad-uri");
    expect_unchanged();
}
END_TEST

/* What stands behind the question mark is a query, also without a path before it. */
START_TEST(a_uri_without_a_path_names_no_object)
{
    site_expect(site_put("k", "old", NULL), 201);
    site_expect_kind(client_get(site.client, client_text(site.client, "http://a?%s", site_object("k")), NULL), 400,
                     "bad-uri");
    site_expect_kind(
        client_send(site.client, "DELETE", client_text(site.client, "http://%s", site_object("k")), NULL, 0, NULL), 400,
        "bad-uri");
    expect_unchanged();
}
END_TEST

START_TEST(a_destination_has_neither_query_nor_fragment)
{
    const char *ends[] = {"?", "?x=1", "#", "#x", "?x#y"};
    site_expect(site_put("k", "old", NULL), 201);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char *line = client_text(site.client, "%s%s", site_destination("moved"), ends[i]);
        site_expect_kind(site_move("k", line, NULL), 400, "bad-header");
        site_expect_kind(site_copy("k", line, NULL), 400, "bad-header");
    }
    expect_unchanged();
    site_expect(site_copy("k", site_destination("moved%3F%23"), NULL), 201);
    site_expect_text("moved%3F%23", "old");
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        an_unknown_parameter_is_refused_by_every_endpoint,
        so_is_one_that_another_endpoint_knows,
        a_parameter_that_is_given_twice_is_refused,
        a_refusal_says_what_is_known,
        a_refusal_comes_before_the_body,
        a_query_without_parameters_is_none,
        who_reads_an_object_may_add_any_query,
        options_of_any_path_tell_its_methods,
        options_of_anything_else_are_not,
        a_store_name_has_no_escapes,
        dot_segments_before_the_key_are_refused,
        a_target_has_no_fragment,
        a_uri_without_a_path_names_no_object,
        a_destination_has_neither_query_nor_fragment,
    };
    return site_run("targets", tests, sizeof tests / sizeof *tests, SITE_SHARED);
}
