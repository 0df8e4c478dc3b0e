/* A server that stands below a path: what it answers there, and what elsewhere. */
#include "tests/http/access.h"
#include "tests/http/command.h"
#include "tests/http/site.h"

#include <string.h>

#define BASE "/tools/files"

/* `s` with the object `a`, to whoever has the token "all". */
static void start(void)
{
    server_add(site.server, "--base-path=" BASE);
    access_start(access_token("all", access_grant("\"*\"", "", ACCESS_ALL), NULL),
                 ",\"link_keys\":[{\"name\":\"web\",\"secret\":\"0123456789abcdef0123456789abcdef\"}]");
}

static struct answer *ask(const char *method, const char *target, const char *body, const char *header)
{
    return client_send(site.client, method, target, body, body ? strlen(body) : 0, access_bearer("all"), header, NULL);
}

static void make_a(void)
{
    site_expect(ask("PUT", BASE "/v1/stores/s", NULL, NULL), 201);
    site_expect(ask("PUT", BASE "/v1/stores/s/objects/a", "text", NULL), 201);
}

static void expect_location(struct answer *answer, const char *location)
{
    const char *found = answer_header(answer, "Location");
    site_expect(answer, 201);
    ck_assert_msg(found && strcmp(found, location) == 0, "%s in the place of %s", found ? found : "none", location);
}

START_TEST(what_it_tells_of_itself_stands_below)
{
    start();
    make_a();
    expect_location(ask("PUT", BASE "/v1/stores/s/objects/x//y", "text", NULL), BASE "/v1/stores/s/objects/x//y");
    site_expect(ask("GET", BASE "/v1/stores/s/objects/x//y", NULL, NULL), 200);
    struct answer *about = ask("GET", BASE "/", NULL, NULL);
    site_expect(about, 200);
    ck_assert_str_eq(answer_string(about, "openapi"), BASE "/openapi.yaml");
    struct answer *description = ask("GET", BASE "/openapi.yaml", NULL, NULL);
    site_expect(description, 200);
    ck_assert_ptr_nonnull(strstr((char *)description->body, "\nservers:\n  - url: " BASE "\n    description: "));
    ck_assert_ptr_nonnull(strstr((char *)description->body, "\npaths:\n  /"));
    struct answer *missing = ask("GET", BASE "/v1/stores/t", NULL, NULL);
    site_expect_kind(missing, 404, "no-store");
    ck_assert_ptr_nonnull(strstr(answer_string(missing, "detail"), "PUT " BASE "/v1/stores/t"));
}
END_TEST

/* Destination has the path that the client sees. */
START_TEST(a_destination_stands_below)
{
    start();
    make_a();
    expect_location(ask("COPY", BASE "/v1/stores/s/objects/a", NULL, "Destination: " BASE "/v1/stores/s/objects/b"),
                    BASE "/v1/stores/s/objects/b");
    site_expect(ask("MOVE", BASE "/v1/stores/s/objects/b", NULL,
                    "Destination: https://files.example" BASE "/v1/stores/s/objects/c"),
                201);
    const char *elsewhere[] = {"Destination: /v1/stores/s/objects/d", "Destination: " BASE "v1/stores/s/objects/d",
                               "Destination: " BASE BASE "/v1/stores/s/objects/d"};
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
        struct answer *answer = ask("COPY", BASE "/v1/stores/s/objects/a", NULL, elsewhere[i]);
        site_expect_kind(answer, 400, "bad-header");
        ck_assert_ptr_nonnull(strstr(answer_string(answer, "detail"), "below " BASE));
    }
    site_expect(ask("GET", BASE "/v1/stores/s/objects/d", NULL, NULL), 404);
}
END_TEST

START_TEST(a_link_stands_below)
{
    start();
    make_a();
    struct answer *answer = ask("POST", BASE "/v1/stores/s/links", "{\"method\":\"GET\",\"key\":\"a\"}",
                                "Content-Type: application/json");
    site_expect(answer, 200);
    const char *target = answer_string(answer, "target");
    ck_assert_msg(strncmp(target, BASE "/v1/", strlen(BASE "/v1/")) == 0, "%s", target);
    site_expect(client_get(site.client, target, NULL), 200);
    site_expect(client_get(site.client, target + strlen(BASE), NULL), 404);
}
END_TEST

/* Nothing is done there, and no other method is offered. How the server is, is told to who asks past the proxy. */
START_TEST(outside_there_is_only_how_it_is)
{
    start();
    make_a();
    const char *paths[] = {"/",       "/v1/stores", "/v1/stores/s/objects/a", "/openapi.yaml", BASE,
                           BASE "x/", "/tools/",    "/tools/%66iles/",        "/x" BASE "/"};
    const char *methods[] = {"GET", "PUT", "DELETE", "OPTIONS"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        for (size_t j = 0; j < sizeof methods / sizeof *methods; j++) {
            struct answer *answer = ask(methods[j], paths[i], NULL, NULL);
            ck_assert_msg(answer->status == 404, "%s %s: %d", methods[j], paths[i], answer->status);
            ck_assert(!answer_header(answer, "Allow"));
        }
    site_expect_kind(ask("GET", "/v1/stores", NULL, NULL), 404, "no-resource");
    site_expect(ask("GET", BASE "/v1/stores/s/objects/a", NULL, NULL), 200);
    const char *health[] = {"/healthz", "/readyz", "/metrics", BASE "/healthz", BASE "/readyz", BASE "/metrics"};
    for (size_t i = 0; i < sizeof health / sizeof *health; i++) {
        site_expect(ask("GET", health[i], NULL, NULL), 200);
        site_expect(ask("PUT", health[i], NULL, NULL), 405);
    }
    site_expect(client_get(site.client, "/metrics", NULL), 401);
    const char *port = client_text(site.client, "127.0.0.1:%d", site.server->port);
    command_run((const char *[]){"healthcheck", "--listen", port, NULL}, 0);
}
END_TEST

START_TEST(what_is_no_base_path_is_told)
{
    const char *bad[][2] = {{"--base-path=/", "it ends with a slash"},
                            {"--base-path=files", "it does not begin with a slash"},
                            {"--base-path=/a/../b", "it has a part that is empty"},
                            {"--base-path=/a%20b", "it has characters other than"},
                            {"--base-path=", "it does not begin with a slash"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_ptr_nonnull(strstr(command_run((const char *[]){bad[i][0], NULL}, 2), bad[i][1]));
}
END_TEST

int main(void)
{
    const TTest *tests[] = {what_it_tells_of_itself_stands_below, a_destination_stands_below, a_link_stands_below,
                            outside_there_is_only_how_it_is, what_is_no_base_path_is_told};
    return site_run("base_path", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
