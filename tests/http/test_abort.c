/* Clients that vanish: the old object stays, nothing is left behind, memory and descriptors come back. */
#include "tests/http/clock.h"
#include "tests/http/raw.h"
#include "tests/http/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { OLD = 1, NEW = 2, SIZE = 4 << 20 };

static void put_old(void)
{
    site_expect(client_upload(site.client, site_object("k"), SIZE, OLD, NULL), 201);
}

/* Begins a PUT of SIZE bytes on a new connection and sends `sent` of them. */
static int begin_upload(const char *key, size_t sent)
{
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket, "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", site_object(key), SIZE));
    ck_assert(raw_send_payload(socket, sent, NEW, 0));
    return socket;
}

static int begin_chunked_upload(const char *key, size_t sent)
{
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket, "PUT %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", site_object(key)));
    ck_assert(raw_send(socket, "%zx\r\n", sent));
    ck_assert(raw_send_payload(socket, sent, NEW, 0));
    ck_assert(raw_send(socket, "\r\n"));
    return socket;
}

/* Closes with a reset, as a machine that loses its network. */
/* The store holds the old object and its one blob, and the server does no more work on it. */
static void expect_only_old(void)
{
    ck_assert_msg(
        clock_until(CLOCK_PATIENCE, site_figure("writes_in_flight") == 0 && site_figure("bytes_in_flight") == 0),
        "work stays in flight");
    site_expect_blobs(1);
    site_expect_payload("k", SIZE, OLD);
    ck_assert_int_eq(site_figure("objects"), 1);
}

START_TEST(half_an_upload_leaves_the_old_object)
{
    put_old();
    close(begin_upload("k", SIZE / 2));
    expect_only_old();
}
END_TEST

START_TEST(half_an_upload_makes_no_object)
{
    close(begin_upload("new", SIZE / 2));
    site_expect_blobs(0);
    site_expect_problem(site_get("new", NULL), 404);
    ck_assert_int_eq(site_figure("objects"), 0);
    ck_assert_int_eq(site_figure("live_bytes"), 0);
}
END_TEST

START_TEST(any_part_of_an_upload_leaves_nothing)
{
    const size_t parts[] = {0, 1, 1000, 65536, 262143, 262144, 262145, 300000, 1 << 20, SIZE - 1};
    put_old();
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        int socket = begin_upload("k", parts[i]);
        if (i % 2) {
            raw_reset(socket);
        } else {
            close(socket);
        }
    }
    expect_only_old();
}
END_TEST

START_TEST(a_chunked_upload_without_its_end_leaves_nothing)
{
    put_old();
    close(begin_chunked_upload("k", 1000));
    close(begin_chunked_upload("k", SIZE));
    raw_reset(begin_chunked_upload("k", SIZE / 2));
    expect_only_old();
}
END_TEST

/* It has closed its own side only, and reads. The last byte is all that is missing of one. */
static void expect_cut_to_be_told(int socket)
{
    static struct raw_answer told;
    shutdown(socket, SHUT_WR);
    ck_assert_msg(raw_receive(socket, &told), "no answer");
    ck_assert_int_eq(told.status, 400);
    ck_assert_ptr_nonnull(strstr(told.body, "ends before"));
    ck_assert(raw_closed(socket));
    close(socket);
}

START_TEST(a_half_closed_upload_leaves_nothing_and_is_told)
{
    put_old();
    expect_cut_to_be_told(begin_upload("k", 0));
    expect_cut_to_be_told(begin_upload("k", 1000));
    expect_cut_to_be_told(begin_upload("k", SIZE / 2));
    expect_cut_to_be_told(begin_upload("k", SIZE - 1));
    expect_cut_to_be_told(begin_chunked_upload("k", 1000));
    expect_cut_to_be_told(begin_chunked_upload("k", SIZE / 2));
    expect_only_old();
}
END_TEST

START_TEST(an_upload_under_way_is_not_visible)
{
    int socket = begin_upload("new", SIZE - 1);
    site_expect_problem(site_get("new", NULL), 404);
    ck_assert_int_eq(site_figure("objects"), 0);
    ck_assert(raw_send_payload(socket, 1, NEW, SIZE - 1));
    struct raw_answer *answer = malloc(sizeof *answer);
    ck_assert(raw_receive(socket, answer));
    ck_assert_int_eq(answer->status, 201);
    free(answer);
    close(socket);
    site_expect_payload("new", SIZE, NEW);
}
END_TEST

START_TEST(a_refused_upload_leaves_nothing)
{
    put_old();
    site_expect_problem(
        client_upload(site.client, site_object("k"), SIZE, NEW, "Content-MD5: AAAAAAAAAAAAAAAAAAAAAA==", NULL), 400);
    expect_only_old();
}
END_TEST

START_TEST(a_download_broken_off_harms_nobody)
{
    put_old();
    server_await_quiet(site.server);
    size_t descriptors = server_descriptors(site.server);
    for (int i = 0; i < 20; i++) {
        int socket = raw_connect(site.server->port);
        ck_assert(raw_send(socket, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", site_object("k")));
        char bytes[1000];
        ck_assert_int_gt(recv(socket, bytes, sizeof bytes, 0), 0);
        raw_reset(socket);
    }
    ck_assert_msg(clock_until(CLOCK_PATIENCE, server_descriptors(site.server) <= descriptors),
                  "%zu descriptors before, %zu after", descriptors, server_descriptors(site.server));
    site_expect_payload("k", SIZE, OLD);
}
END_TEST

START_TEST(a_client_that_vanishes_before_its_answer)
{
    for (int i = 0; i < 50; i++) {
        int socket = raw_connect(site.server->port);
        ck_assert(raw_send(socket, "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
                           site_object(client_text(site.client, "k%d", i))));
        raw_reset(socket);
    }
    ck_assert(clock_until(CLOCK_PATIENCE, site_figure("writes_in_flight") == 0));
    json_int_t objects = site_figure("objects");
    for (int i = 0; i < 50; i++) {
        struct answer *answer = site_get(client_text(site.client, "k%d", i), NULL);
        ck_assert(answer->status == 404 || answer_is(answer, "hello", 5));
        objects -= answer->status == 200;
    }
    ck_assert_int_eq(objects, 0);
}
END_TEST

/* What one round of broken clients costs may stay as a cache; what a hundred cost may not be more than that. */
START_TEST(memory_and_descriptors_come_back)
{
    for (int i = 0; i < 20; i++)
        close(begin_upload("warm", SIZE / 2));
    site_expect_blobs(0);
    client_disconnect(site.client);
    ck_assert(clock_until(CLOCK_PATIENCE, site_figure("bytes_in_flight") == 0));
    server_await_quiet(site.server);
    size_t descriptors = server_descriptors(site.server);
    uint64_t memory = server_memory(site.server);
    for (int i = 0; i < 100; i++)
        close(begin_upload("k", (size_t)i * 10000));
    ck_assert_msg(clock_until(CLOCK_PATIENCE, server_descriptors(site.server) <= descriptors),
                  "%zu descriptors before, %zu after", descriptors, server_descriptors(site.server));
    site_expect_blobs(0);
    ck_assert(
        clock_until(CLOCK_PATIENCE, site_figure("writes_in_flight") == 0)); /* the last thing an upload gives back */
    uint64_t after = server_memory(site.server);
    ck_assert_msg(server_sanitized(site.server) || after < memory + (16 << 20), "%llu KiB before, %llu KiB after",
                  (unsigned long long)memory >> 10, (unsigned long long)after >> 10);
}
END_TEST

START_TEST(many_uploads_broken_at_once)
{
    enum { UPLOADS = 32 };
    int sockets[UPLOADS];
    put_old();
    for (int i = 0; i < UPLOADS; i++)
        sockets[i] = begin_upload(i % 2 ? "k" : "new", 400000);
    for (int i = 0; i < UPLOADS; i++)
        raw_reset(sockets[i]);
    expect_only_old();
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        half_an_upload_leaves_the_old_object,
        half_an_upload_makes_no_object,
        any_part_of_an_upload_leaves_nothing,
        a_chunked_upload_without_its_end_leaves_nothing,
        a_half_closed_upload_leaves_nothing_and_is_told,
        an_upload_under_way_is_not_visible,
        a_refused_upload_leaves_nothing,
        a_download_broken_off_harms_nobody,
        a_client_that_vanishes_before_its_answer,
        memory_and_descriptors_come_back,
        many_uploads_broken_at_once,
    };
    return site_run("abort", tests, sizeof tests / sizeof *tests, SITE_SHARED);
}
