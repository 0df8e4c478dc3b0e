/* Signed links: what they let in, and all that they do not. Links are signed by the server (POST …/links); that
 * others sign the same is seen by tests/http/minting, which runs the examples of docs/links.md.
 */
#include "tests/http/access.h"
#include "tests/http/clock.h"
#include "tests/http/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define JSON "Content-Type: application/json"
#define KEYS                                                                                                           \
    ",\"link_keys\":[{\"name\":\"web\",\"secret\":\"0123456789abcdef\"},{\"name\":\"b\",\"secret\":"                   \
    "\"fedcba9876543210\"}]"

static struct answer *with_token(const char *method, const char *target, const char *body, const char *header)
{
    return client_send(site.client, method, target, body, body ? strlen(body) : 0, access_bearer("all"), header, NULL);
}

static struct answer *without(const char *method, const char *target, const char *body, const char *header)
{
    return client_send(site.client, method, target, body, body ? strlen(body) : 0, header, NULL);
}

static struct answer *ask_link(const char *token, const char *json)
{
    return client_send(site.client, "POST", "/v1/stores/s/links", json, strlen(json), JSON, access_bearer(token), NULL);
}

/* A link from an order in JSON, whose quotes are written as '. */
static const char *link_of(const char *order)
{
    char *json = client_text(site.client, "%s", order);
    for (char *quote = json; (quote = strchr(quote, '\'')); quote++)
        *quote = '"';
    struct answer *answer = ask_link("all", json);
    site_expect(answer, 200);
    ck_assert_str_eq(answer_header(answer, "Cache-Control"), "no-store");
    return client_text(site.client, "%s", answer_string(answer, "target"));
}

/* A token that may do all, one for reading below `in/`, and one that ends soon; the store `s` with `a` and `ab`. */
static void start(const char *more)
{
    time_t end = time(NULL) + 600;
    char text[sizeof "2027-01-01T00:00:00Z"];
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime(&end));
    access_start(access_join(access_token("all", access_grant("\"*\"", "", ACCESS_ALL), NULL),
                             access_token("narrow", access_grant("\"s\"", "in/", "\"read\""), NULL),
                             access_token("brief", access_grant("\"s\"", "", "\"read\""), text), NULL),
                 more);
    site_expect(with_token("PUT", "/v1/stores/s", NULL, NULL), 201);
    site_expect(with_token("PUT", "/v1/stores/s/objects/a", "text of a", NULL), 201);
    site_expect(with_token("PUT", "/v1/stores/s/objects/ab", "text of ab", NULL), 201);
}

START_TEST(a_link_to_get)
{
    start(KEYS);
    const char *link = link_of("{'method':'GET','key':'a'}");
    struct answer *answer = without("GET", link, NULL, NULL);
    site_expect(answer, 200);
    ck_assert_mem_eq(answer->body, "text of a", 9);
    site_expect(without("HEAD", link, NULL, NULL), 200);
    site_expect(without("GET", link, NULL, "Range: bytes=0-1"), 206);
    site_expect(without("GET", client_text(site.client, "%s&v=3", link), NULL, NULL), 200);
    site_expect(without("GET", "/v1/stores/s/objects/a", NULL, NULL), 401);
}
END_TEST

START_TEST(a_link_is_for_one_method_and_one_object)
{
    start(KEYS);
    const char *get = link_of("{'method':'GET','key':'a'}"), *query = strchr(get, '?');
    const char *put = link_of("{'method':'PUT','key':'a'}");
    static const char *const others[] = {"DELETE", "MOVE", "COPY", "PUT"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        site_expect(
            without(others[i], get, strcmp(others[i], "PUT") == 0 ? "x" : NULL, "Destination: /v1/stores/s/objects/b"),
            401);
    site_expect(without("GET", put, NULL, NULL), 401);
    site_expect(without("DELETE", put, NULL, NULL), 401);
    static const char *const targets[] = {"/v1/stores/s/objects/ab", "/v1/stores/s/objects/A", "/v1/stores/t/objects/a",
                                          "/v1/stores/s/hashes/e6c632b61e964e1f", "/v1/stores/s/objects/%61%62"};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        site_expect(without("GET", client_text(site.client, "%s%s", targets[i], query), NULL, NULL), 401);
    site_expect(without("GET", client_text(site.client, "/v1/stores/s/objects/%%61%s", query), NULL, NULL), 200);
    site_expect(without("GET", client_text(site.client, "/v1/stores/s%s", query), NULL, NULL), 401);
    site_expect(without("GET", client_text(site.client, "/v1/stores%s", query), NULL, NULL), 401);
    site_expect(with_token("GET", "/v1/stores/s/objects/a", NULL, NULL), 200); /* nothing was moved or deleted */
    site_expect(with_token("GET", "/v1/stores/s/objects/b", NULL, NULL), 404);
}
END_TEST

START_TEST(a_link_that_is_no_good_is_401)
{
    start(",\"anonymous\":[{\"stores\":[\"s\"],\"rights\":[\"read\"]}]" KEYS);
    const char *link = link_of("{'method':'GET','key':'a'}");
    site_expect(without("GET", "/v1/stores/s/objects/a", NULL, NULL), 200);
    site_expect(without("GET", client_text(site.client, "%s&cairn-key=web", link), NULL, NULL), 401);
    site_expect(without("GET", client_text(site.client, "%s&cairn-size=1", link), NULL, NULL), 401);
    site_expect(without("GET", client_text(site.client, "%sx", link), NULL, NULL), 401);
    site_expect(without("GET", client_text(site.client, "%.*s", (int)strlen(link) - 1, link), NULL, NULL), 401);
    site_expect(without("GET", "/v1/stores/s/objects/a?cairn-key=web", NULL, NULL), 401);
    site_expect(
        without("GET", "/v1/stores/s/objects/a?cairn-key=none&cairn-expires=9999999999&cairn-signature=x", NULL, NULL),
        401);
    struct answer *answer = client_send(site.client, "GET", link, NULL, 0, access_bearer("wrong"), NULL);
    site_expect(answer, 401);
    site_expect(with_token("GET", client_text(site.client, "%sx", link), NULL, NULL), 401);
    site_expect(with_token("GET", link, NULL, NULL), 200);
}
END_TEST

START_TEST(a_link_ends)
{
    start(KEYS);
    time_t end = time(NULL) + 2;
    const char *link = link_of(client_text(site.client, "{'method':'GET','key':'a','expires':%lld}", (long long)end));
    ck_assert(without("GET", link, NULL, NULL)->status == 200 || time(NULL) >= end);
    ck_assert(clock_until(CLOCK_PATIENCE, without("GET", link, NULL, NULL)->status != 200));
    struct answer *answer = without("GET", link, NULL, NULL);
    site_expect_kind(answer, 401, "unauthorized");
    ck_assert_ptr_nonnull(strstr(answer_string(answer, "detail"), "link"));
}
END_TEST

START_TEST(a_link_to_put_has_limits)
{
    start(KEYS);
    const char *link = link_of("{'method':'PUT','key':'new','size':5,'type':'text/plain; a=\\u0022b\\u0022'}");
#define TYPE "Content-Type: Text/Plain; a=\"b\""
    struct answer *answer = without("PUT", link, "12345", NULL);
    site_expect(answer, 403);
    ck_assert_ptr_nonnull(strstr((char *)answer->body, "text/plain; a="));
    site_expect(without("PUT", link, "12345", "Content-Type: text/html"), 403);
    site_expect(without("PUT", link, "123456", TYPE), 413);
    answer = client_send(site.client, "PUT", link, "123456", 6, TYPE, "Transfer-Encoding: chunked", NULL);
    site_expect(answer, 413);
    site_expect(with_token("GET", "/v1/stores/s/objects/new", NULL, NULL), 404);
    answer = client_send(site.client, "PUT", link, "12345", 5, TYPE, "Transfer-Encoding: chunked", NULL);
    site_expect(answer, 201);
    answer = client_send(site.client, "PUT", link, "1234", 4, TYPE, "If-None-Match: *", NULL);
    site_expect(answer, 412);
    site_expect(without("PUT", link, "1234", TYPE), 200);
    answer = with_token("GET", "/v1/stores/s/objects/new", NULL, NULL);
    ck_assert_mem_eq(answer->body, "1234", 4);
}
END_TEST

START_TEST(a_link_names_any_key)
{
    start(KEYS);
    static const char *const orders[] = {
        "{'method':'PUT','key':'a//b/../c?d#e%f&g+h i'}",
        "{'method':'PUT','key':'\\u00fc\\n\\u0000\\\\'}",
        "{'method':'PUT','key_base64':'/wA='}",
        "{'method':'PUT','key':'x','link_key':'b','type':null,'size':null,'expires_in':null}",
    };
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        site_expect(without("PUT", link_of(orders[i]), "x", NULL), 201);
}
END_TEST

/* Nobody gives what they have not. */
START_TEST(a_link_is_made_by_who_has_the_right)
{
    start(KEYS);
    site_expect(ask_link("narrow", "{\"method\":\"GET\",\"key\":\"in/x\"}"), 200);
    site_expect(ask_link("narrow", "{\"method\":\"GET\",\"key\":\"in\"}"), 403);
    site_expect(ask_link("narrow", "{\"method\":\"PUT\",\"key\":\"in/x\"}"), 403);
    site_expect(ask_link("brief", "{\"method\":\"GET\",\"key\":\"a\",\"expires_in\":300}"), 200);
    site_expect(ask_link("brief", "{\"method\":\"GET\",\"key\":\"a\"}"), 403);
    site_expect(ask_link("none", "{\"method\":\"GET\",\"key\":\"a\"}"), 401);
    site_expect(client_send(site.client, "POST", "/v1/stores/other/links", "{\"method\":\"GET\",\"key\":\"a\"}", 26,
                            JSON, access_bearer("narrow"), NULL),
                403);
}
END_TEST

/* An anonymous grant can be taken away: what was given by it ends soon, too. */
START_TEST(a_link_without_a_token_ends_within_the_hour)
{
    start(KEYS ",\"anonymous\":[{\"stores\":[\"s\"],\"rights\":[\"read\"]}]");
    static const char target[] = "/v1/stores/s/links";
    site_expect(without("POST", target, "{\"method\":\"GET\",\"key\":\"a\"}", JSON), 200);
    site_expect(without("POST", target, "{\"method\":\"GET\",\"key\":\"a\",\"expires_in\":3600}", JSON), 200);
    site_expect_kind(without("POST", target, "{\"method\":\"GET\",\"key\":\"a\",\"expires_in\":3700}", JSON), 403,
                     "forbidden");
    site_expect(ask_link("all", "{\"method\":\"GET\",\"key\":\"a\",\"expires_in\":3700}"), 200);
}
END_TEST

/* A token may end later than nanoseconds can tell; a link may not. */
START_TEST(a_link_ends_in_a_life)
{
    access_start(access_join(access_token("all", access_grant("\"*\"", "", ACCESS_ALL), NULL),
                             access_token("late", access_grant("\"s\"", "", "\"read\""), "2300-01-01"), NULL),
                 KEYS);
    site_expect(ask_link("late", "{\"method\":\"GET\",\"key\":\"a\",\"expires_in\":316224000}"), 200);
    site_expect(ask_link("late", "{\"method\":\"GET\",\"key\":\"a\",\"expires_in\":316224001}"), 400);
    site_expect(ask_link("late", "{\"method\":\"GET\",\"key\":\"a\",\"expires\":99999999999}"), 400);
    site_expect(ask_link("all", "{\"method\":\"GET\",\"key\":\"a\",\"expires_in\":9223372036854775807}"), 400);
}
END_TEST

START_TEST(an_order_that_does_not_fit)
{
    start(KEYS);
    static const char *const orders[] = {
        "{}",
        "[]",
        "{\"method\":\"GET\"}",
        "{\"key\":\"a\"}",
        "{\"method\":\"DELETE\",\"key\":\"a\"}",
        "{\"method\":\"GET\",\"key\":\"\"}",
        "{\"method\":\"GET\",\"key_hash\":\"0123456789abcdef\"}",
        "{\"method\":\"GET\",\"key\":\"a\",\"key_base64\":\"YQ==\"}",
        "{\"method\":\"GET\",\"key\":\"a\",\"size\":1}",
        "{\"method\":\"GET\",\"key\":\"a\",\"type\":\"a/b\"}",
        "{\"method\":\"PUT\",\"key\":\"a\",\"size\":-1}",
        "{\"method\":\"PUT\",\"key\":\"a\",\"size\":1.5}",
        "{\"method\":\"PUT\",\"key\":\"a\",\"type\":\"a\\nb\"}",
        "{\"method\":\"PUT\",\"key\":\"a\",\"type\":\"\"}",
        "{\"method\":\"PUT\",\"key\":\"a\",\"type\":\" \"}",
        "{\"method\":\"PUT\",\"key\":\"a\",\"type\":\"a/b \"}",
        "{\"method\":\"GET\",\"key\":\"a\",\"expires\":1}",
        "{\"method\":\"GET\",\"key\":\"a\",\"expires_in\":0}",
        "{\"method\":\"GET\",\"key\":\"a\",\"expires\":9999999999,\"expires_in\":1}",
        "{\"method\":\"GET\",\"key\":\"a\",\"wrong\":1}",
    };
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct answer *answer = ask_link("all", orders[i]);
        ck_assert_msg(answer->status == 400, "%s: %d", orders[i], answer->status);
    }
    site_expect(ask_link("all", "{\"method\":\"GET\",\"key\":\"a\",\"link_key\":\"none\"}"), 409);
}
END_TEST

START_TEST(without_a_key_there_are_no_links)
{
    start("");
    site_expect(ask_link("all", "{\"method\":\"GET\",\"key\":\"a\"}"), 409);
    site_expect(
        without("GET", "/v1/stores/s/objects/a?cairn-key=&cairn-expires=9999999999&cairn-signature=", NULL, NULL), 401);
}
END_TEST

START_TEST(a_key_that_is_taken_away_takes_its_links_along)
{
    start(KEYS);
    const char *link = link_of("{'method':'GET','key':'a'}");
    site_expect(without("GET", link, NULL, NULL), 200);
    access_write(access_token("all", access_grant("\"*\"", "", ACCESS_ALL), NULL), "");
    ck_assert(clock_until(CLOCK_PATIENCE, without("GET", link, NULL, NULL)->status != 200));
    site_expect(without("GET", link, NULL, NULL), 401);
}
END_TEST

START_TEST(no_signature_is_logged)
{
    char path[SERVER_PATH_MAX + sizeof "/record"], line[4096];
    snprintf(path, sizeof path, "%s/record", site.server->folder);
    server_add(site.server, "--access-log");
    server_add(site.server, path);
    start(KEYS);
    site_expect(without("GET", link_of("{'method':'GET','key':'a'}"), NULL, NULL), 200);
    server_stop(site.server);
    FILE *file = fopen(path, "r");
    bool named = false;
    while (fgets(line, sizeof line, file)) {
        ck_assert_ptr_null(strstr(line, "signature"));
        named = named || strstr(line, "\"link\":\"web\"");
    }
    fclose(file);
    ck_assert(named);
    ck_assert_uint_eq(server_logged(site.server, "signature"), 0);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        a_link_to_get,
        a_link_is_for_one_method_and_one_object,
        a_link_that_is_no_good_is_401,
        a_link_ends,
        a_link_to_put_has_limits,
        a_link_names_any_key,
        a_link_is_made_by_who_has_the_right,
        a_link_without_a_token_ends_within_the_hour,
        a_link_ends_in_a_life,
        an_order_that_does_not_fit,
        without_a_key_there_are_no_links,
        a_key_that_is_taken_away_takes_its_links_along,
        no_signature_is_logged,
    };
    return site_run("links", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
