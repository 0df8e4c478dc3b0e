/* Verification of a running store: begun by POST, told among the figures, and what it finds. */
#include "tests/http/clock.h"
#include "tests/http/disk.h"
#include "tests/http/site.h"

#include <stdio.h>
#include <stdlib.h>

enum { LARGE = 600 << 10 };

static struct answer *start(const char *query)
{
    return client_send(site.client, "POST", client_text(site.client, "%s%s", site_target("/verify"), query), NULL, 0,
                       NULL);
}

static json_t *verification(void)
{
    struct answer *answer = client_get(site.client, site_target(""), NULL);
    site_expect(answer, 200);
    json_t *value = json_object_get(answer_json(answer), "verification");
    ck_assert_ptr_nonnull(value);
    return value;
}

static json_int_t number_of(const json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    ck_assert_msg(json_is_integer(value), "%s is no integer", name);
    return json_integer_value(value);
}

static bool running(void)
{
    return json_is_true(json_object_get(verification(), "running"));
}

/* Verifies the store to the end; what is then known. */
static json_t *verify(void)
{
    site_expect(start("?rate=0"), 202);
    ck_assert_msg(clock_until(CLOCK_PATIENCE, !running()), "the verification does not end");
    json_t *told = verification();
    ck_assert(json_is_true(json_object_get(told, "complete")));
    return told;
}

static void store_some(void)
{
    site_expect(site_put("a", "the payload of a", NULL), 201);
    site_expect(site_put("b", "the payload of b", NULL), 201);
    site_expect(site_put("b", "another payload of b", NULL), 200);
    site_expect(client_upload(site.client, site_object("large"), LARGE, 1, NULL), 201);
}

static void expect_time(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    int year, month, day, hour, minute, second, part, end = 0;
    ck_assert_msg(text, "%s is no string", name);
    sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ%n", &year, &month, &day, &hour, &minute, &second, &part, &end);
    ck_assert_msg(end == 24 && text[end] == '\0', "%s is no time: %s", name, text);
    ck_assert_msg(year > 2000 && month <= 12 && day <= 31, "%s is another time: %s", name, text);
}

START_TEST(it_is_null_until_begun)
{
    site_start();
    ck_assert(json_is_null(verification()));
}
END_TEST

START_TEST(a_whole_store_has_no_flaws)
{
    site_start();
    store_some();
    json_t *told = verify();
    ck_assert_int_eq(number_of(told, "flaws"), 0);
    ck_assert_int_eq(number_of(told, "records"), 4);
    ck_assert_int_eq(number_of(told, "blobs"), 1);
    ck_assert_int_eq(number_of(told, "bytes_done"), site_figure("end_offset") + LARGE);
    ck_assert_int_eq(number_of(told, "bytes_total"), number_of(told, "bytes_done"));
    expect_time(told, "started");
    expect_time(told, "finished");
    server_expect_logged(site.server, "verification complete", 1);
    server_stop(site.server);
    server_start(site.server);
    site_reconnect();
    ck_assert(json_is_null(verification()));
}
END_TEST

START_TEST(the_answer_is_the_progress)
{
    site_start();
    store_some();
    struct answer *answer = start("?rate=100");
    site_expect(answer, 202);
    json_t *told = answer_json(answer);
    ck_assert(answer_boolean(answer, "running"));
    ck_assert(!answer_boolean(answer, "complete"));
    expect_time(told, "started");
    ck_assert(json_is_null(json_object_get(told, "finished")));
    ck_assert_int_eq(answer_integer(answer, "bytes_total"), site_figure("end_offset") + LARGE);
    static const char *const names[] = {"bytes_done", "records", "blobs", "flaws"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        ck_assert_int_eq(answer_integer(answer, names[i]) < 0, 0);
}
END_TEST

START_TEST(a_second_one_is_409)
{
    site_start();
    store_some();
    site_expect(start("?rate=1"), 202);
    struct answer *second = start("");
    site_expect_problem(second, 409);
    ck_assert_str_eq(answer_string(second, "type"), "urn:problem-type:cairn:verification-running");
    ck_assert_str_eq(answer_string(second, "store"), site.store);
    ck_assert(running());
    ck_assert_int_lt(number_of(verification(), "bytes_done"), LARGE);
    server_stop(site.server); /* it does not wait for the verification */
}
END_TEST

START_TEST(work_goes_on_beside_it)
{
    site_start();
    store_some();
    site_expect(start("?rate=200"), 202);
    for (int i = 0; i < 50; i++) {
        site_expect(site_put("c", "more", NULL), i == 0 ? 201 : 200);
        site_expect_text("a", "the payload of a");
    }
    site_expect_payload("large", LARGE, 1);
    site_expect(site_delete("b", NULL), 200);
    ck_assert(running());
    ck_assert_int_eq(client_send(site.client, "DELETE", site_target("?force=true"), NULL, 0, NULL)->status, 204);
    server_stop(site.server);
}
END_TEST

START_TEST(the_default_rate_is_enough_for_a_small_store)
{
    site_start();
    store_some();
    site_expect(start(""), 202);
    ck_assert(clock_until(CLOCK_PATIENCE, !running()));
    ck_assert_int_eq(number_of(verification(), "flaws"), 0);
}
END_TEST

/* ---- flaws ----------------------------------------------------------------------------------- */

static void expect_readiness(const char *mention)
{
    struct answer *answer = client_get(site.client, "/readyz", NULL);
    site_expect(answer, 200);
    ck_assert_str_eq(answer_string(answer, "status"), "ready");
    if (mention) {
        ck_assert_ptr_nonnull(strstr(answer_string(answer, "detail"), mention));
    } else {
        ck_assert_ptr_null(json_object_get(answer_json(answer), "detail"));
    }
}

START_TEST(a_damaged_large_object_is_found)
{
    site_start();
    store_some();
    ck_assert_int_eq(number_of(verify(), "flaws"), 0);
    expect_readiness(NULL);
    disk_flip_at(site.server, "stores/main/blobs", LARGE / 2);
    ck_assert_int_eq(number_of(verify(), "flaws"), 1);
    expect_readiness("store main");
    server_expect_logged(site.server, "does not match its digest", 1);
    site_expect(client_upload(site.client, site_object("large"), LARGE, 1, NULL), 200);
    ck_assert_int_eq(number_of(verify(), "flaws"), 0);
    expect_readiness(NULL);
}
END_TEST

/* GET and HEAD of the large object refuse alike, and GET says why. */
static void expect_refused(const char *mention)
{
    struct answer *answer = site_get("large", NULL);
    site_expect_problem(answer, 500);
    ck_assert_str_eq(answer_string(answer, "type"), "urn:problem-type:cairn:damaged");
    ck_assert_msg(strstr(answer_string(answer, "detail"), mention), "%s", answer_string(answer, "detail"));
    site_expect(site_head("large", NULL), 500);
    site_expect(site_get("large", "Range: bytes=0-9", NULL), 500);
}

START_TEST(what_get_does_not_serve_head_does_not_promise)
{
    site_start();
    store_some();
    site_expect(site_head("large", NULL), 200);
    disk_flip_at(site.server, "stores/main/blobs", LARGE / 2);
    verify();
    expect_refused("do not match their digest");
    site_expect_text("a", "the payload of a");
    disk_flip(site.server, "stores/main/log", "the payload of a");
    site_expect_problem(site_get("a", NULL), 500);
    site_expect(site_head("a", NULL), 500);
}
END_TEST

START_TEST(a_read_tells_of_a_large_object_that_is_gone)
{
    site_start();
    store_some();
    char *command;
    ck_assert_int_gt(asprintf(&command, "rm '%s'/*", server_path(site.server, "stores/main/blobs")), 0);
    ck_assert_int_eq(system(command), 0);
    free(command);
    expect_readiness(NULL);
    expect_refused("is missing");
    expect_readiness("1 large payload was found missing");
    ck_assert_int_eq(site_figure("damaged_bytes"), 0);
    ck_assert_int_eq(site_figure("damaged_blobs"), 1);
    server_expect_logged(site.server, "large payload is missing", 1);
    site_expect(client_upload(site.client, site_object("large"), LARGE, 1, NULL), 200);
    expect_readiness(NULL);
}
END_TEST

static void expect_metric(const char *name, int value)
{
    struct answer *answer = client_get(site.client, "/metrics", NULL);
    site_expect(answer, 200);
    const char *line = client_text(site.client, "\ncairn_store_verification_%s{store=\"main\"} %d\n", name, value);
    ck_assert_msg(strstr((char *)answer->body, line), "not among the metrics: %s", line);
}

START_TEST(metrics_tell_of_it)
{
    site_start();
    store_some();
    expect_metric("flaws", 0);
    expect_metric("finished_seconds", 0);
    disk_flip_at(site.server, "stores/main/blobs", 0);
    disk_flip(site.server, "stores/main/log", "the payload of a");
    verify();
    expect_metric("flaws", 2);
    expect_metric("running", 0);
    site_expect(start("?rate=1"), 202);
    expect_metric("running", 1);
}
END_TEST

START_TEST(a_damaged_record_is_found)
{
    site_start();
    store_some();
    disk_flip(site.server, "stores/main/log", "the payload of a");
    disk_flip(site.server, "stores/main/log", "the payload of b");
    json_t *told = verify();
    ck_assert_int_eq(number_of(told, "flaws"), 2);
    ck_assert_int_eq(number_of(told, "records"), 4);
    expect_readiness("store main");
    server_expect_logged(site.server, "of an object that can be asked for", 1);
    site_expect_problem(site_get("a", NULL), 500);
    site_expect_text("b", "another payload of b");
}
END_TEST

/* ---- refusals -------------------------------------------------------------------------------- */

START_TEST(what_is_wrong_is_refused)
{
    site_start();
    static const char *const queries[] = {"?rate=",
                                          "?rate=-1",
                                          "?rate=1M",
                                          "?rate=1.5",
                                          "?rate=%00",
                                          "?rate=99999999999999999999",
                                          "?rate=9223372036854775808",
                                          "?rate=18446744073709551615"};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
        site_expect_problem(start(queries[i]), 400);
    site_expect_problem(site_post("/verify", "{\"rate\":1}"), 400);
    ck_assert(json_is_null(verification()));
    site_expect_problem(client_send(site.client, "POST", "/v1/stores/nowhere/verify", NULL, 0, NULL), 404);
    site_expect_problem(client_send(site.client, "POST", "/v1/stores/NO/verify", NULL, 0, NULL), 400);
    struct answer *answer = client_get(site.client, site_target("/verify"), NULL);
    site_expect_problem(answer, 405);
    ck_assert_str_eq(answer_header(answer, "Allow"), "POST, OPTIONS");
    site_expect(start("?rate=9223372036854775807"), 202);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        it_is_null_until_begun,
        a_whole_store_has_no_flaws,
        the_answer_is_the_progress,
        a_second_one_is_409,
        work_goes_on_beside_it,
        the_default_rate_is_enough_for_a_small_store,
        a_damaged_large_object_is_found,
        what_get_does_not_serve_head_does_not_promise,
        a_read_tells_of_a_large_object_that_is_gone,
        a_damaged_record_is_found,
        metrics_tell_of_it,
        what_is_wrong_is_refused,
    };
    return site_run("verify", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
