/* A listing as lines: what is in them, who gets them, and what becomes of one that is under way while its reader
 * dawdles or goes, objects are deleted, or the store is removed. */
#include "tests/http/clock.h"
#include "tests/http/many.h"
#include "tests/http/raw.h"
#include "tests/http/site.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINES "Accept: application/x-ndjson"

static struct answer *list(const char *query, const char *accept)
{
    return client_get(site.client, client_text(site.client, "%s%s", site_target("/objects"), query), accept, NULL);
}

static void put_all(const char *const *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        site_expect(site_put(keys[i], "v", NULL), 201);
}

/* The lines as one array. */
static json_t *lines_of(const struct answer *answer)
{
    json_t *lines = json_array();
    const char *at = (const char *)answer->body, *end;
    ck_assert(answer->size == 0 || at[answer->size - 1] == '\n');
    for (; (end = strchr(at, '\n')); at = end + 1) {
        json_t *line = json_loadb(at, (size_t)(end - at), 0, NULL);
        ck_assert_msg(json_is_object(line), "%.*s", (int)(end - at), at);
        json_array_append_new(lines, line);
    }
    return lines;
}

/* The caller owns them. */
static json_t *list_lines(const char *query)
{
    struct answer *answer = list(query, LINES);
    site_expect(answer, 200);
    ck_assert_str_eq(answer_header(answer, "Content-Type"), "application/x-ndjson");
    return lines_of(answer);
}

static size_t count_lines(const char *query)
{
    json_t *lines = list_lines(query);
    size_t count = json_array_size(lines);
    json_decref(lines);
    return count;
}

static const char *text_at(const json_t *lines, size_t at, const char *name)
{
    return json_string_value(json_object_get(json_array_get(lines, at), name));
}

START_TEST(lines_are_what_pages_have)
{
    const char *keys[] = {"b", "a/1", "a/2", "%22%0A", "\xc3\xbc", "%FF"};
    put_all(keys, sizeof keys / sizeof *keys);
    const char *queries[] = {"?attributes=true", "?prefix=a/", "?prefix=none"};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        json_t *lines = list_lines(queries[i]), *page = answer_json(list(queries[i], "Accept: */*"));
        ck_assert_msg(json_equal(lines, json_object_get(page, "objects")), "%s: %s", queries[i], json_dumps(lines, 0));
        json_decref(lines);
    }
    ck_assert_uint_eq(count_lines(""), 6);
}
END_TEST

START_TEST(groups_are_lines_where_their_keys_stand)
{
    const char *keys[] = {"a", "dir/one", "dir/two", "e", "%FF/x"};
    put_all(keys, sizeof keys / sizeof *keys);
    json_t *lines = list_lines("?delimiter=/");
    ck_assert_uint_eq(json_array_size(lines), 4);
    ck_assert_str_eq(text_at(lines, 0, "key"), "a");
    ck_assert_str_eq(text_at(lines, 1, "prefix"), "dir/");
    ck_assert_str_eq(text_at(lines, 2, "key"), "e");
    ck_assert_str_eq(text_at(lines, 3, "prefix_base64"), "/y8=");
    json_decref(lines);
}
END_TEST

START_TEST(a_limit_ends_with_a_cursor_that_goes_on)
{
    const char *keys[] = {"a", "b", "c"};
    put_all(keys, 3);
    json_t *lines = list_lines("?limit=2");
    ck_assert_uint_eq(json_array_size(lines), 3);
    ck_assert_str_eq(text_at(lines, 1, "key"), "b");
    char *escaped = curl_easy_escape(NULL, text_at(lines, 2, "cursor"), 0);
    char *query = client_text(site.client, "?limit=1&cursor=%s", escaped);
    curl_free(escaped);
    json_decref(lines);
    lines = list_lines(query);
    ck_assert_uint_eq(json_array_size(lines), 1); /* and no cursor: it was the last one */
    ck_assert_str_eq(text_at(lines, 0, "key"), "c");
    json_decref(lines);
    ck_assert_uint_eq(count_lines("?limit=3"), 3);
    ck_assert_uint_eq(count_lines("?limit=1000000"), 3);
}
END_TEST

START_TEST(accept_tells_which)
{
    site_expect(site_put("k", "v", NULL), 201);
    const char *lines[] = {LINES, "Accept: application/x-ndjson, */*;q=0.1", "Accept: application/json;q=0, */*"};
    const char *pages[] = {"Accept: */*", "Accept: application/json, application/x-ndjson", "Accept: text/csv",
                           "Accept: application/x-ndjson;q=0"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        ck_assert_str_eq(answer_header(list("", lines[i]), "Content-Type"), "application/x-ndjson");
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        ck_assert_str_eq(answer_header(list("", pages[i]), "Content-Type"), "application/json");
    ck_assert_str_eq(answer_header(list("", LINES), "Vary"), "Accept");
    ck_assert_str_eq(answer_header(list("", "Accept: */*"), "Vary"), "Accept");
    ck_assert_str_eq(answer_header(list("?limit=0", "Accept: */*"), "Vary"), "Accept");
}
END_TEST

START_TEST(refusals_and_heads_are_those_of_pages)
{
    site_expect_kind(list("?limit=0", LINES), 400, "bad-parameter");
    site_expect_kind(list("?limit=9223372036854775808", LINES), 400, "bad-parameter");
    site_expect_kind(list("?cursor=x", LINES), 400, "bad-parameter");
    site_expect_kind(client_get(site.client, "/v1/stores/absent/objects", LINES, NULL), 404, "no-store");
    struct answer *head = client_send(site.client, "HEAD", site_target("/objects"), NULL, 0, LINES, NULL);
    site_expect(head, 200);
    ck_assert_str_eq(answer_header(head, "Content-Type"), "application/x-ndjson");
    site_expect(client_send(site.client, "HEAD", "/v1/stores/absent/objects", NULL, 0, LINES, NULL), 404);
}
END_TEST

/* Not even a last chunk, which libmicrohttpd would send: the client would take it for the next answer. */
START_TEST(nothing_follows_a_head)
{
    struct raw_answer answer;
    char byte;
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket, "HEAD %s HTTP/1.1\r\nHost: a\r\n" LINES "\r\n\r\n", site_target("/objects")));
    ck_assert(raw_receive_head(socket, &answer));
    ck_assert_int_eq(answer.status, 200);
    ck_assert_int_eq(recv(socket, &byte, 1, 0), 0);
    close(socket);
}
END_TEST

/* ---- long ones ------------------------------------------------------------------------------- */

enum { MANY = 12000 }; /* 15 MB of lines */

static int number_of(const json_t *line)
{
    int number = -1;
    ck_assert_int_eq(sscanf(json_string_value(json_object_get(line, "key")), "%6d", &number), 1);
    return number;
}

START_TEST(all_that_stays_is_listed_once_beside_deletes_and_puts)
{
    many_put(MANY);
    int pipe_ends[2];
    ck_assert_int_eq(pipe(pipe_ends), 0);
    pid_t writer = fork();
    if (writer < 0)
        ck_abort();
    if (writer == 0) { /* deletes odd keys, and puts even ones anew, until the listing is done */
        struct client *client = client_new(site.server->url);
        close(pipe_ends[1]);
        for (int i = MANY - 1;; i = (i + 7919) % MANY) {
            char *target = client_text(client, "%s/%06d%0*d", site_target("/objects"), i, MANY_KEY - 6, 0);
            (void)client_send(client, i % 2 ? "DELETE" : "PUT", target, i % 2 ? NULL : "new", i % 2 ? 0 : 3, NULL);
            client_forget(client);
            fd_set ended = {0};
            FD_SET(pipe_ends[0], &ended);
            if (select(pipe_ends[0] + 1, &ended, NULL, NULL, &(struct timeval){0}) > 0)
                _exit(0);
        }
    }
    json_t *lines = list_lines(""), *line;
    close(pipe_ends[1]);
    waitpid(writer, NULL, 0);
    size_t at, even = 0;
    int before = -1;
    json_array_foreach (lines, at, line) {
        ck_assert_int_gt(number_of(line), before);
        before = number_of(line);
        even += before % 2 == 0;
    }
    ck_assert_uint_eq(even, MANY / 2);
    json_decref(lines);
}
END_TEST

/* A client that has asked for all lines, with a kernel that takes few of them ahead, and has read the first bytes. */
static int begin_reading(const char *version)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)site.server->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int window = 4096, reader = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char byte;
    setsockopt(reader, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
    ck_assert_int_eq(connect(reader, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert(raw_send(reader, "GET %s HTTP/%s\r\nHost: a\r\n" LINES "\r\n\r\n", site_target("/objects"), version));
    ck_assert_int_eq(recv(reader, &byte, 1, 0), 1);
    return reader;
}

/* Reads on to the end of the connection; the last bytes in `last`, which is ended by a NUL. The errno of the end. */
static int read_on(int reader, char last[8])
{
    char bytes[1 << 16];
    ssize_t length;
    memset(last, 0, 8);
    while ((length = recv(reader, bytes, sizeof bytes, 0)) > 0)
        if (length >= 7)
            memcpy(last, bytes + length - 7, 7);
    return length < 0 ? errno : 0;
}

START_TEST(a_slow_reader_gets_all_of_it)
{
    many_put(MANY);
    int reader = begin_reading("1.0");
    char bytes[3000], last = 0;
    size_t lines = 0;
    ssize_t length;
    site_expect(site_put("meanwhile", "others are served", NULL), 201);
    while ((length = recv(reader, bytes, sizeof bytes, 0)) > 0) {
        for (ssize_t i = 0; i < length; i++)
            lines += bytes[i] == '\n';
        last = bytes[length - 1];
    }
    ck_assert_int_eq(length, 0);
    ck_assert_int_eq(last, '\n');
    ck_assert_uint_ge(lines, MANY);
    close(reader);
}
END_TEST

static void remove_store(void)
{
    char *target = client_text(site.client, "%s?force=true", site_target(""));
    site_expect(client_send(site.client, "DELETE", target, NULL, 0, NULL), 204);
}

static bool store_files_are_gone(void)
{
    struct answer *answer = client_send(site.client, "PUT", site_target(""), "", 0, NULL);
    return answer->status == 201;
}

/* In chunks, and where the content ends with the connection. */
START_TEST(a_listing_that_breaks_off_is_seen_to)
{
    const char *versions[] = {"1.1", "1.0"};
    for (size_t i = 0; i < 2; i++) {
        char last[8];
        many_put(MANY);
        int reader = begin_reading(versions[i]);
        remove_store();
        ck_assert_int_eq(read_on(reader, last), ECONNRESET);
        ck_assert_str_ne(last, "\r\n0\r\n\r\n");
        close(reader);
        ck_assert(clock_until(CLOCK_PATIENCE, store_files_are_gone()));
    }
}
END_TEST

/* Else the store could not be removed before the listing has come to its end. */
START_TEST(nothing_more_is_made_for_who_has_gone)
{
    many_put(MANY);
    for (int i = 0; i < 8; i++)
        raw_reset(begin_reading("1.1"));
    remove_store();
    ck_assert(clock_until(CLOCK_PATIENCE, store_files_are_gone()));
    site_expect(site_put("k", "v", NULL), 201);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        lines_are_what_pages_have,
        groups_are_lines_where_their_keys_stand,
        a_limit_ends_with_a_cursor_that_goes_on,
        accept_tells_which,
        refusals_and_heads_are_those_of_pages,
        nothing_follows_a_head,
        all_that_stays_is_listed_once_beside_deletes_and_puts,
        a_slow_reader_gets_all_of_it,
        a_listing_that_breaks_off_is_seen_to,
        nothing_more_is_made_for_who_has_gone,
    };
    return site_run("lines", tests, sizeof tests / sizeof *tests, SITE_SHARED);
}
