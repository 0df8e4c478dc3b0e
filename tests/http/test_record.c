/* What stays of a request: its name, its line in the log of requests, and who made and destroyed stores. */
#include "tests/http/access.h"
#include "tests/http/clock.h"
#include "tests/http/raw.h"
#include "tests/http/site.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the log --------------------------------------------------------------------------------- */

static const char *log_path(void)
{
    static char path[SERVER_PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/access", site.server->folder);
    return path;
}

/* A server with a log of requests in that file, and that option beside. */
static void start_with_log(const char *path, const char *option)
{
    server_add(site.server, "--access-log");
    server_add(site.server, path);
    if (option)
        server_add(site.server, option);
    site_start();
}

/* The last whole line of the file that holds the text, or NULL; it lives until the next call. */
static const char *find_line(const char *path, const char *text)
{
    static char found[16384];
    char line[sizeof found];
    FILE *file = fopen(path, "re");
    found[0] = '\0';
    while (file && fgets(line, sizeof line, file))
        if (strstr(line, text) && strchr(line, '\n'))
            memcpy(found, line, sizeof found);
    if (file)
        fclose(file);
    return *found == '\0' ? NULL : found;
}

/* That line, once it is there; it lives as long as the test's process. */
static json_t *line_with(const char *path, const char *text)
{
    static json_t *kept[64];
    static size_t count;
    ck_assert_msg(clock_until(CLOCK_PATIENCE, find_line(path, text)), "no line with %s in %s", text, path);
    json_error_t error;
    json_t *json = json_loads(find_line(path, text), 0, &error);
    ck_assert_msg(json, "no JSON: %s: %s", error.text, find_line(path, text));
    ck_assert_uint_lt(count, sizeof kept / sizeof *kept);
    return kept[count++] = json;
}

/* The line of the request with that name. */
static json_t *line_of(const char *id)
{
    return line_with(log_path(), client_text(site.client, "\"request_id\":\"%s\"", id));
}

static const char *text_of(const json_t *line, const char *name)
{
    const char *text = json_string_value(json_object_get(line, name));
    ck_assert_msg(text, "no %s in %s", name, json_dumps(line, 0));
    return text;
}

static json_int_t number_of(const json_t *line, const char *name)
{
    ck_assert_msg(json_is_integer(json_object_get(line, name)), "no %s in %s", name, json_dumps(line, 0));
    return json_integer_value(json_object_get(line, name));
}

static bool is_null(const json_t *line, const char *name)
{
    return json_is_null(json_object_get(line, name));
}

/* ---- names of requests ----------------------------------------------------------------------- */

START_TEST(each_answer_has_a_name)
{
    site_start();
    struct answer *first = site_put("k", "v", NULL), *second = site_get("k", NULL);
    ck_assert_uint_eq(strlen(answer_header(first, "X-Request-Id")), 32);
    ck_assert_str_ne(answer_header(first, "X-Request-Id"), answer_header(second, "X-Request-Id"));
    struct answer *problem = site_get("none", "X-Request-Id: my-own/1", NULL);
    ck_assert_str_eq(answer_header(problem, "X-Request-Id"), "my-own/1");
    ck_assert_str_eq(answer_string(problem, "request_id"), "my-own/1");
    ck_assert_uint_eq(answer_header_count(problem, "X-Request-Id"), 1);
}
END_TEST

START_TEST(names_that_are_none_are_replaced)
{
    site_start();
    const char *others[] = {"X-Request-Id: a b", "X-Request-Id: a\"b", "X-Request-Id:", "X-Request-Id: <script>"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct answer *answer = client_get(site.client, "/healthz", others[i], NULL);
        site_expect(answer, 200);
        ck_assert_uint_eq(strlen(answer_header(answer, "X-Request-Id")), 32);
    }
    struct answer *twice = client_get(site.client, "/healthz", "X-Request-Id: a", "X-Request-Id: b", NULL);
    site_expect(twice, 200);
    ck_assert_uint_eq(strlen(answer_header(twice, "X-Request-Id")), 32);
}
END_TEST

/* ---- lines ----------------------------------------------------------------------------------- */

START_TEST(a_line_tells_of_its_request)
{
    start_with_log(log_path(), NULL);
    site_expect(site_put("a%2Fb", "12345", "X-Request-Id: one", NULL), 201);
    site_expect(site_get("a/b", "X-Request-Id: two", NULL), 200);
    site_expect(site_head("a/b", "X-Request-Id: three", NULL), 200);
    site_expect(site_get("none", "X-Request-Id: four", NULL), 404);
    json_t *line = line_of("one");
    ck_assert_str_eq(text_of(line, "client"), "127.0.0.1");
    ck_assert_str_eq(text_of(line, "peer"), "127.0.0.1");
    ck_assert_str_eq(text_of(line, "method"), "PUT");
    ck_assert_str_eq(text_of(line, "route"), "/v1/stores/{store}/objects/{key}");
    ck_assert_str_eq(text_of(line, "store"), "main");
    ck_assert_str_eq(text_of(line, "key"), "a/b");
    ck_assert(is_null(line, "token") && is_null(line, "problem"));
    ck_assert_int_eq(number_of(line, "status"), 201);
    ck_assert_int_eq(number_of(line, "bytes_in"), 5);
    ck_assert_int_gt(number_of(line, "bytes_out"), 50);
    ck_assert(json_real_value(json_object_get(line, "milliseconds")) > 0);
    ck_assert(json_is_true(json_object_get(line, "complete")));
    ck_assert_uint_eq(strlen(text_of(line, "time")), strlen("2026-11-06T08:49:37.123Z"));
    ck_assert_int_eq(number_of(line_of("two"), "bytes_out"), 5);
    ck_assert_int_eq(number_of(line_of("three"), "bytes_out"), 0);
    ck_assert_str_eq(text_of(line_of("four"), "problem"), "no-object");
    ck_assert(is_null(line_of("three"), "problem"));
}
END_TEST

START_TEST(keys_of_any_bytes_and_paths_that_lead_nowhere)
{
    start_with_log(log_path(), NULL);
    site_expect(site_get("%ff%00", "X-Request-Id: bytes", NULL), 404);
    site_expect(site_get("%0a%22%5c%7f", "X-Request-Id: controls", NULL), 404);
    site_expect(client_get(site.client, site_hash(0x1234), "X-Request-Id: hash", NULL), 404);
    site_expect(client_get(site.client, "/none/%0a?secret=1", "X-Request-Id: none", NULL), 404);
    json_t *bytes = line_of("bytes");
    ck_assert(is_null(bytes, "key"));
    ck_assert_str_eq(text_of(bytes, "key_base64"), "/wA=");
    ck_assert_str_eq(text_of(line_of("controls"), "key"), "\n\"\\\x7f");
    ck_assert(is_null(line_of("hash"), "key"));
    ck_assert_str_eq(text_of(line_of("hash"), "key_hash"), "0000000000001234");
    ck_assert_str_eq(text_of(line_of("none"), "path"), "/none/%0a");
    ck_assert(is_null(line_of("none"), "route") && is_null(line_of("none"), "store"));
}
END_TEST

/* Of a path its first 1,024 bytes are shown, and what is UTF-8 stays that. */
START_TEST(a_long_path_is_cut_between_two_characters)
{
    start_with_log(log_path(), NULL);
    char filling[1023];
    memset(filling, 'a', sizeof filling);
    for (int spare = 0; spare < 5; spare++) {
        const char *start = client_text(site.client, "/%.*s", 1023 - spare, filling);
        const char *path = client_text(site.client, "%s\xf0\x9f\x90\x88z", start);
        const char *name = client_text(site.client, "X-Request-Id: cut-%d", spare);
        site_expect(client_get(site.client, path, name, NULL), 404);
        const char *shown = text_of(line_of(client_text(site.client, "cut-%d", spare)), "path");
        ck_assert_str_eq(shown, spare < 4 ? start : client_text(site.client, "%s\xf0\x9f\x90\x88", start));
    }
    site_expect(client_get(site.client, "/none/\xff", "X-Request-Id: bytes", NULL), 404);
    ck_assert(is_null(line_of("bytes"), "path"));
    ck_assert_str_eq(text_of(line_of("bytes"), "path_base64"), "L25vbmUv/w==");
}
END_TEST

/* What is no whole request is recorded with what is known of it. */
START_TEST(a_move_and_a_copy_tell_where_to)
{
    start_with_log(log_path(), NULL);
    site_expect(site_put("a", "12345", NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/other", NULL, 0, NULL), 201);
    site_expect(site_copy("a", site_destination("b%2Fc"), "X-Request-Id: copy", NULL), 201);
    site_expect(site_copy("a", "Destination: /v1/stores/other/hashes/00000000000000ab", "X-Request-Id: hash", NULL),
                201);
    site_expect(site_copy("none", site_destination("d"), "X-Request-Id: none", NULL), 404);
    site_expect(site_copy("a", "Destination: /x?token=secret", "X-Request-Id: elsewhere", NULL), 400);
    const char *json = "{\"key\":\"a\",\"destination\":{\"store\":\"other\",\"key_base64\":\"/w==\"}}";
    site_expect(client_send(site.client, "POST", site_target("/move"), json, strlen(json),
                            "Content-Type: application/json", "X-Request-Id: move", NULL),
                201);
    json_t *line = json_object_get(line_of("copy"), "destination");
    ck_assert_str_eq(text_of(line, "store"), "main");
    ck_assert_str_eq(text_of(line, "key"), "b/c");
    line = json_object_get(line_of("hash"), "destination");
    ck_assert_str_eq(text_of(line, "key_hash"), "00000000000000ab");
    line = json_object_get(line_of("move"), "destination");
    ck_assert_str_eq(text_of(line, "store"), "other");
    ck_assert_str_eq(text_of(line, "key_base64"), "/w==");
    ck_assert_str_eq(text_of(line_of("move"), "key"), "a");
    ck_assert_str_eq(text_of(json_object_get(line_of("none"), "destination"), "key"), "d");
    ck_assert(!json_object_get(line_of("elsewhere"), "destination"));
    ck_assert_ptr_null(find_line(log_path(), "secret"));
}
END_TEST

/* What the client's system has told to have, which may be a few segments less than the client has read; and at most
 * what else it had of it. */
START_TEST(of_an_answer_that_is_cut_the_bytes_that_left_are_told)
{
    enum { SIZE = 32 << 20, READ = 1 << 20, UNTOLD = 256 << 10 };
    static char bytes[READ];
    start_with_log(log_path(), NULL);
    site_expect(client_upload(site.client, site_object("large"), SIZE, 1, NULL), 201);
    for (int earlier = 0; earlier < 2; earlier++) {
        int socket = raw_connect(site.server->port);
        if (earlier) {
            char *before = client_text(site.client, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
            ck_assert(raw_send_bytes(socket, before, strlen(before)));
            ck_assert_int_gt(recv(socket, bytes, sizeof bytes, 0), 0);
        }
        ck_assert(raw_send(socket, "GET %s HTTP/1.1\r\nHost: a\r\nX-Request-Id: cut%d\r\n\r\n", site_object("large"),
                           earlier));
        ck_assert_int_eq(recv(socket, bytes, READ, MSG_WAITALL), READ);
        close(socket);
        json_t *line = line_of(client_text(site.client, "cut%d", earlier));
        ck_assert(json_is_false(json_object_get(line, "complete")));
        ck_assert_int_eq(number_of(line, "status"), 200);
        ck_assert_int_ge(number_of(line, "bytes_out"), READ - UNTOLD);
        ck_assert_int_lt(number_of(line, "bytes_out"), SIZE);
    }
}
END_TEST

START_TEST(messages_that_are_none)
{
    char value[64];
    struct raw_answer *answer = malloc(sizeof *answer);
    start_with_log(log_path(), NULL);
    int socket = raw_connect(site.server->port), cut = raw_connect(site.server->port);
    ck_assert(raw_send(socket, "GET / HTTP/1.1\r\nHost: a\r\n folded: b\r\n\r\n") && raw_receive(socket, answer));
    ck_assert_int_eq(answer->status, 400);
    ck_assert(raw_header(answer, "X-Request-Id", value, sizeof value));
    json_t *line = line_of(value);
    ck_assert(is_null(line, "method") && is_null(line, "route"));
    ck_assert_int_eq(number_of(line, "status"), 400);
    ck_assert_str_eq(text_of(line, "problem"), "bad-request");
    ck_assert(raw_send(cut, "GET / HTTP/1.1\r\nHo"));
    close(cut);
    line = line_with(log_path(), "head-incomplete");
    ck_assert_str_eq(text_of(line, "peer"), "127.0.0.1");
    close(socket);
    free(answer);
}
END_TEST

START_TEST(an_upload_that_was_given_up)
{
    start_with_log(log_path(), NULL);
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket, "PUT %s HTTP/1.1\r\nHost: a\r\nX-Request-Id: up\r\nContent-Length: 9\r\n\r\nbody",
                       site_object("k")));
    ck_assert(clock_until(CLOCK_PATIENCE, server_has_read_all(site.server)));
    raw_reset(socket);
    json_t *line = line_of("up");
    ck_assert(is_null(line, "status"));
    ck_assert_int_eq(number_of(line, "bytes_in"), 4);
    ck_assert(json_is_false(json_object_get(line, "complete")));
}
END_TEST

/* ---- who it was ------------------------------------------------------------------------------ */

static const char *client_at(const char *id, const char *forwarded)
{
    char *field = client_text(site.client, "X-Forwarded-For: %s", forwarded);
    char *name = client_text(site.client, "X-Request-Id: %s", id);
    site_expect(client_get(site.client, "/healthz", field, name, NULL), 200);
    return text_of(line_of(id), "client");
}

START_TEST(what_a_trusted_proxy_says_is_believed)
{
    start_with_log(log_path(), "--trusted-proxies=10.0.0.0/8,127.0.0.1,unix");
    ck_assert_str_eq(client_at("one", "203.0.113.7"), "203.0.113.7");
    ck_assert_str_eq(client_at("two", "6.6.6.6, 203.0.113.7, 10.1.2.3"), "203.0.113.7");
    ck_assert_str_eq(client_at("three", "[2001:db8::7]:443"), "2001:db8::7");
    ck_assert_str_eq(client_at("four", "unknown"), "127.0.0.1");
    ck_assert_str_eq(text_of(line_of("one"), "peer"), "127.0.0.1");
}
END_TEST

START_TEST(what_anybody_says_is_not)
{
    start_with_log(log_path(), "--trusted-proxies=10.0.0.0/8");
    ck_assert_str_eq(client_at("one", "203.0.113.7"), "127.0.0.1");
}
END_TEST

START_TEST(who_makes_and_destroys_stores_is_told)
{
    server_add(site.server, "--trusted-proxies=127.0.0.1");
    site_start();
    const char *target = "/v1/stores/photos", *from = "X-Forwarded-For: 203.0.113.7";
    site_expect(client_send(site.client, "PUT", target, NULL, 0, from, "X-Request-Id: make", NULL), 201);
    site_expect(client_send(site.client, "PUT", target, NULL, 0, from, "X-Request-Id: again", NULL), 200);
    site_expect(client_send(site.client, "DELETE", target, NULL, 0, from, "X-Request-Id: unmake", NULL), 204);
    server_expect_logged(site.server,
                         "audit: created the store 'photos': somebody without a token at "
                         "203.0.113.7, request make",
                         1);
    ck_assert_uint_eq(server_logged(site.server, "request again"), 0);
    server_expect_logged(site.server,
                         "audit: deleted the store 'photos': somebody without a token at "
                         "203.0.113.7, request unmake",
                         1);
}
END_TEST

static struct answer *patch(const char *id, const char *json)
{
    return client_send(site.client, "PATCH", "/v1/stores/main", json, strlen(json), "Content-Type: application/json",
                       client_text(site.client, "X-Request-Id: %s", id), NULL);
}

START_TEST(who_changes_limits_is_told)
{
    site_start();
    site_expect(patch("both", "{\"limits\":{\"bytes\":1000000,\"objects\":null}}"), 200);
    site_expect(patch("one", "{\"limits\":{\"objects\":7}}"), 200);
    site_expect(patch("nothing", "{}"), 200);
    site_expect(patch("bad", "{\"limits\":{\"objects\":-1}}"), 400);
    const char *by = "the store 'main': somebody without a token at 127.0.0.1, request";
    server_expect_logged(site.server,
                         client_text(site.client,
                                     "audit: changed the limits (bytes 1000000, objects none) of "
                                     "%s both",
                                     by),
                         1);
    server_expect_logged(site.server, client_text(site.client, "audit: changed the limits (objects 7) of %s one", by),
                         1);
    server_expect_logged(site.server, "changed the limits", 2);
}
END_TEST

/* The token's name, never the token. */
START_TEST(the_name_of_the_token_is_told)
{
    server_add(site.server, "--access-log");
    server_add(site.server, log_path());
    access_start(access_token("ops", access_grant("\"*\"", "", ACCESS_ALL), NULL), "");
    const char *bearer = access_bearer("ops"), *wrong = access_bearer("no-such-token");
    site_expect(client_send(site.client, "PUT", "/v1/stores/p", NULL, 0, bearer, "X-Request-Id: with", NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/p", NULL, 0, "X-Request-Id: without", NULL), 401);
    site_expect(client_send(site.client, "PUT", "/v1/stores/p", NULL, 0, wrong, "X-Request-Id: wrong", NULL), 401);
    ck_assert_str_eq(text_of(line_of("with"), "token"), "ops");
    ck_assert(is_null(line_of("without"), "token") && is_null(line_of("wrong"), "token"));
    ck_assert_str_eq(text_of(line_of("wrong"), "problem"), "unauthorized");
    ck_assert_ptr_null(find_line(log_path(), "no-such-token"));
    server_expect_logged(site.server, "audit: created the store 'p': token ops at 127.0.0.1, request with", 1);
}
END_TEST

/* A server whose stderr is that file. Its log is not looked at for when it listens: whether it does is asked. */
static void start_logging_to(int file, const char *level)
{
    char listen[SERVER_PATH_MAX + 16];
    snprintf(listen, sizeof listen, "unix:%s/socket", site.server->folder);
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(file, STDERR_FILENO);
        execl(server_binary(), server_binary(), "--data", site.server->data, "--listen", listen, "--log-level", level,
              NULL);
        _exit(127);
    }
    ck_assert_int_gt(child, 0);
    close(file);
    site.server->pid = child;
    site.client = client_new(listen);
    ck_assert(clock_until(CLOCK_PATIENCE, client_get(site.client, "/healthz", NULL)->status == 200));
}

START_TEST(no_level_of_the_log_leaves_that_out)
{
    start_logging_to(open(site.server->log, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), "error");
    site_expect(client_send(site.client, "PUT", "/v1/stores/photos", NULL, 0, NULL), 201);
    server_expect_logged(site.server, "audit: created the store 'photos'", 1);
    ck_assert_uint_eq(server_logged(site.server, "listening"), 0);
    server_stop(site.server);
}
END_TEST

/* Each audit line is written by one of the few threads that wait for disks: they are not to wait for a reader. */
START_TEST(whoever_does_not_read_the_main_log_keeps_nobody_waiting)
{
    enum { STORES = 150 };
    static char large[300000], lines[1 << 16];
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    ck_assert_int_eq(fcntl(ends[0], F_SETPIPE_SZ, 8192), 8192);
    start_logging_to(ends[1], "info");
    for (int i = 0; i < STORES; i++)
        site_expect(client_send(site.client, "PUT", client_text(site.client, "/v1/stores/s%d", i), NULL, 0, NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/s0/objects/k", large, sizeof large, NULL), 201);
    site_expect(client_get(site.client, "/v1/stores/s0/objects", NULL), 200);
    ck_assert_int_gt(read(ends[0], lines, sizeof lines - 1), 0);
    site_expect(client_send(site.client, "PUT", "/v1/stores/last", NULL, 0, NULL), 201);
    memset(lines, 0, sizeof lines);
    ck_assert_int_gt(read(ends[0], lines, sizeof lines - 1), 0);
    ck_assert_ptr_nonnull(strstr(lines, "lines of this log are lost"));
    ck_assert_ptr_nonnull(strstr(lines, "created the store 'last'"));
    close(ends[0]);
    server_stop(site.server);
}
END_TEST

/* ---- the file -------------------------------------------------------------------------------- */

START_TEST(it_is_opened_again_for_who_has_moved_it)
{
    const int signals[] = {SIGUSR1, SIGHUP};
    start_with_log(log_path(), NULL);
    for (int i = 0; i < 2; i++) {
        char *name = client_text(site.client, "X-Request-Id: before-%d", i);
        const char *moved = client_text(site.client, "%s.%d", log_path(), i);
        site_expect(client_get(site.client, "/healthz", name, NULL), 200);
        line_of(client_text(site.client, "before-%d", i)); /* it comes behind the answer */
        ck_assert_int_eq(rename(log_path(), moved), 0);
        ck_assert_int_eq(kill(site.server->pid, signals[i]), 0);
        ck_assert(clock_until(CLOCK_PATIENCE, access(log_path(), F_OK) == 0));
        ck_assert_ptr_null(find_line(log_path(), "before"));
        site_expect(client_get(site.client, "/healthz", client_text(site.client, "X-Request-Id: after-%d", i), NULL),
                    200);
        line_of(client_text(site.client, "after-%d", i));
    }
}
END_TEST

START_TEST(the_last_lines_are_written_at_the_end)
{
    start_with_log(log_path(), NULL);
    site_expect(client_get(site.client, "/healthz", "X-Request-Id: last", NULL), 200);
    server_stop(site.server);
    json_t *line = line_of("last");
    ck_assert_int_eq(number_of(line, "status"), 200);
}
END_TEST

static void read_what_is_there(int file)
{
    char bytes[4096];
    while (read(file, bytes, sizeof bytes) > 0) {
    }
}

/* A pipe that nobody reads: its buffer and the ring are full soon. Each line is of a long path: so it takes few. */
START_TEST(whoever_does_not_read_it_keeps_nobody_waiting)
{
    enum { REQUESTS = 1200 };
    char path[1100] = "/";
    memset(path + 1, 'x', sizeof path - 2);
    path[sizeof path - 1] = '\0';
    ck_assert_int_eq(mkfifo(log_path(), 0600), 0);
    int reader = open(log_path(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ck_assert_int_ge(reader, 0);
    start_with_log(log_path(), NULL);
    for (int i = 0; i < REQUESTS; i++) {
        site_expect(client_get(site.client, path, NULL), 404);
        client_forget(site.client);
    }
    ck_assert_uint_eq(server_logged(site.server, "lacks"), 0); /* the thread that tells of it hangs */
    ck_assert(clock_until(CLOCK_PATIENCE, (read_what_is_there(reader), server_logged(site.server, "lacks") == 1)));
    close(reader);
    site_expect(client_get(site.client, "/healthz", NULL), 200);
    server_stop(site.server);
}
END_TEST

START_TEST(a_full_disk_is_told)
{
    start_with_log("/dev/full", NULL);
    ck_assert(clock_until(CLOCK_PATIENCE, server_logged(site.server, "since the last such line: No space left") == 1));
    site_expect(site_put("k", "v", NULL), 201);
}
END_TEST

START_TEST(a_file_that_cannot_be_opened_is_refused)
{
    char *output;
    const char *arguments[] = {server_binary(), "--data",       site.server->data, "--listen",
                               "127.0.0.1:0",   "--access-log", "/none/such",      NULL};
    ck_assert_int_eq(server_run(arguments + 1, &output), 1);
    ck_assert_ptr_nonnull(strstr(output, "cannot open the log of requests '/none/such': No such file"));
    free(output);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        each_answer_has_a_name,
        names_that_are_none_are_replaced,
        a_line_tells_of_its_request,
        a_move_and_a_copy_tell_where_to,
        of_an_answer_that_is_cut_the_bytes_that_left_are_told,
        keys_of_any_bytes_and_paths_that_lead_nowhere,
        a_long_path_is_cut_between_two_characters,
        messages_that_are_none,
        an_upload_that_was_given_up,
        what_a_trusted_proxy_says_is_believed,
        what_anybody_says_is_not,
        who_makes_and_destroys_stores_is_told,
        who_changes_limits_is_told,
        the_name_of_the_token_is_told,
        no_level_of_the_log_leaves_that_out,
        whoever_does_not_read_the_main_log_keeps_nobody_waiting,
        it_is_opened_again_for_who_has_moved_it,
        the_last_lines_are_written_at_the_end,
        whoever_does_not_read_it_keeps_nobody_waiting,
        a_full_disk_is_told,
        a_file_that_cannot_be_opened_is_refused,
    };
    return site_run("record", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
