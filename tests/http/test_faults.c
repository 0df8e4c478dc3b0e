/* A real server on a disk whose calls fail: what it answers meanwhile, and what is there afterwards. */
#include "tests/http/clock.h"
#include "tests/http/raw.h"
#include "tests/http/site.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[SERVER_PATH_MAX];

/* Starts the server with the library that lets calls fail (preload/failing_calls.c). */
static void start(void)
{
    snprintf(folder, sizeof folder, "%s", site.server->folder);
    setenv("FAILING_CALLS", folder, 1);
    site_start_behind(PRELOAD_PATH);
}

static char *path_of(const char *call)
{
    return client_text(site.client, "%s/%s", folder, call);
}

static void fail_calls(const char *call, int os_error)
{
    char *draft = path_of("draft");
    FILE *file = fopen(draft, "we");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "%d\n", os_error);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(rename(draft, path_of(call)), 0);
}

static void heal(const char *call)
{
    ck_assert_int_eq(unlink(path_of(call)), 0);
}

/* Nobody knows what is on the disk: no write is acknowledged until the store has been opened again. */
START_TEST(a_failed_sync_ends_writes_and_nothing_else)
{
    start();
    site_expect(site_put("before", "value", NULL), 201);
    fail_calls("fdatasync", EIO);
    site_expect_kind(site_put("torn", "never acknowledged", NULL), 503, "store-failed");
    heal("fdatasync");
    site_expect_kind(site_put("later", "value", NULL), 503, "store-failed");
    site_expect_kind(site_delete("before", NULL), 503, "store-failed");
    site_expect_text("before", "value");
    struct answer *ready = client_get(site.client, "/readyz", NULL);
    site_expect(ready, 503);
    ck_assert_ptr_nonnull(strstr((char *)ready->body, site.store));
    server_stop(site.server);
    server_start(site.server);
    site_reconnect();
    site_expect_text("before", "value");
    site_expect(site_get("later", NULL), 404);
    site_expect(site_put("later", "value", NULL), 201);
    site_expect(client_get(site.client, "/readyz", NULL), 200);
}
END_TEST

/* Space that returns is used without a restart, and no offset is left out. */
START_TEST(a_full_disk_refuses_and_recovers)
{
    start();
    site_expect(site_put("before", "value", NULL), 201);
    json_int_t end = site_figure("end_offset");
    fail_calls("pwrite", ENOSPC);
    site_expect_kind(site_put("small", "value", NULL), 507, "disk-full");
    site_expect_kind(client_upload(site.client, site_object("large"), 3 << 20, 1, NULL), 507, "disk-full");
    site_expect_text("before", "value");
    heal("pwrite");
    struct answer *answer = site_put("small", "value", NULL);
    site_expect(answer, 201);
    ck_assert_int_eq(answer_integer(answer, "offset"), end);
    site_expect(client_upload(site.client, site_object("large"), 3 << 20, 1, NULL), 201);
    site_expect_payload("large", 3 << 20, 1);
    site_expect(site_get("before", NULL), 200);
}
END_TEST

START_TEST(what_cannot_be_read_is_told_and_served_again)
{
    start();
    site_expect(site_put("k", "value", NULL), 201);
    fail_calls("pread", EIO);
    struct answer *answer = site_get("k", NULL);
    site_expect_kind(answer, 500, "internal");
    ck_assert_ptr_nonnull(strstr(answer_string(answer, "detail"), "Input/output error"));
    answer = site_post("/batch", "{\"operations\": [{\"op\": \"put\", \"key\": \"k\", \"data\": \"eA==\"}]}");
    site_expect_kind(answer, 500, "internal");
    ck_assert_ptr_nonnull(strstr(answer_string(answer, "detail"), "Input/output error"));
    heal("pread");
    site_expect_text("k", "value");
    site_expect(site_put("k", "another", NULL), 200);
}
END_TEST

START_TEST(want_of_descriptors_passes)
{
    start();
    site_expect(client_upload(site.client, site_object("large"), 1 << 20, 1, NULL), 201);
    fail_calls("openat", EMFILE);
    struct answer *answer = site_get("large", NULL);
    site_expect_kind(answer, 503, "busy");
    ck_assert_ptr_nonnull(answer_header(answer, "Retry-After"));
    ck_assert_ptr_nonnull(strstr(answer_string(answer, "detail"), "Too many open files"));
    site_expect_kind(client_upload(site.client, site_object("other"), 1 << 20, 1, NULL), 503, "busy");
    heal("openat");
    site_expect_payload("large", 1 << 20, 1);
}
END_TEST

static bool is_ready(void)
{
    return client_get(site.client, "/readyz", NULL)->status == 200;
}

START_TEST(a_disk_that_gives_nothing_is_not_ready)
{
    start();
    ck_assert(clock_until(CLOCK_PATIENCE, is_ready()));
    fail_calls("pread", EIO);
    ck_assert(clock_until(CLOCK_PATIENCE, !is_ready()));
    struct answer *answer = client_get(site.client, "/readyz", NULL);
    site_expect_kind(answer, 503, "not-ready");
    ck_assert_ptr_nonnull(strstr(answer_string(answer, "detail"), "Input/output error"));
    site_expect(client_get(site.client, "/healthz", NULL), 200);
    heal("pread");
    ck_assert(clock_until(CLOCK_PATIENCE, is_ready()));
}
END_TEST

/* Reading goes on, and nobody but who wants to write notices; nothing is left of the looks. */
START_TEST(a_disk_that_takes_nothing_is_not_ready)
{
    start();
    site_expect(site_put("k", "value", NULL), 201);
    fail_calls("pwrite", EIO);
    site_expect(client_get(site.client, "/readyz", NULL), 200);
    site_expect_kind(site_put("k", "another", NULL), 500, "internal");
    ck_assert(clock_until(CLOCK_PATIENCE, !is_ready()));
    struct answer *answer = client_get(site.client, "/readyz", NULL);
    site_expect_kind(answer, 503, "not-ready");
    ck_assert_ptr_nonnull(strstr(answer_string(answer, "detail"), "takes no bytes: Input/output error"));
    site_expect_text("k", "value");
    heal("pwrite");
    ck_assert(clock_until(CLOCK_PATIENCE, is_ready()));
    ck_assert_int_ne(access(server_path(site.server, "probe"), F_OK), 0);
    site_expect(site_put("k", "another", NULL), 200);
}
END_TEST

/* Neither is it full for ever, nor is there a reserve whose place nobody knows. */
START_TEST(a_file_system_that_tells_no_size_is_written_to)
{
    start();
    fail_calls("fstatvfs", 0);
    for (int i = 0; i < 20; i++)
        site_expect(site_put(client_text(site.client, "k%d", i), "value", NULL), 201);
    site_expect(client_upload(site.client, site_object("large"), 4 << 20, 1, NULL), 201);
    site_expect(client_get(site.client, "/readyz", NULL), 200);
    site_expect(client_get(site.client, "/metrics", NULL), 200);
    fail_calls("fstatvfs", EIO);
    site_expect(site_put("later", "value", NULL), 201);
    heal("fstatvfs");
    site_expect_payload("large", 4 << 20, 1);
}
END_TEST

START_TEST(a_data_folder_that_is_gone_is_not_ready)
{
    start();
    ck_assert(clock_until(CLOCK_PATIENCE, is_ready()));
    char *data = client_text(site.client, "%s/cairn", site.server->data);
    ck_assert_int_eq(unlink(data), 0);
    ck_assert(clock_until(CLOCK_PATIENCE, !is_ready()));
    struct answer *answer = client_get(site.client, "/readyz", NULL);
    site_expect_kind(answer, 503, "not-ready");
    ck_assert_ptr_nonnull(strstr(answer_string(answer, "detail"), "is gone"));
}
END_TEST

static struct answer *put_store(const char *name)
{
    return client_send(site.client, "PUT", client_text(site.client, "/v1/stores/%s", name), "", 0, NULL);
}

/* Moved, replaced, and back. */
START_TEST(a_data_folder_that_is_elsewhere_is_not_ready)
{
    site_start();
    ck_assert(clock_until(CLOCK_PATIENCE, is_ready()));
    char *moved = client_text(site.client, "%s.moved", site.server->data);
    ck_assert_int_eq(rename(site.server->data, moved), 0);
    ck_assert(clock_until(CLOCK_PATIENCE, !is_ready()));
    ck_assert_int_eq(mkdir(site.server->data, 0700), 0);
    ck_assert(clock_until(CLOCK_PATIENCE,
                          strstr(answer_string(client_get(site.client, "/readyz", NULL), "detail"), "another")));
    site_expect_kind(put_store("new"), 503, "store-failed");
    ck_assert_int_eq(rmdir(site.server->data), 0);
    ck_assert_int_eq(rename(moved, site.server->data), 0);
    ck_assert(clock_until(CLOCK_PATIENCE, is_ready()));
    site_expect(site_put("k", "v", NULL), 201);
    ck_assert_int_eq(rename(site.server->data, moved), 0);
    ck_assert_int_eq(mkdir(site.server->data, 0700), 0);
    site_expect_kind(site_put("k", "lost", NULL), 503, "store-failed");
    ck_assert_int_eq(rmdir(site.server->data), 0);
    ck_assert_int_eq(rename(moved, site.server->data), 0);
    site_expect_text("k", "v");
}
END_TEST

/* The server goes on with its descriptors; what it writes by them nobody would find. */
START_TEST(a_store_that_was_moved_takes_no_writes)
{
    site_start();
    site_expect(site_put("k", "v", NULL), 201);
    char *there = client_text(site.client, "%s/stores/%s", site.server->data, site.store);
    char *moved = client_text(site.client, "%s.moved", site.server->data);
    ck_assert_int_eq(rename(there, moved), 0);
    ck_assert(clock_until(CLOCK_PATIENCE, !is_ready()));
    struct answer *answer = client_get(site.client, "/readyz", NULL);
    site_expect_kind(answer, 503, "not-ready");
    ck_assert_ptr_nonnull(strstr(answer_string(answer, "detail"), "its folder is gone"));
    ck_assert_int_eq(rename(moved, there), 0);
    ck_assert(clock_until(CLOCK_PATIENCE, is_ready()));
    site_expect(site_put("k", "w", NULL), 200);
    ck_assert_int_eq(rename(there, moved), 0);
    site_expect_kind(site_put("k", "lost", NULL), 503, "store-failed");
    site_expect(site_put("other", "lost", NULL), 503);
    site_expect_text("k", "w");
    ck_assert_int_eq(rename(moved, there), 0);
    server_stop(site.server);
    server_start(site.server);
    site_reconnect();
    site_expect_text("k", "w");
    site_expect(site_put("k", "x", NULL), 200);
}
END_TEST

START_TEST(a_folder_of_all_stores_that_was_moved_is_not_ready)
{
    site_start();
    char *there = client_text(site.client, "%s/stores", site.server->data);
    char *moved = client_text(site.client, "%s.moved", site.server->data);
    ck_assert_int_eq(rename(there, moved), 0);
    ck_assert(clock_until(CLOCK_PATIENCE, !is_ready()));
    struct answer *answer = client_get(site.client, "/readyz", NULL);
    ck_assert_ptr_nonnull(strstr(answer_string(answer, "detail"), "'stores' is gone"));
    ck_assert_int_eq(rename(moved, there), 0);
    ck_assert(clock_until(CLOCK_PATIENCE, is_ready()));
    site_expect(site_put("k", "v", NULL), 201);
}
END_TEST

/* A copy takes its place: what is written into the one that was moved would not be found at the next start. */
START_TEST(a_folder_of_all_stores_that_was_replaced_takes_no_writes)
{
    site_start();
    site_expect(site_put("k", "v", NULL), 201);
    char *there = client_text(site.client, "%s/stores", site.server->data);
    char *moved = client_text(site.client, "%s.moved", site.server->data);
    ck_assert_int_eq(rename(there, moved), 0);
    ck_assert_int_eq(mkdir(there, 0700), 0);
    site_expect_kind(site_put("new", "v", NULL), 503, "store-failed");
    ck_assert_int_eq(rmdir(there), 0);
    ck_assert_int_eq(rename(moved, there), 0);
}
END_TEST

/* A copy of blobs/ in its place would take large payloads unnoticed. What is small does not need it. */
START_TEST(a_folder_of_blobs_that_was_replaced_takes_no_large_payload)
{
    enum { LARGE = 2 << 20 };
    site_start();
    site_expect(site_put("open", "v", NULL), 201);
    char *there = client_text(site.client, "%s/stores/%s/blobs", site.server->data, site.store);
    char *moved = client_text(site.client, "%s.moved", site.server->data);
    ck_assert_int_eq(rename(there, moved), 0);
    ck_assert_int_eq(mkdir(there, 0700), 0);
    ck_assert(clock_until(CLOCK_PATIENCE, !is_ready()));
    site_expect(site_put("small", "v", NULL), 201);
    struct answer *answer = client_upload(site.client, site_object("large"), LARGE, 1, NULL);
    site_expect_kind(answer, 503, "store-failed");
    site_expect(site_get("large", NULL), 404);
    server_stop(site.server);
    server_start(site.server);
    site_reconnect();
    site_expect_text("small", "v");
    site_expect(client_upload(site.client, site_object("large"), LARGE, 1, NULL), 201);
}
END_TEST

/* An empty store in its place would take nothing, and stand in the way of moving it back. */
START_TEST(beside_a_store_that_was_moved_none_is_made_of_its_name)
{
    site_start();
    site_expect(site_put("k", "v", NULL), 201);
    char *there = client_text(site.client, "%s/stores/%s", site.server->data, site.store);
    char *moved = client_text(site.client, "%s.moved", site.server->data);
    ck_assert_int_eq(rename(there, moved), 0);
    site_expect_kind(put_store(site.store), 503, "store-failed");
    site_expect_kind(client_send(site.client, "DELETE", site_target("?force=true"), NULL, 0, NULL), 503,
                     "store-failed");
    ck_assert_int_ne(access(there, F_OK), 0);
    ck_assert_int_eq(rename(moved, there), 0);
    site_expect(put_store(site.store), 200);
    site_expect(site_put("k", "w", NULL), 200);
}
END_TEST

static void write_without_end(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (struct client *client = client_new(site.server->url);;)
        client_send(client, "PUT", site_object("k"), "v", 1, NULL);
}

/* Of one that is just being removed nobody is told that it has failed. */
START_TEST(a_store_that_is_removed_has_not_failed)
{
    site_start();
    pid_t writer = fork();
    if (writer == 0)
        write_without_end();
    for (int i = 0; i < 30; i++) {
        int status = client_send(site.client, "DELETE", site_target("?force=true"), NULL, 0, NULL)->status;
        ck_assert_msg(status == 204 || status == 404, "%d", status);
        site_expect(client_send(site.client, "PUT", site_target(""), NULL, 0, NULL), 201);
    }
    ck_assert_int_eq(kill(writer, SIGKILL), 0);
    ck_assert_uint_eq(server_logged(site.server, "error"), 0);
}
END_TEST

/* Has calls wait until release(), instead of failing them. */
static void hold(const char *call)
{
    ck_assert_int_eq(mkfifo(path_of(call), 0600), 0);
}

static void release(const char *call)
{
    int fifo = open(path_of(call), O_RDWR); /* whoever waits for its other end goes on, and reads nothing */
    ck_assert_int_ge(fifo, 0);
    heal(call);
    close(fifo);
}

/* A store whose log did not end with a mark is synced when it is opened: that takes as long as the test wants. */
START_TEST(until_the_stores_of_the_start_are_open_it_is_loading)
{
    start();
    site_expect(client_send(site.client, "PUT", "/v1/stores/another", NULL, 0, NULL), 201);
    site_expect(site_put("k", "value", NULL), 201);
    server_crash(site.server);
    server_add(site.server, "--open-stores");
    server_add(site.server, "eager");
    hold("fdatasync");
    site_preload(PRELOAD_PATH);
    server_start(site.server);
    site_preload_end();
    site_reconnect();
    struct answer *answer = client_get(site.client, "/readyz", NULL);
    site_expect_kind(answer, 503, "loading");
    ck_assert_ptr_nonnull(strstr(answer_string(answer, "detail"), site.store));
    site_expect(client_get(site.client, "/healthz", NULL), 200);
    site_expect(client_get(site.client, "/v1/stores/another", NULL), 200); /* opened beside it */
    release("fdatasync");
    ck_assert(clock_until(CLOCK_PATIENCE, is_ready()));
    site_expect_text("k", "value");
}
END_TEST

/* A thread with one client waits for the disk together with it; whoever comes finds another one. */
START_TEST(who_waits_for_the_disk_keeps_nobody_waiting)
{
    enum { OTHERS = 5 };
    int others[OTHERS];
    struct raw_answer answer;
    start();
    site_expect(site_put("k", "value", NULL), 201);
    hold("fdatasync");
    int writer = raw_connect(site.server->port);
    ck_assert(
        raw_send(writer, "PUT /v1/stores/%s/objects/w HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx", site.store));
    ck_assert(raw_silent(writer, 0.2));
    for (int i = 0; i < OTHERS; i++) {
        others[i] = raw_connect(site.server->port);
        ck_assert(raw_send(others[i], "GET /v1/stores/%s/objects/k HTTP/1.1\r\nHost: h\r\n\r\n", site.store));
        ck_assert(raw_receive(others[i], &answer));
        ck_assert_int_eq(answer.status, 200);
    }
    release("fdatasync");
    ck_assert(raw_receive(writer, &answer));
    ck_assert_int_eq(answer.status, 201);
    for (int i = 0; i < OTHERS; i++)
        close(others[i]);
    close(writer);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        until_the_stores_of_the_start_are_open_it_is_loading,
        a_failed_sync_ends_writes_and_nothing_else,
        who_waits_for_the_disk_keeps_nobody_waiting,
        a_full_disk_refuses_and_recovers,
        what_cannot_be_read_is_told_and_served_again,
        want_of_descriptors_passes,
        a_disk_that_gives_nothing_is_not_ready,
        a_file_system_that_tells_no_size_is_written_to,
        a_store_that_was_moved_takes_no_writes,
        a_store_that_is_removed_has_not_failed,
        a_folder_of_all_stores_that_was_moved_is_not_ready,
        a_folder_of_all_stores_that_was_replaced_takes_no_writes,
        a_folder_of_blobs_that_was_replaced_takes_no_large_payload,
        beside_a_store_that_was_moved_none_is_made_of_its_name,
        a_disk_that_takes_nothing_is_not_ready,
        a_data_folder_that_is_gone_is_not_ready,
        a_data_folder_that_is_elsewhere_is_not_ready,
    };
    return site_run("faults", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
