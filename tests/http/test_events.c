/* Following a store by server-sent events, and by lines: what comes, what a client that comes back gets, and when a
 * stream ends. */
#include "tests/http/access.h"
#include "tests/http/clock.h"
#include "tests/http/many.h"
#include "tests/http/raw.h"
#include "tests/http/site.h"
#include "tests/http/stream.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- a stream of events ------------------------------------------------------------------------ */

static struct stream *open_stream(const char *query, const char *fields)
{
    return stream_open(client_text(site.client, "%s%s", site_target("/changes"), query), fields);
}

static bool is_heartbeat(const struct stream *stream)
{
    return stream->event[0] == ':' || strncmp(stream->event, "id: ", 4) == 0;
}

/* "put a; delete a; " of the next event that is one for scripts. */
static const char *next_event(struct stream *stream)
{
    const char *text = "";
    size_t i;
    json_t *change;
    do
        ck_assert(stream_next(stream));
    while (is_heartbeat(stream));
    json_t *page = json_loads(stream_field(stream, "data"), 0, NULL);
    ck_assert(json_is_object(page));
    json_array_foreach (json_object_get(page, "changes"), i, change)
        text = client_text(site.client, "%s%s %s; ", text, json_string_value(json_object_get(change, "op")),
                           json_string_value(json_object_get(change, "key")));
    json_decref(page);
    return text;
}

/* Passes over how soon to come back. */
static struct stream *follow(const char *query, const char *fields)
{
    struct stream *stream = open_stream(query, fields);
    ck_assert_int_eq(stream->head.status, 200);
    ck_assert(stream_next(stream));
    unsigned retry;
    ck_assert_int_eq(sscanf(stream->event, "retry: %u\n\n", &retry), 1);
    ck_assert_uint_ge(retry, 1000);
    ck_assert_uint_lt(retry, 3000);
    return stream;
}

static void expect_end(struct stream *stream)
{
    while (stream_next(stream))
        ck_assert_msg(is_heartbeat(stream), "%s", stream->event);
    stream_close(stream);
}

static const char *header(const struct stream *stream, const char *name)
{
    static char value[256];
    ck_assert(raw_header(&stream->head, name, value, sizeof value));
    return value;
}

/* ---- what comes -------------------------------------------------------------------------------- */

START_TEST(what_there_is_comes_and_then_what_is_written)
{
    site_start();
    site_expect(site_put("a", "1", NULL), 201);
    site_expect(site_put("b", "1", NULL), 201);
    struct stream *stream = follow("", "");
    ck_assert_str_eq(header(stream, "Content-Type"), "text/event-stream");
    ck_assert_str_eq(header(stream, "X-Accel-Buffering"), "no");
    ck_assert_str_eq(header(stream, "Cache-Control"), "no-cache");
    ck_assert_str_eq(next_event(stream), "put a; put b; ");
    site_expect(site_delete("a", NULL), 200);
    ck_assert_str_eq(next_event(stream), "delete a; ");
    site_expect(site_post("/batch", "{\"operations\":[{\"op\":\"delete\",\"key\":\"b\"},"
                                    "{\"op\":\"put\",\"key\":\"c\",\"data\":\"eA==\"}]}"),
                200);
    ck_assert_str_eq(next_event(stream), "delete b; put c; ");
    stream_close(stream);
}
END_TEST

START_TEST(who_comes_back_gets_what_follows)
{
    site_start();
    site_expect(site_put("a", "1", NULL), 201);
    struct stream *stream = follow("", "");
    ck_assert_str_eq(next_event(stream), "put a; ");
    const char *id = stream_field(stream, "id"), *offset = strchr(id, '-') + 1;
    stream_close(stream);
    site_expect(site_put("b", "1", NULL), 201);
    stream = follow("?since=0&prefix=", client_text(site.client, "Last-Event-ID: %s\r\n", id));
    ck_assert_str_eq(next_event(stream), "put b; ");
    stream_close(stream);
    stream = follow("", client_text(site.client, "Last-Event-ID: %s\r\n", offset));
    ck_assert_str_eq(next_event(stream), "put b; ");
    stream_close(stream);
    stream = follow(client_text(site.client, "?since=%s&log=%.8s", offset, id), "");
    ck_assert_str_eq(next_event(stream), "put b; ");
    stream_close(stream);
}
END_TEST

/* It is made in parts. Others get it, too, who come to it while it is on its way. */
START_TEST(a_large_batch_is_one_event)
{
    enum { READERS = 3 };
    struct stream *streams[READERS];
    site_start();
    many_put(MANY_BATCH);
    site_expect(site_put("a", "1", NULL), 201);
    for (int i = 0; i < READERS; i++)
        streams[i] = follow(i == 0 ? "?limit=7" : "?limit=150", "");
    for (int i = 0; i < READERS; i++) {
        ck_assert(stream_next(streams[i]));
        json_t *page = json_loads(stream_field(streams[i], "data"), 0, NULL);
        json_t *changes = json_object_get(page, "changes");
        ck_assert_uint_eq(json_array_size(changes), MANY_BATCH);
        for (size_t k = 0; k < MANY_BATCH; k++) {
            const char *key = json_string_value(json_object_get(json_array_get(changes, k), "key"));
            ck_assert_uint_eq(strtoul(client_text(site.client, "%.6s", key), NULL, 10), k);
        }
        const char *id = strchr(stream_field(streams[i], "id"), '-') + 1;
        ck_assert_int_eq(atoll(id), json_integer_value(json_object_get(page, "next")));
        json_decref(page);
        ck_assert_str_eq(next_event(streams[i]), "put a; ");
        stream_close(streams[i]);
    }
}
END_TEST

static int refusal(const char *query, const char *fields)
{
    struct stream *stream = open_stream(query, fields);
    int status = stream->head.status;
    stream_close(stream);
    return status;
}

START_TEST(what_cannot_be_followed_is_refused_by_a_status)
{
    static const char *const ids[] = {"x", "-", "1-", "9f31c2aa-", "9F31C2AA-0", "9223372036854775808", "1 2", "-1"};
    site_start();
    site_expect(site_put("a", "1", NULL), 201);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        ck_assert_int_eq(refusal("", client_text(site.client, "Last-Event-ID: %s\r\n", ids[i])), 400);
    ck_assert_int_eq(refusal("?wait=1", ""), 400);
    ck_assert_int_eq(refusal("?log=9f31c2a", ""), 400);
    ck_assert_int_eq(refusal("?since=8", ""), 410);
    ck_assert_int_eq(refusal("", "Last-Event-ID: 8\r\n"), 410);
    ck_assert_int_eq(refusal("?log=00000000", ""), 410); /* of that store, if it was made with bad luck: once in 2^32 */
}
END_TEST

/* In chunks; and HEAD says what would come, and nothing follows. */
START_TEST(streams_are_for_all_versions)
{
    struct raw_answer answer;
    char chunk[512] = "", byte;
    site_start();
    int socket = raw_connect(site.server->port);
    ck_assert(
        raw_send(socket, "GET %s HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n", site_target("/changes")));
    ck_assert(raw_receive_head(socket, &answer));
    ck_assert(raw_header(&answer, "Transfer-Encoding", chunk, sizeof chunk));
    ck_assert_str_eq(chunk, "chunked");
    site_expect(site_put("a", "1", NULL), 201);
    size_t length = 0;
    while (length < sizeof chunk - 1 && !strstr(chunk, "\"key\":\"a\"")) {
        ck_assert_int_eq(recv(socket, chunk + length, 1, 0), 1);
        chunk[++length] = '\0';
    }
    ck_assert_ptr_nonnull(strstr(chunk, "data: {"));
    close(socket);
    socket = raw_connect(site.server->port);
    ck_assert(
        raw_send(socket, "HEAD %s HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n", site_target("/changes")));
    ck_assert(raw_receive_head(socket, &answer));
    ck_assert_int_eq(answer.status, 200);
    ck_assert_int_eq(recv(socket, &byte, 1, 0), 0);
    close(socket);
}
END_TEST

/* ---- silence ----------------------------------------------------------------------------------- */

START_TEST(a_silence_has_heartbeats)
{
    server_add(site.server, "--feed-heartbeat=1s");
    site_start();
    struct stream *stream = follow("?prefix=b", "");
    ck_assert(stream_next(stream));
    ck_assert_str_eq(stream->event, ":\n\n");
    site_expect(site_put("a", "1", NULL), 201);
    do
        ck_assert(stream_next(stream));
    while (stream->event[0] == ':');
    ck_assert_ptr_null(strstr(stream->event, "data"));
    const char *id = stream_field(stream, "id");
    ck_assert_int_eq(strtoll(strchr(id, '-') + 1, NULL, 10), site_figure("end_offset"));
    ck_assert(stream_next(stream));
    ck_assert_str_eq(stream->event, ":\n\n");
    site_expect(site_put("b", "1", NULL), 201);
    ck_assert_str_eq(next_event(stream), "put b; ");
    stream_close(stream);
}
END_TEST

static long busy_connections(void)
{
    struct answer *answer = client_get(site.client, "/metrics", NULL);
    site_expect(answer, 200);
    const char *line = strstr((const char *)answer->body, "\ncairn_http_connections{state=\"busy\"} ");
    ck_assert_ptr_nonnull(line);
    return strtol(strchr(line, ' '), NULL, 10);
}

/* The one that asks does not count. */
static void expect_leaving_noticed(const char *heartbeat)
{
    server_add(site.server, heartbeat);
    site_start();
    struct stream *leaves = follow("", ""), *breaks = follow("", "");
    ck_assert(clock_until(CLOCK_PATIENCE, busy_connections() == 2));
    stream_close(leaves);
    raw_reset(breaks->socket);
    free(breaks);
    ck_assert(clock_until(CLOCK_PATIENCE, busy_connections() == 0));
}

START_TEST(who_has_gone_is_noticed)
{
    expect_leaving_noticed("--feed-heartbeat=1s");
}
END_TEST

/* Long before the next heartbeat. */
START_TEST(who_has_gone_is_noticed_at_once)
{
    expect_leaving_noticed("--feed-heartbeat=1h");
}
END_TEST

START_TEST(who_only_closes_his_side_is_told_on)
{
    server_add(site.server, "--feed-heartbeat=1h");
    site_start();
    struct stream *stream = follow("", "");
    shutdown(stream->socket, SHUT_WR);
    ck_assert(stream_next(stream));
    ck_assert(is_heartbeat(stream));
    site_expect(site_put("a", "1", NULL), 201);
    ck_assert_str_eq(next_event(stream), "put a; ");
    stream_close(stream);
}
END_TEST

/* ---- the end of a stream ----------------------------------------------------------------------- */

START_TEST(a_stream_ends_with_the_server)
{
    server_add(site.server, "--drain-timeout=1h");
    site_start();
    struct stream *stream = follow("", "");
    site_expect(site_put("a", "1", NULL), 201);
    ck_assert_str_eq(next_event(stream), "put a; ");
    char id[64]; /* which the client does not have, who goes with the server */
    (void)snprintf(id, sizeof id, "%s", stream_field(stream, "id"));
    server_stop(site.server);
    expect_end(stream);
    server_start(site.server);
    site_reconnect();
    site_expect(site_put("b", "1", NULL), 201);
    stream = follow("", client_text(site.client, "Last-Event-ID: %s\r\n", id));
    ck_assert_str_eq(next_event(stream), "put b; ");
    stream_close(stream);
}
END_TEST

/* Why, as a problem of that kind, and then the end. */
static void expect_gone(struct stream *stream, const char *kind, int status)
{
    ck_assert_str_eq(stream_field(stream, "event"), "gone");
    json_t *problem = json_loads(stream_field(stream, "data"), 0, NULL);
    ck_assert_str_eq(json_string_value(json_object_get(problem, "type")),
                     client_text(site.client, "urn:problem-type:cairn:%s", kind));
    ck_assert_int_eq(json_integer_value(json_object_get(problem, "status")), status);
    json_decref(problem);
    expect_end(stream);
}

START_TEST(a_store_that_is_removed_is_gone_and_another_one_of_its_name_is_not_the_same)
{
    site_start();
    site_expect(site_put("a", "1", NULL), 201);
    struct stream *stream = follow("", "");
    ck_assert_str_eq(next_event(stream), "put a; ");
    const char *id = stream_field(stream, "id");
    char *all = client_text(site.client, "%s?force=true", site_target(""));
    site_expect(client_send(site.client, "DELETE", all, NULL, 0, NULL), 204);
    ck_assert(stream_next(stream));
    expect_gone(stream, "no-store", 404);
    site_expect(client_send(site.client, "PUT", site_target(""), NULL, 0, NULL), 201);
    site_expect(site_put("a", "1", NULL), 201); /* as many bytes as there were */
    ck_assert_int_eq(refusal("", client_text(site.client, "Last-Event-ID: %s\r\n", id)), 410);
    ck_assert_int_eq(refusal(client_text(site.client, "?since=%s&log=%.8s", strchr(id, '-') + 1, id), ""), 410);
    ck_assert_int_eq(refusal(client_text(site.client, "?since=%s", strchr(id, '-') + 1), ""), 200);
}
END_TEST

/* Also of a token that was not changed: who comes back with it is let in again. */
START_TEST(a_stream_ends_when_the_rules_change)
{
    server_add(site.server, "--feed-heartbeat=1s");
    access_start(access_token("all", access_grant("\"*\"", "", ACCESS_ALL), NULL), "");
    site_expect(client_send(site.client, "PUT", site_target(""), NULL, 0, access_bearer("all"), NULL), 201);
    const char *bearer = client_text(site.client, "%s\r\n", access_bearer("all"));
    struct stream *stream = follow("", bearer);
    ck_assert(stream_next(stream));
    access_write(access_token("other", access_grant("\"*\"", "", ACCESS_ALL), NULL), "");
    kill(site.server->pid, SIGHUP);
    expect_end(stream);
    ck_assert_int_eq(refusal("", bearer), 401);
}
END_TEST

/* Whether requests of so many others are under way. */
static bool are_busy(const char *bearer, long others)
{
    struct answer *answer = client_get(site.client, "/metrics", bearer, NULL);
    site_expect(answer, 200);
    const char *line = strstr((const char *)answer->body, "\ncairn_http_connections{state=\"busy\"} ");
    ck_assert_ptr_nonnull(line);
    return strtol(strchr(line, ' '), NULL, 10) >= others;
}

/* The next heartbeat, or the end of the time, is far away when there is something to tell. */
START_TEST(whose_token_was_removed_is_told_no_more)
{
    static struct raw_answer answer;
    access_start(access_token("all", access_grant("\"*\"", "", ACCESS_ALL), NULL), "");
    site_expect(client_send(site.client, "PUT", site_target(""), NULL, 0, access_bearer("all"), NULL), 201);
    const char *bearer = client_text(site.client, "%s\r\n", access_bearer("all"));
    struct stream *stream = follow("", bearer);
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket, "GET %s?wait=60 HTTP/1.1\r\nHost: a\r\n%s\r\n", site_target("/changes"), bearer));
    ck_assert(clock_until(CLOCK_PATIENCE, are_busy(access_bearer("all"), 2)));
    access_write(access_token("other", access_grant("\"*\"", "", ACCESS_ALL), NULL), "");
    kill(site.server->pid, SIGHUP);
    ck_assert(clock_until(CLOCK_PATIENCE, refusal("", bearer) == 401));
    char *secret = site_target("/objects/secret");
    site_expect(client_send(site.client, "PUT", secret, "1", 1, access_bearer("other"), NULL), 201);
    expect_end(stream);
    ck_assert(raw_receive(socket, &answer));
    ck_assert_int_eq(answer.status, 200);
    ck_assert_msg(strstr(answer.body, "{\"changes\":[],\"next\":0,\"oldest\":0,\"end\":0,"), "%s", answer.body);
    close(socket);
}
END_TEST

/* ---- who is left behind ------------------------------------------------------------------------ */

enum { MANY = 1600 };

/* Changes that take more than the kernel may hold of an answer, however large it makes its buffer. */
static int more_than_is_taken_ahead(void)
{
    long most = 0;
    FILE *file = fopen("/proc/sys/net/ipv4/tcp_wmem", "re");
    ck_assert(file && fscanf(file, "%*d %*d %ld", &most) == 1 && fclose(file) == 0);
    return MANY + (int)(most / MANY_KEY);
}

static void compact(void)
{
    struct answer *answer = client_send(site.client, "POST", site_target("/compact?wait=60"), NULL, 0, NULL);
    site_expect(answer, 200);
}

/* A kernel that takes little ahead: most of the log is still to be read when it is compacted. */
static struct stream *read_little(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)site.server->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct stream *stream = calloc(1, sizeof *stream);
    int window = 4096;
    stream->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(stream->socket, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
    ck_assert_int_eq(connect(stream->socket, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert(raw_send(stream->socket, "GET %s?limit=20 HTTP/1.0\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n",
                       site_target("/changes")));
    ck_assert(raw_receive_head(stream->socket, &stream->head));
    return stream;
}

/* A heartbeat comes to who has all there is. */
START_TEST(who_is_left_behind_is_told)
{
    int count = more_than_is_taken_ahead();
    server_add(site.server, "--feed-retention=0");
    server_add(site.server, "--feed-heartbeat=1s");
    site_start();
    many_put(count);
    struct stream *stream = read_little();
    many_delete(count);
    compact();
    while (stream_next(stream) && !strstr(stream->event, "event: gone"))
        ck_assert_msg(!is_heartbeat(stream), "the reader was not left behind: %s", stream->event);
    expect_gone(stream, "changes-gone", 410);
}
END_TEST

/* ---- lines ------------------------------------------------------------------------------------- */

static struct answer *lines(const char *query)
{
    return client_get(site.client, client_text(site.client, "%s%s", site_target("/changes"), query),
                      "Accept: application/x-ndjson", NULL);
}

/* How many changes a whole answer has; its last line is in *ret_end, which the caller owns. */
static size_t count_lines(struct answer *answer, json_t **ret_end)
{
    size_t count = 0;
    const char *at = (const char *)answer->body, *end;
    site_expect(answer, 200);
    ck_assert_str_eq(answer_header(answer, "Content-Type"), "application/x-ndjson");
    *ret_end = NULL;
    for (; (end = strchr(at, '\n')); at = end + 1) {
        ck_assert_ptr_null(*ret_end);
        json_t *line = json_loadb(at, (size_t)(end - at), 0, NULL);
        ck_assert(json_is_object(line));
        if (json_object_get(line, "op"))
            count++;
        else
            *ret_end = json_incref(line);
        json_decref(line);
    }
    ck_assert(*at == '\0' && *ret_end);
    return count;
}

static json_int_t place(json_t *end, const char *name)
{
    return json_integer_value(json_object_get(end, name));
}

START_TEST(lines_go_to_the_end)
{
    json_t *end;
    site_start();
    many_put(MANY);
    ck_assert_uint_eq(count_lines(lines(""), &end), MANY);
    ck_assert_int_eq(place(end, "next"), site_figure("end_offset"));
    ck_assert_int_eq(place(end, "end"), place(end, "next"));
    json_decref(end);
    site_expect(site_put("a", "1", NULL), 201);
    site_expect(site_put("b", "1", NULL), 201);
    ck_assert_uint_eq(count_lines(lines("?prefix=a"), &end), 1);
    json_decref(end);
    ck_assert_uint_eq(count_lines(lines("?limit=1"), &end), MANY_BATCH); /* a batch is told whole */
    ck_assert_int_lt(place(end, "next"), place(end, "end"));
    json_decref(end);
    site_expect(lines("?wait=1"), 400);
    site_expect(lines("?since=8"), 410);
    ck_assert_str_eq(answer_header(lines("?since=8"), "Vary"), "Accept");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_there_is_comes_and_then_what_is_written,
        who_comes_back_gets_what_follows,
        a_large_batch_is_one_event,
        what_cannot_be_followed_is_refused_by_a_status,
        streams_are_for_all_versions,
        a_silence_has_heartbeats,
        who_has_gone_is_noticed,
        who_has_gone_is_noticed_at_once,
        who_only_closes_his_side_is_told_on,
        a_stream_ends_with_the_server,
        a_store_that_is_removed_is_gone_and_another_one_of_its_name_is_not_the_same,
        a_stream_ends_when_the_rules_change,
        whose_token_was_removed_is_told_no_more,
        who_is_left_behind_is_told,
        lines_go_to_the_end,
    };
    return site_run("events", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
