/* SIGTERM: no acknowledged write is lost, no answer is cut, the process ends by itself with 0. */
#include "tests/http/clock.h"
#include "tests/http/load.h"
#include "tests/http/raw.h"
#include "tests/http/site.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A transfer of more than a second; the sockets between hold about ten megabytes, and what they hold is no longer
 * cut. */
enum { LARGE = 32 << 20, RATE = 24 << 20 };

enum { IDLE = 20 };

/* Until a large object is on its way: its file is open. */
static void wait_for_transfer(void)
{
    ck_assert(clock_until(CLOCK_PATIENCE, server_has_open(site.server, "stores/main/blobs")));
}

START_TEST(sigterm_under_load_loses_and_cuts_nothing)
{
    site_start();
    struct load *load = load_new(site.server->url, 6, 1);
    for (int round = 0; round < 4; round++) {
        size_t before = load_acknowledged(load);
        load_start(load, site.server->url);
        clock_sleep(0.4 + 0.1 * round);
        ck_assert(clock_until(CLOCK_PATIENCE, load_acknowledged(load) > before));
        server_stop(site.server);
        load_stop(load);
        load_expect_no_surprise(load);
        ck_assert_uint_eq(load_cut(load), 0);
        server_start(site.server);
        load_verify(load, site.server->url);
    }
    load_free(load);
}
END_TEST

/* Whoever held it would do so for an hour. */
START_TEST(idle_connections_do_not_hold_it)
{
    server_add(site.server, "--drain-timeout=1h");
    site_start();
    int sockets[IDLE];
    struct raw_answer *answer = malloc(sizeof *answer);
    for (int i = 0; i < IDLE; i++) {
        sockets[i] = raw_connect(site.server->port);
        if (i % 2) {
            ck_assert(raw_send(sockets[i], "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"));
            ck_assert(raw_receive(sockets[i], answer));
        }
    }
    free(answer);
    server_stop(site.server);
    for (int i = 0; i < IDLE; i++) {
        ck_assert(raw_closed(sockets[i]));
        close(sockets[i]);
    }
}
END_TEST

START_TEST(half_a_request_does_not_hold_it)
{
    server_add(site.server, "--drain-timeout");
    server_add(site.server, "1");
    site_start();
    int headers = raw_connect(site.server->port), body = raw_connect(site.server->port);
    ck_assert(raw_send(headers, "GET /healthz HTTP/1.1\r\nHos"));
    ck_assert(raw_send(body, "PUT /v1/stores/main/objects/k HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n"));
    ck_assert(raw_send_payload(body, 1000000, 1, 0));
    ck_assert(clock_until(CLOCK_PATIENCE, server_has_read_all(site.server)));
    server_stop(site.server);
    close(headers);
    close(body);
    server_start(site.server);
    site_reconnect();
    site_expect(site_get("k", NULL), 404);
    site_expect_blobs(0);
}
END_TEST

/* The other end of a pipe tells the status that a child's request got. */
static pid_t in_child(struct answer *(*request)(struct client *))
{
    pid_t child = fork();
    if (child < 0)
        ck_abort();
    if (child == 0) {
        struct answer *answer = request(client_new(site.server->url));
        _exit(answer->status / 100 == 2 && answer->error == CURLE_OK ? (answer->whole ? 7 : 5) : 1);
    }
    return child;
}

static int outcome(pid_t child)
{
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static struct answer *slow_upload(struct client *client)
{
    client_throttle(client, RATE, 0);
    return client_upload(client, "/v1/stores/main/objects/k", LARGE, 9, NULL);
}

static struct answer *slow_download(struct client *client)
{
    client_throttle(client, 0, RATE);
    return client_download(client, "/v1/stores/main/objects/k", 9, 0, NULL);
}

/* Ctrl-C: who sits at a terminal does not wait for the delay. */
START_TEST(sigint_drains_too)
{
    server_add(site.server, "--drain-delay=1h");
    site_start();
    site_expect(client_upload(site.client, site_object("k"), LARGE, 9, NULL), 201);
    pid_t child = in_child(slow_download);
    wait_for_transfer();
    ck_assert_int_eq(kill(site.server->pid, SIGINT), 0);
    ck_assert_int_eq(server_wait(site.server, CLOCK_PATIENCE), 0);
    ck_assert_int_eq(outcome(child), 7);
}
END_TEST

static void ignore_hangup(int signal)
{
    (void)signal;
}

/* In a session of its own with a terminal, which it then takes away. */
static void reload_and_hang_up(void)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    ck_assert(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    ck_assert_int_eq(setsid(), getpid());
    ck_assert_int_ge(open(ptsname(terminal), O_RDWR | O_CLOEXEC), 0); /* the first one becomes that of the session */
    signal(SIGHUP, ignore_hangup);
    site_start();
    for (size_t i = 1; i <= 3; i++) {
        ck_assert_int_eq(kill(site.server->pid, SIGHUP), 0);
        ck_assert(clock_until(CLOCK_PATIENCE, server_logged(site.server, "told to reload") == i));
    }
    site_expect(client_get(site.client, "/readyz", NULL), 200);
    close(terminal);
    ck_assert_int_eq(kill(site.server->pid, SIGHUP), 0); /* as the shell of that terminal does */
    ck_assert_int_eq(server_wait(site.server, CLOCK_PATIENCE), 0);
    server_expect_logged(site.server, "draining", 1);
}

/* SIGHUP from anybody is a wish to reload, at any time; the end of the terminal is that of the server. */
START_TEST(sighup_ends_it_only_with_its_terminal)
{
    pid_t child = fork();
    if (child < 0)
        ck_abort();
    if (child == 0) {
        reload_and_hang_up();
        _exit(0);
    }
    ck_assert_int_eq(outcome(child), 0);
}
END_TEST

/* As nohup does with SIGHUP, and a shell with SIGINT for what it starts in the background. */
START_TEST(what_was_ignored_at_the_start_stays_ignored)
{
    const int signals[] = {SIGHUP, SIGINT};
    for (size_t i = 0; i < 2; i++)
        signal(signals[i], SIG_IGN);
    site_start();
    for (size_t i = 0; i < 2; i++)
        ck_assert_int_eq(kill(site.server->pid, signals[i]), 0);
    ck_assert(!clock_until(0.3, server_logged(site.server, "draining") > 0));
    site_expect(client_get(site.client, "/readyz", NULL), 200);
    server_stop(site.server);
}
END_TEST

START_TEST(an_upload_under_way_is_finished)
{
    site_start();
    pid_t child = in_child(slow_upload);
    wait_for_transfer();
    server_stop(site.server);
    ck_assert_msg(outcome(child) == 5, "the upload was not acknowledged");
    server_start(site.server);
    site_reconnect();
    site_expect_payload("k", LARGE, 9);
}
END_TEST

START_TEST(a_download_under_way_is_finished)
{
    site_start();
    site_expect(client_upload(site.client, site_object("k"), LARGE, 9, NULL), 201);
    pid_t child = in_child(slow_download);
    wait_for_transfer();
    server_stop(site.server);
    ck_assert_msg(outcome(child) == 7, "the download was cut");
}
END_TEST

/* The first lets what is under way end, however long the drain timeout; the second is for who cannot wait. */
START_TEST(a_second_signal_cuts)
{
    server_add(site.server, "--drain-timeout=1h");
    site_start();
    site_expect(client_upload(site.client, site_object("k"), LARGE, 9, NULL), 201);
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", site_object("k")));
    wait_for_transfer();
    server_terminate(site.server);
    ck_assert(clock_until(CLOCK_PATIENCE, server_logged(site.server, "draining") > 0));
    clock_sleep(0.3);
    ck_assert(server_has_open(site.server, "stores/main/blobs"));
    server_terminate(site.server);
    ck_assert_int_eq(server_wait(site.server, CLOCK_PATIENCE), 0);
    close(socket);
    server_start(site.server);
    site_reconnect();
    site_expect_payload("k", LARGE, 9);
}
END_TEST

static void expect_draining(int socket, struct raw_answer *answer)
{
    char value[64];
    ck_assert_msg(raw_receive(socket, answer), "no answer during the drain");
    ck_assert_int_eq(answer->status, 503);
    ck_assert_ptr_nonnull(strstr(answer->body, "\"type\":\"urn:problem-type:cairn:draining\""));
    ck_assert(raw_header(answer, "Retry-After", value, sizeof value));
    ck_assert(raw_header(answer, "Connection", value, sizeof value));
    ck_assert_str_eq(value, "close");
    ck_assert(raw_closed(socket));
}

/* While a request holds the process, others whose heads had begun are served: readyz tells of the end. Who comes later
 * finds the door closed. */
START_TEST(requests_begun_before_the_drain_are_served)
{
    site_start();
    site_expect(client_upload(site.client, site_object("k"), LARGE, 9, NULL), 201);
    int ready = raw_connect(site.server->port), write = raw_connect(site.server->port);
    struct raw_answer *answer = malloc(sizeof *answer);
    ck_assert(raw_send(ready, "GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n"));
    ck_assert(raw_receive(ready, answer));
    ck_assert_int_eq(answer->status, 200);
    ck_assert(raw_send(ready, "GET /readyz HTTP/1.1\r\nHo"));
    ck_assert(raw_send(write, "PUT %s HTTP/1.1\r\nHo", site_object("new")));
    pid_t child = in_child(slow_download);
    wait_for_transfer();
    server_terminate(site.server);
    client_disconnect(site.client);
    ck_assert(clock_until(CLOCK_PATIENCE, client_get(site.client, "/healthz", NULL)->error == CURLE_COULDNT_CONNECT));
    ck_assert(raw_send(ready, "st: a\r\n\r\n"));
    expect_draining(ready, answer);
    ck_assert(raw_send(write, "st: a\r\nContent-Length: 1\r\n\r\nv"));
    ck_assert(raw_receive(write, answer));
    ck_assert_int_eq(answer->status, 201);
    ck_assert(raw_closed(write));
    close(ready);
    close(write);
    free(answer);
    ck_assert_int_eq(server_wait(site.server, CLOCK_PATIENCE), 0);
    ck_assert_int_eq(outcome(child), 7);
    server_start(site.server);
    site_reconnect();
    site_expect_text("new", "v");
}
END_TEST

/* A write whose body lacks its last byte; returns its connection. */
static int all_but_a_byte(const char *head, const char *body)
{
    size_t length = strlen(body);
    int socket = raw_connect(site.server->port);
    ck_assert(
        raw_send(socket, "%s\r\nHost: a\r\nContent-Length: %zu\r\n\r\n%.*s", head, length, (int)length - 1, body));
    return socket;
}

START_TEST(writes_under_way_are_carried_out)
{
    static const struct {
        const char *head, *body;
        int status;
    } writes[] = {
        {"POST /v1/stores/main/batch HTTP/1.1\r\nContent-Type: application/json",
         "{\"operations\":[{\"op\":\"put\",\"key\":\"batch\",\"data\":\"YQ==\"}]}", 200},
        {"POST /v1/stores/main/batch HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x",
         "--x\r\nContent-Disposition: form-data; name=\"form\"\r\n\r\na\r\n--x--\r\n", 200},
        {"PUT /v1/stores/main/objects/put HTTP/1.1", "a", 201},
        {"DELETE /v1/stores/main/objects/old HTTP/1.1", "body", 200},
        {"COPY /v1/stores/main/objects/k HTTP/1.1\r\nDestination: /v1/stores/other/objects/copy", "body", 201},
        {"PUT /v1/stores/new HTTP/1.1", "body", 201},
        {"DELETE /v1/stores/empty HTTP/1.1", "body", 204},
    };
    enum { WRITES = sizeof writes / sizeof *writes };
    static struct raw_answer answer;
    int sockets[WRITES];
    site_start();
    for (size_t i = 0; i < 2; i++) {
        site_expect(client_send(site.client, "PUT", i ? "/v1/stores/empty" : "/v1/stores/other", NULL, 0, NULL), 201);
        site_expect(site_put(i ? "old" : "k", "v", NULL), 201);
    }
    for (size_t i = 0; i < WRITES; i++)
        sockets[i] = all_but_a_byte(writes[i].head, writes[i].body);
    ck_assert(clock_until(CLOCK_PATIENCE, server_has_read_all(site.server)));
    ck_assert_int_eq(kill(site.server->pid, SIGINT), 0);
    ck_assert(clock_until(CLOCK_PATIENCE, server_logged(site.server, "draining") > 0));
    client_disconnect(site.client);
    ck_assert(clock_until(CLOCK_PATIENCE, client_get(site.client, "/healthz", NULL)->error == CURLE_COULDNT_CONNECT));
    for (size_t i = 0; i < WRITES; i++) {
        ck_assert(raw_send(sockets[i], "%s", writes[i].body + strlen(writes[i].body) - 1));
        ck_assert_msg(raw_receive(sockets[i], &answer), "no answer to %s", writes[i].head);
        ck_assert_msg(answer.status == writes[i].status, "%d to %s", answer.status, writes[i].head);
        ck_assert(raw_closed(sockets[i]));
        close(sockets[i]);
    }
    ck_assert_int_eq(server_wait(site.server, CLOCK_PATIENCE), 0);
    server_start(site.server);
    site_reconnect();
    site_expect_text("batch", "a");
    site_expect_text("form", "a");
    site_expect_text("put", "a");
    site_expect(site_get("old", NULL), 404);
    site_expect(client_get(site.client, "/v1/stores/other/objects/copy", NULL), 200);
    site_expect(client_get(site.client, "/v1/stores/new", NULL), 200);
    site_expect(client_get(site.client, "/v1/stores/empty", NULL), 404);
}
END_TEST

/* More connections at once than are accepted in one go, and half of them with half a head. */
START_TEST(who_came_before_the_signal_is_served)
{
    enum { CLIENTS = 300 };
    static struct raw_answer answer;
    int sockets[CLIENTS];
    site_start();
    client_disconnect(site.client);
    server_halt(site.server);
    for (int i = 0; i < CLIENTS; i++) {
        sockets[i] = raw_connect(site.server->port);
        ck_assert(raw_send(sockets[i], i % 2 ? "GET /heal" : "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"));
    }
    ck_assert_int_eq(kill(site.server->pid, SIGINT), 0);
    ck_assert_int_eq(kill(site.server->pid, SIGCONT), 0);
    ck_assert(clock_until(CLOCK_PATIENCE, client_get(site.client, "/healthz", NULL)->error == CURLE_COULDNT_CONNECT));
    for (int i = 0; i < CLIENTS; i++) {
        ck_assert(i % 2 == 0 || raw_send(sockets[i], "thz HTTP/1.1\r\nHost: a\r\n\r\n"));
        ck_assert_msg(raw_receive(sockets[i], &answer), "client %d gets no answer", i);
        ck_assert_int_eq(answer.status, 200);
        ck_assert(raw_closed(sockets[i]));
        close(sockets[i]);
    }
    ck_assert_int_eq(server_wait(site.server, CLOCK_PATIENCE), 0);
}
END_TEST

/* Requests under way hold all places, so that those in line are guests, a few at a time. */
START_TEST(who_waits_in_line_is_answered)
{
    enum { CLIENTS = 60, HELD = 16 };
    static struct raw_answer answer;
    int sockets[CLIENTS], held[HELD];
    server_add(site.server, "--connections-limit=16");
    site_start();
    client_disconnect(site.client);
    for (int i = 0; i < HELD; i++) {
        held[i] = raw_connect(site.server->port);
        raw_send(held[i], "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na", site_object("k"));
    }
    server_halt(site.server);
    for (int i = 0; i < CLIENTS; i++) {
        sockets[i] = raw_connect(site.server->port);
        ck_assert(raw_send(sockets[i], "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"));
    }
    ck_assert_int_eq(kill(site.server->pid, SIGINT), 0);
    ck_assert_int_eq(kill(site.server->pid, SIGCONT), 0);
    for (int i = 0; i < CLIENTS; i++) {
        ck_assert_msg(raw_receive(sockets[i], &answer), "client %d gets no answer", i);
        ck_assert_int_eq(answer.status, 200);
        close(sockets[i]);
    }
    for (int i = 0; i < HELD; i++) {
        raw_send(held[i], "b");
        ck_assert(raw_receive(held[i], &answer));
        close(held[i]);
    }
    ck_assert_int_eq(server_wait(site.server, CLOCK_PATIENCE), 0);
}
END_TEST

/* A client of its own each time: what counts is that new connections are answered. */
static int status_of(const char *method, const char *target, bool *ret_closes)
{
    struct client *client = client_new(site.server->url);
    struct answer *answer = client_send(client, method, target, "v", strcmp(method, "PUT") == 0, NULL);
    int status = answer->status;
    const char *connection = answer_header(answer, "Connection");
    *ret_closes = connection && strcmp(connection, "close") == 0;
    client_free(client);
    return status;
}

START_TEST(for_a_moment_everybody_is_served_and_readyz_tells_of_the_end)
{
    bool closes = false;
    server_add(site.server, "--drain-delay=1h");
    site_start();
    ck_assert_int_eq(status_of("GET", "/readyz", &closes), 200);
    server_terminate(site.server);
    ck_assert(clock_until(CLOCK_PATIENCE, status_of("GET", "/readyz", &closes) == 503));
    ck_assert(closes);
    ck_assert_int_eq(status_of("PUT", site_object("late"), &closes), 201);
    ck_assert(closes);
    ck_assert_int_eq(status_of("GET", "/healthz", &closes), 200);
    server_terminate(site.server);
    ck_assert_int_eq(server_wait(site.server, CLOCK_PATIENCE), 0);
    server_start(site.server);
    site_reconnect();
    site_expect_text("late", "v");
}
END_TEST

START_TEST(the_moment_ends_by_itself)
{
    server_add(site.server, "--drain-delay=1");
    site_start();
    double start = clock_now();
    server_stop(site.server);
    ck_assert_double_ge(clock_now() - start, 1);
}
END_TEST

START_TEST(a_verification_does_not_hold_it)
{
    server_add(site.server, "--drain-timeout=1h");
    site_start();
    site_expect(client_upload(site.client, site_object("k"), 1 << 20, 1, NULL), 201);
    site_expect(client_send(site.client, "POST", site_target("/verify?rate=1000"), NULL, 0, NULL), 202);
    server_stop(site.server);
}
END_TEST

/* From libmicrohttpd 1.0 on a connection is told of later than it was handed over. */
START_TEST(connections_that_come_with_the_signal_do_not_hold_it)
{
    server_add(site.server, "--drain-timeout=1h");
    for (int round = 0; round < 10; round++) {
        int sockets[IDLE];
        site_start();
        for (int i = 0; i < IDLE; i++)
            sockets[i] = raw_connect(site.server->port);
        server_stop(site.server);
        for (int i = 0; i < IDLE; i++)
            close(sockets[i]);
    }
}
END_TEST

START_TEST(a_drain_right_after_the_start)
{
    for (int i = 0; i < 3; i++) {
        server_start(site.server);
        server_stop(site.server);
    }
}
END_TEST

/* It is set up in order, and taken down again. */
START_TEST(a_signal_before_anything_is_opened_ends_it_in_order)
{
    const char *const arguments[] = {"--data", site.server->data, "--listen", "127.0.0.1:0", NULL};
    char *output;
    site_preload(PRELOAD_PATH);
    int code = server_run(arguments, &output);
    site_preload_end();
    ck_assert_msg(code == 0 && strstr(output, "stopped"), "it ended with %d: %s", code, output);
    free(output);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        sigterm_under_load_loses_and_cuts_nothing,
        sigint_drains_too,
        sighup_ends_it_only_with_its_terminal,
        what_was_ignored_at_the_start_stays_ignored,
        idle_connections_do_not_hold_it,
        half_a_request_does_not_hold_it,
        an_upload_under_way_is_finished,
        a_download_under_way_is_finished,
        a_second_signal_cuts,
        requests_begun_before_the_drain_are_served,
        writes_under_way_are_carried_out,
        who_came_before_the_signal_is_served,
        who_waits_in_line_is_answered,
        for_a_moment_everybody_is_served_and_readyz_tells_of_the_end,
        the_moment_ends_by_itself,
        a_verification_does_not_hold_it,
        connections_that_come_with_the_signal_do_not_hold_it,
        a_drain_right_after_the_start,
        a_signal_before_anything_is_opened_ends_it_in_order,
    };
    return site_run("drain", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
