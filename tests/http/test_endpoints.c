/* What a server says about itself: health, readiness, metrics, its description. */
#include "site.h"

#include <stdio.h>
#include <stdlib.h>

START_TEST(healthz_and_readyz_say_200)
{
    site_expect(client_get(site.client, "/healthz", NULL), 200);
    site_expect(client_get(site.client, "/readyz", NULL), 200);
    site_expect(client_send(site.client, "HEAD", "/healthz", NULL, 0, NULL), 200);
}
END_TEST

START_TEST(openapi_is_served)
{
    struct answer *answer = client_get(site.client, "/openapi.yaml", NULL);
    site_expect(answer, 200);
    ck_assert_int_eq(strncmp((char *)answer->body, "openapi: 3.", 11), 0);
    ck_assert_ptr_nonnull(strstr(answer_header(answer, "Content-Type"), "yaml"));
    ck_assert_ptr_nonnull(strstr((char *)answer->body, "/v1/stores/{store}/batch"));
}
END_TEST

START_TEST(metrics_are_in_the_text_format)
{
    site_expect(site_put("k", "v", NULL), 201);
    struct answer *answer = client_get(site.client, "/metrics", NULL);
    site_expect(answer, 200);
    ck_assert_int_eq(strncmp(answer_header(answer, "Content-Type"), "text/plain", 10), 0);
    size_t samples = 0;
    for (char *line = strtok((char *)answer->body, "\n"); line; line = strtok(NULL, "\n")) {
        if (line[0] == '#') {
            continue;
        }
        const char *value = strrchr(line, ' ');
        ck_assert_msg(value != NULL, "no value: %s", line);
        char *end;
        strtod(value + 1, &end);
        ck_assert_msg(end > value + 1 && *end == '\0', "no number: %s", line);
        ck_assert_msg(strncmp(line, "cairn_", 6) == 0 || strncmp(line, "process_", 8) == 0, "a foreign name: %s", line);
        samples++;
    }
    ck_assert_uint_gt(samples, 5);
}
END_TEST

START_TEST(a_query_on_healthz_does_no_harm)
{
    site_expect(client_get(site.client, "/healthz?x=1", NULL), 200);
}
END_TEST

START_TEST(problems_have_types_that_are_uris)
{
    struct answer *answer = site_get("none", NULL);
    site_expect_problem(answer, 404);
    const char *type = answer_string(answer, "type");
    ck_assert_msg(strncmp(type, "urn:", 4) == 0 || strncmp(type, "http", 4) == 0 || type[0] == '/', "type %s", type);
}
END_TEST

START_TEST(a_key_in_a_problem_is_escaped)
{
    struct answer *answer = site_get("a%22%5C%0Ab", NULL);
    site_expect_problem(answer, 404);
    ck_assert_str_eq(answer_string(answer, "key"), "a\"\\\nb");
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        healthz_and_readyz_say_200,        openapi_is_served,
        metrics_are_in_the_text_format,    a_query_on_healthz_does_no_harm,
        problems_have_types_that_are_uris, a_key_in_a_problem_is_escaped,
    };
    return site_run("endpoints", tests, sizeof tests / sizeof *tests, SITE_SHARED);
}
