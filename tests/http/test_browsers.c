/* What browsers do in the name of pages: changes from other sites, answers that other origins may see, names of the
 * server, and objects that are pages themselves. */
#include "tests/http/access.h"
#include "tests/http/raw.h"
#include "tests/http/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SHOP  "https://shop.example"
#define OTHER "https://other.example"
#define LONGEST                                                                                                        \
    "https://"                                                                                                         \
    "a123456789012345678901234567890123456789012345678901234567890.b123456789012345678901234567890123456789012345678"  \
    "901234567890.c123456789012345678901234567890123456789012345678901234567890.d123456789012345678901234567890"

static void start(const char *flag, const char *value)
{
    if (flag) {
        server_add(site.server, flag);
        server_add(site.server, value);
    }
    site_start();
}

static void expect_field(struct answer *answer, const char *name, const char *value)
{
    const char *found = answer_header(answer, name);
    if (!value)
        ck_assert_msg(!found, "%s: %s", name, found);
    else
        ck_assert_msg(found && strcmp(found, value) == 0, "%s: %s", name, found ? found : "(absent)");
}

/* Whether a list field has this member. */
static bool lists(struct answer *answer, const char *name, const char *member)
{
    char *list = client_text(site.client, ", %s,", answer_header(answer, name));
    return strcasestr(list, client_text(site.client, ", %s,", member)) != NULL;
}

/* ---- changes from other sites ------------------------------------------------------------------- */

/* What a browser says of the page that asks, and whether it may change something. */
struct visit {
    const char *origin, *site;
    bool may;
};

static const char form[] = "--x\r\nContent-Disposition: form-data; name=\"k\"\r\n\r\nbad\r\n--x--\r\n";

static struct answer *send_form(const char *origin, const char *fetch_site, const char *third)
{
    const char *lines[3];
    size_t count = 0;
    if (origin)
        lines[count++] = client_text(site.client, "Origin: %s", origin);
    if (fetch_site)
        lines[count++] = client_text(site.client, "Sec-Fetch-Site: %s", fetch_site);
    if (third)
        lines[count++] = third;
    return client_send(site.client, "POST", site_target("/batch"), form, strlen(form),
                       "Content-Type: multipart/form-data; boundary=x", count > 0 ? lines[0] : NULL,
                       count > 1 ? lines[1] : NULL, count > 2 ? lines[2] : NULL, NULL);
}

static void expect_visits(const struct visit *visits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct answer *answer = send_form(visits[i].origin, visits[i].site, NULL);
        ck_assert_msg((answer->status == 200) == visits[i].may, "%s, %s: %d", visits[i].origin, visits[i].site,
                      answer->status);
        if (visits[i].may)
            continue;
        site_expect_kind(answer, 403, "cross-site");
        expect_field(answer, "Access-Control-Allow-Origin", NULL);
    }
}

START_TEST(a_form_on_another_site_changes_nothing)
{
    start(NULL, NULL);
    const char *own = client_text(site.client, "http://127.0.0.1:%d", site.server->port);
    const struct visit visits[] = {
        {OTHER, NULL, false},
        {OTHER, "cross-site", false},
        {NULL, "cross-site", false},
        {NULL, "same-site", false},
        {"http://localhost:1", "same-site", false},
        {"http://127.0.0.1:1", NULL, false},
        {"null", NULL, false},
        {"null", "cross-site", false},
        {own, "cross-site", false},
        {NULL, "of-the-future", false},
    };
    expect_visits(visits, sizeof visits / sizeof *visits);
    site_expect_kind(site_get("k", NULL), 404, "no-object");
    const struct
        visit
            at_home
                [] =
                    {
                        {NULL, NULL, true},           {NULL, "none", true},
                        {NULL, "same-origin", true},  {own, NULL, true},
                        {own, "none", true},          {own, "same-origin", true},
                        {OTHER, "same-origin", true}, /* as a proxy that changes Host makes it look */
                    };
    expect_visits(at_home, sizeof at_home / sizeof *at_home);
}
END_TEST

START_TEST(no_method_changes_anything_from_another_site)
{
    start(NULL, NULL);
    const char *origin = "Origin: " OTHER, *from = "Sec-Fetch-Site: cross-site";
    site_expect(site_put("k", "v", NULL), 201);
    site_expect_kind(site_put("k", "w", origin, NULL), 403, "cross-site");
    site_expect_kind(site_delete("k", origin, NULL), 403, "cross-site");
    site_expect_kind(site_move("k", site_destination("l"), from, NULL), 403, "cross-site");
    site_expect_kind(site_copy("k", site_destination("l"), from, NULL), 403, "cross-site");
    const char *store = site_target("");
    const char *methods[] = {"PUT", "PATCH", "DELETE"};
    for (size_t i = 0; i < 3; i++)
        site_expect_kind(client_send(site.client, methods[i], store, NULL, 0, from, NULL), 403, "cross-site");
    const char *posts[] = {"/batch", "/batch-get", "/move", "/copy", "/verify"};
    for (size_t i = 0; i < sizeof posts / sizeof *posts; i++)
        site_expect_kind(client_send(site.client, "POST", site_target(posts[i]), "{}", 2, from, NULL), 403,
                         "cross-site");
    site_expect_text("k", "v");
    ck_assert_int_eq(site_figure("objects"), 1);
    site_expect(site_get("k", origin, from, NULL), 200); /* an image on a page is no change */
    site_expect(site_head("k", origin, from, NULL), 200);
}
END_TEST

/* No browser adds it by itself, but for the password that it was told once. */
START_TEST(a_token_is_proof_and_a_password_none)
{
    start(NULL, NULL);
    site_expect(send_form(OTHER, "cross-site", "Authorization: Bearer whatever"), 200);
    site_expect_kind(send_form(OTHER, "cross-site", "Authorization: Basic YTpi"), 403, "cross-site");
    site_expect_kind(send_form(OTHER, "cross-site", "Authorization: Bearer"), 403, "cross-site");
    site_expect_kind(send_form(OTHER, "cross-site", "Cookie: Authorization=Bearer"), 403, "cross-site");
}
END_TEST

START_TEST(where_there_are_rules_the_token_has_to_be_one)
{
    access_start(access_token("right", access_grant("\"*\"", "", ACCESS_ALL), NULL), "");
    const char *bearer = access_bearer("right");
    site_expect(client_send(site.client, "PUT", "/v1/stores/s", NULL, 0, bearer, NULL), 201);
    const char *object = "/v1/stores/s/objects/k";
    const char *origin = "Origin: " OTHER;
    site_expect(client_send(site.client, "PUT", object, "v", 1, bearer, origin, NULL), 201);
    site_expect_kind(client_send(site.client, "PUT", object, "w", 1, "Authorization: Bearer x", origin, NULL), 401,
                     "unauthorized");
    site_expect_kind(client_send(site.client, "PUT", object, "w", 1, origin, NULL), 401, "unauthorized");
    const char *basic = "Authorization: Basic eDpyaWdodA==";
    site_expect(client_get(site.client, object, basic, origin, NULL), 200);
    site_expect_kind(client_send(site.client, "PUT", object, "w", 1, basic, origin, NULL), 403, "cross-site");
    site_expect(client_send(site.client, "PUT", object, "w", 1, basic, NULL), 200);
}
END_TEST

START_TEST(a_link_is_proof_too)
{
    const char *order = "{\"method\": \"PUT\", \"key\": \"k\"}", *origin = "Origin: " OTHER;
    access_start(access_token("right", access_grant("\"*\"", "", ACCESS_ALL), NULL),
                 ",\"link_keys\":[{\"name\":\"web\",\"secret\":\"0123456789abcdef\"}]");
    site_expect(client_send(site.client, "PUT", "/v1/stores/s", NULL, 0, access_bearer("right"), NULL), 201);
    struct answer *answer = client_send(site.client, "POST", "/v1/stores/s/links", order, strlen(order),
                                        "Content-Type: application/json", access_bearer("right"), NULL);
    const char *link = client_text(site.client, "%s", answer_string(answer, "target"));
    site_expect(client_send(site.client, "PUT", link, "v", 1, origin, "Sec-Fetch-Site: cross-site", NULL), 201);
    site_expect_kind(client_send(site.client, "PUT", client_text(site.client, "%sx", link), "w", 1, origin, NULL), 401,
                     "unauthorized");
}
END_TEST

/* Where there is no access control nothing is signed, and what looks like a link is none. */
START_TEST(a_link_is_no_proof_where_nobody_looks_at_it)
{
    start(NULL, NULL);
    const char *link = client_text(site.client, "%s?cairn-key=a&cairn-expires=9999999999&cairn-signature=a",
                                   site_object("k"));
    site_expect_kind(client_send(site.client, "PUT", link, "v", 1, "Origin: " OTHER, NULL), 403, "cross-site");
}
END_TEST

/* The default port is not there in an origin, and may be in Host; the scheme may be that of a proxy. */
START_TEST(our_own_origin_is_known_by_host)
{
    server_add(site.server, "--open");
    start(NULL, NULL);
    const char *pairs[][2] = {{"http://files.example", "files.example"},
                              {"https://files.example", "files.example"},
                              {"http://files.example", "Files.Example:80"},
                              {"https://files.example", "files.example:443"},
                              {"https://files.example:8443", "files.example:8443"},
                              {"http://[::1]:8080", "[::1]:8080"}};
    const char *others[][2] = {{"http://files.example", "files.example:8080"},
                               {"http://files.example:8080", "files.example"},
                               {"https://files.example", "files.example:80"},
                               {"https://iles.example", "files.example"},
                               {"https://files.example.org", "files.example"},
                               {"http://[::1]", "[::2]"},
                               {"files.example", "files.example"},
                               {"capacitor://localhost", "localhost"},
                               {"javascript://localhost:8080", "localhost:8080"},
                               {"https://", "files.example"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        site_expect(send_form(pairs[i][0], NULL, client_text(site.client, "Host: %s", pairs[i][1])), 200);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        site_expect_kind(send_form(others[i][0], NULL, client_text(site.client, "Host: %s", others[i][1])), 403,
                         "cross-site");
}
END_TEST

/* ---- origins that are allowed -------------------------------------------------------------------- */

START_TEST(without_the_option_nothing_is_allowed)
{
    start(NULL, NULL);
    site_expect(site_put("k", "v", NULL), 201);
    struct answer *answer = site_get("k", "Origin: " SHOP, NULL);
    expect_field(answer, "Access-Control-Allow-Origin", NULL);
    expect_field(answer, "Access-Control-Expose-Headers", NULL);
    expect_field(answer, "Vary", NULL);
    answer = client_send(site.client, "OPTIONS", site_object("k"), NULL, 0, "Origin: " SHOP,
                         "Access-Control-Request-Method: PUT", NULL);
    site_expect(answer, 204);
    expect_field(answer, "Access-Control-Allow-Methods", NULL);
    expect_field(answer, "Allow", "GET, HEAD, PUT, DELETE, MOVE, COPY, OPTIONS");
}
END_TEST

START_TEST(an_allowed_origin_sees_answers_and_changes_things)
{
    start("--cors-origins", "http://localhost:3000," SHOP);
    struct answer *answer = site_put("k", "v", "Origin: " SHOP, "Sec-Fetch-Site: cross-site", "Cairn-Meta-Colour: red",
                                     NULL);
    site_expect(answer, 201);
    expect_field(answer, "Access-Control-Allow-Origin", SHOP);
    expect_field(answer, "Vary", "Origin");
    expect_field(answer, "Access-Control-Allow-Credentials", NULL);
    answer = site_get("k", "Origin: " SHOP, NULL);
    const char *seen[] = {"ETag",          "Location",       "Content-Range",    "Repr-Digest",
                          "Retry-After",   "Tus-Resumable",  "Tus-Version",      "Upload-Offset",
                          "Upload-Length", "Upload-Expires", "Cairn-Meta-Colour"};
    for (size_t i = 0; i < sizeof seen / sizeof *seen; i++)
        ck_assert_msg(lists(answer, "Access-Control-Expose-Headers", seen[i]), "%s", seen[i]);
    expect_field(site_get("k", "Origin: http://localhost:3000", NULL), "Access-Control-Allow-Origin",
                 "http://localhost:3000");
    expect_visits((const struct visit[]){{OTHER, "cross-site", false},
                                         {"https://shop.example.org", NULL, false},
                                         {"http://shop.example", NULL, false},
                                         {"null", NULL, false},
                                         {SHOP, "cross-site", true},
                                         {NULL, "cross-site", false}},
                  6);
    answer = site_get("k", "Origin: " OTHER, NULL);
    expect_field(answer, "Access-Control-Allow-Origin", NULL);
    expect_field(answer, "Vary", "Origin"); /* a cache must not give it to those who are allowed */
    expect_field(site_get("k", NULL), "Vary", "Origin");
}
END_TEST

START_TEST(a_star_allows_all)
{
    start("--cors-origins", "*");
    struct answer *answer = site_put("k", "v", "Origin: " OTHER, "Sec-Fetch-Site: cross-site", NULL);
    site_expect(answer, 201);
    expect_field(answer, "Access-Control-Allow-Origin", "*");
    expect_field(answer, "Vary", NULL);
    expect_field(site_get("k", NULL), "Access-Control-Allow-Origin", "*");
    site_expect(send_form("null", "cross-site", NULL), 200);
}
END_TEST

START_TEST(refusals_are_seen_too)
{
    start("--cors-origins", SHOP);
    const char *origin = "Origin: " SHOP;
    struct answer *answers[] = {
        site_get("none", origin, NULL),
        client_get(site.client, "/nothing", origin, NULL),
        client_send(site.client, "PUT", "/v1/stores", NULL, 0, origin, NULL),
        client_get(site.client, site_target("/objects?prefx=a"), origin, NULL),
        site_put("k", "v", origin, "If-Match: *", NULL),
        site_put("k", "v", origin, "Content-MD5: x", NULL),
    };
    const int statuses[] = {404, 404, 405, 400, 412, 400};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        site_expect_problem(answers[i], statuses[i]);
        expect_field(answers[i], "Access-Control-Allow-Origin", SHOP);
        ck_assert(lists(answers[i], "Access-Control-Expose-Headers", "Retry-After"));
        expect_field(answers[i], "X-Content-Type-Options", "nosniff");
    }
}
END_TEST

/* A head with a fault is not read on: what stands behind the fault is not known. */
START_TEST(refusals_of_a_head_are_seen_where_its_origin_stands_in_front)
{
    start("--cors-origins", SHOP);
    char filling[12000];
    memset(filling, 'a', sizeof filling);
    const char *heads[] = {
        "GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: " SHOP "\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\norigin:" SHOP " \r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nOrigin: " SHOP "\r\n\r\n",
        "GET / HTTP/1.1\r\nOrigin: " SHOP "\r\nHost: a:port\r\n\r\n",
        client_text(site.client, "GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: " SHOP "\r\nX: %.12000s\r\n\r\n",
                    filling),
        "GET / HTTP/1.1\r\nHost: a:port\r\nOrigin: " SHOP "\r\n\r\n",
        "GET / HTTP/1.1\r\nOrigin: " OTHER "\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: localhost\r\nOrigin: " SHOP "\r\n\r\n",
        client_text(site.client, "GET /%.12000s HTTP/1.1\r\nHost: localhost\r\nOrigin: " SHOP "\r\n\r\n", filling),
    };
    const int statuses[] = {400, 400, 400, 400, 431, 400, 400, 505, 414};
    static struct raw_answer answer;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        for (int pieces = 0; pieces < 2; pieces++) {
            int socket = raw_connect(site.server->port);
            size_t first = pieces ? strlen("GET / HTTP/1.1\r\nOri") : 0;
            raw_send(socket, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n%.*s", (int)first, heads[i]);
            ck_assert(raw_receive(socket, &answer));
            ck_assert_int_eq(answer.status, 200);
            raw_send(socket, "%s", heads[i] + first);
            ck_assert_msg(raw_receive(socket, &answer), "%zu: no answer", i);
            ck_assert_msg(answer.status == statuses[i], "%zu: %d", i, answer.status);
            bool seen = strcasestr(answer.headers, "\r\nAccess-Control-Allow-Origin: " SHOP "\r\n");
            ck_assert_msg(seen == (i < 5), "%zu: %s", i, answer.headers);
            ck_assert(strcasestr(answer.headers, "\r\nVary: Origin\r\n"));
            close(socket);
        }
}
END_TEST

START_TEST(a_preflight_is_told_all_there_is)
{
    start("--cors-origins", SHOP);
    struct answer *answer = client_send(site.client, "OPTIONS", site_object("k"), NULL, 0, "Origin: " SHOP,
                                        "Access-Control-Request-Method: PUT",
                                        "Access-Control-Request-Headers: cairn-meta-a,cairn-meta-b, x-other", NULL);
    site_expect(answer, 204);
    expect_field(answer, "Access-Control-Allow-Origin", SHOP);
    expect_field(answer, "Access-Control-Max-Age", "7200");
    expect_field(answer, "Access-Control-Allow-Credentials", NULL);
    const char *methods[] = {"GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "MOVE", "COPY", "OPTIONS"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        ck_assert_msg(lists(answer, "Access-Control-Allow-Methods", methods[i]), "%s", methods[i]);
    const char *headers[] = {"Authorization", "Content-Type",  "If-Match",     "If-None-Match", "Range",
                             "Destination",   "Overwrite",     "Content-MD5",  "Cache-Control", "Repr-Digest",
                             "Upload-Length", "Tus-Resumable", "cairn-meta-a", "cairn-meta-b",  "Content-Disposition"};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        ck_assert_msg(lists(answer, "Access-Control-Allow-Headers", headers[i]), "%s", headers[i]);
    ck_assert(!lists(answer, "Access-Control-Allow-Headers", "x-other"));
    answer = client_send(site.client, "OPTIONS", site_object("k"), NULL, 0, "Origin: " OTHER,
                         "Access-Control-Request-Method: PUT", NULL);
    site_expect(answer, 204);
    expect_field(answer, "Access-Control-Allow-Methods", NULL);
    expect_field(answer, "Access-Control-Allow-Origin", NULL);
    answer = client_send(site.client, "OPTIONS", site_object("k"), NULL, 0, "Origin: " SHOP, NULL);
    expect_field(answer, "Access-Control-Allow-Methods", NULL); /* it is none */
}
END_TEST

/* ---- names of the server -------------------------------------------------------------------------- */

static int raw_status_of(const char *request)
{
    return raw_status(site.server->port, request, strlen(request));
}

START_TEST(only_the_names_of_the_server_are_answered)
{
    start("--host-names", "files.example,127.0.0.1,[::1]");
    site_expect(site_put("k", "v", "Host: FILES.example:8080", NULL), 201);
    site_expect(site_get("k", "Host: [::1]:1", NULL), 200);
    site_expect(site_get("k", "Host: 127.0.0.1", NULL), 200);
    const char *others[] = {"evil.example", "files.example.evil.example", "files.exampl", "files.example.", "[::2]",
                            "localhost"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const char *host = client_text(site.client, "Host: %s", others[i]);
        site_expect_kind(site_get("k", host, NULL), 421, "misdirected");
        site_expect_kind(site_delete("k", host, NULL), 421, "misdirected");
        site_expect_kind(client_get(site.client, "/", host, NULL), 421, "misdirected");
        site_expect_kind(client_get(site.client, "/metrics", host, NULL), 421, "misdirected");
        site_expect_kind(client_get(site.client, "/nothing", host, NULL), 421, "misdirected");
        site_expect(client_get(site.client, "/healthz", host, NULL), 200);
        site_expect(client_get(site.client, "/readyz", host, NULL), 200);
    }
    site_expect_text("k", "v");
}
END_TEST

/* RFC 9112, section 3.2.2: the target says it where it says it at all. */
START_TEST(the_name_in_the_target_goes_before_host)
{
    start("--host-names", "files.example,127.0.0.1");
    ck_assert_int_eq(raw_status_of("GET /v1/stores HTTP/1.0\r\n\r\n"), 421);
    ck_assert_int_eq(raw_status_of("GET /healthz HTTP/1.0\r\n\r\n"), 200);
    ck_assert_int_eq(raw_status_of("GET http://evil.example/v1/stores HTTP/1.1\r\nHost: files.example\r\n\r\n"), 421);
    ck_assert_int_eq(raw_status_of("GET http://files.example:1/v1/stores HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 200);
    ck_assert_int_eq(raw_status_of("OPTIONS * HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 421);
}
END_TEST

/* Two readers may take them for two servers. */
START_TEST(what_is_no_name_with_a_port_is_refused_in_either_place)
{
    start("--host-names", "files.example,[::1],127.0.0.1");
    const char *faulty[] = {"files.example:port", "files.example:99999", "files.example:80:80",
                            "[::1]:port",         "files.example@a",     "files.example:80@a"};
    for (size_t i = 0; i < sizeof faulty / sizeof *faulty; i++) {
        const char *host = client_text(site.client, "GET /v1/stores HTTP/1.1\r\nHost: %s\r\n\r\n", faulty[i]);
        ck_assert_msg(raw_status_of(host) == 400, "%s", host);
        const char *target = client_text(site.client, "GET http://%s/v1/stores HTTP/1.1\r\nHost: files.example\r\n\r\n",
                                         faulty[i]);
        ck_assert_msg(raw_status_of(target) == 400, "%s", target);
    }
}
END_TEST

/* DNS rebinding: a name that is pointed to this machine while its page is open. */
START_TEST(an_open_server_of_this_machine_has_no_names_of_the_internet)
{
    start(NULL, NULL);
    site_expect(site_put("k", "v", NULL), 201);
    const char *strange[] = {
        "evil.example",           "evil.example:8080",    "EVIL.example.", "localhost.evil.example",
        "127.0.0.1.evil.example", "notlocalhost.example", "a.localhost.",  "1.evil"};
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        const char *host = client_text(site.client, "Host: %s", strange[i]);
        const char *origin = client_text(site.client, "Origin: http://%s", strange[i]);
        site_expect_kind(site_get("k", host, origin, "Sec-Fetch-Site: same-origin", NULL), 421, "misdirected");
        site_expect_kind(site_put("k", "w", host, origin, NULL), 421, "misdirected");
        site_expect_kind(site_delete("k", host, "Sec-Fetch-Site: same-origin", NULL), 421, "misdirected");
        site_expect_kind(client_get(site.client, "/v1/stores", host, NULL), 421, "misdirected");
        site_expect_kind(client_get(site.client, "/metrics", host, NULL), 421, "misdirected");
        site_expect(client_get(site.client, "/healthz", host, NULL), 200);
        site_expect(client_get(site.client, "/readyz", host, NULL), 200);
    }
    ck_assert_int_eq(raw_status_of("GET http://evil.example/v1/stores HTTP/1.1\r\nHost: localhost\r\n\r\n"), 421);
    const char *fixed[] = {"127.0.0.1",   "localhost", "localhost:1",   "LOCALHOST",        "[::1]:1",
                           "10.1.2.3:80", "box",       "app.localhost", "a.b.LocalHost:80", "[2001:db8::7]"};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        site_expect(site_get("k", client_text(site.client, "Host: %s", fixed[i]), NULL), 200);
    ck_assert_int_eq(raw_status_of("GET /v1/stores HTTP/1.0\r\n\r\n"), 200);
    site_expect_text("k", "v");
}
END_TEST

START_TEST(what_is_open_by_wish_has_any_name)
{
    server_add(site.server, "--open");
    start(NULL, NULL);
    site_expect(site_put("k", "v", "Host: whatever.example", NULL), 201);
}
END_TEST

START_TEST(where_tokens_are_asked_for_any_name_will_do)
{
    access_start(access_token("right", access_grant("\"*\"", "", ACCESS_ALL), NULL), "");
    site_expect(client_get(site.client, "/v1/stores", "Host: whatever.example", access_bearer("right"), NULL), 200);
}
END_TEST

/* No page reaches it, and the proxy that does has names. */
START_TEST(over_a_unix_socket_any_name_will_do)
{
    char listen[sizeof "unix:/socket" + SERVER_PATH_MAX];
    snprintf(listen, sizeof listen, "unix:%s/socket", site.server->folder);
    server_listen(site.server, listen);
    server_add(site.server, "--listen=127.0.0.1:0");
    start(NULL, NULL);
    site_expect(site_put("k", "v", "Host: whatever.example", NULL), 201);
    char *tcp = server_url(site.server, 1);
    struct client *client = client_new(tcp);
    site_expect_kind(client_get(client, site_object("k"), "Host: whatever.example", NULL), 421, "misdirected");
    client_free(client);
    free(tcp);
}
END_TEST

/* ---- objects that are pages -------------------------------------------------------------------------- */

START_TEST(no_answer_is_taken_for_another_type)
{
    start(NULL, NULL);
    site_expect(site_put("k", "v", "Content-Type: text/html", NULL), 201);
    struct answer *answers[] = {
        site_get("k", NULL),
        site_head("k", NULL),
        site_get("k", "If-None-Match: *", NULL),
        site_get("none", NULL),
        client_get(site.client, "/", NULL),
        client_get(site.client, "/openapi.yaml", NULL),
        client_get(site.client, "/healthz", NULL),
        client_get(site.client, "/nothing", NULL),
        client_send(site.client, "OPTIONS", "*", NULL, 0, NULL),
        site_put("k", "v", NULL),
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        ck_assert_uint_eq(answer_header_count(answers[i], "X-Content-Type-Options"), 1);
    struct raw_answer raw;
    int socket = raw_connect(site.server->port);
    raw_send(socket, "GET / HTTP/1.1\r\nHost : a\r\n\r\n");
    ck_assert(raw_receive(socket, &raw));
    ck_assert_int_eq(raw.status, 400);
    ck_assert_ptr_nonnull(strcasestr(raw.headers, "X-Content-Type-Options: nosniff"));
    close(socket);
}
END_TEST

START_TEST(an_object_is_in_the_sandbox)
{
    start(NULL, NULL);
    site_expect(site_put("k", "0123456789", "Content-Type: text/html", "Content-Security-Policy: default-src *", NULL),
                201);
    const char *policy = "Content-Security-Policy";
    expect_field(site_get("k", NULL), policy, "sandbox");
    expect_field(site_head("k", NULL), policy, "sandbox");
    expect_field(site_get("k", "Range: bytes=0-1", NULL), policy, "sandbox");
    expect_field(site_get("k", "Range: bytes=0-1,4-5", NULL), policy, "sandbox");
    expect_field(site_get("k", "If-None-Match: *", NULL), policy, "sandbox");
    expect_field(client_get(site.client, "/", "Accept: text/html", NULL), policy, NULL);
    expect_field(client_get(site.client, "/openapi.yaml", NULL), policy, NULL);
}
END_TEST

/* ---- objects that other sites embed -------------------------------------------------------------------- */

static const char policy_name[] = "Cross-Origin-Resource-Policy";

START_TEST(what_is_open_to_this_machine_is_not_embedded_elsewhere)
{
    start("--cors-origins", SHOP);
    site_expect(site_put("k", "v", NULL), 201);
    struct answer *answers[] = {
        site_get("k", NULL),
        site_get("k", "Origin: " OTHER, "Sec-Fetch-Site: cross-site", NULL),
        site_head("k", NULL),
        site_get("k", "If-None-Match: *", NULL),
        site_get("k", "Range: bytes=0-0", NULL),
        site_get("none", NULL),
        client_get(site.client, site_target("/objects"), NULL),
        client_get(site.client, "/metrics", NULL),
        client_get(site.client, "/nothing", NULL),
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        expect_field(answers[i], policy_name, "same-site");
    expect_field(site_get("k", "Origin: " SHOP, NULL), policy_name, NULL);
}
END_TEST

START_TEST(what_is_open_by_wish_may_be_embedded)
{
    server_add(site.server, "--open");
    start(NULL, NULL);
    site_expect(site_put("k", "v", NULL), 201);
    expect_field(site_get("k", NULL), policy_name, NULL);
}
END_TEST

START_TEST(what_all_origins_may_see_may_be_embedded)
{
    start("--cors-origins", "*");
    site_expect(site_put("k", "v", NULL), 201);
    expect_field(site_get("k", NULL), policy_name, NULL);
}
END_TEST

/* Basic of the token `right`. */
#define BASIC "Authorization: Basic eDpyaWdodA=="

static void start_with_public_store(const char *origins)
{
    if (origins) {
        server_add(site.server, "--cors-origins");
        server_add(site.server, origins);
    }
    access_start(access_token("right", access_grant("\"*\"", "", ACCESS_ALL), NULL),
                 access_anonymous(access_grant("\"public\"", "", "\"read\",\"write\"")));
    const char *bearer = access_bearer("right");
    site_expect(client_send(site.client, "PUT", "/v1/stores/public", NULL, 0, bearer, NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/s", NULL, 0, bearer, NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/public/objects/k", "v", 1, bearer, NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/s/objects/k", "v", 1, bearer, NULL), 201);
}

START_TEST(what_a_password_opens_is_not_embedded_elsewhere)
{
    start_with_public_store(NULL);
    const char *bearer = access_bearer("right");
    expect_field(client_get(site.client, "/v1/stores/s/objects/k", BASIC, NULL), policy_name, "same-site");
    expect_field(client_get(site.client, "/v1/stores/s/objects/none", BASIC, NULL), policy_name, "same-site");
    expect_field(client_get(site.client, "/v1/stores", BASIC, NULL), policy_name, "same-site");
    expect_field(client_get(site.client, "/v1/stores/s/objects/k", bearer, NULL), policy_name, NULL);
    expect_field(client_get(site.client, "/v1/stores/public/objects/k", NULL), policy_name, NULL);
    expect_field(client_get(site.client, "/v1/stores/public/objects/k", BASIC, NULL), policy_name, NULL);
    expect_field(client_get(site.client, "/openapi.yaml", BASIC, NULL), policy_name, NULL);
}
END_TEST

/* Whichever origins are allowed: no script has to know a password for its browser to show it. */
static void expect_no_change_by_password(const char *origins)
{
    start_with_public_store(origins);
    const char *pages[][2] = {{"Origin: " SHOP, "Sec-Fetch-Site: cross-site"},
                              {"Origin: " OTHER, "Sec-Fetch-Site: cross-site"},
                              {"Origin: null", "Sec-Fetch-Site: cross-site"},
                              {"Origin: " SHOP, "X-Filling: a"},
                              {"X-Filling: a", "Sec-Fetch-Site: cross-site"}};
    const char *type = "Content-Type: multipart/form-data; boundary=x";
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        site_expect_kind(client_send(site.client, "POST", "/v1/stores/s/batch", form, strlen(form), type, BASIC,
                                     pages[i][0], pages[i][1], NULL),
                         403, "cross-site");
        site_expect_kind(client_send(site.client, "DELETE", "/v1/stores/s?force=true", NULL, 0, BASIC, pages[i][0],
                                     pages[i][1], NULL),
                         403, "cross-site");
    }
    site_expect(client_send(site.client, "PUT", "/v1/stores/s/objects/k", "w", 1, access_bearer("right"),
                            "Origin: " SHOP, NULL),
                200);
    site_expect(client_send(site.client, "PUT", "/v1/stores/public/objects/k", "w", 1, "Origin: " SHOP, NULL), 200);
    site_expect(client_send(site.client, "PUT", "/v1/stores/public/objects/k", "w", 1, BASIC, "Origin: " SHOP, NULL),
                200); /* nobody needs the password for it */
    site_expect(client_send(site.client, "PUT", "/v1/stores/s/objects/k", "w", 1, BASIC, NULL), 200);
}

START_TEST(a_password_changes_nothing_for_an_allowed_page)
{
    expect_no_change_by_password(SHOP);
}
END_TEST

START_TEST(a_password_changes_nothing_where_all_pages_are_allowed)
{
    expect_no_change_by_password("*");
}
END_TEST

/* ---- downloads ----------------------------------------------------------------------------------------- */

static const char *disposition(const char *query)
{
    return answer_header(site_get(client_text(site.client, "k?%s", query), NULL), "Content-Disposition");
}

START_TEST(an_object_may_be_saved_under_any_name)
{
    start(NULL, NULL);
    site_expect(site_put("k", "v", "Content-Disposition: inline", NULL), 201);
    const char *cases[][2] = {
        {"v=3", "inline"},
        {"download", "attachment"},
        {"download=", "attachment"},
        {"v=3&download=a.txt", "attachment; filename=\"a.txt\"; filename*=UTF-8''a.txt"},
        {"download=a+b%20c.txt", "attachment; filename=\"a b c.txt\"; filename*=UTF-8''a%20b%20c.txt"},
        {"download=%C3%BCber.pdf", "attachment; filename=\"_ber.pdf\"; filename*=UTF-8''%C3%BCber.pdf"},
        {"download=%e2%82%ac%f0%9f%90%88", "attachment; filename=\"__\"; filename*=UTF-8''%E2%82%AC%F0%9F%90%88"},
        {"download=a%22;%20x=%22%5cb", "attachment; filename=\"a_; x=__b\"; filename*=UTF-8''a%22%3B%20x%3D%22%5Cb"},
        {"download=..%2F..%2Fetc", "attachment; filename=\".._.._etc\"; filename*=UTF-8''..%2F..%2Fetc"},
        {"download=100%25'*()", "attachment; filename=\"100%'*()\"; filename*=UTF-8''100%25%27%2A%28%29"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_str_eq(disposition(cases[i][0]), cases[i][1]);
    ck_assert_str_eq(answer_header(site_head("k?download=a", NULL), "Content-Disposition"),
                     "attachment; filename=\"a\"; filename*=UTF-8''a");
    const char *faults[] = {"%0d%0aX-Split:1", "%0a", "%00", "%7f", "%09", "%ff", "%c2%85", "%zz", "%"};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        site_expect_kind(site_get(client_text(site.client, "k?download=%s", faults[i]), NULL), 400, "bad-parameter");
    char name[257];
    memset(name, 'n', sizeof name);
    site_expect(site_get(client_text(site.client, "k?download=%.255s", name), NULL), 200);
    site_expect_kind(site_get(client_text(site.client, "k?download=%.256s", name), NULL), 400, "bad-parameter");
}
END_TEST

/* ---- the longest head of an answer ----------------------------------------------------------------------- */

enum { METAS = 292 /* with names of two letters and one of value they are 4 KiB */ };

static void put_with_all_attributes(void)
{
    char *steps;
    size_t length;
    FILE *out = open_memstream(&steps, &length);
    ck_assert_ptr_nonnull(out);
    fprintf(out, "{\"operations\": [{\"op\": \"put\", \"key\": \"k\", \"data\": \"dg==\", \"meta\": {");
    for (int i = 0; i < METAS; i++)
        fprintf(out, "%s\"%c%c\": \"x\"", i == 0 ? "" : ", ", 'a' + i % 26, 'a' + i / 26);
    fprintf(out, "}}]}");
    fclose(out);
    site_expect(site_post("/batch", steps), 200);
    free(steps);
}

/* A request whose answer has all that there can be, and whose head is `size` bytes longer than it has to be. */
static int ask_for_all(size_t size)
{
    static struct raw_answer answer;
    char zeros[128], name[3 * 255 + 1];
    int socket = raw_connect(site.server->port);
    memset(zeros, '0', sizeof zeros);
    for (size_t i = 0; i < 255; i++)
        stpcpy(name + 3 * i, "%22");
    raw_send(socket, "GET %s?download=%s HTTP/1.1\r\nHost: a\r\nOrigin: " LONGEST "\r\n", site_object("k"), name);
    raw_send(socket, "X-Request-Id: %.128s\r\nRange: bytes=0-0\r\nX-Filling: %0*d\r\nConnection: close\r\n\r\n", zeros,
             (int)size, 0);
    ck_assert_msg(raw_receive(socket, &answer), "no answer, of %zu bytes more", size);
    ck_assert_msg(answer.whole, "half an answer, of %zu bytes more", size);
    if (answer.status == 206) {
        ck_assert_ptr_nonnull(strcasestr(answer.headers, "Access-Control-Expose-Headers: "));
        ck_assert_ptr_nonnull(strcasestr(answer.headers, "Content-Disposition: attachment"));
        ck_assert_ptr_nonnull(strcasestr(answer.headers, "Cairn-Meta-aa: x"));
    }
    close(socket);
    return answer.status;
}

/* Beside the longest head of a request there is room for that of its answer. */
START_TEST(the_longest_head_is_answered)
{
    start("--cors-origins", LONGEST);
    put_with_all_attributes();
    for (size_t size = 1; size < 12000; size += 100) {
        int status = ask_for_all(size);
        ck_assert_msg(status == 206 || (status == 431 && size > 8000), "%d, of %zu bytes more", status, size);
    }
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        a_form_on_another_site_changes_nothing,
        no_method_changes_anything_from_another_site,
        a_token_is_proof_and_a_password_none,
        where_there_are_rules_the_token_has_to_be_one,
        a_link_is_proof_too,
        a_link_is_no_proof_where_nobody_looks_at_it,
        our_own_origin_is_known_by_host,
        without_the_option_nothing_is_allowed,
        an_allowed_origin_sees_answers_and_changes_things,
        a_star_allows_all,
        refusals_are_seen_too,
        refusals_of_a_head_are_seen_where_its_origin_stands_in_front,
        a_preflight_is_told_all_there_is,
        only_the_names_of_the_server_are_answered,
        the_name_in_the_target_goes_before_host,
        what_is_no_name_with_a_port_is_refused_in_either_place,
        an_open_server_of_this_machine_has_no_names_of_the_internet,
        what_is_open_by_wish_has_any_name,
        where_tokens_are_asked_for_any_name_will_do,
        over_a_unix_socket_any_name_will_do,
        no_answer_is_taken_for_another_type,
        an_object_is_in_the_sandbox,
        what_is_open_to_this_machine_is_not_embedded_elsewhere,
        what_is_open_by_wish_may_be_embedded,
        what_all_origins_may_see_may_be_embedded,
        what_a_password_opens_is_not_embedded_elsewhere,
        a_password_changes_nothing_for_an_allowed_page,
        a_password_changes_nothing_where_all_pages_are_allowed,
        an_object_may_be_saved_under_any_name,
        the_longest_head_is_answered,
    };
    return site_run("browsers", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
