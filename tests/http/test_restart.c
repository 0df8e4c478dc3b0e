/* What was acknowledged is there when the server comes back, after SIGTERM and after kill -9. */
#include "tests/http/clock.h"
#include "tests/http/site.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void restart(void)
{
    server_stop(site.server);
    server_start(site.server);
    site_reconnect();
}

static void crash(void)
{
    server_crash(site.server);
    server_start(site.server);
    site_reconnect();
}

static void again(void (*come_back)(void), void (*write)(void), void (*check)(void))
{
    site_start();
    write();
    check();
    come_back();
    check();
    come_back();
    check();
}

/* ---- objects --------------------------------------------------------------------------------- */

static void write_objects(void)
{
    site_expect(site_put("small", "value", "Content-Type: text/plain", "Cairn-Meta-A: b", NULL), 201);
    site_expect(site_put("empty", "", NULL), 201);
    site_expect(site_put("a%00b%FF", "bytes", NULL), 201);
    site_expect(client_upload(site.client, site_object("inline"), 256 * 1024, 1, NULL), 201);
    site_expect(client_upload(site.client, site_object("large"), 3 << 20, 2, NULL), 201);
    site_expect(client_send(site.client, "PUT", site_hash(42), "by hash", 7, NULL), 201);
}

static void check_objects(void)
{
    struct answer *answer = site_get("small", NULL);
    ck_assert(answer_is(answer, "value", 5));
    ck_assert_str_eq(answer_header(answer, "Content-Type"), "text/plain");
    ck_assert_str_eq(answer_header(answer, "Cairn-Meta-A"), "b");
    site_expect_text("empty", "");
    site_expect_text("a%00b%FF", "bytes");
    site_expect_payload("inline", 256 * 1024, 1);
    site_expect_payload("large", 3 << 20, 2);
    ck_assert(answer_is(client_get(site.client, site_hash(42), NULL), "by hash", 7));
    ck_assert_int_eq(site_figure("objects"), 6);
}

START_TEST(objects_survive_a_restart)
{
    again(restart, write_objects, check_objects);
}
END_TEST

START_TEST(objects_survive_a_kill)
{
    again(crash, write_objects, check_objects);
}
END_TEST

/* ---- changes --------------------------------------------------------------------------------- */

static void write_changes(void)
{
    for (int i = 0; i < 20; i++) {
        char *text = client_text(site.client, "version %d", i);
        ck_assert_int_eq(site_put("overwritten", text, NULL)->status / 100, 2);
    }
    site_expect(site_put("deleted", "v", NULL), 201);
    site_expect(site_delete("deleted", NULL), 200);
    site_expect(client_upload(site.client, site_object("old"), 1 << 20, 3, NULL), 201);
    site_expect(site_move("old", site_destination("renamed"), NULL), 201);
    site_expect(site_copy("renamed", site_destination("copied"), NULL), 201);
    site_expect(site_put("back", "one", NULL), 201);
    site_expect(site_delete("back", NULL), 200);
    site_expect(site_put("back", "two", NULL), 201);
}

static void check_changes(void)
{
    site_expect_text("overwritten", "version 19");
    site_expect_problem(site_get("deleted", NULL), 404);
    site_expect_problem(site_get("old", NULL), 404);
    site_expect_payload("renamed", 1 << 20, 3);
    site_expect_payload("copied", 1 << 20, 3);
    site_expect_text("back", "two");
    ck_assert_int_eq(site_figure("objects"), 4);
    ck_assert_int_eq(site_figure("live_bytes"), 10 + 2 * (1 << 20) + 3);
}

START_TEST(changes_survive_a_restart)
{
    again(restart, write_changes, check_changes);
}
END_TEST

START_TEST(changes_survive_a_kill)
{
    again(crash, write_changes, check_changes);
}
END_TEST

/* ---- batches --------------------------------------------------------------------------------- */

static void write_batch(void)
{
    site_expect(site_put("gone", "v", NULL), 201);
    site_expect(site_put("from", "moved", NULL), 201);
    site_expect(site_post("/batch", "{\"operations\":[{\"op\":\"put\",\"key\":\"twice\",\"data\":\"b25l\"},"
                                    "{\"op\":\"put\",\"key\":\"twice\",\"data\":\"dHdv\"},"
                                    "{\"op\":\"delete\",\"key\":\"gone\"},"
                                    "{\"op\":\"rename\",\"key\":\"from\",\"to\":\"to\"}]}"),
                200);
}

static void check_batch(void)
{
    site_expect_text("twice", "two");
    site_expect_problem(site_get("gone", NULL), 404);
    site_expect_problem(site_get("from", NULL), 404);
    site_expect_text("to", "moved");
    ck_assert_int_eq(site_figure("objects"), 2);
}

START_TEST(batches_survive_a_restart)
{
    again(restart, write_batch, check_batch);
}
END_TEST

START_TEST(batches_survive_a_kill)
{
    again(crash, write_batch, check_batch);
}
END_TEST

/* ---- stores, listings, offsets --------------------------------------------------------------- */

START_TEST(stores_survive_and_stay_deleted)
{
    site_start();
    site_expect(client_send(site.client, "PUT", "/v1/stores/second", "", 0, NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/third", "", 0, NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/third/objects/k", "v", 1, NULL), 201);
    ck_assert_int_eq(client_send(site.client, "DELETE", "/v1/stores/third?force=true", NULL, 0, NULL)->status / 100, 2);
    crash();
    site_expect(client_get(site.client, "/v1/stores/second", NULL), 200);
    site_expect_problem(client_get(site.client, "/v1/stores/third", NULL), 404);
    site_expect(client_send(site.client, "PUT", "/v1/stores/third", "", 0, NULL), 201);
    site_expect_problem(client_get(site.client, "/v1/stores/third/objects/k", NULL), 404);
}
END_TEST

static void expect_listing_of(int from, int to)
{
    struct answer *answer = client_get(site.client, site_target("/objects?limit=1000"), NULL);
    site_expect(answer, 200);
    json_t *objects = json_object_get(answer_json(answer), "objects");
    ck_assert_uint_eq(json_array_size(objects), (size_t)(to - from));
    for (int i = from; i < to; i++) {
        const char *key = json_string_value(json_object_get(json_array_get(objects, (size_t)(i - from)), "key"));
        ck_assert_str_eq(key, client_text(site.client, "key-%04d", i));
    }
}

START_TEST(listings_survive)
{
    site_start();
    for (int i = 299; i >= 0; i--)
        site_expect(site_put(client_text(site.client, "key-%04d", i), "v", NULL), 201);
    for (int i = 0; i < 100; i++)
        site_expect(site_delete(client_text(site.client, "key-%04d", i), NULL), 200);
    expect_listing_of(100, 300);
    restart();
    expect_listing_of(100, 300);
    crash();
    expect_listing_of(100, 300);
}
END_TEST

START_TEST(offsets_and_etags_survive_and_offsets_only_grow)
{
    site_start();
    struct answer *put = site_put("k", "one", NULL);
    site_expect(put, 201);
    json_int_t offset = answer_integer(put, "offset"), end = site_figure("end_offset");
    char condition[128];
    snprintf(condition, sizeof condition, "If-Match: %s", answer_string(put, "etag"));
    restart();
    ck_assert_int_ge(site_figure("end_offset"), end);
    put = site_put("k", "two", condition, NULL);
    site_expect(put, 200);
    ck_assert_int_gt(answer_integer(put, "offset"), offset);
    offset = answer_integer(put, "offset");
    crash();
    put = site_put("k", "three", NULL);
    ck_assert_int_gt(answer_integer(put, "offset"), offset);
}
END_TEST

START_TEST(several_segments_survive)
{
    server_add(site.server, "--segment-size");
    server_add(site.server, "1M");
    site_start();
    for (int i = 0; i < 40; i++) {
        site_expect(
            client_upload(site.client, site_object(client_text(site.client, "k%d", i)), 100000, (uint64_t)i, NULL),
            201);
    }
    ck_assert_int_ge(site_figure("segments"), 4);
    for (int turn = 0; turn < 2; turn++) {
        (turn ? crash : restart)();
        for (int i = 0; i < 40; i++)
            site_expect_payload(client_text(site.client, "k%d", i), 100000, (uint64_t)i);
        ck_assert_int_eq(site_figure("objects"), 40);
    }
    site_expect(site_put("after", "v", NULL), 201);
    crash();
    site_expect_text("after", "v");
}
END_TEST

START_TEST(other_limits_after_a_restart_read_the_same_data)
{
    site_start();
    write_objects();
    server_stop(site.server);
    const char *arguments[] = {"--inline-limit", "4K", "--segment-size", "1M"};
    for (size_t i = 0; i < 4; i++)
        server_add(site.server, arguments[i]);
    server_start(site.server);
    site_reconnect();
    check_objects();
}
END_TEST

/* An upload that a crash cut leaves a file that no record names: the next start removes it. */
START_TEST(orphans_of_a_crash_are_removed_at_the_start)
{
    site_start();
    site_expect(client_upload(site.client, site_object("kept"), 1 << 20, 1, NULL), 201);
    struct client *slow = client_new(site.server->url);
    pid_t uploader = fork();
    if (uploader < 0)
        ck_abort();
    if (uploader == 0) {
        client_throttle(slow, 4 << 20, 0);
        client_upload(slow, "/v1/stores/main/objects/cut", 64 << 20, 2, NULL);
        _exit(0);
    }
    ck_assert(clock_until(CLOCK_PATIENCE, server_has_open(site.server, "stores/main/blobs"))); /* it is under way */
    server_crash(site.server);
    waitpid(uploader, NULL, 0);
    client_free(slow);
    server_start(site.server);
    site_reconnect();
    site_expect(site_get("cut", NULL), 404);
    site_expect_payload("kept", 1 << 20, 1);
    site_expect_blobs(1);
}
END_TEST

START_TEST(a_start_on_empty_stores_is_quick_and_right)
{
    site_start();
    for (int i = 0; i < 100; i++)
        site_expect(client_send(site.client, "PUT", client_text(site.client, "/v1/stores/s%d", i), "", 0, NULL), 201);
    restart();
    struct answer *answer = client_get(site.client, "/v1/stores", NULL);
    ck_assert_uint_eq(json_array_size(json_object_get(answer_json(answer), "stores")), 101);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        objects_survive_a_restart,
        objects_survive_a_kill,
        changes_survive_a_restart,
        changes_survive_a_kill,
        batches_survive_a_restart,
        batches_survive_a_kill,
        stores_survive_and_stay_deleted,
        listings_survive,
        offsets_and_etags_survive_and_offsets_only_grow,
        several_segments_survive,
        other_limits_after_a_restart_read_the_same_data,
        orphans_of_a_crash_are_removed_at_the_start,
        a_start_on_empty_stores_is_quick_and_right,
    };
    return site_run("restart", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
