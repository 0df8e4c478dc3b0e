/* The answer to a message is the same however its bytes come: in one piece, in two, byte by byte. Of faulty ones too,
 * whose fault is known before their head is read when both come together. Over a unix socket, where a client can tell
 * when the server has read what was sent. */
#include "tests/http/clock.h"
#include "tests/http/raw.h"
#include "tests/http/site.h"

#include <linux/sockios.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct sockaddr_un address = {.sun_family = AF_UNIX};

static void start(void)
{
    char listen[sizeof "--listen=unix:" + sizeof address.sun_path];
    int written = snprintf(address.sun_path, sizeof address.sun_path, "%s/s", site.server->folder);
    ck_assert_int_lt(written, (int)sizeof address.sun_path);
    snprintf(listen, sizeof listen, "--listen=unix:%s", address.sun_path);
    server_add(site.server, listen);
    server_add(site.server, "--object-limit=8");
    site_start();
    site_expect(site_put("there", "v", NULL), 201);
}

/* ---- a message in pieces --------------------------------------------------------------------- */

static int connect_to_path(void)
{
    int handle = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(handle, (struct sockaddr *)&address, sizeof address), 0);
    return handle;
}

/* Waits until the server has read all of it. */
static void wait_until_read(int socket)
{
    int unread = 1;
    double deadline = clock_now() + RAW_SECONDS;
    while (ioctl(socket, SIOCOUTQ, &unread) == 0 && unread > 0 && clock_now() < deadline)
        sched_yield();
    ck_assert_int_eq(unread, 0);
}

/* Without the number that each request has. */
static char *cut_request_id(char *body)
{
    char *at = strstr(body, ",\"request_id\":");
    if (at)
        *at = '\0';
    return body;
}

/* The status and the content of the answer to a message whose first piece has so many bytes, and the others too when
 * there is `step`. */
static char *answer_to(const char *message, size_t length, size_t first, size_t step)
{
    struct raw_answer answer;
    int socket = connect_to_path();
    for (size_t at = 0, piece = first; at<length; at += piece, piece = step> 0 ? step : length - at) {
        piece = piece < length - at ? piece : length - at;
        raw_send_bytes(socket, message + at, piece);
        wait_until_read(socket);
    }
    ck_assert_msg(raw_receive(socket, &answer), "no answer, cut at %zu, to %s", first, message);
    ck_assert_msg(raw_closed(socket), "the connection stays open, cut at %zu: %s", first, message);
    close(socket);
    return client_text(site.client, "%d %s", answer.status, cut_request_id(answer.body));
}

static void expect_always(const char *message, size_t length, int status)
{
    char *whole = answer_to(message, length, length, 0);
    ck_assert_msg(atoi(whole) == status, "%d expected, not %s, for %s", status, whole, message);
    for (size_t at = 1; at < length; at++)
        ck_assert_str_eq(answer_to(message, length, at, 0), whole);
    ck_assert_str_eq(answer_to(message, length, 1, 1), whole);
}

/* ---- requests with a faulty body ------------------------------------------------------------- */

#define NUL_IN_EXTENSION "2;a=\1\r\nab\r\n0\r\n\r\n" /* 1 stands for it: see expect_of_body() */

static void expect_of_body(const char *line, const char *fields, const char *body, int status)
{
    char *message = client_text(site.client, "%s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n%s\r\n%s", line,
                                fields, body);
    size_t length = strlen(message);
    char *nul = strchr(message, '\1');
    if (nul)
        *nul = '\0';
    expect_always(message, length, status);
}

static void expect_of_all_bodies(const char *line, const char *fields, int status)
{
    static const char *const bodies[] = {"zz\r\nab\r\n0\r\n\r\n",     "2\nab\r\n0\r\n\r\n",
                                         "2\r\nabc\r\n0\r\n\r\n",     "2\r\nab\r\n1\nc\r\n0\r\n",
                                         "2\r\nab\r\n0\r\n:\r\n\r\n", NUL_IN_EXTENSION};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        expect_of_body(line, fields, bodies[i], status);
}

static void expect_nothing_changed(void)
{
    ck_assert_int_eq(site_figure("objects"), 1);
    site_expect_text("there", "v");
}

START_TEST(of_uploads)
{
    start();
    expect_of_all_bodies(client_text(site.client, "PUT %s", site_object("k")), "", 400);
    expect_of_all_bodies("PUT /v1/stores/missing/objects/k", "", 404);
    expect_of_all_bodies(client_text(site.client, "PUT %s", site_object("there")), "If-None-Match: *\r\n", 412);
    expect_nothing_changed();
}
END_TEST

START_TEST(of_uploads_that_are_too_large_before_the_fault)
{
    start();
    expect_of_body(client_text(site.client, "PUT %s", site_object("k")), "", "9\r\nabcdefghi\r\nzz\r\n", 413);
    expect_of_body(client_text(site.client, "PUT %s", site_object("k")), "", "9\r\nabcdefghij\r\n", 413);
    expect_nothing_changed();
}
END_TEST

START_TEST(of_what_takes_no_body)
{
    start();
    expect_of_all_bodies(client_text(site.client, "DELETE %s", site_object("there")), "", 400);
    expect_of_all_bodies(client_text(site.client, "GET %s", site_object("there")), "", 400);
    expect_of_all_bodies(client_text(site.client, "GET %s", site_object("missing")), "", 400);
    expect_of_all_bodies("DELETE /v1/stores/missing/objects/k", "", 404);
    expect_nothing_changed();
}
END_TEST

START_TEST(of_batches)
{
    start();
    expect_of_all_bodies(client_text(site.client, "POST %s", site_target("/batch")),
                         "Content-Type: application/json\r\n", 400);
    expect_of_all_bodies(client_text(site.client, "POST %s", site_target("/batch")), "Content-Type: text/x\r\n", 415);
    expect_nothing_changed();
}
END_TEST

START_TEST(of_a_faulty_head)
{
    start();
    char *message = client_text(site.client, "PUT %s HTTP/1.1\r\nHost: a\r\nA : b\r\nContent-Length: 1\r\n\r\nx",
                                site_object("k"));
    expect_always(message, strlen(message), 400);
    expect_nothing_changed();
}
END_TEST

int main(void)
{
    const TTest *tests[] = {of_uploads, of_uploads_that_are_too_large_before_the_fault, of_what_takes_no_body,
                            of_batches, of_a_faulty_head};
    return site_run("splits", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
