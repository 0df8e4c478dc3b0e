/* Limits are told clearly and early, memory is bounded, a slow client delays nobody. */
#include "tests/http/clock.h"
#include "tests/http/raw.h"
#include "tests/http/site.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct raw_answer answer;

static void add(const char *flag, const char *value)
{
    server_add(site.server, flag);
    server_add(site.server, value);
}

static int begin_put(const char *key, size_t size)
{
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket, "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", site_object(key), size));
    return socket;
}

static void expect_retry_after(const struct raw_answer *refusal)
{
    char value[32];
    ck_assert(raw_header(refusal, "Retry-After", value, sizeof value));
    ck_assert_int_ge(atoi(value), 0);
    ck_assert(value[0] >= '0' && value[0] <= '9');
}

/* ---- size ------------------------------------------------------------------------------------ */

START_TEST(an_object_over_the_limit_is_refused_before_its_body)
{
    add("--object-limit", "1M");
    site_start();
    site_expect(client_upload(site.client, site_object("fits"), 1 << 20, 1, NULL), 201);
    int socket = begin_put("k", (1 << 20) + 1);
    ck_assert(raw_receive(socket, &answer));
    ck_assert_int_eq(answer.status, 413);
    ck_assert(raw_closed(socket));
    close(socket);
    site_expect(site_get("k", NULL), 404);
}
END_TEST

static int begin_chunked(void)
{
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket, "PUT %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", site_object("k")));
    return socket;
}

START_TEST(a_chunked_object_over_the_limit_is_refused)
{
    add("--object-limit", "1M");
    site_start();
    site_expect(client_upload(site.client, site_object("fits"), 1 << 20, 1, "Transfer-Encoding: chunked", NULL), 201);
    int socket = begin_chunked();
    raw_send(socket, "100001\r\n");
    raw_send_payload(socket, 0x100001, 1, 0);
    raw_send(socket, "\r\n0\r\n\r\n");
    ck_assert(raw_receive(socket, &answer));
    ck_assert_int_eq(answer.status, 413);
    close(socket);
    site_expect(site_get("k", NULL), 404);
    site_expect_blobs(1);
}
END_TEST

START_TEST(an_endless_body_is_not_read_to_its_end)
{
    enum { CHUNK = 1 << 20, CHUNKS = 512 };
    add("--object-limit", "1M");
    site_start();
    int socket = begin_chunked(), sent = 0;
    while (sent < CHUNKS && raw_send(socket, "%x\r\n", CHUNK) && raw_send_payload(socket, CHUNK, 1, 0) &&
           raw_send(socket, "\r\n")) {
        sent++;
    }
    ck_assert_msg(sent < CHUNKS, "it took %d MiB of an object that may have one", sent);
    close(socket);
    site_expect(site_get("k", NULL), 404);
}
END_TEST

START_TEST(a_batch_over_its_limits_is_413)
{
    add("--batch-bytes-limit", "64K");
    add("--batch-ops-limit", "3");
    site_start();
    const char *three = "{\"operations\":[{\"op\":\"delete\",\"key\":\"a\"},{\"op\":\"delete\",\"key\":\"b\"},{\"op\":"
                        "\"delete\",\"key\":\"c\"}]}";
    const char *four = "{\"operations\":[{\"op\":\"delete\",\"key\":\"a\"},{\"op\":\"delete\",\"key\":\"b\"},{\"op\":"
                       "\"delete\",\"key\":\"c\"},{\"op\":\"delete\",\"key\":\"d\"}]}";
    site_expect(site_post("/batch", three), 200);
    site_expect_problem(site_post("/batch", four), 413);
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket,
                       "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                       "Expect: 100-continue\r\nContent-Length: 65537\r\n\r\n",
                       site_target("/batch")));
    ck_assert(raw_receive(socket, &answer));
    ck_assert_int_eq(answer.status, 413);
    close(socket);
}
END_TEST

START_TEST(a_batch_get_over_its_limits_is_413)
{
    add("--batch-bytes-limit", "64K");
    add("--batch-ops-limit", "3");
    site_start();
    site_expect(client_upload(site.client, site_object("a"), 40000, 1, NULL), 201);
    site_expect(client_upload(site.client, site_object("b"), 20000, 1, NULL), 201);
    site_expect(client_upload(site.client, site_object("c"), 20000, 1, NULL), 201);
    site_expect(site_post("/batch-get", "{\"keys\":[\"a\",\"b\",\"none\"]}"), 200);
    site_expect_problem(site_post("/batch-get", "{\"keys\":[\"a\",\"b\",\"c\"]}"), 413);
    site_expect_problem(site_post("/batch-get", "{\"keys\":[\"x\",\"x\",\"x\",\"x\"]}"), 413);
}
END_TEST

/* ---- work in flight -------------------------------------------------------------------------- */

/* Of an upload so large that it has its place then. */
static void expect_all_read(void)
{
    ck_assert(clock_until(CLOCK_PATIENCE, server_has_read_all(site.server)));
    server_await_quiet(site.server);
}

START_TEST(more_uploads_than_allowed_are_told_to_come_back)
{
    add("--uploads-limit", "2");
    site_start();
    int first = begin_put("a", 2 << 20), second = begin_put("b", 2 << 20);
    ck_assert(raw_send_payload(first, 1 << 20, 1, 0));
    ck_assert(raw_send_payload(second, 1 << 20, 1, 0));
    expect_all_read();
    int third = begin_put("c", 2 << 20);
    ck_assert(raw_receive(third, &answer));
    ck_assert_int_eq(answer.status, 503);
    expect_retry_after(&answer);
    site_expect(site_put("small", "v", NULL), 201);
    ck_assert(raw_send_payload(first, 1 << 20, 1, 1 << 20));
    ck_assert(raw_receive(first, &answer));
    ck_assert_int_eq(answer.status, 201);
    close(second);
    close(third);
    close(first);
    ck_assert(
        clock_until(CLOCK_PATIENCE, client_upload(site.client, site_object("c"), 2 << 20, 1, NULL)->status == 201));
}
END_TEST

START_TEST(a_store_over_its_memory_says_503_and_recovers)
{
    enum { CLIENTS = 24, SIZE = 200000 };
    add("--store-bytes-limit", "1M");
    add("--batch-bytes-limit", "1M");
    site_start();
    int sockets[CLIENTS], refused = 0, accepted = 0;
    for (int i = 0; i < CLIENTS; i++) {
        sockets[i] = begin_put(client_text(site.client, "k%d", i), SIZE);
        raw_send_payload(sockets[i], SIZE - 1, 1, 0);
    }
    expect_all_read();
    for (int i = 0; i < CLIENTS; i++) {
        if (raw_silent(sockets[i], 0))
            ck_assert(raw_send_payload(sockets[i], 1, 1, SIZE - 1));
        ck_assert(raw_receive(sockets[i], &answer));
        ck_assert_msg(answer.status == 201 || answer.status == 503, "got %d", answer.status);
        accepted += answer.status == 201;
        refused += answer.status == 503;
        if (answer.status == 503)
            expect_retry_after(&answer);
        close(sockets[i]);
    }
    ck_assert_msg(refused > 0, "a store of 1 MiB took %d uploads of %d bytes at once", accepted, SIZE);
    ck_assert_int_gt(accepted, 0);
    site_expect(client_upload(site.client, site_object("after"), SIZE, 1, NULL), 201);
    ck_assert(clock_until(CLOCK_PATIENCE, site_figure("bytes_in_flight") == 0));
}
END_TEST

/* Refused with 503 and a time to come back, then whole once the first is. */
static void expect_one_after_the_other(int first, const char *second_target)
{
    ck_assert(raw_send_payload(first, 1 << 20, 1, 0));
    expect_all_read();
    struct answer *refused = client_send(site.client, "PUT", second_target, "v", 1, NULL);
    site_expect_problem(refused, 503);
    const char *seconds = answer_header(refused, "Retry-After");
    ck_assert(seconds && seconds[0] >= '0' && seconds[0] <= '9');
    ck_assert(raw_send_payload(first, 1 << 20, 1, 1 << 20));
    ck_assert(raw_receive(first, &answer));
    ck_assert_int_eq(answer.status, 201);
    close(first);
    site_expect(client_send(site.client, "PUT", second_target, "v", 1, NULL), 201);
}

/* Beside others one may have three quarters of it; what is small has the rest. */
START_TEST(memory_is_bounded_for_all_stores_together)
{
    enum { UPLOADS = 4, SIZE = 250000 };
    add("--total-bytes-limit", "1M");
    add("--store-bytes-limit", "1M");
    add("--batch-bytes-limit", "1M");
    site_start();
    site_expect(client_send(site.client, "PUT", "/v1/stores/other", NULL, 0, NULL), 201);
    int sockets[UPLOADS];
    for (int i = 0; i < UPLOADS; i++) {
        sockets[i] = begin_put(client_text(site.client, "k%d", i), SIZE);
        ck_assert(raw_send_payload(sockets[i], 190000, 1, 0));
    }
    expect_all_read();
    struct answer *refused = NULL;
    const char *target = "/v1/stores/other/objects/b";
    ck_assert_msg(
        clock_until(CLOCK_PATIENCE, (refused = client_upload(site.client, target, SIZE, 1, NULL))->status == 503),
        "another store takes as much again");
    site_expect_kind(refused, 503, "busy");
    ck_assert_ptr_nonnull(answer_header(refused, "Retry-After"));
    site_expect(client_send(site.client, "PUT", target, "v", 1, NULL), 201);
    for (int i = 0; i < UPLOADS; i++)
        close(sockets[i]);
    ck_assert(clock_until(CLOCK_PATIENCE, client_upload(site.client, target, SIZE, 1, NULL)->status == 200));
}
END_TEST

START_TEST(writes_under_way_are_bounded)
{
    add("--store-ops-limit", "1");
    site_start();
    expect_one_after_the_other(begin_put("a", 2 << 20), site_object("b"));
}
END_TEST

START_TEST(a_chunked_upload_that_grows_large_counts_too)
{
    add("--uploads-limit", "1");
    site_start();
    int first = begin_put("a", 2 << 20), second = begin_chunked();
    ck_assert(raw_send_payload(first, 1 << 20, 1, 0));
    expect_all_read();
    raw_send(second, "80000\r\n");
    raw_send_payload(second, 0x80000, 1, 0);
    ck_assert(raw_receive(second, &answer));
    ck_assert_int_eq(answer.status, 503);
    expect_retry_after(&answer);
    close(second);
    ck_assert(raw_send_payload(first, 1 << 20, 1, 1 << 20));
    ck_assert(raw_receive(first, &answer));
    ck_assert_int_eq(answer.status, 201);
    close(first);
    ck_assert_int_eq(site_figure("objects"), 1);
    site_expect_blobs(1);
}
END_TEST

/* Half of so few is for those who find no place: they get their answer, and one after the other goes. */
START_TEST(connections_beyond_the_limit_are_answered_and_closed)
{
    enum { PLACES = 2, CONNECTIONS = 8 };
    add("--connections-limit", "4");
    add("--idle-timeout", "3600"); /* in a crowd 5 minutes: longer than the test takes */
    site_listen();
    int sockets[CONNECTIONS];
    for (int i = 0; i < CONNECTIONS; i++) {
        sockets[i] = raw_connect(site.server->port);
        ck_assert(raw_send(sockets[i], "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"));
        ck_assert_msg(raw_receive(sockets[i], &answer) && answer.status == 200, "connection %d waits for ever", i);
        ck_assert(i < PLACES || raw_closed(sockets[i]));
    }
    for (int i = 0; i < PLACES; i++) {
        ck_assert(raw_send(sockets[i], "GET /v1/stores HTTP/1.1\r\nHost: a\r\n\r\n"));
        ck_assert_msg(raw_receive(sockets[i], &answer) && answer.status == 200, "connection %d has lost its place", i);
    }
    for (int i = 0; i < CONNECTIONS; i++)
        close(sockets[i]);
}
END_TEST

/* ---- time ------------------------------------------------------------------------------------ */

/* What it has sent buys no time worth speaking of at a rate like this one. */
START_TEST(a_silent_connection_is_closed)
{
    add("--idle-timeout", "1");
    add("--least-rate", "1M");
    site_start();
    int sockets[3] = {raw_connect(site.server->port), raw_connect(site.server->port), begin_put("k", 1 << 20)};
    ck_assert(raw_send(sockets[1], "GET /healthz HTTP/1.1\r\nHos"));
    ck_assert(raw_send_payload(sockets[2], 400000, 1, 0));
    for (int i = 0; i < 3; i++) {
        ck_assert_msg(raw_closed(sockets[i]), "connection %d stays open", i);
        close(sockets[i]);
    }
    site_expect_blobs(0);
}
END_TEST

/* Each byte is a sign of life, but none of a request: it must not hold the connection for ever. */
START_TEST(a_head_without_end_is_cut)
{
    static const char *const heads[] = {"GET /healthz HTTP/1.1\r\nHost: a", "GET /a"};
    add("--idle-timeout", "1");
    site_start();
    for (int i = 0; i < 2; i++) {
        int socket = raw_connect(site.server->port);
        if (i == 1) { /* also behind a request that was answered */
            ck_assert(raw_send(socket, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"));
            ck_assert(raw_receive(socket, &answer) && answer.status == 200);
        }
        ck_assert(raw_send(socket, "%s", heads[i]));
        ck_assert_msg(clock_until(RAW_SECONDS, !raw_send_bytes(socket, "a", 1)), "head %d is waited for", i);
        close(socket);
    }
}
END_TEST

/* But one that is whole in time is answered, and the next one has its own time: all together take longer than one may,
 * and each a small part of that. */
START_TEST(a_slow_head_is_answered)
{
    enum { PIECE = 8 };
    const char *head = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
    add("--idle-timeout", "1");
    site_start();
    int socket = raw_connect(site.server->port);
    for (double end = clock_now() + 2.5; clock_now() < end;) {
        for (size_t sent = 0; sent < strlen(head); sent += PIECE) {
            ck_assert(raw_send(socket, "%.*s", PIECE, head + sent));
            clock_sleep(0.02);
        }
        ck_assert(raw_receive(socket, &answer) && answer.status == 200);
    }
    close(socket);
}
END_TEST

enum { DOWNLOAD = 16 << 20 };

static int begin_get(const char *key)
{
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", site_object(key)));
    return socket;
}

/* Its file is given back, too: nobody keeps a version alive by not reading it. */
START_TEST(a_stalled_download_is_cut)
{
    add("--idle-timeout", "1");
    add("--least-rate", "1M");
    site_start();
    site_expect(client_upload(site.client, site_object("k"), DOWNLOAD, 1, NULL), 201);
    int socket = begin_get("k");
    ck_assert_msg(raw_receive_head(socket, &answer) && answer.status == 200, "the download does not begin");
    ck_assert_msg(clock_until(RAW_SECONDS, !server_has_open(site.server, "stores/main/blobs")),
                  "the download is not cut");
    close(socket);
}
END_TEST

static size_t read_some(int socket, size_t most)
{
    static char bytes[1 << 16];
    ssize_t got = recv(socket, bytes, most < sizeof bytes ? most : sizeof bytes, 0);
    return got > 0 ? (size_t)got : 0;
}

/* The kernel holds megabytes of the answer: the server must not take it for a standstill while they drain. */
START_TEST(a_slow_download_is_not_cut)
{
    enum { STEPS = 60, STEP = 64000 };
    add("--idle-timeout", "2");
    site_start();
    site_expect(client_upload(site.client, site_object("k"), DOWNLOAD, 1, NULL), 201);
    int socket = begin_get("k");
    ck_assert(raw_receive_head(socket, &answer));
    size_t received = 0, got;
    for (int i = 0; i < STEPS; i++) {
        received += read_some(socket, STEP);
        clock_sleep(0.1);
    }
    while ((got = read_some(socket, DOWNLOAD)) > 0 && received + got < DOWNLOAD)
        received += got;
    ck_assert_uint_eq(received + got, DOWNLOAD);
    close(socket);
}
END_TEST

START_TEST(a_slow_upload_is_not_cut)
{
    enum { STEPS = 8, STEP = 40000 };
    add("--idle-timeout", "2");
    site_start();
    int socket = begin_put("k", STEPS * STEP);
    for (int i = 0; i < STEPS; i++) {
        clock_sleep(0.4);
        ck_assert(raw_send_payload(socket, STEP, 1, (uint64_t)i * STEP));
    }
    ck_assert(raw_receive(socket, &answer));
    ck_assert_int_eq(answer.status, 201);
    close(socket);
    site_expect_payload("k", STEPS * STEP, 1);
}
END_TEST

/* Whoever waited for them would do so for an hour. */
START_TEST(stalled_uploads_delay_nobody)
{
    enum { STALLED = 16 };
    add("--idle-timeout", "3600");
    site_start();
    int sockets[STALLED];
    for (int i = 0; i < STALLED; i++) {
        sockets[i] = begin_put(client_text(site.client, "stalled%d", i), 8 << 20);
        ck_assert(raw_send_payload(sockets[i], (1 << 20) + 1000 * (size_t)i, 1, 0));
    }
    for (int i = 0; i < 100; i++)
        site_expect(site_put(client_text(site.client, "k%d", i), "v", NULL), 201);
    site_expect(client_upload(site.client, site_object("large"), 4 << 20, 1, NULL), 201);
    for (int i = 0; i < STALLED; i++)
        close(sockets[i]);
}
END_TEST

START_TEST(stalled_downloads_delay_nobody)
{
    enum { STALLED = 16 };
    add("--idle-timeout", "3600");
    site_start();
    site_expect(client_upload(site.client, site_object("large"), 16 << 20, 1, NULL), 201);
    int sockets[STALLED];
    for (int i = 0; i < STALLED; i++)
        sockets[i] = begin_get("large");
    for (int i = 0; i < 100; i++)
        site_expect(site_put("k", "v", NULL), i == 0 ? 201 : 200);
    site_expect_payload("large", 16 << 20, 1);
    for (int i = 0; i < STALLED; i++)
        close(sockets[i]);
}
END_TEST

/* ---- memory and descriptors ------------------------------------------------------------------ */

static void expect_memory_below(uint64_t limit)
{
    uint64_t peak = server_memory_peak(site.server);
    ck_assert_msg(server_sanitized(site.server) || peak < limit, "the peak is %llu MiB, the limit %llu MiB",
                  (unsigned long long)peak >> 20, (unsigned long long)limit >> 20);
}

START_TEST(a_256_mib_upload_and_download_stay_in_64_mib)
{
    const uint64_t size = 256 << 20;
    site_start();
    uint64_t limit = server_memory(site.server) + (64 << 20);
    site_expect(client_upload(site.client, site_object("big"), size, 1, NULL), 201);
    expect_memory_below(limit);
    site_expect_payload("big", size, 1);
    expect_memory_below(limit);
}
END_TEST

START_TEST(uploads_at_once_take_less_than_2_mib_each)
{
    enum { UPLOADS = 24, SIZE = 6 << 20 };
    site_start();
    uint64_t limit = server_memory(site.server) + UPLOADS * (2ull << 20) + (16 << 20);
    pid_t children[UPLOADS];
    for (int i = 0; i < UPLOADS; i++) {
        children[i] = fork();
        if (children[i] < 0)
            ck_abort();
        if (children[i] == 0) {
            struct client *client = client_new(site.server->url);
            char target[64];
            snprintf(target, sizeof target, "/v1/stores/main/objects/k%d", i);
            _exit(client_upload(client, target, SIZE, (uint64_t)i, NULL)->status == 201 ? 0 : 1);
        }
    }
    for (int i = 0; i < UPLOADS; i++) {
        int status;
        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        ck_assert_int_eq(status, 0);
    }
    expect_memory_below(limit);
    for (int i = 0; i < UPLOADS; i++)
        site_expect_payload(client_text(site.client, "k%d", i), SIZE, (uint64_t)i);
}
END_TEST

START_TEST(five_hundred_idle_connections_cost_little)
{
    enum { CONNECTIONS = 500 };
    site_start();
    site_expect(site_put("k", "v", NULL), 201);
    server_await_quiet(site.server);
    size_t descriptors = server_descriptors(site.server);
    uint64_t limit = server_memory(site.server) + CONNECTIONS * (24ull << 10) + (8 << 20);
    static int sockets[CONNECTIONS];
    for (int i = 0; i < CONNECTIONS; i++) {
        sockets[i] = raw_connect(site.server->port);
        ck_assert(raw_send(sockets[i], "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"));
        ck_assert(raw_receive(sockets[i], &answer) && answer.status == 200);
    }
    site_expect(site_put("k", "w", NULL), 200);
    expect_memory_below(limit);
    for (int i = 0; i < CONNECTIONS; i++)
        close(sockets[i]);
    ck_assert_msg(clock_until(CLOCK_PATIENCE, server_descriptors(site.server) <= descriptors + 1),
                  "%zu descriptors before, %zu after", descriptors, server_descriptors(site.server));
}
END_TEST

/* A short body may ask for much: copies bring their payloads into memory. */
START_TEST(a_batch_of_many_copies_costs_no_more_than_a_large_one)
{
    enum { SIZE = 256 << 10, COPIES = 9000, BATCH_MAX = 96 << 20, SLACK = 64 << 20 };
    site_start();
    site_expect(client_upload(site.client, site_object("k"), SIZE, 1, NULL), 201);
    char *body = malloc(COPIES * 64), *at = body + sprintf(body, "{\"operations\":[");
    for (int i = 0; i < COPIES; i++)
        at += sprintf(at, "%s{\"op\":\"copy\",\"key\":\"k\",\"to\":\"c%d\"}", i ? "," : "", i);
    at += sprintf(at, "]}");
    server_memory_reset(site.server);
    for (int round = 0; round < 3; round++)
        site_expect_problem(client_send(site.client, "POST", site_target("/batch"), body, (size_t)(at - body),
                                        "Content-Type: application/json", NULL),
                            413);
    free(body);
    ck_assert_msg(server_sanitized(site.server) || server_memory_peak(site.server) < BATCH_MAX + SLACK,
                  "it took %llu MiB", (unsigned long long)server_memory_peak(site.server) >> 20);
    site_expect(site_get("c0", NULL), 404);
}
END_TEST

/* ---- disk ------------------------------------------------------------------------------------ */

/* The announced object is larger than disks are: they are not full by that. */
START_TEST(what_is_too_large_for_the_disk_does_not_make_it_full)
{
    static struct raw_answer refusal;
    add("--object-limit", "1024T");
    site_start();
    int socket = raw_connect(site.server->port);
    ck_assert(
        raw_send(socket, "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: %llu\r\n\r\n", site_object("k"), 1ULL << 50));
    ck_assert(raw_receive(socket, &refusal));
    close(socket);
    ck_assert_int_eq(refusal.status, 507);
    ck_assert_ptr_nonnull(strstr(refusal.body, "\"title\":\"The disk has no space for it\""));
    struct answer *ready = client_get(site.client, "/readyz", NULL);
    site_expect(ready, 200);
    ck_assert_ptr_null(strstr((char *)ready->body, "detail"));
    ck_assert_ptr_nonnull(strstr((char *)client_get(site.client, "/metrics", NULL)->body, "\ncairn_disk_full 0\n"));
    ck_assert_uint_eq(server_logged(site.server, "the disk is full"), 0);
    site_expect(site_put("k", "v", NULL), 201);
}
END_TEST

START_TEST(a_disk_reserve_that_is_used_up_is_507)
{
    site_start();
    site_expect(site_put("small", "v", NULL), 201);
    site_expect(client_upload(site.client, site_object("large"), 1 << 20, 1, NULL), 201);
    server_stop(site.server);
    add("--disk-reserve", "1024G");
    server_start(site.server);
    site_reconnect();
    site_expect_problem(client_upload(site.client, site_object("new"), 1 << 20, 1, NULL), 507);
    site_expect_problem(site_put("new", "v", NULL), 507);
    struct answer *ready = client_get(site.client, "/readyz", NULL);
    site_expect(ready, 200);
    ck_assert_ptr_nonnull(strstr(answer_string(ready, "detail"), "the disk is full"));
    site_expect_text("small", "v");
    site_expect_payload("large", 1 << 20, 1);
    site_expect(site_delete("large", NULL), 200);
    site_expect(site_delete("small", NULL), 200);
    site_expect(client_get(site.client, "/healthz", NULL), 200);
    server_stop(site.server);
    server_reset(site.server);
    server_start(site.server);
    site_reconnect();
    site_expect(site_get("large", NULL), 404);
    site_expect(site_put("new", "v", NULL), 201);
}
END_TEST

/* ---- want of descriptors --------------------------------------------------------------------- */

/* The server's highest descriptor. */
static unsigned highest_descriptor(void)
{
    DIR *folder = opendir(client_text(site.client, "/proc/%d/fd", site.server->pid));
    unsigned highest = 0;
    ck_assert_ptr_nonnull(folder);
    for (const struct dirent *entry; (entry = readdir(folder));) {
        unsigned number = (unsigned)atoi(entry->d_name);
        highest = number > highest ? number : highest;
    }
    closedir(folder);
    return highest;
}

/* Connections take the descriptors below the server's limit that are free. */
static void take_free_descriptors(void)
{
    struct rlimit limit;
    ck_assert_int_eq(prlimit(site.server->pid, RLIMIT_NOFILE, NULL, &limit), 0);
    while (server_descriptors(site.server) < limit.rlim_cur) {
        int socket = raw_connect(site.server->port);
        ck_assert(raw_send(socket, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"));
        ck_assert(raw_receive(socket, &answer));
    }
}

/* Leaves the server no descriptor: none above those that it keeps, nor between them. */
static void take_descriptors(void)
{
    server_await_quiet(site.server);
    unsigned end = highest_descriptor() + 1;
    const struct rlimit limit = {.rlim_cur = end, .rlim_max = end};
    ck_assert_int_eq(prlimit(site.server->pid, RLIMIT_NOFILE, &limit, NULL), 0);
    take_free_descriptors();
}

/* Of a problem, and of a line in the log that it made. */
static void expect_want_told(struct answer *problem, const char *detail)
{
    site_expect_kind(problem, 503, "busy");
    ck_assert_ptr_nonnull(answer_header(problem, "Retry-After"));
    ck_assert_str_eq(answer_string(problem, "detail"), detail);
    ck_assert_msg(clock_until(CLOCK_PATIENCE, server_logged(site.server, detail) > 0), "not in the log: %s", detail);
}

/* Of a request that is sent again where the background has given a descriptor back before it. */
#define expect_want(request, detail)                                                                                   \
    do {                                                                                                               \
        struct answer *given;                                                                                          \
        (void)clock_until(CLOCK_PATIENCE, (take_free_descriptors(), given = (request))->status == 503);                \
        expect_want_told(given, detail);                                                                               \
    } while (0)

START_TEST(idle_stores_give_their_descriptors_to_whatever_is_opened)
{
    site_start();
    site_expect(site_put("k", "value", NULL), 201); /* so the store is open */
    take_descriptors();
    /* The writer's turn may not be at its end yet: for so long the store is not idle. */
    ck_assert(clock_until(CLOCK_PATIENCE, client_get(site.client, "/v1/stores", NULL)->status == 200));
}
END_TEST

START_TEST(want_of_descriptors_is_named)
{
    enum { LARGE = 2 << 20 };
    site_start();
    site_expect(client_upload(site.client, site_object("large"), LARGE, 1, NULL), 201);
    site_expect(site_post("/verify?rate=1", ""), 202); /* the store is in use */
    take_descriptors();
    expect_want(site_get("large", NULL), "The object cannot be read: Too many open files.");
    server_expect_logged(site.server, "GET in store main, key hash ", 1);
    expect_want(site_post("/batch-get", "{\"keys\":[\"large\"]}"), "The objects cannot be read: Too many open files.");
    expect_want(client_get(site.client, "/v1/stores", NULL), "The stores cannot be listed: Too many open files.");
    expect_want(client_get(site.client, "/metrics", NULL), "The stores cannot be listed: Too many open files.");
    site_expect(client_get(site.client, "/healthz", NULL), 200);
    expect_want(client_upload(site.client, site_object("new"), LARGE, 1, NULL), /* ends the connection */
                "The object cannot be written: Too many open files.");
}
END_TEST

/* Some are kept for those who come then. */
START_TEST(without_descriptors_who_comes_is_answered)
{
    site_start();
    take_descriptors();
    for (int i = 0; i < 3; i++) {
        int health = raw_connect(site.server->port), other = raw_connect(site.server->port);
        ck_assert(raw_send(health, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"));
        ck_assert(raw_receive(health, &answer));
        ck_assert_int_eq(answer.status, 200);
        ck_assert(raw_send(other, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", site_target("")));
        ck_assert(raw_receive(other, &answer));
        if (answer.status != 200)
            expect_retry_after(&answer);
        close(health);
        close(other);
    }
    server_expect_logged(site.server, "connections find no place: Too many open files", 1);
}
END_TEST

static void limit_descriptors(rlim_t count)
{
    const struct rlimit limit = {.rlim_cur = count, .rlim_max = count};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Nobody waits for a descriptor that there will not be. */
START_TEST(with_few_descriptors_everybody_is_answered)
{
    enum { CLIENTS = 30, DESCRIPTORS = 64 };
    int sockets[CLIENTS], served = 0;
    limit_descriptors(DESCRIPTORS);
    site_start();
    for (int i = 0; i < CLIENTS; i++) {
        sockets[i] = raw_connect(site.server->port);
        ck_assert(raw_send(sockets[i], "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", site_target("")));
        ck_assert(raw_receive(sockets[i], &answer));
        served += answer.status == 200;
        if (answer.status != 200)
            expect_retry_after(&answer);
    }
    ck_assert_int_ge(served, 7); /* half of the connections, but the first client's */
    ck_assert_int_lt(served, CLIENTS);
    for (int i = 0; i < CLIENTS; i++)
        close(sockets[i]);
    ck_assert(clock_until(CLOCK_PATIENCE, site_put("k", "v", NULL)->status == 201));
}
END_TEST

/* There are fewer than all that is asked for takes at once: who comes waits for a store that comes free. */
START_TEST(with_few_descriptors_many_stores_are_opened_in_turn)
{
    enum { STORES = 40, CLIENTS = 12, ROUNDS = 40, DESCRIPTORS = 100 };
    int sockets[CLIENTS];
    limit_descriptors(DESCRIPTORS);
    site_start();
    for (int i = 0; i < STORES; i++)
        site_expect(client_send(site.client, "PUT", client_text(site.client, "/v1/stores/s%d", i), "", 0, NULL), 201);
    for (int i = 0; i < CLIENTS; i++)
        sockets[i] = raw_connect(site.server->port);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < CLIENTS; i++)
            ck_assert(raw_send(sockets[i],
                               "PUT /v1/stores/s%d/objects/k HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
                               (round * CLIENTS + 7 * i) % STORES));
        for (int i = 0; i < CLIENTS; i++) {
            ck_assert(raw_receive(sockets[i], &answer));
            ck_assert_msg(answer.status == 201 || answer.status == 200, "%d: %s", answer.status, answer.body);
        }
    }
    for (int i = 0; i < CLIENTS; i++)
        close(sockets[i]);
    ck_assert_uint_eq(server_logged(site.server, "reach cannot be written"), 0);
}
END_TEST

/* Those that were granted places find them, although stores that nobody uses have had the descriptors. */
START_TEST(idle_stores_leave_connections_their_places)
{
    enum { STORES = 60, CLIENTS = 36, DESCRIPTORS = 160 };
    int sockets[CLIENTS];
    limit_descriptors(DESCRIPTORS);
    site_start();
    for (int i = 0; i < STORES; i++) {
        site_expect(client_send(site.client, "PUT", client_text(site.client, "/v1/stores/s%d", i), "", 0, NULL), 201);
        site_expect(
            client_send(site.client, "PUT", client_text(site.client, "/v1/stores/s%d/objects/k", i), "v", 1, NULL),
            201);
    }
    for (int i = 0; i < CLIENTS; i++) {
        sockets[i] = raw_connect(site.server->port);
        ck_assert(raw_send(sockets[i], "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", site_target("")));
    }
    for (int i = 0; i < CLIENTS; i++) {
        ck_assert(raw_receive(sockets[i], &answer));
        ck_assert_msg(answer.status == 200, "%d: %d: %s", i, answer.status, answer.body);
    }
    for (int i = 0; i < STORES; i++) {
        ck_assert(raw_send(sockets[i % CLIENTS],
                           "PUT /v1/stores/s%d/objects/k HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", i));
        ck_assert(raw_receive(sockets[i % CLIENTS], &answer));
        ck_assert_msg(answer.status == 200, "%d: %d: %s", i, answer.status, answer.body);
    }
    for (int i = 0; i < CLIENTS; i++)
        close(sockets[i]);
    ck_assert_uint_eq(server_logged(site.server, "find no place"), 0);
}
END_TEST

/* However much a store holds: of its many files few are open. */
START_TEST(a_store_of_many_segments_is_had_with_few_descriptors)
{
    enum { DESCRIPTORS = 70, SEGMENTS = 50, EACH = 4, SIZE = 250000 };
    static char payload[SIZE + 1];
    memset(payload, 'x', SIZE);
    limit_descriptors(DESCRIPTORS);
    server_add(site.server, "--segment-size=1M");
    site_start();
    for (int i = 0; i < SEGMENTS * EACH; i++)
        site_expect(site_put(client_text(site.client, "k%d", i), payload, NULL), 201);
    for (int round = 0; round < 2; round++) {
        ck_assert_int_ge(site_figure("segments"), SEGMENTS);
        for (int i = 0; i < SEGMENTS * EACH; i += EACH)
            site_expect_text(client_text(site.client, "k%d", i), payload);
        site_expect(client_get(site.client, site_target("/objects?limit=1000"), NULL), 200);
        site_expect(site_put("k0", payload, NULL), 200);
        server_crash(site.server);
        server_start(site.server);
        site_reconnect();
    }
    ck_assert_uint_eq(server_logged(site.server, "Too many open files"), 0);
}
END_TEST

/* Uploads beyond their share are refused, and the log has a descriptor for its next segment. */
START_TEST(uploads_leave_descriptors_to_the_logs)
{
    enum { CLIENTS = 24, DESCRIPTORS = 100, LEAST = 4 };
    int sockets[CLIENTS], refused = 0;
    limit_descriptors(DESCRIPTORS);
    site_start();
    for (int i = 0; i < CLIENTS; i++) {
        sockets[i] = raw_connect(site.server->port);
        ck_assert(raw_send(sockets[i], "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n",
                           site_object(client_text(site.client, "k%d", i))));
        raw_send_payload(sockets[i], 300000, 1, 0);
    }
    server_await_quiet(site.server);
    for (int i = 0; i < CLIENTS; i++) {
        bool silent = raw_silent(sockets[i], 0);
        refused += !silent && raw_receive(sockets[i], &answer) && answer.status == 503;
    }
    ck_assert_int_ge(refused, 1);
    ck_assert_uint_le(server_descriptors(site.server), DESCRIPTORS - LEAST);
    site_expect(site_put("small", "v", NULL), 201);
    server_expect_logged(site.server, "--uploads-limit: 1024 is lowered to ", 1);
    for (int i = 0; i < CLIENTS; i++)
        close(sockets[i]);
}
END_TEST

START_TEST(too_few_descriptors_are_told_with_what_to_do)
{
    char *said;
    limit_descriptors(16);
    ck_assert_int_eq(server_run((const char *[]){"--data", site.server->data, "--listen", "127.0.0.1:0", NULL}, &said),
                     1);
    ck_assert_msg(strstr(said, "grants 16 open files") && strstr(said, "ulimit -n") && strstr(said, "LimitNOFILE="),
                  "%s", said);
    free(said);
}
END_TEST

START_TEST(a_file_that_may_not_grow_fails_its_upload_only)
{
    const struct rlimit limit = {.rlim_cur = 2 << 20, .rlim_max = 2 << 20};
    site_start();
    ck_assert_int_eq(prlimit(site.server->pid, RLIMIT_FSIZE, &limit, NULL), 0);
    site_expect_kind(client_upload(site.client, site_object("large"), 3 << 20, 1, NULL), 500, "internal");
    site_expect(site_put("k", "small", NULL), 201);
    site_expect_text("k", "small");
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        an_object_over_the_limit_is_refused_before_its_body,
        a_chunked_object_over_the_limit_is_refused,
        an_endless_body_is_not_read_to_its_end,
        a_batch_over_its_limits_is_413,
        a_batch_get_over_its_limits_is_413,
        more_uploads_than_allowed_are_told_to_come_back,
        a_store_over_its_memory_says_503_and_recovers,
        memory_is_bounded_for_all_stores_together,
        writes_under_way_are_bounded,
        a_chunked_upload_that_grows_large_counts_too,
        connections_beyond_the_limit_are_answered_and_closed,
        a_silent_connection_is_closed,
        a_head_without_end_is_cut,
        a_slow_head_is_answered,
        a_stalled_download_is_cut,
        a_slow_download_is_not_cut,
        a_slow_upload_is_not_cut,
        stalled_uploads_delay_nobody,
        stalled_downloads_delay_nobody,
        a_256_mib_upload_and_download_stay_in_64_mib,
        uploads_at_once_take_less_than_2_mib_each,
        five_hundred_idle_connections_cost_little,
        a_batch_of_many_copies_costs_no_more_than_a_large_one,
        idle_stores_give_their_descriptors_to_whatever_is_opened,
        want_of_descriptors_is_named,
        without_descriptors_who_comes_is_answered,
        with_few_descriptors_everybody_is_answered,
        with_few_descriptors_many_stores_are_opened_in_turn,
        idle_stores_leave_connections_their_places,
        a_store_of_many_segments_is_had_with_few_descriptors,
        uploads_leave_descriptors_to_the_logs,
        too_few_descriptors_are_told_with_what_to_do,
        a_file_that_may_not_grow_fails_its_upload_only,
        what_is_too_large_for_the_disk_does_not_make_it_full,
        a_disk_reserve_that_is_used_up_is_507,
    };
    return site_run("limits", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
