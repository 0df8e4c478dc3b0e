/* Limits of a store: how they are set and shown, what is refused and when, and that they outlive a crash. */
#include "tests/http/clock.h"
#include "tests/http/payload.h"
#include "tests/http/raw.h"
#include "tests/http/site.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define JSON "Content-Type: application/json"

enum { LARGE = 1 << 20 };

static struct answer *patch(const char *json)
{
    return client_send(site.client, "PATCH", site_target(""), json, strlen(json), JSON, NULL);
}

static void limit(const char *name, long long most)
{
    site_expect(patch(client_text(site.client, "{\"limits\":{\"%s\":%lld}}", name, most)), 200);
}

/* The limits in an answer; 0 stands for none. */
static void expect_limits(json_t *limits, json_int_t bytes, json_int_t objects)
{
    ck_assert_uint_eq(json_object_size(limits), 2);
    ck_assert_int_eq(json_integer_value(json_object_get(limits, "bytes")), bytes);
    ck_assert(bytes != 0 || json_is_null(json_object_get(limits, "bytes")));
    ck_assert_int_eq(json_integer_value(json_object_get(limits, "objects")), objects);
    ck_assert(objects != 0 || json_is_null(json_object_get(limits, "objects")));
}

static void expect_shown(json_int_t bytes, json_int_t objects)
{
    struct answer *answer = client_get(site.client, site_target(""), NULL);
    expect_limits(json_object_get(answer_json(answer), "limits"), bytes, objects);
}

static void expect_overrun(struct answer *answer, const char *of, json_int_t limit, json_int_t used, json_int_t added)
{
    site_expect_kind(answer, 507, "quota-exceeded");
    json_t *quota = json_object_get(answer_json(answer), "quota");
    ck_assert_str_eq(json_string_value(json_object_get(quota, "of")), of);
    ck_assert_int_eq(json_integer_value(json_object_get(quota, "limit")), limit);
    ck_assert_int_eq(json_integer_value(json_object_get(quota, "used")), used);
    ck_assert_int_eq(json_integer_value(json_object_get(quota, "added")), added);
    char *told = client_text(site.client, "may hold %lld %s and has %lld", (long long)limit, of, (long long)used);
    ck_assert_msg(strstr(answer_string(answer, "detail"), told), "%s", (char *)answer->body);
}

/* ---- how they are set and shown ---------------------------------------------------------------- */

START_TEST(limits_are_set_one_by_one_and_taken_away)
{
    site_start();
    expect_shown(0, 0);
    struct answer *answer = patch("{\"limits\":{\"bytes\":1000}}");
    site_expect(answer, 200);
    ck_assert_str_eq(answer_string(answer, "name"), site.store);
    expect_limits(json_object_get(answer_json(answer), "limits"), 1000, 0);
    limit("objects", 5);
    expect_shown(1000, 5);
    site_expect(patch("{}"), 200);
    site_expect(patch("{\"limits\":{}}"), 200);
    expect_shown(1000, 5);
    site_expect(patch("{\"limits\":{\"bytes\":null}}"), 200);
    expect_shown(0, 5);
    limit("bytes", INT64_MAX);
    expect_shown(INT64_MAX, 5);
    site_expect(patch("{\"limits\":null}"), 200);
    expect_shown(0, 0);
    site_expect(client_send(site.client, "PATCH", site_target(""), "{\"limits\":{\"bytes\":7}}", 22,
                            "Content-Type: application/merge-patch+json", NULL),
                200);
    expect_shown(7, 0);
}
END_TEST

START_TEST(the_list_and_the_metrics_show_them)
{
    site_start();
    limit("bytes", 1000);
    json_t *store;
    size_t i;
    json_array_foreach (json_object_get(answer_json(client_get(site.client, "/v1/stores", NULL)), "stores"), i, store) {
        bool own = strcmp(json_string_value(json_object_get(store, "name")), site.store) == 0;
        expect_limits(json_object_get(store, "limits"), own ? 1000 : 0, 0);
    }
    ck_assert_uint_ge(i, 1);
    const char *text = (const char *)client_get(site.client, "/metrics", NULL)->body;
    ck_assert(strstr(text, client_text(site.client, "\ncairn_store_limit_bytes{store=\"%s\"} 1000\n", site.store)));
    ck_assert(!strstr(text, "cairn_store_limit_objects{"));
}
END_TEST

START_TEST(what_is_no_change_of_limits_is_refused)
{
    site_start();
    const char *bodies[] = {"",
                            "{",
                            "[]",
                            "7",
                            "{\"limits\":7}",
                            "{\"limits\":{\"bytes\":-1}}",
                            "{\"limits\":{\"bytes\":1.0}}",
                            "{\"limits\":{\"bytes\":\"1\"}}",
                            "{\"limits\":{\"bytes\":9223372036854775808}}",
                            "{\"limits\":{\"bytes\":1,\"bytes\":2}}",
                            "{\"limits\":{\"objects\":1,\"size\":1}}",
                            "{\"limit\":{}}",
                            "{\"limits\":{},\"name\":\"x\"}"};
    limit("bytes", 1000);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct answer *answer = patch(bodies[i]);
        ck_assert_msg(answer->status == 400, "%s: %d", bodies[i], answer->status);
        site_expect_kind(answer, 400, "bad-body");
    }
    const char *beyond[] = {"9223372036854775808", "18446744073709551616", "1e999"};
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        struct answer *answer = patch(client_text(site.client, "{\"limits\":{\"bytes\":%s}}", beyond[i]));
        site_expect_kind(answer, 400, "bad-body");
        ck_assert_ptr_nonnull(strstr(answer_string(answer, "detail"), "too large"));
    }
    site_expect_kind(client_send(site.client, "PATCH", site_target(""), "{}", 2, "Content-Type: text/plain", NULL), 415,
                     "unsupported-media-type");
    site_expect_kind(client_send(site.client, "PATCH", "/v1/stores/nowhere", "{}", 2, JSON, NULL), 404, "no-store");
    site_expect_kind(client_send(site.client, "PATCH", site_object("k"), "{}", 2, JSON, NULL), 405,
                     "method-not-allowed");
    site_expect(client_send(site.client, "PATCH", site_target(""), "{}", 2, JSON, "If-Match: *", NULL), 400);
    char *large = client_text(site.client, "{\"limits\":{\"objects\":%*d}}", 8192, 1);
    site_expect_kind(patch(large), 413, "too-large");
    expect_shown(1000, 0);
}
END_TEST

START_TEST(they_outlive_a_crash)
{
    site_start();
    limit("bytes", 10);
    limit("objects", 2);
    site_expect(site_put("a", "12345", NULL), 201);
    server_crash(site.server);
    server_start(site.server);
    site_reconnect();
    expect_overrun(site_put("b", "123456", NULL), "bytes", 10, 5, 6);
    expect_shown(10, 2);
    site_expect(site_put("b", "12345", NULL), 201);
    ck_assert_int_eq(site_figure("live_bytes"), 10);
}
END_TEST

START_TEST(no_more_stores_are_made_than_there_may_be)
{
    server_add(site.server, "--stores-limit");
    server_add(site.server, "2");
    site_start();
    site_expect(client_send(site.client, "PUT", "/v1/stores/second", "", 0, NULL), 201);
    struct answer *answer = client_send(site.client, "PUT", "/v1/stores/third", "", 0, NULL);
    site_expect_kind(answer, 507, "too-many-stores");
    ck_assert_str_eq(answer_string(answer, "store"), "third");
    site_expect(client_send(site.client, "PUT", "/v1/stores/second", "", 0, NULL), 200);
    site_expect(client_send(site.client, "DELETE", "/v1/stores/second", NULL, 0, NULL), 204);
    site_expect(client_send(site.client, "PUT", "/v1/stores/third", "", 0, NULL), 201);
}
END_TEST

/* ---- what is refused --------------------------------------------------------------------------- */

START_TEST(every_way_to_write_is_refused_beyond_them)
{
    site_start();
    site_expect(client_send(site.client, "PUT", "/v1/stores/other", "", 0, NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/other/objects/x", "1234567", 7, NULL), 201);
    site_expect(site_put("a", "12345", NULL), 201);
    limit("bytes", 10);
    limit("objects", 2);
    expect_overrun(site_put("b", "123456", NULL), "bytes", 10, 5, 6);
    expect_overrun(client_send(site.client, "PUT", site_object("b"), "123456", 6, "Transfer-Encoding: chunked", NULL),
                   "bytes", 10, 5, 6);
    expect_overrun(site_post("/batch", "{\"operations\":[{\"op\":\"put\",\"key\":\"b\",\"data\":\"MTIzNDU2\"}]}"),
                   "bytes", 10, 5, 6);
    expect_overrun(site_post("/batch", "{\"operations\":[{\"op\":\"copy\",\"key\":\"a\",\"to\":\"b\"},"
                                       "{\"op\":\"copy\",\"key\":\"a\",\"to\":\"c\"}]}"),
                   "objects", 2, 1, 2);
    char *here = client_text(site.client, "Destination: /v1/stores/%s/objects/b", site.store);
    for (unsigned move = 0; move < 2; move++) {
        struct answer *answer = client_send(site.client, move ? "MOVE" : "COPY", "/v1/stores/other/objects/x", NULL, 0,
                                            here, NULL);
        expect_overrun(answer, "bytes", 10, 5, 7);
        ck_assert_str_eq(answer_string(answer, "store"), site.store); /* whose limit it is */
        ck_assert_str_eq(answer_string(answer, "key"), "b");
    }
    site_expect(client_get(site.client, "/v1/stores/other/objects/x", NULL), 200);
    ck_assert_int_eq(site_figure("objects"), 1);
    ck_assert_int_eq(site_figure("live_bytes"), 5);
}
END_TEST

START_TEST(a_store_over_a_lowered_limit_may_get_smaller)
{
    site_start();
    site_expect(site_put("a", "12345", NULL), 201);
    site_expect(site_put("b", "12345", NULL), 201);
    limit("bytes", 1);
    limit("objects", 0);
    expect_overrun(site_put("a", "123456", NULL), "bytes", 1, 10, 1);
    site_expect(site_put("a", "54321", NULL), 200);
    site_expect(site_put("a", "", NULL), 200);
    site_expect(site_move("b", site_destination("c"), NULL), 201);
    site_expect(site_move("c", site_destination("a"), NULL), 200);
    site_expect(site_delete("a", NULL), 200);
    ck_assert_int_eq(site_figure("objects"), 0);
}
END_TEST

/* ---- uploads ----------------------------------------------------------------------------------- */

static int begin_upload(const char *key, const char *fields)
{
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket, "PUT %s HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n", site_object(key), fields));
    return socket;
}

static void send_chunk(int socket, size_t size)
{
    ck_assert(raw_send(socket, "%zx\r\n", size) && raw_send_payload(socket, size, 1, 0) && raw_send(socket, "\r\n"));
}

static void expect_answer(int socket, int status)
{
    static struct raw_answer answer;
    ck_assert(raw_receive(socket, &answer));
    ck_assert_msg(answer.status == status, "%d: %s", answer.status, answer.body);
    close(socket);
}

START_TEST(an_announced_length_that_does_not_fit_is_refused_before_the_body)
{
    site_start();
    limit("bytes", LARGE);
    expect_answer(begin_upload("a", "Expect: 100-continue\r\nContent-Length: 1048577"), 507);
    int socket = begin_upload("a", "Expect: 100-continue\r\nContent-Length: 1048576");
    static struct raw_answer answer;
    ck_assert(raw_receive(socket, &answer));
    ck_assert_int_eq(answer.status, 100);
    ck_assert(raw_send_payload(socket, LARGE, 1, 0));
    expect_answer(socket, 201);
    site_expect_payload("a", LARGE, 1);
}
END_TEST

/* Three that have half of it each; the one that comes first over the limit leaves its place to the others. */
START_TEST(what_has_arrived_counts)
{
    int sockets[3];
    site_start();
    limit("bytes", 2 * LARGE);
    for (size_t i = 0; i < 3; i++) {
        sockets[i] = begin_upload(client_text(site.client, "k%zu", i), "Transfer-Encoding: chunked");
        send_chunk(sockets[i], LARGE / 2);
    }
    ck_assert(clock_until(CLOCK_PATIENCE, site_figure("unfinished_bytes") == 3 * (LARGE / 2)));
    site_expect(site_put("small", "x", NULL), 201);
    send_chunk(sockets[0], LARGE / 2 - 1);
    ck_assert(clock_until(CLOCK_PATIENCE, site_figure("unfinished_bytes") == 2 * LARGE - 1));
    expect_overrun(site_put("full", "x", NULL), "bytes", 2 * LARGE, 2 * LARGE, 1);
    ck_assert(raw_send(sockets[1], "1\r\nx\r\n"));
    expect_answer(sockets[1], 507);
    ck_assert(raw_send(sockets[0], "0\r\n\r\n") && raw_send(sockets[2], "0\r\n\r\n"));
    expect_answer(sockets[0], 201);
    expect_answer(sockets[2], 201);
    ck_assert_int_eq(site_figure("live_bytes"), LARGE - 1 + LARGE / 2 + 1);
    ck_assert(
        clock_until(CLOCK_PATIENCE, site_figure("unfinished_bytes") == 0 && site_figure("writes_in_flight") == 0));
    site_expect_blobs(2);
}
END_TEST

START_TEST(an_upload_that_vanishes_leaves_its_place)
{
    site_start();
    limit("bytes", LARGE);
    int socket = begin_upload("a", "Content-Length: 1048576");
    ck_assert(raw_send_payload(socket, LARGE / 2, 1, 0));
    ck_assert(clock_until(CLOCK_PATIENCE, site_figure("unfinished_bytes") == LARGE / 2));
    close(socket);
    ck_assert(clock_until(CLOCK_PATIENCE, site_figure("unfinished_bytes") == 0));
    site_expect(client_upload(site.client, site_object("a"), LARGE, 1, NULL), 201);
}
END_TEST

START_TEST(a_full_store_takes_replacements)
{
    site_start();
    site_expect(client_upload(site.client, site_object("a"), LARGE, 1, NULL), 201);
    limit("bytes", LARGE);
    site_expect(client_upload(site.client, site_object("a"), LARGE, 2, NULL), 200);
    site_expect(client_upload(site.client, site_object("a"), LARGE, 3, "Transfer-Encoding: chunked", NULL), 200);
    expect_overrun(client_upload(site.client, site_object("a"), LARGE + 1, 4, NULL), "bytes", LARGE, LARGE, 1);
    site_expect_payload("a", LARGE, 3);
}
END_TEST

/* ---- many at once ------------------------------------------------------------------------------ */

enum { CLIENTS = 6, CALLS = 120, MOST = 20000, FEW = 12 };

struct worker {
    pthread_t thread;
    struct client *client;
    unsigned seed, refused;
};

static int write_one(struct worker *worker, const char *target)
{
    static const char bytes[4000];
    size_t size = (size_t)rand_r(&worker->seed) % sizeof bytes;
    switch (rand_r(&worker->seed) % 4) {
    case 0:
        return client_send(worker->client, "DELETE", target, NULL, 0, NULL)->status;
    case 1:
        return client_send(worker->client, "PUT", target, bytes, size, "Transfer-Encoding: chunked", NULL)->status;
    default:
        return client_send(worker->client, "PUT", target, bytes, size, NULL)->status;
    }
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    for (unsigned i = 0; i < CALLS; i++) {
        char *target = client_text(worker->client, "/v1/stores/%s/objects/%d", site.store, rand_r(&worker->seed) % 20);
        int status = write_one(worker, target);
        ck_assert_msg(status == 200 || status == 201 || status == 507, "%d", status);
        worker->refused += status == 507;
        client_forget(worker->client);
    }
    return NULL;
}

START_TEST(no_race_passes_a_limit)
{
    struct worker workers[CLIENTS];
    site_start();
    unsigned refused = 0;
    limit("bytes", MOST);
    limit("objects", FEW);
    for (unsigned i = 0; i < CLIENTS; i++) {
        workers[i] = (struct worker){.client = client_new(site.server->url), .seed = i};
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        while (pthread_tryjoin_np(workers[i].thread, NULL) != 0) {
            ck_assert_int_le(site_figure("live_bytes"), MOST);
            ck_assert_int_le(site_figure("objects"), FEW);
        }
        refused += workers[i].refused;
        client_free(workers[i].client);
    }
    ck_assert_uint_gt(refused, 0);
    ck_assert_uint_lt(refused, CLIENTS * CALLS);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        limits_are_set_one_by_one_and_taken_away,
        the_list_and_the_metrics_show_them,
        what_is_no_change_of_limits_is_refused,
        they_outlive_a_crash,
        no_more_stores_are_made_than_there_may_be,
        every_way_to_write_is_refused_beyond_them,
        a_store_over_a_lowered_limit_may_get_smaller,
        an_announced_length_that_does_not_fit_is_refused_before_the_body,
        what_has_arrived_counts,
        an_upload_that_vanishes_leaves_its_place,
        a_full_store_takes_replacements,
        no_race_passes_a_limit,
    };
    return site_run("quota", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
