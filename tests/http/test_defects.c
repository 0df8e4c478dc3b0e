/* One test for each defect of the reference engine that can be shown over HTTP and by hands on a stopped server's
 * files. The defects that need a power cut or a failing disk are ruled out in tests/store/. */
#include "tests/http/clock.h"
#include "tests/http/disk.h"
#include "tests/http/payload.h"
#include "tests/http/raw.h"
#include "tests/http/site.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

static void start_again(void)
{
    server_start(site.server);
    site_reconnect();
}

#define LOG "stores/main/log"

enum { EARLIER = 20 };

/* Twenty objects and then "last", whose payload is the marker; stopped by kill -9. */
static void write_and_crash(const char *marker)
{
    site_start();
    for (int i = 0; i < EARLIER; i++)
        site_expect(site_put(client_text(site.client, "k%d", i), client_text(site.client, "value %d", i), NULL), 201);
    site_expect(site_put("last", marker, NULL), 201);
    server_crash(site.server);
}

/* After a tail was torn: all earlier objects are there, the last is not, and writing goes on and lasts. */
static void expect_earlier_and_writable(void)
{
    for (int i = 0; i < EARLIER; i++)
        site_expect_text(client_text(site.client, "k%d", i), client_text(site.client, "value %d", i));
    site_expect_problem(site_get("last", NULL), 404);
    ck_assert_int_eq(site_figure("objects"), EARLIER);
    site_expect(site_put("after", "the cut", NULL), 201);
    server_crash(site.server);
    start_again();
    site_expect_text("after", "the cut");
    site_expect_text("k0", "value 0");
    ck_assert_int_eq(site_figure("objects"), EARLIER + 1);
}

#define MARKER "a payload that stands nowhere else, 0123456789"

/* ---- tails ----------------------------------------------------------------------------------- */

START_TEST(a_torn_tail_loses_no_earlier_key)
{
    write_and_crash(MARKER);
    struct place place = disk_place(site.server, LOG, MARKER);
    ck_assert_int_eq(truncate(place.path, place.position + 7), 0);
    start_again();
    expect_earlier_and_writable();
}
END_TEST

START_TEST(a_tail_torn_in_its_header_loses_no_earlier_key)
{
    write_and_crash(MARKER);
    struct place place = disk_place(site.server, LOG, MARKER);
    ck_assert_int_eq(truncate(place.path, place.position - 20), 0);
    start_again();
    expect_earlier_and_writable();
}
END_TEST

START_TEST(a_zero_filled_tail_loses_no_earlier_key)
{
    write_and_crash(MARKER);
    struct place place = disk_place(site.server, LOG, MARKER);
    disk_zero_from(&place, place.position + 7);
    start_again();
    expect_earlier_and_writable();
}
END_TEST

START_TEST(zeros_behind_the_last_record_lose_nothing)
{
    write_and_crash(MARKER);
    struct place place = disk_place(site.server, LOG, MARKER);
    ck_assert_int_eq(truncate(place.path, place.size + (1 << 20) + 13), 0);
    start_again();
    site_expect_text("last", MARKER);
    site_expect_text("k0", "value 0");
    ck_assert_int_eq(site_figure("objects"), EARLIER + 1);
}
END_TEST

START_TEST(garbage_behind_the_last_record_loses_nothing)
{
    write_and_crash(MARKER);
    struct place place = disk_place(site.server, LOG, MARKER);
    void *garbage = payload_new(5000, 1);
    disk_overwrite(&place, place.position + (off_t)strlen(MARKER) + 64, garbage, 5000);
    free(garbage);
    start_again();
    site_expect_text("last", MARKER);
    ck_assert_int_eq(site_figure("objects"), EARLIER + 1);
    site_expect(site_put("after", "v", NULL), 201);
    server_crash(site.server);
    start_again();
    site_expect_text("after", "v");
}
END_TEST

/* ---- damage ---------------------------------------------------------------------------------- */

START_TEST(damage_before_intact_records_loses_only_its_own)
{
    site_start();
    site_expect(site_put("before", "one", NULL), 201);
    site_expect(site_put("damaged", MARKER, NULL), 201);
    site_expect(site_put("after", "two", NULL), 201);
    server_crash(site.server);
    disk_flip(site.server, LOG, MARKER);
    start_again();
    site_expect_text("before", "one");
    site_expect_text("after", "two");
    struct answer *answer = site_get("damaged", NULL);
    site_expect_kind(answer, 500, "damaged");
    ck_assert_int_gt(site_figure("damaged_bytes"), 0);
}
END_TEST

/* The one kind of refusal of a step that is the server's own fault. */
START_TEST(a_step_that_needs_damaged_bytes_is_500_with_its_index)
{
    site_start();
    site_expect(site_put("damaged", MARKER, NULL), 201);
    site_expect(site_put("k", "v", NULL), 201);
    disk_flip(site.server, LOG, MARKER);
    struct answer *answer = site_post("/batch", "{\"operations\":[{\"op\":\"delete\",\"key\":\"k\"},"
                                                "{\"op\":\"copy\",\"key\":\"damaged\",\"to\":\"copy\"}]}");
    site_expect_kind(answer, 500, "damaged");
    ck_assert_int_eq(answer_integer(answer, "index"), 1);
    ck_assert_str_eq(answer_string(answer, "key"), "damaged");
    site_expect_text("k", "v");
    site_expect(site_get("copy", NULL), 404);
}
END_TEST

START_TEST(damage_while_it_runs_is_never_served)
{
    site_start();
    site_expect(site_put("k", MARKER, NULL), 201);
    disk_flip(site.server, LOG, MARKER);
    struct answer *answer = site_get("k", NULL);
    site_expect_kind(answer, 500, "damaged");
}
END_TEST

/* ---- payloads that imitate records ----------------------------------------------------------- */

/* The object under "victim" is deleted; then its own record, cut out of the log, is stored as the payload of "bait". */
static struct place write_bait(void)
{
    site_start();
    site_expect(site_put("victim", MARKER, NULL), 201);
    server_stop(site.server);
    struct place place = disk_place(site.server, LOG, MARKER);
    size_t size;
    char *segment = disk_read(place.path, &size);
    size_t start = place.position > 512 ? (size_t)place.position - 512 : 0;
    size_t length = (size_t)place.position + 512 < size ? (size_t)place.position + 512 - start : size - start;
    start_again();
    site_expect(site_delete("victim", NULL), 200);
    char *bait = malloc(8 + length);
    for (size_t shift = 0; shift < 8; shift++) { /* records may be aligned */
        memset(bait, 'x', shift);
        memcpy(bait + shift, segment + start, length);
        char *key = client_text(site.client, "bait%zu", shift);
        site_expect(client_send(site.client, "PUT", site_object(key), bait, shift + length, NULL), 201);
    }
    free(bait);
    free(segment);
    return place;
}

START_TEST(a_payload_that_imitates_a_record_is_no_record)
{
    write_bait();
    server_crash(site.server);
    start_again();
    site_expect_problem(site_get("victim", NULL), 404);
    ck_assert_int_eq(site_figure("objects"), 8);
}
END_TEST

/* Recovery that looks for the next record after damage must not find one inside a payload. */
START_TEST(damage_before_an_imitation_does_not_wake_it)
{
    write_bait();
    site_expect(site_put("after", "v", NULL), 201);
    server_crash(site.server);
    for (int i = 0; i < 8; i++)
        disk_flip(site.server, LOG, client_text(site.client, "bait%d", i));
    start_again();
    site_expect_problem(site_get("victim", NULL), 404);
    site_expect_text("after", "v");
}
END_TEST

START_TEST(an_imitation_at_a_torn_tail_is_not_adopted)
{
    struct place victim = write_bait();
    server_crash(site.server);
    struct place last = disk_place(site.server, LOG, MARKER);
    ck_assert(strcmp(last.path, victim.path) != 0 || last.position > victim.position);
    disk_zero_from(&last, last.position + (off_t)strlen(MARKER) + 200);
    disk_flip(site.server, LOG, "bait7");
    start_again();
    site_expect_problem(site_get("victim", NULL), 404);
}
END_TEST

/* ---- refused and failed writes --------------------------------------------------------------- */

START_TEST(a_rejected_write_shifts_no_offset)
{
    site_start();
    site_expect(site_put("k", "v", NULL), 201);
    json_int_t end = site_figure("end_offset");
    site_expect_problem(site_put("k", "w", "If-None-Match: *", NULL), 412);
    site_expect_problem(site_put("k", "w", "Content-MD5: AAAAAAAAAAAAAAAAAAAAAA==", NULL), 400);
    site_expect_problem(site_post("/batch", "{\"operations\":[{\"op\":\"put\",\"key\":\"a\",\"data\":\"dg==\"},{\"op\":"
                                            "\"rename\",\"key\":\"none\",\"to\":\"x\"}]}"),
                        422);
    site_expect_problem(site_move("none", site_destination("x"), NULL), 404);
    ck_assert_int_eq(site_figure("end_offset"), end);
    struct answer *answer = site_put("k", "w", NULL);
    ck_assert_int_eq(answer_integer(answer, "offset"), end);
    server_crash(site.server);
    start_again();
    site_expect_text("k", "w");
    ck_assert_int_eq(site_figure("objects"), 1);
}
END_TEST

START_TEST(a_broken_upload_commits_no_prefix)
{
    site_start();
    site_expect(site_put("old", "value", NULL), 201);
    const char *keys[] = {"old", "new"};
    for (size_t i = 0; i < 2; i++) {
        for (size_t size = 1000; size <= 4000000; size *= 20) {
            int socket = raw_connect(site.server->port);
            ck_assert(raw_send(socket, "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n",
                               site_object(keys[i]), size));
            raw_send_payload(socket, size - 1, 1, 0);
            close(socket);
        }
    }
    for (int i = 0; i < 2; i++) {
        ck_assert(clock_until(CLOCK_PATIENCE, site_figure("bytes_in_flight") == 0));
        site_expect_text("old", "value");
        site_expect_problem(site_get("new", NULL), 404);
        server_crash(site.server);
        start_again();
    }
}
END_TEST

START_TEST(a_full_disk_poisons_no_later_write)
{
    site_start();
    site_expect(site_put("k", "v", NULL), 201);
    server_stop(site.server);
    server_add(site.server, "--disk-reserve=1024G");
    start_again();
    for (int i = 0; i < 3; i++) {
        site_expect_problem(site_put("new", "v", NULL), 507);
        site_expect_problem(client_upload(site.client, site_object("large"), 1 << 20, 1, NULL), 507);
    }
    site_expect_text("k", "v");
    server_stop(site.server);
    server_reset(site.server);
    start_again();
    site_expect(site_put("new", "w", NULL), 201);
    server_crash(site.server);
    start_again();
    site_expect_text("k", "v");
    site_expect_text("new", "w");
    ck_assert_int_eq(site_figure("objects"), 2);
}
END_TEST

/* ---- readers beside writers ------------------------------------------------------------------ */

enum { KEYS = 20 };

static atomic_bool done;

static void *overwrite_for_ever(void *arg)
{
    struct client *client = client_new(site.server->url);
    for (uint64_t i = 0; !atomic_load(&done); i++) {
        char target[64];
        snprintf(target, sizeof target, "/v1/stores/main/objects/k%d", (int)(i % KEYS));
        if (client_upload(client, target, 100 + i % 1000, i, NULL)->status != 200)
            *(bool *)arg = true;
        client_forget(client);
    }
    client_free(client);
    return NULL;
}

static void expect_all_present(const char *body)
{
    struct answer *answer = site_post("/batch-get", body);
    site_expect(answer, 200);
    json_t *objects = json_object_get(answer_json(answer), "objects"), *object;
    ck_assert_uint_eq(json_array_size(objects), KEYS);
    size_t i;
    json_array_foreach (objects, i, object) {
        ck_assert_msg(json_is_object(object), "k%zu is missing from a batch read although it is only ever overwritten",
                      i);
    }
}

/* The readers would also hang for ever if readers and writer locked in different orders. */
START_TEST(a_batch_read_misses_no_live_key_during_overwrites)
{
    site_start();
    const char *list = "";
    for (int i = 0; i < KEYS; i++) {
        site_expect(site_put(client_text(site.client, "k%d", i), "v", NULL), 201);
        list = client_text(site.client, "%s%s\"k%d\"", list, i ? "," : "", i);
    }
    char body[1024];
    snprintf(body, sizeof body, "{\"keys\":[%s]}", list);
    pthread_t writers[4];
    bool failed[4] = {false};
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&writers[i], NULL, overwrite_for_ever, &failed[i]), 0);
    for (double end = clock_now() + 1.5; clock_now() < end;) {
        expect_all_present(body);
        struct answer *listing = client_get(site.client, "/v1/stores/main/objects", NULL);
        ck_assert_uint_eq(json_array_size(json_object_get(answer_json(listing), "objects")), KEYS);
        client_forget(site.client);
    }
    atomic_store(&done, true);
    for (int i = 0; i < 4; i++) {
        pthread_join(writers[i], NULL);
        ck_assert(!failed[i]);
    }
}
END_TEST

/* Whoever waited for it would do so for an hour. */
START_TEST(one_slow_upload_stalls_no_writer)
{
    server_add(site.server, "--idle-timeout=3600");
    site_start();
    int socket = raw_connect(site.server->port);
    ck_assert(
        raw_send(socket, "PUT /v1/stores/main/objects/slow HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n"));
    ck_assert(raw_send_payload(socket, 2 << 20, 1, 0));
    int small = raw_connect(site.server->port);
    ck_assert(
        raw_send(small, "PUT /v1/stores/main/objects/small HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx"));
    for (int i = 0; i < 100; i++)
        site_expect(site_put(client_text(site.client, "k%d", i), "v", NULL), 201);
    close(socket);
    close(small);
}
END_TEST

/* ---- counts, compaction ---------------------------------------------------------------------- */

START_TEST(counts_leave_deleted_keys_out_after_a_restart)
{
    site_start();
    for (int i = 0; i < 10; i++)
        site_expect(site_put(client_text(site.client, "k%d", i), "12345", NULL), 201);
    for (int i = 0; i < 4; i++)
        site_expect(site_delete(client_text(site.client, "k%d", i), NULL), 200);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(site_figure("objects"), 6);
        ck_assert_int_eq(site_figure("live_bytes"), 30);
        ck_assert_int_gt(site_figure("dead_bytes"), 0);
        i % 2 ? server_crash(site.server) : server_stop(site.server);
        start_again();
    }
}
END_TEST

/* An older copy of a segment beside the log, as an interrupted compaction may leave one. */
START_TEST(a_stale_file_beside_the_log_resurrects_nothing)
{
    site_start();
    site_expect(site_put("k", MARKER, NULL), 201);
    server_stop(site.server);
    struct place place = disk_place(site.server, LOG, MARKER);
    size_t size;
    char *old = disk_read(place.path, &size);
    start_again();
    site_expect(site_delete("k", NULL), 200);
    server_stop(site.server);
    const char *suffixes[] = {".bk", ".tmp", ".compact", ".old", "~"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char *path = client_text(site.client, "%s%s", place.path, suffixes[i]);
        FILE *copy = fopen(path, "we");
        ck_assert_ptr_nonnull(copy);
        ck_assert_uint_eq(fwrite(old, 1, size, copy), size);
        ck_assert_int_eq(fclose(copy), 0);
    }
    free(old);
    start_again();
    site_expect_problem(site_get("k", NULL), 404);
    ck_assert_int_eq(site_figure("objects"), 0);
    site_expect(site_put("new", "v", NULL), 201);
    server_crash(site.server);
    start_again();
    site_expect_text("new", "v");
    site_expect_problem(site_get("k", NULL), 404);
}
END_TEST

/* ---- values of zeros, collisions ------------------------------------------------------------- */

START_TEST(values_of_zeros_are_renamed_and_copied)
{
    const size_t sizes[] = {1, 8, 1000, 100000, 600000};
    site_start();
    site_expect(client_send(site.client, "PUT", "/v1/stores/other", "", 0, NULL), 201);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *zeros = calloc(1, sizes[i]);
        site_expect(client_send(site.client, "PUT", site_object("zeros"), zeros, sizes[i], NULL), 201);
        site_expect(site_move("zeros", site_destination("renamed"), NULL), 201);
        site_expect(site_copy("renamed", "Destination: /v1/stores/other/objects/copied", NULL), i ? 200 : 201);
        server_crash(site.server);
        start_again();
        ck_assert(answer_is(site_get("renamed", NULL), zeros, sizes[i]));
        ck_assert(answer_is(client_get(site.client, "/v1/stores/other/objects/copied", NULL), zeros, sizes[i]));
        site_expect(site_delete("renamed", NULL), 200);
        free(zeros);
    }
}
END_TEST

START_TEST(colliding_hashes_do_not_alias)
{
    const char *one = "\xB9\x39\x42\xEA\x7B\x73\x82\x67\x32\x55\x90\x0C\x3F\xBF\x54\xAE";
    const char *two = "\xB8\x3B\x41\xEE\x7E\x75\x85\x6F\x3A\x52\x96\x09\x3B\xBC\x56\xAF";
    const char *one_key = "%B9%39%42%EA%7B%73%82%67%32%55%90%0C%3F%BF%54%AE";
    const char *two_key = "%B8%3B%41%EE%7E%75%85%6F%3A%52%96%09%3B%BC%56%AF";
    ck_assert_uint_eq(XXH3_64bits(one, 16), XXH3_64bits(two, 16));
    site_start();
    site_expect(site_put(one_key, "first", NULL), 201);
    site_expect_problem(site_get(two_key, NULL), 404);
    site_expect(site_put(two_key, "second", NULL), 201);
    for (int i = 0; i < 2; i++) {
        site_expect_text(one_key, "first");
        site_expect_text(two_key, "second");
        site_expect_kind(client_get(site.client, site_hash(XXH3_64bits(one, 16)), NULL), 409, "hash-collision");
        server_crash(site.server);
        start_again();
    }
    site_expect(site_delete(one_key, NULL), 200);
    site_expect_problem(site_get(one_key, NULL), 404);
    site_expect_text(two_key, "second");
}
END_TEST

/* ---- folders --------------------------------------------------------------------------------- */

START_TEST(a_foreign_folder_is_refused_and_left_alone)
{
    ck_assert_int_eq(mkdir(site.server->data, 0700), 0);
    char *path = strdup(server_path(site.server, "precious.txt"));
    FILE *file = fopen(path, "we");
    fputs("not cairn's", file);
    fclose(file);
    char *output;
    int code = server_run((const char *[]){"--data", site.server->data, "--listen", "127.0.0.1:0", NULL}, &output);
    ck_assert_msg(code == 1, "exit code %d: %s", code, output);
    ck_assert_msg(strstr(output, site.server->data), "%s", output);
    size_t size;
    char *bytes = disk_read(path, &size);
    ck_assert_uint_eq(size, 11);
    ck_assert_mem_eq(bytes, "not cairn's", 11);
    ck_assert_uint_eq(server_files(site.server, ""), 1);
    free(bytes);
    free(path);
    free(output);
}
END_TEST

/* Starts on the test's data folder and checks it: both must refuse it and name these. */
static void expect_folder_refused(const char *found, const char *advice)
{
    const char *data = site.server->data;
    const char *const starts[][6] = {{"--data", data, "--listen", "127.0.0.1:0", NULL}, {"check", data, NULL}};
    for (int i = 0; i < 2; i++) {
        char *output;
        uint64_t before = disk_fingerprint(site.server);
        int code = server_run(starts[i], &output);
        ck_assert_msg(code == i + 1, "exit code %d: %s", code, output);
        ck_assert_msg(strstr(output, data) && strstr(output, found) && strstr(output, advice), "%s", output);
        ck_assert_msg(disk_fingerprint(site.server) == before, "the folder was changed");
        free(output);
    }
}

START_TEST(a_foreign_folder_with_a_familiar_name_is_left_alone)
{
    char *path;
    ck_assert_int_eq(mkdir(site.server->data, 0700), 0);
    ck_assert_int_eq(mkdir(server_path(site.server, "trash"), 0700), 0);
    ck_assert_int_eq(mkdir(server_path(site.server, "trash/letters"), 0700), 0);
    path = strdup(server_path(site.server, "trash/letters/a"));
    FILE *file = fopen(path, "we");
    fputs("hi\n", file);
    fclose(file);
    expect_folder_refused("'trash'", "name another folder");
    ck_assert_int_eq(access(path, F_OK), 0);
    free(path);
}
END_TEST

START_TEST(a_data_folder_without_its_marker_is_left_alone)
{
    site_start();
    site_expect(site_put("k", "v", NULL), 201);
    server_stop(site.server);
    char *marker = strdup(server_path(site.server, "cairn"));
    char *away = strdup(server_path(site.server, "../marker"));
    ck_assert_int_eq(rename(marker, away), 0);
    expect_folder_refused("no file 'cairn'", "bring that file back");
    ck_assert_int_eq(rename(away, marker), 0);
    start_again();
    site_expect_text("k", "v");
    free(marker);
    free(away);
}
END_TEST

START_TEST(a_foreign_file_in_the_log_is_not_truncated)
{
    site_start();
    site_expect(site_put("k", "v", NULL), 201);
    server_stop(site.server);
    char *path = strdup(server_path(site.server, "stores/main/log/precious.txt"));
    FILE *file = fopen(path, "we");
    fputs("not cairn's", file);
    fclose(file);
    start_again();
    site_expect_text("k", "v");
    server_stop(site.server);
    size_t size;
    char *bytes = disk_read(path, &size);
    ck_assert_uint_eq(size, 11);
    free(bytes);
    free(path);
}
END_TEST

START_TEST(two_processes_do_not_open_one_folder)
{
    site_start();
    site_expect(site_put("k", "v", NULL), 201);
    for (int i = 0; i < 3; i++) {
        char *output;
        ck_assert_int_eq(
            server_run((const char *[]){"--data", site.server->data, "--listen", "127.0.0.1:0", NULL}, &output), 1);
        free(output);
    }
    site_expect_text("k", "v");
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        a_torn_tail_loses_no_earlier_key,
        a_tail_torn_in_its_header_loses_no_earlier_key,
        a_zero_filled_tail_loses_no_earlier_key,
        zeros_behind_the_last_record_lose_nothing,
        garbage_behind_the_last_record_loses_nothing,
        damage_before_intact_records_loses_only_its_own,
        a_step_that_needs_damaged_bytes_is_500_with_its_index,
        damage_while_it_runs_is_never_served,
        a_payload_that_imitates_a_record_is_no_record,
        damage_before_an_imitation_does_not_wake_it,
        an_imitation_at_a_torn_tail_is_not_adopted,
        a_rejected_write_shifts_no_offset,
        a_broken_upload_commits_no_prefix,
        a_full_disk_poisons_no_later_write,
        a_batch_read_misses_no_live_key_during_overwrites,
        one_slow_upload_stalls_no_writer,
        counts_leave_deleted_keys_out_after_a_restart,
        a_stale_file_beside_the_log_resurrects_nothing,
        values_of_zeros_are_renamed_and_copied,
        colliding_hashes_do_not_alias,
        a_foreign_folder_is_refused_and_left_alone,
        a_foreign_folder_with_a_familiar_name_is_left_alone,
        a_data_folder_without_its_marker_is_left_alone,
        a_foreign_file_in_the_log_is_not_truncated,
        two_processes_do_not_open_one_folder,
    };
    return site_run("defects", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
