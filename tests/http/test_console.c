/* The console: which files there are, how they are sent, and what a browser is told to keep from them. */
#include "tests/http/access.h"
#include "tests/http/command.h"
#include "tests/http/payload.h"
#include "tests/http/site.h"

#include <regex.h>
#include <stdio.h>
#ifdef CAIRN_CODINGS
#include <zlib.h>
#endif

static struct answer *get(const char *target, const char *header)
{
    return client_get(site.client, target, header, NULL);
}

static void expect_header(struct answer *answer, const char *name, const char *value)
{
    const char *found = answer_header(answer, name);
    ck_assert_msg(found && strcmp(found, value) == 0, "%s: %s in the place of %s", name, found ? found : "none", value);
}

/* ---- the files ----------------------------------------------------------------------------------- */

START_TEST(it_begins_with_a_page)
{
    site_start();
    struct answer *page = get("/console/", NULL);
    site_expect(page, 200);
    expect_header(page, "Content-Type", "text/html; charset=utf-8");
    ck_assert_ptr_nonnull(strstr((char *)page->body, "<!doctype html>"));
    struct answer *named = get("/console/index.html?v=1", NULL);
    site_expect(named, 200);
    ck_assert(answer_is(named, page->body, page->size));
    struct answer *redirect = get("/console", NULL);
    site_expect(redirect, 308);
    expect_header(redirect, "Location", "console/");
    struct answer *about = get("/", "Accept: text/html");
    ck_assert_ptr_nonnull(strstr((char *)about->body, "<a href=\"console/\">"));
}
END_TEST

/* All that a page names is there, and of the type that browsers want of it. */
START_TEST(what_the_page_names_is_there)
{
    static const char *const types[][2] = {
        {".css", "text/css; charset=utf-8"}, {".js", "text/javascript; charset=utf-8"}, {".svg", "image/svg+xml"}};
    regex_t names;
    regmatch_t match[2];
    size_t seen = 0;
    site_start();
    struct answer *page = get("/console/", NULL);
    ck_assert_int_eq(regcomp(&names, " (href|src)=\"[^#]", REG_EXTENDED), 0);
    for (const char *at = (char *)page->body; regexec(&names, at, 2, match, 0) == 0; seen++) {
        at += match[0].rm_eo - 1;
        struct answer *file = get(client_text(site.client, "/console/%.*s", (int)strcspn(at, "\""), at), NULL);
        site_expect(file, 200);
        for (size_t i = 0; i < sizeof types / sizeof *types; i++)
            if (strncmp(at + strcspn(at, ".\""), types[i][0], strlen(types[i][0])) == 0)
                expect_header(file, "Content-Type", types[i][1]);
    }
    ck_assert_uint_ge(seen, 2);
    regfree(&names);
}
END_TEST

START_TEST(what_is_not_there_is_not)
{
    static const char *const targets[] = {"/console/nothing.js",
                                          "/console/index.htm",
                                          "/console/page/index.html",
                                          "/console/index.html/",
                                          "/console/%69ndex.html",
                                          "/console/console.css",
                                          "/consoles"};
    site_start();
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        site_expect_kind(get(targets[i], NULL), 404, "no-resource");
    site_expect(client_send(site.client, "PUT", "/console/index.html", "x", 1, NULL), 405);
}
END_TEST

/* ---- how they are sent --------------------------------------------------------------------------- */

#ifdef CAIRN_CODINGS

/* Fails the test unless the gzip of one answer holds what the other one has. */
static void expect_same(const struct answer *packed, const struct answer *plain)
{
    char *text = calloc(1, plain->size + 1);
    z_stream stream = {.next_in = packed->body,
                       .avail_in = (unsigned)packed->size,
                       .next_out = (unsigned char *)text,
                       .avail_out = (unsigned)plain->size + 1};
    ck_assert_int_eq(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
    ck_assert_int_eq(inflate(&stream, Z_FINISH), Z_STREAM_END);
    inflateEnd(&stream);
    ck_assert(answer_is(plain, text, stream.total_out));
    free(text);
}

START_TEST(who_takes_gzip_gets_it)
{
    site_start();
    struct answer *plain = get("/console/", NULL), *packed = get("/console/", "Accept-Encoding: br, gzip");
    site_expect(packed, 200);
    ck_assert(!answer_header(plain, "Content-Encoding"));
    expect_header(packed, "Content-Encoding", "gzip");
    expect_header(plain, "Vary", "Accept-Encoding");
    expect_header(packed, "Vary", "Accept-Encoding");
    expect_same(packed, plain);
    ck_assert_str_ne(answer_header(plain, "ETag"), answer_header(packed, "ETag"));
    ck_assert(!answer_header(get("/console/", "Accept-Encoding: gzip;q=0, *"), "Content-Encoding"));
    expect_header(get("/console/", "Accept-Encoding: *;q=0.1"), "Content-Encoding", "gzip");
    const char *known = client_text(site.client, "If-None-Match: %s", answer_header(plain, "ETag"));
    site_expect(client_get(site.client, "/console/", known, "Accept-Encoding: gzip", NULL), 200);
    known = client_text(site.client, "If-None-Match: W/%s", answer_header(packed, "ETag"));
    site_expect(client_get(site.client, "/console/", known, "Accept-Encoding: gzip", NULL), 304);
}
END_TEST

#endif

START_TEST(who_has_it_is_told_so)
{
    site_start();
    struct answer *plain = get("/console/", NULL);
    const char *known = client_text(site.client, "If-None-Match: %s", answer_header(plain, "ETag"));
    expect_header(plain, "Cache-Control", "no-cache");
    struct answer *again = get("/console/", known);
    site_expect(again, 304);
    ck_assert_uint_eq(again->size, 0);
    expect_header(again, "ETag", answer_header(plain, "ETag"));
    site_expect(get("/console/", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT"), 200);
    site_expect(get("/console/", "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT"), 200);
    site_expect_kind(get("/console/", "If-Match: \"0\""), 412, "precondition-failed");
}
END_TEST

START_TEST(head_tells_the_same_without_the_bytes)
{
    static const char *const fields[] = {"Content-Type", "Content-Length", "ETag", "Content-Security-Policy"};
    site_start();
    struct answer *whole = get("/console/index.html", NULL);
    struct answer *head = client_send(site.client, "HEAD", "/console/index.html", NULL, 0, NULL);
    site_expect(head, 200);
    ck_assert_uint_eq(head->size, 0);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        expect_header(head, fields[i], answer_header(whole, fields[i]));
}
END_TEST

/* ---- who gets them, and what they may do --------------------------------------------------------- */

START_TEST(nobody_needs_a_token_for_them)
{
    access_start(access_token("all", access_grant("\"*\"", "", ACCESS_ALL), NULL), "");
    site_expect(get("/console/", NULL), 200);
    site_expect(get("/console/", "Authorization: Bearer wrong"), 200);
    site_expect(get("/v1/stores", NULL), 401);
}
END_TEST

START_TEST(browsers_are_told_to_keep_them_narrow)
{
    site_start();
    struct answer *page = get("/console/", NULL);
    const char *policy = answer_header(page, "Content-Security-Policy");
    ck_assert_ptr_nonnull(policy);
    ck_assert_ptr_eq(strstr(policy, "default-src 'self';"), policy);
    ck_assert_ptr_nonnull(strstr(policy, "frame-ancestors 'none'"));
    ck_assert_ptr_nonnull(strstr(policy, "require-trusted-types-for 'script'; trusted-types begin courier,"));
    ck_assert_ptr_null(strstr(policy, "unsafe"));
    ck_assert_ptr_null(strstr(policy, "http"));
    /* A second one, which narrows it. */
    ck_assert_ptr_nonnull(strstr(policy, ", script-src 'strict-dynamic' 'sha256-"));
    expect_header(page, "Referrer-Policy", "no-referrer");
    expect_header(page, "X-Content-Type-Options", "nosniff");
    expect_header(page, "Cross-Origin-Opener-Policy", "same-origin");
}
END_TEST

/* Fails the test unless something stands in the page between the two tags, and the policy lets it in by its digest. */
static void expect_within(struct answer *page, const char *begin, const char *end, const char *directive)
{
    const char *within = strstr((char *)page->body, begin);
    ck_assert_msg(within, "no %s in the page", begin);
    within += strlen(begin);
    const char *behind = strstr(within, end);
    ck_assert_msg(behind && behind - within > 1000, "little behind %s in the page", begin);
    char *field = payload_sha256_field(within, (size_t)(behind - within));
    const char *allowed = client_text(site.client, "%s 'sha256-%.44s';", directive, field + strlen("sha-256=:"));
    ck_assert_ptr_nonnull(strstr(answer_header(page, "Content-Security-Policy"), allowed));
    free(field);
}

/* In one answer: the page has its style sheet, the script that begins, and the names of its modules. */
START_TEST(what_is_painted_first_comes_at_once)
{
    site_start();
    struct answer *page = get("/console/", NULL);
    expect_within(page, "<style>", "</style>", "style-src");
    expect_within(page, "<script type=\"module\">", "</script>", "script-src 'self'");
    expect_within(page, "<script type=\"module\">", "</script>", ", script-src 'strict-dynamic'");
    ck_assert_ptr_null(strstr((char *)page->body, "rel=\"stylesheet\""));
    ck_assert_ptr_null(strstr((char *)page->body, "<script src"));
    ck_assert_ptr_nonnull(strstr((char *)page->body, "<link rel=\"modulepreload\" href=\"main.js\">"));
}
END_TEST

START_TEST(it_stands_below_the_base_path)
{
    server_add(site.server, "--base-path=/tools");
    site_listen();
    site_reconnect();
    site_expect(get("/tools/console/", NULL), 200);
    expect_header(get("/tools/console", NULL), "Location", "console/");
    site_expect(get("/console/", NULL), 404);
}
END_TEST

START_TEST(it_can_be_left_out)
{
    server_add(site.server, "--console=off");
    site_start();
    struct answer *page = get("/console/", NULL);
    site_expect_kind(page, 404, "no-resource");
    ck_assert_ptr_nonnull(strstr(answer_string(page, "detail"), "without the console"));
    site_expect_kind(get("/console", NULL), 404, "no-resource");
    site_expect_kind(get("/console/index.html", NULL), 404, "no-resource");
    ck_assert_ptr_null(strstr((char *)get("/", "Accept: text/html")->body, "console"));
    ck_assert_ptr_nonnull(strstr(command_run((const char *[]){"--console=perhaps", NULL}, 2), "off or on"));
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        it_begins_with_a_page,
        what_the_page_names_is_there,
        what_is_not_there_is_not,
#ifdef CAIRN_CODINGS
        who_takes_gzip_gets_it,
#endif
        who_has_it_is_told_so,
        head_tells_the_same_without_the_bytes,
        nobody_needs_a_token_for_them,
        browsers_are_told_to_keep_them_narrow,
        what_is_painted_first_comes_at_once,
        it_stands_below_the_base_path,
        it_can_be_left_out,
    };
    return site_run("console", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
