/* Clients that take places and memory and do nothing with them: others are served beside them, and they are cut.
 *
 * Servers with small limits stand for large crowds; tests/http/starving does the same in full size.
 */
#include "tests/http/clock.h"
#include "tests/http/many.h"
#include "tests/http/payload.h"
#include "tests/http/raw.h"
#include "tests/http/site.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void add(const char *flag, const char *value)
{
    server_add(site.server, flag);
    server_add(site.server, value);
}

static void close_all(const int *sockets, size_t count)
{
    for (size_t i = 0; i < count; i++)
        close(sockets[i]);
}

/* ---- bodies of batches ------------------------------------------------------------------------- */

enum { BATCH = 1 << 20 }; /* bytes in the largest */

static int begin_batch(const char *path, size_t size)
{
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket,
                       "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n{",
                       site_target(path), size));
    return socket;
}

/* A batch of one put that is about as long as it says. */
static struct answer *post_batch(size_t length)
{
    char *body = malloc(length + 128);
    int used = sprintf(body, "{\"operations\":[{\"op\":\"put\",\"key\":\"k\",\"data\":\"");
    memset(body + used, 'A', length / 4 * 4);
    strcpy(body + used + length / 4 * 4, "\"}]}");
    struct answer *posted = site_post("/batch", body);
    free(body);
    return posted;
}

/* One byte of many that are announced costs one buffer, not what is announced. */
START_TEST(a_batch_that_does_not_come_costs_nothing)
{
    enum { STARVING = 16 };
    add("--batch-bytes-limit", "1M");
    site_start();
    int sockets[2 * STARVING];
    for (int i = 0; i < STARVING; i++) {
        sockets[2 * i] = begin_batch("/batch", BATCH);
        sockets[2 * i + 1] = begin_batch("/batch-get", BATCH);
    }
    site_expect(post_batch(BATCH / 2), 200);
    site_expect(site_post("/batch-get", "{\"keys\":[\"k\"]}"), 200);
    close_all(sockets, 2 * STARVING);
}
END_TEST

/* Those who have sent much hold it as long as they send; a quarter is kept for small batches. */
START_TEST(batches_half_way_leave_place_for_small_ones)
{
    enum { STARVING = 12, LARGE = BATCH / 4 * 3 };
    add("--batch-bytes-limit", "1M");
    site_start();
    site_expect(site_put("k", "v", NULL), 201);
    int sockets[STARVING];
    int count = 0;
    for (bool taken = false; !taken; taken = post_batch(LARGE)->status == 503) {
        ck_assert_msg(count < STARVING, "they do not take all that large ones may have");
        sockets[count] = begin_batch("/batch", BATCH);
        ck_assert(raw_send_payload(sockets[count++], BATCH - 2, 1, 0));
        ck_assert(clock_until(CLOCK_PATIENCE, server_has_read_all(site.server)));
    }
    site_expect(post_batch(1000), 200);
    site_expect(site_post("/batch-get", "{\"keys\":[\"k\"]}"), 200);
    close_all(sockets, (size_t)count);
    ck_assert_msg(clock_until(CLOCK_PATIENCE, post_batch(LARGE)->status == 200), "their memory is not given back");
}
END_TEST

/* In a process of its own: sends batches one behind the other. */
static pid_t begin_sender(int batches, size_t length)
{
    pid_t sender = fork();
    if (sender > 0)
        return sender;
    ck_assert_int_eq(sender, 0);
    site_reconnect();
    int sent = 0;
    while (sent < batches && post_batch(length)->status == 200)
        sent++;
    _exit(sent == batches ? 0 : 1);
}

/* The allocator would keep most of it: it lies below something that is in use. */
START_TEST(what_batches_took_goes_back)
{
    enum { SENDERS = 4, BATCHES = 5, LENGTH = 16 << 20, BOUND = 16 << 20 };
    pid_t senders[SENDERS];
    int status;
    site_start();
    uint64_t before = server_memory(site.server);
    for (int i = 0; i < SENDERS; i++)
        senders[i] = begin_sender(BATCHES, LENGTH);
    for (int i = 0; i < SENDERS; i++) {
        ck_assert_int_eq(waitpid(senders[i], &status, 0), senders[i]);
        ck_assert_int_eq(status, 0);
    }
    if (server_sanitized(site.server))
        return;
    uint64_t most = server_memory_peak(site.server);
    ck_assert_uint_gt(most, before + BOUND);
    ck_assert_msg(clock_until(CLOCK_PATIENCE, server_memory(site.server) < before + BOUND),
                  "%zu bytes at the start, %zu with batches, %zu after them", (size_t)before, (size_t)most,
                  (size_t)server_memory(site.server));
}
END_TEST

/* ---- uploads ------------------------------------------------------------------------------------ */

static int begin_upload(const char *key, const char *framing)
{
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket, "PUT %s HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n", site_object(key), framing));
    return socket;
}

/* A head is 80 bytes, and cost a MiB. */
START_TEST(an_upload_that_does_not_come_costs_nothing)
{
    enum { STARVING = 60 };
    static int sockets[STARVING];
    add("--store-bytes-limit", "4M");
    add("--total-bytes-limit", "4M");
    add("--batch-bytes-limit", "1M");
    add("--uploads-limit", "8");
    site_start();
    for (int i = 0; i < STARVING; i++)
        sockets[i] = begin_upload("starving", i % 2 ? "Transfer-Encoding: chunked" : "Content-Length: 3000000");
    for (int i = 0; i < STARVING; i++)
        ck_assert(i % 2 ? raw_send(sockets[i], "2000\r\n") : raw_send_payload(sockets[i], 1, 1, 0));
    site_expect(client_upload(site.client, site_object("small"), 1000, 1, NULL), 201);
    site_expect(client_upload(site.client, site_object("large"), 3000000, 1, NULL), 201);
    ck_assert_uint_le((uint64_t)site_figure("bytes_in_flight"), STARVING / 2 * (16ull << 10));
    close_all(sockets, STARVING);
}
END_TEST

/* As many as have come half-way at once: all come through, in less memory than they bring together. */
START_TEST(honest_uploads_at_once_come_through)
{
    enum { UPLOADS = 40, SIZE = 300000 };
    static struct raw_answer stored;
    static int sockets[UPLOADS];
    add("--store-bytes-limit", "16M");
    add("--total-bytes-limit", "16M");
    add("--batch-bytes-limit", "1M");
    site_start();
    for (int i = 0; i < UPLOADS; i++)
        sockets[i] = begin_upload(client_text(site.client, "k%d", i), "Content-Length: 300000");
    for (int i = 0; i < UPLOADS; i++)
        ck_assert(raw_send_payload(sockets[i], SIZE - 1, (uint64_t)i, 0));
    for (int i = 0; i < UPLOADS; i++)
        ck_assert(raw_send_payload(sockets[i], 1, (uint64_t)i, SIZE - 1));
    for (int i = 0; i < UPLOADS; i++) {
        ck_assert(raw_receive(sockets[i], &stored));
        ck_assert_msg(stored.status == 201, "upload %d of %d gets %d", i, UPLOADS, stored.status);
        site_expect_payload(client_text(site.client, "k%d", i), SIZE, (uint64_t)i);
    }
    close_all(sockets, UPLOADS);
    ck_assert(clock_until(CLOCK_PATIENCE, site_figure("bytes_in_flight") == 0));
}
END_TEST

/* Each that is refused makes room for those who are left. */
START_TEST(of_too_many_uploads_half_way_some_come_through)
{
    enum { UPLOADS = 64, SIZE = 250000 };
    static struct raw_answer given;
    static int sockets[UPLOADS];
    int stored = 0, refused = 0;
    add("--store-bytes-limit", "4M");
    add("--total-bytes-limit", "4M");
    add("--batch-bytes-limit", "1M");
    site_start();
    for (int i = 0; i < UPLOADS; i++)
        sockets[i] = begin_upload("k", "Content-Length: 250000");
    for (int sent = 0; sent < SIZE; sent += SIZE / 5)
        for (int i = 0; i < UPLOADS; i++)
            raw_send_payload(sockets[i], SIZE / 5, 1, (uint64_t)sent);
    for (int i = 0; i < UPLOADS; i++) {
        ck_assert(raw_receive(sockets[i], &given));
        stored += given.status == 201 || given.status == 200;
        refused += given.status == 503;
    }
    ck_assert_int_eq(stored + refused, UPLOADS);
    ck_assert_msg(stored >= 8 && refused > 0, "%d come through, %d are refused", stored, refused);
    site_expect_payload("k", SIZE, 1);
    close_all(sockets, UPLOADS);
}
END_TEST

/* ---- answers that nobody reads ----------------------------------------------------------------- */

enum { INLINE = 256 << 10 }; /* bytes of the largest object in the log */

static int begin_get(const char *target, int times, const char *field)
{
    int socket = raw_connect(site.server->port);
    for (int i = 0; i < times; i++)
        ck_assert(raw_send(socket, "GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n", target, field));
    return socket;
}

static void expect_memory_below(uint64_t limit)
{
    uint64_t peak = server_memory_peak(site.server);
    ck_assert_msg(server_sanitized(site.server) || peak < limit, "the peak is %llu KiB, the limit %llu KiB",
                  (unsigned long long)peak >> 10, (unsigned long long)limit >> 10);
}

/* A whole answer to the GET of an object; the payload is that of seed 1. */
static void expect_whole(int socket)
{
    static char bytes[INLINE], expected[INLINE];
    static struct raw_answer head;
    ck_assert(raw_receive_head(socket, &head));
    ck_assert_int_eq(head.status, 200);
    ck_assert_int_eq(recv(socket, bytes, INLINE, MSG_WAITALL), INLINE);
    payload_fill(expected, INLINE, 1, 0);
    ck_assert_msg(memcmp(bytes, expected, INLINE) == 0, "the payload is another");
}

/* Without the budget each connection keeps one answer of 256 KiB in memory: 50 MiB. */
START_TEST(answers_nobody_reads_stay_in_their_budget)
{
    enum { READERS = 100, RANGES = 100, PIPELINED = 40, BUDGET = 2 << 20, CONNECTION = 40 << 10, SLACK = 4 << 20 };
    static int sockets[READERS], others[RANGES];
    add("--answers-bytes-limit", "2M");
    site_start();
    site_expect(client_upload(site.client, site_object("k"), INLINE, 1, NULL), 201);
    site_expect_payload("k", INLINE, 1);
    uint64_t limit = server_memory(site.server) + BUDGET + (READERS + RANGES) * CONNECTION + SLACK;
    for (int i = 0; i < READERS; i++)
        sockets[i] = begin_get(site_object("k"), PIPELINED, "");
    for (int i = 0; i < RANGES; i++)
        others[i] = begin_get(site_object("k"), PIPELINED, "Range: bytes=0-99999,120000-220000\r\n");
    for (int i = 0; i < 100; i++)
        site_expect_payload("k", INLINE, 1);
    expect_memory_below(limit);
    for (int i = 0; i < PIPELINED; i++)
        expect_whole(sockets[READERS - 1]);
    close_all(sockets, READERS);
    close_all(others, RANGES);
}
END_TEST

/* From memory or from the file: the same answers. */
START_TEST(what_comes_from_the_file_is_the_same)
{
    add("--answers-bytes-limit", "64K");
    site_start();
    site_expect(
        client_upload(site.client, site_object("k"), INLINE, 1, "Content-Type: text/x", "Cairn-Meta-A: b", NULL), 201);
    site_expect(client_upload(site.client, site_hash(5), INLINE, 2, NULL), 201);
    site_expect_payload("k", INLINE, 1);
    ck_assert(client_download(site.client, site_hash(5), 2, 0, NULL)->whole);
    struct answer *part = client_download(site.client, site_object("k"), 1, 100000, "Range: bytes=100000-", NULL);
    site_expect(part, 206);
    ck_assert(part->whole);
    ck_assert_str_eq(answer_header(part, "Content-Type"), "text/x");
    ck_assert_str_eq(answer_header(part, "Cairn-Meta-A"), "b");
    struct answer *parts = site_get("k", "Range: bytes=7-9,200000-200019", NULL);
    site_expect(parts, 206);
    unsigned char expected[20];
    payload_fill(expected, sizeof expected, 1, 200000);
    ck_assert_ptr_nonnull(memmem(parts->body, parts->size, expected, sizeof expected));
    site_expect(site_head("k", NULL), 200);
}
END_TEST

/* Of an answer when the kernel has taken of all others what it takes: until then they have memory, and give it back. */
static int status_at_rest(const char *rest)
{
    server_await_quiet(site.server);
    return client_get(site.client, site_target(rest), NULL)->status;
}

/* A page that has no place is refused before it waits in memory for its reader; small ones have theirs. */
START_TEST(pages_nobody_reads_stay_in_their_budget)
{
    enum { READERS = 24, KEYS = 300, KEY = 1000 };
    static int sockets[READERS];
    add("--answers-bytes-limit", "1M");
    site_start();
    char *key = malloc(KEY + 1);
    memset(key, 'x', KEY);
    key[KEY] = '\0';
    for (int i = 0; i < KEYS; i++)
        site_expect(site_put(client_text(site.client, "%03d%s", i, key), "v", NULL), 201);
    free(key);
    for (int i = 0; i < READERS; i++)
        sockets[i] = begin_get(site_target("/objects"), 40, "");
    ck_assert_msg(clock_until(CLOCK_PATIENCE, status_at_rest("/objects") == 503),
                  "pages are made for readers who do not read");
    site_expect(client_get(site.client, site_target("/objects?limit=0"), NULL), 400);
    site_expect(client_get(site.client, site_target("/objects?limit=1&prefix=none"), NULL), 200);
    close_all(sockets, READERS);
    ck_assert(clock_until(CLOCK_PATIENCE, client_get(site.client, site_target("/objects"), NULL)->status == 200));
}
END_TEST

static int wait_for_changes(const char *query)
{
    return begin_get(client_text(site.client, "%s%s", site_target("/changes"), query), 1, "");
}

/* Whether a page of changes has one. */
static bool receive_changes(int socket)
{
    static struct raw_answer answer;
    ck_assert(raw_receive(socket, &answer));
    ck_assert_int_eq(answer.status, 200);
    close(socket);
    return !strstr(answer.body, "{\"changes\":[],\"next\":0,");
}

/* What there is to tell is there still when there is memory to tell it. Three pages of those who do not read take all
 * that is not kept for small answers. */
START_TEST(who_waits_for_changes_waits_for_memory_too)
{
    enum { READERS = 24, KEYS = 300 };
    static int sockets[READERS];
    add("--answers-bytes-limit", "1M");
    site_start();
    many_put(KEYS);
    for (int i = 0; i < READERS; i++)
        sockets[i] = begin_get(site_target("/objects?limit=200"), 40, "");
    ck_assert_msg(clock_until(CLOCK_PATIENCE, status_at_rest("/changes") == 503), "there is memory for changes");
    int patient = wait_for_changes("?wait=60");
    ck_assert(!receive_changes(wait_for_changes("?wait=1")));
    close_all(sockets, READERS);
    ck_assert(receive_changes(patient));
}
END_TEST

/* A connection whose window on loopback is small and opens in steps of a segment, as it would elsewhere. Its kernel
 * takes 2 KiB of what its client does not read: at the least rate that is read in 2 s. */
static int connect_narrow(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)site.server->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int buffer = 1024, segment = 536, narrow = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(narrow, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    setsockopt(narrow, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
    ck_assert_int_eq(connect(narrow, (struct sockaddr *)&address, sizeof address), 0);
    return narrow;
}

/* For somebody who does not read them. */
static int begin_to_follow(const char *target, const char *accept)
{
    int socket = connect_narrow();
    ck_assert(raw_send(socket, "GET %s HTTP/1.1\r\nHost: a\r\nAccept: %s\r\n\r\n", site_target(target), accept));
    return socket;
}

/* Whether what comes on a connection has what tells where changes end. */
static bool receive_end_of_changes(int socket)
{
    static char bytes[1 << 20];
    size_t kept = 0;
    const size_t line = 256;
    for (ssize_t got; (got = recv(socket, bytes + kept, sizeof bytes - kept, 0)) > 0;) {
        kept += (size_t)got;
        if (memmem(bytes, kept, "\"next\":", strlen("\"next\":")))
            return true;
        if (kept > line) {
            memmove(bytes, bytes + kept - line, line);
            kept = line;
        }
    }
    return false;
}

static void expect_pages_beside(int readers)
{
    for (int i = 0; i < readers; i++) {
        site_expect(client_get(site.client, site_target("/objects?limit=10"), NULL), 200);
        site_expect(client_get(site.client, site_target("/changes?limit=10"), NULL), 200);
    }
}

enum { FOLLOWERS = 80 }; /* who ask for 400 changes each, which are 20 MB of text, and read nothing */

/* What they may take in memory, from now on. */
static uint64_t begin_feast(void)
{
    enum { KEYS = 400, BUDGET = 4 << 20, CONNECTION = 40 << 10, SLACK = 4 << 20 };
    add("--answers-bytes-limit", "4M");
    site_start();
    many_put(KEYS);
    return server_memory_peak(site.server) + BUDGET + FOLLOWERS * CONNECTION + SLACK;
}

/* They keep nobody from his answer. */
static void end_feast(int *sockets, int reader)
{
    double began = clock_now();
    ck_assert_msg(receive_end_of_changes(reader), "who reads gets no end beside those who do not");
    ck_assert_msg(clock_now() - began < CLOCK_PATIENCE / 2, "it takes %.1f s", clock_now() - began);
    close(reader);
    close_all(sockets, FOLLOWERS);
}

/* A transaction is told in parts, here 250 KB of text for each of them. */
START_TEST(lines_nobody_reads_stay_in_their_budget)
{
    static int sockets[FOLLOWERS];
    uint64_t limit = begin_feast();
    for (int i = 0; i < FOLLOWERS; i++)
        sockets[i] = begin_to_follow("/changes", "application/x-ndjson");
    ck_assert(clock_until(CLOCK_PATIENCE, server_has_read_all(site.server)));
    expect_pages_beside(FOLLOWERS);
    end_feast(sockets, begin_get(site_target("/changes"), 1, "Accept: application/x-ndjson\r\n"));
    expect_memory_below(limit);
}
END_TEST

/* The same of events, each reader with a limit of his own, so that they share none. */
START_TEST(events_nobody_reads_stay_in_their_budget)
{
    static int sockets[FOLLOWERS];
    uint64_t limit = begin_feast();
    for (int i = 0; i < FOLLOWERS; i++)
        sockets[i] = begin_to_follow(client_text(site.client, "/changes?limit=%d", i + 1), "text/event-stream");
    ck_assert(clock_until(CLOCK_PATIENCE, server_has_read_all(site.server)));
    expect_pages_beside(FOLLOWERS);
    end_feast(sockets, begin_get(site_target("/changes"), 1, "Accept: text/event-stream\r\n"));
    expect_memory_below(limit);
}
END_TEST

/* Connections that say little. */
static void begin_heads(int *sockets, int count)
{
    for (int i = 0; i < count; i++) {
        sockets[i] = raw_connect(site.server->port);
        ck_assert(raw_send(sockets[i], "GET /healthz HTTP/1.1\r\nHost: "));
    }
}

/* Whether the other side has ended it, where that says nothing else. */
static bool has_ended(int socket)
{
    char byte;
    return recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}

/* Another one joins the crowd for each that was cut; how many of the first were, all in all. */
static int follow(int *sockets, bool *cut, int count)
{
    int followed = 0;
    for (int i = 0; i < count; i++) {
        if (has_ended(sockets[i])) {
            cut[i] = true;
            close(sockets[i]);
            begin_heads(&sockets[i], 1);
        }
        followed += cut[i];
    }
    return followed;
}

/* ---- pace --------------------------------------------------------------------------------------- */

/* The value of a metric by its name with labels. */
static double metric(const char *name)
{
    struct answer *told = client_get(site.client, "/metrics", NULL);
    site_expect(told, 200);
    const char *begin = client_text(site.client, "\n%s ", name), *line = strstr((const char *)told->body, begin);
    ck_assert_msg(line, "there is no %s", name);
    return strtod(line + strlen(begin), NULL);
}

#define EVICTED(reason) metric("cairn_http_connections_evicted_total{reason=\"" reason "\"}")

static bool is_cut(int socket)
{
    return send(socket, "x", 1, MSG_NOSIGNAL) != 1 || has_ended(socket);
}

/* Sends a byte on each every tenth of a second; how many the other side ends within `seconds`. */
static size_t drip(const int *sockets, size_t count, double seconds)
{
    bool cut[8] = {false};
    size_t ended = 0;
    double end = clock_now() + seconds;
    ck_assert_uint_le(count, sizeof cut / sizeof *cut);
    while (ended < count && clock_now() < end) {
        for (size_t i = 0; i < count; i++)
            if (!cut[i] && is_cut(sockets[i])) {
                cut[i] = true;
                ended++;
            }
        clock_sleep(0.1);
    }
    return ended;
}

START_TEST(bodies_that_drip_are_cut)
{
    add("--idle-timeout", "1");
    site_start();
    int sockets[] = {begin_upload("k", "Content-Length: 1000"), begin_upload("k", "Content-Length: 3000000"),
                     begin_batch("/batch", 1000)};
    ck_assert_uint_eq(drip(sockets, 3, RAW_SECONDS), 3);
    close_all(sockets, 3);
    ck_assert_msg(EVICTED("slow-body") == 3, "%.0f are counted", EVICTED("slow-body"));
    server_expect_logged(site.server, "slower than --least-rate", 1); /* a minute */
}
END_TEST

static int begin_narrow_get(const char *field)
{
    int narrow = connect_narrow();
    ck_assert(raw_send(narrow, "GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n", site_object("k"), field));
    return narrow;
}

START_TEST(readers_that_drip_are_cut)
{
    enum { LARGE = 16 << 20 };
    static struct raw_answer head;
    char some[10];
    add("--idle-timeout", "1");
    site_start();
    site_expect(client_upload(site.client, site_object("k"), LARGE, 1, NULL), 201);
    int socket = begin_narrow_get("");
    ck_assert(raw_receive_head(socket, &head));
    bool cut = false;
    for (double end = clock_now() + RAW_SECONDS; !cut && clock_now() < end; clock_sleep(0.1)) {
        recv(socket, some, sizeof some, MSG_DONTWAIT);
        cut = !server_has_open(site.server, "stores/main/blobs");
    }
    ck_assert_msg(cut, "it may read ten bytes at a time");
    close(socket);
    ck_assert_msg(EVICTED("slow-answer") == 1, "%.0f are counted", EVICTED("slow-answer"));
}
END_TEST

static const char question[] = "GET /healthz HTTP/1.1\r\nHost: a\r\nX: 012345678901234567890123456789012345678\r\n\r\n";

/* The answer is out for the server as soon as the socket has it; the client asks for something else ten times a second,
 * which is a byte stream faster than the least rate. */
START_TEST(small_requests_buy_no_time_for_a_large_answer)
{
    add("--idle-timeout", "2");
    site_start();
    site_expect(client_upload(site.client, site_object("k"), INLINE, 1, NULL), 201);
    int socket = begin_narrow_get("");
    bool cut = false;
    for (double end = clock_now() + RAW_SECONDS; !cut && clock_now() < end; clock_sleep(0.1))
        cut = !raw_send(socket, "%s", question) || !raw_send(socket, "%s", question);
    ck_assert_msg(cut, "it need not take its answer");
    close(socket);
    ck_assert_msg(EVICTED("slow-answer") == 1, "%.0f are counted", EVICTED("slow-answer"));
}
END_TEST

/* It takes longer than one may do nothing. The steps are those of the window on loopback, which the kernel fills at
 * once or only when a timer is up. */
START_TEST(who_takes_a_large_answer_little_by_little_may_ask_meanwhile)
{
    enum { STEPS = 4, STEP = INLINE / STEPS, QUESTIONS = 5 };
    static char some[STEP];
    static struct raw_answer next;
    add("--idle-timeout", "2");
    site_start();
    site_expect(client_upload(site.client, site_object("k"), INLINE, 1, NULL), 201);
    int socket = begin_get(site_object("k"), 1, "");
    ck_assert(raw_receive_head(socket, &next));
    for (int i = 0; i < STEPS * QUESTIONS; i++) {
        if (i % QUESTIONS == QUESTIONS - 1)
            ck_assert_int_eq(recv(socket, some, STEP, MSG_WAITALL), STEP);
        ck_assert(raw_send(socket, "%s", question));
        clock_sleep(0.15);
    }
    for (int i = 0; i < STEPS * QUESTIONS; i++) {
        ck_assert(raw_receive(socket, &next));
        ck_assert_int_eq(next.status, 200);
    }
    close(socket);
    ck_assert(EVICTED("slow-answer") == 0);
}
END_TEST

/* It takes longer than a connection may be without a request. */
START_TEST(who_takes_an_answer_slowly_may_ask_afterwards)
{
    enum { STEP = 8192 };
    static char some[STEP];
    static struct raw_answer head;
    add("--idle-timeout", "1");
    site_start();
    site_expect(client_upload(site.client, site_object("k"), INLINE, 1, NULL), 201);
    int narrow = begin_narrow_get("");
    ck_assert(raw_receive_head(narrow, &head));
    for (int taken = 0; taken < INLINE; taken += STEP) {
        ck_assert_int_eq(recv(narrow, some, STEP, MSG_WAITALL), STEP);
        clock_sleep(0.1);
    }
    ck_assert(raw_send(narrow, "%s", question));
    ck_assert_msg(raw_receive(narrow, &head), "the connection was closed");
    ck_assert_int_eq(head.status, 200);
    ck_assert(EVICTED("idle") == 0);
    close(narrow);
}
END_TEST

/* The kernel would try for minutes. */
START_TEST(what_nobody_takes_does_not_outlive_its_connection_for_long)
{
    static struct raw_answer head;
    add("--idle-timeout", "1");
    site_start();
    site_expect(client_upload(site.client, site_object("k"), INLINE, 1, NULL), 201);
    int socket = begin_narrow_get("Connection: close\r\n");
    ck_assert(raw_receive_head(socket, &head)); /* much more is on its way */
    ck_assert_msg(clock_until(RAW_SECONDS, server_has_delivered_all(site.server)), "the kernel keeps it");
    close(socket);
}
END_TEST

/* Ten times the least rate, and after a pause. */
START_TEST(a_slow_and_honest_body_passes)
{
    enum { STEPS = 20, STEP = 1024 };
    static struct raw_answer stored;
    add("--idle-timeout", "2");
    site_start();
    int socket = begin_upload("k", "Content-Length: 20480");
    clock_sleep(0.5);
    for (int i = 0; i < STEPS; i++) {
        ck_assert(raw_send_payload(socket, STEP, 1, (uint64_t)i * STEP));
        clock_sleep(0.1);
    }
    ck_assert(raw_receive(socket, &stored));
    ck_assert_int_eq(stored.status, 201);
    close(socket);
    ck_assert(EVICTED("slow-body") == 0);
}
END_TEST

/* Reads 64 KiB a second for three idle timeouts of a second. The kernel holds much more than that, so it asks the
 * server for nothing in this time. */
static void expect_reading_to_go_on(void)
{
    enum { LARGE = 16 << 20, STEPS = 28, STEP = 8192 };
    char some[STEP];
    add("--idle-timeout", "1");
    site_start();
    site_expect(client_upload(site.client, site_object("k"), LARGE, 1, NULL), 201);
    server_await_quiet(site.server);
    size_t descriptors = server_descriptors(site.server);
    int narrow = begin_narrow_get("");
    for (int i = 0; i < STEPS; i++) {
        ck_assert_int_eq(recv(narrow, some, STEP, MSG_WAITALL), STEP);
        clock_sleep(0.125);
    }
    ck_assert_msg(server_descriptors(site.server) > descriptors, "the server has closed");
    ck_assert_msg(EVICTED("slow-answer") == 0, "it was slow");
    close(narrow);
}

START_TEST(a_slow_and_honest_reader_passes)
{
    expect_reading_to_go_on();
}
END_TEST

START_TEST(without_a_least_rate_who_reads_on_is_not_cut)
{
    add("--least-rate", "0");
    expect_reading_to_go_on();
}
END_TEST

START_TEST(without_a_least_rate_who_reads_nothing_is_cut)
{
    enum { LARGE = 16 << 20 };
    add("--idle-timeout", "1");
    add("--least-rate", "0");
    site_start();
    site_expect(client_upload(site.client, site_object("k"), LARGE, 1, NULL), 201);
    int socket = begin_narrow_get("");
    ck_assert_msg(clock_until(RAW_SECONDS, EVICTED("slow-answer") == 1), "it may take nothing");
    close(socket);
}
END_TEST

/* A kernel may take up to 32 MiB ahead, and the server's holds 4. */
enum { BURST = 4 << 20, LONG = 48 << 20 };

/* Reads so much of a large object that its kernel takes as much ahead of it, and does nothing from then on. */
static int begin_bursty_get(void)
{
    static char bytes[BURST];
    static struct raw_answer head;
    site_expect(client_upload(site.client, site_object("k"), LONG, 1, NULL), 201);
    int socket = begin_get(site_object("k"), 1, "");
    ck_assert(raw_receive_head(socket, &head));
    ck_assert_int_eq(recv(socket, bytes, BURST, MSG_WAITALL), BURST);
    return socket;
}

/* One rests for two idle timeouts with megabytes in its window, another amid its body, in which 64 KiB came at once: a
 * KiB a second is long ahead. */
static void expect_rest_to_be_granted(void)
{
    enum { STEP = 64 << 10 };
    static char rest[LONG - BURST];
    static struct raw_answer stored;
    add("--idle-timeout", "2");
    site_start();
    int reader = begin_bursty_get(), sender = begin_upload("sent", "Content-Length: 131072");
    ck_assert(raw_send_payload(sender, STEP, 1, 0));
    clock_sleep(4);
    ck_assert(raw_send_payload(sender, STEP, 1, STEP));
    ck_assert(raw_receive(sender, &stored));
    ck_assert_int_eq(stored.status, 201);
    ck_assert_int_eq(recv(reader, rest, sizeof rest, MSG_WAITALL), sizeof rest);
    ck_assert(EVICTED("slow-answer") + EVICTED("slow-body") == 0);
    close(reader);
    close(sender);
}

START_TEST(who_moves_in_bursts_passes)
{
    expect_rest_to_be_granted();
}
END_TEST

START_TEST(without_a_least_rate_who_moves_in_bursts_passes)
{
    add("--least-rate", "0");
    expect_rest_to_be_granted();
}
END_TEST

/* It would have a minute; in a crowd it has 4 s, and for a MiB that it has moved, 2. */
START_TEST(who_rests_after_a_burst_has_little_credit_in_a_crowd)
{
    enum { CROWD = 24 };
    static int sockets[CROWD];
    bool cut[CROWD] = {false};
    add("--connections-limit", "32");
    add("--threads", "2");
    add("--idle-timeout", "12");
    add("--least-rate", "64K");
    site_start();
    int socket = begin_bursty_get();
    begin_heads(sockets, CROWD);
    ck_assert_msg(
        clock_until(CLOCK_PATIENCE, (follow(sockets, cut, CROWD), !server_has_open(site.server, "stores/main/blobs"))),
        "it keeps its place");
    ck_assert(EVICTED("slow-answer") >= 1);
    close_all(sockets, CROWD);
    close(socket);
}
END_TEST

/* No answer is on its way that would tell. */
START_TEST(whether_a_silent_client_is_there_is_asked)
{
    site_start();
    ck_assert_msg(clock_until(CLOCK_PATIENCE, server_watches_silence(site.server)),
                  "one that has vanished would be waited for");
}
END_TEST

START_TEST(without_a_least_rate_all_are_fair)
{
    add("--idle-timeout", "1");
    add("--least-rate", "0");
    site_start();
    int socket = begin_upload("k", "Content-Length: 1000");
    ck_assert_uint_eq(drip(&socket, 1, 2.5), 0);
    close(socket);
}
END_TEST

/* ---- lines without an end ----------------------------------------------------------------------- */

/* Begins a message whose last line fills the memory that libmicrohttpd has for a connection, and does not go on. */
static int begin_endless(const char *beginning, char byte)
{
    enum { LINE = 16400 };
    static char line[LINE];
    int socket = raw_connect(site.server->port);
    memset(line, byte, LINE);
    ck_assert(raw_send(socket, "PUT %s HTTP/1.1\r\nHost: a\r\n%s", site_object("k"), beginning));
    ck_assert(raw_send_bytes(socket, line, LINE));
    return socket;
}

/* libmicrohttpd 0.9.75 would try to read on for the whole idle timeout, at the cost of a core. */
START_TEST(a_line_without_an_end_costs_nothing)
{
    enum { EACH = 16 };
    static struct raw_answer refusal;
    static const struct {
        const char *beginning;
        char byte;
        int status;
    } kinds[] = {{"Transfer-Encoding: chunked\r\n\r\n", '0', 400},
                 {"Transfer-Encoding: chunked\r\n\r\n1;", 'a', 400},
                 {"Transfer-Encoding: chunked\r\n\r\n0\r\na: ", 'b', 431},
                 {"X: ", 'y', 431}};
    int sockets[sizeof kinds / sizeof *kinds * EACH];
    site_start();
    for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++)
        sockets[i] = begin_endless(kinds[i / EACH].beginning, kinds[i / EACH].byte);
    for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++) {
        ck_assert_msg(raw_receive(sockets[i], &refusal), "no answer to %s", kinds[i / EACH].beginning);
        ck_assert_int_eq(refusal.status, kinds[i / EACH].status);
    }
    double used = server_cpu(site.server);
    site_expect(client_get(site.client, "/healthz", NULL), 200);
    clock_sleep(0.5);
    used = server_cpu(site.server) - used;
    ck_assert_msg(used <= 0.1, "%.2f s of CPU in half a second, for nothing", used);
    close_all(sockets, sizeof sockets / sizeof *sockets);
}
END_TEST

/* Before its end a message may have to wait; it must not be asked for again and again. */
START_TEST(what_waits_costs_nothing)
{
    const char *beginnings[] = {"PUT",
                                "PUT /v1/stores HTTP/1.1\r\nHos",
                                "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel",
                                "PUT %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5",
                                "PUT %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello",
                                "PUT %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\na"};
    int sockets[sizeof beginnings / sizeof *beginnings];
    site_start();
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        sockets[i] = raw_connect(site.server->port);
        char *text = client_text(site.client, beginnings[i], site_object("k"));
        ck_assert(raw_send_bytes(sockets[i], text, strlen(text)));
    }
    site_expect(client_get(site.client, "/healthz", NULL), 200);
    double used = server_cpu(site.server);
    clock_sleep(0.5);
    used = server_cpu(site.server) - used;
    ck_assert_msg(used <= 0.1, "%.2f s of CPU in half a second, for nothing", used);
    close_all(sockets, sizeof sockets / sizeof *sockets);
}
END_TEST

/* ---- places ------------------------------------------------------------------------------------- */

/* A new connection's answer. */
static int ask(const char *target)
{
    client_disconnect(site.client);
    return client_get(site.client, target, NULL)->status;
}

/* Of 32 connections and two threads. */
enum { PLACES = 24 };

/* A crowd has all places before anybody else comes: connections are accepted in their order. */
static void start_crowded(int *sockets, const char *idle_timeout)
{
    add("--connections-limit", "32");
    add("--threads", "2");
    add("--idle-timeout", idle_timeout);
    site_listen();
    begin_heads(sockets, PLACES);
}

/* The crowd has 5 minutes for its heads: it keeps its places for as long as the test takes. Those of it who find none
 * have 2 s, and go for the next one: it would take a minute if four by four were waited for. */
START_TEST(a_crowd_leaves_place_for_health)
{
    enum { CROWD = 150 };
    static int sockets[CROWD];
    static struct raw_answer refusal;
    char value[32];
    start_crowded(sockets, "3600");
    ck_assert_int_eq(ask("/v1/stores"), 503);
    ck_assert_int_eq(ask("/healthz"), 200);
    ck_assert_int_eq(ask("/readyz"), 200);
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket, "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n", site_object("k")));
    ck_assert(raw_receive(socket, &refusal));
    ck_assert_int_eq(refusal.status, 503);
    ck_assert(raw_header(&refusal, "Retry-After", value, sizeof value));
    ck_assert(raw_closed(socket));
    close(socket);
    ck_assert(metric("cairn_http_connections_turned_away_total") >= 2);
    begin_heads(sockets + PLACES, CROWD - PLACES);
    double began = clock_now();
    ck_assert_int_eq(ask("/healthz"), 200);
    ck_assert_msg(clock_now() - began < 20, "who says nothing is waited for");
    ck_assert_int_eq(ask("/v1/stores"), 503);
    close_all(sockets, CROWD);
}
END_TEST

/* As one who is far away is, while others come and say nothing. */
START_TEST(a_guest_may_be_silent_for_a_moment)
{
    enum { CROWD = 4 };
    static int sockets[PLACES], others[CROWD];
    static struct raw_answer given;
    start_crowded(sockets, "3600");
    int guest = raw_connect(site.server->port);
    for (int i = 0; i < CROWD; i++)
        others[i] = raw_connect(site.server->port);
    ck_assert_int_eq(ask("/v1/stores"), 503);
    ck_assert(raw_send(guest, "%s", question));
    ck_assert_msg(raw_receive(guest, &given), "it has gone for those who came after it");
    ck_assert_int_eq(given.status, 200);
    close(guest);
    close_all(others, CROWD);
    close_all(sockets, PLACES);
}
END_TEST

/* The first of all goes, whichever thread has it: else those of one would wait for others who all come to the other. */
START_TEST(the_guests_of_all_threads_go_in_turn)
{
    enum { CROWD = 20, GONE = 12, FIRST = 10 };
    static int sockets[PLACES], guests[CROWD];
    bool cut[CROWD] = {false};
    start_crowded(sockets, "3600");
    for (int i = 0; i < CROWD; i++) {
        guests[i] = raw_connect(site.server->port);
        clock_sleep(0.01); /* one after the other: those who come at once are spread by chance */
    }
    ck_assert(clock_until(CLOCK_PATIENCE, follow(guests, cut, CROWD) >= GONE));
    for (int i = 0; i < FIRST; i++)
        ck_assert_msg(cut[i], "guest %d is there, and later ones have gone", i);
    close_all(guests, CROWD);
    close_all(sockets, PLACES);
}
END_TEST

/* Where there are few connections a thread more would keep the last one for its guest. */
START_TEST(a_crowd_on_few_connections_leaves_place_for_health)
{
    enum { CROWD = 60 };
    static int sockets[CROWD];
    add("--connections-limit", "8");
    add("--threads", "3");
    add("--idle-timeout", "3600");
    site_listen();
    begin_heads(sockets, CROWD);
    double began = clock_now();
    ck_assert_int_eq(ask("/healthz"), 200);
    ck_assert_msg(clock_now() - began < 20, "who says nothing is waited for");
    server_expect_logged(site.server, "warning: --threads: 3 is lowered to 1", 1);
    close_all(sockets, CROWD);
}
END_TEST

/* They would have 24 s until they begin and as long again for their heads; in a crowd, which others join for each one
 * that is cut, they have 2 s for all. */
START_TEST(a_crowd_is_cut_soon)
{
    static int sockets[PLACES];
    bool cut[PLACES] = {false};
    start_crowded(sockets, "24");
    ck_assert_msg(clock_until(24, follow(sockets, cut, PLACES) == PLACES), "the crowd keeps some of its places");
    ck_assert(EVICTED("slow-head") >= (double)PLACES);
    close_all(sockets, PLACES);
    ck_assert(clock_until(CLOCK_PATIENCE, ask("/v1/stores") == 200));
}
END_TEST

/* It would have 24 s for its next one; in a crowd it has 2. */
START_TEST(who_has_no_request_makes_room_in_a_crowd)
{
    static struct raw_answer given;
    static int sockets[PLACES];
    add("--connections-limit", "32");
    add("--idle-timeout", "24");
    site_listen();
    for (int i = 0; i < PLACES; i++) {
        sockets[i] = begin_get("/healthz", 1, "");
        ck_assert(raw_receive(sockets[i], &given));
    }
    ck_assert(clock_until(CLOCK_PATIENCE, server_logged(site.server, "keeps its connection without a request") == 1));
    ck_assert(EVICTED("idle") >= 1);
    close_all(sockets, PLACES);
}
END_TEST

/* It may ask how the server is, but not keep it waiting for more: it goes before the time for a guest is over, after
 * which it would be cut. */
START_TEST(a_guest_with_a_body_is_refused_at_once)
{
    static const struct {
        const char *target, *framing;
        int status;
    } kinds[] = {{"/healthz", "Content-Length: 60000\r\n\r\nx", 503},
                 {"/metrics", "Content-Length: 60000\r\n\r\nx", 503},
                 {"/readyz", "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n", 503},
                 {"/nothing", "Content-Length: 60000\r\n\r\nx", 404},
                 {"/healthz", "\r\n", 200}};
    static int sockets[PLACES];
    static struct raw_answer given;
    start_crowded(sockets, "3600");
    ck_assert_int_eq(ask("/v1/stores"), 503);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        int socket = raw_connect(site.server->port);
        ck_assert(raw_send(socket, "GET %s HTTP/1.1\r\nHost: a\r\n%s", kinds[i].target, kinds[i].framing));
        ck_assert_msg(raw_receive(socket, &given), "no answer for %s", kinds[i].target);
        ck_assert_msg(given.status == kinds[i].status, "%s with %s gets %d", kinds[i].target, kinds[i].framing,
                      given.status);
        ck_assert(raw_closed(socket));
        close(socket);
    }
    ck_assert(EVICTED("slow-body") + EVICTED("slow-head") + EVICTED("slow-answer") + EVICTED("idle") == 0);
    close_all(sockets, PLACES);
}
END_TEST

/* An address of this machine that is not loopback; 0: it has none. */
static in_addr_t own_address(void)
{
    struct ifaddrs *list = NULL;
    in_addr_t found = 0;
    ck_assert_int_eq(getifaddrs(&list), 0);
    for (struct ifaddrs *at = list; at && !found; at = at->ifa_next)
        if (at->ifa_addr && at->ifa_addr->sa_family == AF_INET && !(at->ifa_flags & IFF_LOOPBACK) &&
            (at->ifa_flags & IFF_UP))
            found = ((struct sockaddr_in *)at->ifa_addr)->sin_addr.s_addr;
    freeifaddrs(list);
    return found;
}

static int connect_to(in_addr_t inet)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)site.server->port)};
    int handle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = inet;
    ck_assert_int_eq(connect(handle, (struct sockaddr *)&address, sizeof address), 0);
    return handle;
}

/* Of an address of this machine only its own has fewer; a machine without one has nothing to be tested here. */
START_TEST(one_address_does_not_get_all_places)
{
    enum { EACH = 3 };
    static struct raw_answer given;
    in_addr_t own = own_address();
    int sockets[EACH + 1];
    add("--connections-per-address", "3");
    server_listen(site.server, "0.0.0.0:0");
    server_add(site.server, "--open");
    site_start();
    server_await_quiet(site.server);
    size_t descriptors = server_descriptors(site.server);
    for (int round = 0; round < 2 && own; round++) {
        for (int i = 0; i <= EACH; i++) {
            sockets[i] = connect_to(own);
            ck_assert(raw_send(sockets[i], "GET /v1/stores HTTP/1.1\r\nHost: a\r\n\r\n"));
            ck_assert(raw_receive(sockets[i], &given));
            ck_assert_msg(given.status == (i < EACH ? 200 : 503), "connection %d gets %d", i, given.status);
        }
        close_all(sockets, EACH + 1);
        ck_assert(clock_until(CLOCK_PATIENCE, server_descriptors(site.server) <= descriptors));
    }
    begin_heads(sockets, EACH);
    ck_assert_int_eq(ask("/v1/stores"), 200); /* loopback has no limit */
    close_all(sockets, EACH);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        a_batch_that_does_not_come_costs_nothing,
        batches_half_way_leave_place_for_small_ones,
        what_batches_took_goes_back,
        an_upload_that_does_not_come_costs_nothing,
        honest_uploads_at_once_come_through,
        of_too_many_uploads_half_way_some_come_through,
        bodies_that_drip_are_cut,
        readers_that_drip_are_cut,
        small_requests_buy_no_time_for_a_large_answer,
        who_takes_a_large_answer_little_by_little_may_ask_meanwhile,
        who_takes_an_answer_slowly_may_ask_afterwards,
        what_nobody_takes_does_not_outlive_its_connection_for_long,
        a_slow_and_honest_body_passes,
        a_slow_and_honest_reader_passes,
        without_a_least_rate_who_reads_on_is_not_cut,
        without_a_least_rate_who_reads_nothing_is_cut,
        who_moves_in_bursts_passes,
        without_a_least_rate_who_moves_in_bursts_passes,
        who_rests_after_a_burst_has_little_credit_in_a_crowd,
        whether_a_silent_client_is_there_is_asked,
        without_a_least_rate_all_are_fair,
        a_line_without_an_end_costs_nothing,
        what_waits_costs_nothing,
        a_crowd_leaves_place_for_health,
        a_guest_may_be_silent_for_a_moment,
        the_guests_of_all_threads_go_in_turn,
        a_crowd_on_few_connections_leaves_place_for_health,
        a_crowd_is_cut_soon,
        who_has_no_request_makes_room_in_a_crowd,
        a_guest_with_a_body_is_refused_at_once,
        one_address_does_not_get_all_places,
        answers_nobody_reads_stay_in_their_budget,
        what_comes_from_the_file_is_the_same,
        pages_nobody_reads_stay_in_their_budget,
        who_waits_for_changes_waits_for_memory_too,
        lines_nobody_reads_stay_in_their_budget,
        events_nobody_reads_stay_in_their_budget,
    };
    return site_run("starving", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
