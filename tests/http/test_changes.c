/* Following a store: pages of its changes, waiting for more, and who may. */
#include "tests/http/access.h"
#include "tests/http/clock.h"
#include "tests/http/many.h"
#include "tests/http/raw.h"
#include "tests/http/site.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct answer *changes(const char *query)
{
    return client_get(site.client, client_text(site.client, "%s%s", site_target("/changes"), query), NULL);
}

/* "put a; delete a; ". */
static const char *told(struct answer *answer)
{
    const char *text = "";
    size_t i;
    json_t *change;
    site_expect(answer, 200);
    json_array_foreach (json_object_get(answer_json(answer), "changes"), i, change) {
        const char *key = json_string_value(json_object_get(change, "key"));
        const char *op = json_string_value(json_object_get(change, "op"));
        text = client_text(site.client, "%s%s %s; ", text, op, key ? key : "(null)");
    }
    return text;
}

static struct answer *changes_since(json_int_t since, const char *rest)
{
    return changes(client_text(site.client, "?since=%lld%s", (long long)since, rest));
}

static void write_some(void)
{
    site_expect(site_put("a", "1", NULL), 201);
    site_expect(site_put("a", "2", NULL), 200);
    site_expect(site_delete("a", NULL), 200);
    site_expect(site_put("b", "3", NULL), 201);
}

START_TEST(a_page_tells_all_in_order)
{
    site_start();
    ck_assert_str_eq(told(changes("")), "");
    write_some();
    struct answer *page = changes("?since=0");
    ck_assert_str_eq(told(page), "put a; put a; delete a; put b; ");
    json_t *all = json_object_get(answer_json(page), "changes");
    json_t *put = json_array_get(all, 1), *deleted = json_array_get(all, 2);
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(all, 3), "etag")),
                     answer_header(site_head("b", NULL), "ETag"));
    ck_assert_int_eq(json_integer_value(json_object_get(put, "size")), 1);
    ck_assert_ptr_null(json_object_get(deleted, "etag"));
    ck_assert_int_eq(answer_integer(page, "next"), answer_integer(page, "end"));
    ck_assert_int_eq(answer_integer(page, "end"), site_figure("end_offset"));
    ck_assert_str_eq(told(changes_since(answer_integer(page, "next"), "")), "");
}
END_TEST

START_TEST(pages_follow_each_other)
{
    site_start();
    write_some();
    struct answer *page = changes("?limit=3");
    ck_assert_str_eq(told(page), "put a; put a; delete a; ");
    ck_assert_int_lt(answer_integer(page, "next"), answer_integer(page, "end"));
    ck_assert_str_eq(told(changes_since(answer_integer(page, "next"), "")), "put b; ");
    server_stop(site.server);
    server_start(site.server);
    json_int_t next = answer_integer(page, "next");
    site_reconnect();
    ck_assert_str_eq(told(changes_since(next, "")), "put b; ");
}
END_TEST

START_TEST(what_cannot_be_asked_is_told)
{
    site_start();
    write_some();
    static const char *const wrong[] = {"?since=x", "?since=-1",   "?since=99999999999999999999",
                                        "?limit=0", "?limit=1001", "?wait=61",
                                        "?wait=1s", "?cursor=a",   "?since="};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        site_expect(changes(wrong[i]), 400);
    struct answer *page = changes_since(site_figure("end_offset") + 8, "");
    site_expect(page, 410);
    ck_assert_str_eq(answer_string(page, "type"), "urn:problem-type:cairn:changes-gone");
    ck_assert_int_eq(answer_integer(page, "oldest"), 0);
    site_expect(changes("?since=8"), 410);
    site_expect(client_get(site.client, "/v1/stores/none/changes", NULL), 404);
}
END_TEST

/* ---- waiting --------------------------------------------------------------------------------- */

struct waiter {
    pthread_t thread;
    struct client *client;
    char target[256];
    unsigned status;
    char body[256];
};

static void *wait_for_more(void *arg)
{
    struct waiter *waiter = arg;
    struct answer *answer = client_get(waiter->client, waiter->target, NULL);
    waiter->status = (unsigned)answer->status;
    (void)snprintf(waiter->body, sizeof waiter->body, "%.*s", (int)answer->size, (const char *)answer->body);
    return NULL;
}

static long busy_connections(void)
{
    struct answer *answer = client_get(site.client, "/metrics", NULL);
    site_expect(answer, 200);
    const char *line = strstr((const char *)answer->body, "\ncairn_http_connections{state=\"busy\"} ");
    ck_assert_ptr_nonnull(line);
    return strtol(strchr(line, ' '), NULL, 10);
}

/* Begins to wait, and returns when its request is under way: that of who asks does not count. */
static void begin_waiting(struct waiter *waiter, const char *rest)
{
    waiter->client = client_new(site.server->url);
    (void)snprintf(waiter->target, sizeof waiter->target, "%s?since=%lld&wait=60%s", site_target("/changes"),
                   (long long)site_figure("end_offset"), rest);
    pthread_create(&waiter->thread, NULL, wait_for_more, waiter);
    ck_assert(clock_until(CLOCK_PATIENCE, busy_connections() >= 1));
}

static void end_waiting(struct waiter *waiter, unsigned status, const char *text)
{
    pthread_join(waiter->thread, NULL);
    ck_assert_msg(waiter->status == status && strstr(waiter->body, text), "%u: %s", waiter->status, waiter->body);
    client_free(waiter->client);
}

START_TEST(who_waits_is_told_at_once)
{
    site_start();
    struct waiter waiter;
    begin_waiting(&waiter, "&prefix=b");
    site_expect(site_put("a", "1", NULL), 201);
    site_expect(site_put("b", "1", NULL), 201);
    end_waiting(&waiter, 200, "\"key\":\"b\"");
}
END_TEST

/* A transaction is one page, of which answers may have no five in memory. */
START_TEST(a_crowd_gets_one_page)
{
    enum { CROWD = 200, CHANGES = 40 };
    static struct raw_answer first, other;
    int sockets[CROWD];
    server_add(site.server, "--answers-bytes-limit=256K");
    site_start();
    for (int i = 0; i < CROWD; i++) {
        sockets[i] = raw_connect(site.server->port);
        ck_assert(raw_send(sockets[i], "GET %s?wait=60 HTTP/1.1\r\nHost: a\r\n\r\n", site_target("/changes")));
    }
    ck_assert(clock_until(CLOCK_PATIENCE, busy_connections() >= CROWD));
    many_put(CHANGES);
    ck_assert(raw_receive(sockets[0], &first));
    ck_assert_int_eq(first.status, 200);
    ck_assert_uint_gt(first.size, 40 << 10);
    for (int i = 1; i < CROWD; i++) {
        ck_assert(raw_receive(sockets[i], &other));
        ck_assert_int_eq(other.status, 200);
        ck_assert_str_eq(other.body, first.body);
    }
    for (int i = 0; i < CROWD; i++)
        close(sockets[i]);
}
END_TEST

/* ---- going away ------------------------------------------------------------------------------ */

enum { READERS = 40, ROUNDS = 4 }; /* of 64 connections */

static int wait_raw(void)
{
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket, "GET %s?since=%lld&wait=60 HTTP/1.1\r\nHost: a\r\n\r\n", site_target("/changes"),
                       (long long)site_figure("end_offset")));
    return socket;
}

/* Each would keep its place for a minute: then only the first round finds any in time. */
START_TEST(readers_who_come_and_go_keep_no_places)
{
    int sockets[READERS];
    double began = clock_now();
    server_add(site.server, "--connections-limit=64");
    site_start();
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < READERS; i++)
            sockets[i] = wait_raw();
        ck_assert(clock_until(CLOCK_PATIENCE, busy_connections() == READERS));
        for (int i = 0; i < READERS; i++) {
            if (i % 2)
                close(sockets[i]);
            else
                raw_reset(sockets[i]);
        }
        ck_assert(clock_until(CLOCK_PATIENCE, busy_connections() == 0));
    }
    ck_assert_double_lt(clock_now() - began, CLOCK_PATIENCE);
}
END_TEST

static void expect_empty_page(int socket)
{
    struct raw_answer answer;
    ck_assert(raw_receive(socket, &answer)); /* long before the wait is over */
    ck_assert_int_eq(answer.status, 200);
    ck_assert_ptr_nonnull(strstr(answer.body, "\"changes\":[]"));
    ck_assert(raw_closed(socket));
    close(socket);
}

/* Nobody can tell it from one who has gone, and it may be there still. */
START_TEST(who_only_closes_his_side_gets_his_page_at_once)
{
    site_start();
    int before = wait_raw();
    shutdown(before, SHUT_WR);
    expect_empty_page(before);
    int amid = wait_raw();
    ck_assert(clock_until(CLOCK_PATIENCE, busy_connections() == 1));
    shutdown(amid, SHUT_WR);
    expect_empty_page(amid);
}
END_TEST

/* ---- the end of a wait ----------------------------------------------------------------------- */

START_TEST(a_wait_ends)
{
    site_start();
    ck_assert_str_eq(told(changes("?wait=1")), "");
}
END_TEST

START_TEST(who_waits_learns_that_the_store_is_gone)
{
    site_start();
    struct waiter waiter;
    begin_waiting(&waiter, "");
    site_expect(client_send(site.client, "DELETE", site_target(""), NULL, 0, NULL), 204);
    end_waiting(&waiter, 404, "no-store");
}
END_TEST

/* Whoever held the server would do so for a minute, and the test's patience is shorter. */
START_TEST(who_waits_holds_up_no_end)
{
    server_add(site.server, "--drain-timeout=1h");
    site_start();
    struct waiter waiter;
    begin_waiting(&waiter, "");
    server_stop(site.server);
    end_waiting(&waiter, 200, "\"changes\":[]");
}
END_TEST

START_TEST(who_may_list_a_prefix_asks_below_it)
{
    access_start(access_join(access_token("all", access_grant("\"*\"", "", ACCESS_ALL), NULL),
                             access_token("part", access_grant("\"*\"", "a/", "\"list\""), NULL),
                             access_token("reader", access_grant("\"*\"", "", "\"read\""), NULL), NULL),
                 "");
    const char *all = access_bearer("all"), *part = access_bearer("part"), *reader = access_bearer("reader");
    char *target = site_target("/changes");
    site_expect(client_send(site.client, "PUT", site_target(""), NULL, 0, all, NULL), 201);
    site_expect(client_send(site.client, "PUT", site_object("a/1"), "1", 1, all, NULL), 201);
    site_expect(client_send(site.client, "PUT", site_object("b/1"), "1", 1, all, NULL), 201);
    site_expect(client_get(site.client, target, NULL), 401);
    site_expect(client_get(site.client, target, reader, NULL), 403);
    site_expect(client_get(site.client, target, part, NULL), 403);
    ck_assert_str_eq(told(client_get(site.client, client_text(site.client, "%s?prefix=a/", target), part, NULL)),
                     "put a/1; ");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_page_tells_all_in_order,
        pages_follow_each_other,
        what_cannot_be_asked_is_told,
        who_waits_is_told_at_once,
        a_crowd_gets_one_page,
        readers_who_come_and_go_keep_no_places,
        who_only_closes_his_side_gets_his_page_at_once,
        a_wait_ends,
        who_waits_learns_that_the_store_is_gone,
        who_waits_holds_up_no_end,
        who_may_list_a_prefix_asks_below_it,
    };
    return site_run("changes", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
