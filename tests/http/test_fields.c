/* Blanks around the value of a field are no part of it (RFC 9112, section 5.1): every field that is read means the
 * same with them, behind it and in front, and what is kept is kept without them.
 */
#include "tests/http/raw.h"
#include "tests/http/site.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LONG_AGO "Sun, 06 Nov 1994 08:49:37 GMT"
#define MD5      "XUFAKrxLKna5cZ2REBfFkg=="
#define SHA256   "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:"

static struct raw_answer answer;

static const struct {
    const char *front, *behind;
} blanks[] = {{"", ""}, {" ", ""}, {"\t", ""}, {"", " "}, {"", "\t"}, {" \t ", "\t \t"}, {"\t", "  "}};

enum { BLANKS = sizeof blanks / sizeof *blanks };

/* A request for the object k, which holds "hello", with one field that decides over its answer. */
struct field {
    const char *method, *name, *value;
    const char *others; /* what goes with it, each line with its end */
    const char *body;   /* with the lines that frame it, if any */
    int status;
};

#define HELLO  "Content-Length: 5\r\n\r\nhello"
#define CHUNKS "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"

/* The line of a field with blanks around its value. */
static char *line_of(const char *name, const char *value, size_t around)
{
    return client_text(site.client, "%s:%s%s%s\r\n", name, blanks[around].front, value, blanks[around].behind);
}

static void ask(const struct field *field, size_t around)
{
    int socket = raw_connect(site.server->port);
    const char *host = strcmp(field->name, "Host") == 0 ? "" : "Host: a\r\n";
    ck_assert(raw_send(socket, "%s %s HTTP/1.1\r\n%s%s%s%s", field->method, site_object("k"), host,
                       line_of(field->name, field->value, around), field->others, field->body));
    ck_assert_msg(raw_receive(socket, &answer), "no answer to %s with blanks %zu", field->name, around);
    ck_assert_msg(answer.status == field->status, "%s with blanks %zu: %d", field->name, around, answer.status);
    close(socket);
}

static const char *header(const char *name)
{
    static char value[256];
    return raw_header(&answer, name, value, sizeof value) ? value : "";
}

START_TEST(a_field_means_the_same_with_blanks_around_it)
{
    site_expect(site_put("taken", "other", NULL), 201);
    site_expect(site_put("k", "hello", "Content-Digest: " SHA256, NULL), 201);
    struct answer *head = site_head("k", NULL);
    const char *etag = client_text(site.client, "%s", answer_header(head, "ETag"));
    const char *modified = client_text(site.client, "%s", answer_header(head, "Last-Modified"));
    const char *taken = client_text(site.client, "%s\r\n", site_destination("taken"));
    const struct field fields[] = {
        {"GET", "Host", "a", "", "\r\n", 200},
        {"GET", "Range", "bytes=1-2", "", "\r\n", 206},
        {"GET", "If-Match", etag, "", "\r\n", 200},
        {"GET", "If-None-Match", etag, "", "\r\n", 304},
        {"GET", "If-None-Match", "*", "", "\r\n", 304},
        {"GET", "If-Range", etag, "Range: bytes=1-2\r\n", "\r\n", 206},
        {"GET", "If-Modified-Since", modified, "", "\r\n", 304},
        {"GET", "If-Unmodified-Since", LONG_AGO, "", "\r\n", 412},
        {"DELETE", "If-Unmodified-Since", LONG_AGO, "", "\r\n", 412},
        {"PUT", "If-Unmodified-Since", LONG_AGO, "", HELLO, 412},
        {"MOVE", "If-Unmodified-Since", LONG_AGO, taken, "\r\n", 412},
        {"PUT", "If-Match", "*", "", HELLO, 200},
        {"PUT", "If-None-Match", "*", "", HELLO, 412},
        {"PUT", "Expect", "100-continue", "Content-Length: 5\r\n", "\r\n", 100},
        {"PUT", "Content-MD5", MD5, "", HELLO, 200},
        {"PUT", "Repr-Digest", SHA256, "", HELLO, 200},
        {"PUT", "Content-Digest", SHA256, "", HELLO, 200},
        {"PUT", "Content-Encoding", "identity", "", HELLO, 200},
        {"PUT", "Content-Range", "bytes 0-4/5", "", HELLO, 400},
        {"PUT", "Upload-Offset", "0", "", HELLO, 400},
        {"PUT", "Upload-Complete", "?0", "", HELLO, 400},
        {"PUT", "Upload-Complete", "?1", "", HELLO, 200},
        {"PUT", "Upload-Incomplete", "?1", "", HELLO, 400},
        {"PUT", "Upload-Incomplete", "?0", "", HELLO, 200},
        {"PUT", "Trailer", "Content-Digest", "", CHUNKS "Content-Digest: " SHA256 "\r\n\r\n", 200},
        {"COPY", "Overwrite", "F", taken, "\r\n", 412},
        {"COPY", "Overwrite", "T", taken, "\r\n", 200},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        for (size_t around = 0; around < BLANKS; around++)
            ask(&fields[i], around);
    site_expect_text("k", "hello");
}
END_TEST

START_TEST(a_destination_has_no_blanks_at_its_ends)
{
    site_expect(site_put("k", "hello", NULL), 201);
    const struct field copy = {"COPY", "Destination", site_object("copied"), "", "\r\n", 200};
    site_expect(site_put("copied", "", NULL), 201);
    for (size_t around = 0; around < BLANKS; around++)
        ask(&copy, around);
    ck_assert_int_eq(site_figure("objects"), 2);
    site_expect_text("copied", "hello");
}
END_TEST

/* A digest that is not wanted is left out. */
START_TEST(a_digest_is_wanted_or_not)
{
    site_expect(site_put("k", "hello", "Content-Digest: " SHA256, NULL), 201);
    const struct field unwanted = {"GET", "Want-Repr-Digest", "sha-256=0", "", "\r\n", 200},
                       wanted = {"GET", "Want-Repr-Digest", "sha-256=1", "", "\r\n", 200};
    for (size_t around = 0; around < BLANKS; around++) {
        ask(&unwanted, around);
        ck_assert_str_eq(header("Repr-Digest"), "");
        ask(&wanted, around);
        ck_assert_str_eq(header("Repr-Digest"), SHA256);
    }
}
END_TEST

/* A page is for browsers, which name its type; everybody else gets JSON. */
START_TEST(a_page_is_accepted_by_its_name)
{
    for (size_t around = 0; around < BLANKS; around++) {
        int socket = raw_connect(site.server->port);
        ck_assert(raw_send(socket, "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", line_of("Accept", "text/html", around)));
        ck_assert(raw_receive(socket, &answer));
        ck_assert_str_eq(header("Content-Type"), "text/html; charset=utf-8");
        close(socket);
    }
}
END_TEST

START_TEST(what_is_kept_is_kept_without_blanks)
{
    const struct field read = {"GET", "X-Nothing", "x", "", "\r\n", 200};
    const char *names[] = {"Content-Type", "Cairn-Meta-Colour"};
    const char *value = "text/x-a b";
    site_expect(site_put("k", "hello", NULL), 201);
    for (size_t i = 0; i < 2; i++)
        for (size_t around = 0; around < BLANKS; around++) {
            const struct field put = {"PUT", names[i], value, "", HELLO, 200};
            ask(&put, around);
            ask(&read, 0);
            const char *line = client_text(site.client, "%s: %s\r\n", i == 0 ? names[i] : "cairn-meta-colour", value);
            ck_assert_msg(strcasestr(answer.headers, line), "%s in %s", line, answer.headers);
        }
}
END_TEST

START_TEST(a_trailer_means_the_same_with_blanks_around_it)
{
    const char *values[] = {SHA256, "sha-256=:AAAAul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:"};
    site_expect(site_put("k", "hello", NULL), 201);
    for (size_t i = 0; i < 2; i++)
        for (size_t around = 0; around < BLANKS; around++) {
            const char *trailer = line_of("Content-Digest", values[i], around);
            const struct field put = {"PUT",
                                      "Trailer",
                                      "Content-Digest",
                                      "",
                                      client_text(site.client, CHUNKS "%s\r\n", trailer),
                                      i == 0 ? 200 : 400};
            ask(&put, 0);
        }
}
END_TEST

/* A digest that comes in two lines is told twice. */
START_TEST(all_lines_of_a_trailer_count)
{
    site_expect(site_put("k", "hello", NULL), 201);
    const char *wrong = "sha-256=:AAAAul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:";
    const struct field put = {
        "PUT",
        "Trailer",
        "Content-Digest",
        "",
        client_text(site.client, CHUNKS "Content-Digest: " SHA256 "\r\nContent-Digest: %s\r\n\r\n", wrong),
        400};
    ask(&put, 0);
}
END_TEST

START_TEST(what_frames_a_body_means_the_same_with_blanks_around_it)
{
    const char *const frames[][3] = {{"Content-Length", "5", "hello"},
                                     {"Transfer-Encoding", "chunked", "5\r\nhello\r\n0\r\n\r\n"}};
    site_expect(site_put("k", "other", NULL), 201);
    for (size_t i = 0; i < 2; i++)
        for (size_t around = 0; around < BLANKS; around++) {
            const struct field put = {"PUT", frames[i][0], frames[i][1], "\r\n", frames[i][2], 200};
            ask(&put, around);
            site_expect_text("k", "hello");
            site_expect(site_put("k", "other", NULL), 200);
        }
}
END_TEST

/* How often a field comes in the answer. */
static size_t count_of(const char *name, size_t length)
{
    size_t count = 0;
    for (const char *line = strstr(answer.headers, "\r\n"); line; line = strstr(line + 2, "\r\n"))
        count += strncasecmp(line + 2, name, length) == 0 && line[2 + length] == ':';
    return count;
}

static void expect_each_once(void)
{
    ck_assert_uint_eq(count_of("Date", strlen("Date")), 1);
    ck_assert_uint_eq(count_of("X-Request-Id", strlen("X-Request-Id")), 1);
    for (const char *line = strstr(answer.headers, "\r\n") + 2; strncmp(line, "\r\n", 2) != 0;
         line = strstr(line, "\r\n") + 2) {
        size_t length = strcspn(line, ":");
        ck_assert_msg(length < strcspn(line, "\r"), "no field: %s", line);
        ck_assert_msg(count_of(line, length) == 1, "%.*s in %s", (int)length, line, answer.headers);
    }
}

/* Answers of every kind: with bytes, from a file, of a length only, in portions, a refusal and one that closes. */
START_TEST(each_field_of_an_answer_comes_once)
{
    static const struct {
        const char *method, *path, *field;
        int status;
    } asked[] = {
        {"GET", "/objects/k", "", 200},
        {"HEAD", "/objects/k", "", 200},
        {"GET", "/objects/large", "Range: bytes=5-9\r\n", 206},
        {"GET", "/objects/k", "If-None-Match: *\r\n", 304},
        {"GET", "/objects", "", 200},
        {"GET", "/objects/nothing", "Connection: close\r\n", 404},
        {"DELETE", "/objects/nothing", "X-Request-Id: mine\r\n", 200},
        {"BREW", "/objects/k", "", 501},
    };
    site_expect(site_put("k", "hello", "Cairn-Meta-Empty;", "Cairn-Meta-Tab: a\tb", "Cache-Control: private", NULL),
                201);
    site_expect(client_upload(site.client, site_object("large"), 400 << 10, 1, NULL), 201);
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        int socket = raw_connect(site.server->port);
        ck_assert(raw_send(socket, "%s %s HTTP/1.1\r\nHost: a\r\n%s\r\n", asked[i].method, site_target(asked[i].path),
                           asked[i].field));
        bool head = strcmp(asked[i].method, "HEAD") == 0;
        ck_assert((head ? raw_receive_head : raw_receive)(socket, &answer));
        ck_assert_int_eq(answer.status, asked[i].status);
        expect_each_once();
        bool described = strcmp(asked[i].path, "/objects/k") == 0 && asked[i].status < 400;
        ck_assert(!described || strcasestr(answer.headers, "\r\nCairn-Meta-Empty: \r\n"));
        ck_assert(!described || strcasestr(answer.headers, "\r\nCairn-Meta-Tab: a\tb\r\n"));
        ck_assert(!described || strcasestr(answer.headers, "\r\nCache-Control: private\r\n"));
        close(socket);
    }
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        each_field_of_an_answer_comes_once,
        a_field_means_the_same_with_blanks_around_it,
        a_destination_has_no_blanks_at_its_ends,
        a_digest_is_wanted_or_not,
        a_page_is_accepted_by_its_name,
        what_is_kept_is_kept_without_blanks,
        a_trailer_means_the_same_with_blanks_around_it,
        all_lines_of_a_trailer_count,
        what_frames_a_body_means_the_same_with_blanks_around_it,
    };
    return site_run("fields", tests, sizeof tests / sizeof *tests, SITE_SHARED);
}
