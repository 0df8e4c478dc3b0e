/* What a server says about itself: health, readiness, metrics, its description. */
#include "site.h"

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

/* The value of a sample, by its name with labels; fails the test unless there is exactly one. */
static double sample(const char *text, const char *name)
{
    char *start = client_text(site.client, "\n%s ", name);
    const char *found = strstr(text, start);
    ck_assert_msg(found != NULL, "no sample %s", name);
    ck_assert_msg(strstr(found + 1, start) == NULL, "two samples %s", name);
    return strtod(found + strlen(start), NULL);
}

static double store_sample(const char *text, const char *family)
{
    return sample(text, client_text(site.client, "cairn_store_%s{store=\"%s\"}", family, site.store));
}

static const char *metrics(void)
{
    struct answer *answer = client_get(site.client, "/metrics", NULL);
    site_expect(answer, 200);
    ck_assert_str_eq(answer_header(answer, "Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    return (char *)answer->body;
}

/* Each family is told by its help and its type, and all its samples follow. */
START_TEST(metrics_are_in_the_text_format)
{
    enum { STORE_FAMILIES = 17 };
    site_expect(site_put("k", "v", NULL), 201);
    char *text = client_text(site.client, "%s", metrics()), family[128] = "";
    char *label = client_text(site.client, "{store=\"%s\"}", site.store);
    size_t of_store = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (sscanf(line, "# HELP %127s", family) == 1) {
            char type[16], name[128];
            line = strtok(NULL, "\n");
            ck_assert_msg(line && sscanf(line, "# TYPE %127s %15s", name, type) == 2, "no type of %s: %s", family,
                          line);
            ck_assert_str_eq(name, family);
            ck_assert_msg(strcmp(type, "gauge") == 0 || strcmp(type, "counter") == 0, "%s", line);
            continue;
        }
        size_t length = strcspn(line, "{ ");
        ck_assert_msg(strncmp(line, "cairn_", 6) == 0, "a foreign name: %s", line);
        ck_assert_msg(length == strlen(family) && strncmp(line, family, length) == 0, "not of %s: %s", family, line);
        const char *value = strrchr(line, ' ');
        ck_assert_msg(value != NULL, "no value: %s", line);
        char *end;
        strtod(value + 1, &end);
        ck_assert_msg(end > value + 1 && *end == '\0', "no number: %s", line);
        of_store += strstr(line, label) != NULL;
    }
    ck_assert_uint_eq(of_store, STORE_FAMILIES);
}
END_TEST

START_TEST(metrics_tell_the_figures)
{
    site_expect(site_put("k", "12345", NULL), 201);
    const char *text = metrics();
    double puts = sample(text, "cairn_http_requests_total{method=\"PUT\",status=\"2xx\"}");
    double refusals = sample(text, "cairn_http_requests_total{method=\"GET\",status=\"4xx\"}");
    ck_assert(store_sample(text, "objects") == 1);
    ck_assert(store_sample(text, "live_bytes") == 5);
    ck_assert(store_sample(text, "end_offset") == (double)site_figure("end_offset"));
    ck_assert(store_sample(text, "commits_total") == 1);
    ck_assert(store_sample(text, "records_total") == 1);
    ck_assert(store_sample(text, "damaged_bytes") == 0);
    ck_assert(store_sample(text, "failed") == 0);
    ck_assert(store_sample(text, "verification_running") == 0);
    ck_assert(sample(text, "cairn_http_requests_in_flight") >= 1);
    site_expect(site_put("k2", "67", NULL), 201);
    site_expect(site_get("none", NULL), 404);
    text = metrics();
    ck_assert(store_sample(text, "objects") == 2);
    ck_assert(store_sample(text, "live_bytes") == 7);
    ck_assert(sample(text, "cairn_http_requests_total{method=\"PUT\",status=\"2xx\"}") == puts + 1);
    ck_assert(sample(text, "cairn_http_requests_total{method=\"GET\",status=\"4xx\"}") == refusals + 1);
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
        metrics_are_in_the_text_format,    metrics_tell_the_figures,
        problems_have_types_that_are_uris, a_key_in_a_problem_is_escaped,
    };
    return site_run("endpoints", tests, sizeof tests / sizeof *tests, SITE_SHARED);
}
