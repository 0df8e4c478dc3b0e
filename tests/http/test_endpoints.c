/* What a server says about itself: health, readiness, its description. */
#include "tests/http/site.h"

#include <stdio.h>
#include <stdlib.h>

START_TEST(healthz_and_readyz_say_200)
{
    struct answer *health = client_get(site.client, "/healthz", NULL);
    site_expect(health, 200);
    ck_assert_str_eq(answer_string(health, "status"), "ok");
    struct answer *readiness = client_get(site.client, "/readyz", NULL);
    site_expect(readiness, 200);
    ck_assert_str_eq(answer_string(readiness, "status"), "ready");
    site_expect(client_send(site.client, "HEAD", "/healthz", NULL, 0, NULL), 200);
}
END_TEST

START_TEST(openapi_is_served)
{
    struct answer *answer = client_get(site.client, "/openapi.yaml", NULL);
    site_expect(answer, 200);
    ck_assert_int_eq(strncmp((char *)answer->body, "openapi: 3.", 11), 0);
    ck_assert_str_eq(answer_header(answer, "Content-Type"), "text/plain; charset=utf-8"); /* what browsers show */
    ck_assert_ptr_nonnull(strstr((char *)answer->body, "/v1/stores/{store}/batch"));
}
END_TEST

START_TEST(the_root_says_what_this_is)
{
    struct answer *answer = client_get(site.client, "/", NULL);
    site_expect(answer, 200);
    ck_assert_str_eq(answer_string(answer, "name"), "cairn");
    ck_assert_str_eq(answer_string(answer, "openapi"), "/openapi.yaml");
    ck_assert_str_ne(answer_string(answer, "version"), "");
    site_expect(client_get(site.client, answer_string(answer, "openapi"), NULL), 200);
    const char *both = "Accept: application/json, text/html, */*";
    ck_assert_str_eq(answer_header(client_get(site.client, "/", both, NULL), "Content-Type"), "application/json");
}
END_TEST

START_TEST(browsers_get_a_page)
{
    const char *browser = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    char *version = client_text(site.client, "<h1>cairn %s</h1>",
                                answer_string(client_get(site.client, "/", NULL), "version"));
    struct answer *answer = client_get(site.client, "/", browser, NULL);
    site_expect(answer, 200);
    ck_assert_str_eq(answer_header(answer, "Content-Type"), "text/html; charset=utf-8");
    ck_assert_str_eq(answer_header(answer, "Vary"), "Accept");
    ck_assert_ptr_nonnull(strstr((char *)answer->body, version));
    ck_assert_ptr_nonnull(strstr((char *)answer->body, "<a href=\"openapi.yaml\">"));
    site_expect(client_send(site.client, "HEAD", "/", NULL, 0, NULL), 200);
}
END_TEST

START_TEST(problems_have_types_that_are_uris)
{
    struct answer *answer = site_get("none", NULL);
    site_expect_problem(answer, 404);
    ck_assert_str_eq(answer_string(answer, "type"), "urn:problem-type:cairn:no-object");
    ck_assert_str_eq(answer_header(answer, "Content-Type"), "application/problem+json");
}
END_TEST

START_TEST(a_key_in_a_problem_is_escaped)
{
    struct answer *answer = site_get("a%22%5C%0Ab", NULL);
    site_expect_kind(answer, 404, "no-object");
    ck_assert_str_eq(answer_string(answer, "key"), "a\"\\\nb");
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        healthz_and_readyz_say_200,        openapi_is_served,
        the_root_says_what_this_is,        browsers_get_a_page,
        problems_have_types_that_are_uris, a_key_in_a_problem_is_escaped,
    };
    return site_run("endpoints", tests, sizeof tests / sizeof *tests, SITE_SHARED);
}
