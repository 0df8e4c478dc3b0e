/* If-Match and If-None-Match on GET, HEAD, PUT, DELETE, MOVE and COPY; for writes they are a compare-and-swap. */
#include "tests/http/site.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* An entity tag of the right form that no object here has. */
#define OTHER_ETAG "\"00000000000000000000000000000000\""

static char *if_match(const char *etag)
{
    return client_text(site.client, "If-Match: %s", etag);
}

static char *if_none_match(const char *etag)
{
    return client_text(site.client, "If-None-Match: %s", etag);
}

static const char *put_etag(const char *key, const char *text)
{
    struct answer *answer = site_put(key, text, NULL);
    ck_assert_int_eq(answer->status / 100, 2);
    return answer_string(answer, "etag");
}

/* ---- reading --------------------------------------------------------------------------------- */

START_TEST(get_with_its_etag_in_if_none_match_is_304)
{
    const char *etag = put_etag("k", "v");
    struct answer *answer = site_get("k", if_none_match(etag), NULL);
    site_expect(answer, 304);
    ck_assert_uint_eq(answer->size, 0);
    ck_assert_str_eq(answer_header(answer, "ETag"), etag);
    site_expect(site_head("k", if_none_match(etag), NULL), 304);
}
END_TEST

START_TEST(get_with_a_star_in_if_none_match_is_304)
{
    put_etag("k", "v");
    site_expect(site_get("k", "If-None-Match: *", NULL), 304);
    site_expect(site_get("none", "If-None-Match: *", NULL), 404);
}
END_TEST

START_TEST(get_with_another_etag_in_if_none_match_is_200)
{
    put_etag("k", "v");
    site_expect(site_get("k", if_none_match(OTHER_ETAG), NULL), 200);
    site_expect(site_head("k", if_none_match(OTHER_ETAG), NULL), 200);
}
END_TEST

START_TEST(if_none_match_on_get_compares_weakly)
{
    const char *etag = put_etag("k", "v");
    site_expect(site_get("k", client_text(site.client, "If-None-Match: W/%s", etag), NULL), 304);
}
END_TEST

START_TEST(get_with_if_match)
{
    const char *etag = put_etag("k", "v");
    site_expect(site_get("k", if_match(etag), NULL), 200);
    site_expect(site_get("k", "If-Match: *", NULL), 200);
    site_expect_problem(site_get("k", if_match(OTHER_ETAG), NULL), 412);
    site_expect(site_head("k", if_match(OTHER_ETAG), NULL), 412);
}
END_TEST

START_TEST(a_list_of_etags_matches_any_of_them)
{
    const char *etag = put_etag("k", "v");
    char *list = client_text(site.client, "%s ,\t%s,\"x,y\"", OTHER_ETAG, etag);
    site_expect(site_get("k", if_match(list), NULL), 200);
    site_expect(site_get("k", if_none_match(list), NULL), 304);
    site_expect(site_put("k", "w", if_match(list), NULL), 200);
}
END_TEST

START_TEST(several_header_lines_make_one_list)
{
    const char *etag = put_etag("k", "v");
    site_expect(site_get("k", if_none_match(OTHER_ETAG), if_none_match(etag), NULL), 304);
    site_expect(site_put("k", "w", if_match(OTHER_ETAG), if_match(etag), NULL), 200);
}
END_TEST

START_TEST(if_match_compares_strongly)
{
    const char *etag = put_etag("k", "v");
    site_expect(site_get("k", client_text(site.client, "If-Match: W/%s", etag), NULL), 412);
    site_expect(site_put("k", "w", client_text(site.client, "If-Match: W/%s", etag), NULL), 412);
    site_expect_text("k", "v");
}
END_TEST

START_TEST(an_etag_of_another_form_matches_nothing)
{
    put_etag("k", "v");
    site_expect_problem(site_put("k", "w", "If-Match: \"abc\"", NULL), 412);
    site_expect(site_get("k", "If-None-Match: \"\"", NULL), 200);
    site_expect_text("k", "v");
}
END_TEST

/* ---- by date --------------------------------------------------------------------------------- */

#define LONG_AGO "Sun, 06 Nov 1994 08:49:37 GMT"

START_TEST(if_modified_since)
{
    put_etag("k", "v");
    char *now = client_text(site.client, "If-Modified-Since: %s", answer_header(site_head("k", NULL), "Last-Modified"));
    site_expect(site_get("k", now, NULL), 304);
    site_expect(site_head("k", now, NULL), 304);
    site_expect(site_get("k", "If-Modified-Since: " LONG_AGO, NULL), 200);
}
END_TEST

START_TEST(if_unmodified_since)
{
    put_etag("k", "v");
    char *now = client_text(site.client, "If-Unmodified-Since: %s",
                            answer_header(site_head("k", NULL), "Last-Modified"));
    site_expect(site_get("k", now, NULL), 200);
    site_expect_problem(site_get("k", "If-Unmodified-Since: " LONG_AGO, NULL), 412);
}
END_TEST

static char *unmodified_since(const char *date)
{
    return client_text(site.client, "If-Unmodified-Since: %s", date);
}

static char *unmodified_since_now(const char *key)
{
    return unmodified_since(answer_header(site_head(key, NULL), "Last-Modified"));
}

/* Decided at the commit, as the tags are; what is not there has no date. */
START_TEST(if_unmodified_since_on_writes)
{
    const char *far[] = {"Fri, 31 Dec 9999 23:59:59 GMT", "Fri, 01 Jan 2300 00:00:00 GMT"};
    put_etag("k", "v");
    site_expect_problem(site_put("k", "other", "If-Unmodified-Since: " LONG_AGO, NULL), 412);
    site_expect_problem(site_delete("k", "If-Unmodified-Since: " LONG_AGO, NULL), 412);
    site_expect_problem(site_delete("k", "If-Unmodified-Since: Mon, 01 Jan 0001 00:00:00 GMT", NULL), 412);
    site_expect_problem(site_move("k", client_text(site.client, "Destination: %s", site_object("l")),
                                  "If-Unmodified-Since: " LONG_AGO, NULL),
                        412);
    site_expect_text("k", "v");
    site_expect(site_put("k", "w", unmodified_since_now("k"), NULL), 200);
    site_expect(site_delete("k", unmodified_since_now("k"), NULL), 200);
    site_expect(site_put("absent", "v", unmodified_since(LONG_AGO), NULL), 201);
    for (size_t i = 0; i < 2; i++)
        site_expect(site_put("absent", "v", unmodified_since(far[i]), NULL), 200);
    put_etag("k", "v");
    site_expect(site_put("k", "w", if_match(OTHER_ETAG), "If-Unmodified-Since: Fri, 31 Dec 9999 23:59:59 GMT", NULL),
                412);
    site_expect(site_put("k", "w", "If-Unmodified-Since: yesterday", NULL), 200);
}
END_TEST

START_TEST(a_date_that_is_none_is_ignored)
{
    put_etag("k", "v");
    const char *dates[] = {"yesterday",
                           "",
                           "0",
                           "2026-11-22T14:00:00Z",
                           "Sun, 99 Nov 1994 08:49:37 GMT",
                           "Mon, 29 Feb 2094 08:49:37 GMT",
                           "Mon, 06 Nov 1994 08:49:37 GMT"};
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        site_expect(site_get("k", client_text(site.client, "If-Modified-Since: %s", dates[i]), NULL), 200);
        site_expect(site_get("k", client_text(site.client, "If-Unmodified-Since: %s", dates[i]), NULL), 200);
    }
}
END_TEST

START_TEST(etags_win_over_dates)
{
    const char *etag = put_etag("k", "v");
    char *now = client_text(site.client, "If-Modified-Since: %s", answer_header(site_head("k", NULL), "Last-Modified"));
    site_expect(site_get("k", if_none_match(OTHER_ETAG), now, NULL), 200);
    site_expect(site_get("k", if_none_match(etag), "If-Modified-Since: " LONG_AGO, NULL), 304);
    site_expect(site_get("k", if_match(etag), "If-Unmodified-Since: " LONG_AGO, NULL), 200);
}
END_TEST

/* ---- malformed ------------------------------------------------------------------------------- */

START_TEST(a_malformed_condition_never_lets_a_write_pass)
{
    put_etag("k", "v");
    const char *headers[] = {"If-Match: abc", "If-Match: \"abc", "If-Match;", "If-None-Match: x\"",
                             "If-None-Match: *, \"a\""};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct answer *answer = site_put("k", "w", headers[i], NULL);
        ck_assert_msg(answer->status == 400 || answer->status == 412, "%s: %d", headers[i], answer->status);
    }
    site_expect_text("k", "v");
}
END_TEST

/* ---- writing --------------------------------------------------------------------------------- */

START_TEST(put_only_when_absent)
{
    site_expect(site_put("k", "first", "If-None-Match: *", NULL), 201);
    site_expect_problem(site_put("k", "second", "If-None-Match: *", NULL), 412);
    site_expect_text("k", "first");
    site_expect(site_delete("k", NULL), 200);
    site_expect(site_put("k", "third", "If-None-Match: *", NULL), 201);
}
END_TEST

START_TEST(put_only_over_the_version_that_was_read)
{
    const char *one = put_etag("k", "one");
    site_expect(site_put("k", "two", if_match(one), NULL), 200);
    site_expect_problem(site_put("k", "three", if_match(one), NULL), 412);
    site_expect_text("k", "two");
}
END_TEST

START_TEST(put_only_when_present)
{
    site_expect_problem(site_put("k", "v", "If-Match: *", NULL), 412);
    site_expect(site_get("k", NULL), 404);
    put_etag("k", "v");
    site_expect(site_put("k", "w", "If-Match: *", NULL), 200);
}
END_TEST

START_TEST(put_unless_it_is_that_version)
{
    const char *etag = put_etag("k", "v");
    site_expect_problem(site_put("k", "w", if_none_match(etag), NULL), 412);
    site_expect(site_put("k", "w", if_none_match(OTHER_ETAG), NULL), 200);
}
END_TEST

START_TEST(an_etag_of_a_missing_object_does_not_match)
{
    site_expect_problem(site_put("k", "v", if_match(OTHER_ETAG), NULL), 412);
    site_expect(site_put("k", "v", if_none_match(OTHER_ETAG), NULL), 201);
}
END_TEST

START_TEST(both_conditions_must_hold)
{
    const char *etag = put_etag("k", "v");
    site_expect_problem(site_put("k", "w", if_match(etag), "If-None-Match: *", NULL), 412);
    site_expect(site_put("k", "w", if_match(etag), if_none_match(OTHER_ETAG), NULL), 200);
}
END_TEST

START_TEST(conditions_on_large_uploads)
{
    struct answer *first = client_upload(site.client, site_object("k"), 1 << 20, 1, "If-None-Match: *", NULL);
    site_expect(first, 201);
    const char *etag = answer_string(first, "etag");
    site_expect_problem(client_upload(site.client, site_object("k"), 1 << 20, 2, "If-None-Match: *", NULL), 412);
    site_expect(client_upload(site.client, site_object("k"), 1 << 20, 3, if_match(etag), NULL), 200);
    site_expect_problem(
        client_upload(site.client, site_object("k"), 1 << 20, 4, if_match(etag), "Transfer-Encoding: chunked", NULL),
        412);
    site_expect_payload("k", 1 << 20, 3);
    site_expect_blobs(1);
}
END_TEST

START_TEST(delete_only_that_version)
{
    const char *old = put_etag("k", "old");
    put_etag("k", "new");
    site_expect_problem(site_delete("k", if_match(old), NULL), 412);
    site_expect_text("k", "new");
    site_expect(site_delete("k", if_match(answer_header(site_get("k", NULL), "ETag")), NULL), 200);
    site_expect(site_get("k", NULL), 404);
}
END_TEST

START_TEST(delete_only_when_present)
{
    site_expect_problem(site_delete("none", "If-Match: *", NULL), 412);
    put_etag("k", "v");
    site_expect(site_delete("k", "If-Match: *", NULL), 200);
}
END_TEST

START_TEST(move_only_that_version)
{
    const char *old = put_etag("k", "old");
    put_etag("k", "new");
    site_expect_problem(site_move("k", site_destination("target"), if_match(old), NULL), 412);
    site_expect(site_get("target", NULL), 404);
    const char *etag = answer_header(site_get("k", NULL), "ETag");
    site_expect(site_move("k", site_destination("target"), if_match(etag), NULL), 201);
    site_expect_text("target", "new");
}
END_TEST

START_TEST(copy_only_that_version)
{
    const char *old = put_etag("k", "old");
    put_etag("k", "new");
    site_expect_problem(site_copy("k", site_destination("target"), if_match(old), NULL), 412);
    site_expect_problem(site_copy("k", site_destination("target"), "If-None-Match: *", NULL), 412);
    site_expect(site_get("target", NULL), 404);
    site_expect(site_copy("k", site_destination("target"), "If-Match: *", NULL), 201);
    site_expect_text("target", "new");
}
END_TEST

START_TEST(a_refused_write_moves_no_offset)
{
    put_etag("k", "v");
    json_int_t end = site_figure("end_offset");
    site_expect_problem(site_put("k", "w", "If-None-Match: *", NULL), 412);
    site_expect_problem(site_delete("k", if_match(OTHER_ETAG), NULL), 412);
    ck_assert_int_eq(site_figure("end_offset"), end);
}
END_TEST

/* ---- races ----------------------------------------------------------------------------------- */

enum { RACERS = 16, INCREMENTS = 25 };

struct racer {
    pthread_t thread;
    char target[128];
    int conflicts;
    int failures;
};

/* One read, one conditional write of the next number: true when it went through. */
static bool increment_once(struct racer *racer, struct client *client)
{
    struct answer *read = client_get(client, racer->target, NULL);
    if (read->status != 200) {
        racer->failures++;
        return true;
    }
    char next[32], condition[128];
    int length = snprintf(next, sizeof next, "%d", atoi((char *)read->body) + 1);
    snprintf(condition, sizeof condition, "If-Match: %s", answer_header(read, "ETag"));
    struct answer *write = client_send(client, "PUT", racer->target, next, (size_t)length, condition, NULL);
    racer->conflicts += write->status == 412;
    racer->failures += write->status != 200 && write->status != 412;
    return write->status != 412;
}

static void *increment(void *arg)
{
    struct racer *racer = arg;
    struct client *client = client_new(site.server->url);
    for (int done = 0; done < INCREMENTS;) {
        done += increment_once(racer, client);
        client_forget(client);
    }
    client_free(client);
    return NULL;
}

START_TEST(sixteen_clients_lose_no_update)
{
    struct racer racers[RACERS] = {0};
    site_expect(site_put("counter", "0", NULL), 201);
    for (size_t i = 0; i < RACERS; i++) {
        snprintf(racers[i].target, sizeof racers[i].target, "%s", site_object("counter"));
        ck_assert_int_eq(pthread_create(&racers[i].thread, NULL, increment, &racers[i]), 0);
    }
    int conflicts = 0;
    for (size_t i = 0; i < RACERS; i++) {
        pthread_join(racers[i].thread, NULL);
        ck_assert_int_eq(racers[i].failures, 0);
        conflicts += racers[i].conflicts;
    }
    ck_assert_msg(conflicts > 0, "the clients never met: nothing was tested");
    site_expect_text("counter", client_text(site.client, "%d", RACERS * INCREMENTS));
}
END_TEST

static void *create(void *arg)
{
    struct racer *racer = arg;
    struct client *client = client_new(site.server->url);
    for (int i = 0; i < INCREMENTS; i++) {
        char target[160];
        snprintf(target, sizeof target, "%s-%d", racer->target, i);
        int status = client_send(client, "PUT", target, "v", 1, "If-None-Match: *", NULL)->status;
        racer->conflicts += status == 412;
        racer->failures += status != 201 && status != 412;
        client_forget(client);
    }
    client_free(client);
    return NULL;
}

START_TEST(of_sixteen_creators_one_wins)
{
    struct racer racers[RACERS] = {0};
    for (size_t i = 0; i < RACERS; i++) {
        snprintf(racers[i].target, sizeof racers[i].target, "%s", site_object("new"));
        ck_assert_int_eq(pthread_create(&racers[i].thread, NULL, create, &racers[i]), 0);
    }
    int conflicts = 0;
    for (size_t i = 0; i < RACERS; i++) {
        pthread_join(racers[i].thread, NULL);
        ck_assert_int_eq(racers[i].failures, 0);
        conflicts += racers[i].conflicts;
    }
    ck_assert_int_eq(conflicts, (RACERS - 1) * INCREMENTS);
    ck_assert_int_eq(site_figure("objects"), INCREMENTS);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        get_with_its_etag_in_if_none_match_is_304,
        get_with_a_star_in_if_none_match_is_304,
        get_with_another_etag_in_if_none_match_is_200,
        if_none_match_on_get_compares_weakly,
        get_with_if_match,
        a_list_of_etags_matches_any_of_them,
        several_header_lines_make_one_list,
        if_match_compares_strongly,
        an_etag_of_another_form_matches_nothing,
        if_modified_since,
        if_unmodified_since,
        if_unmodified_since_on_writes,
        a_date_that_is_none_is_ignored,
        etags_win_over_dates,
        a_malformed_condition_never_lets_a_write_pass,
        put_only_when_absent,
        put_only_over_the_version_that_was_read,
        put_only_when_present,
        put_unless_it_is_that_version,
        an_etag_of_a_missing_object_does_not_match,
        both_conditions_must_hold,
        conditions_on_large_uploads,
        delete_only_that_version,
        delete_only_when_present,
        move_only_that_version,
        copy_only_that_version,
        a_refused_write_moves_no_offset,
        sixteen_clients_lose_no_update,
        of_sixteen_creators_one_wins,
    };
    return site_run("conditions", tests, sizeof tests / sizeof *tests, SITE_SHARED);
}
