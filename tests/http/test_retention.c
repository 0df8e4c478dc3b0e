/* How long those who follow a store are told what was deleted, also by a compaction that is asked for. */
#include "tests/http/many.h"
#include "tests/http/site.h"

#include <stdlib.h>

enum { MANY = 600, HOUR = 3600 };

static struct answer *changes_since(json_int_t since)
{
    char *target = client_text(site.client, "%s?since=%lld&limit=1", site_target("/changes"), (long long)since);
    return client_get(site.client, target, NULL);
}

static void compact(void)
{
    site_expect(client_send(site.client, "POST", site_target("/compact?wait=60"), NULL, 0, NULL), 200);
}

static void expect_deletion(json_int_t since)
{
    struct answer *page = changes_since(since);
    site_expect(page, 200);
    json_t *first = json_array_get(json_object_get(answer_json(page), "changes"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(first, "op")), "delete");
}

/* Where the log stood before everything was deleted. */
static json_int_t delete_all(void)
{
    many_put(MANY);
    json_int_t since = site_figure("end_offset");
    many_delete(MANY);
    return since;
}

START_TEST(nobody_who_is_not_away_for_a_week_misses_a_deletion)
{
    site_start();
    json_int_t since = delete_all();
    compact();
    expect_deletion(since);
}
END_TEST

/* The server once more, so many seconds later. */
static void start_later(long seconds)
{
    if (site.server->pid != 0)
        server_stop(site.server);
    setenv("SHIFTED_CLOCK", client_text(site.client, "%ld", seconds), 1);
    site_start_behind(PRELOAD_PATH);
}

/* The last ones may stand in a segment that takes no less when they are gone. */
START_TEST(deletions_are_told_for_as_long_as_is_asked_for)
{
    server_add(site.server, "--feed-retention=1h");
    site_start();
    json_int_t since = delete_all();
    start_later(HOUR / 2);
    compact();
    expect_deletion(since);
    start_later(2 * HOUR);
    compact();
    struct answer *gone = changes_since(since), *anew = changes_since(0);
    site_expect_kind(gone, 410, "changes-gone");
    json_int_t oldest = answer_integer(gone, "oldest");
    ck_assert_int_gt(oldest, since);
    site_expect(anew, 200);
    const json_t *first = json_array_get(json_object_get(answer_json(anew), "changes"), 0);
    ck_assert(!first || json_integer_value(json_object_get(first, "offset")) >= oldest);
}
END_TEST

START_TEST(without_a_retention_nothing_is_kept_for_those_who_follow)
{
    server_add(site.server, "--feed-retention=0");
    site_start();
    json_int_t since = delete_all();
    compact();
    site_expect_kind(changes_since(since), 410, "changes-gone");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        nobody_who_is_not_away_for_a_week_misses_a_deletion,
        deletions_are_told_for_as_long_as_is_asked_for,
        without_a_retention_nothing_is_kept_for_those_who_follow,
    };
    return site_run("retention", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
