/* TLS: who comes to an agreement is served as in clear, and who does not costs no more than an idle connection.
 *
 * What is judged of a request's bytes is tested through TLS by the tests that are about it (tests/CMakeLists.txt).
 */
#include "tests/http/certificate.h"
#include "tests/http/clock.h"
#include "tests/http/command.h"
#include "tests/http/payload.h"
#include "tests/http/raw.h"
#include "tests/http/site.h"
#include "tests/http/tunnel.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void add(const char *flag, const char *value)
{
    server_add(site.server, flag);
    server_add(site.server, value);
}

/* The path of a file beside the data. */
static char *beside(const char *name)
{
    char *path;
    ck_assert_int_gt(asprintf(&path, "%s/%s", site.server->folder, name), 0);
    return path;
}

/* The next start is that of a server with TLS and nothing else. */
static void demand_tls(void)
{
    server_listen(site.server, "tls:127.0.0.1:0");
    server_certify(site.server);
}

static void start(void)
{
    demand_tls();
    site_start();
}

static int tunnel(void)
{
    int socket = tunnel_connect(site.server->port, NULL);
    ck_assert_msg(socket >= 0, "no agreement with the server");
    return socket;
}

static void ask(int socket, const char *key)
{
    ck_assert(raw_send(socket, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", site_object(key)));
}

static void expect_status(int socket, int status)
{
    struct raw_answer *answer = calloc(1, sizeof *answer);
    ck_assert_msg(raw_receive(socket, answer), "no answer");
    ck_assert_int_eq(answer->status, status);
    free(answer);
}

/* ---- who agrees --------------------------------------------------------------------------------- */

START_TEST(objects_come_and_go)
{
    start();
    site_expect(site_put("k", "hello", NULL), 201);
    site_expect_text("k", "hello");
    site_expect(site_get("k", "Range: bytes=1-2", NULL), 206);
    site_expect(site_head("k", NULL), 200);
    site_expect(client_upload(site.client, site_object("large"), 3000001, 1, "Transfer-Encoding: chunked", NULL), 201);
    site_expect_payload("large", 3000001, 1);
    site_expect(site_delete("k", NULL), 200);
}
END_TEST

START_TEST(both_versions_are_spoken)
{
    static const char *const priorities[] = {"NORMAL:-VERS-ALL:+VERS-TLS1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.3"};
    start();
    site_expect(site_put("k", "hello", NULL), 201);
    for (size_t i = 0; i < sizeof priorities / sizeof *priorities; i++) {
        int socket = tunnel_connect(site.server->port, priorities[i]);
        ck_assert_msg(socket >= 0, "%s is not spoken", priorities[i]);
        ask(socket, "k");
        ask(socket, "k");
        expect_status(socket, 200);
        expect_status(socket, 200);
        close(socket);
    }
}
END_TEST

/* What a client says first that speaks the version of that minor number at most. */
static size_t write_hello(unsigned char minor, unsigned char hello[64])
{
    static const unsigned char head[] = {22, 3, 1, 0, 47, 1, 0, 0, 43, 3};
    static const unsigned char ciphers[] = {0, 0, 4, 0xc0, 0x13, 0xc0, 0x09, 1, 0};
    memset(hello, 7, 64);
    memcpy(hello, head, sizeof head);
    hello[sizeof head] = minor;
    memcpy(hello + sizeof head + 1 + 32, ciphers, sizeof ciphers);
    return sizeof head + 1 + 32 + sizeof ciphers;
}

START_TEST(older_versions_are_refused)
{
    start();
    for (unsigned char minor = 1; minor <= 2; minor++) {
        unsigned char hello[64], alert[7];
        size_t length = write_hello(minor, hello);
        hello[4] = (unsigned char)(length - 5);
        hello[8] = (unsigned char)(length - 9);
        int socket = raw_connect(site.server->port);
        ck_assert(raw_send_bytes(socket, hello, length));
        ck_assert_int_eq(recv(socket, alert, sizeof alert, MSG_WAITALL), sizeof alert);
        ck_assert_int_eq(alert[0], 21);
        ck_assert_int_eq(alert[6], GNUTLS_A_PROTOCOL_VERSION);
        ck_assert(raw_closed(socket));
        close(socket);
    }
}
END_TEST

START_TEST(what_is_no_tls_ends_at_once)
{
    static const char *const said[] = {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\x16\x03\x01\xff\xff", "\n\n\n\n\n\n\n"};
    start();
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        int socket = raw_connect(site.server->port);
        ck_assert(raw_send(socket, "%s", said[i]));
        ck_assert_msg(raw_closed(socket), "kept after %s", said[i]);
        close(socket);
    }
    site_expect(site_put("k", "hello", NULL), 201);
}
END_TEST

/* A PUT of ten bytes whose head the server has read. */
static int begin_put(const char *key)
{
    int socket = tunnel();
    ck_assert(raw_send(socket, "PUT %s HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n",
                       site_object(key)));
    expect_status(socket, 100);
    ck_assert(raw_send(socket, "hello"));
    return socket;
}

/* A message may say that it has a million bytes, and nobody knows what it is before they are there. */
START_TEST(a_hello_without_an_end_is_not_held)
{
    static const unsigned char head[] = {22, 3, 1, 0x3e, 0x80}, hello[] = {1, 0x0f, 0x42, 0x40, 3, 3};
    unsigned char record[16000] = {0};
    start();
    int socket = raw_connect(site.server->port);
    bool taken = true;
    memcpy(record, hello, sizeof hello);
    for (int i = 0; i < 60 && taken; i++) {
        taken = raw_send_bytes(socket, head, sizeof head) && raw_send_bytes(socket, record, sizeof record) &&
                raw_silent(socket, 0.02);
        memset(record, 0, sizeof hello);
    }
    ck_assert_msg(!taken, "a million bytes of a hello are taken");
    close(socket);
}
END_TEST

/* ---- sessions ----------------------------------------------------------------------------------- */

/* A client whose records are collected before they go out together. */
struct collector {
    gnutls_session_t session;
    gnutls_certificate_credentials_t credentials;
    int socket;
    bool collects;
    char bytes[65536];
    size_t length;
};

static ssize_t collect(gnutls_transport_ptr_t arg, const void *bytes, size_t size)
{
    struct collector *collector = arg;
    if (!collector->collects)
        return send(collector->socket, bytes, size, MSG_NOSIGNAL);
    ck_assert_uint_le(collector->length + size, sizeof collector->bytes);
    memcpy(collector->bytes + collector->length, bytes, size);
    collector->length += size;
    return (ssize_t)size;
}

static ssize_t fetch(gnutls_transport_ptr_t arg, void *bytes, size_t size)
{
    const struct collector *collector = arg;
    return recv(collector->socket, bytes, size, 0);
}

static struct collector *collector_new(void)
{
    struct collector *collector = calloc(1, sizeof *collector);
    collector->socket = raw_connect(site.server->port);
    ck_assert_int_eq(gnutls_init(&collector->session, GNUTLS_CLIENT), 0);
    ck_assert_int_eq(gnutls_certificate_allocate_credentials(&collector->credentials), 0);
    gnutls_credentials_set(collector->session, GNUTLS_CRD_CERTIFICATE, collector->credentials);
    gnutls_set_default_priority(collector->session);
    gnutls_transport_set_ptr(collector->session, collector);
    gnutls_transport_set_push_function(collector->session, collect);
    gnutls_transport_set_pull_function(collector->session, fetch);
    return collector;
}

static void collector_free(struct collector *collector)
{
    close(collector->socket);
    gnutls_deinit(collector->session);
    gnutls_certificate_free_credentials(collector->credentials);
    free(collector);
}

static void collector_send(struct collector *collector, const char *text)
{
    ck_assert_int_eq(gnutls_record_send(collector->session, text, strlen(text)), (ssize_t)strlen(text));
}

/* All that it has collected, in one segment. */
static void collector_let_go(struct collector *collector)
{
    collector->collects = false;
    ck_assert(raw_send_bytes(collector->socket, collector->bytes, collector->length));
}

/* What comes until the server says that nothing more does: that it said so, and did not just end. */
static bool collector_receive_all(struct collector *collector, char text[4096])
{
    size_t length = 0;
    ssize_t got;
    do {
        got = gnutls_record_recv(collector->session, text + length, 4095 - length);
        length += got > 0 ? (size_t)got : 0;
    } while (got > 0 || got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED);
    text[length] = '\0';
    return got == 0;
}

/* A key update is no data: a server that takes it for the end of what there is does not see the request behind it. */
START_TEST(a_new_key_comes_with_a_request)
{
    char text[4096];
    start();
    struct collector *collector = collector_new();
    ck_assert_int_eq(gnutls_handshake(collector->session), 0);
    ck_assert_int_eq(gnutls_protocol_get_version(collector->session), GNUTLS_TLS1_3);
    collector->collects = true;
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(gnutls_session_key_update(collector->session, GNUTLS_KU_PEER), 0);
    collector_send(collector, "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    collector_let_go(collector);
    ck_assert_msg(collector_receive_all(collector, text), "the answer ends without a word: %s", text);
    ck_assert_msg(strncmp(text, "HTTP/1.1 200", 12) == 0, "answered %s", text);
    collector_free(collector);
}
END_TEST

/* The end within TLS, with the socket still open. */
START_TEST(who_says_that_no_more_comes_is_answered)
{
    char text[4096];
    start();
    struct collector *collector = collector_new();
    ck_assert_int_eq(gnutls_handshake(collector->session), 0);
    collector->collects = true;
    collector_send(collector, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
    ck_assert_int_eq(gnutls_bye(collector->session, GNUTLS_SHUT_WR), 0);
    collector_let_go(collector);
    double before = clock_now();
    ck_assert_msg(collector_receive_all(collector, text), "the answer ends without a word: %s", text);
    ck_assert_double_lt(clock_now() - before, RAW_SECONDS);
    ck_assert_msg(strncmp(text, "HTTP/1.1 200", 12) == 0, "answered %s", text);
    collector_free(collector);
}
END_TEST

/* Requests and the end of the connection, with not a word of it within TLS. *ret_text: the answers. */
static void send_and_end(const char *requests, char text[4096])
{
    struct collector *collector = collector_new();
    ck_assert_int_eq(gnutls_handshake(collector->session), 0);
    collector->collects = true;
    collector_send(collector, requests);
    collector_let_go(collector);
    ck_assert_int_eq(shutdown(collector->socket, SHUT_WR), 0);
    ck_assert_msg(collector_receive_all(collector, text), "the answer ends without a word: %s", text);
    collector_free(collector);
}

START_TEST(who_ends_without_a_word_is_answered)
{
    enum { TRIES = 20 };
    char text[4096];
    start();
    for (int i = 0; i < TRIES; i++) {
        send_and_end("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", text);
        ck_assert_msg(strncmp(text, "HTTP/1.1 200", 12) == 0, "answered %s", text);
    }
    send_and_end("PUT /v1/stores/main/objects/k HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nk"
                 "GET /v1/stores/main/objects/k HTTP/1.1\r\nHost: a\r\n\r\n",
                 text);
    ck_assert_msg(strncmp(text, "HTTP/1.1 201", 12) == 0 && strstr(text, "HTTP/1.1 200"), "answered %s", text);
}
END_TEST

/* What it had announced is not all there. */
START_TEST(half_an_upload_without_a_word_is_none)
{
    char text[4096];
    start();
    send_and_end("PUT /v1/stores/main/objects/k HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nk", text);
    site_expect(site_get("k", NULL), 404);
}
END_TEST

/* One byte of a record is another than was sent. */
START_TEST(a_forged_record_ends_the_connection)
{
    start();
    struct collector *collector = collector_new();
    ck_assert_int_eq(gnutls_handshake(collector->session), 0);
    collector->collects = true;
    collector_send(collector, "PUT /v1/stores/main/objects/k HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nk");
    collector->bytes[collector->length - 1] ^= 1;
    collector_let_go(collector);
    ck_assert(raw_closed(collector->socket));
    collector_free(collector);
    site_expect(site_get("k", NULL), 404);
}
END_TEST

/* ---- handshakes that do not come to an end ------------------------------------------------------ */

static ssize_t fetch_nothing(gnutls_transport_ptr_t arg, void *bytes, size_t size)
{
    (void)arg;
    (void)bytes;
    (void)size;
    errno = EAGAIN;
    return -1;
}

/* Says hello, and is silent then. */
static int begin_handshake(void)
{
    struct collector *collector = collector_new();
    collector->collects = true;
    gnutls_transport_set_pull_function(collector->session, fetch_nothing);
    ck_assert_int_eq(gnutls_handshake(collector->session), GNUTLS_E_AGAIN);
    int socket = dup(collector->socket);
    ck_assert(raw_send_bytes(socket, collector->bytes, collector->length));
    collector_free(collector);
    return socket;
}

static double metric(const char *name)
{
    struct answer *answer = client_get(site.client, "/metrics", NULL);
    site_expect(answer, 200);
    const char *line = strstr((const char *)answer->body, name);
    ck_assert_msg(line, "no %s in /metrics", name);
    return atof(line + strlen(name));
}

START_TEST(slow_handshakes_are_cut)
{
    add("--idle-timeout", "1");
    start();
    int silent = raw_connect(site.server->port), half = begin_handshake(), dripping = raw_connect(site.server->port);
    double before = clock_now();
    bool open = true;
    for (int i = 0; i < 200 && open; i++) {
        open = raw_send(dripping, i == 0 ? "\x16" : i < 3 ? "\x03" : i == 3 ? "\x02" : "\x01");
        clock_sleep(0.05);
        open = open && raw_silent(dripping, 0);
    }
    ck_assert_msg(!open, "a handshake byte by byte goes on after %.1f s", clock_now() - before);
    ck_assert(raw_closed(half));
    ck_assert(raw_closed(silent));
    ck_assert(clock_until(CLOCK_PATIENCE, metric("cairn_http_connections_evicted_total{reason=\"slow-head\"} ") >= 3));
    close(silent);
    close(half);
    close(dripping);
}
END_TEST

static bool is_idle(void)
{
    double cpu = server_cpu(site.server);
    clock_sleep(0.3);
    return server_cpu(site.server) - cpu < 0.03;
}

/* A thousand of them beside somebody who wants something. */
START_TEST(a_crowd_of_handshakes_costs_little)
{
    enum { CROWD = 1000 };
    int sockets[CROWD];
    start();
    site_expect(site_put("k", "hello", NULL), 201);
    uint64_t memory = server_memory(site.server);
    double slowest = 0;
    for (int i = 0; i < CROWD; i++) {
        sockets[i] = begin_handshake();
        if (i % 50 > 0)
            continue;
        double before = clock_now();
        site_expect_text("k", "hello");
        slowest = clock_now() - before > slowest ? clock_now() - before : slowest;
        client_forget(site.client);
    }
    ck_assert_double_lt(slowest, RAW_SECONDS); /* a handshake may take twice as long */
    ck_assert_msg(clock_until(CLOCK_PATIENCE, is_idle()), "the server keeps a processor busy for nothing");
    if (!server_sanitized(site.server))
        ck_assert_uint_lt(server_memory(site.server) - memory, (uint64_t)CROWD * 64 * 1024);
    for (int i = 0; i < CROWD; i++)
        close(sockets[i]);
    ck_assert(clock_until(CLOCK_PATIENCE, server_descriptors(site.server) < 100));
    site_expect_text("k", "hello");
}
END_TEST

/* They have places like other connections, and those that are kept for health checks are not theirs. In a crowd they
 * have 5 minutes: longer than the test takes. */
START_TEST(handshakes_take_places)
{
    enum { PLACES = 8 };
    int sockets[PLACES];
    add("--connections-limit", "16");
    add("--threads", "2");
    add("--idle-timeout", "3600");
    demand_tls();
    site_listen();
    for (int i = 0; i < PLACES; i++)
        sockets[i] = begin_handshake();
    site_expect(client_get(site.client, "/healthz", NULL), 200);
    client_disconnect(site.client);
    site_expect(site_get("k", NULL), 503);
    client_disconnect(site.client);
    for (int i = 0; i < PLACES; i++)
        close(sockets[i]);
    ck_assert_msg(clock_until(CLOCK_PATIENCE, (client_disconnect(site.client), site_get("k", NULL)->status == 404)),
                  "their places are not given back");
}
END_TEST

/* Connects to the port, says nothing, and comes again whenever it is shown out, with so many sockets at a time. */
static void crowd(int port, size_t count)
{
    struct pollfd files[64];
    ck_assert_uint_le(count, 64);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t i = 0; i < count; i++)
        files[i] = (struct pollfd){.fd = raw_connect(port), .events = POLLIN};
    for (;;) {
        poll(files, count, -1);
        for (size_t i = 0; i < count; i++)
            if (files[i].revents) {
                close(files[i].fd);
                files[i].fd = raw_connect(port);
            }
    }
}

/* A handshake takes several messages: who is at it is not shown out for those who say nothing. Nor do these have all
 * the room that there is, where they come to one listener and others to another one. */
START_TEST(a_silent_crowd_that_comes_again_leaves_place_for_handshakes)
{
    enum { CROWD = 48, TRIES = 12 };
    pid_t crowds[2];
    int answered = 0;
    add("--connections-limit", "32");
    add("--listen", "tls:127.0.0.1:0");
    server_certify(site.server);
    site_listen();
    char *url = server_url(site.server, 1);
    struct client *client = client_new(url);
    for (int i = 0; i < 2; i++)
        if ((crowds[i] = fork()) == 0)
            crowd(i == 0 ? site.server->port : atoi(strrchr(url, ':') + 1), CROWD);
    ck_assert(clock_until(CLOCK_PATIENCE, server_logged(site.server, "found no place") > 0));
    for (int i = 0; i < TRIES; i++) {
        answered += client_get(client, "/healthz", NULL)->status == 200;
        client_disconnect(client);
    }
    for (int i = 0; i < 2; i++)
        kill(crowds[i], SIGKILL);
    client_free(client);
    free(url);
    ck_assert_msg(answered >= TRIES - 2, "%d of %d health checks were answered", answered, TRIES);
}
END_TEST

/* ---- large ones --------------------------------------------------------------------------------- */

START_TEST(any_size_in_constant_memory)
{
    uint64_t size = getenv("TEST_LARGE") ? UINT64_C(1) << 30 : UINT64_C(64) << 20;
    start();
    site_expect(site_put("k", "hello", NULL), 201);
    uint64_t before = server_memory(site.server);
    server_memory_reset(site.server);
    site_expect(client_upload(site.client, site_object("large"), size, 5, NULL), 201);
    site_expect_payload("large", size, 5);
    if (!server_sanitized(site.server))
        ck_assert_uint_lt(server_memory_peak(site.server) - before, 4 << 20);
}
END_TEST

/* Reads when all is sent, as many clients do. */
START_TEST(the_answer_to_a_refused_upload_arrives)
{
    enum { SIZE = 8 << 20 };
    start();
    site_expect(site_put("k", "old", NULL), 201);
    for (int i = 0; i < 5; i++) {
        int socket = tunnel();
        ck_assert(raw_send(socket, "PUT %s HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\nContent-Length: %d\r\n\r\n",
                           site_object("k"), SIZE));
        ck_assert_msg(raw_send_payload(socket, SIZE, 1, 0), "the server stops reading what it refuses");
        expect_status(socket, 412);
        close(socket);
    }
    site_expect_text("k", "old");
}
END_TEST

static void vanish(unsigned way)
{
    const struct linger none = {.l_onoff = 1};
    struct collector *collector = collector_new();
    ck_assert_int_eq(gnutls_handshake(collector->session), 0);
    if (way % 2 == 0)
        collector_send(collector, "GET /v1/stores/main/objects/old HTTP/1.1\r\nHost: a\r\n\r\n");
    else
        collector_send(collector,
                       "PUT /v1/stores/main/objects/k HTTP/1.1\r\nHost: a\r\nContent-Length: 999999\r\n\r\nabc");
    if (way < 4)
        setsockopt(collector->socket, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    collector_free(collector);
}

/* Each way is gone several times: what the server opens by the way, and keeps, is not more than one descriptor. */
START_TEST(who_vanishes_leaves_nothing)
{
    enum { SIZE = 4 << 20, WAYS = 6, TIMES = 4 };
    start();
    site_expect(client_upload(site.client, site_object("old"), SIZE, 1, NULL), 201);
    server_await_quiet(site.server);
    size_t descriptors = server_descriptors(site.server) + 1;
    for (unsigned i = 0; i < WAYS * TIMES; i++)
        vanish(i % WAYS);
    ck_assert_msg(clock_until(CLOCK_PATIENCE, server_descriptors(site.server) <= descriptors),
                  "%zu descriptors before, %zu after", descriptors, server_descriptors(site.server));
    site_expect(site_get("k", NULL), 404);
    site_expect_payload("old", SIZE, 1);
}
END_TEST

/* It rests for two idle timeouts with megabytes in the window of its kernel, which sees no more than records. */
START_TEST(who_reads_in_bursts_passes)
{
    enum { BURST = 4 << 20, LARGE = 32 << 20 };
    static char bytes[LARGE];
    static struct raw_answer head;
    add("--idle-timeout", "1");
    start();
    site_expect(client_upload(site.client, site_object("k"), LARGE, 1, NULL), 201);
    int socket = tunnel();
    ask(socket, "k");
    ck_assert(raw_receive_head(socket, &head));
    ck_assert_int_eq(recv(socket, bytes, BURST, MSG_WAITALL), BURST);
    clock_sleep(2);
    ck_assert_int_eq(recv(socket, bytes, LARGE - BURST, MSG_WAITALL), LARGE - BURST);
    close(socket);
}
END_TEST

/* ---- another certificate ------------------------------------------------------------------------- */

static void hang_up(const char *then)
{
    size_t before = server_logged(site.server, then);
    ck_assert_int_eq(kill(site.server->pid, SIGHUP), 0);
    ck_assert_msg(clock_until(CLOCK_PATIENCE, server_logged(site.server, then) > before), "the log does not say: %s",
                  then);
}

/* A request on a new connection of somebody who trusts that certificate only. */
static CURLcode ask_trusting(const char *certificate)
{
    client_trust(certificate);
    struct client *client = client_new(site.server->url);
    CURLcode error = client_get(client, "/healthz", NULL)->error;
    client_free(client);
    return error;
}

START_TEST(another_certificate_takes_its_place)
{
    char *old = beside("old.pem");
    start();
    ck_assert_int_eq(link(site.server->cert, old), 0);
    ck_assert_int_eq(unlink(site.server->cert), 0);
    int kept = tunnel(), under_way = begin_put("u");
    site_expect(site_put("k", "hello", NULL), 201);
    certificate_make(site.server->cert, site.server->key, CERTIFICATE_RSA, "new.example", 30);
    hang_up("certificate of new.example");
    ck_assert_int_eq(ask_trusting(site.server->cert), CURLE_OK);
    ck_assert_int_eq(ask_trusting(old), CURLE_PEER_FAILED_VERIFICATION);
    ask(kept, "k");
    expect_status(kept, 200);
    ck_assert(raw_send(under_way, "again"));
    expect_status(under_way, 201);
    site_expect_text("k", "hello");
    close(kept);
    close(under_way);
    free(old);
}
END_TEST

/* Of a certificate that the machine does not trust. */
START_TEST(a_backup_is_made_of_a_server_whose_certificate_is_named)
{
    char *to = beside("to");
    start();
    site_expect(site_put("k", "hello", NULL), 201);
    const char *unknown[] = {"backup", "--from", site.server->url, to, NULL};
    command_says(unknown, 2, "certificate");
    const char *known[] = {"backup", "--from", site.server->url, "--ca-file", site.server->cert, to, NULL};
    command_says(known, 0, "1 object of 5 bytes copied");
    const char *pointless[] = {"backup", "--from", to, "--ca-file", site.server->cert, to, NULL};
    command_says(pointless, 2, "--ca-file is about a server that is asked by https");
    free(to);
}
END_TEST

START_TEST(a_bad_pair_does_not_take_its_place)
{
    start();
    site_expect(site_put("k", "hello", NULL), 201);
    char *other = beside("other.pem");
    certificate_make(other, site.server->key, CERTIFICATE_ECDSA, "other.example", 30);
    hang_up("the old certificate stays: the key of --tls-key is not that of the certificate of --tls-cert");
    ck_assert_int_eq(truncate(site.server->key, 0), 0);
    hang_up("the old certificate stays: --tls-key: '");
    ck_assert_int_eq(ask_trusting(site.server->cert), CURLE_OK);
    ck_assert_int_eq(unlink(site.server->key), 0);
    hang_up("No such file or directory");
    ck_assert_int_eq(symlink("/dev/zero", site.server->key), 0);
    hang_up("File too large");
    ck_assert_int_eq(unlink(site.server->key), 0);
    ck_assert_int_eq(mkfifo(site.server->key, 0600), 0);
    hang_up("is no private key in PEM");
    ck_assert_int_eq(ask_trusting(site.server->cert), CURLE_OK);
    free(other);
}
END_TEST

/* Starts are refused with a sentence that holds this one. */
static void expect_refusal(const char *certificate, const char *key, const char *sentence)
{
    char *output;
    const char *arguments[] = {"--data",
                               site.server->data,
                               "--listen",
                               "tls:127.0.0.1:0",
                               certificate ? "--tls-cert" : NULL,
                               certificate,
                               key ? "--tls-key" : NULL,
                               key,
                               NULL};
    ck_assert_int_ne(server_run(arguments, &output), 0);
    ck_assert_msg(strstr(output, sentence), "not in the output: %s\n%s", sentence, output);
    free(output);
}

START_TEST(a_bad_pair_is_refused_at_the_start)
{
    server_certify(site.server);
    char *certificate = beside("other.pem"), *other = beside("other.key");
    certificate_make(certificate, other, CERTIFICATE_ECDSA, "other.example", 30);
    expect_refusal(NULL, NULL, "--tls-cert is missing");
    expect_refusal(site.server->cert, NULL, "--tls-key is missing");
    expect_refusal("/nowhere", site.server->key, "--tls-cert: cannot read '/nowhere': No such file or directory");
    expect_refusal(site.server->cert, other, "is not that of the certificate");
    expect_refusal(site.server->key, site.server->key, "is no certificate in PEM");
    expect_refusal(site.server->cert, site.server->cert, "is no private key in PEM");
    free(certificate);
    free(other);
}
END_TEST

START_TEST(a_certificate_that_has_ended_is_told_of)
{
    server_listen(site.server, "tls:127.0.0.1:0");
    server_certify(site.server);
    certificate_make(site.server->cert, site.server->key, CERTIFICATE_ECDSA, "old.example", -1);
    server_start(site.server);
    server_expect_logged(site.server, "not valid today, that of old.example", 1);
}
END_TEST

/* ---- beside it, and the end ---------------------------------------------------------------------- */

START_TEST(both_kinds_of_listeners_serve_one_store)
{
    add("--listen", "tls:[::1]:0");
    server_certify(site.server);
    site_start();
    site_expect(site_put("k", "in clear", NULL), 201);
    char *url = server_url(site.server, 1);
    ck_assert_msg(strncmp(url, "https://[::1]:", 14) == 0, "%s", url);
    struct client *other = client_new(url);
    struct answer *answer = client_get(other, site_object("k"), NULL);
    ck_assert_int_eq(answer->error, CURLE_PEER_FAILED_VERIFICATION); /* its name is not in the certificate */
    client_free(other);
    int socket = tunnel_connect(atoi(strrchr(url, ':') + 1), NULL);
    ck_assert_int_lt(socket, 0); /* the tunnel speaks IPv4 */
    free(url);
}
END_TEST

START_TEST(a_health_check_goes_through_tls)
{
    char address[64], *output;
    start();
    snprintf(address, sizeof address, "tls:127.0.0.1:%d", site.server->port);
    const char *arguments[] = {"healthcheck",     "--listen",  address,          "--tls-cert",
                               site.server->cert, "--tls-key", site.server->key, NULL};
    int code = server_run(arguments, &output);
    ck_assert_msg(code == 0, "exited with %d: %s", code, output);
    free(output);
}
END_TEST

/* Idle connections and handshakes end with the drain; what is under way is served. */
START_TEST(a_drain_loses_no_request)
{
    start();
    int idle = tunnel(), half = begin_handshake(), under_way = begin_put("k");
    ck_assert_int_eq(kill(site.server->pid, SIGTERM), 0);
    ck_assert(raw_closed(idle));
    ck_assert(raw_closed(half));
    ck_assert(raw_send(under_way, "again"));
    expect_status(under_way, 201);
    ck_assert(raw_closed(under_way));
    ck_assert_int_eq(server_wait(site.server, CLOCK_PATIENCE), 0);
    close(idle);
    close(half);
    close(under_way);
}
END_TEST

/* The session holds half of the second request, the kernel nothing, and libmicrohttpd has seen none of it. */
START_TEST(a_drain_waits_for_half_a_record)
{
    char text[4096];
    start();
    int idle = tunnel();
    struct collector *collector = collector_new();
    ck_assert_int_eq(gnutls_handshake(collector->session), 0);
    collector->collects = true;
    collector_send(collector, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
    size_t first = collector->length;
    collector_send(collector, "GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n");
    size_t half = first + (collector->length - first) / 2;
    ck_assert(raw_send_bytes(collector->socket, collector->bytes, half));
    while (gnutls_record_recv(collector->session, text, 1) == GNUTLS_E_AGAIN)
        continue; /* a ticket */
    ck_assert_int_eq(kill(site.server->pid, SIGTERM), 0);
    ck_assert(raw_closed(idle));
    ck_assert(raw_send_bytes(collector->socket, collector->bytes + half, collector->length - half));
    collector->collects = false;
    ck_assert_msg(collector_receive_all(collector, text), "the answer ends without a word: %s", text);
    const char *second = strstr(text, "HTTP/1.1 503"); /* the server is not ready any more */
    ck_assert_msg(second, "answered %s", text);
    ck_assert_int_eq(server_wait(site.server, CLOCK_PATIENCE), 0);
    collector_free(collector);
    close(idle);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        objects_come_and_go,
        both_versions_are_spoken,
        older_versions_are_refused,
        what_is_no_tls_ends_at_once,
        a_hello_without_an_end_is_not_held,
        a_new_key_comes_with_a_request,
        who_says_that_no_more_comes_is_answered,
        who_ends_without_a_word_is_answered,
        half_an_upload_without_a_word_is_none,
        a_forged_record_ends_the_connection,
        slow_handshakes_are_cut,
        a_crowd_of_handshakes_costs_little,
        handshakes_take_places,
        a_silent_crowd_that_comes_again_leaves_place_for_handshakes,
        any_size_in_constant_memory,
        who_reads_in_bursts_passes,
        the_answer_to_a_refused_upload_arrives,
        who_vanishes_leaves_nothing,
        another_certificate_takes_its_place,
        a_backup_is_made_of_a_server_whose_certificate_is_named,
        a_bad_pair_does_not_take_its_place,
        a_bad_pair_is_refused_at_the_start,
        a_certificate_that_has_ended_is_told_of,
        both_kinds_of_listeners_serve_one_store,
        a_health_check_goes_through_tls,
        a_drain_loses_no_request,
        a_drain_waits_for_half_a_record,
    };
    return site_run("tls", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
