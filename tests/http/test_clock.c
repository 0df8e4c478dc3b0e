/* Clocks that go as they should not: one that is set back while objects are there that were written later than now, and
 * one that other parts of the system read late. */
#include "tests/http/clock.h"
#include "tests/http/site.h"

#include <stdlib.h>
#include <time.h>

/* A time as it stands in a field of an answer. */
static time_t date_in(struct answer *answer, const char *name)
{
    const char *text = answer_header(answer, name);
    ck_assert_ptr_nonnull(text);
    time_t seconds = curl_getdate(text, NULL);
    ck_assert_msg(seconds > 0, "%s: %s", name, text);
    return seconds;
}

/* An object that was written in an hour. */
static void put_later(const char *key)
{
    setenv("SHIFTED_CLOCK", "3600", 1);
    site_start_behind(PRELOAD_PATH);
    struct answer *answer = site_put(key, "later", NULL);
    site_expect(answer, 201);
    ck_assert_int_gt(date_in(answer, "Date"), time(NULL) + 3000);
    server_stop(site.server);
    server_start(site.server);
    site_reconnect();
}

/* RFC 9110, section 8.8.2.1. */
START_TEST(nothing_was_modified_later_than_the_answer)
{
    put_later("k");
    struct answer *answers[] = {site_get("k", NULL), site_head("k", NULL), site_get("k", "Range: bytes=1-2", NULL),
                                site_get("k", "If-None-Match: *", NULL)};
    const int statuses[] = {200, 200, 206, 304};
    for (size_t i = 0; i < 4; i++) {
        site_expect(answers[i], statuses[i]);
        ck_assert_int_le(date_in(answers[i], "Last-Modified"), date_in(answers[i], "Date"));
    }
}
END_TEST

/* Who has read the version that seems to be from tomorrow must not overwrite the one that came after it. */
START_TEST(the_version_after_it_is_another_one)
{
    put_later("k");
    time_t known = date_in(site_get("k", NULL), "Last-Modified");
    ck_assert(clock_until(CLOCK_PATIENCE, time(NULL) > known)); /* dates count seconds */
    site_expect(site_put("k", "now", NULL), 200);
    char date[64];
    strftime(date, sizeof date, "If-Unmodified-Since: %a, %d %b %Y %H:%M:%S GMT", gmtime(&known));
    site_expect_kind(site_put("k", "lost update", date, NULL), 412, "precondition-failed");
    site_expect_text("k", "now");
}
END_TEST

/* time() tells what the kernel's last tick found, and records are dated to the nanosecond: for some milliseconds of
 * each second that is another one. Whoever sends back what he was told has the version that he was told of. */
START_TEST(what_was_told_between_two_ticks_holds)
{
    setenv("LATE_TICK", "2", 1);
    site_start_behind(PRELOAD_PATH);
    site_expect(site_put("k", "v", NULL), 201);
    struct answer *answer = site_head("k", NULL);
    const char *told = answer_header(answer, "Last-Modified");
    ck_assert_int_le(date_in(answer, "Last-Modified"), date_in(answer, "Date"));
    site_expect(site_get("k", client_text(site.client, "If-Modified-Since: %s", told), NULL), 304);
    site_expect(site_get("k", client_text(site.client, "If-Unmodified-Since: %s", told), NULL), 200);
    site_expect(site_put("k", "w", client_text(site.client, "If-Unmodified-Since: %s", told), NULL), 200);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {nothing_was_modified_later_than_the_answer, the_version_after_it_is_another_one,
                            what_was_told_between_two_ticks_holds};
    return site_run("clock", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
