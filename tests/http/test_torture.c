/* Clients that mean harm, many at once: the server goes on serving, what is stored stays, memory and descriptors come
 * back.
 *
 * What one bad request gets for an answer is in test_hygiene.c, what one broken upload leaves in test_abort.c. Here
 * they come in crowds.
 */
#include "tests/http/clock.h"
#include "tests/http/raw.h"
#include "tests/http/site.h"
#include "tests/lib/prng.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* What may stay of memory as a cache after a crowd has gone. */
enum { MEMORY_SLACK = 16 << 20 };

static struct raw_answer answer;

/* ---- before and after ------------------------------------------------------------------------ */

static struct {
    size_t descriptors;
    uint64_t memory;
} before;

static void start(void)
{
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    site_start();
    site_expect(site_put("victim", "unharmed", NULL), 201);
    site_expect(site_put("warm", "up", NULL), 201);
    server_await_quiet(site.server);
    before.descriptors = server_descriptors(site.server);
    before.memory = server_memory(site.server);
}

/* An innocent client, on a new connection, writes and reads. */
static void expect_service(void)
{
    double begun = clock_now();
    client_disconnect(site.client);
    struct answer *put = site_put("innocent", "text", NULL);
    ck_assert_msg(put->status == 200 || put->status == 201, "%d: %s", put->status, (char *)put->body);
    site_expect_text("innocent", "text");
    double seconds = clock_now() - begun;
    ck_assert_msg(server_sanitized(site.server) || seconds < RAW_SECONDS, "an innocent client waited for %.1f s",
                  seconds);
}

/* The descriptors are as before once the stores that bad clients have made, and may still be making, are gone. */
static bool descriptors_are_back(void)
{
    struct answer *listed = client_get(site.client, "/v1/stores", NULL);
    json_t *stores = json_object_get(answer_json(listed), "stores"), *store;
    size_t i;
    ck_assert(json_is_array(stores));
    json_array_foreach (stores, i, store) {
        const char *name = json_string_value(json_object_get(store, "name"));
        if (strcmp(name, site.store) != 0) {
            site_expect(client_send(site.client, "DELETE", client_text(site.client, "/v1/stores/%s?force=true", name),
                                    NULL, 0, NULL),
                        204);
        }
    }
    client_forget(site.client);
    return server_descriptors(site.server) <= before.descriptors + 1;
}

/* All bad clients have gone. */
static void expect_recovery(void)
{
    expect_service();
    site_expect_text("victim", "unharmed");
    ck_assert_msg(
        clock_until(CLOCK_PATIENCE, site_figure("writes_in_flight") == 0 && site_figure("bytes_in_flight") == 0),
        "work stays in flight");
    ck_assert_msg(clock_until(CLOCK_PATIENCE, descriptors_are_back()), "%zu descriptors before, %zu after",
                  before.descriptors, server_descriptors(site.server));
    uint64_t most = before.memory + MEMORY_SLACK;
    ck_assert_msg(server_sanitized(site.server) || clock_until(CLOCK_PATIENCE, server_memory(site.server) < most),
                  "%llu KiB before, %llu KiB after", (unsigned long long)before.memory >> 10,
                  (unsigned long long)server_memory(site.server) >> 10);
    server_stop(site.server);
}

/* Closes with a reset, as a machine that loses its network. */
static void reset(int socket)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(socket);
}

/* ---- crowds that wait ------------------------------------------------------------------------ */

/* Two thousand connections: some have said nothing, some half a request line, some half a body, some have been
 * served. */
START_TEST(two_thousand_idle_connections)
{
    enum { CONNECTIONS = 2000 };
    static int sockets[CONNECTIONS];
    start();
    for (int i = 0; i < CONNECTIONS; i++) {
        sockets[i] = raw_connect(site.server->port);
        if (i % 4 == 1) {
            ck_assert(raw_send(sockets[i], "GET /heal"));
        } else if (i % 4 == 2) {
            ck_assert(raw_send(sockets[i], "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf",
                               site_object("idle")));
        } else if (i % 4 == 3) {
            ck_assert(raw_send(sockets[i], "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"));
            ck_assert(raw_receive(sockets[i], &answer) && answer.status == 200);
        }
    }
    expect_service();
    ck_assert_uint_ge(server_descriptors(site.server), before.descriptors + CONNECTIONS);
    for (int i = 0; i < CONNECTIONS; i++)
        close(sockets[i]);
    expect_recovery();
}
END_TEST

/* Each sends one byte in turn, so that all their heads are unfinished at once; in the end all are answered. */
START_TEST(slow_heads_of_many_clients)
{
    enum { CLIENTS = 150 };
    int sockets[CLIENTS];
    start();
    char *request = client_text(site.client, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", site_object("victim"));
    for (int i = 0; i < CLIENTS; i++)
        sockets[i] = raw_connect(site.server->port);
    for (size_t at = 0; request[at]; at++) {
        for (int i = 0; i < CLIENTS; i++)
            ck_assert(raw_send_bytes(sockets[i], request + at, 1));
        if (at % 20 == 0)
            expect_service();
    }
    for (int i = 0; i < CLIENTS; i++) {
        ck_assert(raw_receive(sockets[i], &answer));
        ck_assert_int_eq(answer.status, 200);
        ck_assert_str_eq(answer.body, "unharmed");
        close(sockets[i]);
    }
    expect_recovery();
}
END_TEST

/* A client closes its side after each possible part of a request: every connection comes to an end. */
START_TEST(half_closed_at_every_byte)
{
    enum { LENGTH_MAX = 256 };
    int sockets[LENGTH_MAX];
    start();
    char *request = client_text(site.client, "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
                                site_object("half"));
    size_t length = strlen(request);
    ck_assert_uint_lt(length, LENGTH_MAX);
    for (size_t sent = 0; sent < length; sent++) {
        sockets[sent] = raw_connect(site.server->port);
        ck_assert(raw_send_bytes(sockets[sent], request, sent));
        shutdown(sockets[sent], SHUT_WR);
    }
    expect_service();
    for (size_t sent = 0; sent < length; sent++) {
        ck_assert_msg(raw_closed(sockets[sent]), "half-closed after %zu bytes, the connection stays", sent);
        close(sockets[sent]);
    }
    site_expect(site_get("half", NULL), 404);
    expect_recovery();
}
END_TEST

/* Thousands of requests on one connection, whose answers nobody reads for a while: they wait, and nobody else does. */
START_TEST(a_flood_of_pipelined_requests)
{
    enum { FLOODS = 4, REQUESTS = 1000 };
    int sockets[FLOODS];
    start();
    char *request = client_text(site.client, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", site_object("victim"));
    for (int i = 0; i < FLOODS; i++) {
        sockets[i] = raw_connect(site.server->port);
        for (int n = 0; n < REQUESTS; n++)
            ck_assert(raw_send_bytes(sockets[i], request, strlen(request)));
    }
    expect_service();
    for (int i = 0; i < FLOODS; i++) {
        for (int n = 0; i % 2 == 0 && n < REQUESTS; n++) {
            ck_assert(raw_receive(sockets[i], &answer));
            ck_assert_int_eq(answer.status, 200);
        }
        reset(sockets[i]); /* half of them without having read anything */
    }
    expect_recovery();
}
END_TEST

/* ---- clients that vanish --------------------------------------------------------------------- */

/* Each of these requests waits for the disk or another thread: its connection is suspended when the client is gone. */
static char *suspending_request(unsigned number)
{
    static const char *const bodies[] = {
        "{\"operations\":[{\"op\":\"put\",\"key\":\"v1\",\"data\":\"YQ==\"},{\"op\":\"delete\",\"key\":\"v2\"}]}",
        "{\"keys\":[\"victim\",\"warm\"]}",
        "{\"key\":\"warm\",\"destination\":{\"key\":\"v3\"}}",
    };
    static const char *const targets[] = {"/batch", "/batch-get", "/copy"};
    unsigned kind = number % 8;
    if (kind < 3) {
        return client_text(site.client,
                           "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: "
                           "%zu\r\n\r\n%s",
                           site_target(targets[kind]), strlen(bodies[kind]), bodies[kind]);
    }
    switch (kind) {
    case 3:
        return client_text(site.client, "PUT /v1/stores/torture-%u HTTP/1.1\r\nHost: a\r\n\r\n", number);
    case 4:
        return client_text(site.client, "DELETE %s HTTP/1.1\r\nHost: a\r\n\r\n", site_object("v1"));
    case 5:
        return client_text(site.client, "COPY %s HTTP/1.1\r\nHost: a\r\nDestination: %s\r\n\r\n", site_object("warm"),
                           site_object("v4"));
    case 6:
        return client_text(site.client, "GET /v1/stores/torture-%u/objects/k HTTP/1.1\r\nHost: a\r\n\r\n", number - 3);
    default:
        return client_text(site.client, "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
                           site_object(client_text(site.client, "v-%u", number)));
    }
}

START_TEST(clients_that_vanish_while_suspended)
{
    enum { CLIENTS = 400, AT_ONCE = 40 };
    int sockets[AT_ONCE];
    start();
    for (unsigned number = 0; number < CLIENTS; number++) {
        char *request = suspending_request(number);
        sockets[number % AT_ONCE] = raw_connect(site.server->port);
        ck_assert(raw_send_bytes(sockets[number % AT_ONCE], request, strlen(request)));
        if (number % 3 == 0)
            clock_sleep(0.0002); /* some are met a little later on their way */
        for (unsigned i = 0; number % AT_ONCE == AT_ONCE - 1 && i < AT_ONCE; i++)
            reset(sockets[i]);
    }
    expect_recovery();
}
END_TEST

/* ---- too much -------------------------------------------------------------------------------- */

/* Sends the beginning, then the piece again and again, until the server has had enough. */
static void expect_an_end(const char *beginning, const char *piece)
{
    enum { BYTES_MAX = 64 << 20 };
    int socket = raw_connect(site.server->port);
    bool open = raw_send(socket, "%s", beginning);
    for (size_t sent = 0; open && sent < BYTES_MAX; sent += strlen(piece))
        open = raw_send_bytes(socket, piece, strlen(piece));
    ck_assert_msg(!open, "64 MiB and more are taken after: %s", beginning);
    close(socket);
}

/* Where libmicrohttpd stops reading, as in a size of a chunk that does not end, the idle timeout makes the end. */
START_TEST(what_has_no_end_is_cut)
{
    char line[4096] = {0};
    server_add(site.server, "--idle-timeout=1");
    start();
    memset(line, 'x', sizeof line - 1);
    char *put = client_text(site.client, "PUT %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
                            site_object("endless"));
    expect_an_end("GET /", line);
    expect_an_end(line, line);
    expect_an_end("GET / HTTP/1.1\r\nHost: a\r\nX: ", line);
    expect_an_end("GET / HTTP/1.1\r\n", "X-Another: field\r\n");
    expect_an_end(client_text(site.client, "%s1;", put), line);
    expect_an_end(client_text(site.client, "%s0", put), "0000000000000000");
    expect_an_end(client_text(site.client, "%s0\r\n", put), "X-Another: trailer\r\n");
    expect_an_end("GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "4\r\nnope\r\n");
    site_expect(site_get("endless", NULL), 404);
    expect_recovery();
}
END_TEST

/* More arguments than libmicrohttpd would have memory for, if it knew of them. */
START_TEST(more_arguments_than_memory)
{
    char arguments[400] = {0};
    memset(arguments, '&', sizeof arguments - 1);
    start();
    for (int round = 0; round < 300; round++) {
        int socket = raw_connect(site.server->port);
        raw_send(socket, "GET /v1/stores?%s HTTP/1.1\r\nHost: a\r\n\r\n", arguments);
        shutdown(socket, SHUT_WR);
        ck_assert(raw_receive(socket, &answer));
        ck_assert_int_eq(answer.status, 200);
        close(socket);
    }
    expect_recovery();
}
END_TEST

START_TEST(lengths_that_nobody_has)
{
    const char *lengths[] = {"18446744073709551615", "18446744073709551616", "9223372036854775807",
                             "99999999999999999999999999999999", "4611686018427387904"};
    start();
    for (int round = 0; round < 40; round++) {
        const char *length = lengths[(size_t)round % (sizeof lengths / sizeof *lengths)];
        int socket = raw_connect(site.server->port);
        raw_send(socket, "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: %s\r\n\r\nbody", site_object("huge"), length);
        if (raw_receive(socket, &answer))
            ck_assert_msg(answer.status == 400 || answer.status == 413, "%s: %d", length, answer.status);
        reset(socket);
    }
    site_expect(site_get("huge", NULL), 404);
    expect_recovery();
}
END_TEST

/* ---- smuggling ------------------------------------------------------------------------------- */

/* Requests in whose body or head another one hides, for which two servers may see different ends. %s is the hidden
 * one. */
static const char *const smuggling[] = {
    "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 999\r\n\r\n%s",
    "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 999\r\nContent-Length: 0\r\n\r\n%s",
    "POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 999\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n%s",
    "POST /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n%s",
    "POST /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n%s",
    "POST /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n%s",
    "POST /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\nContent-Length: 0\r\n\r\n%s",
    "POST /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\nContent-Length: 0\r\n\r\n%s",
    "POST /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\vchunked\r\nContent-Length: 0\r\n\r\n%s",
    "POST /healthz HTTP/1.1\r\nHost: a\r\nX: y\rTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n%s",
    "POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n Content-Length: 999\r\n\r\n%s",
    "POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: +0\r\n\r\n%s",
    "POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 999\r\n\r\n%s",
    "POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 0x0\r\n\r\n%s",
    "GET /healthz HTTP/1.1\r\nHost: a\r\nX: y\n\r\n%s",
    "GET /healthz HTTP/1.1\nHost: a\n\n%s",
    "GET /healthz HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n%s",
    "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n%s",
    "POST /none HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\n\n%s",
    "POST /none HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\n%s",
};

/* Each hidden request would delete the victim. It is sent twice over: a body or the rest of a line may swallow one. */
START_TEST(a_hidden_request_is_not_obeyed)
{
    start();
    char *hidden = client_text(site.client, "DELETE %s HTTP/1.1\r\nHost: a\r\n\r\n", site_object("victim"));
    for (size_t i = 0; i < sizeof smuggling / sizeof *smuggling; i++) {
        char request[2048];
        int length = snprintf(request, sizeof request, smuggling[i], hidden);
        int socket = raw_connect(site.server->port);
        ck_assert(raw_send_bytes(socket, request, (size_t)length));
        raw_send_bytes(socket, hidden, strlen(hidden));
        shutdown(socket, SHUT_WR);
        ck_assert_msg(raw_closed(socket), "the connection stays open after:\n%s", request);
        close(socket);
        struct answer *victim = site_get("victim", NULL);
        ck_assert_msg(victim->status == 200, "a hidden request was obeyed:\n%s", request);
    }
    expect_recovery();
}
END_TEST

/* A body is a body, also where none is expected and whatever it looks like: the next request comes after it. */
START_TEST(a_request_in_a_body_is_a_body)
{
    const char *heads[] = {"GET /healthz", "DELETE /v1/stores/none/objects/x", "PUT %s", "POST /none", "BREW /"};
    start();
    char *hidden = client_text(site.client, "DELETE %s HTTP/1.1\r\nHost: a\r\n\r\n", site_object("victim"));
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        char head[256];
        snprintf(head, sizeof head, heads[i], site_object("body"));
        int socket = raw_connect(site.server->port);
        ck_assert(
            raw_send(socket, "%s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n%s", head, strlen(hidden), hidden));
        ck_assert(raw_send(socket, "%s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n%s\r\n0\r\n\r\n",
                           head, strlen(hidden), hidden));
        ck_assert_msg(raw_receive(socket, &answer), "no answer to %s with a body", head);
        shutdown(socket, SHUT_WR);
        ck_assert(raw_closed(socket));
        close(socket);
        struct answer *victim = site_get("victim", NULL);
        ck_assert_msg(victim->status == 200, "a body was obeyed: %s", head);
    }
    expect_recovery();
}
END_TEST

/* ---- anything -------------------------------------------------------------------------------- */

/* Replaces, removes or doubles a few bytes; the request stays shorter than the capacity. */
static size_t spoil(struct prng *prng, char *request, size_t length, size_t capacity)
{
    for (uint64_t n = prng_below(prng, 6); n > 0 && length > 2; n--) {
        size_t at = (size_t)prng_below(prng, length - 1);
        switch (prng_below(prng, 3)) {
        case 0:
            request[at] = (char)prng_below(prng, 256);
            break;
        case 1:
            memmove(request + at, request + at + 1, length - at - 1);
            length--;
            break;
        default:
            if (length < capacity) {
                memmove(request + at + 1, request + at, length - at);
                length++;
            }
        }
    }
    return length;
}

START_TEST(spoilt_requests)
{
    enum { CLIENTS = 1000, AT_ONCE = 50 };
    int sockets[AT_ONCE];
    start();
    uint64_t seed = prng_environment("CAIRN_TORTURE_SEED", 1);
    struct prng prng = prng_of(seed);
    for (unsigned number = 0; number < CLIENTS; number++) {
        char request[1024];
        size_t length = (size_t)snprintf(request, sizeof request, "%s", suspending_request(number));
        length = spoil(&prng, request, length, sizeof request);
        sockets[number % AT_ONCE] = raw_connect(site.server->port);
        raw_send_bytes(sockets[number % AT_ONCE], request, length);
        for (unsigned i = 0; number % AT_ONCE == AT_ONCE - 1 && i < AT_ONCE; i++) {
            if (prng_one_in(&prng, 2)) {
                reset(sockets[i]);
            } else {
                close(sockets[i]);
            }
        }
    }
    expect_recovery();
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        two_thousand_idle_connections,
        slow_heads_of_many_clients,
        half_closed_at_every_byte,
        a_flood_of_pipelined_requests,
        clients_that_vanish_while_suspended,
        what_has_no_end_is_cut,
        lengths_that_nobody_has,
        more_arguments_than_memory,
        a_hidden_request_is_not_obeyed,
        a_request_in_a_body_is_a_body,
        spoilt_requests,
    };
    return site_run("torture", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
