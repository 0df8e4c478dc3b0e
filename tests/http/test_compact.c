/* POST …/compact: what it answers, whom it makes wait, and that nothing but space changes by it. */
#include "tests/http/site.h"

#include <pthread.h>
#include <stdio.h>

enum { COUNT = 60, SIZE = 60000 };

/* Of three objects one is replaced: less than the engine gives back by itself. */
static void write_some(void)
{
    for (int i = 0; i < COUNT + COUNT / 3; i++) {
        char *key = client_text(site.client, "k%d", i < COUNT ? i : 3 * (i - COUNT));
        int status = client_upload(site.client, site_object(key), SIZE, (uint64_t)i, NULL)->status;
        ck_assert_int_eq(status, i < COUNT ? 201 : 200);
    }
}

static void expect_all(void)
{
    for (int i = 0; i < COUNT; i++)
        site_expect_payload(client_text(site.client, "k%d", i), SIZE, (uint64_t)(i % 3 ? i : COUNT + i / 3));
}

static struct answer *compact(const char *query)
{
    return client_send(site.client, "POST", client_text(site.client, "%s%s", site_target("/compact"), query), NULL, 0,
                       NULL);
}

static json_int_t figure_of(struct answer *answer, const char *when, const char *name)
{
    json_t *figures = json_object_get(answer_json(answer), when), *figure = json_object_get(figures, name);
    ck_assert(json_is_integer(figure));
    return json_integer_value(figure);
}

START_TEST(space_comes_back_and_the_answer_says_how_much)
{
    write_some();
    server_await_quiet(site.server); /* a short first segment may have been compacted by itself */
    json_int_t dead = site_figure("dead_bytes");
    struct answer *answer = compact("");
    site_expect(answer, 200);
    ck_assert(!answer_boolean(answer, "running") && answer_boolean(answer, "complete"));
    ck_assert_int_eq(figure_of(answer, "before", "dead_bytes"), dead);
    ck_assert_int_lt(figure_of(answer, "after", "dead_bytes"), dead / 8);
    json_int_t freed = figure_of(answer, "before", "log_bytes") - figure_of(answer, "after", "log_bytes");
    ck_assert_int_eq(answer_integer(answer, "freed_bytes"), freed > 0 ? freed : 0);
    ck_assert_int_gt(figure_of(answer, "after", "segments"), 0);
    expect_all();
}
END_TEST

START_TEST(the_figures_tell_of_it)
{
    struct answer *before = client_get(site.client, site_target(""), NULL);
    ck_assert(json_is_null(json_object_get(answer_json(before), "compaction")));
    struct answer *answer = compact("?wait=60"), *after = client_get(site.client, site_target(""), NULL);
    site_expect(answer, 200);
    ck_assert(json_equal(json_object_get(answer_json(after), "compaction"), answer_json(answer)));
}
END_TEST

static void *compact_too(void *arg)
{
    struct client *client = client_new(site.server->url);
    struct answer *answer = client_send(client, "POST", arg, NULL, 0, NULL);
    int status = answer->status;
    client_free(client);
    return (void *)(intptr_t)status;
}

START_TEST(many_may_ask_at_once)
{
    pthread_t threads[40];
    void *status;
    write_some();
    for (size_t i = 0; i < 40; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, compact_too, site_target("/compact?wait=60")), 0);
    for (size_t i = 0; i < 40; i++) {
        pthread_join(threads[i], &status);
        ck_assert_int_eq((intptr_t)status, 200);
    }
    expect_all();
}
END_TEST

START_TEST(who_does_not_wait_is_told_that_it_goes_on)
{
    struct answer *answer = compact("?wait=0");
    site_expect(answer, 202);
    ck_assert(answer_boolean(answer, "running"));
    site_expect(compact(""), 200);
}
END_TEST

START_TEST(nonsense_is_refused)
{
    const char *queries[] = {"?wait=", "?wait=-1", "?wait=61", "?wait=1.5", "?wait=x", "?wait=1&wait=2", "?rate=1"};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
        site_expect_kind(compact(queries[i]), 400, "bad-parameter");
    site_expect_kind(site_post("/compact", "{}"), 400, "bad-body");
    site_expect_kind(client_send(site.client, "POST", "/v1/stores/absent/compact", NULL, 0, NULL), 404, "no-store");
    site_expect(client_get(site.client, site_target("/compact"), NULL), 405);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        space_comes_back_and_the_answer_says_how_much, the_figures_tell_of_it, many_may_ask_at_once,
        who_does_not_wait_is_told_that_it_goes_on,     nonsense_is_refused,
    };
    return site_run("compact", tests, sizeof tests / sizeof *tests, SITE_SHARED);
}
