/* `cairnd backup --from URL` of one of several servers: stores that another one has. A liar says where they are, and a
 * server has them.
 */
#include "tests/http/access.h"
#include "tests/http/clock.h"
#include "tests/http/command.h"
#include "tests/http/copies.h"
#include "tests/http/liar.h"
#include "tests/http/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LARGE_SIZE = 300 << 10, MANY = 100 };

#define STORES                                                                                                         \
    "HTTP/1.1 200 x\r\nConnection: close\r\n\r\n"                                                                      \
    "{\"stores\":[{\"name\":\"main\",\"limits\":{\"bytes\":null,\"objects\":null}}]}"

/* The URL of a liar. */
static const char *begin(const struct lie *lies, pid_t *ret_pid)
{
    char *url;
    ck_assert_int_gt(asprintf(&url, "http://127.0.0.1:%d", liar_begin(lies, ret_pid)), 0);
    return command_keep(url);
}

/* At once, so that nobody reads a half of it. */
static void say_where(const char *file, const char *url)
{
    const char *draft = command_file("draft", url);
    ck_assert_int_eq(rename(draft, file), 0);
}

START_TEST(a_store_is_copied_from_the_server_that_has_it)
{
    const char *to = copies_beside("to"), *token = command_file("token", "copier\n");
    access_start(access_token("copier", access_grant("\"*\"", "", ACCESS_ALL), NULL), "");
    site_expect(client_send(site.client, "PUT", site_target(""), NULL, 0, access_bearer("copier"), NULL), 201);
    site_expect(site_put("k%20%C3%A4/%3F", "text", access_bearer("copier"), NULL), 201);
    const struct lie lies[] = {{"/v1/stores/", command_file("where", site.server->url)}, {"", STORES}};
    pid_t liar;
    const char *url = begin(lies, &liar);
    const char *arguments[] = {"backup", "--from", url, to, "--token-file", token, NULL};
    command_says(arguments, WHOLE, "1 object of 4 bytes copied");
    command_says(arguments, WHOLE, "1 object of 4 bytes kept");
    copies_expect_whole(to);
    liar_end(liar);
}
END_TEST

/* The owner dies in the middle, and for a while nobody says where the store is by now. */
START_TEST(who_has_a_store_may_change_while_it_is_copied)
{
    const char *to = copies_beside("to");
    site_start();
    for (int i = 0; i < MANY; i++)
        site_expect(client_upload(site.client, site_object(client_text(site.client, "l%d", i)), LARGE_SIZE, 1, NULL),
                    201);
    char *before = copies_listing_anywhere();
    const char *file = command_file("where", site.server->url);
    const struct lie lies[] = {{"/v1/stores/", file}, {"", STORES}};
    pid_t liar;
    pid_t pid = copies_begin(begin(lies, &liar), to);
    ck_assert(clock_until(CLOCK_PATIENCE, copies_have_begun(to)));
    server_crash(site.server);
    server_start(site.server); /* at another port */
    ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), 0);
    say_where(file, site.server->url);
    ck_assert_int_eq(copies_end(pid), WHOLE);
    liar_end(liar);
    copies_expect_whole(to);
    copies_serve(to);
    ck_assert_str_eq(copies_listing_anywhere(), before);
}
END_TEST

static void expect_refused(const struct lie *lies, const char *words)
{
    pid_t liar;
    json_t *report = copies_report(UNKNOWN, begin(lies, &liar), copies_beside("to"));
    const char *error = json_string_value(json_object_get(copies_told(report, "main"), "error"));
    ck_assert_msg(error && strstr(error, words), "%s", error);
    liar_end(liar);
    json_decref(report);
}

START_TEST(servers_that_send_to_each_other_are_not_followed_for_ever)
{
    const char *file = command_file("where", "");
    const struct lie lies[] = {{"/v1/stores/", file}, {"", STORES}};
    const struct lie others[] = {{"", file}};
    pid_t other;
    const char *url = begin(others, &other);
    say_where(file, url);
    expect_refused(lies, "the servers send on from one to the other");
    expect_refused(lies, url);
    liar_end(other);
}
END_TEST

/* As what asks people to sign in does: it gets no token, although it stands in front of the server. */
START_TEST(who_is_not_cairn_sends_nobody_anywhere)
{
    static const char portal[] = "HTTP/1.1 307 x\r\nConnection: close\r\n"
                                 "Location: http://127.0.0.1:1/v1/stores/main\r\n\r\n<p>Sign in</p>";
    const struct lie lies[] = {{"/v1/stores/", portal}, {"", STORES}};
    expect_refused(lies, "not by cairn");
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        a_store_is_copied_from_the_server_that_has_it,
        who_has_a_store_may_change_while_it_is_copied,
        servers_that_send_to_each_other_are_not_followed_for_ever,
        who_is_not_cairn_sends_nobody_anywhere,
    };
    return site_run("referrals", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
