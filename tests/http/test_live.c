/* What the server does, second by second: what is told of all stores and of one, to whom, and when a stream ends. */
#include "tests/http/access.h"
#include "tests/http/clock.h"
#include "tests/http/site.h"
#include "tests/http/stream.h"

#include <stdlib.h>

enum { SEATS = 16 };

/* ---- figures out of rows ------------------------------------------------------------------------- */

/* What has been told so far, by one stream or page. */
struct view {
    json_t *columns; /* names */
    json_t *rows;
};

static void take(struct view *view, const json_t *told)
{
    json_t *columns = json_object_get(told, "columns"), *rows = json_object_get(told, "rows");
    ck_assert(json_is_array(rows));
    if (columns) {
        json_decref(view->columns);
        view->columns = json_incref(columns);
    }
    if (!view->rows)
        view->rows = json_array();
    json_array_extend(view->rows, rows);
}

static size_t column_of(const struct view *view, const char *name)
{
    for (size_t i = 0; i < json_array_size(view->columns); i++)
        if (strcmp(json_string_value(json_array_get(view->columns, i)), name) == 0)
            return i;
    ck_abort_msg("there is no column %s", name);
    return 0;
}

static json_t *value_of(const struct view *view, size_t row, const char *name)
{
    return json_array_get(json_array_get(view->rows, row), column_of(view, name));
}

static json_int_t sum_of(const struct view *view, const char *name)
{
    json_int_t sum = 0;
    for (size_t i = 0; i < json_array_size(view->rows); i++)
        sum += json_integer_value(value_of(view, i, name));
    return sum;
}

static json_int_t last_of(const struct view *view, const char *name)
{
    return json_integer_value(value_of(view, json_array_size(view->rows) - 1, name));
}

static void forget(struct view *view)
{
    json_decref(view->columns);
    json_decref(view->rows);
    *view = (struct view){NULL, NULL};
}

/* ---- streams and pages --------------------------------------------------------------------------- */

/* The next event, whose name is that. */
static void next(struct stream *stream, struct view *view, const char *event)
{
    ck_assert(stream_next(stream));
    ck_assert_str_eq(stream_field(stream, "event"), event);
    json_t *told = json_loads(stream_field(stream, "data"), 0, NULL);
    take(view, told);
    json_decref(told);
}

/* The history is told. */
static struct stream *look(const char *target, const char *fields, struct view *view)
{
    struct stream *stream = stream_open(target, fields);
    ck_assert_int_eq(stream->head.status, 200);
    next(stream, view, "history");
    return stream;
}

/* Seconds pass until so much of it is told. */
static void await(struct stream *stream, struct view *view, const char *name, json_int_t sum)
{
    while (sum_of(view, name) < sum)
        next(stream, view, "sample");
    ck_assert_int_eq(sum_of(view, name), sum);
}

static void expect_end(struct stream *stream)
{
    while (stream_next(stream))
        continue;
    stream_close(stream);
}

/* ---- what is told -------------------------------------------------------------------------------- */

/* Nine requests. */
static void use(void)
{
    for (size_t i = 0; i < 5; i++)
        site_expect(site_put("a", "12345", NULL), i == 0 ? 201 : 200);
    site_expect(site_get("a", NULL), 200);
    site_expect(site_get("b", NULL), 404);
    site_expect(site_put("c", "123", NULL), 201);
    site_expect(site_delete("a", NULL), 200);
}

static void expect_all(const struct view *view)
{
    ck_assert_int_eq(sum_of(view, "writes"), 6 + 2); /* the stores, too */
    ck_assert_int_eq(sum_of(view, "reads"), 2);
    ck_assert_int_eq(sum_of(view, "refused"), 1);
    ck_assert_int_eq(sum_of(view, "errors"), 0);
    ck_assert_int_eq(sum_of(view, "bytes_in"), 28);
    ck_assert_int_ge(sum_of(view, "bytes_out"), 5);
    ck_assert_int_eq(sum_of(view, "records"), 7);
    ck_assert_int_eq(sum_of(view, "commits"), 7); /* one after the other */
    ck_assert_int_gt(sum_of(view, "commit_bytes"), 28);
    ck_assert_int_gt(last_of(view, "disk_free"), 0);
    ck_assert_int_gt(last_of(view, "disk_total"), last_of(view, "disk_free"));
    ck_assert_int_ge(last_of(view, "connections"), 4);
    ck_assert_int_gt(last_of(view, "memory"), 1 << 20);
}

/* Where something was done it is told how long that took, elsewhere nothing. */
static void expect_times(const struct view *view)
{
    for (size_t i = 0; i < json_array_size(view->rows); i++) {
        bool idle = json_integer_value(value_of(view, i, "requests")) == 0;
        ck_assert_int_eq(json_is_null(value_of(view, i, "p50_us")), idle);
        ck_assert_int_ge(json_integer_value(value_of(view, i, "p99_us")),
                         json_integer_value(value_of(view, i, "p50_us")));
        if (i > 0)
            ck_assert_int_gt(json_integer_value(value_of(view, i, "time")),
                             json_integer_value(value_of(view, i - 1, "time")));
    }
}

/* Once all of it is told. Who looks at a store has it looked at from then on, so its commits are known. */
static void expect_store(struct stream *stream, struct view *view)
{
    await(stream, view, "requests", 9);
    ck_assert_int_eq(sum_of(view, "bytes_in"), 28);
    ck_assert_int_eq(last_of(view, "objects"), 1);
    ck_assert_int_eq(last_of(view, "live_bytes"), 3);
}

/* Nobody has asked anything of it until then. */
static void expect_nothing(struct stream *stream, struct view *view, json_int_t time)
{
    do
        next(stream, view, "sample");
    while (last_of(view, "time") < time);
    ck_assert_int_eq(sum_of(view, "requests"), 0);
    ck_assert_int_eq(last_of(view, "objects"), 0);
}

/* Without events, and although nobody looked when it was done. */
static void expect_page(const char *target, const char *column, json_int_t sum)
{
    struct view page = {NULL, NULL};
    struct answer *answer = client_get(site.client, target, NULL);
    site_expect(answer, 200);
    ck_assert_int_eq(answer_integer(answer, "interval"), 1);
    take(&page, answer_json(answer));
    ck_assert_int_eq(sum_of(&page, column), sum);
    forget(&page);
}

START_TEST(what_is_done_is_told)
{
    struct view all = {NULL, NULL}, one = {NULL, NULL}, other = {NULL, NULL};
    site_start();
    site_expect(client_send(site.client, "PUT", "/v1/stores/other", NULL, 0, NULL), 201);
    use();
    struct stream *stream = look("/v1/live", "", &all), *of_store = look(site_target("/live"), "", &one);
    struct stream *of_other = look("/v1/stores/other/live", "", &other);
    await(stream, &all, "deletes", 1);
    expect_all(&all);
    expect_times(&all);
    expect_store(of_store, &one);
    expect_nothing(of_other, &other, last_of(&one, "time"));
    expect_page("/v1/live", "deletes", 1);
    expect_page(site_target("/live"), "deletes", 1);
    json_int_t records = sum_of(&one, "records");
    site_expect(site_put("d", "1", NULL), 201);
    await(of_store, &one, "requests", 10);
    ck_assert_int_eq(sum_of(&one, "records"), records + 1);
    stream_close(stream);
    stream_close(of_store);
    stream_close(of_other);
    forget(&all);
    forget(&one);
    forget(&other);
}
END_TEST

/* ---- who may look -------------------------------------------------------------------------------- */

START_TEST(who_may_see_the_figures_may_look)
{
    struct view view = {NULL, NULL};
    access_start(access_join(access_token("all", access_grant("\"*\"", "", ACCESS_ALL), NULL),
                             access_token("reads", access_grant("\"s\"", "", "\"read\""), NULL),
                             access_token("below", access_grant("\"s\"", "x/", ACCESS_ALL), NULL), NULL),
                 "");
    site_expect(client_send(site.client, "PUT", "/v1/stores/s", NULL, 0, access_bearer("all"), NULL), 201);
    site_expect(client_get(site.client, "/v1/live", access_bearer("all"), NULL), 200);
    site_expect(client_get(site.client, "/v1/stores/s/live", access_bearer("reads"), NULL), 200);
    site_expect_kind(client_get(site.client, "/v1/live", access_bearer("reads"), NULL), 403, "forbidden");
    site_expect_kind(client_get(site.client, "/v1/stores/s/live", access_bearer("below"), NULL), 403, "forbidden");
    site_expect_kind(client_get(site.client, "/v1/stores/t/live", access_bearer("reads"), NULL), 403, "forbidden");
    site_expect_kind(client_get(site.client, "/v1/live", NULL), 401, "unauthorized");
    struct stream *stream = look("/v1/live", client_text(site.client, "%s\r\n", access_bearer("all")), &view);
    access_write(access_token("none", access_grant("\"s\"", "", "\"read\""), NULL), "");
    expect_end(stream); /* it is not let in any more */
    forget(&view);
}
END_TEST

START_TEST(so_many_stores_can_be_looked_at)
{
    struct stream *streams[SEATS];
    struct view view = {NULL, NULL};
    site_start();
    for (size_t i = 0; i <= SEATS; i++)
        site_expect(client_send(site.client, "PUT", client_text(site.client, "/v1/stores/s%zu", i), NULL, 0, NULL),
                    201);
    for (size_t i = 0; i < SEATS; i++) {
        streams[i] = stream_open(client_text(site.client, "/v1/stores/s%zu/live", i), "");
        next(streams[i], &view, "history");
    }
    const char *more = client_text(site.client, "/v1/stores/s%d/live", SEATS);
    site_expect_kind(client_get(site.client, more, NULL), 503, "busy");
    site_expect(client_get(site.client, "/v1/stores/s0/live", NULL), 200);
    site_expect(client_get(site.client, "/v1/live", NULL), 200);
    raw_reset(streams[0]->socket);
    free(streams[0]);
    ck_assert(clock_until(CLOCK_PATIENCE, client_get(site.client, more, NULL)->status == 200));
    for (size_t i = 1; i < SEATS; i++)
        stream_close(streams[i]);
    forget(&view);
}
END_TEST

/* ---- the end of a stream ------------------------------------------------------------------------- */

/* Who looks at a store does not hinder it from being removed, and nobody the server from ending. Of a store that is
 * made anew only the new one's past is told. */
START_TEST(a_stream_ends_with_its_store_and_with_the_server)
{
    struct view view = {NULL, NULL};
    server_add(site.server, "--drain-timeout=1h");
    site_start();
    site_expect(site_put("a", "1", NULL), 201);
    struct stream *all = look("/v1/live", "", &view), *one = look(site_target("/live"), "", &view);
    site_expect(
        client_send(site.client, "DELETE", client_text(site.client, "%s?force=true", site_target("")), NULL, 0, NULL),
        204);
    expect_end(one);
    site_expect_kind(client_get(site.client, site_target("/live"), NULL), 404, "no-store");
    site_expect(client_send(site.client, "PUT", site_target(""), NULL, 0, NULL), 201);
    expect_page(site_target("/live"), "writes", 0);
    one = look(site_target("/live"), "", &view);
    server_stop(site.server);
    expect_end(all);
    expect_end(one);
    forget(&view);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {what_is_done_is_told, who_may_see_the_figures_may_look, so_many_stores_can_be_looked_at,
                            a_stream_ends_with_its_store_and_with_the_server};
    return site_run("live", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
